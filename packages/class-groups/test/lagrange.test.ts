import { type VirtualId, virtualId } from '@dwallet/sigma';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  binomial,
  combinationFactor,
  commonFactor,
  createAccessStructure,
  createExpectedSet,
  disputeFactor,
  equalWeights,
  factorial,
  generalSet,
  lagrangeAt,
  lagrangeAtZero,
  lagrangeSign,
  partialDecryptionFactor,
} from '../src/index.ts';
import { subsets } from './helpers/committee.ts';

const ids = (...numbers: number[]): VirtualId[] => numbers.map(virtualId);
const range = (n: number): VirtualId[] => Array.from({ length: n }, (_, i) => virtualId(i + 1));

/** The definition of CG 3.5 as an exact fraction. */
function definition(n: number, set: readonly number[], j: number, target: number): bigint {
  let numerator = factorial(n);
  let denominator = 1n;
  for (const i of set) {
    if (i === j) continue;
    numerator *= BigInt(target - i);
    denominator *= BigInt(j - i);
  }
  expect(numerator % denominator).toBe(0n);
  return numerator / denominator;
}

const evaluate = (coefficients: readonly bigint[], x: bigint): bigint =>
  coefficients.reduceRight((sum, c) => sum * x + c, 0n);

/** A set of t numbers in 1..n. */
const setOf = (n: number, t: number): fc.Arbitrary<VirtualId[]> =>
  fc.shuffledSubarray(range(n), { minLength: t, maxLength: t });

describe('CG:T13 integer Lagrange coefficients', () => {
  const shapes: [number, number][] = [
    [4, 3],
    [4, 2],
    [7, 5],
    [7, 3],
    [16, 11],
    [16, 6],
    [100, 67],
    [100, 34],
  ];
  test.each(shapes)('n = %i, t = %i: integers, signs and interpolation agree with the definition', (n, t) => {
    fc.assert(
      fc.property(
        setOf(n, t),
        fc.array(fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }), { minLength: t, maxLength: t }),
        (set, F) => {
          let atZero = 0n;
          for (const j of set) {
            const coefficient = lagrangeAtZero(n, set, j);
            expect(coefficient).toBe(definition(n, set, j, 0));
            expect(coefficient > 0n ? 1n : -1n).toBe(lagrangeSign(set, j));
            atZero += coefficient * evaluate(F, BigInt(j));
          }
          expect(atZero).toBe(factorial(n) * (F[0] as bigint));
          const outside = range(n)
            .filter((v) => !set.includes(v))
            .slice(0, 3);
          for (const v of outside) {
            let atV = 0n;
            for (const j of set) {
              const coefficient = lagrangeAt(n, set, j, v);
              expect(coefficient).toBe(definition(n, set, j, v));
              atV += coefficient * evaluate(F, BigInt(j));
            }
            expect(atV).toBe(factorial(n) * evaluate(F, BigInt(v)));
          }
        },
      ),
      { numRuns: n === 100 ? 3 : 20 },
    );
  });

  test.each([
    [4, 3],
    [7, 5],
    [16, 11],
  ])(
    'n = %i, t = %i: the factors of party, combiner and dispute multiply to the coefficient, for every expected set',
    (n, t) => {
      fc.assert(
        fc.property(setOf(n, t), fc.subarray(range(n)), (set, more) => {
          const expected = [...new Set([...set, ...more])];
          for (const j of set) {
            const u = partialDecryptionFactor(n, expected, j);
            expect(u > 0n).toBe(true);
            expect(u * combinationFactor(expected, set, j) * commonFactor(set)).toBe(lagrangeAtZero(n, set, j));
            for (const k of range(n)) {
              if (set.includes(k)) continue;
              expect(u * disputeFactor(expected, set, j, k)).toBe(lagrangeAt(n, set, j, k));
            }
          }
        }),
        { numRuns: 30 },
      );
    },
  );

  test('all subsets of n = 4 and n = 7, exhaustively', () => {
    for (const [n, t] of [
      [4, 3],
      [7, 5],
    ] as const) {
      for (const set of subsets(range(n), t)) {
        for (const j of set) expect(lagrangeAtZero(n, set, j)).toBe(definition(n, set, j, 0));
      }
    }
  });

  test('repeated, foreign and missing numbers are refused', () => {
    expect(() => lagrangeAtZero(4, ids(1, 1, 2), virtualId(1))).toThrow(/distinct/);
    expect(() => lagrangeAtZero(4, ids(1, 2, 5), virtualId(1))).toThrow(/1\.\.4/);
    expect(() => lagrangeAtZero(4, ids(1, 2, 3), virtualId(4))).toThrow(/not in the set/);
    expect(() => lagrangeAt(4, ids(1, 2, 3), virtualId(1), virtualId(2))).toThrow(/outside S/);
    expect(() => lagrangeAt(4, ids(1, 2, 3), virtualId(1), 0 as VirtualId)).toThrow(/target/);
    expect(() => binomial(4, 5)).toThrow(/0 to n/);
  });
});

describe('expected sets (CG 3.6, pitfalls 22 and 25)', () => {
  const access = equalWeights(7);
  test('fewer than t numbers, repeated and foreign numbers are refused', () => {
    expect(access.threshold).toBe(5);
    expect(() => createExpectedSet(access, ids(1, 2, 3, 4))).toThrow(/at least 5/);
    expect(() => createExpectedSet(access, ids(1, 2, 3, 4, 4))).toThrow(/distinct/);
    expect(() => createExpectedSet(access, ids(1, 2, 3, 4, 8))).toThrow(/1\.\.7/);
    expect(() => createExpectedSet(access, [0 as VirtualId, ...ids(1, 2, 3, 4)])).toThrow(/1\.\.7/);
  });
  test('the order of the numbers does not matter, their choice does', () => {
    const set = createExpectedSet(access, ids(5, 1, 7, 2, 3));
    expect(set.members).toEqual([1, 2, 3, 5, 7]);
    expect(set.general).toBe(false);
    expect(set.encoded).toEqual(createExpectedSet(access, ids(1, 2, 3, 5, 7)).encoded);
    expect(set.encoded).not.toEqual(createExpectedSet(access, ids(1, 2, 3, 5, 6)).encoded);
    expect(generalSet(access).general).toBe(true);
  });
  test('weights: whole validators by virtual numbers', () => {
    const weighted = createAccessStructure([1, 2, 3]);
    expect(generalSet(weighted).members).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
