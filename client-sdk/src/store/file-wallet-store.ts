/**
 * A wallet in a plain file, readable by its owner only: for tools and tests. People's wallets belong into an encrypted keystore
 * (encrypted-file-keystore.ts). Node only.
 *
 * @module
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type WalletData, type WalletStore, parseWalletData } from '../wallet-store.ts';
import { isRunning } from './processes.ts';

export class FileWalletStore implements WalletStore {
  readonly #path: string;
  constructor(path: string) {
    this.#path = path;
  }
  load(): WalletData | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      // A file that cannot be read is not a file that is not there: a new seed would take its place.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    return parseWalletData(text);
  }
  save(data: WalletData): void {
    const folder = dirname(this.#path);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    dropAbandoned(this.#path);
    // One name per process: nobody renames what another one is still writing.
    const temporary = `${this.#path}.tmp-${process.pid}`;
    rmSync(temporary, { force: true });
    const file = openSync(temporary, 'wx', 0o600);
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(data));
      let offset = 0;
      while (offset < bytes.length) offset += writeSync(file, bytes, offset);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.#path);
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}

/** Removes what processes that are gone left half written beside a wallet file: it holds secrets. */
function dropAbandoned(path: string): void {
  const prefix = `${basename(path)}.tmp`;
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length + 1));
    if (!isRunning(pid)) rmSync(join(dirname(path), name), { force: true });
  }
}
