/**
 * Stage 2 of the client's message: nonce points, the two evaluated ciphertexts and their proofs (MPC 5.4).
 *
 * @module
 */
import type { Ciphertext } from '@dwallet/class-groups';
import {
  type DrawnMask,
  type Point,
  type Proof,
  type Random,
  bytesToInteger,
  invertMod,
  mod,
  proveWithMask,
} from '@dwallet/sigma';
import type { NetworkSetup, TargetedPresign } from '../../types.ts';
import type { NonceSecrets } from './client-commit.ts';
import { secondStageContext } from './contexts.ts';
import { type Evaluator, directEvaluator } from './evaluator.ts';
import {
  type FirstStage,
  type NonceHashInput,
  deriveNonceRandomizers,
  randomizePublicNonce,
} from './nonce-randomizers.ts';
import {
  type EvaluationRandomness,
  type MaskPoints,
  type SecondStageRandomness,
  drawSecondStage,
  maskPoints,
} from './second-stage-randomness.ts';
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

/**
 * Steps 8 to 14 of MPC 5.4, drawing the randomness of stage 2.
 * @returns undefined if R_B = O or r = 0: the caller starts again from fresh secrets.
 * Secrets touched: `userShare`, all of `secrets`, the re-randomisers u and eta, which never leave this function.
 */
export function evaluateSignature(
  setup: NetworkSetup,
  { presign, userPublicShare, ...signed }: NonceHashInput,
  stage: FirstStage,
  userShare: bigint,
  secrets: NonceSecrets,
  random: Random,
): SecondStage | undefined {
  const randomness = drawSecondStage(setup, random);
  const draft: SignDraft = { setup, presign, userPublicShare, secrets, stage, randomness };
  const points = maskPoints(setup.curve, userShare, randomness);
  const evaluator = directEvaluator(setup, presign, [secrets.beta, secrets.alpha], randomness);
  return evaluateDraft(draft, signed, userShare, points, evaluator);
}

/** The witness of L_DComEval: (a_1 + u_1 q, a_2 + u_2 q, rho_1, rho_2, eta). */
const witnessOf = (
  [a1, a2]: readonly [bigint, bigint],
  rho: readonly [bigint, bigint],
  { shifts: [shift1, shift2], eta }: EvaluationRandomness,
): readonly bigint[] => [a1 + shift1, a2 + shift2, ...rho, eta];

/**
 * Steps 8 to 14 of MPC 5.4 on a draft, which is used up by it, also if the result is undefined (R_B = O or r = 0).
 * @param points - `maskPoints` of the draft.
 * @param evaluator - of the draft.
 * Secrets touched: `userShare`, everything in the draft.
 */
export function evaluateDraft(
  draft: SignDraft,
  { hashScheme, message: m }: SignedMessage,
  userShare: bigint,
  points: MaskPoints,
  evaluator: Evaluator,
): SecondStage | undefined {
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

  // a + u q hides the coefficients even from a network that made malformed presign ciphertexts (MPC 5.5).
  const maskedNonce = evaluator.maskedNonce(randomizers);
  const denominator = evaluator.denominator(randomizers, maskedNonce);
  const proofDenominator = proveClaim(
    denominatorClaim(known, maskedNonce, denominator.ciphertext),
    'pi_ctalphabeta',
    witnessOf([beta, alpha], [rho2, rho1], randomness.denominator),
    { t: randomness.denominator.t, known: [...denominator.mask, ...points.denominator] },
  );

  const coefficients = [mod(kA * (r * userShare + m), q), mod(r * kA, q)] as const;
  const numerator = evaluator.numerator(coefficients);
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
}
