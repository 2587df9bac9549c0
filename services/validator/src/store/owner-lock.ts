/**
 * One process per store. Two locks, both of which are needed: a lock file that names its process (process-lock.ts), which of several that
 * start at once gives the store to one; and a reader slot in an empty LMDB environment, whose table LMDB guards with kernel locks on the file, so
 * that processes of other containers are seen, which the first one cannot see. Slots end with their process however it ends. The slot alone is not
 * enough: processes that started in the same instant were seen to miss each other's.
 *
 * The folder is not to be opened, copied or read by this process in any other way: closing a file drops the kernel's locks on it. Network
 * file systems are not supported (nor are they by LMDB).
 *
 * @module
 */
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { type RootDatabase, open } from 'lmdb';
import { lockForProcess } from './process-lock.ts';
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
  const unlock = lockForProcess(join(path, 'process'));
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
        unlock();
        owned.delete(path);
      },
    };
  } catch (error) {
    void environment.close();
    unlock();
    if (error instanceof StoreError) throw error;
    // The slot of a process of the same number in another container cannot be taken twice.
    throw new StoreError('STORE_LOCKED', `${path} cannot be locked`, { cause: error });
  }
}
