/**
 * Filters of records that look for what the data never held, as `literals.ts` says of events. A record is not counted
 * by slices, so each literal is asked for from the start; only a zero is not believed for it.
 */
import type { RecordsMeasure } from '../../core/definition/model.ts';
import { formatFilter } from '../../core/filter/format.ts';
import { filterLiterals } from '../../core/filter/literals.ts';
import type { Filter } from '../../core/filter/model.ts';
import type { MeasureValue } from '../../core/result/model.ts';
import type { Instant } from '../../core/time/interval.ts';
import type { Probe } from '../../ports/connector.ts';
import type { Store } from '../../ports/store.ts';
import type { Ask } from '../ask/ask.ts';
import type { BoundKpi, RecordSetBinding } from '../bind/bind.ts';
import { ownFilter } from '../bind/usage.ts';
import type { LoopContext } from '../context.ts';
import {
  askLiterals,
  type Findings,
  type LiteralFinding,
  literalsDue,
  neverIn,
  searchesFor,
} from './literal-findings.ts';

/** What is known of the filters over a dataset of records, as it is bound now. */
interface Known {
  /** The record set's fingerprint: which data it is. */
  readonly basis: string;
  /** Filters, in standard words, that nothing can pass, with the literals that never occurred or were not asked for yet. */
  readonly never: Readonly<Record<string, readonly string[]>>;
  readonly findings: Findings;
}

const keyOf = (dataset: string): string => `literals of ${dataset}`;

async function load(store: Pick<Store, 'cursor'>, dataset: string): Promise<Known | null> {
  const text = await store.cursor(keyOf(dataset));
  return text === null ? null : JSON.parse(text);
}

async function known(
  store: Pick<Store, 'cursor'>,
  { dataset, fingerprint: basis }: RecordSetBinding,
): Promise<Known> {
  const before = await load(store, dataset.name);
  return before?.basis === basis ? before : { basis, never: {}, findings: {} };
}

/** Which are counted, and which of them. */
const filtersOf = ({ where, aggregate }: RecordsMeasure): readonly Filter[] =>
  'of' in aggregate && aggregate.of !== undefined ? [where, aggregate.of] : [where];

interface SourceInput {
  readonly source: string;
  readonly kpis: readonly BoundKpi[];
  readonly probes: ReadonlyMap<string, Probe>;
  readonly asOf: Instant;
}

/** The filters over each record set of a source whose zero somebody does not expect. */
function filtersBySet({ kpis, source }: SourceInput): ReadonlyMap<RecordSetBinding, readonly Filter[]> {
  const filters = new Map<RecordSetBinding, readonly Filter[]>();
  for (const bound of kpis.flatMap(({ measures }) => Object.values(measures))) {
    if (bound.kind !== 'records' || bound.set.dataset.source !== source) continue;
    if (bound.measure.mayBeAbsent === true) continue;
    const own = filtersOf(bound.measure).filter((filter) => filterLiterals(filter).length > 0);
    if (own.length > 0) filters.set(bound.set, [...(filters.get(bound.set) ?? []), ...own]);
  }
  return filters;
}

async function suspected(
  store: Pick<Store, 'cursor'>,
  binding: RecordSetBinding,
  filters: readonly Filter[],
  asOf: Instant,
) {
  const before = await known(store, binding);
  const own = filters.map((filter) => ({
    name: formatFilter(filter),
    native: ownFilter(filter, binding.dataset),
  }));
  const tests = own.flatMap(({ native }) => filterLiterals(native));
  return { before, own, due: literalsDue(tests, before.findings, asOf) };
}

/** Asks for literals of records by so many searches at most; one for each record set always. */
export async function checkRecordLiterals(
  context: LoopContext,
  ask: Ask,
  input: SourceInput,
  searches: number,
  signal: AbortSignal,
): Promise<void> {
  if (context.trustsData === true) return;
  const { store } = context;
  const { asOf, probes } = input;
  let left = searches;
  for (const [binding, filters] of filtersBySet(input)) {
    const { before, own, due } = await suspected(store, binding, filters, asOf);
    const asking = { asOf, probes, searches: left, signal };
    const asked = await askLiterals(context, ask, binding.dataset, due, before.findings, asking);
    left -= asked.spent;
    const never = own.flatMap(({ name, native }) => {
      const literals = neverIn(native, asked.findings);
      return literals === null ? [] : [[name, literals] as const];
    });
    const { findings } = asked;
    await keep(store, binding, before, { ...before, findings, never: Object.fromEntries(never) }, asOf);
  }
}

/** What is known of a filter changes what its zeros mean. */
async function keep(
  store: Store,
  { dataset, fingerprint }: RecordSetBinding,
  before: Known,
  after: Known,
  asOf: Instant,
): Promise<void> {
  if (JSON.stringify(after) === JSON.stringify(before)) return;
  if (Object.keys(before.never).join() !== Object.keys(after.never).join()) {
    const { id } = await store.recordSet(dataset.name, fingerprint);
    await store.touchRecords(id, { start: 0, end: asOf });
  }
  await store.uncover([], [], { key: keyOf(dataset.name), value: JSON.stringify(after) });
}

/** How many searches that would take now, at most. */
export async function recordLiteralSearches(context: LoopContext, input: SourceInput): Promise<number> {
  if (context.trustsData === true) return 0;
  let searches = 0;
  for (const [binding, filters] of filtersBySet(input))
    searches += searchesFor((await suspected(context.store, binding, filters, input.asOf)).due);
  return searches;
}

/** Whether a measure's value is a zero (or none) of a filter that nothing can have passed, as far as is known. */
export async function neverCounted(
  store: Pick<Store, 'cursor'>,
  binding: RecordSetBinding,
  measure: RecordsMeasure,
): Promise<(value: MeasureValue | undefined) => boolean> {
  if (measure.mayBeAbsent === true) return () => false;
  const { never } = await known(store, binding);
  const [where = false, of = false] = filtersOf(measure).map(
    (filter) => never[formatFilter(filter)] !== undefined,
  );
  return (value) => (where && value?.n === 0) || (of && value?.value === 0);
}

/** The literals that keep a measure from being believed; a finding of null: not asked for yet. For `explain`. */
export async function recordLiteralFindings(
  store: Pick<Store, 'cursor'>,
  measure: RecordsMeasure,
): Promise<readonly { readonly literal: string; readonly finding: LiteralFinding | null }[]> {
  const { never = {}, findings = {} } = (await load(store, measure.dataset)) ?? {};
  const literals = new Set(filtersOf(measure).flatMap((filter) => never[formatFilter(filter)] ?? []));
  return [...literals].map((literal) => ({ literal, finding: findings[literal] ?? null }));
}
