/**
 * EVM addresses: the last 20 bytes of keccak256(x || y), written with the EIP-55 checksum.
 *
 * @module
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { decodePublicKey } from '../ecdsa.ts';
import { InvalidIntentError } from '../errors.ts';

/** Text of bytes in the EVM world. */
export type Hex = `0x${string}`;

/** EIP-55 text of 20 bytes. */
export function encodeEvmAddress(bytes: Uint8Array): Hex {
  if (bytes.length !== 20) throw new InvalidIntentError('address', `must be 20 bytes, not ${bytes.length}`);
  const lower = bytesToHex(bytes);
  const hash = bytesToHex(keccak_256(utf8ToBytes(lower)));
  // A letter is upper case where the same hex digit of the hash is 8 or more.
  let text = '';
  for (let i = 0; i < 40; i++) {
    const digit = lower.charAt(i);
    text += Number.parseInt(hash.charAt(i), 16) >= 8 ? digit.toUpperCase() : digit;
  }
  return `0x${text}`;
}

/**
 * Reads an address. All lower case carries no checksum and is accepted; anything else must have the EIP-55 capitals.
 *
 * @param field - name of the field in errors.
 * @throws {@link InvalidIntentError} If it is no address or its checksum is wrong (usually a typing error).
 */
export function decodeEvmAddress(text: string, field = 'address'): Uint8Array {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) {
    throw new InvalidIntentError(field, 'must be 0x and 40 hex digits');
  }
  const bytes = hexToBytes(text.slice(2));
  if (text !== text.toLowerCase() && encodeEvmAddress(bytes) !== text) {
    throw new InvalidIntentError(field, 'has a wrong EIP-55 checksum');
  }
  return bytes;
}

/** Address of a public key (33 bytes, compressed). @throws {@link InvalidIntentError} If it is not a point. */
export function evmAddress(publicKey: Uint8Array): Hex {
  return encodeEvmAddress(keccak_256(decodePublicKey(publicKey).xy).slice(-20));
}
