/**
 * Durable records of one validator: votes, certificates, dWallet records, presigns, evidence. One writer; what was answered is on disk
 * first. `LmdbStore` (lmdb-store.ts) is what validators use.
 *
 * @module
 */
import { BugError } from '@dwallet/sigma';

/** Which life of a store this is: restoring a backup begins another (sessions/opening.ts). */
export interface StoreGeneration {
  /** 32 random bytes, made with the store and replaced by each restore. */
  readonly id: Uint8Array;
  /** Whether what was answered after some backup may be missing here. */
  readonly restored: boolean;
}

export interface RecordStore {
  /** The stored bytes, or undefined when there is none. A read error throws: it is never taken for absence. */
  get(kind: string, id: string): Uint8Array | undefined;
  /** Durable when it returns. Replaces. */
  put(kind: string, id: string, value: Uint8Array): void;
  /**
   * Durable compare-and-set from absent: stores and returns undefined, or returns the bytes that were there first.
   * A vote is taken with this before it is sent, and never again (architecture.md, How validators agree).
   */
  putOnce(kind: string, id: string, value: Uint8Array): Uint8Array | undefined;
  /** Ids of a kind in ascending order. */
  list(kind: string): string[];
  /**
   * Durable when it returns. Deleting what is not there does nothing.
   * @throws BugError for every kind but those of {@link expiringKinds}: votes, assignments, markers and certificates are never deleted.
   */
  delete(kind: string, id: string): void;
  /**
   * Several writes as one: all of them are durable when it returns, or none was made if `work` throws. Reads inside see them.
   * @param work - synchronous; a transaction inside another one is a part of it.
   */
  transaction<T>(work: () => T): T;
  readonly generation: StoreGeneration;
}

/** What clients' operations are kept in, and what zones wait for and count: the only records that expire. */
export const expiringKinds = {
  operation: 'operation',
  /** Replies are apart: a start reads all operations and no reply. */
  reply: 'operation-reply',
  requestKey: 'request-key',
  /** Submissions and releases that the zone log does not have yet. */
  zoneWaiting: 'zone-waiting',
  /** What ordinary dWallets moved, as far as windows of limits reach back. */
  zoneCounted: 'zone-counted',
} as const;

const deletable: ReadonlySet<string> = new Set(Object.values(expiringKinds));

/** @throws BugError for a kind whose records are kept for ever. */
export function checkDeletable(kind: string): string {
  if (!deletable.has(kind)) throw new BugError(`records of kind ${JSON.stringify(kind)} are never deleted`);
  return kind;
}

/** No name starts with a dot: those are files of the store itself. */
const idPattern = /^[0-9a-zA-Z_-][0-9a-zA-Z._-]{0,199}$/;

/** @throws BugError for a kind or id that no record can have. */
export function checkName(name: string): string {
  if (!idPattern.test(name)) throw new BugError(`bad record name ${JSON.stringify(name)}`);
  return name;
}

/** For tests and for peers that keep nothing. */
export class MemoryRecordStore implements RecordStore {
  #records = new Map<string, Uint8Array>();
  #depth = 0;
  #spoilt = false;
  generation: StoreGeneration = { id: new Uint8Array(32), restored: false };
  #key(kind: string, id: string): string {
    return `${checkName(kind)}/${checkName(id)}`;
  }
  get(kind: string, id: string): Uint8Array | undefined {
    return this.#records.get(this.#key(kind, id))?.slice();
  }
  put(kind: string, id: string, value: Uint8Array): void {
    this.#records.set(this.#key(kind, id), value.slice());
  }
  putOnce(kind: string, id: string, value: Uint8Array): Uint8Array | undefined {
    const known = this.get(kind, id);
    if (known === undefined) this.put(kind, id, value);
    return known;
  }
  list(kind: string): string[] {
    const prefix = `${checkName(kind)}/`;
    return [...this.#records.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length))
      .sort();
  }
  delete(kind: string, id: string): void {
    this.#records.delete(this.#key(checkDeletable(kind), id));
  }
  transaction<T>(work: () => T): T {
    const before = new Map(this.#records);
    this.#depth++;
    try {
      const value = work();
      if (value instanceof Promise) throw new BugError('a transaction must not wait');
      if (this.#depth === 1 && this.#spoilt) throw new BugError('a part of the transaction failed');
      return value;
    } catch (error) {
      this.#records = before;
      this.#spoilt = true;
      throw error;
    } finally {
      this.#depth--;
      if (this.#depth === 0) this.#spoilt = false;
    }
  }
}
