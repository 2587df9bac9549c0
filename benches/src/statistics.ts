/**
 * Order statistics of a few samples.
 *
 * @module
 */

/** Median with its spread. */
export interface Summary {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  /** How many samples. */
  readonly count: number;
}

/** Quantile by linear interpolation between order statistics (the default of R and NumPy). @throws RangeError for no samples. */
export function quantile(samples: readonly number[], fraction: number): number {
  if (samples.length === 0) throw new RangeError('no samples');
  if (!(fraction >= 0 && fraction <= 1)) throw new RangeError('the fraction must be from 0 to 1');
  const sorted = [...samples].sort((x, y) => x - y);
  const place = fraction * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (place - below) * (high - low);
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

export const summarize = (samples: readonly number[]): Summary => ({
  median: median(samples),
  lowerQuartile: quantile(samples, 0.25),
  upperQuartile: quantile(samples, 0.75),
  count: samples.length,
});

/** Half of the interquartile range, relative to the median; undefined for one sample. */
export const relativeSpread = ({ median: middle, lowerQuartile, upperQuartile, count }: Summary): number | undefined =>
  count < 2 || middle === 0 ? undefined : (upperQuartile - lowerQuartile) / 2 / middle;
