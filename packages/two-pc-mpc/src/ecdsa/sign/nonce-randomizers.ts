/**
 * The nonce hash (MPC 5.3): nu_0, nu_1, nu_G, the nu seed, and the presign re-randomised by them.
 *
 * @module
 */
import { type Ciphertext, type PublicParameters, linearCombinationVartime } from '@dwallet/class-groups';
import {
  type Curve,
  type Digest,
  type FischlinProof,
  type Point,
  type Proof,
  digestTagged,
  encodeFischlin,
  encodeProof,
  encodeScalar,
  encodeUint8,
  hashToScalars,
} from '@dwallet/sigma';
import type { HashScheme, Randomizers, TargetedPresign } from '../../types.ts';
import { hashSchemeId } from './message-hash.ts';
import { firstStageLanguages } from './sign-proofs.ts';

/** Everything that the client fixes before it learns the nu's: the four commitments and three proofs. */
export interface FirstStage {
  /** C_k, C_alpha, C_beta, C_kx. */
  readonly commitmentK: Point;
  readonly commitmentAlpha: Point;
  readonly commitmentBeta: Point;
  readonly commitmentKx: Point;
  readonly proofK: Proof;
  readonly proofAlpha: Proof;
  readonly proofBeta: FischlinProof;
}

export interface NonceRandomizers {
  readonly randomizers: Randomizers;
  /** 32 bytes, in the context of every second-stage proof. */
  readonly seed: Digest;
}

/** Inputs of the nonce hash that both sides know without the client message. */
export interface NonceHashInput {
  readonly curve: Curve;
  readonly presign: TargetedPresign;
  /** X_A of the DKG record. */
  readonly userPublicShare: Point;
  readonly hashScheme: HashScheme;
  /** m, reduced mod q. */
  readonly message: bigint;
}

/** (nu_0, nu_1, nu_G) and the nu seed. Whatever lets the client influence R is an item. */
export function deriveNonceRandomizers(input: NonceHashInput, stage: FirstStage): NonceRandomizers {
  const { curve, presign } = input;
  const languages = firstStageLanguages(curve, stage.commitmentK, stage.commitmentAlpha);
  const items = [
    presign.presignId,
    presign.digest,
    ...curve.parameters,
    curve.encodePoint(curve.H),
    curve.encodePoint(presign.publicKey),
    curve.encodePoint(input.userPublicShare),
    encodeUint8(hashSchemeId(input.hashScheme)),
    encodeScalar(curve, input.message),
    curve.encodePoint(stage.commitmentK),
    curve.encodePoint(stage.commitmentAlpha),
    curve.encodePoint(stage.commitmentBeta),
    curve.encodePoint(stage.commitmentKx),
    encodeProof(languages.k, 1, stage.proofK),
    encodeProof(languages.alpha, 1, stage.proofAlpha),
    encodeFischlin(languages.beta, stage.proofBeta),
  ];
  const [nu0, nu1, nuG] = hashToScalars('ecdsa-sign/nonce-randomizers', items, 3, curve.q) as [bigint, bigint, bigint];
  return { randomizers: [nu0, nu1, nuG], seed: digestTagged('ecdsa-sign/nonce-seed', items) };
}

/** R'_B = nu_0 R_B,0 + nu_1 R_B,1 + nu_G G. Public values only. */
export function randomizePublicNonce(curve: Curve, presign: TargetedPresign, [nu0, nu1, nuG]: Randomizers): Point {
  const [nonce0, nonce1] = presign.publicNonces;
  return curve.multiScalarVartime([
    { point: nonce0, scalar: nu0 },
    { point: nonce1, scalar: nu1 },
    { point: curve.G, scalar: nuG },
  ]);
}

/** ct_gamma k = nu_0 ct_gamma k,0 + nu_1 ct_gamma k,1 + nu_G ct_gamma. Public values only. */
export function randomizeMaskedNonce(
  parameters: PublicParameters,
  presign: TargetedPresign,
  [nu0, nu1, nuG]: Randomizers,
): Ciphertext {
  const [nonce0, nonce1] = presign.maskedNonces;
  return linearCombinationVartime(parameters, [
    { ciphertext: nonce0, coefficient: nu0 },
    { ciphertext: nonce1, coefficient: nu1 },
    { ciphertext: presign.mask, coefficient: nuG },
  ]);
}
