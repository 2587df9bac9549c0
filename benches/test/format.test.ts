import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatMilliseconds,
  formatNumber,
  formatPowers,
  formatRatio,
  formatSpread,
  formatTable,
} from '../src/format.ts';
import { summarize } from '../src/statistics.ts';

describe('numbers', () => {
  it('shows three significant digits', () => {
    expect([0, 0.00123, 0.1, 1.234, 12.34, 123.4, 1234].map(formatNumber)).toEqual([
      '0.00',
      '0.00123',
      '0.100',
      '1.23',
      '12.3',
      '123',
      '1234',
    ]);
  });

  it('picks the unit of a time', () => {
    expect([0.0125, 0.9, 1, 999, 1500].map(formatMilliseconds)).toEqual([
      '12.5 us',
      '900 us',
      '1.00 ms',
      '999 ms',
      '1.50 s',
    ]);
  });

  it('groups the digits of bytes', () => {
    expect([0, 999, 1000, 6432, 1234567].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1 000 B',
      '6 432 B',
      '1 234 567 B',
    ]);
  });

  it('shows powers with fewer decimals when there are many', () => {
    expect([0.354, 18.74, 123.4].map(formatPowers)).toEqual(['0.35 P', '18.7 P', '123 P']);
  });

  it('shows no spread of one sample', () => {
    expect(formatSpread(summarize([3]))).toBe('');
    expect(formatSpread(summarize([90, 110]))).toBe('±5%');
    expect(formatSpread(summarize([999, 1001]))).toBe('±0.1%');
    expect(formatRatio(summarize([2]))).toBe('2.00');
    expect(formatRatio(summarize([1, 2, 3]))).toBe('2.00 [1.50-2.50]');
  });
});

describe('tables', () => {
  it('aligns the first column left and the others right, under headings', () => {
    expect(formatTable(['what', 'n = 4'], ['part', ['a long label', '1 ms'], ['b', '100 ms']])).toBe(
      [
        'what           n = 4', //
        '------------  ------',
        '[part]',
        'a long label    1 ms',
        'b             100 ms',
      ].join('\n'),
    );
  });
});
