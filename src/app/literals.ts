/**
 * Filters that look for what the data never held: `logon` where the source says `logged-in`. Such a count is 0 for
 * ever and looks like a fine number, so its KPI is unknown. Asked only where a measure never matched an event although
 * the dataset spoke, and once a day.
 */

import { ConnectorError } from '../core/errors.ts';
import { compileFilter } from '../core/filter/evaluate.ts';
import { formatFilter } from '../core/filter/format.ts';
import { canMatch, filterLiterals, type LiteralTest } from '../core/filter/literals.ts';
import { EVERYTHING, type Filter } from '../core/filter/model.ts';
import { DAY, type Instant } from '../core/time/interval.ts';
import type { TopValues } from '../ports/connector.ts';
import type { Store } from '../ports/store.ts';
import { type Ask, guarded, sentence } from './ask.ts';
import type { LoopContext } from './context.ts';
import { paceOf } from './pace.ts';
import { hiddenNatives } from './pseudonyms.ts';
import type { CollectInput, SeriesGroup, WantedSeries } from './series.ts';

/** What the source said of a literal, in its own words. */
export interface LiteralFinding {
  /** `event.action = logon` */
  readonly literal: string;
  readonly field: string;
  readonly asOf: Instant;
  /** Null: the source can't tell, for the reason in `why`. */
  readonly matched: boolean | null;
  readonly why: string | null;
  /** The field's most frequent values, beside it; null: they are not kept, as the dataset hides the field. */
  readonly top: readonly { readonly text: string; readonly events: number }[] | null;
}

/** What is known of a dataset's filters, kept by its control series. */
interface Known {
  /** Series that matched an event once: their zero is a number. */
  readonly matched: readonly number[];
  /**
   * Series that could never have matched, with the literals of their filter (keys of `findings`) that never occurred
   * or have not been asked for yet: until then a zero is not believed either.
   */
  readonly never: Readonly<Record<string, readonly string[]>>;
  readonly findings: Readonly<Record<string, LiteralFinding>>;
}

const NOTHING: Known = { matched: [], never: {}, findings: {} };

/** Values of a field that are kept beside a literal that it never had. */
const TOP = 10;

const keyOf = (controlId: number): string => `literals ${controlId}`;

async function load(store: Pick<Store, 'cursor'>, controlId: number): Promise<Known> {
  const text = await store.cursor(keyOf(controlId));
  return text === null ? NOTHING : JSON.parse(text);
}

/** Looks at the measures of one dataset after its slices were read, by so many searches at most. Returns how many it took. */
export async function checkLiterals(
  context: LoopContext,
  ask: Ask,
  group: SeriesGroup,
  input: CollectInput,
  searches: number,
  signal: AbortSignal,
): Promise<number> {
  const { store } = context;
  const { id: controlId } = group.control;
  const { before, open, some, quiet, due } = await suspected(store, group, input);
  if (open.length === 0) return 0;
  const matched = [...before.matched, ...open.filter(({ id }) => some.has(id)).map(({ id }) => id)];
  const { findings, spent } = await askFor(context, ask, group, due, before.findings, {
    input,
    searches,
    signal,
  });
  const never = some.has(controlId)
    ? Object.fromEntries(quiet.flatMap((one) => neverOf(one, findings)))
    : before.never;
  const after: Known = { matched, never, findings };
  if (JSON.stringify(after) === JSON.stringify(before)) return spent;
  // What is known of a filter changes what its zeros mean.
  for (const { id, wanted } of open) {
    if (String(before.never[id]) !== String(never[id])) await store.touch(id, wanted);
  }
  await store.uncover([], [], { key: keyOf(controlId), value: JSON.stringify(after) });
  return spent;
}

/** How many searches a look would take now, at most: one for a field, and one for a literal that is rare in it. */
export async function literalSearches(
  { store }: LoopContext,
  group: SeriesGroup,
  input: CollectInput,
): Promise<number> {
  const { due } = await suspected(store, group, input);
  return due.length + new Set(due.map(({ field }) => field)).size;
}

/** The series that were never known to match, those of them that have no event still, and what to ask for. */
async function suspected(store: Store, group: SeriesGroup, input: CollectInput) {
  const { id: controlId } = group.control;
  const before = await load(store, controlId);
  const open = checked(group, input).filter(({ id }) => !before.matched.includes(id));
  const ids = [...open.map(({ id }) => id), controlId];
  const some = open.length === 0 ? new Set<number>() : await store.seriesWithEvents(ids);
  const quiet = open.filter(({ id }) => !some.has(id));
  const due = some.has(controlId) ? literalsDue(quiet, before, input.asOf) : [];
  return { before, open, some, quiet, due };
}

