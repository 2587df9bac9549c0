/**
 * Single-use markers of one validator on disk (MPC 5.8 rule 3): an append-only log, one record per presign, fsynced before `mark` resolves.
 *
 * File: header (magic, version, owner, checksum), then records of 129 bytes: kind, presign id, D, presign id again, checksum. Each checksum
 * covers the one before it, so a record that is changed, removed or inserted anywhere but at the very end makes the file unreadable instead
 * of forgetful. A bad last record is what a crash during a write leaves: no share was released for it, so it is cut off. It could also be a
 * good one that decayed, so the presign that either copy of the id names is burnt rather than forgotten.
 *
 * What this file cannot see is that it was replaced by an older copy of itself: after a restore from a backup the operator must
 * void all presigns (lessons 1.7, `markVoid`).
 *
 * @module
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  DWalletError,
  type Digest,
  type PresignId,
  concat,
  digest as toDigest,
  encodeText,
  encodeUint32,
} from '@dwallet/sigma';
import { type MarkOutcome, type SingleUseStore, markOutcome } from '@dwallet/two-pc-mpc/network';
import { sha256 } from '@noble/hashes/sha2.js';

/** The file is not what this store left behind, or the disk failed. No marker can be given, so no share may be. */
export class SingleUseStoreError extends DWalletError {
  override readonly name = 'SingleUseStoreError';
  readonly code = 'SINGLE_USE_STORE';
}

/** The few file operations that durability rests on; tests put a failing disk behind them. */
export interface DiskOperations {
  write(file: number, bytes: Uint8Array, position: number): number;
  sync(file: number): void;
}

const disk: DiskOperations = {
  write: (file, bytes, position) => writeSync(file, bytes, 0, bytes.length, position),
  sync: fsyncSync,
};

const magic = encodeText('DWSINGLE');
/** Raise it when the layout changes; older programs refuse newer files. */
export const singleUseFileVersion = 1;
const kindMark = 1;
const kindVoid = 2;
const checkBytes = 32;
const headerBytes = magic.length + 4 + 32 + checkBytes;
const recordBytes = 1 + 32 + 32 + 32 + checkBytes;

const checksum = (previous: Uint8Array, body: Uint8Array): Uint8Array =>
  sha256(concat(encodeText('dwallet/v1/single-use'), previous, body));

const equal = (x: Uint8Array, y: Uint8Array): boolean => x.length === y.length && x.every((byte, i) => byte === y[i]);
const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Paths that this process has open: one writer per file. */
const openPaths = new Set<string>();

const pidOf = (owner: string): string => owner.split(' ')[0] ?? owner;

/** Takes the lock file, or that of a process that no longer runs. */
function lock(path: string): void {
  if (openPaths.has(path)) throw new SingleUseStoreError(`${path} is already open in this process`);
  const lockPath = `${path}.lock`;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const file = openSync(lockPath, 'wx', 0o600);
      writeSync(file, encodeText(`${process.pid} ${processFacts(process.pid)?.startTime ?? ''}`.trim()));
      closeSync(file);
      openPaths.add(path);
      return;
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      dropStaleLock(path, lockPath);
    }
  }
  throw new SingleUseStoreError(`${path} cannot be locked`);
}

