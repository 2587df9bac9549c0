/**
 * Targeting a universal presign to one dWallet (MPC 4.7): deterministic, done alike by client and network.
 *
 * @module
 */
import { encodeCiphertext, linearCombinationVartime } from '@dwallet/class-groups';
import { type Digest, digestTagged, encodeUint8 } from '@dwallet/sigma';
import { requireSameSetup } from '../../network-setup/setup-commitment.ts';
import type { DWalletRecord, NetworkSetup, Presign, TargetedPresign } from '../../types.ts';

/**
 * ct_gamma x = (mu_0 (*) ct_gamma x,0) (+) (mu_1 (*) ct_gamma x,1) (+) (mu_G (*) ct_gamma). It decrypts to gamma x_B; the last term is
 * ct_gamma scaled, not a constant.
 * @throws CheckError MPC:S1 if presign, dWallet and setup do not belong together (MPC 2.5).
 */
export function targetPresign(
  setup: NetworkSetup,
  presign: Presign,
  dwallet: Pick<DWalletRecord, 'setup' | 'publicKey' | 'randomizers'>,
): TargetedPresign {
  requireSameSetup(setup, presign.setup, 'MPC:S1', 'presign.setup');
  requireSameSetup(setup, dwallet.setup, 'MPC:S1', 'dwallet.setup');
  const [mu0, mu1, muG] = dwallet.randomizers;
  const maskedShare = linearCombinationVartime(setup.parameters, [
    { ciphertext: presign.maskedShares[0], coefficient: mu0 },
    { ciphertext: presign.maskedShares[1], coefficient: mu1 },
    { ciphertext: presign.mask, coefficient: muG },
  ]);
  const { presignId, sessionId, mask, maskedNonces, publicNonces } = presign;
  const parts = {
    presignId,
    sessionId,
    setup: setup.commitment,
    publicKey: dwallet.publicKey,
    mask,
    maskedShare,
    maskedNonces,
    publicNonces,
  };
  return { ...parts, digest: targetedPresignDigest(setup, parts) };
}

/** 32 bytes over every field of the targeted presign: an input of the nonce hash (MPC 5.3). */
export function targetedPresignDigest(
  { curve, parameters }: Pick<NetworkSetup, 'curve' | 'parameters'>,
  presign: Omit<TargetedPresign, 'digest'>,
): Digest {
  return digestTagged('targeted-presign', [
    presign.presignId,
    presign.sessionId,
    encodeUint8(curve.id),
    presign.setup,
    curve.encodePoint(presign.publicKey),
    ...[presign.mask, presign.maskedShare, ...presign.maskedNonces].map((ct) => encodeCiphertext(parameters, ct)),
    ...presign.publicNonces.map((point) => curve.encodePoint(point)),
  ]);
}
