/**
 * The aggregates of records measures: from the cases of one cohort (and group) to a value with bounds. A case whose
 * outcome is not settled counts in the value as it stands, and in the bounds either way.
 */
import type { DurationUnit, RecordAggregate } from '../definition/model.ts';
import type { MeasureValue } from '../result/model.ts';
import { elapsedWithout, type Stopwatch } from '../time/business-hours.ts';
import { DAY, HOUR, type Instant, type Interval, MINUTE, SECOND } from '../time/interval.ts';
import { type Lifetimes, survivalAt, survivalPercentile } from './survival.ts';

/** What an aggregate needs to know of a record in its cohort. */
export interface Case {
  readonly opened: Instant | null;
  /** As known at asOf; null: still open. */
  readonly closed: Instant | null;
  readonly due: Instant | null;
  /** When its clock stood still. */
  readonly pauses: readonly Interval[];
  /** Where a table says when it is due: so long after opening (null: it doesn't say). Absent: `due` counts. */
  readonly limitMs?: number | null;
  /** The aggregate's `of` matches its latest version. */
  readonly matched: boolean;
  /** Its outcome can no longer change, by `decidedWhen`. */
  readonly decided: boolean;
}

/** When the cases were looked at: as known at `asOf`, followed until `until` (the window's end + followUp). */
export interface Observed {
  /** Which time counts. */
  readonly watch: Stopwatch;
  readonly asOf: Instant;
  readonly windowEnd: Instant;
  readonly until: Instant;
}

const UNIT_MS: Readonly<Record<DurationUnit, number>> = {
  seconds: SECOND,
  minutes: MINUTE,
  hours: HOUR,
  days: DAY,
};

/** The value of an aggregate over its cohort's cases. No case gives a count of 0, but no share and no percentile. */
export function aggregateCases(
  aggregate: RecordAggregate,
  cases: readonly Case[],
  observed: Observed,
): MeasureValue {
  switch (aggregate.type) {
    case 'count':
      return count(cases);
    case 'share':
      return share(count(cases));
    case 'within':
      return within(cases, aggregate.limitMs, observed);
    case 'within-due':
      return withinDue(cases, observed);
    case 'duration':
      return duration(cases, aggregate.percentile, UNIT_MS[aggregate.unit], observed);
    case 'age':
      return age(cases, aggregate.percentile, UNIT_MS[aggregate.unit], observed);
  }
}

function count(cases: readonly Case[]): MeasureValue & { readonly value: number } {
  let [value, lower, undecided] = [0, 0, 0];
  for (const { matched, decided } of cases) {
    if (matched) value++;
    if (matched && decided) lower++;
    if (!decided) undecided++;
  }
  return { value, lower, upper: lower + undecided, n: cases.length, undecided };
}

function share({ value, lower, upper, n, undecided }: ReturnType<typeof count>): MeasureValue {
  if (n === 0) return { value: null, lower: null, upper: null, n, undecided };
  return { value: value / n, lower: (lower ?? 0) / n, upper: (upper ?? n) / n, n, undecided };
}

/** What counts of a case's time, from its opening to an instant. */
const lasted = ({ pauses }: Case, opened: Instant, until: Instant, { watch }: Observed): number =>
  pauses.length === 0 ? watch.elapsed(opened, until) : elapsedWithout(watch, opened, until, pauses);

/** How a limit went for one case; `open` where it may still be kept. */
type Outcome = 'kept' | 'missed' | 'open';

function outcomeAt(closed: Instant | null, limit: Instant, censorAt: Instant): Outcome {
  if (closed !== null) return closed <= limit ? 'kept' : 'missed';
  return censorAt >= limit ? 'missed' : 'open';
}

/** Open is missed once even closing at the next instant would be beyond the limit: a clock may stand still at it. */
function outcomeWithin(one: Case, opened: Instant, limitMs: number, observed: Observed): Outcome {
  const censorAt = censoring(observed);
  const closed = closedBy(one, censorAt);
  if (closed !== null) return lasted(one, opened, closed, observed) <= limitMs ? 'kept' : 'missed';
  return lasted(one, opened, censorAt + 1, observed) > limitMs ? 'missed' : 'open';
}

/**
 * The share closed within a limit of opening: 1 − S(limit) by Kaplan–Meier, the plain share where none is open
 * before its limit. Records without an opening time are left out.
 */
function within(cases: readonly Case[], limitMs: number, observed: Observed): MeasureValue {
  const judged = new Outcomes();
  const lifetimes: { ended: number[]; censored: number[] } = { ended: [], censored: [] };
  const censorAt = censoring(observed);
  for (const one of cases) {
    const { opened } = one;
    if (opened === null) continue;
    const closed = closedBy(one, censorAt);
    judged.add(outcomeWithin(one, opened, limitMs, observed), one.decided);
    (closed === null ? lifetimes.censored : lifetimes.ended).push(
      lasted(one, opened, closed ?? censorAt, observed),
    );
  }
  const value = judged.open === 0 ? judged.kept / judged.n : 1 - survivalAt(lifetimes, limitMs);
  return judged.measured(value, observed, cases.length);
}

/**
 * The share closed by the due time, among those that are decided: closed, or open past due (missed). Those not yet
 * due count only in the bounds. Records without a due time are left out.
 */
