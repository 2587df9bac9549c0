/**
 * Key encapsulation of shares (CG 8.1.2): one Diffie-Hellman value, one key and one sealed body per dealer and receiver.
 *
 * The nonce is zero because a key seals one body only: it depends on R_i, which a dealer draws for one message.
 *
 * @module
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { shake256 } from '@noble/hashes/sha3.js';
import { type ValidatorId, bytesToInteger, concat, encodeText, encodeUint, encodeUint16 } from '@dwallet/sigma';

/** Who seals for whom, and in which execution. */
export interface KemScope {
  /** ctx of CG 8.1.2. */
  readonly context: Uint8Array;
  readonly dealer: ValidatorId;
  readonly receiver: ValidatorId;
  /** R_i, 32 bytes. */
  readonly ephemeral: Uint8Array;
  /** K_v, 32 bytes. */
  readonly key: Uint8Array;
}

/** Bytes that sealing adds. */
export const sealBytes = 16;

const cipherOf = ({ context, dealer, receiver, ephemeral, key }: KemScope, shared: Uint8Array) => {
  const place = concat(context, encodeUint16(dealer), encodeUint16(receiver));
  const material = concat(encodeText('CLG-v1/KEM'), place, ephemeral, key, shared);
  const symmetric = shake256(material, { dkLen: 32 });
  material.fill(0);
  return chacha20poly1305(symmetric, new Uint8Array(12), place);
};

/** Seals shares, each in exactly `width` bytes. @param shared - e_i K_v, 32 bytes, secret. */
export function sealShares(scope: KemScope, shared: Uint8Array, shares: readonly bigint[], width: number): Uint8Array {
  const plaintext = concat(...shares.map((share) => encodeUint(share, width)));
  const body = cipherOf(scope, shared).encrypt(plaintext);
  plaintext.fill(0);
  return Uint8Array.from(body);
}

/**
 * Opens a body of `count` shares.
 * @param shared - k_v R_i, 32 bytes.
 * @returns undefined if the seal is broken or the length is wrong.
 */
export function openShares(
  scope: KemScope,
  shared: Uint8Array,
  body: Uint8Array,
  count: number,
  width: number,
): bigint[] | undefined {
  if (body.length !== count * width + sealBytes) return undefined;
  let plaintext: Uint8Array;
  try {
    plaintext = cipherOf(scope, shared).decrypt(body);
  } catch {
    return undefined;
  }
  const shares = Array.from({ length: count }, (_, i) =>
    bytesToInteger(plaintext.subarray(i * width, (i + 1) * width)),
  );
  plaintext.fill(0);
  return shares;
}
