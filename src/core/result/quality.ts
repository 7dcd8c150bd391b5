/**
 * How far a window may be trusted, from what is known of its datasets. The worst wins, in the order of `QUALITIES`;
 * what a definition tolerates is still said, but spoils nothing.
 */
import type { KpiDefinition } from '../definition/model.ts';
import type { Instant } from '../time/interval.ts';
import { QUALITIES, type Quality } from './model.ts';
import type { Silence } from './silence.ts';

/** What is known of one dataset in one window, summed over its slices (a list or a set of records is one slice). */
export interface DatasetFacts {
  readonly dataset: string;
  /** Slices that the window needs, those of them not read, and those read but left incomplete by the source. */
  readonly wanted: number;
  readonly missing: number;
  readonly partial: number;
  /** All events of the dataset in the window, filters aside. */
  readonly events: number;
  /** By its `expectEvents` (`silentPeriods`); null: it has none, and is silent where it has no event at all. */
  readonly silence: Silence | null;
  /** Its newest slice is too old (`isStale`). */
  readonly stale: boolean;
}

export type Defect = Exclude<Quality, 'complete'>;

export interface WindowQuality {
  readonly quality: Quality;
  /** The worst that is not tolerated; null: the numbers can be trusted. */
  readonly reason: Defect | null;
  /** The dataset that gives the reason. */
  readonly dataset: string | null;
}

/** The worst of some qualities; `complete` of none. */
export function worstQuality(qualities: Iterable<Quality>): Quality {
  let worst = QUALITIES.length - 1;
  for (const quality of qualities) worst = Math.min(worst, QUALITIES.indexOf(quality));
  return QUALITIES[worst] ?? 'complete';
}

/** The quality of a window over these datasets, all but the size of its sample (`withSample`). */
export function windowQuality(
  datasets: Iterable<DatasetFacts>,
  tolerate: KpiDefinition['tolerate'],
): WindowQuality {
  let result: WindowQuality = { quality: 'complete', reason: null, dataset: null };
  for (const facts of datasets) {
    for (const { quality, share, tolerated } of defects(facts, tolerate)) {
      if (share > 0) result = add(result, quality, share > tolerated, facts.dataset);
    }
  }
  return result;
}

function defects(facts: DatasetFacts, tolerate: KpiDefinition['tolerate']) {
  const wanted = Math.max(1, facts.wanted);
  return [
    { quality: 'missing', share: facts.missing / wanted, tolerated: tolerate.missing },
    { quality: 'partial', share: facts.partial / wanted, tolerated: tolerate.partial },
    { quality: 'silent', share: silentShare(facts), tolerated: tolerate.silent },
    { quality: 'stale', share: facts.stale ? 1 : 0, tolerated: 0 },
  ] as const;
}

function silentShare({ silence, events }: DatasetFacts): number {
  if (silence === null) return events === 0 ? 1 : 0;
  return silence.periods === 0 ? 0 : silence.silent / silence.periods;
}

function add(known: WindowQuality, defect: Defect, spoils: boolean, dataset: string | null): WindowQuality {
  const quality = worstQuality([known.quality, defect]);
  const isWorse = known.reason === null || worstQuality([known.reason, defect]) !== known.reason;
  return spoils && isWorse ? { quality, reason: defect, dataset } : { ...known, quality };
}

/** The same quality, or `small-sample` where nothing is worse and the sample is below the minimum. */
export function withSample(known: WindowQuality, sample: number, atLeast: number): WindowQuality {
  return sample < atLeast ? add(known, 'small-sample', true, null) : known;
}

/** Whether a dataset whose slices are read up to `readUpTo` is too old: by more than `settle` + 2 × `every`. */
export function isStale(readUpTo: Instant, now: Instant, settleMs: number, everyMs: number): boolean {
  return now - readUpTo > settleMs + 2 * everyMs;
}
