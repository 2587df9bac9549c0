/**
 * A wallet in a browser: the same sealed bytes as in files, in IndexedDB. The passphrase-derived key never leaves this page.
 *
 * Compare-and-set is one readwrite transaction, which the browser runs alone among all tabs of an origin; so is storing a client message where
 * there is none (MPC:V4).
 *
 * @module
 */
import type { PresignId, Random } from '@dwallet/sigma';
import type { SignMessageStore } from '@dwallet/two-pc-mpc/client';
import { hex } from '../hex.ts';
import { type Keystore, KeystoreError, type KeystoreSnapshot, earlierBuild } from '../keystore.ts';
import type { WalletData } from '../wallet-store.ts';
import { WalletSeal } from './sealed-wallet.ts';

/** The part of IndexedDB that is used here; `globalThis.indexedDB` fits. */
export interface IdbFactoryLike {
  open(name: string, version: number): IdbRequestLike<IdbDatabaseLike>;
}
export interface IdbEvents {
  addEventListener(type: string, listener: (event: { readonly oldVersion?: number }) => void): void;
}
export interface IdbRequestLike<T> extends IdbEvents {
  readonly result: T;
  readonly error: unknown;
  readonly transaction: { abort(): void } | null;
}
export interface IdbDatabaseLike extends IdbEvents {
  createObjectStore(name: string): unknown;
  transaction(stores: string[], mode: 'readonly' | 'readwrite', options?: { durability: 'strict' }): IdbTransactionLike;
  close(): void;
}
export interface IdbTransactionLike extends IdbEvents {
  readonly error: unknown;
  objectStore(name: string): IdbStoreLike;
}
export interface IdbStoreLike {
  get(key: string): IdbRequestLike<unknown>;
  put(value: unknown, key: string): IdbRequestLike<unknown>;
}

export interface IndexedDbKeystoreOptions {
  /** Name of the database; default `dwallet`. */
  readonly name?: string;
  /** A passphrase, or at least 16 random bytes. */
  readonly secret: string | Uint8Array;
  /** Work of scrypt for a new keystore; default 17 (128 MiB). */
  readonly log2N?: number;
  /** Default: the browser's. */
  readonly random?: Random;
  readonly factory?: IdbFactoryLike;
}

interface StoredState {
  readonly revision: number;
  readonly sealed: Uint8Array;
}

/** Of the database. Raise it when the stores, or what is in them, change. Every other version is refused. */
const databaseVersion = 2;
const state = 'state';
const messages = 'messages';
const walletKey = 'wallet';

declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };
/** Of the platform. */
export const browserRandom: Random = (length) => crypto.getRandomValues(new Uint8Array(length));

export class IndexedDbKeystore implements Keystore {
  readonly messages: SignMessageStore;
  readonly #database: IdbDatabaseLike;
  readonly #seal: WalletSeal;

