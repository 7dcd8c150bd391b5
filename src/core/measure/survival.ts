/**
 * How long things last when some have not ended yet: the product-limit estimator of Kaplan & Meier, "Nonparametric
 * Estimation from Incomplete Observations", Journal of the American Statistical Association 53 (1958) 457–481.
 * Without censored observations it gives plain shares and nearest-rank percentiles.
 */

/** Times of one unit, in any order: of what ended, and how long the rest had lasted when last seen. */
export interface Lifetimes {
  readonly ended: readonly number[];
  readonly censored: readonly number[];
}

/** The share, 0 to 1, that lasts longer than `time`. 1 where nothing is known to have ended by then. */
export function survivalAt(lifetimes: Lifetimes, time: number): number {
  let surviving = 1;
  for (const step of steps(lifetimes)) {
    if (step.time > time) break;
    surviving = step.surviving;
  }
  return surviving;
}

/** The smallest time t with S(t) ≤ 1 − percentile/100; null where S never falls so far. */
export function survivalPercentile(lifetimes: Lifetimes, percentile: number): number | null {
  for (const { time, surviving } of steps(lifetimes)) {
    // Doubles don't hold shares such as 1/1000 exactly: without the allowance p99.9 of 1,000 would miss its rank.
    if (100 * surviving <= 100 - percentile + 1e-9) return time;
  }
  return null;
}

/**
 * The curve's steps in time order. What ends and is censored at the same time was there to end. Between two
 * censorings the product telescopes to a plain quotient, which keeps it exact where nothing is censored.
 */
function* steps(lifetimes: Lifetimes): Generator<{ readonly time: number; readonly surviving: number }> {
  const ended = Float64Array.from(lifetimes.ended).sort();
  const censored = Float64Array.from(lifetimes.censored).sort();
  let atRisk = ended.length + censored.length;
  let gone = 0;
  let [base, baseAtRisk, surviving] = [1, atRisk, 1];
  for (let index = 0; index < ended.length; ) {
    const time = ended[index] ?? 0;
    const goneBefore = gone;
    while (gone < censored.length && (censored[gone] ?? 0) < time) gone++;
    if (gone > goneBefore) {
      atRisk -= gone - goneBefore;
      [base, baseAtRisk] = [surviving, atRisk];
    }
    while (index < ended.length && ended[index] === time) {
      index++;
      atRisk--;
    }
    surviving = (base * atRisk) / baseAtRisk;
    yield { time, surviving };
  }
}
