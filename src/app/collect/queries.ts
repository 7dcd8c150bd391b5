/**
 * Collect, for queries in a source's own language: each is asked once a window when that has settled, and again
 * where the dataset's events changed since. Measures that ask the same share the answer.
 */
import { ConnectorError } from '../../core/errors.ts';
import { formatInstant, type Instant, type Interval, subtract } from '../../core/time/interval.ts';
import { latestWindow, windowsEndingIn } from '../../core/time/window.ts';
import type { QueryReply } from '../../ports/connector.ts';
import type { StoredAnswer } from '../../ports/store.ts';
import { type Ask, guarded } from '../ask/ask.ts';
import { meterOf } from '../ask/pace.ts';
import type { BoundKpi, BoundMeasure } from '../bind/bind.ts';
import type { LoopContext } from '../context.ts';
import { idOf } from '../evaluate/facts.ts';
import { type CollectInput, reachOf } from '../series.ts';
import { lastLook } from './revise.ts';

type Query = Extract<BoundMeasure, { kind: 'query' }>;

interface QueryInput extends CollectInput {
  readonly source: string;
}

/** A query and the windows that KPIs want its answer for. */
interface WantedQuery {
  readonly query: Query;
  readonly windows: Map<Instant, Interval>;
  /** Names that measures take numbers by. */
  readonly values: Set<string>;
}

export interface DueQuery extends Omit<WantedQuery, 'windows'> {
  readonly id: number;
  readonly window: Interval;
  /** It was answered before, and what it was asked of changed since. */
  readonly isAgain: boolean;
}

/** Newest first, as far as the budget goes. What could not be had stays missing, and due. */
export async function collectQueries(
  context: LoopContext,
  ask: Ask,
  /** `allowed`: searches that the source's budget still allows. */
  input: QueryInput & { readonly allowed: number },
  signal: AbortSignal,
): Promise<void> {
  const due = await dueQueries(context, input);
  const now = due.slice(0, input.allowed);
  const putOff = due.length - now.length;
  if (putOff > 0) {
    meterOf(context.meter, input.source).putOff += putOff;
    context.log.warn(
      { source: input.source, putOff },
      `${putOff} queries are put off to the next cycle: maxSearchesPerCycle is reached.`,
    );
  }
  await Promise.all(
    now.map((one) => guarded(context, one.query.dataset, () => askQuery(context, ask, one, input, signal))),
  );
}

/** Newest first. */
export async function dueQueries(context: LoopContext, input: QueryInput): Promise<DueQuery[]> {
  const due = await Promise.all(wantedQueries(input).map((one) => dueWindows(context, input, one)));
  return due.flat().sort((a, b) => b.window.end - a.window.end);
}

function wantedQueries({ kpis, states, source, asOf, until }: QueryInput): WantedQuery[] {
  const wanted = new Map<string, WantedQuery>();
  for (const kpi of kpis) {
    const state = states.get(kpi.definition.id);
    for (const query of Object.values(kpi.measures)) {
      if (query.kind !== 'query' || query.dataset.source !== source || state === undefined) continue;
      // Windows of another length are asked for on their own.
      const name = `${query.fingerprint} ${JSON.stringify(kpi.definition.window)}`;
      const one = wanted.get(name) ?? { query, windows: new Map(), values: new Set() };
      wanted.set(name, one);
      one.values.add(query.measure.value);
      for (const window of windowsOf(kpi, state.wantedFrom, { asOf, until }))
        one.windows.set(window.end, window);
    }
  }
  return [...wanted.values()];
}

function windowsOf(kpi: BoundKpi, from: Instant, times: { asOf: Instant; until: Instant }): Interval[] {
  const { window: spec } = kpi.definition;
  const newest = latestWindow(spec, reachOf(kpi.settleMs, times)).end;
  return windowsEndingIn(spec, { start: from - 1, end: newest });
}

