/**
 * Base blinding (CG 1.10): a secret exponent never meets a base that an adversary chose.
 *
 * @module
 */
import type { Element, FixedBaseTable } from '@dwallet/kernel';
import { type Random, uniformBits } from '@dwallet/sigma';
import type { PublicParameters } from '../parameters.ts';

/**
 * base^exponent as (base h^a)^exponent V^(-a) for V = h^exponent and a fresh a in [0, 2^R): all intermediates are independent of `base`.
 * @param exponent - secret, |exponent| < 2^bits.
 * @param verificationKey - V. A wrong V gives a wrong result, nothing worse.
 * @param random - a is used once.
 * @param table - table of V for R bits, where one exists.
 * @throws KernelArgumentError if the exponent is over its bound: it is never truncated (CG pitfall 8).
 */
export function blindedPower(
  parameters: PublicParameters,
  base: Element,
  exponent: bigint,
  bits: number,
  verificationKey: Element,
  random: Random,
  table?: FixedBaseTable,
): Element {
  const { group, randomnessBits } = parameters;
  const a = uniformBits(random, randomnessBits);
  const blinded = group.power(group.compose(base, parameters.powerOfH(a, randomnessBits)), exponent, bits);
  const correction =
    table !== undefined && table.exponentBits >= randomnessBits
      ? group.tablePower(table, -a)
      : group.power(verificationKey, -a, randomnessBits);
  return group.compose(blinded, correction);
}
