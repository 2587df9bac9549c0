/**
 * Wallet data under a passphrase: scrypt, then XChaCha20-Poly1305 with the whole header as associated data, so that neither its cost parameters nor
 * its revision can be changed. The same bytes in files and in IndexedDB.
 *
 * Layout: magic (8) | version u32 | log2 N u8 | r u32 | p u32 | salt (32) | revision u64 | nonce (24) | ciphertext and tag.
 *
 * @module
 */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import {
  DecodeError,
  InvalidArgumentsError,
  type Random,
  Reader,
  Secret,
  concat,
  encodeText,
  encodeUint,
  encodeUint32,
  encodeUint8,
} from '@dwallet/sigma';
import { hex } from '../hex.ts';
import { KeystoreError, type KeystoreSnapshot, earlierBuild } from '../keystore.ts';
import { type WalletData, parseWalletData } from '../wallet-store.ts';

/** Work of scrypt, as the power of two of N; r = 8, p = 1. */
export const defaultScryptLog2N = 17;
/** Raise it when the layout of the header, or what the wallet data mean, changes. Every other version is refused. */
export const sealedWalletVersion = 2;

const magic = encodeText('DWALLETK');
const headerBytes = 8 + 4 + 1 + 4 + 4 + 32 + 8;
const nonceBytes = 24;
const tagBytes = 16;
const minLog2N = 10;
/** A bent file must not make anybody compute, or allocate, for hours. */
const maxLog2N = 20;
const r = 8;
const p = 1;

interface Kdf {
  readonly log2N: number;
  readonly salt: Uint8Array;
}

export interface SealOptions {
  /** A passphrase, or at least 16 random bytes. */
  readonly secret: string | Uint8Array;
  readonly random: Random;
  /** For new keystores; an old one keeps its own. Default: {@link defaultScryptLog2N}. */
  readonly log2N?: number;
}

/** Seals and opens the wallet data of one keystore; derives each key once. */
export class WalletSeal {
  readonly #secret: Secret<Uint8Array>;
  readonly #random: Random;
  readonly #log2N: number;
  readonly #keys = new Map<string, Promise<Secret<Uint8Array>>>();
  /** Of what was opened or sealed last. */
  #kdf: Kdf | undefined;
  readonly #proven = new Set<string>();

  constructor({ secret, random, log2N = defaultScryptLog2N }: SealOptions) {
    // One spelling of what looks the same on every keyboard.
    const bytes = typeof secret === 'string' ? encodeText(secret.normalize('NFKC')) : secret.slice();
    if (bytes.length < (typeof secret === 'string' ? 1 : 16))
      throw new InvalidArgumentsError('secret', 'must be a passphrase, or at least 16 bytes');
    if (!Number.isInteger(log2N) || log2N < minLog2N || log2N > maxLog2N)
      throw new InvalidArgumentsError('log2N', `must be ${minLog2N}..${maxLog2N}`);
    this.#secret = new Secret(bytes);
    this.#random = random;
    this.#log2N = log2N;
  }

  /** @throws KeystoreError */
  async seal({ revision, data }: KeystoreSnapshot): Promise<Uint8Array> {
    const kdf = this.#kdf ?? { log2N: this.#log2N, salt: this.#random(32) };
    const header = headerOf(kdf, revision);
    const nonce = this.#random(nonceBytes);
    const key = await this.#key(kdf);
    const plain = encodeText(JSON.stringify(data));
    try {
      return concat(header, nonce, xchacha20poly1305(key.expose(), nonce, header).encrypt(plain));
    } finally {
      plain.fill(0);
    }
  }