/** Windows whose events are there and that have no answer yet, or one that may not hold any more. */
async function dueWindows(
  { store }: LoopContext,
  { ids }: QueryInput,
  { query, windows, values }: WantedQuery,
): Promise<DueQuery[]> {
  const all = [...windows.values()];
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined) return [];
  const id = await store.query(query.dataset.name, query.fingerprint);
  const control = idOf(query.control, ids);
  const covered = (await store.coverage([control])).get(control) ?? [];
  const known = new Map<string, StoredAnswer>();
  for (const answer of await store.answers(id, { start: first.end - 1, end: last.end })) {
    known.set(nameOf(answer.window), answer);
  }
  const { settleMs, reviseForMs } = query.dataset;
  /** Late data may have come since it was last looked at. */
  const isOpen = ({ window, checkedAt }: StoredAnswer) => checkedAt < window.end + settleMs + reviseForMs;
  const open = [...known.values()].filter((answer) => windows.has(answer.window.end) && isOpen(answer));
  const outdated = await outdatedAnswers(store, control, open);
  const stale = new Set([...outdated].map(({ window }) => nameOf(window)));
  // No further than late data was looked for: the source may not have answered that in this pass.
  const lookedAt = (await lastLook(store, control))?.asOf ?? 0;
  const same = open.filter(
    ({ window, checkedAt }) => checkedAt < lookedAt && !stale.has(nameOf(window)) && isThere(window, covered),
  );
  await store.confirmAnswers(
    id,
    same.map(({ window }) => window.end),
    lookedAt,
  );
  return all
    .filter((window) => isThere(window, covered) && (stale.has(nameOf(window)) || !known.has(nameOf(window))))
    .map((window) => ({ query, values, id, window, isAgain: known.has(nameOf(window)) }));
}

const nameOf = ({ start, end }: Interval): string => `${start} ${end}`;

const isThere = (window: Interval, covered: readonly Interval[]): boolean =>
  subtract([window], covered).length === 0;

/** Those of the answers below which slices changed since they were last known to hold. */
export async function outdatedAnswers(
  store: LoopContext['store'],
  control: number,
  answers: readonly StoredAnswer[],
): Promise<ReadonlySet<StoredAnswer>> {
  if (answers.length === 0) return new Set();
  const range = {
    start: Math.min(...answers.map(({ window }) => window.start)),
    end: Math.max(...answers.map(({ window }) => window.end)),
  };
  const since = Math.min(...answers.map(({ checkedAt }) => checkedAt));
  const changed = (await store.slices(control, range)).filter(({ asOf }) => asOf > since);
  return new Set(
    answers.filter(({ window, checkedAt }) =>
      changed.some(({ start, asOf }) => asOf > checkedAt && start >= window.start && start < window.end),
    ),
  );
}

async function askQuery(
  context: LoopContext,
  ask: Ask,
  { query, id, window, values, isAgain }: DueQuery,
  { probes, asOf, ids }: QueryInput,
  signal: AbortSignal,
): Promise<void> {
  const { dataset, measure } = query;
  const { language, text } = measure;
  const types = probes.get(dataset.name)?.types ?? {};
  const request = { dataset, types, language, text, range: window, asOf };
  const reply = await ask(dataset.source, signal, (connector, abort) => connector.runQuery(request, abort));
  requireValues(reply, values, dataset.name, window);
  await context.store.saveAnswer({
    queryId: id,
    window,
    values: reply.values,
    quality: reply.quality,
    notes: reply.notes,
    read: { dataset: dataset.name, asOf, range: window, evidence: reply.evidence },
  });
  // Also where it is the same as before: until now it could not be told.
  if (isAgain)
    await context.store.touch(idOf(query.control, ids), { start: window.end - 1, end: window.end });
}

function requireValues(
  { values }: QueryReply,
  wanted: ReadonlySet<string>,
  dataset: string,
  window: Interval,
): void {
  const missing = [...wanted].filter((name) => !Object.hasOwn(values, name));
  if (missing.length === 0) return;
  const names = Object.keys(values);
  throw new ConnectorError(
    `the answer to a query over "${dataset}", for ${formatInstant(window.start)} to ${formatInstant(window.end)}, has no ${missing.join(', ')}`,
    {
      retryable: false,
      help:
        names.length === 0
          ? 'It has no number at all.'
          : `It has ${names.join(', ')}: name one of them as \`value\`.`,
    },
  );
}
