/**
 * Verification of pi_ctA and pi_ctalphabeta together (MPC:S10, MPC:S11; MPC 6.11): the four class-group equations
 *
 *   ct_gamma.c_r^z1 second.c_r^z2 key_r^z5 = T_r S_r^e      r = 1, 2 (key_1 = h, key_2 = pk), for both proofs,
 *
 * as ONE multi-exponentiation. Row 2 has the weight rho and the second proof the weight v, so the four weights are 1, rho, v and v rho, both random of 128
 * bits. The point of the product structure: bases enter as c_1 c_2^rho, and four long exponents remain instead of eight.
 *
 * Soundness. Let delta_r be left side / right side of a proof and eps = delta_1 delta_2^rho. If delta_1 or delta_2 is not 1, eps = 1 for at most one rho:
 * two of them would give delta_2^(rho - rho') = 1 with 0 < |rho - rho'| < 2^128 < q, an element of low order, which nobody finds (MPC 6.9; P7 excludes
 * the known one). In the same way eps eps'^v = 1 for at most one v unless eps = eps' = 1. So a wrong pair passes with probability at most 2 * 2^-128, no more than
 * with four independent weights: that one of them is 1 costs nothing, because an equation as a whole may be raised to any power.
 *
 * rho may be drawn when the presign is assigned, as long as the author of the message does not learn it: it is this validator's own secret, and all
 * that it does for several messages is to decide each of them with the above probability of error.
 *
 * @module
 */
import type { Ciphertext } from '@dwallet/class-groups';
import type { Element } from '@dwallet/kernel';
import { type ProofInstance, type Random, challengesOf, drawWeight, verifyCurveRows } from '@dwallet/sigma';
import type { NetworkSetup, TargetedPresign } from '../../types.ts';

/** rho and the bases c_1 c_2^rho that are known before the message. */
export interface CombinedBases {
  readonly rho: bigint;
  readonly mask: Element;
  readonly maskedShare: Element;
  /** h pk^rho. */
  readonly key: Element;
}

/** @param random - this verifier's own; rho stays with it. */
export function combineBases(
  { parameters: { group, h }, encryptionKey }: NetworkSetup,
  presign: TargetedPresign,
  random: Random,
): CombinedBases {
  const rho = drawWeight(random);
  const combined = ({ c1, c2 }: Ciphertext): Element => group.compose(c1, group.powerVartime(c2, rho));
  return {
    rho,
    mask: combined(presign.mask),
    maskedShare: combined(presign.maskedShare),
    key: combined({ c1: h, c2: encryptionKey.element }),
  };
}

/** z1, z2 and z5 of a proof, and what is on the right side: T_r S_r^e. */
function sides({ statements, proof }: ProofInstance, [e]: readonly bigint[]) {
  const [statement] = statements as readonly [readonly Element[]];
  const [z1, z2, , , z5] = proof.responses as readonly [bigint, bigint, bigint, bigint, bigint];
  const right = (rho: bigint, weight: bigint) =>
    [weight, weight * rho].flatMap((w, row) => [
      { base: proof.mask[row] as Element, exponent: -w },
      { base: statement[row] as Element, exponent: -w * (e as bigint) },
    ]);
  return { z1, z2, z5, right };
}

/**
 * Do both proofs hold? Does not say which one fails: `verifyExact` decides that.
 * @param maskedNonce - ct_gamma k.
 * @param numerator - pi_ctA.
 * @param denominator - pi_ctalphabeta.
 */
export function evaluationsHold(
  { parameters: { group } }: NetworkSetup,
  bases: CombinedBases,
  maskedNonce: Ciphertext,
  numerator: ProofInstance,
  denominator: ProofInstance,
  random: Random,
): boolean {
  // False for a proof of another shape, too.
  if (!verifyCurveRows([numerator, denominator], [], random)) return false;
  const { rho } = bases;
  const v = drawWeight(random);
  const [a, b] = [sides(numerator, challengesOf(numerator)), sides(denominator, challengesOf(denominator))];
  const product = group.multiPowerVartime([
    { base: bases.mask, exponent: a.z1 + v * b.z1 },
    { base: bases.maskedShare, exponent: a.z2 },
    { base: group.compose(maskedNonce.c1, group.powerVartime(maskedNonce.c2, rho)), exponent: v * b.z2 },
    { base: bases.key, exponent: a.z5 + v * b.z5 },
    ...a.right(rho, 1n),
    ...b.right(rho, v),
  ]);
  return group.isIdentity(product);
}
