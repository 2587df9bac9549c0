/**
 * An ordinary key of @noble/curves in the place of the dWallet: signs payloads of a native transaction.
 *
 * @module
 */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { EcdsaSignature, SigningPayload } from '@dwallet/chains';

export interface StandInSigner {
  readonly publicKey: Uint8Array;
  /** Deterministic (RFC 6979), low-s. */
  signDigest(digest: Uint8Array): EcdsaSignature;
  sign(payloads: readonly SigningPayload[]): readonly EcdsaSignature[];
}

export function standInSigner(secretKey: Uint8Array): StandInSigner {
  const signDigest = (digest: Uint8Array): EcdsaSignature => {
    const bytes = secp256k1.sign(digest, secretKey, { prehash: false, lowS: true, format: 'recovered' });
    return { recoveryId: bytes[0] ?? 0, r: bytes.slice(1, 33), s: bytes.slice(33, 65) };
  };
  return {
    publicKey: secp256k1.getPublicKey(secretKey, true),
    signDigest,
    sign: (payloads) => payloads.map((payload) => signDigest(payload.digest)),
  };
}
