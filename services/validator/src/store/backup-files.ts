/**
 * A backup on disk: a folder of `data.mdb` (a consistent snapshot of the store), `keystore.json` (still encrypted) and `manifest.json`, which
 * names their digests and whose they are. It is made under a temporary name and renamed when everything in it is durable.
 *
 * @module
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Digest, digest } from '@dwallet/sigma';
import { sha256 } from '@noble/hashes/sha2.js';
import { StoreError } from './store-error.ts';

export const backupFiles = ['data.mdb', 'keystore.json'] as const;
export type BackupFile = (typeof backupFiles)[number];
const manifestFile = 'manifest.json';
const manifestFormat = 'dwallet-validator-backup';
const manifestVersion = 1;

export interface BackupManifest {
  readonly storeVersion: number;
  /** Identity key, 32 bytes. */
  readonly owner: Uint8Array;
  readonly networkId: Digest;
  readonly files: Readonly<Record<BackupFile, { readonly bytes: number; readonly sha256: Uint8Array }>>;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const notOne = (what: string): StoreError =>
  new StoreError('STORE_BACKUP', `this is no backup that can be restored: ${what}`);

/** Size and digest of a file, read in pieces. */
export function digestFile(path: string): { readonly bytes: number; readonly sha256: Uint8Array } {
  const hash = sha256.create();
  const chunk = new Uint8Array(1024 * 1024);
  const file = openSync(path, 'r');
  try {
    let bytes = 0;
    for (;;) {
      const read = readSync(file, chunk);
      if (read === 0) return { bytes, sha256: hash.digest() };
      hash.update(chunk.subarray(0, read));
      bytes += read;
    }
  } finally {
    closeSync(file);
  }
}

export function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Writes a backup.
 * @param path - does not exist yet.
 * @param source.copyStore - puts the snapshot as `data.mdb` into the given folder. It is taken before the keystore: the shares of a network key
 * reach the keystore first, so no backup has a key without its shares.
 * @throws StoreError STORE_BACKUP; nothing is left under `path`.
 */
export async function writeBackup(
  path: string,
  source: {
    readonly keystore: string;
    readonly storeVersion: number;
    readonly owner: Uint8Array;
    readonly networkId: Uint8Array;
    readonly copyStore: (folder: string) => Promise<void>;
  },
): Promise<void> {
  const target = resolve(path);
  if (existsSync(target)) throw new StoreError('STORE_BACKUP', 'there is something under this name already');
  const temporary = `${target}.partial-${process.pid}`;
  try {
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true, mode: 0o700 });
    await source.copyStore(temporary);
    copyFileSync(source.keystore, join(temporary, 'keystore.json'));
    for (const name of backupFiles) syncPath(join(temporary, name));
    const manifest = {
      format: manifestFormat,
      version: manifestVersion,
      storeVersion: source.storeVersion,
      owner: hex(source.owner),
      networkId: hex(source.networkId),
      files: Object.fromEntries(
        backupFiles.map((name) => {
          const { bytes, sha256: sum } = digestFile(join(temporary, name));
          return [name, { bytes, sha256: hex(sum) }];
        }),
      ),
    };
    writeFileSync(join(temporary, manifestFile), `${JSON.stringify(manifest, undefined, 2)}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
    syncPath(join(temporary, manifestFile));
    syncPath(temporary);
    renameSync(temporary, target);
    syncPath(dirname(target));
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (error instanceof StoreError) throw error;
    throw new StoreError('STORE_BACKUP', 'the backup could not be written', { cause: error });
  }
}

/**
 * Reads a manifest, strictly.
 * @throws StoreError STORE_BACKUP.
 */
export function readManifest(path: string): BackupManifest {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(join(path, manifestFile), 'utf8'));
  } catch (cause) {
    throw new StoreError('STORE_BACKUP', 'there is no manifest, or it is not JSON', { cause });
  }
  const manifest = record(value, 'the manifest');
  if (manifest['format'] !== manifestFormat) throw notOne('the manifest is of something else');
  if (manifest['version'] !== manifestVersion) throw notOne('the manifest is of another version');
  const { storeVersion, owner, networkId } = manifest;
  if (typeof storeVersion !== 'number' || !Number.isInteger(storeVersion)) throw notOne('storeVersion is not a number');
  const listed = record(manifest['files'], 'files');
  const files = Object.fromEntries(
    backupFiles.map((name) => {
      const { bytes, sha256: sum } = record(listed[name], `files.${name}`);
      if (typeof bytes !== 'number') throw notOne(`files.${name}.bytes is not a number`);
      return [name, { bytes, sha256: bytes32(sum, `files.${name}.sha256`) }];
    }),
  ) as BackupManifest['files'];
  return { storeVersion, owner: bytes32(owner, 'owner'), networkId: digest(bytes32(networkId, 'networkId')), files };
}

function record(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw notOne(`${name} is missing`);
  return value as Readonly<Record<string, unknown>>;
}

function bytes32(text: unknown, name: string): Uint8Array {
  if (typeof text !== 'string' || !/^[0-9a-f]{64}$/.test(text)) throw notOne(`${name} is not 32 bytes in hex`);
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** Copies one file of a backup, durably. @throws StoreError STORE_BACKUP if the copy is not what the manifest names. */
export function takeFile(path: string, name: BackupFile, to: string, { files }: BackupManifest): void {
  const { bytes, sha256: expected } = files[name];
  try {
    copyFileSync(join(path, name), to);
    syncPath(to);
  } catch (cause) {
    throw new StoreError('STORE_BACKUP', `${name} cannot be copied`, { cause });
  }
  if (statSync(to).size !== bytes || hex(digestFile(to).sha256) !== hex(expected))
    throw notOne(`${name} is not what the manifest names`);
}
