/**
 * The error of the local chain runtimes: one clear sentence that a user can act on.
 *
 * @module
 */

/** A local chain runtime is missing, did not start, stopped by itself or answered with an error. */
export class LocalChainError extends Error {
  override readonly name = 'LocalChainError';
  readonly code: 'MISSING_BINARY' | 'START_FAILED' | 'STOPPED' | 'REQUEST_FAILED';
  constructor(code: LocalChainError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
