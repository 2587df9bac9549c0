/**
 * Restores a validator from a backup: its folder as it was, with a new generation, from which on it answers nothing that it may have answered
 * differently after the backup (sessions/opening.ts).
 *
 * @module
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Random } from '@dwallet/sigma';
import { backupFiles, readManifest, syncPath, takeFile } from './backup-files.ts';
import { LmdbStore, storeVersion } from './lmdb-store.ts';
import { StoreError } from './store-error.ts';

/**
 * Puts a backup in place of a lost validator. The lost one must never run again: it is the same identity.
 * @param path - a folder that `LmdbStore.backup` wrote.
 * @param folder - the validator's folder: not there, or empty. It appears whole or not at all.
 * @param random - for the new generation.
 * @throws StoreError STORE_BACKUP, STORE_VERSION, STORE_OWNER, STORE_DAMAGED.
 */
export async function restoreBackup(path: string, folder: string, random: Random): Promise<void> {
  const manifest = readManifest(path);
  if (manifest.storeVersion > storeVersion)
    throw new StoreError('STORE_VERSION', 'the backup was made by a newer program');
  const target = resolve(folder);
  if (existsSync(target) && readdirSync(target).length > 0)
    throw new StoreError('STORE_BACKUP', 'the folder to restore to is not empty');
  const staging = `${target}.restoring`;
  rmSync(staging, { recursive: true, force: true });
  try {
    mkdirSync(join(staging, 'store'), { recursive: true, mode: 0o700 });
    for (const name of backupFiles) {
      const to = name === 'data.mdb' ? join(staging, 'store', name) : join(staging, name);
      takeFile(path, name, to, manifest);
      chmodSync(to, 0o600);
    }
    const { owner, networkId } = manifest;
    const store = LmdbStore.open({ folder: staging, owner, networkId, random });
    try {
      store.verify();
      store.beginGeneration(random);
    } finally {
      await store.close();
    }
    syncPath(join(staging, 'store'));
    syncPath(staging);
    renameSync(staging, target);
    syncPath(dirname(target));
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error;
  }
}
