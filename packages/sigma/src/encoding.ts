/**
 * ENC of MPC 1.6: injective binary encodings, and a strict reader that names the field it refuses.
 *
 * Integers are fixed-width big-endian; byte strings carry a u32 length; lists a u32 count. Nothing else is ever hashed or sent.
 *
 * @module
 */
import { DecodeError, InvalidArgumentsError } from './errors.ts';

const utf8 = new TextEncoder();

/** Concatenates byte arrays without any framing: only for pieces whose widths are fixed by context. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Non-negative integer in exactly `width` bytes, big-endian (I2OSP). @throws InvalidArgumentsError if it does not fit. */
export function encodeUint(value: bigint, width: number): Uint8Array {
  if (value < 0n) throw new InvalidArgumentsError('integer', 'must not be negative');
  const out = new Uint8Array(width);
  const view = new DataView(out.buffer);
  let rest = value;
  let offset = width;
  for (; offset >= 8; offset -= 8) {
    view.setBigUint64(offset - 8, BigInt.asUintN(64, rest));
    rest >>= 64n;
  }
  for (; offset > 0; offset--) {
    out[offset - 1] = Number(BigInt.asUintN(8, rest));
    rest >>= 8n;
  }
  if (rest !== 0n) throw new InvalidArgumentsError('integer', `does not fit ${width} bytes`);
  return out;
}

/** Signed integer in exactly `width` bytes, two's complement big-endian. */
export function encodeInt(value: bigint, width: number): Uint8Array {
  const half = 1n << BigInt(8 * width - 1);
  if (value < -half || value >= half) throw new InvalidArgumentsError('integer', `does not fit ${width} signed bytes`);
  return encodeUint(BigInt.asUintN(8 * width, value), width);
}

export const encodeUint8 = (value: number): Uint8Array => encodeUint(BigInt(value), 1);
export const encodeUint16 = (value: number): Uint8Array => encodeUint(BigInt(value), 2);
export const encodeUint32 = (value: number): Uint8Array => encodeUint(BigInt(value), 4);
export const encodeUint64 = (value: bigint): Uint8Array => encodeUint(value, 8);
/** u32 length || bytes. */
export const encodeBytes = (bytes: Uint8Array): Uint8Array => concat(encodeUint32(bytes.length), bytes);
/** A byte string of UTF-8 (no framing: frame it with `encodeBytes` or put it into a list). */
export const encodeText = (text: string): Uint8Array => utf8.encode(text);
/** u32 count || each item as a byte string (length-prefixed), hence injective for items of any content. */
export const encodeList = (items: readonly Uint8Array[]): Uint8Array =>
  concat(encodeUint32(items.length), ...items.map(encodeBytes));

const hexOf: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Big-endian bytes as a non-negative integer (OS2IP). */
export function bytesToInteger(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  let hex = '0x';
  for (const byte of bytes) hex += hexOf[byte];
  return BigInt(hex);
}

/** Length of |value| in binary; 0 for 0. */
export function bitLength(value: bigint): number {
  return value === 0n ? 0 : (value < 0n ? -value : value).toString(2).length;
}

/** Least non-negative residue. */
export const mod = (value: bigint, modulus: bigint): bigint => {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
};

/** Strict reader over untrusted bytes. Every refusal is a {@link DecodeError} that names message and field. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  #offset = 0;
  /** @param name - name of the message, the first part of every field path. */
  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }
  /** Path of a field, for errors raised by callers. */
  path(field: string): string {
    return `${this.#name}.${field}`;
  }
  /** Exactly `length` bytes (a copy). */
  fixed(field: string, length: number): Uint8Array {
    if (this.remaining < length) {
      throw new DecodeError(this.path(field), `needs ${length} bytes, ${this.remaining} are left`);
    }
    const out = this.#bytes.slice(this.#offset, this.#offset + length);
    this.#offset += length;
    return out;
  }
  uint8(field: string): number {
    return this.fixed(field, 1)[0] as number;
  }
  uint16(field: string): number {
    return Number(bytesToInteger(this.fixed(field, 2)));
  }
  uint32(field: string): number {
    return Number(bytesToInteger(this.fixed(field, 4)));
  }
  uint64(field: string): bigint {
    return bytesToInteger(this.fixed(field, 8));
  }
  /** Non-negative integer of exactly `width` bytes, below `bound`. */
  uint(field: string, width: number, bound: bigint): bigint {
    const value = bytesToInteger(this.fixed(field, width));
    if (value >= bound) throw new DecodeError(this.path(field), 'integer out of range');
    return value;
  }
  /** Two's complement integer of exactly `width` bytes with |value| < bound. */
  int(field: string, width: number, bound: bigint): bigint {
    const value = BigInt.asIntN(8 * width, bytesToInteger(this.fixed(field, width)));
    if (value >= bound || -value >= bound) throw new DecodeError(this.path(field), 'integer out of range');
    return value;
  }
  /** u32 length || bytes, at most `maxLength` bytes. */
  bytes(field: string, maxLength: number): Uint8Array {
    const length = this.uint32(field);
    if (length > maxLength) throw new DecodeError(this.path(field), `length ${length} exceeds ${maxLength}`);
    return this.fixed(field, length);
  }
  /** A u32 count that must lie in [min, max], checked before anything is allocated. */
  count(field: string, min: number, max: number): number {
    const count = this.uint32(field);
    if (count < min || count > max) throw new DecodeError(this.path(field), `count ${count} is not in ${min}..${max}`);
    return count;
  }
  /** One byte that must equal `expected`. */
  constant(field: string, expected: number): void {
    const value = this.uint8(field);
    if (value !== expected) throw new DecodeError(this.path(field), `is ${value}, must be ${expected}`);
  }
  /** Refuses trailing bytes. */
  end(): void {
    if (this.remaining !== 0) throw new DecodeError(this.path('end'), `${this.remaining} trailing bytes`);
  }
}
