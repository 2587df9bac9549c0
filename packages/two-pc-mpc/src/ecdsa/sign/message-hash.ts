/**
 * From message bytes to the message scalar m (MPC 5.2 step 1, MPC 0.4).
 *
 * @module
 */
import { type Curve, type Digest, InvalidArgumentsError, bytesToInteger, digest, mod } from '@dwallet/sigma';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { HashScheme } from '../../types.ts';

/** Numbers of the hash schemes on the wire and in transcripts: the index. Only ever appended to. */
export const hashSchemes = ['keccak256', 'sha256', 'sha256d', 'sha512-half'] as const satisfies readonly HashScheme[];

/** One byte. @throws InvalidArgumentsError for a name that is none of these. */
export function hashSchemeId(scheme: HashScheme): number {
  const id = hashSchemes.indexOf(scheme);
  if (id < 0) throw new InvalidArgumentsError('hashScheme', 'is unknown');
  return id;
}

/** 32-byte digest of the message under the scheme. */
export function hashMessage(scheme: HashScheme, message: Uint8Array): Digest {
  switch (scheme) {
    case 'keccak256':
      return digest(keccak_256(message));
    case 'sha256':
      return digest(sha256(message));
    case 'sha256d':
      return digest(sha256(sha256(message)));
    case 'sha512-half':
      return digest(sha512(message).slice(0, 32));
    default:
      throw new InvalidArgumentsError('hashScheme', 'is unknown');
  }
}

/** m: the digest as a big-endian integer mod q. */
export const messageScalar = (curve: Curve, messageDigest: Uint8Array): bigint =>
  mod(bytesToInteger(messageDigest), curve.q);
