/**
 * Comb tables as bytes, the same in every kernel:
 *
 *     u8 version = 1 | u8 teeth | u8 blocks | u32 exponentBits | u16 discriminant bits | base | entries
 *
 * big-endian, base and entries as canonical elements (class-groups.md 1.3) in the order of comb-shape.ts. For a given base and shape
 * there is exactly one table and one encoding of it.
 *
 * @module
 */

import { type CombShape, MAX_TABLE_BYTES, MAX_TABLE_EXPONENT_BITS, packedFormBytes, shapeOf } from './comb-shape.ts';
import { type DecodeTableOptions, KernelArgumentError, TableDecodeError } from './types.ts';

/** Raise it when the layout changes. */
const VERSION = 1;
const HEADER_BYTES = 9;

/** What is fixed by context when a table is read. */
interface TableContext {
  readonly discriminantBits: number;
  readonly elementBytes: number;
  /** Canonical bytes of the base that the caller wants a table of. */
  readonly base: Uint8Array;
}

/** A table whose header, size and base are right. */
interface ParsedTable {
  readonly shape: CombShape;
  readonly exponentBits: number;
  /** Entries without base, not looked at. */
  readonly entries: Uint8Array;
}

/** @param elements - base and entries, one after another. */
export function joinTable(
  shape: CombShape,
  exponentBits: number,
  discriminantBits: number,
  elements: Uint8Array,
): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES + elements.length);
  const view = new DataView(out.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, shape.teeth);
  view.setUint8(2, shape.blocks);
  view.setUint32(3, exponentBits);
  view.setUint16(7, discriminantBits);
  out.set(elements, HEADER_BYTES);
  return out;
}

/**
 * Reads everything but the entries.
 *
 * @throws {@link TableDecodeError} Naming the part that is wrong. Nothing is allocated for sizes that the bytes only claim.
 */
export function splitTable(bytes: Uint8Array, context: TableContext, options: DecodeTableOptions): ParsedTable {
  const limit = options.maxExponentBits ?? MAX_TABLE_EXPONENT_BITS;
  if (!(limit >= 0)) throw new KernelArgumentError('maxExponentBits must not be negative');
  if (bytes.length < HEADER_BYTES) throw new TableDecodeError('length', `${bytes.length} bytes are not a table`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = view.getUint8(0);
  if (version !== VERSION) throw new TableDecodeError('version', `${version}, not ${VERSION}`);
  const exponentBits = view.getUint32(3);
  const shape = shapeOf(view.getUint8(1), view.getUint8(2), exponentBits);
  if (shape === undefined || shape.entries * packedFormBytes(context.discriminantBits) > MAX_TABLE_BYTES) {
    throw new TableDecodeError('shape', 'no table has this shape');
  }
  if (exponentBits > limit) throw new TableDecodeError('shape', `for ${exponentBits} bits, more than ${limit}`);
  if (view.getUint16(7) !== context.discriminantBits) {
    throw new TableDecodeError('group', `a discriminant of ${view.getUint16(7)} bits, not ${context.discriminantBits}`);
  }
  // base^2 is not written: it costs one squaring.
  const expected = HEADER_BYTES + (shape.entries - 1) * context.elementBytes;
  if (bytes.length !== expected) {
    throw new TableDecodeError('length', `${bytes.length} bytes, a table of this shape has ${expected}`);
  }
  const first = HEADER_BYTES + context.elementBytes;
  if (!sameBytes(bytes.subarray(HEADER_BYTES, first), context.base)) {
    throw new TableDecodeError('base', 'the table is of another base or another group');
  }
  return { shape, exponentBits, entries: bytes.subarray(first) };
}

/** @throws {@link TableDecodeError} If the bytes are not those of the table that was rebuilt. */
export function compareTables(bytes: Uint8Array, rebuilt: Uint8Array): void {
  if (!sameBytes(bytes, rebuilt)) throw new TableDecodeError('entry', 'an entry is not the product that it stands for');
}

function sameBytes(x: Uint8Array, y: Uint8Array): boolean {
  return x.length === y.length && x.every((byte, i) => byte === y[i]);
}
