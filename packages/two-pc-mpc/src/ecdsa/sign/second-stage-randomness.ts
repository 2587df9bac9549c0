/**
 * The randomness of stage 2 and what follows from it alone. Nothing here depends on the message, so a wallet can draw and use it while it
 * waits for one (client-prepare.ts); without preparation it is drawn at the same place of the stream.
 *
 * @module
 */
import { randomizeCoefficient, sampleRandomness } from '@dwallet/class-groups';
import { type Curve, type Point, type Random, drawMask, mod } from '@dwallet/sigma';
import type { NetworkSetup } from '../../types.ts';
import { proofShapes } from './sign-proofs.ts';

/** Randomness of one evaluated ciphertext and of its proof. */
export interface EvaluationRandomness {
  /** u_1 q and u_2 q: what re-randomises the coefficients, a + u q (MPC 5.5). */
  readonly shifts: readonly [bigint, bigint];
  readonly eta: bigint;
  /** t of the proof: (a_1, a_2, rho_1, rho_2, eta). */
  readonly t: readonly bigint[];
}

/** Everything that stage 2 draws. Each value serves one message: two messages with one mask give the witnesses away (MPC 1.5). */
export interface SecondStageRandomness {
  /** t of pi_kx, pi_RB and pi_R. */
  readonly kx: readonly bigint[];
  readonly networkNonce: readonly bigint[];
  readonly publicNonce: readonly bigint[];
  /** ct_alphabeta and ct_A. */
  readonly denominator: EvaluationRandomness;
  readonly numerator: EvaluationRandomness;
}

/** @param random - hedged (MPC:V7). The order of the draws is part of the stability vectors. */
export function drawSecondStage(
  { parameters, curve }: Pick<NetworkSetup, 'parameters' | 'curve'>,
  random: Random,
): SecondStageRandomness {
  const shapes = proofShapes(parameters, curve);
  const shift = (): bigint => randomizeCoefficient(parameters, 0n, random);
  const evaluation = (): EvaluationRandomness => ({
    shifts: [shift(), shift()],
    eta: sampleRandomness(parameters, random),
    t: drawMask(shapes.evaluation, 1, random),
  });
  return {
    kx: drawMask(shapes.kx, 1, random),
    networkNonce: drawMask(shapes.networkNonce, 1, random),
    publicNonce: drawMask(shapes.publicNonce, 1, random),
    denominator: evaluation(),
    numerator: evaluation(),
  };
}

/** Components of the masks T whose bases are G, H and X_A. Those of R'_B and R wait for the message. */
export interface MaskPoints {
  readonly kx: readonly [Point, Point];
  readonly networkNonce: readonly [Point, Point];
  readonly publicNonce: Point;
  readonly denominator: readonly [Point, Point];
  readonly numerator: readonly [Point, Point];
}

/** value G + randomness H, both secret. */
export const commit = (curve: Curve, value: bigint, randomness: bigint): Point =>
  curve.multiply(curve.G, value).add(curve.multiply(curve.H, randomness));

/** Secrets touched: x_A, all masks. X_A enters as x_A G: a fixed base instead of a variable one. */
export function maskPoints(
  curve: Curve,
  userShare: bigint,
  { kx, networkNonce, publicNonce, denominator, numerator }: SecondStageRandomness,
): MaskPoints {
  const pair = ([first, second, rho1, rho2]: readonly bigint[]): readonly [Point, Point] => [
    commit(curve, first as bigint, rho1 as bigint),
    commit(curve, second as bigint, rho2 as bigint),
  ];
  const [w, rho1, rho2] = kx as readonly [bigint, bigint, bigint];
  const [value, rho] = publicNonce as readonly [bigint, bigint];
  return {
    kx: pair([w, mod(w * userShare, curve.q), rho1, rho2]),
    networkNonce: pair(networkNonce),
    publicNonce: commit(curve, value, rho),
    denominator: pair(denominator.t),
    numerator: pair(numerator.t),
  };
}
