/**
 * A wallet in an encrypted folder. Node only.
 *
 * Every change is a new file `wallet-<revision>.sealed`, complete when its name appears: written under a temporary name, fsynced, linked to its name.
 * The link fails where the name is taken, which is the compare-and-set between processes; there is no lock that a crash could leave behind. The
 * newest {@link keptRevisions} files stay, and the first one, so that a process that was asleep cannot take an old name for a free one. A file that
 * cannot be opened is an error, never "empty". Of files under an earlier secret only the name stays.
 *
 * @module
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { SignMessageStore } from '@dwallet/two-pc-mpc/client';
import type { Random } from '@dwallet/sigma';
import { type Keystore, KeystoreError, type KeystoreSnapshot } from '../keystore.ts';
import type { WalletData } from '../wallet-store.ts';
import { FileMessageStore } from './file-message-store.ts';
import { FileWalletStore } from './file-wallet-store.ts';
import { isRunning } from './processes.ts';
import { type SealedWalletHeader, WalletSeal, isUnderSameSecret, readSealedWalletHeader } from './sealed-wallet.ts';

const keptRevisions = 32;
const maxReads = 16;
const namePattern = /^wallet-(\d{12})\.sealed$/;
const temporaryPattern = /^\.tmp-(\d+)-/;
const nameOf = (revision: number): string => `wallet-${String(revision).padStart(12, '0')}.sealed`;
const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

export interface EncryptedFileKeystoreOptions {
  /** A passphrase, or at least 16 random bytes. */
  readonly secret: string | Uint8Array;
  /** Work of scrypt for a new keystore, as the power of two of N, 10..20. Default: 17 (128 MiB). */
  readonly log2N?: number;
  /** Default: the platform's. */
  readonly random?: Random;
}

export class EncryptedFileKeystore implements Keystore {
  readonly folder: string;
  readonly messages: SignMessageStore;
  #seal: WalletSeal;

