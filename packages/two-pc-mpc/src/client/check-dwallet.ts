/**
 * What the client checks of its own DKG record before it signs (MPC:V2).
 *
 * @module
 */
import { CheckError, type Secret } from '@dwallet/sigma';
import { derivePublicKey } from '../dwallet-dkg/randomizers.ts';
import { requireSameSetup } from '../network-setup/setup-commitment.ts';
import type { DWalletRecord, NetworkSetup } from '../types.ts';

/**
 * MPC:V2: x_A G = X_A; X_B and X recomputed from the mu's and the pinned setup; same setup and curve. That the mu's are the hash of X_A and pi_DL
 * was checked when the record was accepted (MPC:A1), while the client still had pi_DL.
 * @throws CheckError MPC:V2
 */
export function checkOwnRecord(setup: NetworkSetup, record: DWalletRecord, userShare: Secret<bigint>): void {
  const { curve } = setup;
  const refuse = (field: string, message: string): CheckError => new CheckError('MPC:V2', `dwallet.${field}`, message);
  if (record.curve.id !== curve.id) throw refuse('curve', 'is not the curve of the setup');
  requireSameSetup(setup, record.setup, 'MPC:V2', 'dwallet.setup');
  const share = userShare.expose();
  if (share <= 0n || share >= curve.q) throw refuse('userShare', 'is out of range');
  if (!curve.multiply(curve.G, share).equals(record.userPublicShare)) {
    throw refuse('userPublicShare', 'is not the public point of the user share');
  }
  const { networkPublicShare, publicKey } = derivePublicKey(setup, record.userPublicShare, record.randomizers);
  if (networkPublicShare.is0() || !networkPublicShare.equals(record.networkPublicShare)) {
    throw refuse('networkPublicShare', 'does not follow from the setup and the randomizers');
  }
  if (publicKey.is0() || !publicKey.equals(record.publicKey)) throw refuse('publicKey', 'is not X_A + X_B');
}