function withinDue(cases: readonly Case[], observed: Observed): MeasureValue {
  const judged = new Outcomes();
  for (const one of cases) {
    const outcome = dueOutcome(one, observed);
    if (outcome !== null) judged.add(outcome, one.decided);
  }
  return judged.measured(judged.kept / (judged.n - judged.open), observed, cases.length);
}

function dueOutcome(one: Case, observed: Observed): Outcome | null {
  const { due, opened, limitMs } = one;
  if (limitMs === undefined) {
    const censorAt = censoring(observed);
    return due === null ? null : outcomeAt(closedBy(one, censorAt), due, censorAt);
  }
  return limitMs === null || opened === null ? null : outcomeWithin(one, opened, limitMs, observed);
}

/** Counts outcomes, and which of them are settled. */
class Outcomes {
  n = 0;
  kept = 0;
  open = 0;
  keptForGood = 0;
  /** `decidedWhen` leaves it open. */
  undecided = 0;
  /** Settled but for its time running. */
  running = 0;

  add(outcome: Outcome, decided: boolean): void {
    this.n++;
    if (outcome === 'kept') this.kept++;
    if (outcome === 'open') this.open++;
    if (outcome === 'kept' && decided) this.keptForGood++;
    if (!decided) this.undecided++;
    else if (outcome === 'open') this.running++;
  }

  /** `share` is NaN where nothing can be said yet. */
  measured(share: number, observed: Observed, all: number): MeasureValue {
    const { n, keptForGood, undecided, running } = this;
    const lower = n === 0 ? null : keptForGood / n;
    const upper = n === 0 ? null : (keptForGood + undecided + running) / n;
    const isKnown = lower !== null && upper !== null && !Number.isNaN(share);
    return {
      // Kaplan–Meier's product may leave the bounds by a rounding error.
      value: isKnown ? Math.min(Math.max(share, lower), upper) : null,
      lower,
      upper,
      n,
      ...unsettled(undecided, running, observed),
      ...(all > n && { leftOut: all - n }),
    };
  }
}

/**
 * A percentile of the time from opened to closed by Kaplan–Meier; null where too many are still open to say. Lower
 * bound: each open one closes right when last seen; upper: none of them ever does, nor any that may be reopened.
 */
function duration(
  cases: readonly Case[],
  percentile: number,
  unitMs: number,
  observed: Observed,
): MeasureValue {
  const [ended, endedForGood, censored]: [number[], number[], number[]] = [[], [], []];
  const censorAt = censoring(observed);
  let undecided = 0;
  let running = 0;
  for (const one of cases) {
    if (one.opened === null) continue;
    const closed = closedBy(one, censorAt);
    const time = lasted(one, one.opened, closed ?? censorAt, observed);
    (closed === null ? censored : ended).push(time);
    if (!one.decided) undecided++;
    else if (closed === null) running++;
    else endedForGood.push(time);
  }
  const n = ended.length + censored.length;
  const at = (lifetimes: Lifetimes) => inUnit(survivalPercentile(lifetimes, percentile), unitMs);
  const value = at({ ended, censored });
  const isSettled = endedForGood.length === n;
  const never = Array.from({ length: n - endedForGood.length }, () => Number.POSITIVE_INFINITY);
  return {
    value,
    lower: isSettled ? value : at({ ended: [...ended, ...censored], censored: [] }),
    upper: isSettled ? value : at({ ended: endedForGood, censored: never }),
    n,
    ...unsettled(undecided, running, observed),
    ...(cases.length > n && { leftOut: cases.length - n }),
  };
}

/**
 * A percentile (nearest rank) of the time since opening, of the records open at the window's end, at that instant
 * (at asOf while the window runs). `decidedWhen` doesn't matter: an open record's age is what it is.
 */
function age(cases: readonly Case[], percentile: number, unitMs: number, observed: Observed): MeasureValue {
  const at = Math.min(observed.windowEnd, observed.asOf);
  const ages: number[] = [];
  for (const one of cases) {
    const { opened, closed } = one;
    if (opened !== null && opened < observed.windowEnd && (closed === null || closed >= observed.windowEnd)) {
      ages.push(Math.max(0, lasted(one, opened, at, observed)));
    }
  }
  const value = inUnit(survivalPercentile({ ended: ages, censored: [] }, percentile), unitMs);
  return { value, lower: value, upper: value, n: ages.length, undecided: 0 };
}

function inUnit(ms: number | null, unitMs: number): number | null {
  return ms === null ? null : ms / unitMs;
}

/** Until when cases were seen: what closes after it counts as still open. */
function censoring(observed: Observed): Instant {
  return Math.min(observed.asOf, observed.until);
}

function closedBy({ closed }: Case, censorAt: Instant): Instant | null {
  return closed !== null && closed <= censorAt ? closed : null;
}

/**
 * A case that was open when its observation ended stays so in this window for good: it widens the bounds, but is no
 * reason to wait. While the observation lasts, it is undecided like any other.
 */
function unsettled(undecided: number, running: number, observed: Observed) {
  if (observed.asOf < observed.until) return { undecided: undecided + running };
  return { undecided, ...(running > 0 && { censored: running }) };
}
