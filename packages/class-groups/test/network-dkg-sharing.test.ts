/** The sharing polynomial and its commitments (CG 3.2, 3.3). */
import { InvalidArgumentsError, Secret, type VirtualId, virtualId } from '@dwallet/sigma';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type SharingPolynomial,
  type SharingShape,
  coefficientFactors,
  coefficientRanges,
  commitPolynomial,
  dealtShareBits,
  destroyPolynomial,
  evaluatePolynomial,
  factorial,
  kappa,
  multiplyCommitments,
  samplePolynomial,
  shareBits,
  sigma,
  stirlingFirstKind,
  verificationValues,
} from '../src/index.ts';
import { subsets } from './helpers/committee.ts';
import { dkgRandom } from './helpers/run-network-dkg.ts';
import { toyParameters as parameters } from './helpers/toy.ts';

const { group, h } = parameters;
const shape = (totalWeight: number, threshold: number, secretBits = parameters.randomnessBits): SharingShape => ({
  totalWeight,
  threshold,
  secretBits,
});
const committees: readonly (readonly [number, number])[] = [
  [2, 2],
  [4, 3],
  [7, 5],
  [16, 11],
];
const polynomialOf = (of: SharingShape, secret: bigint, coefficients: readonly bigint[]): SharingPolynomial => ({
  shape: of,
  secret: new Secret(secret),
  coefficients: coefficients.map((c) => new Secret(c)),
});

/** Coefficients of n! prod_{j in A} (1 - X / j), exact. */
function compensation(n: number, set: readonly number[]): bigint[] {
  let numerators = [factorial(n)];
  let denominator = 1n;
  for (const j of set) {
    // times (j - X) / j
    numerators = Array.from(
      { length: numerators.length + 1 },
      (_, k) => BigInt(j) * (numerators[k] ?? 0n) - (numerators[k - 1] ?? 0n),
    );
    denominator *= BigInt(j);
  }
  return numerators.map((value) => {
    expect(value % denominator).toBe(0n);
    return value / denominator;
  });
}

describe('coefficients', () => {
  test('Stirling numbers are the coefficients of the rising factorial', () => {
    expect(stirlingFirstKind(0)).toEqual([1n]);
    expect(stirlingFirstKind(5)).toEqual([0n, 24n, 50n, 35n, 10n, 1n]);
    for (const t of [3, 8, 20]) expect(stirlingFirstKind(t).reduce((sum, c) => sum + c)).toBe(factorial(t));
  });

  test('M_k bounds every integer polynomial that is n! at 0 and 0 at t - 1 points, and is reached', () => {
    for (const [n, t] of [
      [4, 3],
      [7, 5],
    ] as const) {
      const factors = coefficientFactors(n, t);
      const numbers = Array.from({ length: n }, (_, i) => i + 1);
      const largest = factors.map(() => 0n);
      for (const set of subsets(numbers, t - 1)) {
        const coefficients = compensation(n, set);
        expect(coefficients[0]).toBe(factorial(n));
        coefficients.slice(1).forEach((value, k) => {
          const magnitude = value < 0n ? -value : value;
          if (magnitude > (largest[k] as bigint)) largest[k] = magnitude;
        });
      }
      expect(largest).toEqual(factors);
    }
  });

  test('A_k hides the change of the secret by sigma bits, all coefficients together', () => {
    for (const [n, t] of committees) {
      const of = shape(n, t);
      const ranges = coefficientRanges(of);
      // Sum over k of 2^(kappa + ell) M_k / A_k <= 2^-sigma.
      const scaled = ranges.reduce(
        (sum, range, k) =>
          sum + ((coefficientFactors(n, t)[k] as bigint) << BigInt(2 * sigma + kappa + of.secretBits)) / range,
        0n,
      );
      expect(scaled).toBeLessThanOrEqual(1n << BigInt(sigma));
    }
  });

  test('samples lie in their ranges and are not all equal', () => {
    const of = shape(4, 3);
    const { secret, coefficients } = samplePolynomial(of, dkgRandom('sample'));
    const ranges = coefficientRanges(of);
    expect(secret.expose() >> BigInt(of.secretBits)).toBe(0n);
    coefficients.forEach((c, k) => {
      expect(c.expose()).toBeGreaterThanOrEqual(0n);
      expect(c.expose()).toBeLessThan(ranges[k] as bigint);
      // A sample with its top 40 bits all zero has probability 2^-40: the range is used, not only its low part.
      expect(c.expose() >> BigInt((ranges[k] as bigint).toString(2).length - 40)).not.toBe(0n);
    });
  });
});

