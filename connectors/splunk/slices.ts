/** Slices of an events dataset: every one of the range, in batches; a range that is too much for Splunk is halved. */

import type { Interval } from '../../src/core/time/interval.ts';
import type { MeasureRequest, SliceBatch, SliceRequest } from '../../src/ports/connector.ts';
import { TooMuch } from './accept.ts';
import { accountOf, requireUnfiltered } from './account.ts';
import { requireTimes } from './base.ts';
import { checkDialect } from './dialect.ts';
import { evidenceOf, stopwatch } from './evidence.ts';
import { requireFields } from './fields.ts';
import { type Plan, planOf, readPlanned } from './indexed.ts';
import { requireIndexes } from './indexes.ts';
import { readingOf } from './slice-folds.ts';
import type { Source } from './source.ts';
import { fieldsOf } from './tstats.ts';

const SLICES_A_BATCH = 2_000;

export async function* readSlices(
  source: Source,
  request: SliceRequest,
  signal: AbortSignal,
): AsyncGenerator<SliceBatch> {
  const { dataset, measures, range, grain } = request;
  signal.throwIfAborted();
  requireTimes(dataset);
  await checkDialect(source, signal);
  await requireUnfiltered(dataset, () => accountOf(source, signal));
  await requireFields(source, dataset, measures.flatMap(fieldsOf), request.types, signal);
  const plan = planOf(request);
  for (let start = range.start; start < range.end; start += SLICES_A_BATCH * grain) {
    const end = Math.min(range.end, start + SLICES_A_BATCH * grain);
    yield* readHalving(source, request, plan, { start, end }, signal);
  }
}

async function* readHalving(
  source: Source,
  request: SliceRequest,
  plan: Plan,
  range: Interval,
  signal: AbortSignal,
): AsyncGenerator<SliceBatch> {
  let batch: SliceBatch;
  try {
    batch = await readBatch(source, request, plan, range, signal);
  } catch (error) {
    const slices = (range.end - range.start) / request.grain;
    if (!(error instanceof TooMuch) || slices < 2) throw error;
    const middle = range.start + Math.floor(slices / 2) * request.grain;
    yield* readHalving(source, request, plan, { start: range.start, end: middle }, signal);
    yield* readHalving(source, request, plan, { start: middle, end: range.end }, signal);
    return;
  }
  yield batch;
}

async function readBatch(
  source: Source,
  request: SliceRequest,
  plan: Plan,
  range: Interval,
  signal: AbortSignal,
): Promise<SliceBatch> {
  const took = stopwatch();
  const { dataset, grain } = request;
  const { folds, found, told } = await readPlanned(source, request, plan, range, signal);
  // No event at all: also what a missing index looks like.
  if (folds.size === 0) await requireIndexes(source, dataset, signal);
  const notes = [...new Set(found.flatMap((answer) => answer.notes))];
  const starts = Array.from({ length: (range.end - range.start) / grain }, (_, i) => range.start + i * grain);
  return {
    readings: starts.map((start) => readingOf(folds.get(start), start, request, notes)),
    evidence: evidenceOf(found, took(), [...told, ...digitsLost(source, request.measures)]),
  };
}

/** A number of 16 digits and more comes with 15 from a Splunk that prints no more. */
function digitsLost({ allDigits }: Source, measures: readonly MeasureRequest[]): string[] {
  const printed = measures.some(({ aggregate: { type } }) => type === 'min' || type === 'max');
  return printed && allDigits === false
    ? ['this Splunk prints 15 digits of a number: min and max may differ beyond']
    : [];
}
