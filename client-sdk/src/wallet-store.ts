/**
 * What a wallet keeps: its recovery seed, the network it trusts, its dWallets. The interface is for adapters; the file is readable by its
 * owner only (encryption at rest comes with the wallet SDK).
 *
 * @module
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { DecodeError } from '@dwallet/sigma';

/** One dWallet. Hex throughout. */
export interface StoredWallet {
  readonly id: string;
  /** DkgMsg, stored before it was sent. */
  readonly message: string;
  readonly fresh: string;
  /** x_A. */
  readonly userShare: string;
  /** Set when the owner has accepted the network's output (MPC:A1 to MPC:A3). */
  readonly record?: string;
}

export interface WalletData {
  readonly version: 1;
  /** 32 bytes in hex: account key and user encryption key are derived from it. */
  readonly seed: string;
  /** Pinned on first use (MPC:V1). */
  readonly network?: { readonly id: string; readonly setup: string };
  readonly wallets: readonly StoredWallet[];
}

export interface WalletStore {
  load(): WalletData | undefined;
  /** Durable when it returns. */
  save(data: WalletData): void;
}

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
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // The parser's own message may quote the file.
      throw new DecodeError('WalletData', 'is not JSON');
    }
    const data = value as WalletData;
    if (
      typeof data !== 'object' ||
      data === null ||
      data.version !== 1 ||
      typeof data.seed !== 'string' ||
      !/^[0-9a-f]{64}$/.test(data.seed) ||
      !Array.isArray(data.wallets)
    ) {
      throw new DecodeError('WalletData', 'is not a wallet file of this version');
    }
    return data;
  }
  save(data: WalletData): void {
    const folder = dirname(this.#path);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const temporary = `${this.#path}.tmp`;
    // What a crash left may have other permissions.
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
