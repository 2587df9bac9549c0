/**
 * The timing-class bench on made-up clocks: it finds what is there, and nothing else.
 */
import { seededRandom, uniformBits } from '@dwallet/sigma';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UsageError } from '../src/command-line.ts';
import {
  type Operation,
  classPairs,
  differentLengths,
  doubts,
  equalClasses,
  measureClasses,
  parseTimingOptions,
  sentence,
} from '../src/timing-classes.ts';
import { compare, threshold, welch } from '../src/welch.ts';

const random = seededRandom(new Uint8Array(32).fill(3));
const bits = 128;
const bitsOf = (e: bigint): string => e.toString(2);
const weight = (e: bigint): number => bitsOf(e).replaceAll('0', '').length;

/** Sum of twelve uniform numbers minus six: nearly normal, mean 0, variance 1. */
const normal = (): number =>
  Array.from({ length: 12 }, () => Number(uniformBits(random, 40)) / 2 ** 40).reduce((sum, x) => sum + x, -6);
const times = (count: number, mean: number, deviation: number): number[] =>
  Array.from({ length: count }, () => mean + deviation * normal());

describe("Welch's test", () => {
  it('is the published formula', () => {
    const first = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect(
      welch(
        first,
        first.map((x) => x + 1),
      ).t,
    ).toBeCloseTo(0.7385489, 6);
    expect(
      welch(
        first.map((x) => x + 1),
        first,
      ).t,
    ).toBeCloseTo(-0.7385489, 6);
    // Unequal sizes and variances: means 2 and 5, variances 1 and 10, 3 / sqrt(1/3 + 10/5).
    expect(welch([1, 2, 3], [1, 3, 5, 7, 9]).t).toBeCloseTo(3 / Math.sqrt(1 / 3 + 10 / 5), 12);
    expect(welch([1, 1, 1], [1, 1, 1]).t).toBe(0);
    expect(welch([1, 1, 1], [2, 2, 2]).t).toBe(Infinity);
  });

  it('finds nothing in equal distributions, a small shift in many samples, and says how fine it looked', () => {
    for (let i = 0; i < 20; i++)
      expect(Math.abs(compare(times(200, 10, 1), times(200, 10, 1)).t)).toBeLessThan(threshold);
    const { t, difference, resolution } = compare(times(2000, 10, 1), times(2000, 10.5, 1));
    expect(t).toBeGreaterThan(10);
    expect(difference).toBeCloseTo(0.05, 1);
    expect(resolution).toBeGreaterThan(0.001);
    expect(resolution).toBeLessThan(0.02);
    expect(compare(times(2000, 10.5, 1), times(2000, 10, 1)).t).toBeLessThan(-10);
  });

  it('looks below the disturbances: a shift that rare slow samples hide', () => {
    const disturbed = (mean: number): number[] => times(500, mean, 0.1).map((x, i) => (i % 20 === 0 ? x + 1000 : x));
    const [first, second] = [disturbed(10), disturbed(10.1)];
    expect(Math.abs(welch(first, second).t)).toBeLessThan(threshold);
    expect(compare(first, second).t).toBeGreaterThan(threshold);
  });

  it('needs samples', () => {
    expect(() => compare(times(9, 1, 1), times(100, 1, 1))).toThrow(RangeError);
  });
});

describe('classes', () => {
  it('are what their names say', () => {
    const pairs = new Map(classPairs(random).map((pair) => [pair.name, pair]));
    const draws = (name: string, side: 'first' | 'second'): bigint[] =>
      Array.from({ length: 50 }, () => (pairs.get(name) as NonNullable<ReturnType<typeof pairs.get>>)[side](bits));
    expect(new Set(draws('fixed / random', 'first')).size).toBe(1);
    expect(new Set(draws('fixed / random', 'second')).size).toBe(50);
    expect(Math.max(...draws('low weight / random', 'first').map(weight))).toBeLessThanOrEqual(8);
    expect(draws(differentLengths, 'first').every((e) => bitsOf(e).length === bits / 4)).toBe(true);
    // Apart from that one, no pair differs in length.
    for (const name of pairs.keys()) {
      for (const side of ['first', 'second'] as const) {
        if (name === differentLengths && side === 'first') continue;
        expect(draws(name, side).every((e) => bitsOf(e).length === bits)).toBe(true);
      }
    }
  });
});

