/**
 * The page's line to its wallet.
 *
 * @module
 */
import type { CallName, Calls, FromWorker, ToWorker } from '../protocol.ts';

export interface LineEvents {
  readonly step: (step: string) => void;
  readonly approve: (lines: readonly string[]) => Promise<boolean>;
}

/** A call of the wallet failed, as it says. */
export class WalletCallError extends Error {
  override readonly name = 'WalletCallError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class WalletLine {
  readonly #worker = new Worker(new URL('./wallet.js', import.meta.url), { type: 'module', name: 'wallet' });
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(events: LineEvents) {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      if ('step' in data) return events.step(data.step);
      if ('ask' in data) {
        void events.approve(data.lines).then((approved) => this.#post({ answer: data.ask, approved }));
        return;
      }
      const call = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ('error' in data) call?.reject(new WalletCallError(data.code, data.error));
      else call?.resolve(data.result);
    });
    this.#worker.addEventListener('error', ({ message }) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`The wallet has stopped: ${message}`));
      this.#waiting.clear();
    });
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  call<Name extends CallName>(call: Name, request: Calls[Name]['request']): Promise<Calls[Name]['result']> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#post({ id, call, request } as ToWorker);
    });
  }
}
