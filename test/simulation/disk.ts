/**
 * One validator's disk as the store interfaces promise it: what a write put there is durable when the write returns, and nothing else
 * survives a crash. The process can be killed before a write, between the write and its sync (then chance decides whether it is there)
 * and after it. Mutations make it lie.
 *
 * @module
 */
import { BugError, type Digest, type PresignId, type ValidatorId } from '@dwallet/sigma';
import { type MarkOutcome, type SingleUseStore, markOutcome } from '@dwallet/two-pc-mpc/network';
import { type RecordStore, type StoreGeneration, checkName } from '../../services/validator/src/store/record-store.ts';
import { StoreError } from '../../services/validator/src/store/store-error.ts';
import type { Chance } from './scheduler.ts';

/** Ends the code of a process that was killed, wherever it is. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Markers stand beside the records under a name that no record can have. */
export const markerKind = '.marker';
export const markerKey = (presign: string): string => `${markerKind}/${presign}`;

/** What is on a disk: base (shared, never changed) and what was written since. Values are never changed in place. */
export class Disk {
  readonly #base: ReadonlyMap<string, Uint8Array>;
  #written = new Map<string, Uint8Array>();
  constructor(base: ReadonlyMap<string, Uint8Array>) {
    this.#base = base;
  }
  get(key: string): Uint8Array | undefined {
    return this.#written.get(key) ?? this.#base.get(key);
  }
  set(key: string, value: Uint8Array): void {
    this.#written.set(key, value);
  }
  *keys(): Generator<string> {
    for (const key of this.#base.keys()) if (!this.#written.has(key)) yield key;
    yield* this.#written.keys();
  }
  /** A backup. */
  copy(): Disk {
    const copy = new Disk(this.#base);
    copy.#written = new Map(this.#written);
    return copy;
  }
}

/** How a disk misbehaves now; set by the schedule. */
export interface DiskFaults {
  /** Virtual milliseconds that a write takes. */
  slowMs: number;
  /** Refuses every write. */
  full: boolean;
  /** Probability that a write fails and nobody knows whether it is there. */
  failing: number;
}

/** What a mutated store does; `undefined` everywhere is the real thing. */
export interface StoreMutation {
  /** Kinds that are in memory only until some time later. */
  readonly lazy?: (kind: string) => boolean;
  /** Kinds for which putOnce is put. */
  readonly overwrites?: (kind: string) => boolean;
  /** Kinds that are never found again. */
  readonly forgets?: (kind: string) => boolean;
  /** A restored store looks as if it never had been. */
  readonly forgetsRestore?: boolean;
}

/** Who uses the store: one incarnation of a validator. */
export interface StoreOwner {
  readonly index: ValidatorId;
  readonly alive: boolean;
  /** A place where this process can be killed. @throws Killed */
  point(where: string): void;
  /** The process stands still for so long. */
  busy(ms: number): void;
  /** Runs later unless the process is killed. */
  later(ms: number, run: () => void): void;
}

export class SimulatedStore implements RecordStore {
  readonly #disk: Disk;
  readonly #owner: StoreOwner;
  readonly #faults: DiskFaults;
  readonly #chance: Chance;
  readonly #mutation: StoreMutation;
  /** Only with a mutation: what is not on the disk yet. */
  readonly #memory = new Map<string, Uint8Array>();
  /** Writes of the transaction that is being made. */
  #pending: Map<string, Uint8Array> | undefined;
  #failed = false;
  readonly generation: StoreGeneration;

  constructor(
    disk: Disk,
    owner: StoreOwner,
    faults: DiskFaults,
    chance: Chance,
    mutation: StoreMutation,
    generation: StoreGeneration,
  ) {
    this.#disk = disk;
    this.#owner = owner;
    this.#faults = faults;
    this.#chance = chance;
    this.#mutation = mutation;
    this.generation = generation;
  }

  get failed(): boolean {
    return this.#failed;
  }
  #usable(): void {
    if (!this.#owner.alive) throw new Killed();
    if (this.#failed) throw new StoreError('STORE_IO', 'the store failed before');
  }
  read(key: string): Uint8Array | undefined {
    this.#usable();
    return this.#pending?.get(key) ?? this.#memory.get(key) ?? this.#disk.get(key);
  }
  write(key: string, value: Uint8Array): void {
    this.#usable();
    if (this.#pending !== undefined) this.#pending.set(key, value);
    else this.#commit(new Map([[key, value]]));
  }

  #commit(writes: ReadonlyMap<string, Uint8Array>): void {
    const kinds = [...new Set([...writes.keys()].map((key) => key.slice(0, key.indexOf('/'))))].join('+');
    this.#owner.point(`before write ${kinds}`);
    if (this.#faults.full) throw new StoreError('STORE_DISK_FULL', 'the disk is full');
    this.#owner.busy(this.#faults.slowMs);
    const durable = (): void => {
      for (const [key, value] of writes) this.#set(key, value);
    };
    if (this.#chance.happens(this.#faults.failing)) {
      this.#failed = true;
      if (this.#chance.happens(0.5)) durable();
      throw new StoreError('STORE_IO', 'a write failed');
    }
    try {
      this.#owner.point(`before sync ${kinds}`);
    } catch (error) {
      // The bytes were on their way when the process died: all of them got there, or none.
      if (this.#chance.happens(0.5)) durable();
      throw error;
    }
    durable();
    this.#owner.point(`after write ${kinds}`);
  }
  #set(key: string, value: Uint8Array): void {
    const kind = key.slice(0, key.indexOf('/'));
    if (this.#mutation.lazy?.(kind) !== true) {
      this.#disk.set(key, value);
      return;
    }
    this.#memory.set(key, value);
    this.#owner.later(lazyMs, () => this.#disk.set(key, value));
  }

  get(kind: string, id: string): Uint8Array | undefined {
    if (this.#mutation.forgets?.(kind) === true) return undefined;
    return this.read(keyOf(kind, id))?.slice();
  }
  put(kind: string, id: string, value: Uint8Array): void {
    this.write(keyOf(kind, id), value.slice());
  }
  /** No session deletes anything. */
  delete(): never {
    throw new BugError('a session deletes a record');
  }
  putOnce(kind: string, id: string, value: Uint8Array): Uint8Array | undefined {
    const known = this.get(kind, id);
    if (known !== undefined && this.#mutation.overwrites?.(kind) !== true) return known;
    this.put(kind, id, value);
    return undefined;
  }
  list(kind: string): string[] {
    this.#usable();
    const prefix = `${checkName(kind)}/`;
    const ids = new Set<string>();
    for (const keys of [this.#disk.keys(), this.#memory.keys(), this.#pending?.keys() ?? []])
      for (const key of keys) if (key.startsWith(prefix)) ids.add(key.slice(prefix.length));
    return [...ids].sort();
  }
  transaction<T>(work: () => T): T {
    this.#usable();
    if (this.#pending !== undefined) return work();
    this.#pending = new Map();
    let value: T;
    let writes: ReadonlyMap<string, Uint8Array>;
    try {
      value = work();
      if (value instanceof Promise) throw new BugError('a transaction must not wait');
    } finally {
      writes = this.#pending;
      this.#pending = undefined;
    }
    if (writes.size > 0) this.#commit(writes);
    return value;
  }
}

/** How late a lying disk is. */
const lazyMs = 5_000;

const keyOf = (kind: string, id: string): string => `${checkName(kind)}/${checkName(id)}`;

const voidMark = new Uint8Array(0);

/** Markers beside the records, as in the LMDB store. Each is one durable write. */
export class SimulatedMarkers implements SingleUseStore {
  readonly #store: SimulatedStore;
  readonly #overwrites: boolean;
  constructor(store: SimulatedStore, mutation: StoreMutation) {
    this.#store = store;
    this.#overwrites = mutation.overwrites?.(markerKind) === true;
  }
  #known(presignId: PresignId): Digest | 'void' | undefined {
    const known = this.#store.read(markerKey(hex(presignId)));
    if (known === undefined) return undefined;
    return known.length === 0 ? 'void' : (known.slice() as Digest);
  }
  /** Synchronous inside, as in the real stores: two calls never interleave between look-up and write. */
  async mark(presignId: PresignId, digest: Digest): Promise<MarkOutcome> {
    const known = this.#known(presignId);
    if (known !== undefined && !this.#overwrites) return markOutcome(known, digest);
    this.#store.write(markerKey(hex(presignId)), digest.slice());
    return 'marked';
  }
  async markVoid(presignId: PresignId): Promise<void> {
    if (this.#known(presignId) === undefined) this.#store.write(markerKey(hex(presignId)), voidMark);
  }
  async lookup(presignId: PresignId): Promise<Digest | 'void' | undefined> {
    return this.#known(presignId);
  }
}
