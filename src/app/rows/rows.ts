/**
 * `clause9 rows`: the events or cases behind a number, read live from the source and stored nowhere. What a dataset
 * hides behind pseudonyms stays hidden.
 */
import type { Config, Dataset } from '../../config/model.ts';
import type { KpiDefinition, Measure, WindowSpec } from '../../core/definition/model.ts';
import { suggest } from '../../core/definition/suggest.ts';
import { Clause9Error } from '../../core/errors.ts';
import type { Row } from '../../core/filter/model.ts';
import { formatInstant, type Instant, type Interval, MINUTE } from '../../core/time/interval.ts';
import { latestWindow, windowsTouching } from '../../core/time/window.ts';
import type { FieldTypes } from '../../ports/connector.ts';
import { askOnce } from '../ask/ask-once.ts';
import { withPseudonyms } from '../bind/pseudonyms.ts';
import { measureFields } from '../bind/usage.ts';
import type { Group } from '../explain/behind.ts';
import { casesBehind, MATCHES_OF } from './cases.ts';
import { eventRows, listRows } from './events.ts';
import type { MeasureRows, RowsContext, RowsReader } from './reader.ts';

/** How long one call may take: records are read from their beginning. */
const PATIENCE = 10 * MINUTE;
export interface RowsQuestion {
  readonly kpi: string;
  readonly window: 'last' | { readonly at: Instant } | { readonly window: Interval };
  /** One measure; all unless told. */
  readonly measure?: string;
  readonly group: Group | null;
  readonly limit: number;
}

export interface RowsAnswer {
  readonly window: Interval;
  readonly asOf: Instant;
  readonly measures: readonly MeasureRows[];
}

export async function rowsBehind(
  given: RowsContext,
  question: RowsQuestion,
  signal: AbortSignal,
): Promise<RowsAnswer> {
  const context: RowsContext = withPseudonyms(given);
  const definition = context.definitions.find((one) => one.id === question.kpi);
  if (definition === undefined) {
    const ids = context.definitions.map((one) => one.id);
    const help = suggest(question.kpi, ids, `There are ${ids.slice(0, 12).join(', ')} and others.`);
    throw new Clause9Error(`there is no KPI "${question.kpi}"`, { help });
  }
  const names = chosenMeasures(definition, question);
  const asOf = context.clock.now();
  const { group, limit } = question;
  const settled = asOf - settleOf(context.config, definition);
  const window = chosenWindow(definition.window, question.window, settled);
  const reader = { context, definition, window, asOf, group, limit, ask: reading(context, signal) };
  const measures = await Promise.all(names.map(([name, measure]) => rowsOfMeasure(reader, name, measure)));
  return { window, asOf, measures };
}

function chosenMeasures(
  definition: KpiDefinition,
  { measure, group }: RowsQuestion,
): readonly (readonly [string, Measure])[] {
  const all = Object.entries(definition.measures);
  const wrong = Object.keys(group ?? {}).find((field) => !definition.groupBy.includes(field));
  if (wrong !== undefined) {
    const fields =
      definition.groupBy.length === 0
        ? 'It has no groups.'
        : `Its groups are by ${definition.groupBy.join(', ')}.`;
    throw new Clause9Error(`the KPI "${definition.id}" has no groups by ${wrong}`, { help: fields });
  }
  if (measure === undefined) return all;
  const chosen = all.filter(([name]) => name === measure);
  if (chosen.length > 0) return chosen;
  throw new Clause9Error(`the KPI "${definition.id}" has no measure "${measure}"`, {
    help: `It has ${all.map(([name]) => name).join(', ')}.`,
  });
}

const settleOf = ({ datasets }: Config, { measures }: KpiDefinition): number =>
  Math.max(0, ...Object.values(measures).map(({ dataset }) => datasets[dataset]?.settleMs ?? 0));

/** The window that begins there, else the newest that holds the instant. */
function chosenWindow(spec: WindowSpec, choice: RowsQuestion['window'], settled: Instant): Interval {
  if (choice === 'last') return latestWindow(spec, settled);
  if ('window' in choice) {
    const found = latestWindow(spec, choice.window.end);
    if (found.start === choice.window.start && found.end === choice.window.end) return found;
    throw new Clause9Error('the KPI has no such window', { help: nearby(found) });
  }
  const holding = windowsTouching(spec, { start: choice.at, end: choice.at + 1 }, settled);
  const found = holding.find(({ start }) => start === choice.at) ?? holding.at(-1);
  if (found !== undefined) return found;
  throw new Clause9Error('no window that is over holds this instant', {
    help: nearby(latestWindow(spec, settled)),
  });
}

const nearby = ({ start, end }: Interval): string =>
  `There is one from ${formatInstant(start)} to ${formatInstant(end)}.`;

function reading(context: RowsContext, signal: AbortSignal): RowsReader['ask'] {
  const ask = askOnce(context, PATIENCE);
  const types = new Map<string, Promise<FieldTypes>>();
  const typesOf = (dataset: Dataset): Promise<FieldTypes> => {
    const known =
      types.get(dataset.name) ??
      ask(dataset.source, signal, async (connector, abort) => (await connector.probe(dataset, abort)).types);
    types.set(dataset.name, known);
    return known;
  };
  return async (dataset, call) => {
    const known = await typesOf(dataset);
    return ask(dataset.source, signal, (connector, abort) => call(connector, known, abort));
  };
}

async function rowsOfMeasure(reader: RowsReader, name: string, measure: Measure): Promise<MeasureRows> {
  const dataset = reader.context.config.datasets[measure.dataset];
  if (dataset === undefined) {
    throw new Clause9Error(`the configuration has no dataset "${measure.dataset}"`, {
      help: 'Add it, or ask for another --measure.',
    });
  }
  const columns = columnsOf(dataset, measure, reader.definition);
  const found =
    dataset.kind === 'snapshot'
      ? await listRows(reader, dataset, measure)
      : measure.kind === 'records' && dataset.kind === 'records'
        ? await casesBehind(reader, dataset, measure)
        : await eventRows(reader, dataset, measure);
  const kept = found.rows.map((row) => shown(row, dataset, columns));
  return { measure: name, dataset: dataset.name, columns, ...found, rows: kept };
}

/** When, which, and the fields that the definition and the configuration name. */
function columnsOf(dataset: Dataset, measure: Measure, { groupBy }: KpiDefinition): string[] {
  const standard = new Map(Object.entries(dataset.fields).map(([name, own]) => [own, name]));
  const times =
    dataset.kind === 'events'
      ? [dataset.time]
      : dataset.kind === 'records'
        ? [dataset.key, dataset.opened, ...dataset.closed, ...(dataset.due === null ? [] : [dataset.due])]
        : [];
  const named = times.map((field) => standard.get(field) ?? field);
  const fields = [...named, ...groupBy, ...measureFields(measure), ...Object.keys(dataset.fields)];
  const counts = measure.kind === 'records' && 'of' in measure.aggregate;
  return [...new Set([...fields, ...(counts ? [MATCHES_OF] : [])])];
}

/** Where something is hidden, only what is named is shown: other fields may hold the same in the clear. */
function shown(row: Row, { pseudonymise = [] }: Dataset, columns: readonly string[]): Row {
  if (pseudonymise.length === 0) return row;
  return Object.fromEntries(columns.flatMap((name) => (Object.hasOwn(row, name) ? [[name, row[name]]] : [])));
}
