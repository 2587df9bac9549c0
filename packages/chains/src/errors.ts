/**
 * The errors of native transactions. Each has a stable `code` for programs and names the field at fault.
 *
 * They repeat the shape of the errors in `@dwallet/sigma` without importing it: this package depends on no other.
 *
 * @module
 */

/** Base of every error that this package throws on purpose. */
export abstract class ChainError extends Error {
  /** Stable, for programs. */
  abstract readonly code: string;
  /** Path of the field at fault, such as `inputs[0].amountSats`. */
  readonly field: string;
  constructor(field: string, message: string, options?: ErrorOptions) {
    super(`${field}: ${message}`, options);
    this.field = field;
  }
}

/** The caller's intent, public key or argument is wrong: nothing was built. */
export class InvalidIntentError extends ChainError {
  override readonly name = 'InvalidIntentError';
  readonly code = 'INVALID_INTENT';
}

/** Untrusted bytes are not the one canonical encoding of a transaction that this package can show to a person. */
export class TransactionDecodeError extends ChainError {
  override readonly name = 'TransactionDecodeError';
  readonly code = 'TRANSACTION_DECODE';
}

/** There is no module for this chain or format: such a request is refused, never signed blindly. */
export class UnsupportedRequestError extends ChainError {
  override readonly name = 'UnsupportedRequestError';
  readonly code = 'UNSUPPORTED_REQUEST';
}

/** Why a signature was refused. */
export type InvalidSignatureReason =
  /** Not one signature per payload. */
  | 'count'
  /** r or s is not 32 bytes, or the recovery id is not 0..3. */
  | 'encoding'
  /** r or s is zero or not below the group order. */
  | 'range'
  /** s is above half the group order: valid mathematics, but malleable, so nodes refuse it. */
  | 'high-s'
  /** Does not verify for this digest and public key. */
  | 'mismatch'
  /** Verifies, but the recovery id leads to another public key. */
  | 'recovery-id';

/** A signature that must not be put into a transaction. */
export class InvalidSignatureError extends ChainError {
  override readonly name = 'InvalidSignatureError';
  readonly code = 'INVALID_SIGNATURE';
  readonly reason: InvalidSignatureReason;
  constructor(field: string, reason: InvalidSignatureReason, message: string, options?: ErrorOptions) {
    super(field, message, options);
    this.reason = reason;
  }
}

/** Must never happen: two implementations of one encoding disagree. Stop and do not sign. */
export class EncodingMismatchError extends ChainError {
  override readonly name = 'EncodingMismatchError';
  readonly code = 'ENCODING_MISMATCH';
}

/**
 * Runs a reader over untrusted bytes: every failure becomes a {@link TransactionDecodeError} that keeps the field at fault.
 *
 * @param field - the field named where a library failed without naming one.
 */
export function decoding<T>(field: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof TransactionDecodeError || cause instanceof EncodingMismatchError) throw cause;
    if (cause instanceof ChainError) {
      throw new TransactionDecodeError(cause.field, cause.message.slice(cause.field.length + 2), { cause });
    }
    throw new TransactionDecodeError(field, `is not ${what}`, { cause });
  }
}
