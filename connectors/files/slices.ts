/** Slices of an events dataset: every one of the range, in batches, all from the same rows. */
import type { EventsDataset } from '../../src/config/model.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { hashOf } from '../../src/core/hash.ts';
import { emptyTally, mergeAllTally } from '../../src/core/measure/fold.ts';
import { NO_GROUP, type Tallies, type Tally } from '../../src/core/measure/tally.ts';
import type { Interval } from '../../src/core/time/interval.ts';
import type {
  KnownSlice,
  MeasureRequest,
  SliceBatch,
  SliceReading,
  SliceRequest,
} from '../../src/ports/connector.ts';
import type { Cell } from './duckdb.ts';
import { evidenceOf, stopwatch } from './evidence.ts';
import { takeManifest } from './manifest.ts';
import { censusOf, type Finding, fieldsOf, queriesOf, type Scope, sliceOf } from './query.ts';
import type { Relation } from './relation.ts';
import {
  type Gap,
  type Needs,
  type Opened,
  openDataset,
  openRelation,
  readable,
  type Source,
} from './source.ts';
import { int, join, type Sql, sql } from './sql.ts';
import { findUnreadable } from './unreadable.ts';

const SLICES_A_BATCH = 2_000;
const NOTES_A_SLICE = 3;

export async function* readSlices(
  source: Source,
  request: SliceRequest,
  signal: AbortSignal,
): AsyncGenerator<SliceBatch> {
  const took = stopwatch();
  const opened = await openDataset(source, request.dataset, signal);
  try {
    const scope = await openScope(
      opened,
      request.dataset,
      request.range,
      request.asOf,
      request.grain,
      fieldsFor(request.measures),
    );
    const unreadable = await findUnreadable(opened, scope.relation, scope.needs, request.dataset.time);
    const census = ordered(
      opened.session.stream(censusOf(scope, ingestedOf(scope.relation, request.dataset))),
    );
    const queries = queriesOf(scope, request.measures).map((query) => ({
      ...query,
      rows: ordered(opened.session.stream(query.statement)),
    }));
    const slices = (request.range.end - request.range.start) / request.grain;
    for (let first = 0; first < slices; first += SLICES_A_BATCH) {
      const end = Math.min(slices, first + SLICES_A_BATCH);
      const batch = new Map<number, SliceFold>();
      for await (const row of census.before(end)) foldOf(batch, row, request).census = row;
      for (const { rows, read } of queries) {
        for await (const row of rows.before(end)) {
          const fold = foldOf(batch, row, request);
          for (const finding of read(row)) addFinding(fold, finding, request);
        }
      }
      if (first === 0) await requireUnchanged(opened);
      const readings = Array.from({ length: end - first }, (_, i) =>
        readingOf(batch.get(first + i), first + i, request, unreadable.gaps),
      );
      yield { readings, evidence: evidenceOf(opened, unreadable.warnings, took()) };
    }
  } finally {
    await opened.session.close();
  }
}

function fieldsFor(measures: readonly MeasureRequest[]): string[] {
  return measures.flatMap(({ where, aggregate, groupBy }) => [
    ...fieldsOf(where),
    ...groupBy,
    ...(aggregate.type === 'count' ? [] : [aggregate.field]),
  ]);
}

/** The rows of a range, known before `asOf`; `later`: those that came in after it are there to be looked at. */
export async function openScope(
  opened: Opened,
  dataset: EventsDataset,
  range: Interval,
  asOf: number,
  grain: number,
  fields: readonly string[],
  later = false,
): Promise<Scope & { readonly needs: Needs }> {
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
    instants: [...new Set(ingested === null ? [time] : [time, ingested])],
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
    keep: (r) =>
      later && ingested !== null ? sql`${within(r)} OR ${r.instant(ingested)} >= ${int(asOf)}` : within(r),
  };
  const relation = await openRelation(opened, needs);
  const sound = opened.described.stored ? sql`${readable(relation, needs.checks)} AND ` : sql``;
  return {
    relation,
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
  session,
  options,
  dataset,
  described,
  manifest,
}: Opened): Promise<void> {
  if (described.stored) return;
  const now = await takeManifest(session, source.folder, options, dataset.name);
  if (now.hash === manifest.hash) return;
  throw new ConnectorError('The files changed while they were being read', {
    retryable: true,
    where: dataset.name,
    help: 'The next try reads what is there then.',
  });
}

interface Ordered {
  /** The rows, not given yet, whose slice is before `end`. */
  before(end: number): AsyncGenerator<Cell[]>;
}

