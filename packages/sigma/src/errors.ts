/**
 * The errors of all packages: few classes, each with a stable `code`. Messages never carry secrets.
 *
 * @module
 */

/** Base of every error that these packages throw on purpose. */
export abstract class DWalletError extends Error {
  /** Stable, for programs. */
  abstract readonly code: string;
}

/** The caller's own input is wrong: a bug or a bad setting on this side, never a peer's fault. */
export class InvalidArgumentsError extends DWalletError {
  override readonly name = 'InvalidArgumentsError';
  readonly code = 'INVALID_ARGUMENTS';
  readonly field: string;
  constructor(field: string, message: string, options?: ErrorOptions) {
    super(`${field}: ${message}`, options);
    this.field = field;
  }
}

/** Untrusted bytes are not the canonical encoding of what was expected. */
export class DecodeError extends DWalletError {
  override readonly name = 'DecodeError';
  readonly code = 'DECODE';
  /** Path of the field, such as `SignMsg.ctA.c1`. */
  readonly field: string;
  /** The check of the specifications that failed, such as `CG:P7`, where there is one. */
  readonly check: string | undefined;
  constructor(field: string, message: string, check?: string, options?: ErrorOptions) {
    super(`${field}: ${message}${check === undefined ? '' : ` (${check})`}`, options);
    this.field = field;
    this.check = check;
  }
}

/** A well-formed message fails a numbered check of the specifications. */
export class CheckError extends DWalletError {
  override readonly name = 'CheckError';
  readonly code = 'CHECK_FAILED';
  /** `MPC:S9`, `CG:P7`, ... */
  readonly check: string;
  readonly field: string;
  constructor(check: string, field: string, message: string, options?: ErrorOptions) {
    super(`${check} ${field}: ${message}`, options);
    this.check = check;
    this.field = field;
  }
}

/** One party's provable fault: what everybody can check again from the message. */
export interface Blame {
  /** Validator number 1..n (tangible). */
  readonly party: number;
  /** Failed check id. */
  readonly check: string;
  readonly reason: string;
}

/** The protocol cannot go on because parties cheated. */
export class AbortError extends DWalletError {
  override readonly name = 'AbortError';
  readonly code = 'ABORT';
  readonly blamed: readonly Blame[];
  constructor(message: string, blamed: readonly Blame[]) {
    super(message);
    this.blamed = blamed;
  }
}

/** Too few honest messages so far: wait for more and call again. The one retryable error. */
export class ThresholdNotReachedError extends DWalletError {
  override readonly name = 'ThresholdNotReachedError';
  readonly code = 'THRESHOLD_NOT_REACHED';
  readonly have: number;
  readonly need: number;
  /** Who was found faulty among the messages so far. */
  readonly blamed: readonly Blame[];
  constructor(what: string, have: number, need: number, blamed: readonly Blame[] = []) {
    super(`${what}: have weight ${have}, need ${need}`);
    this.have = have;
    this.need = need;
    this.blamed = blamed;
  }
}

/** Must never happen. Stop and alarm; do not retry. */
export class BugError extends DWalletError {
  override readonly name = 'BugError';
  readonly code = 'BUG';
}
