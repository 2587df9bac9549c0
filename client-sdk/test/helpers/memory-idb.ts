/**
 * As much of IndexedDB as the keystore uses, in memory: transactions of one store run one after the other, values are cloned, and a transaction is over
 * when its last request was answered. It stands in for a browser's; it proves nothing about one.
 */
import type { IdbFactoryLike } from '@dwallet/client-sdk';

type Listener = (event: { readonly oldVersion: number }) => void;

class Events {
  readonly #listeners = new Map<string, Listener[]>();
  error: unknown = null;
  result: unknown;
  transaction: { abort(): void } | null = null;
  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }
  tell(type: string, oldVersion = 0): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ oldVersion });
  }
}

type Store = Map<string, unknown>;

export class MemoryIdb {
  readonly databases = new Map<string, Map<string, Store>>();
  /** What opened the databases first, or last with a higher number. */
  readonly versions = new Map<string, number>();
  #last: Promise<void> = Promise.resolve();

  get factory(): IdbFactoryLike {
    return { open: (name: string, version: number) => this.#open(name, version) } as unknown as IdbFactoryLike;
  }

  #open(name: string, version: number): Events {
    const request = new Events();
    setTimeout(() => {
      const oldVersion = this.versions.get(name) ?? 0;
      if (version < oldVersion) {
        request.error = Object.assign(new Error('newer'), { name: 'VersionError' });
        return request.tell('error');
      }
      let aborted = false;
      request.transaction = { abort: () => (aborted = true) };
      const stores = this.databases.get(name) ?? new Map<string, Store>();
      this.databases.set(name, stores);
      request.result = Object.assign(new Events(), {
        createObjectStore: (store: string) => stores.set(store, new Map()),
        transaction: ([store]: [string], mode: string) => this.#transaction(stores.get(store) ?? new Map(), mode),
        close: () => {},
      });
      if (version > oldVersion) request.tell('upgradeneeded', oldVersion);
      if (aborted) return request.tell('error');
      this.versions.set(name, version);
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
