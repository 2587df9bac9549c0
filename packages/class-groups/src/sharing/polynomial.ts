/**
 * Shamir sharing of an integer over the integers (CG 3.2): f(X) = n! 2^kappa b + sum alpha_k X^k with coefficients wide enough that any
 * t - 1 shares are statistically independent of b.
 *
 * @module
 */
import { InvalidArgumentsError, type Random, Secret, type VirtualId, uniformBelow, uniformBits } from '@dwallet/sigma';
import { kappa, sigma as defaultSigma } from '../profiles.ts';
import { ceilLog2, dealtShareBits, factorial } from './sizes.ts';

/** What a sharing is for: n shares, t of them reconstruct, a secret b with 0 <= b < 2^secretBits. */
export interface SharingShape {
  readonly totalWeight: number;
  readonly threshold: number;
  readonly secretBits: number;
}

/** A dealer's secret: b and alpha_1 .. alpha_(t-1). Erase it when the dealing is over. */
export interface SharingPolynomial {
  readonly shape: SharingShape;
  /** b, not the constant term: that is n! 2^kappa b. */
  readonly secret: Secret<bigint>;
  /** alpha_1 .. alpha_(t-1). */
  readonly coefficients: readonly Secret<bigint>[];
}

function checkShape({ totalWeight, threshold }: SharingShape): void {
  if (!Number.isInteger(totalWeight) || !Number.isInteger(threshold) || threshold < 2 || threshold > totalWeight) {
    throw new InvalidArgumentsError('threshold', `must be an integer from 2 to n = ${totalWeight}`);
  }
}

/** Unsigned Stirling numbers of the first kind c(t, 0) .. c(t, t): the coefficients of X (X + 1) ... (X + t - 1). */
export function stirlingFirstKind(t: number): bigint[] {
  let row = [1n];
  for (let m = 1; m <= t; m++) {
    row = Array.from({ length: m + 1 }, (_, i) => BigInt(m - 1) * (row[i] ?? 0n) + (row[i - 1] ?? 0n));
  }
  return row;
}

/**
 * M_1 .. M_(t-1): the largest coefficients, in absolute value, of an integer polynomial that is n! at 0 and 0 at t - 1 of the points
 * 1..n. M_k = n! / (t-1)! * c(t, k+1).
 */
export function coefficientFactors(totalWeight: number, threshold: number): bigint[] {
  const scale = factorial(totalWeight) / factorial(threshold - 1);
  const stirling = stirlingFirstKind(threshold);
  return Array.from({ length: threshold - 1 }, (_, i) => scale * (stirling[i + 2] as bigint));
}

/** A_1 .. A_(t-1): alpha_k is uniform in [0, A_k), A_k = 2^(sigma + ceil(log t) + kappa + ell) M_k. */
export function coefficientRanges(shape: SharingShape, sigma: number = defaultSigma): bigint[] {
  checkShape(shape);
  const { totalWeight, threshold, secretBits } = shape;
  const shift = BigInt(sigma + ceilLog2(BigInt(threshold)) + kappa + secretBits);
  return coefficientFactors(totalWeight, threshold).map((factor) => factor << shift);
}

/** ell_sh of the shape: 0 <= x_j < 2^ell_sh for every honest share. */
export const shareBits = ({ totalWeight, threshold, secretBits }: SharingShape): number =>
  dealtShareBits(totalWeight, threshold, secretBits);

/**
 * Draws b and the coefficients.
 * @param random - fresh for every dealing; a polynomial is never used twice.
 */
export function samplePolynomial(shape: SharingShape, random: Random): SharingPolynomial {
  const ranges = coefficientRanges(shape);
  return {
    shape,
    secret: new Secret(uniformBits(random, shape.secretBits)),
    coefficients: ranges.map((range) => new Secret(uniformBelow(random, range))),
  };
}

/**
 * x_j = f(j).
 * @throws InvalidArgumentsError for a number outside 1..n: f(0) is the secret itself (lessons row 11).
 */
export function evaluatePolynomial({ shape, secret, coefficients }: SharingPolynomial, share: VirtualId): bigint {
  const { totalWeight, threshold } = shape;
  if (!Number.isInteger(share) || share < 1 || share > totalWeight) {
    throw new InvalidArgumentsError('share', `must be from 1 to ${totalWeight}`);
  }
  if (coefficients.length !== threshold - 1) {
    throw new InvalidArgumentsError('coefficients', `must be ${threshold - 1}`);
  }
  const j = BigInt(share);
  let value = 0n;
  for (const coefficient of [...coefficients].reverse()) value = (value + coefficient.expose()) * j;
  return value + (factorial(totalWeight) << BigInt(kappa)) * secret.expose();
}

/** Forgets b and all coefficients. */
export function destroyPolynomial({ secret, coefficients }: SharingPolynomial): void {
  secret.destroy();
  for (const coefficient of coefficients) coefficient.destroy();
}
