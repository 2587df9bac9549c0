/**
 * Key randomizers and the key formula (MPC 3.1 steps 3 and 4, 3.2).
 *
 * The randomizers hash X_A and its proof, so nobody can adapt X_A to X_B.
 *
 * @module
 */
import { type Ciphertext, linearCombinationVartime, trivialEncryption } from '@dwallet/class-groups';
import { type Point, type SessionId, encodeUint8, hashToScalars } from '@dwallet/sigma';
import type { NetworkSetup, Randomizers } from '../types.ts';

/**
 * (mu_0, mu_1, mu_G) = H_q("dkg/key-randomizers", [sid, curve, G_com, X_B,0, X_B,1, X_A, pi_DL], 3).
 * @param proof - canonical bytes of pi_DL.
 */
export function keyRandomizers(
  setup: NetworkSetup,
  sessionId: SessionId,
  userPublicShare: Point,
  proof: Uint8Array,
): Randomizers {
  const { curve, commitment, publicShares } = setup;
  const [mu0, mu1, muG] = hashToScalars(
    'dkg/key-randomizers',
    [
      sessionId,
      encodeUint8(curve.id),
      commitment,
      ...publicShares.map((point) => curve.encodePoint(point)),
      curve.encodePoint(userPublicShare),
      proof,
    ],
    3,
    curve.q,
  );
  return [mu0 as bigint, mu1 as bigint, muG as bigint];
}

/** X_B = mu_0 X_B,0 + mu_1 X_B,1 + mu_G G. */
export const deriveNetworkPublicShare = (
  { curve, publicShares }: Pick<NetworkSetup, 'curve' | 'publicShares'>,
  [mu0, mu1, muG]: Randomizers,
): Point =>
  curve.multiScalarVartime([
    { point: publicShares[0], scalar: mu0 },
    { point: publicShares[1], scalar: mu1 },
    { point: curve.G, scalar: muG },
  ]);

/** ct_key = (mu_0 (*) ct_0) (+) (mu_1 (*) ct_1) (+) Enc(mu_G; 0): encrypts x_B; computable by anyone, never decrypted. */
export function deriveNetworkShareCiphertext(
  { parameters, shareCiphertexts }: Pick<NetworkSetup, 'parameters' | 'shareCiphertexts'>,
  [mu0, mu1, muG]: Randomizers,
): Ciphertext {
  return linearCombinationVartime(parameters, [
    { ciphertext: shareCiphertexts[0], coefficient: mu0 },
    { ciphertext: shareCiphertexts[1], coefficient: mu1 },
    { ciphertext: trivialEncryption(parameters, muG), coefficient: 1n },
  ]);
}

/** X_B and X = X_A + X_B. */
export function derivePublicKey(
  setup: Pick<NetworkSetup, 'curve' | 'publicShares'>,
  userPublicShare: Point,
  randomizers: Randomizers,
): { readonly networkPublicShare: Point; readonly publicKey: Point } {
  const networkPublicShare = deriveNetworkPublicShare(setup, randomizers);
  return { networkPublicShare, publicKey: userPublicShare.add(networkPublicShare) };
}
