/**
 * Waiting by the injected clock, for as long as nobody stops it.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';

/** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const abort = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    signal.addEventListener('abort', abort, { once: true });
  });
}

/** Lets everything else that waits run first. */
export const breathe = (clock: Clock): Promise<void> => new Promise((resolve) => clock.soon(resolve));
