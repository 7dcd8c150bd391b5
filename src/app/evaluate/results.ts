/** From measured windows to result rows: formula, bounds, quality, target, verdict, and whether it is final. */
import type { KpiDefinition } from '../../core/definition/model.ts';
import { Clause9Error } from '../../core/errors.ts';
import { NO_GROUP } from '../../core/measure/tally.ts';
import { combine } from '../../core/result/evaluate.ts';
import { compileFormula, type Formula } from '../../core/result/formula.ts';
import type { Evaluation, Reason, Result } from '../../core/result/model.ts';
import { type WindowQuality, windowQuality } from '../../core/result/quality.ts';
import type { Instant, Interval } from '../../core/time/interval.ts';
import { judge } from '../../core/verdict/judge.ts';
import { isRetroactive, targetInForce } from '../../core/verdict/target.ts';
import { worstFirst } from '../../core/verdict/worst.ts';
import type { NewResult, Store } from '../../ports/store.ts';
import type { BoundKpi } from '../bind/bind.ts';
import type { Measured, Measurer } from './measure.ts';

interface ResultsInput {
  readonly asOf: Instant;
  /** When the definition was first loaded with its evaluation hash. */
  readonly firstLoaded: Instant;
}

interface RowInput extends ResultsInput {
  /** Up to when the sources were asked for all that the window rests on. */
  readonly knownTo: Instant;
  readonly inputs: NewResult['inputs'];
}

/** The KPI's results for these windows: its own, and one a group. A group that is gone is superseded by nothing. */
export async function resultsOf(
  store: Store,
  measurer: Measurer,
  kpi: BoundKpi,
  windows: readonly Interval[],
  input: ResultsInput,
): Promise<NewResult[]> {
  const { definition } = kpi;
  const formula = compiled(definition);
  const measured = await measurer.measure(kpi, windows);
  const rowInput = { ...input, inputs: measurer.inputs(kpi) };
  const kept = await keptResults(
    store,
    kpi,
    windows.filter((_, index) => isCut(measured[index] ?? {})),
  );
  const results = windows.flatMap((window, index) => {
    const measures = measured[index] ?? {};
    const knownTo = Math.min(input.asOf, ...Object.values(measures).map((one) => one.knownTo));
    const known = kept.get(window.end);
    if (known !== undefined) return judgedAgain(kpi, known, { ...rowInput, knownTo });
    const rowOf = (group: NewResult['group'], key: string) =>
      row(kpi, window, group, evaluated(formula, definition, measures, key), { ...rowInput, knownTo });
    const own = rowOf(null, NO_GROUP);
    const groups = groupKeys(definition, measures).map((key) => rowOf(groupOf(definition, key), key));
    return [worstOf(definition, groups) ?? own, ...groups];
  });
  const gone = definition.groupBy.length === 0 ? [] : await goneGroups(store, kpi, windows, results);
  return [...results, ...gone];
}

/** The KPI's own result where it is that of its worst group. */
function worstOf(definition: KpiDefinition, groups: readonly NewResult[]): NewResult | undefined {
  const worst =
    definition.rollup === 'worst' ? [...groups].sort(worstFirst(definition.direction))[0] : undefined;
  return worst === undefined ? undefined : { ...worst, group: null };
}

/** Whether retention has merged part of the window with what lies outside of it: it can't be computed any more. */
const isCut = (measures: Measures): boolean =>
  Object.values(measures).some(({ withheld }) => withheld === 'rolled-up');

/** By window end: what is known of these windows, whatever can still be computed. */
async function keptResults(
  store: Store,
  { definition: { id: kpi, measurementHash } }: BoundKpi,
  windows: readonly Interval[],
): Promise<ReadonlyMap<Instant, readonly Result[]>> {
  const [first, last] = [windows[0], windows.at(-1)];
  if (first === undefined || last === undefined) return new Map();
  const ends = new Set(windows.map(({ end }) => end));
  const stored = await store.results({ kpi, measurementHash, from: first.end - 1, to: last.end });
  return Map.groupBy(
    stored.filter(({ end }) => ends.has(end)),
    ({ end }) => end,
  );
}

/** The same numbers by the targets that are in force now. */
function judgedAgain(kpi: BoundKpi, known: readonly Result[], input: RowInput): NewResult[] {
  const again = known.map(({ group, start, end, final, inputs, ...one }) => {
    const isJudged = one.reason === 'no-target' || one.reason === 'undecided';
    const evaluation = { ...one, reason: isJudged ? null : one.reason };
    const fresh = row(kpi, { start, end }, group, evaluation, { ...input, inputs });
    return { ...fresh, final, dueAt: null };
  });
  // A group that is gone says nothing.
  const groups = again.filter(({ group, measures }) => group !== null && Object.keys(measures).length > 0);
  const worst = worstOf(kpi.definition, groups);
  return worst === undefined ? again : again.map((one) => (one.group === null ? worst : one));
}

const formulas = new WeakMap<KpiDefinition, Formula>();