  /** @throws KeystoreError KEYSTORE_WRONG_SECRET, KEYSTORE_DAMAGED, KEYSTORE_NEWER, KEYSTORE_OLDER: never anything of the content. */
  async open(bytes: Uint8Array): Promise<KeystoreSnapshot> {
    const { kdf, revision, header, nonce, sealed } = read(bytes);
    const key = await this.#key(kdf);
    let plain: Uint8Array;
    try {
      plain = xchacha20poly1305(key.expose(), nonce, header).decrypt(sealed);
    } catch {
      if (this.#proven.has(keyName(kdf))) throw damaged();
      throw new KeystoreError('KEYSTORE_WRONG_SECRET', 'the secret is wrong, or the keystore is damaged');
    }
    try {
      const data: WalletData = parseWalletData(new TextDecoder().decode(plain));
      this.#kdf = kdf;
      this.#proven.add(keyName(kdf));
      return { revision, data };
    } catch (cause) {
      throw damaged(cause);
    } finally {
      plain.fill(0);
    }
  }

  #key(kdf: Kdf): Promise<Secret<Uint8Array>> {
    const name = keyName(kdf);
    let key = this.#keys.get(name);
    if (key === undefined) {
      const { log2N, salt } = kdf;
      key = scryptAsync(this.#secret.expose(), salt, { N: 2 ** log2N, r, p, dkLen: 32, maxmem: 2 ** 31 }).then(
        (bytes) => new Secret(bytes),
      );
      this.#keys.set(name, key);
    }
    return key;
  }
}

const keyName = ({ log2N, salt }: Kdf): string => `${log2N}.${hex(salt)}`;
const damaged = (cause?: unknown): KeystoreError =>
  new KeystoreError('KEYSTORE_DAMAGED', 'the keystore is damaged', cause === undefined ? undefined : { cause });

const headerOf = ({ log2N, salt }: Kdf, revision: number): Uint8Array =>
  concat(
    magic,
    encodeUint32(sealedWalletVersion),
    encodeUint8(log2N),
    encodeUint32(r),
    encodeUint32(p),
    salt,
    encodeUint(BigInt(revision), 8),
  );

/** What the header of a sealed wallet says; nothing in it is secret, and nothing was authenticated. */
export interface SealedWalletHeader {
  readonly revision: number;
  /** Work of scrypt, as the power of two of N. */
  readonly log2N: number;
  /** 32 bytes. */
  readonly salt: Uint8Array;
}

/** @throws KeystoreError KEYSTORE_DAMAGED, KEYSTORE_NEWER, KEYSTORE_OLDER */
export function readSealedWalletHeader(bytes: Uint8Array): SealedWalletHeader {
  const { kdf, revision } = read(bytes);
  return { revision, ...kdf };
}

/** Each secret of a keystore has a salt of its own. */
export const isUnderSameSecret = (x: SealedWalletHeader, y: SealedWalletHeader): boolean => keyName(x) === keyName(y);

function read(bytes: Uint8Array) {
  if (bytes.length < headerBytes + nonceBytes + tagBytes) throw damaged();
  const header = bytes.slice(0, headerBytes);
  const nonce = bytes.slice(headerBytes, headerBytes + nonceBytes);
  try {
    const reader = new Reader(header, 'Keystore');
    if (hex(reader.fixed('magic', magic.length)) !== hex(magic)) throw damaged();
    const version = reader.uint32('version');
    if (version > sealedWalletVersion)
      throw new KeystoreError('KEYSTORE_NEWER', 'the keystore was written by a newer version');
    if (version < sealedWalletVersion) throw new KeystoreError('KEYSTORE_OLDER', `the keystore is of ${earlierBuild}`);
    const log2N = reader.uint8('log2N');
    reader.uint32('r');
    reader.uint32('p');
    const salt = reader.fixed('salt', 32);
    const revision = Number(reader.uint64('revision'));
    reader.end();
    const kdf = { log2N, salt };
    const known = log2N >= minLog2N && log2N <= maxLog2N;
    // One way to write a header: whatever differs in it is damage.
    if (!known || !Number.isSafeInteger(revision) || hex(headerOf(kdf, revision)) !== hex(header)) throw damaged();
    return { kdf, revision, header, nonce, sealed: bytes.slice(headerBytes + nonceBytes) };
  } catch (error) {
    throw error instanceof DecodeError ? damaged(error) : error;
  }
}
