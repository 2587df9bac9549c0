/**
 * Integer Lagrange coefficients (CG 3.5) in the factored form that spreads the work of a threshold decryption over parties and combiner
 * (CG 3.6, 3.7, 3.10). All products are over the integers; everything here is public.
 *
 * Sets hold distinct virtual numbers in 1..n. n is the total weight of the committee that holds the shares (CG pitfall 26).
 *
 * @module
 */
import { InvalidArgumentsError, type VirtualId } from '@dwallet/sigma';
import { factorial } from './sizes.ts';

const distance = (x: number, y: number): bigint => BigInt(Math.abs(x - y));

/** C(n, k). */
export function binomial(n: number, k: number): bigint {
  if (!Number.isInteger(n) || !Number.isInteger(k) || k < 0 || k > n)
    throw new InvalidArgumentsError('k', 'must be an integer from 0 to n');
  return factorial(n) / (factorial(k) * factorial(n - k));
}

/** @throws InvalidArgumentsError unless `set` holds distinct numbers in 1..n. */
function requireSubset(field: string, set: readonly VirtualId[], n: number): void {
  if (new Set(set).size !== set.length || set.some((i) => i < 1 || i > n))
    throw new InvalidArgumentsError(field, `must hold distinct numbers in 1..${n}`);
}

function requireMember(set: readonly VirtualId[], j: VirtualId): void {
  if (!set.includes(j)) throw new InvalidArgumentsError('j', `${j} is not in the set`);
}

/** eps_j: the sign of Lambda_j(0), which is -1 to the number of members below j. */
export const lagrangeSign = (set: readonly VirtualId[], j: VirtualId): 1n | -1n =>
  set.filter((i) => i < j).length % 2 === 0 ? 1n : -1n;

/**
 * Lambda_j(0) = n! prod_{i in S, i != j} (-i)/(j - i), so that sum over S of Lambda_j(0) F(j) = n! F(0).
 * @throws InvalidArgumentsError unless j is in S and S is in 1..n.
 */
export function lagrangeAtZero(n: number, set: readonly VirtualId[], j: VirtualId): bigint {
  requireSubset('S', set, n);
  requireMember(set, j);
  let product = binomial(n, j) * commonFactor(set);
  for (let i = 1; i <= n; i++) if (!set.includes(i as VirtualId)) product *= distance(i, j);
  return lagrangeSign(set, j) * product;
}

/** sgn prod_{i in S, i != j} (target - i)(j - i), for a target outside S. */
function signAt(set: readonly VirtualId[], j: VirtualId, target: VirtualId): 1n | -1n {
  const negative = set.filter((i) => i !== j && target < i !== j < i).length;
  return negative % 2 === 0 ? 1n : -1n;
}

/**
 * Lambda_j(v) for a target v in 1..n outside S, so that sum over S of Lambda_j(v) F(j) = n! F(v).
 * @throws InvalidArgumentsError unless j is in S, v is outside S and both are in 1..n.
 */
export function lagrangeAt(n: number, set: readonly VirtualId[], j: VirtualId, target: VirtualId): bigint {
  requireSubset('S', set, n);
  requireMember(set, j);
  if (set.includes(target) || target < 1 || target > n)
    throw new InvalidArgumentsError('target', `must be in 1..${n} and outside S`);
  let product = binomial(n, j) * BigInt(j);
  for (let i = 1; i <= n; i++) if (!set.includes(i as VirtualId)) product *= distance(i, j);
  for (const i of set) if (i !== j) product *= distance(i, target);
  return signAt(set, j, target) * product;
}

/** u_j = C(n, j) prod_{i in [n] \ Sbar, i != j} |i - j|: the party's own public factor (CG 3.6). j need not be in Sbar. */
export function partialDecryptionFactor(n: number, expected: readonly VirtualId[], j: VirtualId): bigint {
  let product = binomial(n, j);
  for (let i = 1; i <= n; i++) if (i !== j && !expected.includes(i as VirtualId)) product *= distance(i, j);
  return product;
}

/** eps_j prod_{i in Sbar \ S} |i - j|: the combiner's factor of one share (CG 3.7). */
export function combinationFactor(expected: readonly VirtualId[], set: readonly VirtualId[], j: VirtualId): bigint {
  let product: bigint = lagrangeSign(set, j);
  for (const i of expected) if (!set.includes(i)) product *= distance(i, j);
  return product;
}

/** prod_{i in S} i: the combiner's factor of all shares together (CG 3.7). */
export const commonFactor = (set: readonly VirtualId[]): bigint => set.reduce((product, i) => product * BigInt(i), 1n);

/**
 * sgn j prod_{i in Sbar \ S} |i - j| prod_{i in S, i != j} |i - k|: with u_j in the share already, what takes it to Lambda_j(k)
 * (CG 3.10 step 5). k is outside S.
 */
export function disputeFactor(
  expected: readonly VirtualId[],
  set: readonly VirtualId[],
  j: VirtualId,
  k: VirtualId,
): bigint {
  let product: bigint = signAt(set, j, k) * BigInt(j);
  for (const i of expected) if (!set.includes(i)) product *= distance(i, j);
  for (const i of set) if (i !== j) product *= distance(i, k);
  return product;
}