  private constructor(database: IdbDatabaseLike, { secret, log2N, random }: IndexedDbKeystoreOptions) {
    this.#database = database;
    this.#seal = new WalletSeal({
      secret,
      random: random ?? browserRandom,
      ...(log2N === undefined ? {} : { log2N }),
    });
    this.messages = {
      get: (id) => this.#message(id, undefined),
      putIfAbsent: async (id, bytes) => (await this.#message(id, bytes)) as Uint8Array,
    };
  }

  /** @throws KeystoreError KEYSTORE_IO, KEYSTORE_WRONG_SECRET, KEYSTORE_DAMAGED, KEYSTORE_NEWER, KEYSTORE_OLDER */
  static async open(options: IndexedDbKeystoreOptions): Promise<IndexedDbKeystore> {
    const database = await openDatabase(options);
    const keystore = new IndexedDbKeystore(database, options);
    // A tab with a newer version of this program must not wait for this one.
    database.addEventListener('versionchange', () => database.close());
    try {
      await keystore.load();
    } catch (error) {
      database.close();
      throw error;
    }
    return keystore;
  }

  /** Whether there is a wallet, which a secret would open. @throws KeystoreError KEYSTORE_IO */
  static async exists(options: Pick<IndexedDbKeystoreOptions, 'name' | 'factory'> = {}): Promise<boolean> {
    const database = await openDatabase(options);
    try {
      return (await storedState(database)) !== undefined;
    } finally {
      database.close();
    }
  }

  async load(): Promise<KeystoreSnapshot | undefined> {
    const stored = await storedState(this.#database);
    if (stored === undefined) return undefined;
    const snapshot = await this.#seal.open(stored.sealed);
    if (snapshot.revision !== stored.revision) throw new KeystoreError('KEYSTORE_DAMAGED', 'the keystore is damaged');
    return snapshot;
  }

  async compareAndSet(expected: number, data: WalletData): Promise<boolean> {
    const revision = expected + 1;
    // A transaction does not wait for anything but its own requests: sealing comes before it.
    const sealed = await this.#seal.seal({ revision, data });
    return run<boolean>(this.#database, state, 'readwrite', (store, done) => {
      const request = store.get(walletKey);
      request.addEventListener('success', () => {
        const known = request.result as StoredState | undefined;
        const free = (known?.revision ?? 0) === expected;
        if (free) store.put({ revision, sealed } satisfies StoredState, walletKey);
        done(free);
      });
    });
  }

  /** @param bytes - stored if there are none yet. @returns what is stored. */
  async #message(id: PresignId, bytes: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    const key = hex(id);
    const stored = await run<unknown>(
      this.#database,
      messages,
      bytes === undefined ? 'readonly' : 'readwrite',
      (store, done) => {
        const request = store.get(key);
        request.addEventListener('success', () => {
          if (request.result === undefined && bytes !== undefined) store.put(bytes.slice(), key);
          done(request.result ?? bytes?.slice());
        });
      },
    );
    if (stored !== undefined && !(stored instanceof Uint8Array))
      throw new KeystoreError('KEYSTORE_DAMAGED', 'a stored message cannot be read');
    return stored;
  }

  close(): void {
    this.#database.close();
  }
}

/** @throws KeystoreError KEYSTORE_IO, KEYSTORE_NEWER, KEYSTORE_OLDER */
async function openDatabase({
  name,
  factory: given,
}: Pick<IndexedDbKeystoreOptions, 'name' | 'factory'>): Promise<IdbDatabaseLike> {
  const factory = given ?? (globalThis as { readonly indexedDB?: IdbFactoryLike }).indexedDB;
  if (factory === undefined) throw new KeystoreError('KEYSTORE_IO', 'there is no IndexedDB here');
  return new Promise((resolve, reject) => {
    const request = factory.open(name ?? 'dwallet', databaseVersion);
    const fail = (): void => {
      const newer = request.error instanceof Error && request.error.name === 'VersionError';
      reject(
        newer
          ? new KeystoreError('KEYSTORE_NEWER', 'the keystore was written by a newer version')
          : new KeystoreError('KEYSTORE_IO', 'IndexedDB cannot be opened', { cause: request.error }),
      );
    };
    request.addEventListener('upgradeneeded', ({ oldVersion }) => {
      if (oldVersion !== 0) {
        reject(new KeystoreError('KEYSTORE_OLDER', `the keystore is of ${earlierBuild}`));
        // It stays as it is.
        request.transaction?.abort();
        return;
      }
      request.result.createObjectStore(state);
      request.result.createObjectStore(messages);
    });
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', fail);
    request.addEventListener('blocked', fail);
  });
}

const storedState = (database: IdbDatabaseLike): Promise<StoredState | undefined> =>
  run<StoredState | undefined>(database, state, 'readonly', (store, done) => {
    const request = store.get(walletKey);
    request.addEventListener('success', () => done(request.result as StoredState | undefined));
  });

/** One transaction; resolves when it is on disk. */
function run<T>(
  database: IdbDatabaseLike,
  name: string,
  mode: 'readonly' | 'readwrite',
  work: (store: IdbStoreLike, done: (value: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(new KeystoreError('KEYSTORE_IO', 'IndexedDB cannot be read or written', { cause }));
    try {
      const transaction = database.transaction([name], mode, { durability: 'strict' });
      let result: { readonly value: T } | undefined;
      transaction.addEventListener('complete', () => (result === undefined ? fail(undefined) : resolve(result.value)));
      transaction.addEventListener('abort', () => fail(transaction.error));
      transaction.addEventListener('error', () => fail(transaction.error));
      work(transaction.objectStore(name), (value) => {
        result = { value };
      });
    } catch (error) {
      fail(error);
    }
  });
}
