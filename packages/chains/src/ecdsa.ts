/**
 * secp256k1 ECDSA as the chains see it: signatures as (r, s, recovery id), public keys as 33-byte compressed points, and
 * messages that are hashed with a named scheme. This module only checks signatures; nothing here can make one.
 *
 * @module
 */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToInteger, equalBytes, integerToBytes32 } from './bytes.ts';
import { InvalidIntentError, InvalidSignatureError } from './errors.ts';

const ORDER = secp256k1.Point.Fn.ORDER;

/**
 * How a message becomes the 32-byte digest under the signature: `sha256d` is SHA-256 twice, `sha512-half` the first 32 bytes
 * of SHA-512.
 */
export type HashScheme = 'keccak256' | 'sha256' | 'sha256d' | 'sha512-half';

/** An ECDSA signature together with what is needed to recover the public key. */
export interface EcdsaSignature {
  /** 32 bytes, big-endian, 1..n-1. */
  readonly r: Uint8Array;
  /** 32 bytes, big-endian, 1..n/2 (low-s). */
  readonly s: Uint8Array;
  /** Bit 0: y of the nonce point R is odd. Bit 1: x of R was n or more (about once in 2^128 signatures). */
  readonly recoveryId: number;
}

/** The 32-byte digest of `message` under `scheme`. */
export function hashMessage(scheme: HashScheme, message: Uint8Array): Uint8Array {
  switch (scheme) {
    case 'keccak256':
      return keccak_256(message);
    case 'sha256':
      return sha256(message);
    case 'sha256d':
      return sha256(sha256(message));
    case 'sha512-half':
      return sha512(message).slice(0, 32);
  }
}

/**
 * Checks a public key and returns its point in affine form.
 *
 * @param publicKey - 33 bytes: 0x02 or 0x03, then x.
 * @throws {@link InvalidIntentError} If it is not a compressed point of the curve.
 */
export function decodePublicKey(publicKey: Uint8Array): { readonly compressed: Uint8Array; readonly xy: Uint8Array } {
  if (publicKey.length !== 33) {
    throw new InvalidIntentError('publicKey', `must be 33 bytes (compressed SEC1), not ${publicKey.length}`);
  }
  try {
    const point = secp256k1.Point.fromBytes(publicKey);
    return { compressed: point.toBytes(true), xy: point.toBytes(false).slice(1) };
  } catch (cause) {
    throw new InvalidIntentError('publicKey', 'is not a point of secp256k1', { cause });
  }
}

/**
 * Refuses every signature that a node would refuse, and those that a node would take for somebody else's.
 *
 * @param field - name of the signature in errors, such as `signatures[1]`.
 * @param digest - 32 bytes.
 * @param publicKey - 33 bytes, compressed.
 * @throws {@link InvalidSignatureError} With the reason.
 */
export function assertSignature(
  field: string,
  signature: EcdsaSignature,
  digest: Uint8Array,
  publicKey: Uint8Array,
): void {
  const { r, s, recoveryId } = signature;
  if (r.length !== 32 || s.length !== 32) {
    throw new InvalidSignatureError(field, 'encoding', `r and s must be 32 bytes, not ${r.length} and ${s.length}`);
  }
  if (!Number.isInteger(recoveryId) || recoveryId < 0 || recoveryId > 3) {
    throw new InvalidSignatureError(field, 'encoding', `recovery id must be 0, 1, 2 or 3, not ${recoveryId}`);
  }
  for (const [name, bytes] of [
    ['r', r],
    ['s', s],
  ] as const) {
    const value = bytesToInteger(bytes);
    if (value === 0n || value >= ORDER) {
      throw new InvalidSignatureError(field, 'range', `${name} is not between 1 and the group order`);
    }
  }
  if (bytesToInteger(s) > ORDER >> 1n) {
    throw new InvalidSignatureError(field, 'high-s', 's is above half the group order: use its low-s form');
  }
  if (!verifiesLowS(r, s, digest, publicKey)) {
    throw new InvalidSignatureError(field, 'mismatch', 'does not verify for this transaction and public key');
  }
  if (!recoversTo(signature, digest, publicKey)) {
    throw new InvalidSignatureError(field, 'recovery-id', 'the recovery id leads to another public key');
  }
}

