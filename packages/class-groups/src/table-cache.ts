/**
 * Comb tables kept between runs. A table is never trusted because of where it comes from: what a cache gives back is used only if its
 * seal is right, and the seal was made when this machine built the table. Everything else is rebuilt, and a table that a peer sent is
 * never put into a cache.
 *
 * Why the seal matters: `tablePower` with a wrong table is a wrong power with a secret exponent, which can reveal the exponent. Without
 * `sealKey` the seal is a plain digest: it finds damage, truncation and mixed-up files, but whoever can write to the cache can make
 * it. The cache then has to be as trusted as the keystore itself. With `sealKey` (32 secret bytes, such as a value derived from the root
 * seed in the keystore) reading and writing the cache gives nobody anything.
 *
 * Why not check the table instead: a complete check costs what building costs (`ClassGroup.decodeTable`).
 *
 * @module
 */
import { type ClassGroup, type Element, type FixedBaseTable, TableDecodeError } from '@dwallet/kernel';
import {
  type Digest,
  InvalidArgumentsError,
  type Secret,
  concat,
  constantTimeEqual,
  digestTagged,
  encodeText,
  encodeUint,
  encodeUint32,
} from '@dwallet/sigma';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** Where sealed tables are kept. Losing any entry at any time is allowed; a cache never makes an operation fail for that. */
export interface TableCache {
  /** 32 bytes that authenticate entries; see the module's comment for when it can be left out. */
  readonly sealKey?: Secret<Uint8Array>;
  /** What `put` stored under the key, or undefined. The bytes may be anything: they are checked. */
  get(key: Digest): Uint8Array | undefined;
  /** Replaces. */
  put(key: Digest, bytes: Uint8Array): void;
  /** What `get` returned was refused, for example because the disk damaged it. A good table follows with `put`. */
  refused?(key: Digest, reason: string): void;
}

const sealBytes = 32;
const sealKeyBytes = 32;
const tag = encodeText('dwallet/v1/table-cache');

/** Identifies the table by group, base and exponent length. The shape is in the table and follows from these. */
export function tableKey(group: ClassGroup, base: Element, exponentBits: number): Digest {
  const magnitude = -group.discriminant;
  const integer = (value: bigint): Uint8Array => encodeUint(value, (value.toString(16).length + 1) >> 1);
  return digestTagged('table-cache/key', [
    integer(magnitude),
    integer(group.conductor ?? 0n),
    group.encode(base),
    encodeUint32(exponentBits),
  ]);
}

/** HMAC-SHA-256 over tag, key and table; with the empty key a plain digest. */
function sealOf(cache: TableCache, key: Digest, table: Uint8Array): Uint8Array {
  const sealKey = cache.sealKey?.expose() ?? new Uint8Array();
  if (cache.sealKey !== undefined && sealKey.length !== sealKeyBytes) {
    throw new InvalidArgumentsError('sealKey', `must be ${sealKeyBytes} bytes`);
  }
  return hmac(sha256, sealKey, concat(tag, key, table));
}

/** The table in a cache entry, or why there is none. */
function openEntry(
  group: ClassGroup,
  base: Element,
  exponentBits: number,
  cache: TableCache,
  key: Digest,
  entry: Uint8Array,
): FixedBaseTable | string {
  if (entry.length < sealBytes) return 'too short for a seal';
  const table = entry.subarray(sealBytes);
  if (!constantTimeEqual(sealOf(cache, key, table), entry.subarray(0, sealBytes))) return 'the seal is wrong';
  try {
    const decoded = group.decodeTable(table, base, { trusted: true });
    return decoded.exponentBits === exponentBits ? decoded : 'a table for other exponents';
  } catch (error) {
    // Sealed by a version of this program with another format.
    if (error instanceof TableDecodeError) return error.message;
    throw error;
  }
}

/**
 * The table of `base` from the cache, or a new one, which the cache gets.
 *
 * @param exponentBits - longest exponent in bits.
 * @param cache - without one, this is `group.buildTable`.
 * @throws KernelArgumentError for a base of another group or a length out of range; InvalidArgumentsError for a bad `sealKey`; what the
 * cache itself throws.
 */
export function loadTable(
  group: ClassGroup,
  base: Element,
  exponentBits: number,
  cache: TableCache | undefined,
): FixedBaseTable {
  if (cache === undefined) return group.buildTable(base, exponentBits);
  const key = tableKey(group, base, exponentBits);
  const entry = cache.get(key);
  if (entry !== undefined) {
    const opened = openEntry(group, base, exponentBits, cache, key, entry);
    if (typeof opened !== 'string') return opened;
    cache.refused?.(key, opened);
  }
  const table = group.buildTable(base, exponentBits);
  const bytes = group.encodeTable(table);
  cache.put(key, concat(sealOf(cache, key, bytes), bytes));
  return table;
}

/** Tables for the life of the process: for tests, and for several parameter sets in one process. */
export class MemoryTableCache implements TableCache {
  readonly #entries = new Map<string, Uint8Array>();
  get(key: Digest): Uint8Array | undefined {
    return this.#entries.get(key.join())?.slice();
  }
  put(key: Digest, bytes: Uint8Array): void {
    this.#entries.set(key.join(), bytes.slice());
  }
  get size(): number {
    return this.#entries.size;
  }
}
