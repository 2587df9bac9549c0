/**
 * A validator's secrets on disk: identity key, root seed, the seed of a running ceremony, and its decryption-key shares. Encrypted at rest
 * (XChaCha20-Poly1305) under a passphrase (scrypt) or a 32-byte key (HKDF), in a file that only its owner reads.
 *
 * File, version 2: JSON of version, key derivation with its salt, nonce and ciphertext; version and key derivation are authenticated with the
 * content. Version 1 was the content itself in JSON; opening one encrypts it.
 *
 * @module
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import {
  BugError,
  DWalletError,
  DecodeError,
  type Random,
  Reader,
  Secret,
  bytesToInteger,
  concat,
  encodeBytes,
  encodeText,
  encodeUint16,
  encodeUint32,
  encodeUint8,
} from '@dwallet/sigma';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { scrypt } from '@noble/hashes/scrypt.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** What opens a keystore. The caller keeps its secret and destroys it. */
export type KeystoreUnlock =
  /** Any bytes, at least one; a person's choice, so made slow to guess. */
  | { readonly passphrase: Secret<Uint8Array> }
  /** 32 random bytes, as {@link openOrMakeKeyFile} reads them. */
  | { readonly key: Secret<Uint8Array> };

/** The secret does not open the keystore, or the key file is not safe. Says nothing of any content. */
export class KeystoreError extends DWalletError {
  override readonly name = 'KeystoreError';
  readonly code: 'KEYSTORE_SECRET' | 'KEY_FILE';
  constructor(code: 'KEYSTORE_SECRET' | 'KEY_FILE', message: string) {
    super(message);
    this.code = code;
  }
}

/** How the file key comes from the secret. The parameters of scrypt are not negotiable. */
type Derivation =
  | { readonly name: 'scrypt'; readonly N: 131_072; readonly r: 8; readonly p: 1; readonly salt: string }
  | { readonly name: 'hkdf-sha256'; readonly salt: string };

const scryptCost = { N: 131_072, r: 8, p: 1 } as const;
const saltBytes = 32;
const nonceBytes = 24;
const keyBytes = 32;

/** What is kept, in bytes that can be wiped. */
interface Content {
  readonly identity: Uint8Array;
  readonly root: Uint8Array;
  /** Seed of the network DKG while it runs; erased when it is final (CG 8.1.5, pitfall 48). */
  readonly ceremony: Uint8Array | undefined;
  /** Virtual number -> d_j. */
  readonly shares: ReadonlyMap<number, bigint> | undefined;
}

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

export class Keystore {
  readonly #path: string;
  #content: Content;
  #derivation: Derivation;
  #key: Secret<Uint8Array>;
  #random: Random;

  private constructor(path: string, content: Content, derivation: Derivation, key: Secret<Uint8Array>, random: Random) {
    this.#path = path;
    this.#content = content;
    this.#derivation = derivation;
    this.#key = key;
    this.#random = random;
  }

