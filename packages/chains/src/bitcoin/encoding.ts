/**
 * Integers and lengths of Bitcoin's serialisation: little-endian, and CompactSize in its shortest form.
 *
 * @module
 */
import { concatBytes } from '@noble/hashes/utils.js';
import { TransactionDecodeError } from '../errors.ts';

/** Little-endian u32. */
export function uint32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

/** Little-endian u64. */
export function uint64(value: bigint): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, value, true);
  return out;
}

/** CompactSize of a length below 2^32. */
export function compactSize(value: number): Uint8Array {
  if (value < 0xfd) return Uint8Array.of(value);
  if (value <= 0xffff) return Uint8Array.of(0xfd, value & 0xff, value >> 8);
  return concatBytes(Uint8Array.of(0xfe), uint32(value));
}

/** Bytes with their CompactSize length. */
export const withLength = (bytes: Uint8Array): Uint8Array => concatBytes(compactSize(bytes.length), bytes);

/** Reads bytes from the front; every failure names `field`. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number, field: string): Uint8Array {
    if (length > this.left) throw new TransactionDecodeError(field, 'is cut off');
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  /** @throws {@link TransactionDecodeError} If it is cut off, 2^32 or more, or not in its shortest form. */
  compactSize(field: string): number {
    const first = this.take(1, field)[0] ?? 0;
    if (first < 0xfd) return first;
    const bytes = this.take(first === 0xfd ? 2 : first === 0xfe ? 4 : 8, field);
    const value = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
    const least = first === 0xfd ? 0xfd : 0x1_0000;
    if (first === 0xff || value < least)
      throw new TransactionDecodeError(field, 'has a length that is not in its shortest form');
    return value;
  }

  end(field: string): void {
    if (this.left > 0) throw new TransactionDecodeError(field, `has ${this.left} bytes too many`);
  }
}

/** Little-endian u32 from exactly 4 bytes. */
export function readUint32(bytes: Uint8Array, field: string): number {
  if (bytes.length !== 4) throw new TransactionDecodeError(field, `must be 4 bytes, not ${bytes.length}`);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
}

/** Little-endian u64 from exactly 8 bytes. */
export function readUint64(bytes: Uint8Array, field: string): bigint {
  if (bytes.length !== 8) throw new TransactionDecodeError(field, `must be 8 bytes, not ${bytes.length}`);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
}
