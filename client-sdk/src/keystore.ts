/**
 * Where a wallet lives: one interface over an encrypted file (Node), IndexedDB (browsers) and memory.
 *
 * A keystore holds the wallet data as a whole under a revision, and changes it by compare-and-set: of two processes or tabs that change it at the
 * same moment one is told so and starts again from what the other one wrote. Beside it, it keeps the bytes of every client message for ever
 * (MPC:V4), which is what keeps two of them from using one presign for two messages.
 *
 * @module
 */
import { DWalletError, type Random, Secret, hashTagged } from '@dwallet/sigma';
import { MemorySignMessageStore, type SignMessageStore } from '@dwallet/two-pc-mpc/client';
import { fromHex, hex } from './hex.ts';
import type { WalletData, WalletStore } from './wallet-store.ts';

export type KeystoreErrorCode =
  | 'KEYSTORE_WRONG_SECRET'
  | 'KEYSTORE_DAMAGED'
  | 'KEYSTORE_NEWER'
  | 'KEYSTORE_OLDER'
  | 'KEYSTORE_IO'
  | 'KEYSTORE_BUSY'
  | 'KEYSTORE_PLAIN_WALLET'
  | 'KEYSTORE_SEED_CHANGED'
  | 'KEYSTORE_NOT_EMPTY';

/** What to do about what was kept before the first release, in words of an error. */
export const earlierBuild =
  'an earlier build, which this one does not read: recover the wallet from its recovery words into a new place';

/** A keystore cannot be read or written. Nothing was changed. Never holds anything of the content. */
export class KeystoreError extends DWalletError {
  override readonly name = 'KeystoreError';
  readonly code: KeystoreErrorCode;
  constructor(code: KeystoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface KeystoreSnapshot {
  /** 1 for the first one; 0 stands for an empty keystore. */
  readonly revision: number;
  readonly data: WalletData;
}

export interface Keystore {
  /** Client messages by presign (MPC:V4): durable, never removed or replaced. */
  readonly messages: SignMessageStore;
  /** @returns undefined when it is empty. @throws KeystoreError when it cannot tell: never "empty" instead. */
  load(): Promise<KeystoreSnapshot | undefined>;
  /**
   * Stores the data as revision `expected + 1` if the keystore is at `expected`. Whole, or not at all; durable when it resolves to true.
   * @returns false, with nothing changed, when somebody else has changed it.
   */
  compareAndSet(expected: number, data: WalletData): Promise<boolean>;
}

/** Forgets with the process. */
export class MemoryKeystore implements Keystore {
  readonly messages = new MemorySignMessageStore();
  #snapshot: KeystoreSnapshot | undefined;

  constructor(data?: WalletData) {
    if (data !== undefined) this.#snapshot = { revision: 1, data: structuredClone(data) };
  }
  async load(): Promise<KeystoreSnapshot | undefined> {
    return structuredClone(this.#snapshot);
  }
  async compareAndSet(expected: number, data: WalletData): Promise<boolean> {
    if ((this.#snapshot?.revision ?? 0) !== expected) return false;
    this.#snapshot = { revision: expected + 1, data: structuredClone(data) };
    return true;
  }
}

const maxAttempts = 64;
const isKeystore = (store: WalletStore | Keystore): store is Keystore => 'compareAndSet' in store;

/**
 * The wallet data of one process: the last state seen, and changes that keep what other processes have written.
 */
export class WalletState {
  readonly #store: WalletStore | Keystore;
  #data: WalletData | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: WalletStore | Keystore) {
    this.#store = store;
  }

  /** What was seen last. */
  get data(): WalletData {
    if (this.#data === undefined) throw new KeystoreError('KEYSTORE_IO', 'the wallet was not loaded yet');
    return this.#data;
  }

  /** What the store has now. @returns undefined when it is empty and was never anything else. */
  async refresh(): Promise<WalletData | undefined> {
    const store = this.#store;
    const found = isKeystore(store) ? (await store.load())?.data : store.load();
    if (found !== undefined) this.#keep(found);
    return this.#data;
  }

  /**
   * Applies a change to what the store has now; durable when it resolves. A change is a pure function: it may be applied again to newer data.
   * @throws KeystoreError; what the store throws.
   */
  update(change: (data: WalletData | undefined) => WalletData): Promise<WalletData> {
    const done = this.#last.then(() => this.#update(change));
    this.#last = done.catch(() => {});
    return done;
  }

  async #update(change: (data: WalletData | undefined) => WalletData): Promise<WalletData> {
    const store = this.#store;
    if (!isKeystore(store)) {
      const data = change(store.load() ?? this.#data);
      store.save(data);
      return this.#keep(data);
    }
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const known = await store.load();
      if (known === undefined && this.#data !== undefined)
        throw new KeystoreError('KEYSTORE_IO', 'the keystore has become empty');
      if (known !== undefined) this.#keep(known.data);
      const data = change(known?.data);
      if (await store.compareAndSet(known?.revision ?? 0, data)) return this.#keep(data);
    }
    throw new KeystoreError('KEYSTORE_BUSY', 'others change the keystore all the time');
  }

  /** One process works for one seed: under another one its account and its shares would not belong together. */
  #keep(data: WalletData): WalletData {
    if (this.#data !== undefined && this.#data.seed !== data.seed)
      throw new KeystoreError('KEYSTORE_SEED_CHANGED', 'another wallet has taken the place of this one');
    this.#data = data;
    return data;
  }
}

/** What the keystore has; a new wallet with a new recovery seed, stored, if it is empty. */
export async function openKeystore(keystore: Keystore, random: Random): Promise<WalletData> {
  const state = new WalletState(keystore);
  return (await state.refresh()) ?? (await state.update((known) => known ?? newWallet(random(32))));
}

/** An empty wallet of a recovery seed of 32 bytes. */
export const newWallet = (seed: Uint8Array): WalletData => ({ version: 1, seed: hex(seed), wallets: [] });

/** The key that authenticates a wallet's cached tables, from its recovery seed (see `walletTableSealKey`). */
export function tableSealKeyOf(data: WalletData): Secret<Uint8Array> {
  const seed = fromHex(data.seed);
  try {
    return new Secret(hashTagged('wallet-table-seal', [seed], 32));
  } finally {
    seed.fill(0);
  }
}
