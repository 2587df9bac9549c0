/**
 * The table cache of packages/class-groups on this machine's disk. Node only.
 *
 * @module
 */
import * as fs from 'node:fs';
import { type FileTableCacheOptions, FolderTableCache } from '@dwallet/class-groups';

export { FileTableCacheError, type FileTableCacheOptions } from '@dwallet/class-groups';

/** See {@link FolderTableCache}. */
export class FileTableCache extends FolderTableCache {
  /** @param folder - made if it is not there. */
  constructor(folder: string, options: FileTableCacheOptions = {}) {
    super({ fs, pid: process.pid, uid: process.getuid?.(), now: Date.now }, folder, options);
  }
}
