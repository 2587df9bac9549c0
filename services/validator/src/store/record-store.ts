/**
 * Durable records of one validator: votes, certificates, dWallet records, presigns, evidence. One writer; what was answered is on disk
 * first. The transactional store of the validator service replaces the file implementation behind the same interface.
 *
 * @module
 */
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { BugError } from '@dwallet/sigma';

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
}

/** No name starts with a dot: those are files of the store itself. */
const idPattern = /^[0-9a-zA-Z_-][0-9a-zA-Z._-]{0,199}$/;

function checkName(name: string): string {
  if (!idPattern.test(name)) throw new BugError(`bad record name ${JSON.stringify(name)}`);
  return name;
}

/** For tests and for peers that keep nothing. */
export class MemoryRecordStore implements RecordStore {
  readonly #records = new Map<string, Uint8Array>();
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
}

/** Prefix of files that are not records yet. */
const temporaryPrefix = '.tmp-';

/** One file per record, written to a temporary name, fsynced, then linked or renamed into place, then the folder is fsynced. */
export class FileRecordStore implements RecordStore {
  readonly #folder: string;
  readonly #madeFolders = new Set<string>();
  #counter = 0;

  /** @param folder - made if it is not there; belongs to this store alone. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) recoverFolder(join(folder, entry.name));
    }
  }
  #kindFolder(kind: string): string {
    const folder = join(this.#folder, checkName(kind));
    if (!this.#madeFolders.has(kind)) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      syncFolder(this.#folder);
      this.#madeFolders.add(kind);
    }
    return folder;
  }
  #writeTemporary(folder: string, value: Uint8Array): string {
    const path = join(folder, `${temporaryPrefix}${process.pid}-${this.#counter++}`);
    // 'wx': after a crash the same name may still be a second name of a record, which must never be written to again.
    const file = openSync(path, 'wx', 0o600);
    try {
      let offset = 0;
      while (offset < value.length) offset += writeSync(file, value, offset);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return path;
  }
  get(kind: string, id: string): Uint8Array | undefined {
    const path = join(this.#folder, checkName(kind), checkName(id));
    try {
      return new Uint8Array(readFileSync(path));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }
  put(kind: string, id: string, value: Uint8Array): void {
    const folder = this.#kindFolder(kind);
    const temporary = this.#writeTemporary(folder, value);
    renameSync(temporary, join(folder, checkName(id)));
    syncFolder(folder);
  }
  putOnce(kind: string, id: string, value: Uint8Array): Uint8Array | undefined {
    const known = this.get(kind, id);
    if (known !== undefined) return known;
    const folder = this.#kindFolder(kind);
    const temporary = this.#writeTemporary(folder, value);
    try {
      // link fails if the name exists: two writers cannot both win, and the content is complete when the name appears.
      linkSync(temporary, join(folder, checkName(id)));
    } catch (error) {
      if (isErrno(error, 'EEXIST')) return this.get(kind, id);
      throw error;
    } finally {
      unlinkSync(temporary);
    }
    syncFolder(folder);
    return undefined;
  }
  list(kind: string): string[] {
    try {
      return readdirSync(join(this.#folder, checkName(kind)))
        .filter((name) => !name.startsWith(temporaryPrefix))
        .sort();
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }
}

/** What a crash leaves: temporary files, which nobody was told about, and names that are not durable yet. */
function recoverFolder(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith(temporaryPrefix)) unlinkSync(join(folder, name));
  syncFolder(folder);
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
