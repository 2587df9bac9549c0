/**
 * Stage 2 of the client's message: nonce points, the two evaluated ciphertexts and their proofs (MPC 5.4).
 *
 * @module
 */
import type { Ciphertext } from '@dwallet/class-groups';
import { type DrawnMask, type Point, type Proof, bytesToInteger, invertMod, mod, proveWithMask } from '@dwallet/sigma';
import type { NetworkSetup, Randomizers, TargetedPresign } from '../../types.ts';
import type { NonceSecrets } from './client-commit.ts';
import { secondStageContext } from './contexts.ts';
import type { Evaluated, Evaluator } from './evaluator.ts';
import {
  type FirstStage,
  type NonceHashInput,
  deriveNonceRandomizers,
  randomizePublicNonce,
} from './nonce-randomizers.ts';
import type { EvaluationRandomness, MaskPoints, SecondStageRandomness } from './second-stage-randomness.ts';
import { type Claim, type SecondStagePublic, curveClaims, denominatorClaim, numeratorClaim } from './sign-proofs.ts';

/** r = R.x mod q; the x coordinate is the 32 bytes after the SEC1 tag. */
export const nonceScalar = (q: bigint, encodedPoint: Uint8Array): bigint =>
  mod(bytesToInteger(encodedPoint.subarray(1)), q);

/** Fields of SignMsg that stage 2 adds. */
export interface SecondStage {
  readonly publicNonce: Point;
  readonly networkNonce: Point;
  readonly numerator: Ciphertext;
  readonly denominator: Ciphertext;
  readonly proofKx: Proof;
  readonly proofPublicNonce: Proof;
  readonly proofNetworkNonce: Proof;
  readonly proofNumerator: Proof;
  readonly proofDenominator: Proof;
}

/** A client message as far as it does not depend on what is signed: drawn once, for one message. */
export interface SignDraft {
  readonly setup: NetworkSetup;
  readonly presign: TargetedPresign;
  /** X_A of the DKG record. */
  readonly userPublicShare: Point;
  readonly secrets: NonceSecrets;
  readonly stage: FirstStage;
  readonly randomness: SecondStageRandomness;
}

/** What is signed: the rest of the input of the nonce hash. */
export type SignedMessage = Pick<NonceHashInput, 'hashScheme' | 'message'>;

/** The witness of L_DComEval: (a_1 + u_1 q, a_2 + u_2 q, rho_1, rho_2, eta). */
const witnessOf = (
  [a1, a2]: readonly [bigint, bigint],
  rho: readonly [bigint, bigint],
  { shifts: [shift1, shift2], eta }: EvaluationRandomness,
): readonly bigint[] => [a1 + shift1, a2 + shift2, ...rho, eta];

/** The class-group part of stage 2 for one message. */
export interface Evaluations {
  /** ct_gamma k. */
  readonly maskedNonce: Ciphertext;
  readonly denominator: Evaluated;
  readonly numerator: Evaluated;
}

/** A draft that has met its message: what the class-group part needs, and the proofs that follow from it. */
export interface OpenEvaluation {
  readonly nu: Randomizers;
  /** a_1 and a_2 in [0, q); secret. */
  readonly coefficients: readonly [bigint, bigint];
  /** The rest of stage 2. To be called once. */
  complete(evaluations: Evaluations): SecondStage;
}

/**
 * Steps 8 to 14 of MPC 5.4 on a draft, which is used up by it, also if the result is undefined (R_B = O or r = 0).
 * @param points - `maskPoints` of the draft.
 * @param evaluator - of the draft.
 * Secrets touched: `userShare`, everything in the draft.
 */
export function evaluateDraft(
  draft: SignDraft,
  signed: SignedMessage,
  userShare: bigint,
  points: MaskPoints,
  evaluator: Evaluator,
): SecondStage | undefined {
  const open = openEvaluation(draft, signed, userShare, points);
  if (open === undefined) return undefined;
  const maskedNonce = evaluator.maskedNonce(open.nu);
  return open.complete({
    maskedNonce,
    denominator: evaluator.denominator(open.nu, maskedNonce),
    numerator: evaluator.numerator(open.coefficients),
  });
}

