/**
 * What a wallet keeps: its recovery seed, the network it trusts, its dWallets. The interface is for adapters; the file is readable by its
 * owner only (encryption at rest comes with the wallet SDK).
 *
 * @module
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
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
    if (!existsSync(this.#path)) return undefined;
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(this.#path, 'utf8'));
    } catch {
      // The parser's own message may quote the file.
      throw new DecodeError('WalletData', 'is not JSON');
    }
    const data = value as WalletData;
    if (
      typeof data !== 'object' ||
      data === null ||
      data.version !== 1 ||
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
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeSync(file, JSON.stringify(data));
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
