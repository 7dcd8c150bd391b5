/** What a person looks at: rows of a dataset, newest first, and a field's most frequent values. */
import type { EventsDataset, RecordsDataset } from '../../src/config/model.ts';
import { filterFields } from '../../src/core/filter/bind.ts';
import type { Filter, Row } from '../../src/core/filter/model.ts';
import { type Instant, type Interval, MINUTE } from '../../src/core/time/interval.ts';
import type { Connector, RowsReply, RowsRequest, TopValues } from '../../src/ports/connector.ts';
import { evidenceOf, stopwatch } from './evidence.ts';
import { hasValue, valueTexts } from './field.ts';
import { compileFilter } from './filter.ts';
import { type OpenScope, openScope, requireUnchanged } from './scope.ts';
import { type Opened, openDataset, type Source, timesOf } from './source.ts';
import { identifier, int, join, known, type Sql, sql } from './sql.ts';
import { findUnreadable } from './unreadable.ts';
import { valueColumns } from './value.ts';
import { timeViews } from './views.ts';

/** Rows of records are looked at by the time when they opened. */
export function asEvents(dataset: EventsDataset | RecordsDataset): EventsDataset {
  return dataset.kind === 'events' ? dataset : { ...dataset, kind: 'events', time: dataset.opened };
}

export async function readRows(
  source: Source,
  request: RowsRequest,
  signal: AbortSignal,
): Promise<RowsReply> {
  const took = stopwatch();
  const { dataset, where } = request;
  const opened = await openDataset(source, dataset, signal);
  try {
    const fields = Object.keys(await opened.described.types());
    const scope = await scopeOf(opened, request, request.asOf, [...fields, ...filterFields(where)]);
    const { relation, needs } = scope;
    const unreadable = await findUnreadable(scope.opened, relation, needs, needs.instants[0] ?? null);
    const matching = matchingOf(scope, where);
    const [[total] = []] = await opened.session.all(
      sql`SELECT count(*) FROM ${relation.from} WHERE ${matching}`,
    );
    const times = new Set(timesOf(dataset));
    const standard = new Map(Object.entries(dataset.fields).map(([name, own]) => [own, name]));
    const columns = fields.map((name) => {
      const iso = {
        ...relation.field(name),
        one: sql`NULL`,
        list: null,
        views: () => timeViews(relation.instant(name)),
      };
      return {
        name: standard.get(name) ?? name,
        ...valueColumns(times.has(name) ? iso : relation.field(name)),
      };
    });
    const found = await opened.session.all(
      sql`SELECT ${join([sql`0`, ...columns.flatMap(({ select }) => select)], ', ')} FROM ${relation.from} WHERE ${matching} ORDER BY ${relation.instant(asEvents(dataset).time)} DESC LIMIT ${int(request.limit)}`,
    );
    await requireUnchanged(opened);
    const rows = found.map((values): Row => {
      let at = 1;
      const entries = columns.map(({ name, select, read }) => {
        at += select.length;
        return [name, read(values.slice(at - select.length, at))] as const;
      });
      return Object.fromEntries(entries.filter(([, value]) => value !== null));
    });
    return { rows, total: Number(total), evidence: evidenceOf(opened, unreadable.warnings, took()) };
  } finally {
    await opened.session.close();
  }
}

export async function topValues(
  source: Source,
  request: Parameters<Connector['topValues']>[0],
  signal: AbortSignal,
): Promise<TopValues> {
  const opened = await openDataset(source, request.dataset, signal);
  try {
    const { where, limit } = request;
    const scope = await scopeOf(opened, request, null, [request.field, ...filterFields(where)]);
    const matching = matchingOf(scope, where);
    const field = scope.relation.field(request.field);
    const [[events, present] = []] = await opened.session.all(
      sql`SELECT count(*), count(*) FILTER (WHERE ${known(hasValue(field))}) FROM ${scope.relation.from} WHERE ${matching}`,
    );
    const value = identifier('c9_value');
    const rows = await opened.session.all(
      sql`SELECT ${value}, count(*) FROM (SELECT unnest(${valueTexts(field)}) AS ${value} FROM ${scope.relation.from} WHERE ${matching}) GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT ${int(limit)}`,
    );
    await requireUnchanged(opened);
    const values = rows.map(([text, count]) => ({ text: String(text), events: Number(count) }));
    return { values, present: Number(present), events: Number(events) };
  } finally {
    await opened.session.close();
  }
}

interface Looked {
  readonly dataset: EventsDataset | RecordsDataset;
  readonly where: Filter;
  readonly range: Interval;
}

function scopeOf(
  opened: Opened,
  { dataset, where, range }: Looked,
  asOf: Instant | null,
  fields: readonly string[],
): Promise<OpenScope> {
  const events = asEvents(dataset);
  // Without asOf, what has come in does not matter.
  const looked = asOf === null ? { ...events, ingested: null } : events;
  return openScope(opened, looked, range, asOf ?? 0, MINUTE, fields, { instants: timesOf(dataset), where });
}

function matchingOf({ within, context }: OpenScope, where: Filter): Sql {
  return where.op === 'everything' ? within : sql`${within} AND ${compileFilter(where, context)}`;
}