/** Lets rows in slice order be taken batch by batch. */
function ordered(chunks: AsyncGenerator<Cell[][]>): Ordered {
  let rows: Cell[][] = [];
  let at = 0;
  return {
    async *before(end) {
      for (;;) {
        const row = rows[at];
        if (row === undefined) {
          const next = await chunks.next();
          if (next.done === true) return;
          [rows, at] = [next.value, 0];
        } else if (Number(row[0]) < end) {
          at += 1;
          yield row;
        } else {
          return;
        }
      }
    },
  };
}

/** What is known of one slice so far. */
interface SliceFold {
  census: Cell[] | null;
  readonly measures: Map<string, Map<string, GroupFold>>;
  readonly overflow: Set<string>;
}

interface GroupFold {
  tallies: Tally[];
  texts: string[];
}

function foldOf(batch: Map<number, SliceFold>, row: readonly Cell[], request: SliceRequest): SliceFold {
  const slice = Number(row[0]);
  let fold = batch.get(slice);
  if (fold === undefined) {
    fold = {
      census: null,
      measures: new Map(request.measures.map(({ id }) => [id, new Map()])),
      overflow: new Set(),
    };
    batch.set(slice, fold);
  }
  return fold;
}

/** Keeps no more groups than asked for, and no more texts than a distinct set does. */
function addFinding(fold: SliceFold, { measure, key, content }: Finding, request: SliceRequest): void {
  const groups = fold.measures.get(measure.id);
  if (groups === undefined || fold.overflow.has(measure.id)) return;
  let group = groups.get(key);
  if (group === undefined) {
    if (groups.size >= request.maxGroups) {
      fold.overflow.add(measure.id);
      groups.clear();
      return;
    }
    group = { tallies: [emptyTally(measure.aggregate)], texts: [] };
    groups.set(key, group);
  }
  if (typeof content === 'string') group.texts.push(content);
  else group.tallies.push(content);
  const pending = Math.max(group.tallies.length, group.texts.length);
  if (pending > 5_000) group.tallies = [settle(group, request.maxDistinct)];
}

function settle(group: GroupFold, maxDistinct: number): Tally {
  const texts: Tally[] = group.texts.length === 0 ? [] : [{ n: 0, distinct: { exact: group.texts } }];
  group.texts = [];
  return mergeAllTally([...group.tallies, ...texts], maxDistinct);
}

function readingOf(
  fold: SliceFold | undefined,
  index: number,
  request: SliceRequest,
  gaps: readonly Gap[],
): SliceReading {
  const start = request.range.start + index * request.grain;
  const touching = notesOn(gaps, start, request.grain);
  const notes = touching.slice(0, NOTES_A_SLICE);
  if (touching.length > NOTES_A_SLICE) notes.push(`and ${touching.length - NOTES_A_SLICE} more`);
  const overflow = [...(fold?.overflow ?? [])];
  for (const id of overflow) notes.push(`"${id}" has more than ${request.maxGroups} groups`);
  return {
    start,
    ...stateOf(fold?.census ?? null, touching),
    quality: touching.length > 0 ? 'partial' : 'complete',
    notes,
    tallies: Object.fromEntries(
      request.measures.map((measure) => [measure.id, talliesOf(fold, measure, request)]),
    ),
    overflow,
  };
}

/** What is wrong in a slice. */
export function notesOn(gaps: readonly Gap[], start: number, grain: number): string[] {
  return gaps.filter((gap) => gap.from < start + grain && gap.to >= start).map((gap) => gap.note);
}

/** What tells whether a slice's content is still the same; a line that can't be read is content too. */
export function stateOf(census: readonly Cell[] | null, notes: readonly string[]): KnownSlice {
  const [, events = 0, maxIngested = null, hash = null] = census ?? [];
  const unread = notes.length > 0 ? [hashOf(notes)] : [];
  const digest = [...(hash === null ? [] : [String(hash)]), ...unread].join('+');
  return {
    events: Number(events),
    maxIngested: maxIngested === null ? null : Number(maxIngested),
    digest: digest === '' ? null : digest,
  };
}

function talliesOf(fold: SliceFold | undefined, measure: MeasureRequest, request: SliceRequest): Tallies {
  const groups = fold?.measures.get(measure.id) ?? new Map<string, GroupFold>();
  const entries = [...groups].map(([key, group]): [string, Tally] => [
    key,
    settle(group, request.maxDistinct),
  ]);
  if (entries.length === 0 && measure.groupBy.length === 0)
    return { [NO_GROUP]: emptyTally(measure.aggregate) };
  return Object.fromEntries(entries);
}
