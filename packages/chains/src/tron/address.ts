/**
 * Tron addresses: 0x41 and the 20 bytes of the EVM address of the same key, in base58 with a checksum.
 *
 * @module
 */
import { base58check } from '@scure/base';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { decodePublicKey } from '../ecdsa.ts';
import { InvalidIntentError } from '../errors.ts';

const coder = base58check(sha256);
const PREFIX = 0x41;

/** Address of a public key (33 bytes, compressed). @throws {@link InvalidIntentError} If it is not a point. */
export function tronAddress(publicKey: Uint8Array): string {
  return encodeTronAddress(Uint8Array.of(PREFIX, ...keccak_256(decodePublicKey(publicKey).xy).slice(-20)));
}

/** Text of 21 bytes that start with 0x41. */
export function encodeTronAddress(bytes: Uint8Array, field = 'address'): string {
  if (bytes.length !== 21 || bytes[0] !== PREFIX) throw new InvalidIntentError(field, 'is not 0x41 and 20 bytes');
  return coder.encode(bytes);
}

/** 21 bytes of an address. @throws {@link InvalidIntentError} If it is none or its checksum is wrong. */
export function decodeTronAddress(text: string, field = 'address'): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = coder.decode(text);
  } catch (cause) {
    throw new InvalidIntentError(field, 'is not a Tron address', { cause });
  }
  encodeTronAddress(bytes, field);
  return bytes;
}