/** The series whose zero some KPI does not expect, and whose filter names literals. */
function checked(group: SeriesGroup, { kpis, ids }: CollectInput): WantedSeries[] {
  const wanted = new Set(
    kpis.flatMap((kpi) =>
      Object.values(kpi.measures).flatMap((bound) =>
        bound.kind === 'series' && bound.measure.mayBeAbsent !== true
          ? [ids.get(`${bound.total.fingerprint} ${bound.total.grain}`)]
          : [],
      ),
    ),
  );
  return group.series.filter(
    ({ id, binding }) => wanted.has(id) && filterLiterals(binding.request.where).length > 0,
  );
}

function neverOf({ id, binding }: WantedSeries, findings: Known['findings']): [string, readonly string[]][] {
  const { where } = binding.request;
  const isAbsent = (key: string) => findings[key] === undefined || findings[key].matched === false;
  if (canMatch(where, (test) => isAbsent(formatFilter(test)))) return [];
  return [[String(id), filterLiterals(where).map(formatFilter).filter(isAbsent)]];
}

/** Those of filters that never matched: asked for the first time, or a day after it was not there. */
function literalsDue(quiet: readonly WantedSeries[], { findings }: Known, asOf: Instant): LiteralTest[] {
  const isDue = (test: LiteralTest) => {
    const known = findings[formatFilter(test)];
    return known === undefined || (known.matched !== true && known.asOf + DAY <= asOf);
  };
  const tests = quiet.flatMap(({ binding }) => filterLiterals(binding.request.where)).filter(isDue);
  return [...new Map(tests.map((test) => [formatFilter(test), test])).values()];
}

interface Asking {
  readonly input: CollectInput;
  /** So many at most; one literal always, or nothing would ever be known. */
  readonly searches: number;
  readonly signal: AbortSignal;
}

/** Asks for one literal after the other, as far as searches and the cycle's time allow. */
async function askFor(
  context: LoopContext,
  ask: Ask,
  { dataset }: SeriesGroup,
  due: readonly LiteralTest[],
  before: Known['findings'],
  { input, searches, signal }: Asking,
): Promise<{ readonly findings: Known['findings']; readonly spent: number }> {
  const { asOf, probes } = input;
  const types = probes.get(dataset.name)?.types ?? {};
  const hidden = hiddenNatives(dataset);
  const findings = { ...before };
  const tops = new Map<string, TopValues>();
  let spent = 0;
  const topOf = (where: Filter, field: string, limit: number): Promise<TopValues> => {
    spent++;
    const request = { dataset, types, where, range: { start: 0, end: asOf }, field, limit };
    return ask(dataset.source, signal, (connector, abort) => connector.topValues(request, abort));
  };
  for (const test of due) {
    const { field } = test;
    const isOver = context.clock.now() - asOf > paceOf(context).cycleMs || spent + 2 > searches;
    if (spent > 0 && isOver) break;
    await guarded(context, dataset, async () => {
      const finding = { literal: formatFilter(test), field, asOf };
      try {
        const top = tops.get(field) ?? (await topOf(EVERYTHING, field, TOP));
        tops.set(field, top);
        const isThere = compileFilter(test);
        const matched =
          top.values.some(({ text }) => isThere({ [field]: text })) ||
          (await topOf(test, field, 1)).events > 0;
        const values = matched ? [] : hidden.has(field) ? null : top.values;
        findings[finding.literal] = { ...finding, matched, why: null, top: values };
      } catch (error) {
        if (!(error instanceof ConnectorError) || error.retryable) throw error;
        findings[finding.literal] = { ...finding, matched: null, why: sentence(error), top: [] };
      }
    });
  }
  return { findings, spent };
}

/** Whether a series can never have matched, as far as is known. */
export function neverMatched(store: Pick<Store, 'cursor'>) {
  const known = new Map<number, Promise<Known>>();
  return async (controlId: number, seriesId: number): Promise<boolean> => {
    const one = known.get(controlId) ?? load(store, controlId);
    known.set(controlId, one);
    return (await one).never[seriesId] !== undefined;
  };
}

/** The literals that keep a series from being believed; a finding of null: not asked for yet. For `explain`. */
export async function literalFindings(
  store: Pick<Store, 'cursor'>,
  controlId: number,
  seriesId: number,
): Promise<readonly { readonly literal: string; readonly finding: LiteralFinding | null }[]> {
  const { never, findings } = await load(store, controlId);
  return (never[seriesId] ?? []).map((literal) => ({ literal, finding: findings[literal] ?? null }));
}
