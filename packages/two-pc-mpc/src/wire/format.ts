/**
 * What all wire messages share: the (version, type) header, exact sizes before parsing, and errors that name the numbered check
 * which a refused field belongs to (MPC Appendix C).
 *
 * @module
 */
import { type Ciphertext, type PublicParameters, encodeCiphertext, readCiphertext } from '@dwallet/class-groups';
import { type Curve, DecodeError, type Digest, type Reader, bytesToInteger, digest } from '@dwallet/sigma';

/** Version byte of every message of this package. */
export const wireVersion = 1;

/** Type byte of every message. Numbers from 64 belong to signing. Never reuse a number. */
export const messageType = {
  setupContribution: 1,
  setupRecord: 2,
  quorumCertificate: 3,
  registerUserKey: 4,
  dkgMessage: 5,
  dwalletRecord: 6,
  acceptMessage: 7,
  presignRound1: 8,
  presignRound2: 9,
  presignRound3: 10,
  presignRecord: 11,
} as const;

/** The two bytes that open a message. */
export const header = (type: number): Uint8Array => Uint8Array.of(wireVersion, type);

export function readHeader(reader: Reader, type: number): void {
  reader.constant('version', wireVersion);
  reader.constant('type', type);
}

/** Refuses a message of another size before anything in it is parsed (MPC Appendix C rule 4). */
export function requireLength(bytes: Uint8Array, allowed: readonly number[], name: string): void {
  if (!(bytes instanceof Uint8Array) || !allowed.includes(bytes.length)) {
    throw new DecodeError(`${name}.length`, `${bytes.length} bytes, must be ${allowed.join(' or ')}`);
  }
}

/** Runs `read`; its refusal carries the numbered check of the protocol, and the parser's own error as its cause. */
export function underCheck<T>(check: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new DecodeError(cause.field, `is refused${cause.check === undefined ? '' : ` by ${cause.check}`}`, check, {
      cause,
    });
  }
}

export const readDigest = (reader: Reader, field: string): Digest => digest(reader.fixed(field, 32));

/** One byte that must be the number of `curve`. */
export const readCurveId = (reader: Reader, curve: Curve, field: string): void => reader.constant(field, curve.id);

/** Several ciphertexts in a row. */
export const readCiphertexts = (
  reader: Reader,
  parameters: PublicParameters,
  fields: readonly string[],
): Ciphertext[] => fields.map((field) => readCiphertext(reader, parameters, field));

export const encodeCiphertexts = (parameters: PublicParameters, ciphertexts: readonly Ciphertext[]): Uint8Array[] =>
  ciphertexts.map((ciphertext) => encodeCiphertext(parameters, ciphertext));

export const bytesEqual = (x: Uint8Array, y: Uint8Array): boolean =>
  x.length === y.length && x.every((byte, i) => byte === y[i]);

/** A u16 count in [1, max]. */
export function readBatch(reader: Reader, field: string, max: number): number {
  const count = Number(bytesToInteger(reader.fixed(field, 2)));
  if (count < 1 || count > max) throw new DecodeError(reader.path(field), `${count} is not in 1..${max}`);
  return count;
}
