/**
 * The durable store of one validator: records and single-use markers in one LMDB environment, with one writer. Every write is on disk when
 * it returns, several can be one, and nothing is ever half there.
 *
 * Measured with strace (lmdb 3.5.6, overlappingSync false): a transaction is its pages, one fdatasync, then its meta page on an O_DSYNC file.
 *
 * LMDB has no checksums, and a page that decays could make a vote or a marker disappear. So beside each value stands its checksum, and the
 * header counts the records and holds the exclusive-or of their checksums. All of them are added up again when the store is opened; a
 * value is checked when it is read. What does not fit is an error, never an absent record.
 *
 * What a store cannot see is that it was replaced by an older copy of itself. Restoring a backup therefore starts a new generation
 * (restore-backup.ts, sessions/opening.ts).
 *
 * @module
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statfsSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  BugError,
  DWalletError,
  DecodeError,
  type Digest,
  InvalidArgumentsError,
  type PresignId,
  type Random,
  concat,
  constantTimeEqual,
  digest as toDigest,
  encodeText,
  encodeUint32,
  encodeUint64,
} from '@dwallet/sigma';
import { type MarkOutcome, type SingleUseStore, acceptedSigningPolicy, markOutcome } from '@dwallet/two-pc-mpc/network';
import { sha256 } from '@noble/hashes/sha2.js';
import { type RootDatabase, open } from 'lmdb';
import { writeBackup } from './backup-files.ts';
import { type OwnerLock, takeOwnership } from './owner-lock.ts';
import { type RecordStore, type StoreGeneration, checkDeletable, checkName } from './record-store.ts';
import { StoreError } from './store-error.ts';
import { hasVersionOne, readVersionOne, retireVersionOne } from './version-1.ts';

/** Raise it when the layout changes, and say in {@link migrations} how to get there. Older programs refuse newer stores. */
export const storeVersion = 3;

export interface LmdbStoreOptions {
  /** The validator's folder: the store is its subfolder `store`; records of version 1 are looked for in it. */
  readonly folder: string;
  /** The validator's identity key, 32 bytes. */
  readonly owner: Uint8Array;
  readonly networkId: Digest;
  /** For the generation of a new store. */
  readonly random: Random;
  /** Below this many free bytes nothing is begun (default 8 MiB): a disk that is full is met before a write, not in the middle of one. */
  readonly minFreeBytes?: number;
}

/** What a store says of itself. */
interface Header {
  readonly version: number;
  /** Digest of the identity key. */
  readonly owner: Uint8Array;
  readonly network: Uint8Array;
  readonly generation: Uint8Array;
  /** How often this store was restored from a backup. */
  readonly restores: number;
  readonly count: bigint;
  /** Exclusive-or of all checksums. */
  readonly tally: Uint8Array;
}

const magic = encodeText('DWSTORE\n');
const headerKey = Buffer.from('h');
const checkBytes = 32;
const headerBytes = magic.length + 4 + 3 * 32 + 4 + 8 + 32 + checkBytes;
const defaultMinFreeBytes = 8 * 1024 * 1024;
/** Markers share the tables of records, under a name that no record can have. */
const markerKind = '.marker';
const kindMark = 1;
const kindVoid = 2;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const ownerDigest = (owner: Uint8Array): Uint8Array => sha256(concat(encodeText('dwallet/v1/store-owner'), owner));
const checksum = (name: string, value: Uint8Array): Uint8Array =>
  sha256(concat(encodeText(`dwallet/v1/store-record/${name}/`), value));
const xor = (x: Uint8Array, y: Uint8Array): Uint8Array => x.map((byte, i) => byte ^ (y[i] as number));

/** Checksums stand together, so that adding them up reads no values. */
const checkKey = (name: string): Buffer => Buffer.from(`c/${name}`, 'latin1');
const valueKey = (name: string): Buffer => Buffer.from(`v/${name}`, 'latin1');
const rangeOf = (prefix: string): { start: Buffer; end: Buffer } => {
  const start = Buffer.from(prefix, 'latin1');
  const end = Buffer.from(start);
  end[end.length - 1] = (end.at(-1) as number) + 1;
  return { start, end };
};