/** Everything of {@link evaluateDraft} but the class-group part, which may be computed elsewhere. */
export function openEvaluation(
  draft: SignDraft,
  { hashScheme, message: m }: SignedMessage,
  userShare: bigint,
  points: MaskPoints,
): OpenEvaluation | undefined {
  const { setup, presign, userPublicShare, stage, randomness } = draft;
  const { kA, alpha, beta, rho } = draft.secrets;
  const [rho0, rho1, rho2, rho3] = rho;
  const { curve } = setup;
  const { q, G } = curve;

  const input: NonceHashInput = { curve, presign, userPublicShare, hashScheme, message: m };
  const { randomizers, seed } = deriveNonceRandomizers(input, stage);
  const randomizedNonce = randomizePublicNonce(curve, presign, randomizers);
  const networkNonce = curve.multiply(randomizedNonce, alpha).add(curve.multiply(G, beta));
  if (networkNonce.is0()) return undefined;
  const publicNonce = curve.multiply(networkNonce, invertMod(kA, q));
  const r = nonceScalar(q, curve.encodePoint(publicNonce));
  if (r === 0n) return undefined;

  const known: SecondStagePublic = {
    setup,
    presign,
    userPublicShare,
    message: m,
    commitmentK: stage.commitmentK,
    commitmentAlpha: stage.commitmentAlpha,
    commitmentBeta: stage.commitmentBeta,
    commitmentKx: stage.commitmentKx,
    randomizedNonce,
    networkNonce,
    publicNonce,
    r,
  };
  const proveClaim = (
    { language, statement }: Claim,
    name: Parameters<typeof secondStageContext>[2],
    witness: readonly bigint[],
    mask: DrawnMask,
  ): Proof => proveWithMask(language, secondStageContext(curve, presign, name, seed), [statement], [witness], mask);

  const claims = curveClaims(known);
  const proofKx = proveClaim(claims.kx, 'pi_kx', [kA, rho0, rho3], { t: randomness.kx, known: points.kx });
  const proofNetworkNonce = proveClaim(claims.networkNonce, 'pi_RB', [alpha, beta, rho1, rho2], {
    t: randomness.networkNonce,
    known: points.networkNonce,
  });
  const proofPublicNonce = proveClaim(claims.publicNonce, 'pi_R', [kA, rho0], {
    t: randomness.publicNonce,
    known: [points.publicNonce],
  });

  const coefficients = [mod(kA * (r * userShare + m), q), mod(r * kA, q)] as const;
  const complete = ({ maskedNonce, denominator, numerator }: Evaluations): SecondStage => {
    // a + u q hides the coefficients even from a network that made malformed presign ciphertexts (MPC 5.5).
    const proofDenominator = proveClaim(
      denominatorClaim(known, maskedNonce, denominator.ciphertext),
      'pi_ctalphabeta',
      witnessOf([beta, alpha], [rho2, rho1], randomness.denominator),
      { t: randomness.denominator.t, known: [...denominator.mask, ...points.denominator] },
    );
    const proofNumerator = proveClaim(
      numeratorClaim(known, numerator.ciphertext),
      'pi_ctA',
      witnessOf(coefficients, [mod(r * rho3 + m * rho0, q), mod(r * rho0, q)], randomness.numerator),
      { t: randomness.numerator.t, known: [...numerator.mask, ...points.numerator] },
    );
    return {
      publicNonce,
      networkNonce,
      numerator: numerator.ciphertext,
      denominator: denominator.ciphertext,
      proofKx,
      proofPublicNonce,
      proofNetworkNonce,
      proofNumerator,
      proofDenominator,
    };
  };
  return { nu: randomizers, coefficients, complete };
}
