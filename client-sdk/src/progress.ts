/**
 * What a wallet tells while it works, and how a caller gives up waiting.
 *
 * @module
 */
import { DWalletError } from '@dwallet/sigma';

/** What begins now. */
export type Step =
  | 'connect'
  | 'register-key'
  | 'make-share'
  | 'certify'
  | 'check'
  | 'accept'
  | 'recover'
  | 'build'
  | 'approve'
  | 'take-presign'
  | 'make-message'
  | 'sign'
  | 'verify'
  | 'broadcast'
  | 'wait';

/** Never holds a secret. */
export interface ProgressEvent {
  readonly step: Step;
}
export type ProgressListener = (event: ProgressEvent) => void;

/** The caller's signal was aborted. What others had begun by then goes on without it. */
export class CancelledError extends DWalletError {
  override readonly name = 'CancelledError';
  readonly code = 'CANCELLED';
  constructor(options?: ErrorOptions) {
    super('the caller has given up', options);
  }
}

/** The work, or CancelledError as soon as the signal is aborted. */
export async function orCancelled<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let stop = (): void => {};
  const cancelled = new Promise<never>((_, reject) => {
    stop = () => reject(new CancelledError({ cause: signal.reason }));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([work, cancelled]);
  } catch (error) {
    // A line that ends with the signal says so in its own words.
    throw signal.aborted && !(error instanceof CancelledError) ? new CancelledError({ cause: error }) : error;
  } finally {
    signal.removeEventListener('abort', stop);
    work.catch(() => {});
  }
}
