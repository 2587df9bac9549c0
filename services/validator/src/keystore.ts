/**
 * A validator's secrets on disk: identity key, root seed, the seed of a running ceremony, and its decryption-key shares. The file is
 * readable by its owner only; encryption at rest comes with the validator service.
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
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { BugError, DecodeError, type Random, Secret } from '@dwallet/sigma';

interface KeystoreFile {
  readonly version: 1;
  /** Hex, 32 bytes each. */
  readonly identity: string;
  readonly root: string;
  /** Seed of the network DKG while it runs; erased when it is final (CG 8.1.5, pitfall 48). */
  readonly ceremony?: string;
  /** Virtual number -> signed integer in hex. */
  readonly shares?: Readonly<Record<string, string>>;
}

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function seed(text: unknown, field: string): Uint8Array {
  if (typeof text !== 'string' || !/^[0-9a-f]{64}$/.test(text))
    throw new DecodeError(`Keystore.${field}`, 'must be 32 bytes in hex');
  return new Uint8Array(Buffer.from(text, 'hex'));
}

export class Keystore {
  readonly #path: string;
  #file: KeystoreFile;

  private constructor(path: string, file: KeystoreFile) {
    this.#path = path;
    this.#file = file;
  }

  /** Opens the keystore of a folder, or makes a new one. @throws DecodeError for a file that is not a keystore of this version. */
  static open(folder: string, random: Random): Keystore {
    const path = join(folder, 'keystore.json');
    const known = readIfThere(path);
    if (known !== undefined) return new Keystore(path, parse(known));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file: KeystoreFile = { version: 1, identity: toHex(random(32)), root: toHex(random(32)) };
    const keystore = new Keystore(path, file);
    // A link fails if the name exists: nobody's keys are ever replaced by new ones.
    keystore.#write(file, linkSync);
    return keystore;
  }

  get identity(): Secret<Uint8Array> {
    return new Secret(seed(this.#file.identity, 'identity'));
  }
  get root(): Secret<Uint8Array> {
    return new Secret(seed(this.#file.root, 'root'));
  }
  /** Seed of the running ceremony, made on first use. */
  ceremony(random: Random): Secret<Uint8Array> {
    if (this.#file.shares !== undefined) throw new BugError('a ceremony seed was asked for after the ceremony');
    if (this.#file.ceremony === undefined) {
      this.#replace({ ...this.#file, ceremony: toHex(random(32)) });
    }
    return new Secret(seed(this.#file.ceremony, 'ceremony'));
  }
  /** Stores the final shares and erases the ceremony seed in one write. */
  finishCeremony(shares: ReadonlyMap<number, bigint>): void {
    const { ceremony: _erased, ...rest } = this.#file;
    this.#replace({
      ...rest,
      shares: Object.fromEntries([...shares].map(([id, share]) => [String(id), share.toString(16)])),
    });
  }
  /** Virtual number -> d_j, or undefined before the DKG. */
  get shares(): ReadonlyMap<number, Secret<bigint>> | undefined {
    if (this.#file.shares === undefined) return undefined;
    return new Map(Object.entries(this.#file.shares).map(([id, hex]) => [Number(id), new Secret(parseSignedHex(hex))]));
  }

  /** The object changes only when the file has. */
  #replace(content: KeystoreFile): void {
    this.#write(content, renameSync);
    this.#file = content;
  }

  #write(content: KeystoreFile, place: (temporary: string, path: string) => void): void {
    const folder = dirname(this.#path);
    const temporary = `${this.#path}.tmp`;
    // What a crash left may have other permissions.
    rmSync(temporary, { force: true });
    const file = openSync(temporary, 'wx', 0o600);
    try {
      const bytes = Buffer.from(JSON.stringify(content), 'utf8');
      let offset = 0;
      while (offset < bytes.length) offset += writeSync(file, bytes, offset);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    place(temporary, this.#path);
    rmSync(temporary, { force: true });
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }

  toJSON(): string {
    return '[keystore]';
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[keystore]';
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

function parseSignedHex(hex: unknown): bigint {
  if (typeof hex !== 'string' || !/^-?[0-9a-f]{1,2000}$/.test(hex))
    throw new DecodeError('Keystore.shares', 'is not a signed hex integer');
  return hex.startsWith('-') ? -BigInt(`0x${hex.slice(1)}`) : BigInt(`0x${hex}`);
}

function checkShares(shares: unknown): void {
  if (typeof shares !== 'object' || shares === null)
    throw new DecodeError('Keystore.shares', 'is not a list of shares');
  for (const [id, share] of Object.entries(shares)) {
    if (!/^[1-9][0-9]{0,4}$/.test(id)) throw new DecodeError('Keystore.shares', 'has a number that is none');
    parseSignedHex(share);
  }
}

function parse(text: string): KeystoreFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message may quote the file.
    throw new DecodeError('Keystore', 'is not JSON');
  }
  if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1) {
    throw new DecodeError('Keystore.version', 'is not a version that this program reads');
  }
  const file = value as KeystoreFile;
  seed(file.identity, 'identity');
  seed(file.root, 'root');
  if (file.ceremony !== undefined) seed(file.ceremony, 'ceremony');
  if (file.shares !== undefined) checkShares(file.shares);
  return file;
}
