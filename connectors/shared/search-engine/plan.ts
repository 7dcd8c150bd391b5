/** What a request asks of the server: measures that group alike share one search, alike filters one aggregation. */
import { filterFields } from '../../../src/core/filter/bind.ts';
import { canonicalJson } from '../../../src/core/hash.ts';
import type { Aggregate } from '../../../src/core/measure/tally.ts';
import type { MeasureRequest, SliceRequest } from '../../../src/ports/connector.ts';
import { type Edges, rangesOf } from './edges.ts';
import { ALL, anyOf, compileFilter, exists, type Query } from './filter.ts';
import { type Resolved, resolve, resolveNumber, resolveValues, type Schema } from './schema.ts';

export interface PlannedMeasure {
  readonly request: MeasureRequest;
  /** Place of its filter in the part's `conditions`. */
  readonly condition: number;
  /** The field that it computes with or counts the values of; null for a count. */
  readonly field: Resolved | null;
}

/** Measures with one grouping. */
export interface Part {
  readonly groupBy: readonly Resolved[];
  readonly measures: readonly PlannedMeasure[];
  readonly conditions: readonly Query[];
}

export interface Plan {
  readonly ungrouped: Part;
  readonly grouped: readonly Part[];
  /** Number fields of percentiles, each once. */
  readonly sketched: readonly Resolved[];
  /** Fields that filters, groups and distinct counts use: a value that isn't indexed makes them wrong. */
  readonly used: readonly Resolved[];
  /** Those and the fields of numbers, which tell by themselves of values that aren't indexed. */
  readonly asked: readonly Resolved[];
}

/** Throws `ConnectorError` for what can't be answered exactly. */
export function planOf(schema: Schema, { measures }: SliceRequest): Plan {
  const parts = new Map<string, MeasureRequest[]>([['[]', []]]);
  for (const measure of measures) {
    const key = JSON.stringify(measure.groupBy);
    parts.set(key, [...(parts.get(key) ?? []), measure]);
  }
  const [ungrouped = { groupBy: [], measures: [], conditions: [] }, ...grouped] = [...parts.values()].map(
    (list) => partOf(schema, list),
  );
  const all = [ungrouped, ...grouped].flatMap((part) => part.measures);
  const sketched = all.flatMap(({ request, field }) =>
    request.aggregate.type === 'percentile' && field !== null ? [field] : [],
  );
  const names = measures.flatMap(({ where, groupBy, aggregate }) => [
    ...filterFields(where),
    ...groupBy,
    ...(aggregate.type === 'distinct' ? [aggregate.field] : []),
  ]);
  const used = unique(names.map((name) => resolve(schema, name)));
  const asked = unique([...used, ...all.flatMap(({ field }) => field ?? [])]);
  return { ungrouped, grouped, sketched: unique(sketched), used, asked };
}

export function unique(fields: readonly Resolved[]): Resolved[] {
  return [...new Map(fields.map((field) => [field.path, field])).values()];
}

function partOf(schema: Schema, requests: readonly MeasureRequest[]): Part {
  const conditions = new Map<string, Query>();
  const measures = requests.map((request): PlannedMeasure => {
    const query = compileFilter(request.where, schema);
    const key = canonicalJson(query);
    conditions.set(key, conditions.get(key) ?? query);
    return {
      request,
      condition: [...conditions.keys()].indexOf(key),
      field: fieldOf(schema, request.aggregate),
    };
  });
  const groupBy = (requests[0]?.groupBy ?? []).map((name) => resolveValues(schema, name));
  return { groupBy, measures, conditions: [...conditions.values()] };
}

function fieldOf(schema: Schema, aggregate: Aggregate): Resolved | null {
  if (aggregate.type === 'count') return null;
  return aggregate.type === 'distinct'
    ? resolveValues(schema, aggregate.field)
    : resolveNumber(schema, aggregate.field);
}

/** Events in which at least one of the part's filters finds something. */
export function anyCondition({ conditions }: Part): Query {
  return conditions.some((condition) => JSON.stringify(condition) === JSON.stringify(ALL))
    ? ALL
    : anyOf(conditions);
}

