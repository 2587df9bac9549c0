/**
 * Bitcoin blocks from bytes: the header with its proof of work, and the outputs of its transactions under its Merkle root.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { DecodeError } from '@dwallet/sigma';

export const headerBytes = 80;
/** More than a block can weigh. */
const maxTransactions = 100_000;
const transactionsPerBreath = 512;

export interface RawHeader {
  /** As displayed. */
  readonly hash: string;
  readonly parent: string;
  /** Seconds. */
  readonly time: number;
  /** Wire order. */
  readonly merkleRoot: Buffer;
  /** The hash must not be larger. */
  readonly target: bigint;
}

export interface RawOutput {
  readonly valueSats: bigint;
  /** A view of the block's bytes. */
  readonly script: Buffer;
}

export interface RawTransaction {
  /** As displayed. */
  readonly txid: string;
  readonly outputs: readonly RawOutput[];
}

const sha256d = (...parts: readonly Uint8Array[]): Buffer => {
  const inner = createHash('sha256');
  for (const part of parts) inner.update(part);
  return createHash('sha256').update(inner.digest()).digest();
};
const displayed = (hash: Buffer): string => Buffer.from(hash).reverse().toString('hex');

/** The target that four bytes of a header stand for; 0 for forms that no valid header has. */
function targetOf(bits: number): bigint {
  const mantissa = bits & 0x7f_ffff;
  if ((bits & 0x80_0000) !== 0) return 0n;
  const shift = 8 * ((bits >>> 24) - 3);
  return shift < 0 ? BigInt(mantissa) >> BigInt(-shift) : BigInt(mantissa) << BigInt(shift);
}

/** @throws DecodeError if it is not 80 bytes. */
export function readHeader(bytes: Uint8Array): RawHeader {
  if (bytes.length !== headerBytes) throw new DecodeError('header', `has ${bytes.length} bytes, not ${headerBytes}`);
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    hash: displayed(sha256d(header)),
    parent: displayed(header.subarray(4, 36)),
    merkleRoot: header.subarray(36, 68),
    time: header.readUInt32LE(68),
    target: targetOf(header.readUInt32LE(72)),
  };
}

/** A place in bytes that never reads beyond them. */
class Cursor {
  readonly bytes: Buffer;
  offset = 0;
  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  take(length: number, what: string): Buffer {
    if (length > this.bytes.length - this.offset) throw new DecodeError(`block.${what}`, 'is cut short');
    this.offset += length;
    return this.bytes.subarray(this.offset - length, this.offset);
  }
  /** CompactSize, in its shortest form. */
  size(what: string): number {
    const first = this.take(1, what)[0] as number;
    if (first < 0xfd) return first;
    const width = first === 0xfd ? 2 : first === 0xfe ? 4 : 8;
    const bytes = this.take(width, what);
    const value = width === 8 ? Number(bytes.readBigUInt64LE()) : bytes.readUIntLE(0, width);
    if (value < (width === 2 ? 0xfd : width === 4 ? 0x1_0000 : 0x1_0000_0000)) {
      throw new DecodeError(`block.${what}`, 'is not in its shortest form');
    }
    return value;
  }
}

function readTransaction(cursor: Cursor): { readonly id: Buffer; readonly outputs: readonly RawOutput[] } {
  const { bytes } = cursor;
  const version = cursor.take(4, 'version');
  const witness = bytes[cursor.offset] === 0 && bytes[cursor.offset + 1] === 1;
  if (witness) cursor.take(2, 'witness');
  const start = cursor.offset;
  const inputs = cursor.size('inputs');
  for (let i = 0; i < inputs; i++) {
    cursor.take(36, 'outpoint');
    cursor.take(cursor.size('input script'), 'input script');
    cursor.take(4, 'sequence');
  }
  const outputs: RawOutput[] = [];
  const count = cursor.size('outputs');
  for (let i = 0; i < count; i++) {
    const valueSats = cursor.take(8, 'value').readBigUInt64LE();
    outputs.push({ valueSats, script: cursor.take(cursor.size('output script'), 'output script') });
  }
  const body = bytes.subarray(start, cursor.offset);
  const stacks = witness ? inputs : 0;
  for (let i = 0; i < stacks; i++) {
    const items = cursor.size('witness items');
    for (let j = 0; j < items; j++) cursor.take(cursor.size('witness item'), 'witness item');
  }
  const lockTime = cursor.take(4, 'lock time');
  // The id leaves out what witnesses add (BIP-141).
  return { id: sha256d(version, body, lockTime), outputs };
}

/** @throws DecodeError if two neighbours are equal: then another list of transactions has the same root (CVE-2012-2459). */
function merkleRoot(ids: readonly Buffer[]): Buffer {
  let level = ids;
  while (level.length > 1) {
    const next: Buffer[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] as Buffer;
      const right = level[i + 1];
      if (right?.equals(left) === true) throw new DecodeError('block.transactions', 'repeat each other');
      next.push(sha256d(left, right ?? left));
    }
    level = next;
  }
  return level[0] as Buffer;
}

/**
 * The transactions of a block, except its coinbase, in which `wanted` finds an output.
 * @param breathe - awaited now and then, so that a large block does not hold up everything else.
 * @throws DecodeError if the bytes are not one block, or its transactions are not under the header's root (field `block.merkleRoot`).
 */
export async function readBlock(
  bytes: Uint8Array,
  wanted: (output: RawOutput) => boolean,
  breathe: () => Promise<void>,
): Promise<{ readonly header: RawHeader; readonly transactions: readonly RawTransaction[] }> {
  const cursor = new Cursor(bytes);
  const header = readHeader(cursor.take(headerBytes, 'header'));
  const count = cursor.size('transactions');
  if (count < 1 || count > maxTransactions) throw new DecodeError('block.transactions', `are ${count}`);
  const ids: Buffer[] = [];
  const transactions: RawTransaction[] = [];
  for (let i = 0; i < count; i++) {
    const { id, outputs } = readTransaction(cursor);
    ids.push(id);
    if (i > 0 && outputs.some(wanted)) transactions.push({ txid: displayed(id), outputs });
    if (i % transactionsPerBreath === transactionsPerBreath - 1) await breathe();
  }
  if (cursor.offset !== bytes.length) throw new DecodeError('block.end', 'has trailing bytes');
  if (!merkleRoot(ids).equals(header.merkleRoot)) throw new DecodeError('block.merkleRoot', 'is of other transactions');
  return { header, transactions };
}