function dropStaleLock(path: string, lockPath: string): void {
  const seen = readIfThere(lockPath);
  if (seen === undefined) return;
  if (isAlive(seen)) throw new SingleUseStoreError(`${path} is in use by process ${pidOf(seen)}`);
  // Two processes may find the same stale lock: the rename moves one file once, and what was moved tells whose it was.
  const aside = `${lockPath}.${process.pid}`;
  try {
    renameSync(lockPath, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  const moved = readIfThere(aside);
  if (moved !== seen) {
    linkSync(aside, lockPath);
    unlinkIfThere(aside);
    throw new SingleUseStoreError(`${path} is in use by process ${pidOf(moved ?? '')}`);
  }
  unlinkIfThere(aside);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * State letter and start time of a process, from Linux' own table.
 * @returns undefined where there is no such table, or no such process in it.
 */
function processFacts(pid: number): { readonly state: string; readonly startTime: string } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name in brackets may hold anything; state is the field after it, the start time the 20th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
}

/** @param owner - a lock's content: process number, and its start time where that is known. */
function isAlive(owner: string): boolean {
  const [number = '', startTime] = owner.split(' ');
  const pid = Number(number);
  // Our own number in a lock that this process does not know is left over from an earlier process that had it.
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  const facts = processFacts(pid);
  // Killed, and nobody has asked for its exit code yet; or another process that got the number since.
  if (facts !== undefined && /^[ZX]$/.test(facts.state)) return false;
  if (facts !== undefined && startTime !== undefined && startTime !== facts.startTime) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

export class FileSingleUseStore implements SingleUseStore {
  readonly #path: string;
  readonly #operations: DiskOperations;
  readonly #marks = new Map<string, Digest | 'void'>();
  #file: number;
  #size = 0;
  #last: Uint8Array = new Uint8Array(checkBytes);
  #failure: string | undefined;

  /**
   * Opens or creates the log.
   * @param path - the file; its folder exists.
   * @param owner - 32 bytes that name the validator and network; a file of another owner is refused.
   * @throws SingleUseStoreError for a file of another owner, a newer version or a damaged one, and while another process has it.
   */
  constructor(path: string, owner: Uint8Array, operations: DiskOperations = disk) {
    if (owner.length !== 32) throw new SingleUseStoreError('owner must be 32 bytes');
    this.#path = resolve(path);
    this.#operations = operations;
    lock(this.#path);
    this.#file = -1;
    try {
      this.#open(owner);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #open(owner: Uint8Array): void {
    const isNew = !existsSync(this.#path);
    this.#file = openSync(this.#path, isNew ? 'wx+' : 'r+', 0o600);
    const bytes = this.#readAll();
    const opening = concat(magic, encodeUint32(singleUseFileVersion), owner);
    const header = concat(opening, checksum(new Uint8Array(checkBytes), opening));
    // A crash while the file was created leaves a part of the header and certainly no record.
    if (bytes.length < headerBytes && equal(bytes, header.subarray(0, bytes.length))) {
      ftruncateSync(this.#file, 0);
      this.#writeAt(header, 0);
      this.#syncFolder();
      this.#size = headerBytes;
      this.#last = header.subarray(headerBytes - checkBytes);
      return;
    }
    this.#checkHeader(bytes, header);
    this.#size = headerBytes;
    this.#last = header.subarray(headerBytes - checkBytes);
    this.#readRecords(bytes);
    // The file may exist while its name is not yet durable.
    this.#syncFolder();
  }

  #checkHeader(bytes: Uint8Array, header: Uint8Array): void {
    if (!equal(bytes.subarray(0, magic.length), magic)) throw this.#damaged('is not a single-use log');
    const version = new DataView(bytes.buffer, bytes.byteOffset).getUint32(magic.length);
    if (version > singleUseFileVersion) throw new SingleUseStoreError(`${this.#path} was written by a newer version`);
    if (!equal(bytes.subarray(0, headerBytes), header))
      throw this.#damaged('belongs to another validator or is damaged');
  }

  #readRecords(bytes: Uint8Array): void {
    for (;;) {
      const rest = bytes.length - this.#size;
      if (rest === 0) return;
      const record = bytes.subarray(this.#size, this.#size + recordBytes);
      const body = record.subarray(0, recordBytes - checkBytes);
      const check = rest < recordBytes ? undefined : checksum(this.#last, body);
      if (check !== undefined && equal(record.subarray(recordBytes - checkBytes), check)) {
        this.#remember(body);
        this.#last = check;
        this.#size += recordBytes;
        continue;
      }
      if (rest > recordBytes) throw this.#damaged('is damaged in the middle');
      this.#recoverTail(bytes.slice(this.#size));
      return;
    }
  }

  #remember(body: Uint8Array): void {
    const key = keyOf(body.subarray(1, 33));
    if (!equal(body.subarray(1, 33), body.subarray(65, 97))) throw this.#damaged('has a record with two ids');
    // The writer appends each presign once, so this record was not made by it.
    if (this.#marks.has(key)) throw this.#damaged('names a presign twice');
    if (body[0] === kindVoid) this.#marks.set(key, 'void');
    else if (body[0] === kindMark) this.#marks.set(key, toDigest(body.slice(33, 65)));
    else throw this.#damaged('has a record of an unknown kind');
  }

  /** Cuts off the bad record; burns what it names. */
  #recoverTail(tail: Uint8Array): void {
    ftruncateSync(this.#file, this.#size);
    this.#operations.sync(this.#file);
    for (const at of [1, 65]) {
      const id = tail.subarray(at, at + 32);
      if (id.length === 32 && !this.#marks.has(keyOf(id))) this.#append(kindVoid, id, new Uint8Array(32));
    }
  }

  #damaged(what: string): SingleUseStoreError {
    return new SingleUseStoreError(
      `${this.#path} ${what}; without its markers this validator must not answer for old presigns`,
    );
  }

  #readAll(): Uint8Array {
    const { size } = fstatSync(this.#file);
    const bytes = new Uint8Array(size);
    let offset = 0;
    while (offset < size) {
      const read = readSync(this.#file, bytes, offset, size - offset, offset);
      if (read === 0) throw new SingleUseStoreError(`${this.#path} shrinks while it is read`);
      offset += read;
    }
    return bytes;
  }

  #writeAt(bytes: Uint8Array, position: number): void {
    let offset = 0;
    while (offset < bytes.length)
      offset += this.#operations.write(this.#file, bytes.subarray(offset), position + offset);
    this.#operations.sync(this.#file);
  }

  #syncFolder(): void {
    const folder = openSync(dirname(this.#path), 'r');
    try {
      this.#operations.sync(folder);
    } finally {
      closeSync(folder);
    }
  }

  /** Durable when it returns; after any failure nothing is ever promised again by this object. */
  #append(kind: number, id: Uint8Array, value: Uint8Array): void {
    if (this.#failure !== undefined) throw new SingleUseStoreError(`${this.#path} failed before: ${this.#failure}`);
    try {
      if (fstatSync(this.#file).size !== this.#size)
        throw new SingleUseStoreError(`${this.#path} was changed by someone else`);
      const body = concat(Uint8Array.of(kind), id, value, id);
      const check = checksum(this.#last, body);
      this.#writeAt(concat(body, check), this.#size);
      this.#last = check;
      this.#size += recordBytes;
      this.#marks.set(keyOf(id), kind === kindVoid ? 'void' : toDigest(value.slice()));
    } catch (cause) {
      // What is on disk is unknown now (a failed fsync may lose pages silently): stop until it is read again.
      this.#failure = cause instanceof Error ? cause.message : 'unknown';
      throw cause instanceof SingleUseStoreError
        ? cause
        : new SingleUseStoreError(`${this.#path}: ${this.#failure}`, { cause });
    }
  }

  #requireUsable(): void {
    if (this.#file < 0) throw new SingleUseStoreError(`${this.#path} is closed`);
    if (this.#failure !== undefined) throw new SingleUseStoreError(`${this.#path} failed before: ${this.#failure}`);
  }

  /** Synchronous inside, so two calls never interleave between look-up and write. */
  async mark(presignId: PresignId, value: Digest): Promise<MarkOutcome> {
    this.#requireUsable();
    if (presignId.length !== 32 || value.length !== 32) throw new SingleUseStoreError('ids and digests are 32 bytes');
    const known = this.#marks.get(keyOf(presignId));
    if (known !== undefined) return markOutcome(known, value);
    this.#append(kindMark, presignId, value);
    return 'marked';
  }

  async markVoid(presignId: PresignId): Promise<void> {
    this.#requireUsable();
    if (presignId.length !== 32) throw new SingleUseStoreError('ids are 32 bytes');
    if (!this.#marks.has(keyOf(presignId))) this.#append(kindVoid, presignId, new Uint8Array(32));
  }

  async lookup(presignId: PresignId): Promise<Digest | 'void' | undefined> {
    this.#requireUsable();
    const known = this.#marks.get(keyOf(presignId));
    return known === undefined || known === 'void' ? known : toDigest(known.slice());
  }

  /** Number of presigns with a marker. */
  get size(): number {
    return this.#marks.size;
  }

  close(): void {
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
    if (openPaths.delete(this.#path)) unlinkIfThere(`${this.#path}.lock`);
  }
}
