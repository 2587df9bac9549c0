import { describe, expect, it } from 'vitest';
import { median, quantile, relativeSpread, summarize } from '../src/statistics.ts';

describe('statistics', () => {
  it('takes the median of odd and even numbers of samples, in any order', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  it('interpolates quantiles linearly, as numpy.quantile does', () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(quantile([10, 20, 40, 80, 160], 0.75)).toBe(80);
    expect(quantile([10, 20], 0)).toBe(10);
    expect(quantile([10, 20], 1)).toBe(20);
  });

  it('sorts numbers, not texts, and leaves its argument alone', () => {
    const samples = [10, 9, 100];
    expect(median(samples)).toBe(10);
    expect(samples).toEqual([10, 9, 100]);
  });

  it('refuses no samples and fractions outside of 0..1', () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => quantile([1], 1.5)).toThrow(RangeError);
    expect(() => quantile([1], Number.NaN)).toThrow(RangeError);
  });

  it('has a spread from two samples on', () => {
    expect(relativeSpread(summarize([5]))).toBeUndefined();
    expect(relativeSpread(summarize([9, 11]))).toBeCloseTo(0.05, 12);
    expect(relativeSpread(summarize([0, 0]))).toBeUndefined();
  });
});
