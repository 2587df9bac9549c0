/**
 * Ed25519 signatures of accounts and of validators' identities. One purpose tag per use, so that no signature serves another purpose.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { DecodeError, InvalidArgumentsError, type Secret, concat, encodeList, encodeText } from '@dwallet/sigma';

/** What is signed with Ed25519 keys here. A tag is never reused. */
export type SignaturePurpose = 'certificate' | 'register-user-key' | 'dkg' | 'accept-dwallet';

export const signatureBytes = 64;
export const publicKeyBytes = 32;

const payload = (purpose: SignaturePurpose, items: readonly Uint8Array[]): Uint8Array =>
  concat(encodeText('2pcmpc-v1/signature/'), encodeList([encodeText(purpose), ...items]));

/** Public key of a 32-byte Ed25519 secret key. */
export function signingPublicKey(key: Secret<Uint8Array>): Uint8Array {
  return ed25519.getPublicKey(key.expose());
}

/** Deterministic Ed25519 signature (64 bytes) over (purpose, items). */
export function signItems(
  key: Secret<Uint8Array>,
  purpose: SignaturePurpose,
  items: readonly Uint8Array[],
): Uint8Array {
  return ed25519.sign(payload(purpose, items), key.expose());
}

/** Strict verification (RFC 8032 encodings, no key of small order). Never throws. */
export function verifyItems(
  publicKey: Uint8Array,
  purpose: SignaturePurpose,
  items: readonly Uint8Array[],
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false;
  try {
    return ed25519.verify(signature, payload(purpose, items), publicKey, { zip215: false });
  } catch {
    return false;
  }
}

/** A canonical Ed25519 public key of large order. @throws InvalidArgumentsError naming `field`. */
export function requirePublicKey(bytes: Uint8Array, field: string): void {
  let valid = false;
  try {
    const point = ed25519.Point.fromBytes(bytes, false);
    valid = !point.isSmallOrder() && point.isTorsionFree();
  } catch {
    // Refused below.
  }
  if (!valid) throw new InvalidArgumentsError(field, 'is not an Ed25519 public key');
}

/** As {@link requirePublicKey} for bytes from the wire. @throws DecodeError. */
export function decodePublicKey(bytes: Uint8Array, field: string): Uint8Array {
  try {
    requirePublicKey(bytes, field);
  } catch (cause) {
    throw new DecodeError(field, 'is not an Ed25519 public key', undefined, { cause });
  }
  return bytes;
}
