/** A number's whole derivation, from verdict down to the query text, as a tree. */
import type { KpiDefinition, Measure, Target } from '../../core/definition/model.ts';
import { formatFilter } from '../../core/filter/format.ts';
import { compileFormula } from '../../core/result/formula.ts';
import type { MeasureInput, MeasureValue, Result } from '../../core/result/model.ts';
import { reasonSentence } from '../../core/result/reasons.ts';
import { formatInstant, type Instant } from '../../core/time/interval.ts';
import { formatCondition } from '../../core/verdict/condition.ts';
import { targetInForce } from '../../core/verdict/target.ts';
import type { Store } from '../../ports/store.ts';
import type { Derivation, Explanation } from '../read-model.ts';
import { inputNodes } from './inputs.ts';
import { absenceNodes, accessNodes, failureNodes, literalNodes, node, noticeNodes } from './notes.ts';

/** The derivation of a stored result, by the definition that it was made by. */
export async function explainResult(store: Store, result: Result): Promise<Explanation> {
  const stored = await store.definition(result.kpi, result.measurementHash, result.evaluationHash);
  const definition: KpiDefinition | null = stored === null ? null : JSON.parse(stored.body);
  const measures: Derivation[] = [];
  for (const [name, value] of Object.entries(result.measures)) {
    const input = result.inputs[name];
    measures.push(
      await measureNode(store, result, name, value, definition?.measures[name] ?? null, input ?? null),
    );
  }
  const tree = node(
    definition?.title ?? result.kpi,
    valueText(result, definition?.unit ?? ''),
    node('KPI', result.kpi),
    ...(result.group === null ? [] : [node('group', groupText(result.group))]),
    node('window', `${formatInstant(result.start)} to ${formatInstant(result.end)}`),
    node('as of', formatInstant(result.asOf)),
    verdictNode(result, definition),
    node('quality', result.quality),
    node('state', result.final ? 'final' : 'provisional'),
    node('sample', result.sample, node('undecided', result.undecided)),
    formulaNode(result, definition),
    ...exclusionNodes(result, definition),
    node('measures', measures.length, ...measures),
    node(
      'definition',
      stored === null ? 'not kept' : `first loaded ${formatInstant(stored.firstLoaded)}`,
      node('measurement hash', result.measurementHash),
      node('evaluation hash', result.evaluationHash),
    ),
    await lineageNode(store, result, definition?.unit ?? ''),
  );
  return { result, sentence: sentenceOf(result, definition), tree };
}

function sentenceOf(result: Result, definition: KpiDefinition | null): string {
  const title = definition?.title ?? result.kpi;
  const value = valueText(result, definition?.unit ?? '');
  const why = result.reason === null ? '' : ` ${reasonSentence(result.reason, result)}`;
  const left = Math.max(0, ...Object.values(result.measures).map(({ excluded = 0 }) => excluded));
  const excluded = left === 0 ? '' : ' Planned exceptions are left out of it.';
  const said = [...new Set([value, result.verdict, result.final ? 'final' : 'provisional'])].join(', ');
  return `${title}: ${said}.${why}${excluded}`;
}

const round = (value: number): string => String(Number(value.toPrecision(6)));

function valueText({ value, lower, upper }: Pick<Result, 'value' | 'lower' | 'upper'>, unit: string): string {
  if (value === null) return 'unknown';
  const bounds = lower === value && upper === value ? '' : ` (${boundText(lower)} to ${boundText(upper)})`;
  return `${round(value)}${unit === '' ? '' : ` ${unit}`}${bounds}`;
}

const boundText = (bound: number | null): string => (bound === null ? 'unbounded' : round(bound));

const groupText = (group: Readonly<Record<string, string>>): string =>
  Object.entries(group)
    .map(([field, value]) => `${field} = ${value}`)
    .join(', ');

function verdictNode(result: Result, definition: KpiDefinition | null): Derivation {
  const children: Derivation[] = [];
  if (result.reason !== null)
    children.push(node('reason', result.reason, node('in words', reasonSentence(result.reason, result))));
  if (definition !== null) {
    const target = targetInForce(definition.targets, result.end - 1, definition.timeZone, result.group);
    children.push(target === null ? node('target', 'none in force') : targetNode(target, result.retroactive));
  }
  return node('verdict', result.verdict, ...children);
}

const targetNode = (target: Target, retroactive: boolean): Derivation =>
  node(
    'target',
    `${formatCondition(target.onTarget)}${target.atRisk === null ? '' : `, at risk ${formatCondition(target.atRisk)}`}`,
    node('in force from', target.from),
    ...(retroactive ? [node('retroactive', 'dated before the definition was first loaded')] : []),
  );

