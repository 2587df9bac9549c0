/**
 * Comb tables on disk, one file each. Only a cache: anything missing, damaged, too large or unreadable is a miss, and a disk that
 * fails costs the time of building a table, never an operation. Entries are checked by `loadTable` (packages/class-groups, table-cache.ts).
 *
 * Without a `sealKey` whoever can write to the folder can put a wrong table into it, and a wrong table reveals secret exponents. The
 * folder must then be as safe as the keystore's: this store refuses one that others own or may write to. With a `sealKey` the folder
 * may be anywhere.
 *
 * Nothing is synced: what a crash tears has a wrong seal.
 *
 * @module
 */
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { TableCache } from '@dwallet/class-groups';
import { DWalletError, type Digest, InvalidArgumentsError, type Secret } from '@dwallet/sigma';

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

const suffix = '.table';
const temporaryPrefix = '.tmp-';
const defaultMaxBytes = 64 * 1024 * 1024;
/** No table is larger (packages/kernel, comb-shape.ts): nothing more is read into memory. */
const maxEntryBytes = 2 * 1024 * 1024;
/** A temporary file this old is what a crash left. */
const staleMs = 600_000;

export class FileTableCache implements TableCache {
  readonly sealKey?: Secret<Uint8Array>;
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #onProblem: (problem: Error) => void;
  #counter = 0;

  /**
   * @param folder - made if it is not there.
   * @throws FileTableCacheError if others could write entries and there is no `sealKey`; InvalidArgumentsError.
   */
  constructor(folder: string, { sealKey, maxBytes = defaultMaxBytes, onProblem }: FileTableCacheOptions = {}) {
    if (!(maxBytes >= 0)) throw new InvalidArgumentsError('maxBytes', 'must not be negative');
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#onProblem = onProblem ?? (() => {});
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (sealKey === undefined) requirePrivate(folder);
    else this.sealKey = sealKey;
    this.#attempt(() => dropStaleTemporaries(folder));
  }

  get(key: Digest): Uint8Array | undefined {
    return this.#attempt(() => readEntry(this.#path(key)));
  }

  put(key: Digest, bytes: Uint8Array): void {
    this.#attempt(() => {
      if (bytes.length > Math.min(this.#maxBytes, maxEntryBytes)) {
        throw new FileTableCacheError(`a table of ${bytes.length} bytes is not kept: too large`);
      }
      const temporary = join(this.#folder, `${temporaryPrefix}${process.pid}-${this.#counter++}`);
      try {
        // 'wx' follows no link and replaces nothing.
        writeFileSync(temporary, bytes, { flag: 'wx', mode: 0o600 });
        renameSync(temporary, this.#path(key));
      } finally {
        rmSync(temporary, { force: true });
      }
      this.#evict();
    });
  }

  refused(key: Digest, reason: string): void {
    this.#onProblem(new FileTableCacheError(`${this.#path(key)} is not used and built again: ${reason}`));
  }

  #path(key: Digest): string {
    return join(this.#folder, `${Buffer.from(key).toString('hex')}${suffix}`);
  }

  /** Removes the oldest files until the rest fits. */
  #evict(): void {
    const files = readdirSync(this.#folder)
      .filter((name) => name.endsWith(suffix))
      .flatMap((name) => {
        const path = join(this.#folder, name);
        const found = statSync(path, { throwIfNoEntry: false });
        return found === undefined ? [] : [{ path, size: found.size, time: found.mtimeMs }];
      })
      .sort((x, y) => y.time - x.time);
    let total = 0;
    for (const { path, size } of files) {
      total += size;
      if (total > this.#maxBytes) rmSync(path, { force: true });
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
}

/** @returns undefined if there is none. */
function readEntry(path: string): Uint8Array | undefined {
  let file: number;
  try {
    // NONBLOCK: a pipe with this name must not hang the process.
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    if (!fstatSync(file).isFile()) throw new FileTableCacheError(`${path} is not a file`);
    if (size > maxEntryBytes) throw new FileTableCacheError(`${path} has ${size} bytes, which is no table`);
    return new Uint8Array(readFileSync(file));
  } finally {
    closeSync(file);
  }
}

/** Where the system has owners and modes: the folder is ours, and nobody else may write to it. */
function requirePrivate(folder: string): void {
  const user = process.getuid?.();
  if (user === undefined) return;
  const { uid, mode } = statSync(folder);
  if (uid !== user) throw new FileTableCacheError(`${folder} belongs to another user`);
  if ((mode & 0o022) !== 0) throw new FileTableCacheError(`${folder} can be written to by others`);
}

function dropStaleTemporaries(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(temporaryPrefix)) continue;
    const path = join(folder, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > staleMs) rmSync(path, { force: true });
  }
}
