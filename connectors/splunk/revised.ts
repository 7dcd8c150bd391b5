/**
 * Which slices are no longer what was read. Arrivals since the last look tell it cheaply, from the index alone; once
 * a day all slices are counted, as events that vanished have no arrival.
 */
import { z } from 'zod';
import type { Instant, Interval } from '../../src/core/time/interval.ts';
import { DAY } from '../../src/core/time/interval.ts';
import type { RevisedReply, RevisedRequest } from '../../src/ports/connector.ts';
import { parseCursor } from '../shared/cursor.ts';
import { arrivedBefore, baseOf, requireTimes } from './base.ts';
import { runSearch } from './job.ts';
import type { ResultRow } from './row.ts';
import { sliceOf, stateOf } from './slice-folds.ts';
import type { Source } from './source.ts';
import { number, type Spl, spl } from './spl.ts';
import { spanOf } from './time.ts';

const cursorSchema = z.object({ asOf: z.number(), counted: z.number() });

/** Seconds: indexers' clocks differ, and an event can be found only a while after it was stamped. */
const OVERLAP = 120;

export async function findRevised(
  source: Source,
  request: RevisedRequest,
  signal: AbortSignal,
): Promise<RevisedReply> {
  requireTimes(request.dataset);
  const last = parseCursor(request.cursor, cursorSchema);
  const known = [...request.known.keys()].filter(
    (start) => start >= request.range.start && start < request.range.end,
  );
  const countAll = last === null || request.asOf - last.counted >= DAY || last.asOf > request.asOf;
  const cursor = JSON.stringify({ asOf: request.asOf, counted: countAll ? request.asOf : last.counted });
  const suspects = countAll
    ? new Set(known)
    : await slicesWithArrivals(source, request, Math.floor(last.asOf / 1000) - OVERLAP, signal);
  const starts = known.filter((start) => suspects.has(start)).sort((a, b) => a - b);
  const [first] = starts;
  const end = starts.at(-1);
  if (first === undefined || end === undefined) return { starts: [], cursor };
  const found = await census(source, request, { start: first, end: end + request.grain }, null, signal);
  return { starts: starts.filter((start) => isChanged(request, start, found.get(start) ?? null)), cursor };
}

function isChanged({ known, dataset }: RevisedRequest, start: Instant, row: ResultRow | null): boolean {
  const before = known.get(start);
  const now = stateOf(row, dataset);
  return (
    before?.events !== now.events || before.maxIngested !== now.maxIngested || before.digest !== now.digest
  );
}

async function slicesWithArrivals(
  source: Source,
  request: RevisedRequest,
  since: number,
  signal: AbortSignal,
): Promise<ReadonlySet<Instant>> {
  return new Set((await census(source, request, request.range, since, signal)).keys());
}

/** By slice: how many events had come in before asOf (and since then), the first and the last arrival. */
async function census(
  source: Source,
  request: RevisedRequest,
  range: Interval,
  since: number | null,
  signal: AbortSignal,
): Promise<ReadonlyMap<Instant, ResultRow>> {
  const { dataset, grain } = request;
  const counted = countedBy(request, since);
  const { rows } = await runSearch(source, { dataset, range, spl: counted, control: 'events' }, signal);
  return new Map(rows.map((row) => [sliceOf(row, range, grain), row]));
}

function countedBy({ dataset, grain, asOf }: RevisedRequest, since: number | null): Spl {
  const { search, tstats } = baseOf(dataset);
  const seconds = number(grain / 1000);
  const slice = spl`eval c9_s=floor(_time/${seconds})*${seconds}`;
  const arrivals = spl`min(_indextime) AS c9_i0, max(_indextime) AS c9_i1`;
  if (tstats === null) {
    const later = since === null ? spl`` : spl` | where _indextime>=${number(since)}`;
    return spl`${search} | ${arrivedBefore(asOf)}${later} | ${slice} | stats count AS c9_n, ${arrivals} BY c9_s`;
  }
  const span = number(spanOf(grain));
  const later = since === null ? spl`` : spl` _index_earliest=${number(since)}`;
  const before = spl` _index_latest=${number(Math.floor(asOf / 1000))}`;
  return spl`${tstats(spl`count AS c9_n, ${arrivals}`)}${later}${before} BY _time span=${span}s | ${slice} | stats sum(c9_n) AS c9_n, min(c9_i0) AS c9_i0, max(c9_i1) AS c9_i1 BY c9_s`;
}