function compiled(definition: KpiDefinition): Formula {
  const known = formulas.get(definition);
  if (known !== undefined) return known;
  const formula = compileFormula(definition.formula, Object.keys(definition.measures));
  if (formula.ok) {
    formulas.set(definition, formula);
    return formula;
  }
  throw new Clause9Error(`${definition.id}: ${formula.message}`, {
    help: 'Run `clause9 validate`.',
  });
}

type Measures = Readonly<Record<string, Measured>>;

/** Why what was measured can't stand for the window, whatever its quality. */
const withheldOf = (measures: Measures): Reason | null =>
  isCut(measures)
    ? 'rolled-up'
    : (Object.values(measures).find((one) => one.withheld !== null)?.withheld ?? null);

/** Groups that any measure has in the window; none where there are more than allowed. */
function groupKeys(definition: KpiDefinition, measures: Measures): string[] {
  if (definition.groupBy.length === 0 || withheldOf(measures) !== null) return [];
  const keys = new Set(Object.values(measures).flatMap((one) => [...one.values.keys()]));
  keys.delete(NO_GROUP);
  return [...keys].sort();
}

function groupOf({ groupBy }: KpiDefinition, key: string): Readonly<Record<string, string>> {
  const texts: unknown = JSON.parse(key);
  const values = Array.isArray(texts) ? texts.map(String) : [];
  return Object.fromEntries(groupBy.map((field, index) => [field, values[index] ?? '']));
}

const NOT_THERE: WindowQuality = { quality: 'missing', reason: null, dataset: null };

function evaluated(formula: Formula, definition: KpiDefinition, measures: Measures, key: string): Evaluation {
  const values = Object.fromEntries(
    Object.entries(measures).map(([name, one]) => [name, one.values.get(key) ?? one.absent]),
  );
  const withheld = withheldOf(measures);
  // What is left of the window's slices says nothing of its quality or sample.
  if (withheld === 'rolled-up') return combine(formula, values, NOT_THERE, { withheld });
  const quality = windowQuality(
    Object.values(measures).flatMap((one) => one.facts),
    definition.tolerate,
  );
  const { minimumSample } = definition;
  return combine(formula, values, quality, { minimumSample, withheld });
}

function row(
  kpi: BoundKpi,
  window: Interval,
  group: NewResult['group'],
  evaluation: Evaluation,
  { asOf, firstLoaded, inputs, knownTo }: RowInput,
): NewResult {
  const { definition } = kpi;
  const target = targetInForce(definition.targets, window.end - 1, definition.timeZone, group);
  const times = settlingTimes(kpi, window);
  const isOver = times.every((time) => time <= knownTo);
  const final = isOver && evaluation.undecided === 0 && evaluation.reason !== 'missing';
  // What is missing makes itself felt when it comes; what may have changed has to be looked at again.
  const waitsFrom = evaluation.quality === 'missing' ? asOf : knownTo;
  return {
    kpi: definition.id,
    group,
    ...window,
    value: evaluation.value,
    lower: evaluation.lower,
    upper: evaluation.upper,
    sample: evaluation.sample,
    undecided: evaluation.undecided,
    quality: evaluation.quality,
    ...judge(evaluation, target),
    final,
    dueAt: final ? null : (times.find((time) => time > waitsFrom) ?? null),
    asOf,
    measurementHash: definition.measurementHash,
    evaluationHash: definition.evaluationHash,
    retroactive: target !== null && isRetroactive(target, firstLoaded, definition.timeZone),
    measures: evaluation.measures,
    inputs,
  };
}

/** When the passing of time alone may change a window's result: its records' observation ends, late data ends. */
function settlingTimes({ measures, settleMs, reviseForMs }: BoundKpi, { end }: Interval): Instant[] {
  const followUps = Object.values(measures).map((bound) =>
    bound.kind === 'records' ? end + bound.measure.followUpMs : end,
  );
  return [...followUps, end + settleMs + reviseForMs].sort((a, b) => a - b);
}

/** Groups that these windows had when they were last evaluated, and have no more. */
async function goneGroups(
  store: Store,
  kpi: BoundKpi,
  windows: readonly Interval[],
  results: readonly NewResult[],
): Promise<NewResult[]> {
  const { id, measurementHash } = kpi.definition;
  const [first, last] = [windows[0], windows.at(-1)];
  if (first === undefined || last === undefined) return [];
  const name = (one: { end: Instant; group: NewResult['group'] }) =>
    `${one.end} ${JSON.stringify(one.group)}`;
  const there = new Set(results.map(name));
  const owns = new Map(results.flatMap((one) => (one.group === null ? [[one.end, one]] : [])));
  const stored = await store.results({ kpi: id, measurementHash, from: first.end - 1, to: last.end });
  return stored.flatMap((one) => {
    const own = owns.get(one.end);
    if (own === undefined || one.group === null || there.has(name(one))) return [];
    return [
      {
        ...own,
        group: one.group,
        value: null,
        lower: null,
        upper: null,
        sample: 0,
        undecided: 0,
        verdict: 'unknown',
        reason: 'no-value',
        retroactive: false,
        measures: {},
        inputs: {},
      },
    ];
  });
}