function encodeHeader(header: Header): Uint8Array {
  const body = concat(
    magic,
    encodeUint32(header.version),
    header.owner,
    header.network,
    header.generation,
    encodeUint32(header.restores),
    encodeUint64(header.count),
    header.tally,
  );
  return concat(body, sha256(body));
}

/** @throws StoreError STORE_VERSION before anything else is looked at, STORE_DAMAGED. */
function decodeHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < magic.length + 4 || !constantTimeEqual(bytes.subarray(0, magic.length), magic))
    throw new StoreError('STORE_DAMAGED', 'the store has no header');
  const version = view.getUint32(magic.length);
  if (version > storeVersion)
    throw new StoreError(
      'STORE_VERSION',
      `the store was written by a newer program: version ${version}, this one reads up to ${storeVersion}`,
    );
  const body = bytes.subarray(0, headerBytes - checkBytes);
  if (bytes.length !== headerBytes || !constantTimeEqual(sha256(body), bytes.subarray(headerBytes - checkBytes)))
    throw new StoreError('STORE_DAMAGED', 'the header of the store is damaged');
  let offset = magic.length + 4;
  const take = (length: number): Uint8Array => bytes.slice(offset, (offset += length));
  const [owner, network, generation] = [take(32), take(32), take(32)];
  const restores = view.getUint32(offset);
  const count = view.getBigUint64(offset + 4);
  offset += 12;
  return { version, owner, network, generation, restores, count, tally: take(32) };
}

/** One step up, inside the one transaction in which a store becomes current. */
interface Migration {
  readonly from: number;
  readonly run: (store: MigratedStore, options: LmdbStoreOptions) => void;
}
interface MigratedStore {
  readonly put: (name: string, value: Uint8Array) => void;
  /** All records of a kind. */
  readonly records: (kind: string) => readonly Uint8Array[];
}

const markerValue = (marker: Digest | 'void'): Uint8Array =>
  marker === 'void' ? concat(Uint8Array.of(kindVoid), new Uint8Array(32)) : concat(Uint8Array.of(kindMark), marker);
const markerName = (id: Uint8Array): string => `${markerKind}/${hex(id)}`;

const migrations: readonly Migration[] = [
  {
    // Version 1: a file per record and a log of markers, in the validator's folder.
    from: 1,
    run: ({ put }, { folder, owner }) => {
      for (const entry of readVersionOne(folder, owner)) {
        if ('record' in entry) put(`${entry.kind}/${entry.id}`, entry.record);
        else put(markerName(entry.presignId), markerValue(entry.marker));
      }
    },
  },
  {
    // Version 2: acceptances did not say what the owner lets validators sign, and nobody but the owner could add it.
    from: 2,
    run: ({ records }) => {
      try {
        for (const acceptance of records('dwallet-acceptance')) acceptedSigningPolicy(acceptance);
      } catch (cause) {
        if (!(cause instanceof DecodeError)) throw cause;
        throw new StoreError(
          'STORE_VERSION',
          'the store is of a build before the first release, whose dWallets this one does not read: ' +
            'move what their keys hold with that build, then make a new network in an empty folder',
          { cause },
        );
      }
    },
  },
];

/** The transaction that is being made. */
interface Running {
  /** What the store will say of itself; undefined while nothing was changed. */
  header: Header | undefined;
  /** A joined transaction failed: nothing of the whole may stay. */
  spoilt: boolean;
}

export class LmdbStore implements RecordStore {
  readonly #options: LmdbStoreOptions;
  readonly #path: string;
  readonly #minFreeBytes: number;
  readonly #lock: OwnerLock;
  readonly #db: RootDatabase<Buffer, Uint8Array>;
  #header: Header;
  #running: Running | undefined;
  #failure: StoreError | undefined;
  #closed = false;
  #copies: Promise<unknown> = Promise.resolve();