describe('measuring', () => {
  afterEach(() => vi.restoreAllMocks());

  /** Runs all pairs against a clock that `cost` (in microseconds) drives. */
  function measure(cost: (exponent: bigint) => number): Map<string, number> {
    let clock = 0;
    vi.spyOn(process, 'cpuUsage').mockImplementation((begin) => ({ user: clock - (begin?.user ?? 0), system: 0 }));
    const operation: Operation = {
      name: 'fake',
      secret: true,
      bits,
      repeat: 3,
      run: (e) => {
        clock += cost(e) + 5 * normal();
      },
    };
    return new Map(
      classPairs(random).map((pair) => {
        const [first, second] = measureClasses(operation, pair, 100, random);
        expect([first.length, second.length]).toEqual([100, 100]);
        return [pair.name, compare(first, second).t];
      }),
    );
  }
  const found = (ts: Map<string, number>): string[] =>
    [...ts].filter(([, t]) => Math.abs(t) >= threshold).map(([name]) => name);

  it('finds no class in constant time', () => {
    expect(found(measure(() => 1000))).toEqual([]);
  });
  it('finds the length alone when only the length shows', () => {
    expect(found(measure((e) => 1000 + 10 * bitsOf(e).length))).toEqual([differentLengths]);
  });
  it('finds weight, and length with it', () => {
    const ts = measure((e) => 1000 + 10 * weight(e));
    expect(found(ts)).toContain('low weight / random');
    expect(found(ts)).toContain(differentLengths);
    expect(found(ts)).not.toContain(equalClasses);
    expect(ts.get('low weight / random')).toBeGreaterThan(10);
  });
});

describe('what is said', () => {
  const comparison = { t: 0, difference: 0, resolution: 0.003 };
  const operation: Operation = { name: 'x', secret: false, control: true, bits, repeat: 1, run: () => 0 };

  it('names what was found, how sure, and how fine the rest was looked at', () => {
    const said = sentence('power', [
      { ...comparison, pair: 'fixed / random', t: 5, difference: 0.012 },
      { ...comparison, pair: 'low weight / random', resolution: 0.0042 },
      { ...comparison, pair: differentLengths, t: -200, difference: -0.5 },
      { ...comparison, pair: equalClasses, t: 9 },
    ]);
    expect(said).toBe(
      'power: time tells apart fixed / random (1.2 %, t = 5.0, weakly); quarter length / full (50 %, t = -200.0). No difference found: low weight / random (this run sees differences from about 0.42 % on).',
    );
    expect(sentence('power', [{ ...comparison, pair: 'fixed / random' }])).toMatch(
      /^power: no difference found: fixed/,
    );
  });

  it('doubts a run that misses the known leak or sees one between equal classes', () => {
    const good = [
      { ...comparison, operation, pair: differentLengths, t: 100 },
      { ...comparison, operation, pair: equalClasses, t: 4.4 },
      { ...comparison, operation: { ...operation, control: false }, pair: differentLengths, t: 0 },
    ];
    expect(doubts(good)).toEqual([]);
    expect(doubts([...good, { ...comparison, operation, pair: differentLengths, t: 9 }]).join()).toMatch(/not found/);
    expect(doubts([...good, { ...comparison, operation, pair: equalClasses, t: -4.6 }]).join()).toMatch(
      /equal classes/,
    );
  });

  it('options', () => {
    expect(parseTimingOptions([])).toMatchObject({ profile: '112', bits: 512, samples: 200, json: false });
    expect(parseTimingOptions([])?.kernel.name).toBe('wasm');
    expect(parseTimingOptions(['--smoke', '--json'])).toMatchObject({ profile: 'toy', json: true });
    expect(parseTimingOptions(['--kernel', 'reference', '--samples', '99'])?.samples).toBe(99);
    expect(parseTimingOptions(['--help'])).toBeUndefined();
    for (const bad of [['--samples', '5'], ['--profile', '64'], ['--kernel', 'gmp'], ['--what'], ['x']]) {
      expect(() => parseTimingOptions(bad)).toThrow(UsageError);
    }
  });
});
