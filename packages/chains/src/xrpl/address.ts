/**
 * XRP Ledger accounts of secp256k1 keys: ripemd160(sha256(publicKey)) in the ledger's base58.
 *
 * @module
 */
import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeAccountID, isValidClassicAddress } from 'ripple-address-codec';
import { decodePublicKey } from '../ecdsa.ts';
import { InvalidIntentError } from '../errors.ts';

/** Classic address of a public key (33 bytes, compressed). @throws {@link InvalidIntentError} If it is not a point. */
export function xrplAddress(publicKey: Uint8Array): string {
  return encodeAccountID(ripemd160(sha256(decodePublicKey(publicKey).compressed)));
}

/** @throws {@link InvalidIntentError} If it is not a classic address (`r...`) with a right checksum. */
export function checkXrplAddress(address: string, field: string): string {
  if (typeof address !== 'string' || !isValidClassicAddress(address)) {
    throw new InvalidIntentError(field, 'is not a classic XRP Ledger address');
  }
  return address;
}