/**
 * Checks that there is one signature per payload and each is by `publicKey`.
 *
 * @throws {@link InvalidSignatureError} Naming the first bad one.
 */
export function assertSignatures(
  payloads: readonly { readonly digest: Uint8Array }[],
  publicKey: Uint8Array,
  signatures: readonly EcdsaSignature[],
): void {
  if (signatures.length !== payloads.length) {
    throw new InvalidSignatureError(
      'signatures',
      'count',
      `needs exactly ${payloads.length} (one per payload), not ${signatures.length}`,
    );
  }
  payloads.forEach(({ digest }, i) => {
    assertSignature(`signatures[${i}]`, signatures[i] as EcdsaSignature, digest, publicKey);
  });
}

/** Whether (r, s), 32 bytes each, is a low-s signature over `digest` by `publicKey`. */
export function verifiesLowS(r: Uint8Array, s: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean {
  return secp256k1.verify(new Uint8Array([...r, ...s]), digest, publicKey, { prehash: false, lowS: true });
}

/** Whether (r, s, recoveryId) over `digest` recovers exactly `publicKey` (33 bytes). */
function recoversTo(signature: EcdsaSignature, digest: Uint8Array, publicKey: Uint8Array): boolean {
  const recovered = recoverPublicKey(signature, digest);
  return recovered !== undefined && equalBytes(recovered, publicKey);
}

/** The compressed public key that this signature over `digest` leads to, or undefined where there is none. */
export function recoverPublicKey(signature: EcdsaSignature, digest: Uint8Array): Uint8Array | undefined {
  // noble's `recovered` format is recovery id || r || s.
  const bytes = new Uint8Array([signature.recoveryId, ...signature.r, ...signature.s]);
  try {
    return secp256k1.recoverPublicKey(bytes, digest, { prehash: false });
  } catch {
    return undefined;
  }
}

/** r || s || recovery id: 65 bytes. */
export function encodeSignature(signature: EcdsaSignature): Uint8Array {
  return new Uint8Array([...signature.r, ...signature.s, signature.recoveryId]);
}

/**
 * Reads r || s || recovery id. Range and validity are left to {@link assertSignature}.
 *
 * @throws {@link InvalidSignatureError} If it is not 65 bytes with a last byte of 0..3 (27 and 28 are not accepted here).
 */
export function decodeSignature(bytes: Uint8Array): EcdsaSignature {
  const recoveryId = bytes[64];
  if (bytes.length !== 65 || recoveryId === undefined || recoveryId > 3) {
    throw new InvalidSignatureError('signature', 'encoding', 'must be 65 bytes: r, s, recovery id 0..3');
  }
  return { r: bytes.slice(0, 32), s: bytes.slice(32, 64), recoveryId };
}

/** The low-s form of the same signature: s becomes n - s and R its negative, so the recovery id's parity flips. */
export function toLowS(signature: EcdsaSignature): EcdsaSignature {
  const s = bytesToInteger(signature.s);
  if (s <= ORDER >> 1n || s >= ORDER) return signature;
  return { r: signature.r, s: integerToBytes32(ORDER - s), recoveryId: signature.recoveryId ^ 1 };
}

/** Strict DER of (r, s), as Bitcoin's witness carries it, without the sighash byte. At most 71 bytes for low-s. */
export function encodeDer(signature: EcdsaSignature): Uint8Array {
  return new secp256k1.Signature(bytesToInteger(signature.r), bytesToInteger(signature.s)).toBytes('der');
}

/** Reads strict DER. @throws {@link InvalidSignatureError} If it is not canonical. */
export function decodeDer(bytes: Uint8Array): { readonly r: Uint8Array; readonly s: Uint8Array } {
  try {
    const { r, s } = secp256k1.Signature.fromBytes(bytes, 'der');
    const decoded = { r: integerToBytes32(r), s: integerToBytes32(s) };
    if (!equalBytes(encodeDer({ ...decoded, recoveryId: 0 }), bytes)) throw new Error('not canonical');
    return decoded;
  } catch (cause) {
    throw new InvalidSignatureError('signature', 'encoding', 'is not strict DER', { cause });
  }
}
