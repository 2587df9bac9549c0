/**
 * Bit lengths of shares (CG 3.2, 3.4, 8.2.6). Functions of (n, t, ell) and of the statistical parameter, so that the published table
 * (sigma = 80) and our sizes (sigma = 96) come from the same formulas.
 *
 * @module
 */
import { bitLength } from '@dwallet/sigma';
import { kappa, sigma as defaultSigma } from '../profiles.ts';

export function factorial(n: number): bigint {
  let product = 1n;
  for (let i = 2n; i <= BigInt(n); i++) product *= i;
  return product;
}

/** ceil(log2(value)) for value >= 1. */
export const ceilLog2 = (value: bigint): number => bitLength(value - 1n);

/** Lg(n, t) = ceil(log2((n + t - 1)! / (t - 1)!)). */
export const shareGrowthBits = (n: number, t: number): number => ceilLog2(factorial(n + t - 1) / factorial(t - 1));

/** ell_sh(n, t, ell): bound of one dealt share of a secret of `secretBits` bits. */
export const dealtShareBits = (n: number, t: number, secretBits: number, sigma: number = defaultSigma): number =>
  secretBits + kappa + sigma + ceilLog2(BigInt(t)) + shareGrowthBits(n, t);

/**
 * Bound of a share of the network DKG: d_j is a sum of at most n dealt shares, each accepted only if 0 <= x < 2^ell_sh (CG 8.1.3). Much tighter than
 * ell_d, which also covers shares after reconfigurations; a power with such a share costs so much less (CG 3.6).
 */
export const genesisShareBits = (n: number, t: number, randomnessBits: number, sigma: number = defaultSigma): number =>
  dealtShareBits(n, t, randomnessBits, sigma) + ceilLog2(BigInt(n));

/**
 * ell_d(n, t): bound of a final share in every epoch. CG 3.4 gives ell_r + 440 + Lg at sigma = 80; the derivation of CG 8.2.6 grows by
 * 2 bits per bit of sigma (docs/protocol-notes.md), hence ell_r + 280 + 2 sigma + Lg.
 */
export const finalShareBits = (n: number, t: number, randomnessBits: number, sigma: number = defaultSigma): number =>
  randomnessBits + 280 + 2 * sigma + shareGrowthBits(n, t);
