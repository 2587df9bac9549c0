/**
 * As much of IndexedDB as the keystore uses, in memory: transactions of one store run one after the other, values are cloned, and a transaction is over
 * when its last request was answered. It stands in for a browser's; it proves nothing about one.
 */
import type { IdbFactoryLike } from '@dwallet/client-sdk';

class Events {
  readonly #listeners = new Map<string, (() => void)[]>();
  error: unknown = null;
  result: unknown;
  addEventListener(type: string, listener: () => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }
  tell(type: string): void {
    for (const listener of this.#listeners.get(type) ?? []) listener();
  }
}

type Store = Map<string, unknown>;

export class MemoryIdb {
  readonly databases = new Map<string, Map<string, Store>>();
  #last: Promise<void> = Promise.resolve();

  get factory(): IdbFactoryLike {
    return { open: (name: string) => this.#open(name) } as unknown as IdbFactoryLike;
  }

  #open(name: string): Events {
    const request = new Events();
    setTimeout(() => {
      const fresh = !this.databases.has(name);
      const stores = this.databases.get(name) ?? new Map<string, Store>();
      this.databases.set(name, stores);
      request.result = Object.assign(new Events(), {
        createObjectStore: (store: string) => stores.set(store, new Map()),
        transaction: ([store]: [string], mode: string) => this.#transaction(stores.get(store) ?? new Map(), mode),
        close: () => {},
      });
      if (fresh) request.tell('upgradeneeded');
      request.tell('success');
    });
    return request;
  }

  #transaction(store: Store, mode: string): unknown {
    const queue: { readonly request: Events; readonly work: () => unknown }[] = [];
    const later = (work: () => unknown): Events => {
      const request = new Events();
      queue.push({ request, work });
      return request;
    };
    const api = {
      get: (key: string) => later(() => structuredClone(store.get(key))),
      put: (value: unknown, key: string) => {
        if (mode !== 'readwrite') throw new Error('readonly');
        const copy = structuredClone(value);
        return later(() => void store.set(key, copy));
      },
    };
    const transaction = Object.assign(new Events(), { objectStore: () => api });
    const before = this.#last;
    const run = async (): Promise<void> => {
      await before;
      await new Promise((resolve) => setTimeout(resolve));
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        next.request.result = next.work();
        next.request.tell('success');
      }
      transaction.tell('complete');
    };
    this.#last = run();
    return transaction;
  }
}
