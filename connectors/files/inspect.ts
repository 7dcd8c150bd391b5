/** How a dataset of files is doing: how much of it there is, from when to when, and what a person should know. */
import type { Dataset } from '../../src/config/model.ts';
import { DAY, type Interval, MINUTE } from '../../src/core/time/interval.ts';
import type { Inspection } from '../../src/ports/connector.ts';
import type { Cell } from './duckdb.ts';
import { asEvents } from './rows.ts';
import { openScope, requireUnchanged } from './scope.ts';
import {
  type Needs,
  type Opened,
  openDataset,
  openRelation,
  readable,
  type Source,
  type Unreadable,
} from './source.ts';
import { int, sql } from './sql.ts';
import { findUnreadable } from './unreadable.ts';

/** The years 1 to 9999. */
export const ALWAYS: Interval = { start: Date.UTC(0, 0, 1) - 1_900 * 366 * DAY, end: Date.UTC(10_000, 0, 1) };

/** Files have no clock of their own: what lies ahead of it is judged by `now`. */
export async function inspect(
  source: Source,
  dataset: Dataset,
  signal: AbortSignal,
  now: () => number = Date.now,
): Promise<Inspection> {
  const opened = await openDataset(source, dataset, signal);
  try {
    const [[version] = []] = await opened.session.look(sql`SELECT version()`);
    const found =
      dataset.kind === 'snapshot' ? await countList(opened) : await lookAt(opened, dataset, now());
    await requireUnchanged(opened);
    return { server: `DuckDB ${String(version).replace(/^v/, '')}`, ...found };
  } finally {
    await opened.session.close();
  }
}

type Found = Omit<Inspection, 'server'>;

async function countList(opened: Opened): Promise<Found> {
  const needs: Needs = { fields: [], instants: [], numbered: false, checks: [], keep: () => sql`true` };
  const relation = await openRelation(opened, needs);
  const unreadable = await findUnreadable(opened, relation, needs, null);
  const [[events] = []] = await opened.session.look(
    sql`SELECT count(*) FROM ${relation.from} WHERE ${readable(relation, [])}`,
  );
  const nothing = { oldest: null, newest: null, lag: null, ahead: 0 };
  return { events: Number(events), ...nothing, findings: findingsOf(unreadable) };
}

async function lookAt(
  opened: Opened,
  dataset: Exclude<Dataset, { kind: 'snapshot' }>,
  now: number,
): Promise<Found> {
  const scope = await openScope(opened, asEvents(dataset), ALWAYS, ALWAYS.end, MINUTE, []);
  const { relation, needs, within } = scope;
  const events = asEvents(dataset);
  const unreadable = await findUnreadable(scope.opened, relation, needs, events.time);
  const time = relation.instant(events.time);
  const [[count, oldest, newest, ahead] = []] = await opened.session.look(
    sql`SELECT count(*), min(${time}), max(${time}), count(*) FILTER (WHERE ${time} > ${int(now)}) FROM ${relation.from} WHERE ${within}`,
  );
  const last = instantOrNull(newest);
  let lag: Inspection['lag'] = null;
  if (dataset.kind === 'events' && dataset.ingested !== null && last !== null) {
    const day = Math.floor(last / DAY) * DAY;
    const late = sql`${relation.instant(dataset.ingested)} - ${time}`;
    const [[median, p99, max] = []] = await opened.session.look(
      sql`SELECT quantile_disc(${late}, 0.5), quantile_disc(${late}, 0.99), max(${late}) FROM ${relation.from} WHERE ${within} AND ${time} >= ${int(day)}`,
    );
    lag = { median: Number(median), p99: Number(p99), max: Number(max) };
  }
  return {
    events: Number(count),
    oldest: instantOrNull(oldest),
    newest: last,
    lag,
    ahead: Number(ahead),
    findings: findingsOf(unreadable),
  };
}

function findingsOf({ count, warnings: [first = ''] }: Unreadable): Inspection['findings'] {
  if (count === 0) return [];
  const many = count === 1 ? 'One line can' : `${count} lines can`;
  return [{ level: 'warning', text: `${many}'t be read: ${first}` }];
}

function instantOrNull(value: Cell | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
