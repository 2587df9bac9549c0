/**
 * Comb tables in a folder, one file each. Only a cache: anything missing, damaged, too large or unreadable is a miss, and a disk that fails costs
 * the time of building a table, never an operation. Entries are checked by `loadTable` (table-cache.ts).
 *
 * Without a `sealKey` whoever can write to the folder can put a wrong table into it, and a wrong table reveals secret exponents. The folder must
 * then be as safe as the keystore's: this cache refuses one that others own or may write to. With a `sealKey` the folder may be anywhere.
 *
 * Nothing is synced: what a crash tears has a wrong seal. The disk itself is passed in, so that validators and wallets share this file.
 *
 * @module
 */
import { DWalletError, type Digest, InvalidArgumentsError, type Secret } from '@dwallet/sigma';
import type { TableCache } from './table-cache.ts';

/** The folder is not safe enough, or an entry could not be kept or was refused. */
export class FileTableCacheError extends DWalletError {
  override readonly name = 'FileTableCacheError';
  readonly code = 'TABLE_CACHE';
}

export interface FileTableCacheOptions {
  /** 32 secret bytes that authenticate entries, such as a value derived from the root seed. */
  readonly sealKey?: Secret<Uint8Array>;
  /** Size of all files, in bytes (default 64 MiB). The oldest go first. */
  readonly maxBytes?: number;
  /** Told of everything that makes the cache less useful. It changes no result. */
  readonly onProblem?: (problem: Error) => void;
}

interface FileStatus {
  readonly size: number;
  readonly mtimeMs: number;
  readonly uid: number;
  readonly mode: number;
  isFile(): boolean;
}

/** What is used of `node:fs` and of the process, under the same names. */
export interface TableDisk {
  readonly fs: {
    readonly constants: { readonly O_RDONLY: number; readonly O_NOFOLLOW?: number; readonly O_NONBLOCK?: number };
    mkdirSync(path: string, options: { readonly recursive: true; readonly mode: number }): unknown;
    openSync(path: string, flags: number): number;
    closeSync(file: number): void;
    fstatSync(file: number): FileStatus;
    statSync(path: string, options: { readonly throwIfNoEntry: false }): FileStatus | undefined;
    readFileSync(file: number): Uint8Array;
    readdirSync(path: string): string[];
    writeFileSync(path: string, bytes: Uint8Array, options: { readonly flag: 'wx'; readonly mode: number }): void;
    renameSync(from: string, to: string): void;
    rmSync(path: string, options: { readonly force: true }): void;
  };
  /** Distinguishes temporary files of processes that share the folder. */
  readonly pid: number;
  /** Undefined where the system has no owners and modes. */
  readonly uid: number | undefined;
  /** Milliseconds of the clock that dates files. */
  now(): number;
}

const suffix = '.table';
const temporaryPrefix = '.tmp-';
const defaultMaxBytes = 64 * 1024 * 1024;
/** No table is larger (packages/kernel, comb-shape.ts): nothing more is read into memory. */
const maxEntryBytes = 2 * 1024 * 1024;
/** A temporary file this old is what a crash left. */
const staleMs = 600_000;

const nameOf = (key: Digest): string => Array.from(key, (byte) => byte.toString(16).padStart(2, '0')).join('');

export class FolderTableCache implements TableCache {
  readonly sealKey?: Secret<Uint8Array>;
  readonly #disk: TableDisk;
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #onProblem: (problem: Error) => void;
  #counter = 0;

  /**
   * @param folder - made if it is not there.
   * @throws FileTableCacheError if others could write entries and there is no `sealKey`; InvalidArgumentsError; what the disk throws when the
   * folder cannot be made.
   */
  constructor(
    disk: TableDisk,
    folder: string,
    { sealKey, maxBytes = defaultMaxBytes, onProblem }: FileTableCacheOptions = {},
  ) {
    if (!(maxBytes >= 0)) throw new InvalidArgumentsError('maxBytes', 'must not be negative');
    this.#disk = disk;
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#onProblem = onProblem ?? (() => {});
    disk.fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (sealKey === undefined) this.#requirePrivate();
    else this.sealKey = sealKey;
    this.#attempt(() => this.#dropStaleTemporaries());
  }

  get(key: Digest): Uint8Array | undefined {
    return this.#attempt(() => this.#readEntry(this.#path(key)));
  }

  put(key: Digest, bytes: Uint8Array): void {
    this.#attempt(() => {
      const { fs, pid } = this.#disk;
      if (bytes.length > Math.min(this.#maxBytes, maxEntryBytes)) {
        throw new FileTableCacheError(`a table of ${bytes.length} bytes is not kept: too large`);
      }
      const temporary = `${this.#folder}/${temporaryPrefix}${pid}-${this.#counter++}`;
      try {
        // 'wx' follows no link and replaces nothing.
        fs.writeFileSync(temporary, bytes, { flag: 'wx', mode: 0o600 });
        fs.renameSync(temporary, this.#path(key));
      } finally {
        fs.rmSync(temporary, { force: true });
      }
      this.#evict();
    });
  }

  refused(key: Digest, reason: string): void {
    this.#onProblem(new FileTableCacheError(`${this.#path(key)} is not used and built again: ${reason}`));
  }

  #path(key: Digest): string {
    return `${this.#folder}/${nameOf(key)}${suffix}`;
  }

  /** Removes the oldest files until the rest fits. */
  #evict(): void {
    const { fs } = this.#disk;
    const files = fs
      .readdirSync(this.#folder)
      .filter((name) => name.endsWith(suffix))
      .flatMap((name) => {
        const path = `${this.#folder}/${name}`;
        const found = fs.statSync(path, { throwIfNoEntry: false });
        return found === undefined ? [] : [{ path, size: found.size, time: found.mtimeMs }];
      })
      .sort((x, y) => y.time - x.time);
    let total = 0;
    for (const { path, size } of files) {
      total += size;
      if (total > this.#maxBytes) fs.rmSync(path, { force: true });
    }
  }

  #attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#onProblem(error instanceof Error ? error : new FileTableCacheError(String(error)));
      return undefined;
    }
  }

  /** @returns undefined if there is none. */
  #readEntry(path: string): Uint8Array | undefined {
    const { fs } = this.#disk;
    const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
    let file: number;
    try {
      // NONBLOCK: a pipe with this name must not hang the process.
      file = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const status = fs.fstatSync(file);
      if (!status.isFile()) throw new FileTableCacheError(`${path} is not a file`);
      if (status.size > maxEntryBytes)
        throw new FileTableCacheError(`${path} has ${status.size} bytes, which is no table`);
      return new Uint8Array(fs.readFileSync(file));
    } finally {
      fs.closeSync(file);
    }
  }

  /** Where the system has owners and modes: the folder is ours, and nobody else may write to it. */
  #requirePrivate(): void {
    const { fs, uid: user } = this.#disk;
    if (user === undefined) return;
    const found = fs.statSync(this.#folder, { throwIfNoEntry: false });
    if (found?.uid !== user) throw new FileTableCacheError(`${this.#folder} belongs to another user`);
    if ((found.mode & 0o022) !== 0) throw new FileTableCacheError(`${this.#folder} can be written to by others`);
  }

  #dropStaleTemporaries(): void {
    const { fs } = this.#disk;
    for (const name of fs.readdirSync(this.#folder)) {
      if (!name.startsWith(temporaryPrefix)) continue;
      const path = `${this.#folder}/${name}`;
      const found = fs.statSync(path, { throwIfNoEntry: false });
      if (found !== undefined && this.#disk.now() - found.mtimeMs > staleMs) fs.rmSync(path, { force: true });
    }
  }
}
