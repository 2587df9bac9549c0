import { describe, expect, it } from 'vitest';
import { UsageError } from '../src/command-line.ts';
import { type ComputeRound, computeFigures, computeLines, parseComputeOptions } from '../src/compute.ts';

describe('options of bench:compute', () => {
  it('are for a whole batch at full size, and for a quick one', () => {
    expect(parseComputeOptions([])).toMatchObject({ profile: '128', rounds: 5, batch: 16, json: false });
    expect(parseComputeOptions(['--smoke'])).toMatchObject({ profile: '112', rounds: 1, batch: 2 });
    expect(parseComputeOptions(['--help'])).toBeUndefined();
    expect(() => parseComputeOptions(['--threads', '3'])).toThrow(UsageError);
  });
});

describe('figures of bench:compute', () => {
  const times = (wall: number) => ({ wall, chain: wall / 2 });
  const round = (one: number, two: number): ComputeRound => ({
    'client-sign': { 1: times(one), 2: times(two) },
    verify: { 1: times(2 * one), 2: times(two) },
    presign: { 1: times(3 * one), 2: times(two) },
  });

  it('compare what was measured in the same round', () => {
    // The second round was ten times slower as a whole: the ratio does not care.
    const figures = computeFigures([round(20, 10), round(200, 100), round(20, 10)]);
    expect(figures.map(({ act, wall, chain }) => [act, wall.median, chain.median])).toEqual([
      ['client-sign', 2, 2],
      ['verify', 4, 4],
      ['presign', 6, 6],
    ]);
    expect(computeLines(figures[0] as NonNullable<(typeof figures)[0]>)).toEqual([
      { figure: 'compute/client-sign/1-thread.wall', value: 20, unit: 'ms' },
      { figure: 'compute/client-sign/2-threads.wall', value: 10, unit: 'ms' },
      { figure: 'compute/client-sign/1-thread.chain', value: 10, unit: 'ms' },
      { figure: 'compute/client-sign/2-threads.chain', value: 5, unit: 'ms' },
      { figure: 'compute/client-sign/speedup.wall', value: 2, unit: 'ratio' },
      { figure: 'compute/client-sign/speedup.chain', value: 2, unit: 'ratio' },
    ]);
  });
});
