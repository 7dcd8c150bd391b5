/** Slices of an events dataset: every one of the range, in batches, all from the same rows. */
import { filterFields } from '../../src/core/filter/bind.ts';
import { hashOf } from '../../src/core/hash.ts';
import type {
  KnownSlice,
  MeasureRequest,
  SliceBatch,
  SliceReading,
  SliceRequest,
} from '../../src/ports/connector.ts';
import { emptyFold, groupIn, type SliceFold as SliceFoldOf, talliesOf } from '../shared/fold.ts';
import type { Cell } from './duckdb.ts';
import { evidenceOf, stopwatch } from './evidence.ts';
import { censusOf, queriesOf } from './query.ts';
import { ingestedOf, openScope, requireUnchanged } from './scope.ts';
import { type Gap, openDataset, type Source } from './source.ts';
import { findUnreadable } from './unreadable.ts';

type SliceFold = SliceFoldOf<readonly Cell[]>;

const SLICES_A_BATCH = 2_000;
/** Where a slice may hold many groups or texts. */
const WIDE_SLICES_A_BATCH = 200;
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
    const unreadable = await findUnreadable(scope.opened, scope.relation, scope.needs, request.dataset.time);
    const census = ordered(
      opened.session.stream(censusOf(scope, ingestedOf(scope.relation, request.dataset))),
    );
    const queries = queriesOf(scope, request.measures, request.maxDistinct).map((query) => ({
      ...query,
      rows: ordered(opened.session.stream(query.statement)),
    }));
    const slices = (request.range.end - request.range.start) / request.grain;
    const wide = request.measures.some(
      ({ groupBy, aggregate }) => groupBy.length > 0 || aggregate.type === 'distinct',
    );
    const step = wide ? WIDE_SLICES_A_BATCH : SLICES_A_BATCH;
    for (let first = 0; first < slices; first += step) {
      const end = Math.min(slices, first + step);
      const batch = new Map<number, SliceFold>();
      for await (const rows of census.before(end)) {
        for (const row of rows) foldIn(batch, row).census = row;
      }
      for (const query of queries) {
        for await (const rows of query.rows.before(end)) {
          for (const row of rows) {
            const fold = foldIn(batch, row);
            query.take(row, (measure, key) => groupIn(fold, measure, key, request.maxGroups));
          }
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
    ...filterFields(where),
    ...groupBy,
    ...(aggregate.type === 'count' ? [] : [aggregate.field]),
  ]);
}

interface Ordered {
  /** The rows, not given yet, whose slice is before `end`. */
  before(end: number): AsyncGenerator<Cell[][]>;
}

/** Lets rows in slice order be taken batch by batch. */
function ordered(chunks: AsyncGenerator<Cell[][]>): Ordered {
  let rest: Cell[][] = [];
  return {
    async *before(end) {
      for (;;) {
        const later = rest.findIndex(([slice]) => Number(slice) >= end);
        const due = later < 0 ? rest : rest.slice(0, later);
        if (due.length > 0) yield due;
        rest = later < 0 ? [] : rest.slice(later);
        if (later >= 0) return;
        const next = await chunks.next();
        if (next.done === true) return;
        rest = next.value;
      }
    },
  };
}

function foldIn(batch: Map<number, SliceFold>, [slice]: readonly Cell[]): SliceFold {
  const known = batch.get(Number(slice));
  if (known !== undefined) return known;
  const fold: SliceFold = emptyFold();
  batch.set(Number(slice), fold);
  return fold;
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
      request.measures.map((measure) => [measure.id, talliesOf(fold, measure, request.maxDistinct)]),
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
