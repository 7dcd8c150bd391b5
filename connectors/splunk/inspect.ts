/** How a dataset is doing: how much of it there is, from when to when, how late it comes, and what a person should know. */
import type { Dataset } from '../../src/config/model.ts';
import { DAY, type Instant } from '../../src/core/time/interval.ts';
import type { Inspection } from '../../src/ports/connector.ts';
import { type Account, accountOf, FILTERS, TIME_LIMITS } from './account.ts';
import { INDEX_TIME } from './base.ts';
import { rowsOf } from './fields.ts';
import { requireIndexes } from './indexes.ts';
import { runSearch } from './job.ts';
import { numberIn, type ResultRow } from './row.ts';
import type { Source } from './source.ts';
import { type Spl, spl } from './spl.ts';

type Found = Omit<Inspection, 'server' | 'findings'>;

export async function inspect(source: Source, dataset: Dataset, signal: AbortSignal): Promise<Inspection> {
  signal.throwIfAborted();
  const { version } = await source.server(signal);
  const account = await accountOf(source, signal);
  const left: string[] = [];
  const ask: AskOne = async (search, start) => {
    const range = start === undefined ? {} : { range: { start } };
    const { rows, notes } = await runSearch(source, { dataset, spl: search, ...range }, signal);
    left.push(...notes);
    return rows[0] ?? {};
  };
  await requireIndexes(source, dataset, signal);
  const found = await (dataset.kind === 'snapshot' ? countList(dataset, ask) : lookAt(dataset, ask));
  return { server: `Splunk ${version}`, ...found, findings: findingsOf(account, left) };
}

/** The one row of an answer, over events from `start` on. */
type AskOne = (search: Spl, start?: Instant) => Promise<ResultRow>;

async function countList(dataset: Dataset, ask: AskOne): Promise<Found> {
  const row = await ask(spl`${rowsOf(dataset)} | stats count AS c9_n`);
  return { events: numberIn(row, 'c9_n') ?? 0, oldest: null, newest: null, lag: null, ahead: 0 };
}

async function lookAt(dataset: Exclude<Dataset, { kind: 'snapshot' }>, ask: AskOne): Promise<Found> {
  const row = await ask(
    spl`${rowsOf(dataset)} | eval c9_a=if(_time>time(), 1, null()) | stats count AS c9_n, min(_time) AS c9_0, max(_time) AS c9_1, count(c9_a) AS c9_a`,
  );
  const [oldest, newest] = [instantIn(row, 'c9_0'), instantIn(row, 'c9_1')];
  const events = numberIn(row, 'c9_n') ?? 0;
  const ahead = numberIn(row, 'c9_a') ?? 0;
  if (dataset.kind !== 'events' || dataset.ingested !== INDEX_TIME || newest === null)
    return { events, oldest, newest, lag: null, ahead };
  const late = await ask(
    spl`${rowsOf(dataset)} | eval c9_l=_indextime-_time | stats exactperc50(c9_l) AS c9_p50, exactperc99(c9_l) AS c9_p99, max(c9_l) AS c9_l`,
    Math.floor(newest / DAY) * DAY,
  );
  const [median, p99, max] = [instantIn(late, 'c9_p50'), instantIn(late, 'c9_p99'), instantIn(late, 'c9_l')];
  const lag = median === null || p99 === null || max === null ? null : { median, p99, max };
  return { events, oldest, newest, lag, ahead };
}

function instantIn(row: ResultRow, column: string): number | null {
  const seconds = numberIn(row, column);
  return seconds === null ? null : Math.round(seconds * 1000);
}

/** Capabilities that reading does not need. */
const TOO_MUCH = [
  'admin_all_objects',
  'delete_by_keyword',
  'edit_user',
  'edit_roles',
  'change_authentication',
];

function findingsOf({ capabilities, roles }: Account, left: readonly string[]): Inspection['findings'] {
  const findings: { level: 'error' | 'warning'; text: string }[] = [];
  const warn = (text: string) => findings.push({ level: 'warning', text });
  for (const note of new Set(left)) warn(note);
  const needless = capabilities.filter((one) => TOO_MUCH.includes(one));
  if (needless.length > 0)
    warn(
      `The account may do more than reading needs: ${needless.join(', ')}. Give clause9 a role of its own.`,
    );
  if (roles === null) warn("The account may not read its own roles, so a change of them can't be told.");
  for (const { name, limits } of roles ?? []) {
    for (const key of FILTERS)
      if (limits[key] !== undefined && limits[key] !== '*')
        warn(`The role ${name} leaves out what does not match ${key}: ${limits[key]}`);
    for (const key of TIME_LIMITS)
      if (Number(limits[key] ?? -1) > 0)
        warn(
          `The role ${name} may look back ${limits[key]} seconds only (${key}): older slices can't be read.`,
        );
  }
  return findings;
}
