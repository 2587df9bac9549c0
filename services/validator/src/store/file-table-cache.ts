/**
 * The table cache of packages/class-groups on this machine's disk. Node only.
 *
 * @module
 */
import * as fs from 'node:fs';
import { threadId } from 'node:worker_threads';
import { type FileTableCacheOptions, FolderTableCache } from '@dwallet/class-groups';

export { FileTableCacheError, type FileTableCacheOptions } from '@dwallet/class-groups';

/** See {@link FolderTableCache}. */
export class FileTableCache extends FolderTableCache {
  /** @param folder - made if it is not there. */
  constructor(folder: string, options: FileTableCacheOptions = {}) {
    // Threads of one process write side by side: the number that names temporary files is that of process and thread.
    const pid = process.pid * 2 ** 16 + threadId;
    super({ fs, pid, uid: process.getuid?.(), now: Date.now }, folder, options);
  }
}
