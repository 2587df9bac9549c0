/**
 * Waiting for a chain that does not tell by itself.
 *
 * @module
 */
import { CancelledError } from './progress.ts';

/** Asks until there is an answer. @param ask - undefined for "not yet". @throws CancelledError; what `ask` throws. */
export async function polled<T>(
  ask: () => Promise<T | undefined>,
  pauseMs: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (signal?.aborted === true) throw new CancelledError({ cause: signal.reason });
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
