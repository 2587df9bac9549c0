/**
 * Stage 1 of the client's message: commitments to the secret nonce values, before the nonce hash exists (MPC 5.2).
 *
 * @module
 */
import {
  type Curve,
  type Language,
  type Proof,
  type Random,
  drawMask,
  mod,
  nonZeroWitness,
  proveFischlin,
  proveWithMask,
  uniformBelow,
  uniformNonZero,
} from '@dwallet/sigma';
import type { TargetedPresign } from '../../types.ts';
import { firstStageContext } from './contexts.ts';
import type { FirstStage } from './nonce-randomizers.ts';
import { commit } from './second-stage-randomness.ts';
import { firstStageLanguages } from './sign-proofs.ts';

/** The client's secrets of one signature (MPC 5.2 step 3). They never leave the functions of this folder. */
export interface NonceSecrets {
  readonly kA: bigint;
  readonly alpha: bigint;
  readonly beta: bigint;
  /** rho_0..rho_3: randomness of C_k, C_alpha, C_beta, C_kx. */
  readonly rho: readonly [bigint, bigint, bigint, bigint];
}

/** k_A, alpha in [1, q); beta, rho's in [0, q). @param random - hedged (MPC:V7). */
export function sampleNonceSecrets(curve: Curve, random: Random): NonceSecrets {
  const { q } = curve;
  const kA = uniformNonZero(random, q);
  const alpha = uniformNonZero(random, q);
  const beta = uniformBelow(random, q);
  const rho = (): bigint => uniformBelow(random, q);
  return { kA, alpha, beta, rho: [rho(), rho(), rho(), rho()] };
}

/**
 * C_k, C_alpha, C_beta, C_kx with pi_k, pi_alpha (not zero) and pi_beta (Fischlin).
 * Secrets touched: `userShare`, all of `secrets`.
 */
export function commitNonce(
  curve: Curve,
  presign: TargetedPresign,
  userShare: bigint,
  { kA, alpha, beta, rho: [rho0, rho1, rho2, rho3] }: NonceSecrets,
  random: Random,
): FirstStage {
  const { G, q } = curve;
  const commitmentK = commit(curve, kA, rho0);
  const commitmentAlpha = commit(curve, alpha, rho1);
  const commitmentBeta = commit(curve, beta, rho2);
  // k_A X_A + rho_3 H, computed as Com(k_A x_A; rho_3): the same point, one fixed base instead of a variable one.
  const commitmentKx = commit(curve, mod(kA * userShare, q), rho3);
  const languages = firstStageLanguages(curve, commitmentK, commitmentAlpha);
  const proveNonZero = (language: Language, name: 'pi_k' | 'pi_alpha', value: bigint, randomness: bigint): Proof => {
    const t = drawMask(language, 1, random);
    const [tW, tRho] = t as [bigint, bigint];
    // t_w C + t_rho H for C = value G + randomness H: fixed bases again.
    const known = [commit(curve, mod(tW * value, q), mod(tW * randomness + tRho, q))];
    const witness = nonZeroWitness(curve, value, randomness);
    return proveWithMask(language, firstStageContext(curve, presign, name), [[G]], [witness], { t, known });
  };
  return {
    commitmentK,
    commitmentAlpha,
    commitmentBeta,
    commitmentKx,
    proofK: proveNonZero(languages.k, 'pi_k', kA, rho0),
    proofAlpha: proveNonZero(languages.alpha, 'pi_alpha', alpha, rho1),
    proofBeta: proveFischlin(
      languages.beta,
      firstStageContext(curve, presign, 'pi_beta'),
      [commitmentBeta],
      [beta, rho2],
      random,
    ),
  };
}