  private constructor(options: LmdbStoreOptions, path: string, lock: OwnerLock) {
    this.#options = options;
    this.#path = path;
    this.#minFreeBytes = options.minFreeBytes ?? defaultMinFreeBytes;
    this.#lock = lock;
    this.#header = newHeader(options);
    try {
      coverTruncation(join(path, 'data.mdb'));
      // The map grows with the file.
      this.#db = open({ path, encoding: 'binary', keyEncoding: 'binary', overlappingSync: false, maxReaders: 16 });
    } catch (error) {
      throw openingError(error);
    }
    try {
      this.#load();
    } catch (error) {
      void this.#db.close();
      throw error;
    }
  }

  /**
   * Opens or makes the store of a validator, brings an older one up to date and checks that it is whole.
   * @throws StoreError STORE_LOCKED, STORE_VERSION, STORE_OWNER, STORE_DAMAGED, STORE_DISK_FULL, STORE_IO.
   */
  static open(options: LmdbStoreOptions): LmdbStore {
    if (options.owner.length !== 32) throw new InvalidArgumentsError('owner', 'must be 32 bytes');
    const path = join(options.folder, 'store');
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const lock = takeOwnership(join(path, 'owner'));
    try {
      return new LmdbStore(options, path, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  #load(): void {
    const stored = this.#read(headerKey);
    if (stored === undefined) {
      if ([...this.#db.getKeys({ limit: 1 })].length > 0) throw damaged('has records and no header');
      this.#create();
      return;
    }
    const header = decodeHeader(stored);
    const { owner, networkId, folder } = this.#options;
    if (!constantTimeEqual(header.owner, ownerDigest(owner)) || !constantTimeEqual(header.network, networkId))
      throw new StoreError('STORE_OWNER', 'the store belongs to another validator or network');
    this.#header = header;
    this.#addUp();
    if (header.version < storeVersion) this.#migrate(header.version);
    // The process died between the import and this.
    if (hasVersionOne(folder)) this.#finishImport();
    syncFolder(this.#path);
  }

  #create(): void {
    const { folder } = this.#options;
    const imported = hasVersionOne(folder);
    if (imported) this.#migrate(1);
    else this.#commit(() => this.#change({}));
    for (const parent of [this.#path, folder]) syncFolder(parent);
    if (imported) retireVersionOne(folder);
  }

  /** All steps in one transaction: a store is of one version or of the next, whenever the process dies. */
  #migrate(from: number): void {
    this.#commit(() => {
      for (let version = from; version < storeVersion; version++) {
        const step = migrations.find((migration) => migration.from === version);
        if (step === undefined) throw new StoreError('STORE_VERSION', `there is no way up from version ${version}`);
        const records = (kind: string): Uint8Array[] => this.list(kind).map((id) => this.get(kind, id) as Uint8Array);
        step.run({ put: (name, value) => this.#set(name, value), records }, this.#options);
      }
      this.#change({ version: storeVersion });
    });
  }

  /** What was imported is still beside the store. Anything else there was written by an older program since, and nobody can merge that. */
  #finishImport(): void {
    const { folder, owner } = this.#options;
    for (const entry of readVersionOne(folder, owner)) {
      const [name, value] =
        'record' in entry
          ? [`${entry.kind}/${entry.id}`, entry.record]
          : [markerName(entry.presignId), markerValue(entry.marker)];
      const known = this.#value(name);
      if (known === undefined || !constantTimeEqual(known, value))
        throw damaged(
          'differs from the records of version 1 beside it, which an older program has used since the import',
        );
    }
    retireVersionOne(folder);
  }

  /** Every record that was ever acknowledged is there. */
  #addUp(): void {
    let count = 0n;
    const tally = new Uint8Array(checkBytes);
    this.#guardRead(() => {
      // Side by side: however many there are, few are in memory.
      const values = this.#db.getKeys(rangeOf('v/'))[Symbol.iterator]();
      for (const { key, value } of this.#db.getRange(rangeOf('c/'))) {
        const name = Buffer.from(values.next().value ?? []);
        if (value.length !== checkBytes || name.compare(Buffer.from(key), 2, key.length, 2) !== 0)
          throw damaged('has lost a record');
        for (let i = 0; i < checkBytes; i++) tally[i] = (tally[i] as number) ^ (value[i] as number);
        count++;
      }
      if (values.next().done !== true) throw damaged('has lost records');
    });
    if (count !== this.#header.count || !constantTimeEqual(tally, this.#header.tally))
      throw damaged('has lost records');
  }

  // Reading ---------------------------------------------------------------------------------------------------------------------

  #requireUsable(): void {
    if (this.#closed) throw new StoreError('STORE_CLOSED', 'the store is closed');
    if (this.#failure !== undefined)
      throw new StoreError(this.#failure.code, `the store failed before: ${this.#failure.message}`);
  }

  #guardRead<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof DWalletError) throw error;
      throw lmdbError(error, 'cannot be read', this.#path);
    }
  }

  #read(key: Uint8Array): Uint8Array | undefined {
    const found = this.#guardRead(() => this.#db.getBinary(key));
    return found === undefined ? undefined : new Uint8Array(found);
  }

  #value(name: string): Uint8Array | undefined {
    const check = this.#read(checkKey(name));
    const value = this.#read(valueKey(name));
    if (check === undefined && value === undefined) return undefined;
    if (check === undefined || value === undefined || !constantTimeEqual(check, checksum(name, value)))
      throw damaged('has a record whose checksum is wrong');
    return value;
  }

  get(kind: string, id: string): Uint8Array | undefined {
    const name = nameOf(kind, id);
    this.#requireUsable();
    return this.#value(name);
  }

  list(kind: string): string[] {
    const prefix = `c/${checkName(kind)}/`;
    this.#requireUsable();
    return this.#names(prefix);
  }

  #names(prefix: string): string[] {
    return this.#guardRead(() =>
      [...this.#db.getKeys(rangeOf(prefix))].map((key) => Buffer.from(key).toString('latin1', prefix.length)),
    );
  }

