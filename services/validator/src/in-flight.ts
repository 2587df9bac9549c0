/**
 * Work that is going on: whoever asks for the same thing meanwhile waits for the same result, so that nothing is computed twice because
 * two calls came at once.
 *
 * @module
 */
import type { CancelSignal } from '@dwallet/two-pc-mpc/network';
import { requestContext, withRequestContext } from './request-context.ts';

interface Running<V> {
  readonly result: Promise<V>;
  /** One more waits for it. @param gone - when that one no longer does; undefined: never. */
  readonly join: (gone: CancelSignal | undefined) => void;
  readonly abandoned: AbortSignal;
}

export class InFlight<V> {
  readonly #running = new Map<string, Running<V>>();

  /**
   * The result of the call with this key that is running, or of `work`. A failure goes to all who wait, and is forgotten. `work` is told to stop
   * (`gone` of its request context) when all of those who wait for it can stop and have gone; whoever comes after that begins anew.
   */
  share(key: string, work: () => Promise<V>): Promise<V> {
    const context = requestContext();
    const known = this.#running.get(key);
    if (known !== undefined && !known.abandoned.aborted) {
      known.join(context?.gone);
      return known.result;
    }
    const all = new AbortController();
    let waiting = 0;
    const leave = (): void => {
      if (--waiting === 0) all.abort();
    };
    const join = (gone: CancelSignal | undefined): void => {
      waiting++;
      if (gone?.aborted === true) leave();
      else gone?.addEventListener('abort', leave);
    };
    join(context?.gone);
    const started = context === undefined ? work() : withRequestContext({ ...context, gone: all.signal }, work);
    const result = started.finally(() => {
      if (this.#running.get(key)?.result === result) this.#running.delete(key);
    });
    this.#running.set(key, { result, join, abandoned: all.signal });
    return result;
  }
}