  /**
   * Opens the keystore of a folder, or makes a new one; encrypts one of version 1. The key is derived once: later writes cost no scrypt.
   * @throws DecodeError for a file that is not a keystore of these versions; KeystoreError KEYSTORE_SECRET for the wrong secret or a file
   * that was changed.
   */
  static open(folder: string, random: Random, unlock: KeystoreUnlock): Keystore {
    const path = join(folder, 'keystore.json');
    const text = readIfThere(path);
    if (text === undefined) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const content: Content = { identity: random(32), root: random(32), ceremony: undefined, shares: undefined };
      const keystore = Keystore.#locked(path, content, random, unlock);
      // A link fails if the name exists: nobody's keys are ever replaced by new ones.
      keystore.#write(content, linkSync);
      return keystore;
    }
    const file = parseFile(text);
    if (file.version === 1) {
      const keystore = Keystore.#locked(path, file.content, random, unlock);
      keystore.#replace(file.content);
      return keystore;
    }
    const key = deriveKey(file.derivation, unlock);
    try {
      return new Keystore(path, decrypt(file, key), file.derivation, key, random);
    } catch (error) {
      key.destroy();
      throw error;
    }
  }

  static #locked(path: string, content: Content, random: Random, unlock: KeystoreUnlock): Keystore {
    const derivation = newDerivation(random, unlock);
    return new Keystore(path, content, derivation, deriveKey(derivation, unlock), random);
  }

  get identity(): Secret<Uint8Array> {
    return new Secret(this.#content.identity.slice());
  }
  get root(): Secret<Uint8Array> {
    return new Secret(this.#content.root.slice());
  }
  /** Authenticates cached tables (`FileTableCache`); a function of the root seed. 32 bytes. */
  tableSealKey(): Secret<Uint8Array> {
    return new Secret(hkdf(sha256, this.#content.root, undefined, encodeText('dwallet/v1/table-seal-key'), keyBytes));
  }
  /** Seed of the running ceremony, made on first use. */
  ceremony(random: Random): Secret<Uint8Array> {
    if (this.#content.shares !== undefined) throw new BugError('a ceremony seed was asked for after the ceremony');
    if (this.#content.ceremony === undefined) this.#replace({ ...this.#content, ceremony: random(32) });
    return new Secret((this.#content.ceremony as Uint8Array).slice());
  }
  /** Stores the final shares and erases the ceremony seed in one write. */
  finishCeremony(shares: ReadonlyMap<number, bigint>): void {
    const { ceremony } = this.#content;
    this.#replace({ ...this.#content, ceremony: undefined, shares: new Map(shares) });
    ceremony?.fill(0);
  }
  /** Virtual number -> d_j, or undefined before the DKG. */
  get shares(): ReadonlyMap<number, Secret<bigint>> | undefined {
    const { shares } = this.#content;
    return shares && new Map([...shares].map(([id, share]) => [id, new Secret(share)]));
  }

  /** From now on another secret opens the file. */
  changeSecret(unlock: KeystoreUnlock): void {
    const before = { derivation: this.#derivation, key: this.#key };
    this.#derivation = newDerivation(this.#random, unlock);
    this.#key = deriveKey(this.#derivation, unlock);
    try {
      this.#replace(this.#content);
    } catch (error) {
      this.#key.destroy();
      this.#derivation = before.derivation;
      this.#key = before.key;
      throw error;
    }
    before.key.destroy();
  }

  /** The object changes only when the file has. */
  #replace(content: Content): void {
    this.#write(content, renameSync);
    this.#content = content;
  }

  #write(content: Content, place: (temporary: string, path: string) => void): void {
    const folder = dirname(this.#path);
    const temporary = `${this.#path}.tmp`;
    // What a crash left may have other permissions.
    rmSync(temporary, { force: true });
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeAll(file, encodeText(encrypt(content, this.#derivation, this.#key, this.#random)));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    place(temporary, this.#path);
    rmSync(temporary, { force: true });
    syncFolder(folder);
  }

  toJSON(): string {
    return '[keystore]';
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[keystore]';
  }
}

/**
 * The 32-byte key of a service: read from a file, which is made on first use. 64 hexadecimal digits, readable by its owner only.
 * @throws KeystoreError KEY_FILE for a file that others may read or that holds no key.
 */
export function openOrMakeKeyFile(path: string, random: Random): { readonly key: Secret<Uint8Array> } {
  const text = readIfThere(path) ?? makeKeyFile(path, random);
  const file = openSync(path, 'r');
  try {
    if (process.getuid !== undefined && (fstatSync(file).mode & 0o077) !== 0)
      throw new KeystoreError('KEY_FILE', 'the key file can be read by others; it must have mode 0600');
  } finally {
    closeSync(file);
  }
  if (!/^[0-9a-f]{64}\s*$/.test(text))
    throw new KeystoreError('KEY_FILE', 'the key file must hold 64 hexadecimal digits');
  return { key: new Secret(fromHex(text.trim())) };
}

function makeKeyFile(path: string, random: Random): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.tmp`;
  rmSync(temporary, { force: true });
  const key = random(keyBytes);
  const text = `${toHex(key)}\n`;
  key.fill(0);
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeAll(file, encodeText(text));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  // Durable under its name before anything is encrypted with it.
  linkSync(temporary, path);
  rmSync(temporary, { force: true });
  syncFolder(dirname(path));
  return text;
}

function writeAll(file: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) offset += writeSync(file, bytes, offset);
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** A file that cannot be read is not a file that is not there. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

// Encryption --------------------------------------------------------------------------------------------------------------------------

function newDerivation(random: Random, unlock: KeystoreUnlock): Derivation {
  const salt = toHex(random(saltBytes));
  return 'passphrase' in unlock ? { name: 'scrypt', ...scryptCost, salt } : { name: 'hkdf-sha256', salt };
}

function deriveKey(derivation: Derivation, unlock: KeystoreUnlock): Secret<Uint8Array> {
  const salt = fromHex(derivation.salt);
  if (derivation.name === 'scrypt') {
    if (!('passphrase' in unlock)) throw new KeystoreError('KEYSTORE_SECRET', 'the keystore is opened by a passphrase');
    const passphrase = unlock.passphrase.expose();
    if (passphrase.length === 0) throw new KeystoreError('KEYSTORE_SECRET', 'the passphrase is empty');
    const { N, r, p } = derivation;
    return new Secret(scrypt(passphrase, salt, { N, r, p, dkLen: keyBytes }));
  }
  if (!('key' in unlock))
    throw new KeystoreError('KEYSTORE_SECRET', 'the keystore is opened by a key, not a passphrase');
  const key = unlock.key.expose();
  if (key.length !== keyBytes) throw new KeystoreError('KEYSTORE_SECRET', 'the key must be 32 bytes');
  return new Secret(hkdf(sha256, key, salt, encodeText('dwallet/v1/keystore'), keyBytes));
}

/** What is authenticated with the content: a file cannot be given another version or derivation. */
const associated = (derivation: Derivation): Uint8Array =>
  concat(encodeText('dwallet/v1/keystore-file'), encodeUint8(2), encodeText(JSON.stringify(derivation)));

function encrypt(content: Content, derivation: Derivation, key: Secret<Uint8Array>, random: Random): string {
  const nonce = random(nonceBytes);
  const plain = encodeContent(content);
  try {
    const ciphertext = xchacha20poly1305(key.expose(), nonce, associated(derivation)).encrypt(plain);
    return JSON.stringify({ version: 2, derivation, nonce: toHex(nonce), ciphertext: toHex(ciphertext) });
  } finally {
    plain.fill(0);
  }
}

function decrypt({ derivation, nonce, ciphertext }: EncryptedFile, key: Secret<Uint8Array>): Content {
  let plain: Uint8Array;
  try {
    plain = xchacha20poly1305(key.expose(), nonce, associated(derivation)).decrypt(ciphertext);
  } catch {
    // The wrong secret and a changed file look the same, and nothing more is said.
    throw new KeystoreError('KEYSTORE_SECRET', 'the secret does not open this keystore');
  }
  try {
    return decodeContent(plain);
  } finally {
    plain.fill(0);
  }
}

const contentVersion = 1;

function encodeContent({ identity, root, ceremony, shares }: Content): Uint8Array {
  const parts = [
    encodeUint8(contentVersion),
    identity,
    root,
    encodeBytes(ceremony ?? new Uint8Array(0)),
    encodeUint8(shares === undefined ? 0 : 1),
    encodeUint16(shares?.size ?? 0),
    ...[...(shares ?? [])].flatMap(([id, share]) => {
      const digits = (share < 0n ? -share : share).toString(16);
      return [
        encodeUint32(id),
        encodeUint8(share < 0n ? 1 : 0),
        encodeBytes(fromHex(digits.padStart(digits.length + (digits.length % 2), '0'))),
      ];
    }),
  ];
  return concat(...parts);
}

function readFlag(reader: Reader): boolean {
  const flag = reader.uint8('flag');
  if (flag > 1) throw new DecodeError(reader.path('flag'), 'must be 0 or 1');
  return flag === 1;
}

function decodeContent(bytes: Uint8Array): Content {
  const reader = new Reader(bytes, 'Keystore');
  reader.constant('version', contentVersion);
  const identity = reader.fixed('identity', 32).slice();
  const root = reader.fixed('root', 32).slice();
  const ceremony = reader.bytes('ceremony', 32).slice();
  const hasShares = readFlag(reader);
  const count = reader.uint16('shares');
  const shares = new Map<number, bigint>();
  for (let i = 0; i < count; i++) {
    const id = reader.uint32('shares');
    const negative = readFlag(reader);
    const magnitude = bytesToInteger(reader.bytes('shares', 1024));
    shares.set(id, negative ? -magnitude : magnitude);
  }
  reader.end();
  return {
    identity,
    root,
    ceremony: ceremony.length === 0 ? undefined : ceremony,
    shares: hasShares ? shares : undefined,
  };
}

// Files -------------------------------------------------------------------------------------------------------------------------------

interface EncryptedFile {
  readonly version: 2;
  readonly derivation: Derivation;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

type KeystoreFile = EncryptedFile | { readonly version: 1; readonly content: Content };

function parseFile(text: string): KeystoreFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message may quote the file.
    throw new DecodeError('Keystore', 'is not JSON');
  }
  const version = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined;
  if (version === 1) return { version, content: parseVersionOne(value as Record<string, unknown>) };
  if (version === 2) return parseVersionTwo(value as Record<string, unknown>);
  throw new DecodeError('Keystore.version', 'is not a version that this program reads');
}

function parseVersionTwo(file: Record<string, unknown>): EncryptedFile {
  return {
    version: 2,
    derivation: parseDerivation(file['derivation']),
    nonce: hexField(file['nonce'], 'nonce', nonceBytes),
    ciphertext: hexField(file['ciphertext'], 'ciphertext'),
  };
}

function parseDerivation(value: unknown): Derivation {
  if (typeof value !== 'object' || value === null) throw new DecodeError('Keystore.derivation', 'is missing');
  const { name, salt, ...rest } = value as Record<string, unknown>;
  const encoded = toHex(hexField(salt, 'derivation.salt', saltBytes));
  if (name === 'hkdf-sha256' && Object.keys(rest).length === 0) return { name, salt: encoded };
  const { N, r, p } = scryptCost;
  // Less would be easier to guess, more would hang the process.
  if (name === 'scrypt' && rest['N'] === N && rest['r'] === r && rest['p'] === p)
    return { name, ...scryptCost, salt: encoded };
  throw new DecodeError('Keystore.derivation', 'is not one that this program uses');
}

function hexField(text: unknown, field: string, bytes?: number): Uint8Array {
  if (
    typeof text !== 'string' ||
    !/^(?:[0-9a-f]{2})*$/.test(text) ||
    (bytes !== undefined && text.length !== 2 * bytes)
  )
    throw new DecodeError(`Keystore.${field}`, bytes === undefined ? 'must be hex' : `must be ${bytes} bytes in hex`);
  return fromHex(text);
}

function parseVersionOne(file: Record<string, unknown>): Content {
  const { identity, root, ceremony, shares } = file;
  return {
    identity: hexField(identity, 'identity', 32),
    root: hexField(root, 'root', 32),
    ceremony: ceremony === undefined ? undefined : hexField(ceremony, 'ceremony', 32),
    shares: shares === undefined ? undefined : parseShares(shares),
  };
}

function parseShares(shares: unknown): Map<number, bigint> {
  if (typeof shares !== 'object' || shares === null)
    throw new DecodeError('Keystore.shares', 'is not a list of shares');
  return new Map(
    Object.entries(shares).map(([id, share]) => {
      if (!/^[1-9][0-9]{0,4}$/.test(id)) throw new DecodeError('Keystore.shares', 'has a number that is none');
      return [Number(id), parseSignedHex(share)];
    }),
  );
}

function parseSignedHex(hex: unknown): bigint {
  if (typeof hex !== 'string' || !/^-?[0-9a-f]{1,2000}$/.test(hex))
    throw new DecodeError('Keystore.shares', 'is not a signed hex integer');
  return hex.startsWith('-') ? -BigInt(`0x${hex.slice(1)}`) : BigInt(`0x${hex}`);
}
