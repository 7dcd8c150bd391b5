/** The rows that a call about events is about, and the promise that they were the same for all its queries. */
import type { EventsDataset } from '../../src/config/model.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { EVERYTHING, type Filter } from '../../src/core/filter/model.ts';
import type { Interval } from '../../src/core/time/interval.ts';
import { compileFilter } from './filter.ts';
import { takeManifest } from './manifest.ts';
import { type Scope, sliceOf } from './query.ts';
import type { Relation } from './relation.ts';
import { type Needs, type Opened, openRelation, readable, requireFields } from './source.ts';
import { narrow } from './span.ts';
import { int, join, type Sql, sql } from './sql.ts';

export interface OpenScope extends Scope {
  readonly opened: Opened;
  readonly needs: Needs;
}

interface More {
  /** Rows that came in after `asOf` are there to be looked at. */
  readonly later?: boolean;
  /** Fields beside the dataset's own that are read as times. */
  readonly instants?: readonly string[];
  /** No other rows are asked for: they need not be kept. */
  readonly where?: Filter;
}

/** The rows of a range, known before `asOf`. */
export async function openScope(
  opened: Opened,
  dataset: EventsDataset,
  range: Interval,
  asOf: number,
  grain: number,
  fields: readonly string[],
  { later = false, instants = [], where = EVERYTHING }: More = {},
): Promise<OpenScope> {
  const { time, ingested } = dataset;
  const within = (r: Relation): Sql => {
    const near = opened.described.stored ? undefined : r.field(time).near?.(range.start, range.end);
    const conditions = [
      ...(near === undefined ? [] : [near]),
      sql`${r.instant(time)} >= ${int(range.start)}`,
      sql`${r.instant(time)} < ${int(range.end)}`,
      ...(ingested === null ? [] : [sql`${r.instant(ingested)} < ${int(asOf)}`]),
    ];
    return join(conditions, ' AND ');
  };
  const needs: Needs = {
    fields: [...new Set(fields)],
    instants: [...new Set([time, ...(ingested === null ? [] : [ingested]), ...instants])],
    numbered: false,
    checks: [
      { holds: (r) => sql`${r.instant(time)} IS NOT NULL`, why: `has no time that can be read in "${time}"` },
      ...(ingested === null
        ? []
        : [
            {
              holds: (r: Relation) => sql`${r.instant(ingested)} IS NOT NULL`,
              why: `has no time that can be read in "${ingested}"`,
            },
          ]),
    ],
    keep: (r) => {
      if (later && ingested !== null) return sql`${within(r)} OR ${r.instant(ingested)} >= ${int(asOf)}`;
      const context = { field: r.field, emptyTexts: opened.described.emptyTexts };
      return where.op === 'everything' ? within(r) : sql`${within(r)} AND ${compileFilter(where, context)}`;
    },
  };
  await requireFields(opened, [...needs.fields, ...needs.instants]);
  const arrivedFrom = later ? asOf : null;
  const narrowed = await narrow(opened, needs, { time, ingested, range, arrivedFrom });
  const relation = await openRelation(narrowed, needs);
  const sound = opened.described.stored ? sql`${readable(relation, needs.checks)} AND ` : sql``;
  return {
    relation,
    opened: narrowed,
    context: { field: relation.field, emptyTexts: opened.described.emptyTexts },
    slice: sliceOf(relation.instant(time), range.start, grain),
    within: sql`${sound}${within(relation)}`,
    needs,
  };
}

export function ingestedOf(relation: Relation, { ingested }: EventsDataset): Sql | null {
  return ingested === null ? null : relation.instant(ingested);
}

/** Parquet is queried where it lies: if a file was replaced meanwhile, queries may have seen different rows. */
export async function requireUnchanged({
  source,
  options,
  dataset,
  described,
  manifest,
}: Opened): Promise<void> {
  if (described.stored) return;
  const now = await takeManifest(source.folder, options, dataset.name);
  if (now.hash === manifest.hash) return;
  throw new ConnectorError('The files changed while they were being read', {
    retryable: true,
    where: dataset.name,
    help: 'The next try reads what is there then.',
  });
}