  // Writing ---------------------------------------------------------------------------------------------------------------------

  put(kind: string, id: string, value: Uint8Array): void {
    const name = nameOf(kind, id);
    this.#requireUsable();
    this.#commit(() => this.#set(name, value));
  }

  putOnce(kind: string, id: string, value: Uint8Array): Uint8Array | undefined {
    const name = nameOf(kind, id);
    this.#requireUsable();
    return this.#setOnce(name, value);
  }

  #setOnce(name: string, value: Uint8Array): Uint8Array | undefined {
    // Nobody else writes between these two: there is one writer and it does one thing at a time.
    const known = this.#value(name);
    if (known === undefined) this.#commit(() => this.#set(name, value));
    return known;
  }

  delete(kind: string, id: string): void {
    const name = nameOf(checkDeletable(kind), id);
    this.#requireUsable();
    this.#commit(() => this.#unset(name));
  }

  transaction<T>(work: () => T): T {
    this.#requireUsable();
    return this.#commit(work);
  }

  #change(change: Partial<Header>): void {
    const running = this.#running as Running;
    running.header = { ...(running.header ?? this.#header), ...change };
  }

  #set(name: string, value: Uint8Array): void {
    const check = checksum(name, value);
    const before = this.#read(checkKey(name));
    try {
      this.#db.putSync(checkKey(name), Buffer.from(check));
      // A copy: the caller keeps its bytes.
      this.#db.putSync(valueKey(name), Buffer.from(value));
    } catch (error) {
      throw this.#fail(error);
    }
    const { count, tally } = this.#running?.header ?? this.#header;
    const isNew = before === undefined;
    this.#change({ count: isNew ? count + 1n : count, tally: xor(tally, isNew ? check : xor(before, check)) });
  }

  #unset(name: string): void {
    const check = this.#read(checkKey(name));
    if (check === undefined) return;
    try {
      this.#db.removeSync(checkKey(name));
      this.#db.removeSync(valueKey(name));
    } catch (error) {
      throw this.#fail(error);
    }
    const { count, tally } = this.#running?.header ?? this.#header;
    this.#change({ count: count - 1n, tally: xor(tally, check) });
  }

  /** One durable commit of everything that `work` writes, or none of it. */
  #commit<T>(work: () => T): T {
    if (this.#running !== undefined) return this.#join(this.#running, work);
    this.#requireRoom();
    const running: Running = { header: undefined, spoilt: false };
    this.#running = running;
    let thrown: { readonly error: unknown } | undefined;
    try {
      const result = this.#db.transactionSync(() => {
        try {
          const value = work();
          if (value instanceof Promise) throw new BugError('a transaction must not wait');
          if (this.#failure !== undefined) throw this.#failure;
          if (running.spoilt) throw new BugError('a part of the transaction failed');
          if (running.header !== undefined) this.#putHeader(running.header);
          return { value };
        } catch (error) {
          thrown = { error };
          throw error;
        }
      });
      // From here on it is durable.
      this.#header = running.header ?? this.#header;
      return result.value;
    } catch (error) {
      if (thrown !== undefined) throw thrown.error;
      throw this.#fail(error);
    } finally {
      this.#running = undefined;
    }
  }

  #join<T>(running: Running, work: () => T): T {
    try {
      return work();
    } catch (error) {
      running.spoilt = true;
      throw error;
    }
  }

  #putHeader(header: Header): void {
    try {
      this.#db.putSync(headerKey, Buffer.from(encodeHeader(header)));
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** After a failed write nobody knows what is on disk (a failed fsync may lose pages silently): the store is over until it is opened again. */
  #fail(error: unknown): StoreError {
    this.#failure ??= lmdbError(error, 'cannot be written', this.#path);
    return this.#failure;
  }

  #requireRoom(): void {
    const { bavail, bsize } = statfsSync(this.#path);
    if (bavail * bsize < this.#minFreeBytes)
      throw new StoreError('STORE_DISK_FULL', 'the disk of the store is full; nothing was written');
  }

  // Markers ---------------------------------------------------------------------------------------------------------------------

  #marker(id: PresignId): Digest | 'void' | undefined {
    const value = this.#value(markerName(id));
    if (value === undefined) return undefined;
    if (value[0] === kindVoid && value.length === 33) return 'void';
    if (value[0] === kindMark && value.length === 33) return toDigest(value.slice(1));
    throw damaged('has a marker of an unknown kind');
  }

  #requireMarker(...values: readonly Uint8Array[]): void {
    this.#requireUsable();
    if (values.some(({ length }) => length !== 32))
      throw new InvalidArgumentsError('marker', 'ids and digests are 32 bytes');
    // It would count as given before it is durable.
    if (this.#running !== undefined) throw new BugError('a marker is set in the middle of a transaction');
  }

  /** The single-use markers, in the same environment (MPC 5.8 rule 3). Synchronous inside, so no two calls interleave. */
  markers(): SingleUseStore & { /** Number of presigns with a marker. */ readonly size: number } {
    const count = (): number => {
      this.#requireUsable();
      return this.#names(`c/${markerKind}/`).length;
    };
    return {
      get size() {
        return count();
      },
      mark: async (presignId, value): Promise<MarkOutcome> => {
        this.#requireMarker(presignId, value);
        const known = this.#marker(presignId);
        if (known !== undefined) return markOutcome(known, value);
        this.#setOnce(markerName(presignId), markerValue(value));
        return 'marked';
      },
      markVoid: async (presignId) => {
        this.#requireMarker(presignId);
        this.#setOnce(markerName(presignId), markerValue('void'));
      },
      lookup: async (presignId) => {
        this.#requireMarker(presignId);
        return this.#marker(presignId);
      },
    };
  }

  // Generation, backup ------------------------------------------------------------------------------------------------------------

  get generation(): StoreGeneration {
    return { id: this.#header.generation.slice(), restored: this.#header.restores > 0 };
  }

  /**
   * Backs up the running store, and the keystore beside it as it is, without holding up writers: what was acknowledged before the call is in
   * the backup. `restoreBackup` puts it back.
   * @param path - a folder that does not exist yet.
   * @throws StoreError STORE_BACKUP.
   */
  async backup(path: string): Promise<void> {
    this.#requireUsable();
    const { folder, owner, networkId } = this.#options;
    const running = writeBackup(path, {
      keystore: join(folder, 'keystore.json'),
      storeVersion: this.#header.version,
      owner,
      networkId,
      copyStore: (to) => this.#db.backup(to, true),
    });
    this.#copies = Promise.allSettled([this.#copies, running]);
    await running;
  }

  /** Reads every value. @throws StoreError STORE_DAMAGED. */
  verify(): void {
    this.#requireUsable();
    for (const name of this.#names('c/')) this.#value(name);
  }

  /**
   * For a store that has just been put in the place of a lost one: a new generation, and every presign that it knows and has not bound is
   * void, since the lost one may have bound it. One transaction.
   */
  beginGeneration(random: Random): void {
    this.#requireUsable();
    this.#commit(() => {
      for (const id of this.list('presign')) {
        const name = `${markerKind}/${id}`;
        if (this.#read(checkKey(name)) === undefined) this.#set(name, markerValue('void'));
      }
      this.#change({ generation: random(32), restores: this.#header.restores + 1 });
    });
  }

  /** Why nothing is answered any more, if so. */
  get failure(): StoreError | undefined {
    return this.#failure;
  }

  /** Waits for a running backup. Closing again does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#copies;
    await this.#db.close();
    this.#lock.release();
  }
}

function newHeader({ owner, networkId, random }: LmdbStoreOptions): Header {
  return {
    version: storeVersion,
    owner: ownerDigest(owner),
    network: networkId,
    generation: random(32),
    restores: 0,
    count: 0n,
    tally: new Uint8Array(checkBytes),
  };
}

const nameOf = (kind: string, id: string): string => `${checkName(kind)}/${checkName(id)}`;

const damaged = (what: string): StoreError =>
  new StoreError('STORE_DAMAGED', `the store ${what}; without its records this validator must not answer`);

/** MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID, MDB_VERSION_MISMATCH, MDB_BAD_TXN. */
const damageCodes: ReadonlySet<unknown> = new Set([-30_796, -30_797, -30_793, -30_794, -30_782]);

function lmdbError(error: unknown, what: string, path: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (damageCodes.has(code)) return new StoreError('STORE_DAMAGED', `the store ${what}`, { cause: error });
  // LMDB reports a write that the disk took only a part of as an input/output error.
  const room = roomOf(path);
  const full = room !== undefined && room < 1024 * 1024;
  return full
    ? new StoreError('STORE_DISK_FULL', `the store ${what}: the disk is full`, { cause: error })
    : new StoreError('STORE_IO', `the store ${what}`, { cause: error });
}

function roomOf(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

function openingError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return new StoreError(
    damageCodes.has(code) ? 'STORE_DAMAGED' : 'STORE_IO',
    damageCodes.has(code) ? 'the file of the store is not one' : 'the store cannot be opened',
    { cause: error },
  );
}

/**
 * A file that was cut off would end the process with a bus error at the first read beyond its end. Zeros there are found by the checksums
 * instead. LMDB itself may leave unused pages at the end unwritten, so a short file need not be a damaged one.
 */
function coverTruncation(path: string): void {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r+');
  try {
    const { size } = fstatSync(file);
    if (size === 0) return;
    const needed = neededSize(file, size);
    if (needed === undefined) throw damaged('has no valid page at its beginning');
    if (size < needed) ftruncateSync(file, needed);
  } finally {
    closeSync(file);
  }
}

/** LMDB's two meta pages: page size, number of the last page (mdb.c, MDB_meta behind a page header of 24 bytes). */
const metaMagic = 0xbeefc0de;
const metaBytes = 160;

function neededSize(file: number, size: number): number | undefined {
  const read = (at: number): DataView | undefined => {
    const bytes = new Uint8Array(metaBytes);
    if (at + metaBytes > size || readSync(file, bytes, 0, metaBytes, at) !== metaBytes) return undefined;
    const view = new DataView(bytes.buffer);
    return view.getUint32(24, true) === metaMagic ? view : undefined;
  };
  const first = read(0);
  const pageSize = first?.getUint32(48, true) ?? 0;
  if (first === undefined || pageSize < 512 || pageSize > 65_536) return undefined;
  const metas = [first, read(pageSize)].flatMap((view) => view ?? []);
  const pages = metas.map((view) => Number(view.getBigUint64(144, true)) + 1);
  const needed = Math.max(...pages) * pageSize;
  return Number.isSafeInteger(needed) && needed < 2 ** 44 ? needed : undefined;
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
