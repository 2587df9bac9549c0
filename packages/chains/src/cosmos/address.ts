/**
 * Cosmos SDK addresses of secp256k1 keys: bech32 of ripemd160(sha256(publicKey)).
 *
 * @module
 */
import { bech32 } from '@scure/base';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { decodePublicKey } from '../ecdsa.ts';
import { InvalidIntentError } from '../errors.ts';

/** Address of a public key (33 bytes, compressed). @throws {@link InvalidIntentError} If it is not a point. */
export function cosmosAddress(publicKey: Uint8Array, prefix: string): string {
  return bech32.encode(prefix, bech32.toWords(ripemd160(sha256(decodePublicKey(publicKey).compressed))));
}

/**
 * Checks an address of 20 bytes (accounts) or 32 (modules and contracts), in lower case.
 *
 * @throws {@link InvalidIntentError} If it is of another network or its checksum is wrong.
 */
export function checkCosmosAddress(address: string, prefix: string, field: string): string {
  try {
    const decoded = bech32.decode(address as `${string}1${string}`, 90);
    const { length } = bech32.fromWords(decoded.words);
    if (decoded.prefix === prefix && (length === 20 || length === 32) && address === address.toLowerCase())
      return address;
  } catch (cause) {
    throw new InvalidIntentError(field, 'is not a bech32 address', { cause });
  }
  throw new InvalidIntentError(field, `is not an address of the form ${prefix}1...`);
}
