/**
 * Feldman commitments to a sharing polynomial in the class group, and the verification values that follow from them (CG 3.3).
 *
 * @module
 */
import type { Element, FixedBaseTable } from '@dwallet/kernel';
import { BugError, InvalidArgumentsError, type VirtualId, bitLength } from '@dwallet/sigma';
import type { PublicParameters } from '../parameters.ts';
import { kappa } from '../profiles.ts';
import { type SharingPolynomial, type SharingShape, coefficientRanges } from './polynomial.ts';
import { factorial } from './sizes.ts';

/** B = h^b and C_k = h^(alpha_k), k = 1 .. t-1. */
export interface PolynomialCommitments {
  readonly constant: Element;
  readonly coefficients: readonly Element[];
}

/**
 * h^exponent for a secret exponent with |exponent| < 2^bits.
 * @param table - table of h for long exponents such as shares; without one, exponents over `parameters.tableBits` take the slow path.
 */
export const powerOfHWith = (
  parameters: PublicParameters,
  table: FixedBaseTable | undefined,
  exponent: bigint,
  bits: number,
): Element =>
  table !== undefined && bits <= table.exponentBits
    ? parameters.group.tablePower(table, exponent)
    : parameters.powerOfH(exponent, bits);

/** Commits to every coefficient. Secrets touched: the polynomial. */
export function commitPolynomial(
  parameters: PublicParameters,
  polynomial: SharingPolynomial,
  table?: FixedBaseTable,
): PolynomialCommitments {
  const ranges = coefficientRanges(polynomial.shape);
  return {
    constant: powerOfHWith(parameters, table, polynomial.secret.expose(), polynomial.shape.secretBits),
    coefficients: polynomial.coefficients.map((coefficient, i) =>
      powerOfHWith(parameters, table, coefficient.expose(), bitLength((ranges[i] as bigint) - 1n)),
    ),
  };
}

/**
 * Y_j = (B^(2^kappa))^(n!) * prod C_k^(j^k) for the wanted numbers, by Horner. The constant part is computed once.
 * @throws InvalidArgumentsError for a number outside 1..n, and for a commitment vector whose length is not t - 1.
 */
export function verificationValues(
  { group }: PublicParameters,
  { totalWeight, threshold }: Pick<SharingShape, 'totalWeight' | 'threshold'>,
  { constant, coefficients }: PolynomialCommitments,
  shares: readonly VirtualId[],
): Map<VirtualId, Element> {
  // Lessons row 12: a longer vector would raise the threshold, a shorter one lower it.
  if (coefficients.length !== threshold - 1) {
    throw new InvalidArgumentsError('commitments', `there must be ${threshold - 1}, not ${coefficients.length}`);
  }
  const constantPart = group.powerVartime(constant, factorial(totalWeight) << BigInt(kappa));
  const values = new Map<VirtualId, Element>();
  for (const share of shares) {
    if (!Number.isInteger(share) || share < 1 || share > totalWeight) {
      throw new InvalidArgumentsError('share', `must be from 1 to ${totalWeight}`);
    }
    const j = BigInt(share);
    let value = coefficients.at(-1);
    if (value === undefined) throw new BugError('a sharing of threshold 1');
    for (let k = threshold - 3; k >= 0; k--) {
      value = group.compose(group.powerVartime(value, j), coefficients[k] as Element);
    }
    values.set(share, group.compose(group.powerVartime(value, j), constantPart));
  }
  return values;
}

/** Commitments of the sum of several polynomials of one shape: component-wise products. */
export function multiplyCommitments(
  { group }: PublicParameters,
  factors: readonly PolynomialCommitments[],
): PolynomialCommitments {
  const [first, ...rest] = factors;
  if (first === undefined) throw new InvalidArgumentsError('commitments', 'must not be empty');
  return rest.reduce((product, factor) => {
    if (factor.coefficients.length !== product.coefficients.length) {
      throw new InvalidArgumentsError('commitments', 'must have one length');
    }
    return {
      constant: group.compose(product.constant, factor.constant),
      coefficients: product.coefficients.map((c, k) => group.compose(c, factor.coefficients[k] as Element)),
    };
  }, first);
}
