/**
 * Welch's t-test between two classes of times, as dudect does it: on all samples, and on those below several cut-offs, because the slow
 * samples are mostly those that something else on the machine disturbed.
 *
 * @module
 */
import { median, quantile } from './statistics.ts';

/** Two classes of the same measurement compared. */
export interface Comparison {
  /** The t value with the largest magnitude over all cut-offs; positive if the second class is slower. */
  readonly t: number;
  /** (median of the second class - median of the first) / median of the first. */
  readonly difference: number;
  /** The smallest relative difference of means that would have given |t| = {@link threshold} on all samples, or below the best cut-off. */
  readonly resolution: number;
}

/** |t| from which a difference counts as found: less than one false alarm in 100,000 comparisons, if samples are independent. */
export const threshold = 4.5;
/** From here on nobody needs statistics. */
export const clearly = 10;

/** Part of the pooled samples that each cut-off keeps. */
const cutOffs = [1, 0.95, 0.9, 0.75, 0.5] as const;
/** A class with fewer samples below a cut-off is not compared there. */
const fewest = 10;

interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

function moments(samples: readonly number[]): Moments {
  const count = samples.length;
  const mean = samples.reduce((sum, x) => sum + x, 0) / count;
  const variance = samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (count - 1);
  return { count, mean, variance };
}

/** t of one cut; the standard error is that of the difference of means. */
export function welch(first: readonly number[], second: readonly number[]): { t: number; standardError: number } {
  const [x, y] = [moments(first), moments(second)];
  const standardError = Math.sqrt(x.variance / x.count + y.variance / y.count);
  const difference = y.mean - x.mean;
  // Timers are coarse: classes without any spread differ or they do not.
  if (standardError === 0) return { t: difference === 0 ? 0 : Math.sign(difference) * Infinity, standardError };
  return { t: difference / standardError, standardError };
}

/** @throws RangeError for classes of fewer than ten samples. */
export function compare(first: readonly number[], second: readonly number[]): Comparison {
  if (Math.min(first.length, second.length) < fewest) throw new RangeError(`a class needs ${fewest} samples`);
  const pooled = [...first, ...second];
  const base = median(first);
  let t = 0;
  let resolution = Infinity;
  for (const part of cutOffs) {
    const cut = quantile(pooled, part);
    const [x, y] = [first, second].map((samples) => samples.filter((time) => time <= cut)) as [number[], number[]];
    if (Math.min(x.length, y.length) < fewest) continue;
    const result = welch(x, y);
    if (Math.abs(result.t) > Math.abs(t)) t = result.t;
    resolution = Math.min(resolution, (threshold * result.standardError) / base);
  }
  return { t, difference: median(second) / base - 1, resolution };
}