/** Events with a value in the field, part of which the server left out (wrong type, too long). */
export function ignored({ path }: Resolved): Query {
  return { term: { _ignored: path } };
}

export interface NumericField {
  readonly field: Resolved;
  readonly edges: Edges | null;
}

/** The number fields that measures with this filter compute with; edges where one of them is a percentile. */
export function numericFields(
  part: Part,
  condition: number,
  edges: ReadonlyMap<string, Edges>,
): NumericField[] {
  const found = new Map<string, NumericField>();
  for (const { request, field, condition: own } of part.measures) {
    if (own !== condition || field === null || request.aggregate.type === 'distinct') continue;
    const sketch = request.aggregate.type === 'percentile' ? (edges.get(field.path) ?? null) : null;
    found.set(field.path, { field, edges: sketch ?? found.get(field.path)?.edges ?? null });
  }
  return [...found.values()];
}

/**
 * What is asked about one slice (and group): per filter `c0`, `c1` … its events; per field of it `v0`… the numbers of
 * events of which nothing was left out, `i0`… the events of which something was; per group field that is a number `g0`….
 */
export function cellAggregations(part: Part, edges: ReadonlyMap<string, Edges>): Record<string, Query> {
  const aggregations: Record<string, Query> = {};
  for (const [c, condition] of part.conditions.entries()) {
    const inner: Record<string, Query> = {};
    for (const [k, { field, edges: own }] of numericFields(part, c, edges).entries()) {
      const ranges = own === null ? {} : { r: { range: { field: field.path, ranges: rangesOf(own) } } };
      const whole = { bool: { filter: [exists(field.path)], must_not: [ignored(field)] } };
      inner[`v${k}`] = { filter: whole, aggs: { s: { stats: { field: field.path } }, ...ranges } };
      inner[`i${k}`] = { filter: ignored(field) };
    }
    aggregations[`c${c}`] = {
      filter: condition,
      ...(Object.keys(inner).length === 0 ? {} : { aggs: inner }),
    };
  }
  for (const [g, field] of part.groupBy.entries()) {
    if (field.family !== 'number') continue;
    aggregations[`g${g}`] = {
      filter: exists(field.path),
      aggs: { n: { value_count: { field: field.path } } },
    };
  }
  return aggregations;
}

/** Buckets that a slice (and group) can make in an answer. */
export function cellSize(part: Part, edges: ReadonlyMap<string, Edges>): number {
  let size = 2 + part.groupBy.length;
  for (const c of part.conditions.keys()) {
    size += 1;
    for (const { edges: own } of numericFields(part, c, edges)) size += 2 + (own?.length ?? 0);
  }
  return size;
}

/** Parts small enough that one slice of each fits into an answer. */
export function pieces(part: Part, edges: ReadonlyMap<string, Edges>, most: number): readonly Part[] {
  const { measures } = part;
  if (measures.length < 2 || cellSize(part, edges) <= most) return [part];
  const half = Math.ceil(measures.length / 2);
  return [measures.slice(0, half), measures.slice(half)].flatMap((some) =>
    pieces(withMeasures(part, some), edges, most),
  );
}

function withMeasures({ groupBy, conditions }: Part, measures: readonly PlannedMeasure[]): Part {
  const used = [...new Set(measures.map(({ condition }) => condition))];
  return {
    groupBy,
    conditions: used.flatMap((c) => conditions.slice(c, c + 1)),
    measures: measures.map((measure) => ({ ...measure, condition: used.indexOf(measure.condition) })),
  };
}

/** Distinct fields of a part, each with the measures that count its values. */
export function distinctFields(
  part: Part,
): { readonly field: Resolved; readonly measures: readonly PlannedMeasure[] }[] {
  const found = new Map<string, { field: Resolved; measures: PlannedMeasure[] }>();
  for (const measure of part.measures) {
    const { field, request } = measure;
    if (field === null || request.aggregate.type !== 'distinct') continue;
    const known = found.get(field.path) ?? { field, measures: [] };
    known.measures.push(measure);
    found.set(field.path, known);
  }
  return [...found.values()];
}