  private constructor(folder: string, options: EncryptedFileKeystoreOptions) {
    this.folder = folder;
    this.#seal = sealOf(options);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      const writer = temporaryPattern.exec(name)?.[1];
      if (writer !== undefined && !isRunning(Number(writer))) rmSync(join(folder, name), { force: true });
    }
    this.messages = new FileMessageStore(join(folder, 'messages'));
  }

  /**
   * Opens the keystore of a folder, or prepares an empty one. A plain `wallet.json` in it is taken over, encrypted, and removed; no other program may be
   * working with it then.
   * @throws KeystoreError KEYSTORE_WRONG_SECRET, KEYSTORE_DAMAGED, KEYSTORE_NEWER, KEYSTORE_IO; KEYSTORE_PLAIN_WALLET for a `wallet.json` that has what
   *   the encrypted one has not: it is left alone.
   */
  static async open(folder: string, options: EncryptedFileKeystoreOptions): Promise<EncryptedFileKeystore> {
    const keystore = new EncryptedFileKeystore(folder, options);
    const known = await keystore.load();
    await keystore.#takeOver(known);
    if (known !== undefined) keystore.#forgetEarlierSecrets();
    return keystore;
  }

  /**
   * Seals the wallet under another secret, as a new revision: whole, or not at all. Then the files under the earlier secret are emptied; what a
   * crash leaves of that is done when the keystore is opened next. Other processes that have the keystore open fail from then on. The recovery seed
   * stays the same: whoever has an old copy of the folder and the old secret still has it.
   * @throws KeystoreError as {@link load}, KEYSTORE_IO when it is empty; InvalidArgumentsError for a secret that is too short.
   */
  async changeSecret(options: EncryptedFileKeystoreOptions): Promise<void> {
    const next = sealOf(options);
    for (let attempt = 0; attempt < maxReads; attempt++) {
      const known = await this.load();
      if (known === undefined) throw new KeystoreError('KEYSTORE_IO', 'the keystore is empty');
      if (!(await this.#write(known.revision, known.data, next))) continue;
      this.#seal = next;
      this.#forgetEarlierSecrets();
      return;
    }
    throw new KeystoreError('KEYSTORE_BUSY', 'others change the keystore all the time');
  }

  async load(): Promise<KeystoreSnapshot | undefined> {
    for (let attempt = 0; attempt < maxReads; attempt++) {
      const revision = this.#newest();
      if (revision === 0) return undefined;
      let bytes: Uint8Array;
      try {
        bytes = new Uint8Array(readFileSync(join(this.folder, nameOf(revision))));
      } catch (error) {
        // Many changes were made, and this file removed, since the folder was read.
        if (isErrno(error, 'ENOENT')) continue;
        throw new KeystoreError('KEYSTORE_IO', 'the keystore cannot be read', { cause: error });
      }
      const snapshot = await this.#seal.open(bytes);
      if (snapshot.revision !== revision)
        throw new KeystoreError('KEYSTORE_DAMAGED', 'a file of the keystore was renamed');
      return snapshot;
    }
    throw new KeystoreError('KEYSTORE_BUSY', 'others change the keystore all the time');
  }

  compareAndSet(expected: number, data: WalletData): Promise<boolean> {
    return this.#write(expected, data, this.#seal);
  }

  async #write(expected: number, data: WalletData, seal: WalletSeal): Promise<boolean> {
    if (this.#newest() !== expected) return false;
    const revision = expected + 1;
    const bytes = await seal.seal({ revision, data });
    const path = join(this.folder, nameOf(revision));
    try {
      const temporary = this.#writeTemporary(bytes);
      try {
        linkSync(temporary, path);
      } catch (error) {
        if (isErrno(error, 'EEXIST')) return false;
        throw error;
      } finally {
        rmSync(temporary, { force: true });
      }
      this.#syncFolder();
    } catch (error) {
      throw new KeystoreError('KEYSTORE_IO', 'the keystore cannot be written', { cause: error });
    }
    // Old names become free again, oldest first: where the one before ours is gone, ours was taken and removed long ago.
    if (expected > 0 && !existsSync(join(this.folder, nameOf(expected)))) {
      rmSync(path, { force: true });
      return false;
    }
    this.#prune(revision);
    return true;
  }

  /** 0 when there is none. */
  #newest(): number {
    let newest = 0;
    for (const name of this.#names()) newest = Math.max(newest, Number(namePattern.exec(name)?.[1] ?? 0));
    return newest;
  }
  #names(): string[] {
    try {
      return readdirSync(this.folder);
    } catch (error) {
      throw new KeystoreError('KEYSTORE_IO', 'the keystore cannot be read', { cause: error });
    }
  }

  #prune(revision: number): void {
    const old = this.#names()
      .map((name) => Number(namePattern.exec(name)?.[1] ?? 0))
      .filter((found) => found > 1 && found <= revision - keptRevisions);
    for (const found of old.sort((x, y) => x - y)) rmSync(join(this.folder, nameOf(found)), { force: true });
  }

  /** Empties the files that the newest one's secret does not open. Their names stay taken. */
  #forgetEarlierSecrets(): void {
    const headerOf = (name: string): SealedWalletHeader | undefined => {
      const content = new Uint8Array(readFileSync(join(this.folder, name)));
      try {
        return readSealedWalletHeader(content);
      } catch {
        // Emptied before, or damaged: nothing that a secret opens.
        return undefined;
      }
    };
    const names = this.#names().filter((name) => namePattern.test(name));
    const newest = nameOf(this.#newest());
    try {
      const current = headerOf(newest);
      for (const name of names) {
        const header = headerOf(name);
        if (current === undefined || header === undefined || isUnderSameSecret(header, current)) continue;
        renameSync(this.#writeTemporary(new Uint8Array(0)), join(this.folder, name));
      }
      this.#syncFolder();
    } catch (error) {
      // Another process of this wallet has removed a file; what is left is for the next one that opens it.
      if (!isErrno(error, 'ENOENT'))
        throw new KeystoreError('KEYSTORE_IO', 'the keystore cannot be written', { cause: error });
    }
  }

  #writeTemporary(content: Uint8Array): string {
    const path = join(this.folder, `.tmp-${process.pid}-${randomBytes(8).toString('hex')}`);
    const file = openSync(path, 'wx', 0o600);
    try {
      let offset = 0;
      while (offset < content.length) offset += writeSync(file, content, offset);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return path;
  }

  #syncFolder(): void {
    const handle = openSync(this.folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }

  /** The plain file of earlier versions. It goes only when everything in it is in the encrypted one, read back. */
  async #takeOver(known: KeystoreSnapshot | undefined): Promise<void> {
    const path = join(this.folder, 'wallet.json');
    const plain = new FileWalletStore(path).load();
    if (plain === undefined) return;
    if (known === undefined) await this.compareAndSet(0, plain);
    const kept = (await this.load())?.data;
    const ids = new Set(kept?.wallets.map(({ id }) => id));
    if (kept?.seed !== plain.seed || !plain.wallets.every(({ id }) => ids.has(id)))
      throw new KeystoreError(
        'KEYSTORE_PLAIN_WALLET',
        'there is a plain wallet.json beside the encrypted keystore, with another wallet in it',
      );
    rmSync(path);
    this.#syncFolder();
  }
}

const sealOf = ({ secret, log2N, random }: EncryptedFileKeystoreOptions): WalletSeal =>
  new WalletSeal({
    secret,
    random: random ?? ((length) => new Uint8Array(randomBytes(length))),
    ...(log2N === undefined ? {} : { log2N }),
  });
