/**
 * The client's own check of the result (MPC:V8).
 *
 * @module
 */
import { CheckError } from '@dwallet/sigma';
import { recoversTo, verifySignature } from '../ecdsa/sign/complete-signature.ts';
import { hashMessage } from '../ecdsa/sign/message-hash.ts';
import type { DWalletRecord, EcdsaSignature, HashScheme } from '../types.ts';

/**
 * MPC:V8: the signature is low-s, verifies for the client's own message under X, and its recovery id gives X.
 * @throws CheckError MPC:V8
 */
export function checkFinalSignature(
  record: DWalletRecord,
  hashScheme: HashScheme,
  message: Uint8Array,
  signature: EcdsaSignature,
): void {
  const messageDigest = hashMessage(hashScheme, message);
  const { curve, publicKey } = record;
  if (!verifySignature({ curve, publicKey, messageDigest }, signature)) {
    throw new CheckError('MPC:V8', 'signature', 'does not verify for this message and key');
  }
  if (!recoversTo(signature, messageDigest, curve.encodePoint(publicKey))) {
    throw new CheckError('MPC:V8', 'signature.recoveryId', 'recovers another key');
  }
}
