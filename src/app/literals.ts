/**
 * Filters that look for what the data never held: `logon` where the source says `logged-in`. Such a count is 0 for
 * ever and looks like a fine number, so its KPI is unknown. Asked only where a measure never matched an event although
 * the dataset spoke, and once a day.
 */

import { ConnectorError } from '../core/errors.ts';
import { compileFilter } from '../core/filter/evaluate.ts';
import { formatFilter } from '../core/filter/format.ts';
import { canMatch, filterLiterals, type LiteralTest } from '../core/filter/literals.ts';
import { EVERYTHING } from '../core/filter/model.ts';
import { DAY, type Instant } from '../core/time/interval.ts';
import type { Store } from '../ports/store.ts';
import { type Ask, guarded, sentence } from './ask.ts';
import type { LoopContext } from './context.ts';
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
  /** The field's most frequent values, beside it. */
  readonly top: readonly { readonly text: string; readonly events: number }[];
}

/** What is known of a dataset's filters, kept by its control series. */
interface Known {
  /** Series that matched an event once: their zero is a number. */
  readonly matched: readonly number[];
  /** Series that could never have matched, with the literals (keys of `findings`) of their filter. */
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
  if (context.trustsLiterals === true) return 0;
  const { store } = context;
  const { id: controlId } = group.control;
  const before = await load(store, controlId);
  const open = checked(group, input).filter(({ id }) => !before.matched.includes(id));
  if (open.length === 0) return 0;
  const some = await store.seriesWithEvents([...open.map(({ id }) => id), controlId]);
  const quiet = open.filter(({ id }) => !some.has(id));
  const matched = [...before.matched, ...open.filter(({ id }) => some.has(id)).map(({ id }) => id)];
  const due = some.has(controlId) ? literalsDue(quiet, before, input.asOf) : [];
  // A literal takes two searches at most.
  const asked = due.slice(0, Math.max(0, Math.floor(searches / 2)));
  const findings = { ...before.findings };
  for (const test of asked) {
    await guarded(context, group.dataset, async () => {
      findings[formatFilter(test)] = await findingOf(ask, group, test, input, signal);
    });
  }
  const never = Object.fromEntries(quiet.flatMap((one) => neverOf(one, findings)));
  const after: Known = { matched, never, findings };
  if (JSON.stringify(after) === JSON.stringify(before)) return 0;
  // What is known of a filter changes what its zeros mean.
  for (const { id, wanted } of open) {
    if (String(before.never[id]) !== String(never[id])) await store.touch(id, wanted);
  }
  await store.uncover([], [], { key: keyOf(controlId), value: JSON.stringify(after) });
  return 2 * asked.length;
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
  if (canMatch(where, (test) => findings[formatFilter(test)]?.matched === false)) return [];
  const keys = filterLiterals(where).map(formatFilter);
  return [[String(id), keys.filter((key) => findings[key]?.matched === false)]];
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

async function findingOf(
  ask: Ask,
  { dataset }: SeriesGroup,
  test: LiteralTest,
  { probes, asOf }: CollectInput,
  signal: AbortSignal,
): Promise<LiteralFinding> {
  const { field } = test;
  const types = probes.get(dataset.name)?.types ?? {};
  const topOf = (where: typeof EVERYTHING | LiteralTest, limit: number) =>
    ask(dataset.source, signal, (connector, abort) =>
      connector.topValues({ dataset, types, where, range: { start: 0, end: asOf }, field, limit }, abort),
    );
  const finding = { literal: formatFilter(test), field, asOf };
  try {
    const { values } = await topOf(EVERYTHING, TOP);
    const isThere = compileFilter(test);
    const matched =
      values.some(({ text }) => isThere({ [field]: text })) || (await topOf(test, 1)).events > 0;
    return { ...finding, matched, why: null, top: matched ? [] : values };
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.retryable) throw error;
    return { ...finding, matched: null, why: sentence(error), top: [] };
  }
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

/** What is known of the literals of a series that can never have matched; for `explain`. */
export async function literalFindings(
  store: Pick<Store, 'cursor'>,
  controlId: number,
  seriesId: number,
): Promise<readonly LiteralFinding[]> {
  const { never, findings } = await load(store, controlId);
  return (never[seriesId] ?? []).flatMap((key) => findings[key] ?? []);
}
