/**
 * The searches of one read: one for all measures without a group, one more for each grouping, and for each field
 * whose distinct values or sketch are wanted.
 */

import { NO_VALUE } from '../../src/core/measure/fold.ts';
import { LN_GAMMA } from '../../src/core/measure/sketch.ts';
import { NO_GROUP } from '../../src/core/measure/tally.ts';
import type { Grain, Instant } from '../../src/core/time/interval.ts';
import type { MeasureRequest } from '../../src/ports/connector.ts';
import { addBucket, addText, type GroupFold } from '../shared/fold.ts';
import { countOf, createAggregates, tallyOf } from './aggregates.ts';
import { arrivedBefore, type Base } from './base.ts';
import { type Columns, createColumns } from './columns.ts';
import { numberIn, type ResultRow, textIn } from './row.ts';
import { join, number, type Spl, spl, text } from './spl.ts';

/** Where to put what a row says of a measure in a group; null: nowhere. */
export type GroupOf = (measure: MeasureRequest, key: string) => GroupFold | null;

export interface SliceSearch {
  readonly spl: Spl;
  /** Whether its rows also say how many events the slice holds. */
  readonly census: boolean;
  /** Whether its rows hold every event of the slice, each once: then it must count as many as the census. */
  readonly whole?: true;
  readonly take: (row: ResultRow, groupOf: GroupOf) => void;
}

export interface Scope {
  readonly base: Base;
  readonly grain: Grain;
  readonly asOf: Instant;
}

export function searchesOf(
  scope: Scope,
  measures: readonly MeasureRequest[],
  maxDistinct: number,
): SliceSearch[] {
  const ungrouped = measures.filter(({ groupBy }) => groupBy.length === 0);
  const grouped = byKey(
    measures.filter(({ groupBy }) => groupBy.length > 0),
    ({ groupBy }) => JSON.stringify(groupBy),
  );
  return [
    ...fitting(ungrouped, (some) => mainSearch(scope, some)),
    ...grouped.flatMap((group) => fitting(group, (some) => mainSearch(scope, some))),
    ...[ungrouped, ...grouped].flatMap((group) => [
      ...byKey(of(group, 'percentile'), fieldOf).flatMap((same) =>
        fitting(same, (some) => sketchSearch(scope, some)),
      ),
      ...byKey(of(group, 'distinct'), fieldOf).flatMap((same) =>
        fitting(same, (some) => distinctSearch(scope, some, maxDistinct)),
      ),
    ]),
  ];
}

/** Characters of a search: hundreds of measures. How long Splunk lets one be, nobody says. */
const LONGEST = 64_000;

/** One search, or several where it would be too long. */
function fitting(
  measures: readonly MeasureRequest[],
  build: (some: readonly MeasureRequest[]) => SliceSearch,
): SliceSearch[] {
  const one = build(measures);
  if (one.spl.spl.length <= LONGEST || measures.length < 2) return [one];
  // A little room, as some measures take longer than others.
  const parts = Math.ceil((1.1 * one.spl.spl.length) / LONGEST);
  const size = Math.ceil(measures.length / parts);
  return Array.from({ length: parts }, (_, i) => measures.slice(i * size, (i + 1) * size))
    .filter((some) => some.length > 0)
    .flatMap((some) => fitting(some, build));
}

const of = (measures: readonly MeasureRequest[], type: 'percentile' | 'distinct') =>
  measures.filter(({ aggregate }) => aggregate.type === type);

function byKey(
  measures: readonly MeasureRequest[],
  key: (measure: MeasureRequest) => string,
): MeasureRequest[][] {
  return [...Map.groupBy(measures, key).values()];
}

function fieldOf({ aggregate }: MeasureRequest): string {
  return aggregate.type === 'count' ? '' : aggregate.field;
}

interface Grouping {
  readonly by: Spl;
  readonly key: (row: ResultRow) => string;
}

/** `stats` counts an event in each of the group field's values. */
function groupingOf(columns: Columns, measures: readonly MeasureRequest[]): Grouping {
  const groupBy = measures[0]?.groupBy ?? [];
  const groups = groupBy.map((field) =>
    columns.column(spl`coalesce(mvdedup(${columns.field(field)}), ${text(NO_VALUE)})`),
  );
  return {
    by: join([spl`c9_s`, ...groups], ' '),
    key: (row) =>
      groups.length === 0 ? NO_GROUP : JSON.stringify(groups.map((group) => textIn(row, group.spl))),
  };
}

