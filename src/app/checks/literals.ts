/**
 * Filters that look for what the data never held: `logon` where the source says `logged-in`. Such a count is 0 for
 * ever and looks like a fine number, so its KPI is unknown. Asked only where a measure never matched an event although
 * the dataset spoke, and once a day.
 */
import { filterLiterals } from '../../core/filter/literals.ts';
import type { Store } from '../../ports/store.ts';
import type { Ask } from '../ask/ask.ts';
import type { LoopContext } from '../context.ts';
import type { CollectInput, SeriesGroup, WantedSeries } from '../series.ts';
import {
  askLiterals,
  type Findings,
  type LiteralFinding,
  literalsDue,
  neverIn,
  searchesFor,
} from './literal-findings.ts';

/** What is known of a dataset's filters, kept by its control series. */
interface Known {
  /** Series that matched an event once: their zero is a number. */
  readonly matched: readonly number[];
  /**
   * Series that could never have matched, with the literals of their filter (keys of `findings`) that never occurred
   * or have not been asked for yet: until then a zero is not believed either.
   */
  readonly never: Readonly<Record<string, readonly string[]>>;
  readonly findings: Findings;
}

const NOTHING: Known = { matched: [], never: {}, findings: {} };

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
  const asking = { asOf: input.asOf, probes: input.probes, searches, signal };
  const { findings, spent } = await askLiterals(context, ask, group.dataset, due, before.findings, asking);
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

/** How many searches a look would take now, at most. */
export async function literalSearches(
  { store }: LoopContext,
  group: SeriesGroup,
  input: CollectInput,
): Promise<number> {
  return searchesFor((await suspected(store, group, input)).due);
}

/** The series that were never known to match, those of them that have no event still, and what to ask for. */
async function suspected(store: Store, group: SeriesGroup, input: CollectInput) {
  const { id: controlId } = group.control;
  const before = await load(store, controlId);
  const open = checked(group, input).filter(({ id }) => !before.matched.includes(id));
  const ids = [...open.map(({ id }) => id), controlId];
  const some = open.length === 0 ? new Set<number>() : await store.seriesWithEvents(ids);
  const quiet = open.filter(({ id }) => !some.has(id));
  const tests = quiet.flatMap(({ binding }) => filterLiterals(binding.request.where));
  const due = some.has(controlId) ? literalsDue(tests, before.findings, input.asOf) : [];
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

function neverOf({ id, binding }: WantedSeries, findings: Findings): [string, readonly string[]][] {
  const { where } = binding.request;
  const never = neverIn(where, findings);
  return never === null ? [] : [[String(id), never]];
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
