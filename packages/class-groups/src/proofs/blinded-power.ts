/**
 * Base blinding (CG 1.10): a secret exponent never meets a base that an adversary chose.
 *
 * @module
 */
import type { Element, FixedBaseTable } from '@dwallet/kernel';
import { type Random, uniformBits } from '@dwallet/sigma';
import type { PublicParameters } from '../parameters.ts';

/** (h^a, V^-a) for a fresh secret a in [0, 2^R). */
export interface BlindingPair {
  readonly mask: Element;
  readonly correction: Element;
}

/**
 * @param verificationKey - V.
 * @param random - a is used once.
 * @param table - table of V for R bits, where one exists.
 */
export function drawBlinding(
  parameters: PublicParameters,
  verificationKey: Element,
  random: Random,
  table?: FixedBaseTable,
): BlindingPair {
  const { group, randomnessBits } = parameters;
  const a = uniformBits(random, randomnessBits);
  return {
    mask: parameters.powerOfH(a, randomnessBits),
    correction:
      table !== undefined && table.exponentBits >= randomnessBits
        ? group.tablePower(table, -a)
        : group.power(verificationKey, -a, randomnessBits),
  };
}

/**
 * base^exponent as (base h^a)^exponent V^(-a) for V = h^exponent and a fresh a in [0, 2^R): all intermediates are independent of `base`.
 * @param exponent - secret, |exponent| < 2^bits.
 * @param verificationKey - V. A wrong V gives a wrong result, nothing worse.
 * @param random - a is used once.
 * @param table - table of V for R bits, where one exists.
 * @param pair - made ahead for this V, and used for nothing else; default: made now.
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
  pair?: BlindingPair,
): Element {
  const { group } = parameters;
  const { mask, correction } = pair ?? drawBlinding(parameters, verificationKey, random, table);
  return group.compose(group.power(group.compose(base, mask), exponent, bits), correction);
}