describe('CG:T14 bounds of shares', () => {
  test('1000 random dealings never exceed ell_sh', () => {
    const random = dkgRandom('T14');
    let largest = 0;
    for (let i = 0; i < 1000; i++) {
      const [n, t] = committees[i % committees.length] as readonly [number, number];
      const of = shape(n, t);
      const polynomial = samplePolynomial(of, random);
      const numbers = i % 10 === 0 ? Array.from({ length: n }, (_, k) => k + 1) : [1, n];
      for (const j of numbers) {
        const share = evaluatePolynomial(polynomial, virtualId(j));
        expect(share).toBeGreaterThanOrEqual(0n);
        expect(share >> BigInt(shareBits(of))).toBe(0n);
        largest = Math.max(largest, share.toString(2).length - shareBits(of));
      }
    }
    // The bound is not idle either: some share comes within 3 bits of it.
    expect(largest).toBeGreaterThan(-3);
  });

  test('the extreme dealing stays below 2^ell_sh', () => {
    for (const [n, t] of [...committees, [100, 67], [128, 86]] as const) {
      const of = shape(n, t, 1020);
      const extreme = polynomialOf(
        of,
        (1n << BigInt(of.secretBits)) - 1n,
        coefficientRanges(of).map((range) => range - 1n),
      );
      const share = evaluatePolynomial(extreme, virtualId(n));
      expect(share >> BigInt(shareBits(of))).toBe(0n);
      // No more than the rounding of two logarithms is given away.
      expect(share >> BigInt(shareBits(of) - 3)).not.toBe(0n);
    }
  });

  test('ell_sh of CG 6.1 at sigma = 80', () => {
    expect(dealtShareBits(4, 3, 764, 80)).toBe(983);
    expect(dealtShareBits(115, 77, 764, 80)).toBe(1787);
    expect(dealtShareBits(128, 86, 1004, 80)).toBe(2138);
  });
});

describe('evaluation', () => {
  test('f(j) by the definition', () => {
    const of = shape(4, 3);
    const polynomial = polynomialOf(of, 5n, [1_000_003n, 7_777_777n]);
    for (let j = 1; j <= 4; j++) {
      const expected = 24n * 2n ** 128n * 5n + 1_000_003n * BigInt(j) + 7_777_777n * BigInt(j * j);
      expect(evaluatePolynomial(polynomial, virtualId(j))).toBe(expected);
    }
  });

  test('lessons row 11: index 0, n + 1, q, negative and fractional numbers are refused', () => {
    const of = shape(4, 3);
    const polynomial = polynomialOf(of, 5n, [1n, 1n]);
    const commitments = commitPolynomial(parameters, polynomial);
    for (const j of [0, 5, -1, 1.5, Number.NaN, Number(parameters.q)]) {
      expect(() => evaluatePolynomial(polynomial, j as VirtualId)).toThrow(InvalidArgumentsError);
      expect(() => verificationValues(parameters, of, commitments, [j as VirtualId])).toThrow(InvalidArgumentsError);
    }
  });

  test('a shape with threshold 1, over n or fractional is refused', () => {
    for (const [n, t] of [
      [4, 1],
      [4, 5],
      [4, 2.5],
      [4.5, 3],
    ] as const) {
      expect(() => samplePolynomial(shape(n, t), dkgRandom('x'))).toThrow(InvalidArgumentsError);
    }
  });

  test('a polynomial of another degree is refused', () => {
    const of = shape(4, 3);
    expect(() => evaluatePolynomial(polynomialOf(of, 1n, [1n]), virtualId(1))).toThrow(InvalidArgumentsError);
    expect(() => evaluatePolynomial(polynomialOf(of, 1n, [1n, 1n, 1n]), virtualId(1))).toThrow(InvalidArgumentsError);
  });

  test('a destroyed polynomial does not evaluate', () => {
    const polynomial = samplePolynomial(shape(4, 3), dkgRandom('destroy'));
    destroyPolynomial(polynomial);
    expect(polynomial.secret.destroyed && polynomial.coefficients.every((c) => c.destroyed)).toBe(true);
    expect(() => evaluatePolynomial(polynomial, virtualId(1))).toThrow('destroyed');
  });
});