/** Counted where no measure has a group: the census of the slice, too. */
function mainSearch(scope: Scope, measures: readonly MeasureRequest[]): SliceSearch {
  const columns = createColumns();
  const grouping = groupingOf(columns, measures);
  const aggregates = createAggregates();
  const reads = measures.map((measure) => ({ measure, read: tallyOf(measure, columns, aggregates) }));
  const census = measures.every(({ groupBy }) => groupBy.length === 0);
  const arrivals = census ? spl`, min(_indextime) AS c9_i0, max(_indextime) AS c9_i1` : spl``;
  const wanted = census ? spl`` : wantedOf(columns, measures);
  return {
    census,
    spl: search(
      scope,
      spl`${columns.evals()}${wanted} | stats count AS c9_n${arrivals}${aggregates.list()} BY ${grouping.by}${aggregates.exact()}`,
    ),
    take: (row, groupOf) => {
      const key = grouping.key(row);
      for (const { measure, read } of reads) {
        const tally = read(row);
        if (tally.n > 0) groupOf(measure, key)?.tallies.push(tally);
      }
    },
  };
}

/** The events of the range that had come in, by slice; then what is asked. */
function search({ base, grain, asOf }: Scope, asked: Spl): Spl {
  const seconds = number(grain / 1000);
  return spl`${base.search} | ${arrivedBefore(asOf)} | eval c9_s=floor(_time/${seconds})*${seconds}${asked}`;
}

/** Events that no measure wants make no rows. */
function wantedOf(columns: Columns, measures: readonly MeasureRequest[]): Spl {
  const passes = measures.map(({ where }) => columns.passes(where));
  const conditions = passes.flatMap((column) => (column === null ? [] : [spl`isnotnull(${column})`]));
  if (conditions.length < passes.length) return spl``;
  return spl` | where ${join(conditions, ' OR ')}`;
}

/** What else a field's values are grouped by, of which events, and what a row says of so many of them. */
interface Valued {
  readonly where: Spl;
  readonly by: readonly Spl[];
  readonly add: (group: GroupFold, row: ResultRow, events: number) => void;
}

function valueSearch(
  scope: Scope,
  measures: readonly MeasureRequest[],
  valuedBy: (columns: Columns, field: string) => Valued,
): SliceSearch {
  const [first] = measures;
  const columns = createColumns();
  const grouping = groupingOf(columns, measures);
  const aggregates = createAggregates();
  const counts = measures.map((measure) => ({ measure, count: countOf(columns, measure, aggregates) }));
  const { where, by, add } = valuedBy(columns, first === undefined ? '' : fieldOf(first));
  const keys = join([grouping.by, ...by], ' ');
  return {
    census: false,
    spl: search(scope, spl`${columns.evals()}${where} | stats count AS c9_n${aggregates.list()} BY ${keys}`),
    take: (row, groupOf) => {
      const key = grouping.key(row);
      for (const { measure, count } of counts) {
        const events = numberIn(row, count) ?? 0;
        const group = events > 0 ? groupOf(measure, key) : null;
        if (group !== null) add(group, row, events);
      }
    },
  };
}

/** Log buckets as `core/measure/sketch.ts` counts them: sign, bucket, number of events. */
function sketchSearch(scope: Scope, measures: readonly MeasureRequest[]): SliceSearch {
  return valueSearch(scope, measures, (columns, field) => {
    const value = columns.number(field);
    const sign = columns.column(spl`case(${value}>0, 1, ${value}<0, 0-1, ${value}=0, 0)`);
    const bucket = columns.column(spl`if(${value}=0, 0, ceil(ln(abs(${value}))/${number(LN_GAMMA['1%'])}))`);
    return {
      where: spl` | where isnotnull(${value})`,
      by: [sign, bucket],
      add: (group, row, events) =>
        addBucket(group, numberIn(row, sign.spl) ?? 0, numberIn(row, bucket.spl) ?? 0, events),
    };
  });
}

/** Every value of the field in each slice and group: the set itself, exact. */
function distinctSearch(scope: Scope, measures: readonly MeasureRequest[], maxDistinct: number): SliceSearch {
  return valueSearch(scope, measures, (columns, field) => {
    const value = columns.column(spl`mvdedup(${columns.field(field)})`);
    return {
      where: wantedOf(columns, measures),
      by: [value],
      add: (group, row) => addText(group, textIn(row, value.spl), maxDistinct),
    };
  });
}