function formulaNode(result: Result, definition: KpiDefinition | null): Derivation {
  if (definition === null) return node('formula', 'not kept');
  const names = new Set(Object.keys(result.measures));
  const filled = definition.formula.replace(/[A-Za-z_]\w*/g, (name) => {
    if (!names.has(name)) return name;
    const value = result.measures[name]?.value ?? null;
    return value === null ? 'unknown' : round(value);
  });
  return node(
    'formula',
    definition.formula,
    node('with values', `${filled} = ${result.value === null ? 'unknown' : round(result.value)}`),
  );
}

/** What the definition leaves out of the window, and what the value would be with it. */
function exclusionNodes(result: Result, definition: KpiDefinition | null): Derivation[] {
  if (definition === null) return [];
  const { exclusions, formula } = definition;
  const own = exclusions.filter(({ start, end }) => start < result.end && end > result.start);
  const counted = Object.values(result.measures).some(({ excluded }) => excluded !== undefined);
  if (own.length === 0 && !counted) return [];
  const compiled = compileFormula(formula, Object.keys(definition.measures));
  const values = Object.entries(result.measures).map(
    ([name, { value, withExcluded = value }]) => [name, withExcluded] as const,
  );
  const isWhole = compiled.ok && values.every(([, value]) => value !== null);
  const all = isWhole
    ? compiled.evaluate(Object.fromEntries(values.map(([name, value]) => [name, value ?? 0])))
    : null;
  return [
    node(
      'exclusions',
      own.length,
      ...own.map(({ start, end, reason, approver }) =>
        node(`${formatInstant(start)} to ${formatInstant(end)}`, `${reason}, approved by ${approver}`),
      ),
      node('value without exclusions', typeof all === 'number' ? round(all) : 'unknown'),
    ),
  ];
}

async function measureNode(
  store: Store,
  result: Result,
  name: string,
  value: MeasureValue,
  measure: Measure | null,
  input: MeasureInput | null,
): Promise<Derivation> {
  return node(
    name,
    valueText(value, ''),
    node('n', value.n),
    ...(value.undecided === 0 ? [] : [node('undecided', value.undecided)]),
    ...(value.leftOut === undefined ? [] : [node('left out', value.leftOut)]),
    ...(value.excluded === undefined ? [] : [excludedNode(value, input)]),
    ...(value.relativeError === undefined ? [] : [node('relative error', value.relativeError)]),
    ...(measure === null ? [] : measureWords(measure)),
    ...(await literalNodes(store, result, value, measure, input)),
    ...(measure === null ? [] : await absenceNodes(store, result, measure)),
    ...(measure === null ? [] : await accessNodes(store, result, measure.dataset)),
    ...(measure === null ? [] : await noticeNodes(store, result, measure.dataset)),
    ...(measure === null ? [] : await failureNodes(store, result, measure.dataset)),
    ...(input === null ? [] : await inputNodes(store, result, input, measure?.dataset ?? '')),
  );
}

function excludedNode({ excluded = 0, withExcluded }: MeasureValue, input: MeasureInput | null): Derivation {
  const what = input?.kind === 'records' ? 'records' : 'slices';
  const all = withExcluded == null ? 'unknown' : round(withExcluded);
  return node('excluded', `${excluded} ${what}`, node('value with them', all));
}

/** What the definition says of the measure. */
function measureWords(measure: Measure): Derivation[] {
  if (measure.kind === 'query') {
    const { dataset, language, text, value } = measure;
    return [node('dataset', dataset), node(`query in ${language}`, text), node('value', value)];
  }
  const { aggregate } = measure;
  const details = Object.entries(aggregate).flatMap(([key, value]) =>
    key === 'type' ? [] : [`${key} ${typeof value === 'object' ? formatFilter(value) : value}`],
  );
  const words = [
    node('dataset', measure.dataset),
    node('where', formatFilter(measure.where)),
    node('aggregate', [aggregate.type, ...details].join(', ')),
  ];
  if (measure.kind === 'events') return words;
  const decided =
    measure.decidedWhen === null ? [] : [node('decided when', formatFilter(measure.decidedWhen))];
  return [...words, node('cohort', measure.cohort), ...decided];
}

async function lineageNode(store: Store, result: Result, unit: string): Promise<Derivation> {
  const known = (one: { readonly asOf: Instant }) => `as known ${formatInstant(one.asOf)}`;
  const all = await store.revisions(result.kpi, result, result.group);
  const before = all.filter((one) => one.measurementHash === result.measurementHash && one.id < result.id);
  return node(
    'supersedes',
    before.length === 0 ? 'nothing' : `${before.length} earlier`,
    ...before.map((one) => node(known(one), `${valueText(one, unit)}, ${one.verdict}`)),
  );
}