describe('commitments', () => {
  test('h^(f(j)) = Y_j for random dealings (Horner against the definition)', () => {
    for (const [n, t] of [
      [2, 2],
      [4, 3],
      [7, 5],
    ] as const) {
      const of = shape(n, t);
      const polynomial = samplePolynomial(of, dkgRandom('horner', n));
      const commitments = commitPolynomial(parameters, polynomial);
      const numbers = [1, n].map(virtualId);
      const values = verificationValues(parameters, of, commitments, numbers);
      for (const j of numbers) {
        expect(group.equals(values.get(j) as typeof h, group.powerVartime(h, evaluatePolynomial(polynomial, j)))).toBe(
          true,
        );
      }
    }
  });

  test('small integers: any polynomial, any number', () => {
    const of = shape(7, 5);
    fc.assert(
      fc.property(
        fc.bigInt(0n, 1000n),
        fc.array(fc.bigInt(0n, 1n << 60n), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 1, max: 7 }),
        (b, alphas, j) => {
          const polynomial = polynomialOf(of, b, alphas);
          const commitments = {
            constant: group.powerVartime(h, b),
            coefficients: alphas.map((a) => group.powerVartime(h, a)),
          };
          const value = verificationValues(parameters, of, commitments, [virtualId(j)]).get(virtualId(j));
          const share = evaluatePolynomial(polynomial, virtualId(j));
          return group.equals(value as typeof h, group.powerVartime(h, share));
        },
      ),
      { numRuns: 15 },
    );
  });

  test('lessons row 12: a vector of another length is refused, never evaluated', () => {
    const of = shape(4, 3);
    const commitments = commitPolynomial(parameters, samplePolynomial(of, dkgRandom('length')));
    for (const coefficients of [[], [h], [h, h, h]]) {
      expect(() => verificationValues(parameters, of, { ...commitments, coefficients }, [virtualId(1)])).toThrow(
        InvalidArgumentsError,
      );
      expect(() => multiplyCommitments(parameters, [commitments, { ...commitments, coefficients }])).toThrow(
        InvalidArgumentsError,
      );
    }
    expect(() => multiplyCommitments(parameters, [])).toThrow(InvalidArgumentsError);
  });

  test('the product of commitments commits to the sum', () => {
    const of = shape(4, 3);
    const polynomials = [1, 2, 3].map((i) => samplePolynomial(of, dkgRandom('product', i)));
    const product = multiplyCommitments(
      parameters,
      polynomials.map((f) => commitPolynomial(parameters, f)),
    );
    const sum = polynomials.reduce((total, f) => total + evaluatePolynomial(f, virtualId(2)), 0n);
    const value = verificationValues(parameters, of, product, [virtualId(2)]).get(virtualId(2)) as typeof h;
    expect(group.equals(value, group.powerVartime(h, sum))).toBe(true);
  });

  test('a table of h gives the same commitments', () => {
    const of = shape(7, 5);
    const polynomial = samplePolynomial(of, dkgRandom('table'));
    const table = group.buildTable(h, shareBits(of));
    const [slow, fast] = [commitPolynomial(parameters, polynomial), commitPolynomial(parameters, polynomial, table)];
    const flat = ({ constant, coefficients }: typeof slow) =>
      [constant, ...coefficients].map((c) => group.encode(c).join());
    expect(flat(fast)).toEqual(flat(slow));
  });
});
