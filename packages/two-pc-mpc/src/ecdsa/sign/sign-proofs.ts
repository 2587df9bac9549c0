/**
 * The languages and statements of the eight proofs of signing (MPC 5.2, 5.4, 6.12), for prover and verifier alike: what one side
 * proves is by construction what the other side checks.
 *
 * @module
 */
import { type Ciphertext, type PublicParameters, trivialEncryption } from '@dwallet/class-groups';
import {
  type Curve,
  type Language,
  type Point,
  type Statement,
  committedDiscreteLog,
  committedLinearCombination,
  decommitment,
  equalityOfCommittedValues,
} from '@dwallet/sigma';
import { committedLinearEvaluation } from '../../proofs/committed-linear-evaluation.ts';
import type { NetworkSetup, TargetedPresign } from '../../types.ts';

/** Languages of pi_k (base C_k), pi_alpha (base C_alpha), pi_beta (base G). */
export interface FirstStageLanguages {
  readonly k: Language;
  readonly alpha: Language;
  readonly beta: Language;
}

export const firstStageLanguages = (curve: Curve, commitmentK: Point, commitmentAlpha: Point): FirstStageLanguages => ({
  k: decommitment(curve, commitmentK),
  alpha: decommitment(curve, commitmentAlpha),
  beta: decommitment(curve, curve.G),
});

/** Languages with other bases: number, kind and length of coordinates and rows do not depend on them. Never used to prove or to verify. */
export function proofShapes(parameters: PublicParameters, curve: Curve) {
  const unit = trivialEncryption(parameters, 0n);
  const key = { element: parameters.group.identity };
  return {
    ...firstStageLanguages(curve, curve.G, curve.G),
    kx: equalityOfCommittedValues(curve, curve.G, curve.G),
    publicNonce: committedDiscreteLog(curve, curve.G),
    networkNonce: committedLinearCombination(curve, curve.G, curve.G),
    evaluation: committedLinearEvaluation(parameters, key, curve, [unit, unit]),
  };
}

/** Public values that the second-stage proofs speak about. */
export interface SecondStagePublic {
  readonly setup: NetworkSetup;
  readonly presign: TargetedPresign;
  /** X_A, from the DKG record and from nowhere else. */
  readonly userPublicShare: Point;
  /** m mod q. */
  readonly message: bigint;
  readonly commitmentK: Point;
  readonly commitmentAlpha: Point;
  readonly commitmentBeta: Point;
  readonly commitmentKx: Point;
  /** R'_B. */
  readonly randomizedNonce: Point;
  /** R_B. */
  readonly networkNonce: Point;
  /** R. */
  readonly publicNonce: Point;
  /** r = R.x mod q. */
  readonly r: bigint;
}

/** A language with the one statement that a proof is about. */
export interface Claim {
  readonly language: Language;
  readonly statement: Statement;
}

/** pi_kx, pi_RB, pi_R. */
export function curveClaims(p: SecondStagePublic): { kx: Claim; networkNonce: Claim; publicNonce: Claim } {
  const { curve } = p.setup;
  return {
    kx: {
      language: equalityOfCommittedValues(curve, curve.G, p.userPublicShare),
      statement: [p.commitmentK, p.commitmentKx],
    },
    networkNonce: {
      language: committedLinearCombination(curve, p.randomizedNonce, curve.G),
      statement: [p.commitmentAlpha, p.commitmentBeta, p.networkNonce],
    },
    publicNonce: {
      language: committedDiscreteLog(curve, p.publicNonce),
      statement: [p.commitmentK, p.networkNonce],
    },
  };
}

/** C_1 = r C_kx + m C_k and C_2 = r C_k (MPC 5.4 step 14): the only place where m and r enter pi_ctA, so the verifier computes them itself. */
export function coefficientCommitments(
  curve: Curve,
  { commitmentK, commitmentKx, r, message }: Pick<SecondStagePublic, 'commitmentK' | 'commitmentKx' | 'r' | 'message'>,
): readonly [Point, Point] {
  return [
    curve.multiScalarVartime([
      { point: commitmentKx, scalar: r },
      { point: commitmentK, scalar: message },
    ]),
    curve.multiplyVartime(commitmentK, r),
  ];
}

/** Language of pi_ctalphabeta: inputs (ct_gamma, ct_gamma k), coefficients (beta, alpha) in this order. */
export const denominatorLanguage = ({ setup, presign }: SecondStagePublic, maskedNonce: Ciphertext): Language =>
  committedLinearEvaluation(setup.parameters, setup.encryptionKey, setup.curve, [presign.mask, maskedNonce]);

/** Language of pi_ctA: inputs (ct_gamma, ct_gamma x), coefficients (a_1, a_2). */
export const numeratorLanguage = ({ setup, presign }: SecondStagePublic): Language =>
  committedLinearEvaluation(setup.parameters, setup.encryptionKey, setup.curve, [presign.mask, presign.maskedShare]);

/** pi_ctalphabeta: (ct_alphabeta, C_beta, C_alpha). @param maskedNonce - ct_gamma k. */
export const denominatorClaim = (p: SecondStagePublic, maskedNonce: Ciphertext, denominator: Ciphertext): Claim => ({
  language: denominatorLanguage(p, maskedNonce),
  statement: [denominator.c1, denominator.c2, p.commitmentBeta, p.commitmentAlpha],
});

/** pi_ctA: (ct_A, C_1, C_2). */
export const numeratorClaim = (p: SecondStagePublic, numerator: Ciphertext): Claim => ({
  language: numeratorLanguage(p),
  statement: [numerator.c1, numerator.c2, ...coefficientCommitments(p.setup.curve, p)],
});
