/**
 * One process per store. The lock is a reader slot in an empty LMDB environment of its own: LMDB guards its slot table with kernel locks on
 * the file, which end with the process however it ends, and sees processes of other containers on the same machine. Whoever opens the
 * environment while nobody has it clears the table, so a dead owner is never in the way. Each side takes its slot before it looks, so of
 * two that start at once at least one gives way.
 *
 * The folder is not to be opened, copied or read by this process in any other way: closing a file drops the kernel's locks on it. Network
 * file systems are not supported (nor are they by LMDB).
 *
 * @module
 */
import { mkdirSync, realpathSync } from 'node:fs';
import { type RootDatabase, open } from 'lmdb';
import { StoreError } from './store-error.ts';

/** Folders that this process owns. */
const owned = new Set<string>();

export interface OwnerLock {
  release(): void;
}

/** Lines of LMDB's table of readers, without its heading: one per slot that a living process holds. */
const slotsOf = (environment: RootDatabase): number =>
  environment
    .readerList()
    .split('\n')
    .filter((line) => /^\s*\d+\s/.test(line)).length;

/**
 * Takes the lock of a folder until it is released or the process ends.
 * @param folder - belongs to the lock alone; made if it is not there.
 * @throws StoreError STORE_LOCKED.
 */
export function takeOwnership(folder: string): OwnerLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = realpathSync(folder);
  if (owned.has(path)) throw new StoreError('STORE_LOCKED', `${path} is already open in this process`);
  const environment = open({ path, encoding: 'binary', keyEncoding: 'binary', overlappingSync: false, maxReaders: 16 });
  try {
    const slot = environment.useReadTransaction();
    if (slotsOf(environment) !== 1) {
      slot.done();
      throw new StoreError('STORE_LOCKED', `${path} is in use by another process`);
    }
    owned.add(path);
    return {
      release() {
        slot.done();
        // Nothing was written, so there is nothing that closing would wait for.
        void environment.close();
        owned.delete(path);
      },
    };
  } catch (error) {
    void environment.close();
    if (error instanceof StoreError) throw error;
    // The slot of a process of the same number in another container cannot be taken twice.
    throw new StoreError('STORE_LOCKED', `${path} cannot be locked`, { cause: error });
  }
}
