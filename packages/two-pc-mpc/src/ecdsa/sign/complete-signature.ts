/**
 * From the two plaintexts to a signature (MPC 5.7): quotient, low s, recovery id, final verification.
 *
 * @module
 */
import {
  type Curve,
  type Digest,
  type Point,
  bytesToInteger,
  concat,
  encodeUint,
  encodeUint8,
  invertMod,
  mod,
} from '@dwallet/sigma';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { EcdsaSignature } from '../../types.ts';

/** Public inputs of the last step. */
export interface SignatureTarget {
  readonly curve: Curve;
  /** X. */
  readonly publicKey: Point;
  /** 32-byte digest that is signed. */
  readonly messageDigest: Digest;
  /** R. */
  readonly publicNonce: Point;
}

/** 64 bytes: r || s, big-endian. */
export const encodeCompactSignature = ({ r, s }: EcdsaSignature): Uint8Array =>
  concat(encodeUint(r, 32), encodeUint(s, 32));

/**
 * Strict ECDSA verification with @noble/curves: 0 < r, s < q, low s, the equation.
 * @returns false for anything else; never throws for bad numbers.
 */
export function verifySignature(
  { curve, publicKey, messageDigest }: Omit<SignatureTarget, 'publicNonce'>,
  signature: EcdsaSignature,
): boolean {
  const { r, s } = signature;
  if (r <= 0n || r >= curve.q || s <= 0n || s > curve.q >> 1n || publicKey.is0()) return false;
  return secp256k1.verify(encodeCompactSignature(signature), messageDigest, curve.encodePoint(publicKey), {
    prehash: false,
    lowS: true,
    format: 'compact',
  });
}

/** Whether the recovery id of a signature gives this key. @param publicKey - compressed, 33 bytes. */
export function recoversTo(signature: EcdsaSignature, messageDigest: Uint8Array, publicKey: Uint8Array): boolean {
  const { recoveryId: id } = signature;
  if (!Number.isInteger(id) || id < 0 || id > 3) return false;
  try {
    const bytes = concat(encodeUint8(id), encodeCompactSignature(signature));
    const recovered = secp256k1.recoverPublicKey(bytes, messageDigest, { prehash: false });
    return bytesToInteger(recovered) === bytesToInteger(publicKey);
  } catch {
    // No point has that x coordinate: the id is wrong.
    return false;
  }
}

/**
 * Recovery id: parity of R.y, flipped when s' is high, plus 2 when R.x >= q. R is the point that r was made of, s' the un-normalised scalar.
 */
export function recoveryId(q: bigint, nonceX: bigint, nonceYIsOdd: boolean, unnormalizedS: bigint): number {
  const flipped = unnormalizedS > q >> 1n;
  return (nonceYIsOdd !== flipped ? 1 : 0) + (nonceX >= q ? 2 : 0);
}

/**
 * s' = pt_A / pt_alphabeta, s = min(s', q - s'), recovery id.
 * @returns the signature, or undefined if pt_alphabeta = 0 or the signature does not verify under X (MPC:S14): then at least one share was wrong.
 */
export function completeSignature(
  target: SignatureTarget,
  numerator: bigint,
  denominator: bigint,
): EcdsaSignature | undefined {
  const { curve, publicNonce } = target;
  const { q } = curve;
  if (mod(denominator, q) === 0n || publicNonce.is0()) return undefined;
  const unnormalized = mod(numerator * invertMod(denominator, q), q);
  const encoded = curve.encodePoint(publicNonce);
  const x = bytesToInteger(encoded.subarray(1));
  const signature: EcdsaSignature = {
    r: mod(x, q),
    s: unnormalized > q >> 1n ? q - unnormalized : unnormalized,
    recoveryId: recoveryId(q, x, encoded[0] === 3, unnormalized),
  };
  // MPC:S14: r and s not 0, the equation. Never output an invalid signature.
  return verifySignature(target, signature) ? signature : undefined;
}
