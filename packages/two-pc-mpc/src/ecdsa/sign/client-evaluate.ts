/**
 * Stage 2 of the client's message: nonce points, the two evaluated ciphertexts and their proofs (MPC 5.4).
 *
 * @module
 */
import {
  type Ciphertext,
  evaluateSecret,
  randomizeCoefficient,
  randomizedCoefficientBits,
  sampleRandomness,
} from '@dwallet/class-groups';
import { type Point, type Proof, type Random, bytesToInteger, invertMod, mod, prove } from '@dwallet/sigma';
import type { NetworkSetup } from '../../types.ts';
import type { NonceSecrets } from './client-commit.ts';
import { secondStageContext } from './contexts.ts';
import {
  type FirstStage,
  type NonceHashInput,
  deriveNonceRandomizers,
  randomizeMaskedNonce,
  randomizePublicNonce,
} from './nonce-randomizers.ts';
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

/**
 * Steps 8 to 14 of MPC 5.4.
 * @returns undefined if R_B = O or r = 0: the caller starts again from fresh secrets.
 * Secrets touched: `userShare`, all of `secrets`, the re-randomisers u and eta, which never leave this function.
 */
export function evaluateSignature(
  setup: NetworkSetup,
  input: NonceHashInput,
  stage: FirstStage,
  userShare: bigint,
  { kA, alpha, beta, rho: [rho0, rho1, rho2, rho3] }: NonceSecrets,
  random: Random,
): SecondStage | undefined {
  const { curve, parameters, encryptionKey } = setup;
  const { q, G } = curve;
  const { presign, message: m } = input;

  const { randomizers, seed } = deriveNonceRandomizers(input, stage);
  const randomizedNonce = randomizePublicNonce(curve, presign, randomizers);
  const maskedNonce = randomizeMaskedNonce(parameters, presign, randomizers);
  const networkNonce = curve.multiply(randomizedNonce, alpha).add(curve.multiply(G, beta));
  if (networkNonce.is0()) return undefined;
  const publicNonce = curve.multiply(networkNonce, invertMod(kA, q));
  const r = nonceScalar(q, curve.encodePoint(publicNonce));
  if (r === 0n) return undefined;

  const known: SecondStagePublic = {
    setup,
    presign,
    userPublicShare: input.userPublicShare,
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
  ): Proof => prove(language, secondStageContext(curve, presign, name, seed), [statement], [witness], random);

  const claims = curveClaims(known);
  const proofKx = proveClaim(claims.kx, 'pi_kx', [kA, rho0, rho3]);
  const proofNetworkNonce = proveClaim(claims.networkNonce, 'pi_RB', [alpha, beta, rho1, rho2]);
  const proofPublicNonce = proveClaim(claims.publicNonce, 'pi_R', [kA, rho0]);

  // a + u q hides the coefficients even from a network that made malformed presign ciphertexts (MPC 5.5).
  const bits = randomizedCoefficientBits(parameters);
  const randomized = (coefficient: bigint): bigint => randomizeCoefficient(parameters, coefficient, random);
  const evaluate = (inputs: readonly [Ciphertext, Ciphertext], a1: bigint, a2: bigint, eta: bigint): Ciphertext =>
    evaluateSecret(
      parameters,
      encryptionKey,
      [
        { ciphertext: inputs[0], coefficient: a1 },
        { ciphertext: inputs[1], coefficient: a2 },
      ],
      bits,
      eta,
    );

  const betaHat = randomized(beta);
  const alphaHat = randomized(alpha);
  const eta0 = sampleRandomness(parameters, random);
  const denominator = evaluate([presign.mask, maskedNonce], betaHat, alphaHat, eta0);
  const proofDenominator = proveClaim(denominatorClaim(known, maskedNonce, denominator), 'pi_ctalphabeta', [
    betaHat,
    alphaHat,
    rho2,
    rho1,
    eta0,
  ]);

  const a1 = randomized(mod(kA * (r * userShare + m), q));
  const a2 = randomized(mod(r * kA, q));
  const eta1 = sampleRandomness(parameters, random);
  const numerator = evaluate([presign.mask, presign.maskedShare], a1, a2, eta1);
  const proofNumerator = proveClaim(numeratorClaim(known, numerator), 'pi_ctA', [
    a1,
    a2,
    mod(r * rho3 + m * rho0, q),
    mod(r * rho0, q),
    eta1,
  ]);

  return {
    publicNonce,
    networkNonce,
    numerator,
    denominator,
    proofKx,
    proofPublicNonce,
    proofNetworkNonce,
    proofNumerator,
    proofDenominator,
  };
}
