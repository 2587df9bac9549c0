/**
 * The wallet's record of used presigns on disk (MPC:V4): the exact bytes of each client message, durable before they are sent.
 *
 * One file per presign, complete when its name appears: written under a temporary name, fsynced, linked to its name (which fails if the name is
 * taken: the compare-and-set), then the folder is fsynced. A damaged file is an error, never "unused". Node only.
 *
 * @module
 */
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DWalletError, type PresignId, Reader, concat, encodeBytes, encodeText, encodeUint32 } from '@dwallet/sigma';
import type { SignMessageStore } from '@dwallet/two-pc-mpc/client';
import { sha256 } from '@noble/hashes/sha2.js';
import { earlierBuild } from '../keystore.ts';
import { isRunning } from './processes.ts';

/** A stored message cannot be read back, or the disk failed. The presign counts as used. */
export class MessageStoreError extends DWalletError {
  override readonly name = 'MessageStoreError';
  readonly code = 'MESSAGE_STORE';
}

/** The file operation that durability rests on; tests watch it. */
export interface DiskOperations {
  sync(file: number): void;
}

const magic = encodeText('DWSIGNMS');
/** Raise it when the layout changes. Every other version is refused: a message that is not read whole is not sent, and its presign stays used. */
export const messageFileVersion = 2;
const maxMessageBytes = 1 << 20;

const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
const equal = (x: Uint8Array, y: Uint8Array): boolean => x.length === y.length && x.every((byte, i) => byte === y[i]);

const body = (presignId: PresignId, message: Uint8Array): Uint8Array =>
  concat(magic, encodeUint32(messageFileVersion), presignId, encodeBytes(message));

export class FileMessageStore implements SignMessageStore {
  readonly #folder: string;
  readonly #operations: DiskOperations;

  /** @param folder - made if it is not there; belongs to this store alone. */
  constructor(folder: string, operations: DiskOperations = { sync: fsyncSync }) {
    this.#folder = folder;
    this.#operations = operations;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Temporary files of a process that is gone were never sent; another one of this wallet may be writing now.
    for (const name of readdirSync(folder)) {
      const writer = /^\.tmp-(\d+)-/.exec(name)?.[1];
      if (name.startsWith('.tmp-') && !isRunning(Number(writer))) rmSync(join(folder, name), { force: true });
    }
  }

  #pathOf(presignId: PresignId): string {
    if (presignId.length !== 32) throw new MessageStoreError('a presign id is 32 bytes');
    return join(this.#folder, `${Buffer.from(presignId).toString('hex')}.signmsg`);
  }

  #syncFolder(): void {
    const folder = openSync(this.#folder, 'r');
    try {
      this.#operations.sync(folder);
    } finally {
      closeSync(folder);
    }
  }

  async get(presignId: PresignId): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(presignId);
    let bytes: Uint8Array;
    try {
      bytes = new Uint8Array(readFileSync(path));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw new MessageStoreError(`${path} cannot be read`, { cause: error });
    }
    const message = this.#parse(path, presignId, bytes);
    // The name may have been linked by a process that did not come to its fsync.
    this.#syncFolder();
    return message;
  }

  #parse(path: string, presignId: PresignId, bytes: Uint8Array): Uint8Array {
    try {
      const reader = new Reader(bytes, 'MessageFile');
      if (!equal(reader.fixed('magic', magic.length), magic))
        throw new MessageStoreError(`${path} is not a stored message`);
      const version = reader.uint32('version');
      if (version > messageFileVersion) throw new MessageStoreError(`${path} was written by a newer version`);
      if (version < messageFileVersion) throw new MessageStoreError(`${path} is of ${earlierBuild}`);
      const id = reader.fixed('presignId', 32);
      const message = reader.bytes('message', maxMessageBytes);
      const check = reader.fixed('checksum', 32);
      reader.end();
      if (!equal(id, presignId) || !equal(check, sha256(body(presignId, message)))) {
        throw new MessageStoreError(`${path} is damaged`);
      }
      return message;
    } catch (cause) {
      throw cause instanceof MessageStoreError ? cause : new MessageStoreError(`${path} is damaged`, { cause });
    }
  }

  async putIfAbsent(presignId: PresignId, message: Uint8Array): Promise<Uint8Array> {
    const path = this.#pathOf(presignId);
    if (message.length > maxMessageBytes) throw new MessageStoreError('message is too long');
    const content = body(presignId, message);
    const temporary = this.#writeTemporary(concat(content, sha256(content)));
    try {
      linkSync(temporary, path);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw new MessageStoreError(`${path} cannot be written`, { cause: error });
      const known = await this.get(presignId);
      if (known === undefined) throw new MessageStoreError(`${path} disappears`);
      return known;
    } finally {
      unlinkSync(temporary);
    }
    this.#syncFolder();
    return message.slice();
  }

  #writeTemporary(content: Uint8Array): string {
    const path = join(this.#folder, `.tmp-${process.pid}-${randomBytes(8).toString('hex')}`);
    const file = openSync(path, 'wx', 0o600);
    try {
      let offset = 0;
      while (offset < content.length) offset += writeSync(file, content, offset);
      this.#operations.sync(file);
    } finally {
      closeSync(file);
    }
    return path;
  }
}
