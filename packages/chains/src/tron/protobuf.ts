/**
 * As much of the protobuf wire format as Tron transactions need, in its one canonical form: fields in ascending order, integers in
 * the shortest form, no field with its default value.
 *
 * tronweb, the chain's own library, registers its messages on `globalThis` and brings a network client, so it cannot be used in
 * a pure package; tests compare with it.
 *
 * @module
 */
import { concatBytes } from '@noble/hashes/utils.js';
import { TransactionDecodeError } from '../errors.ts';

/** A field: its number, and a non-negative integer below 2^63 or bytes. */
export type ProtobufField = readonly [number: number, value: bigint | Uint8Array];

/** Writes fields, which must be in ascending order; integers 0 and empty bytes are left out. */
export function encodeFields(fields: readonly ProtobufField[]): Uint8Array {
  return concatBytes(
    ...fields.map(([number, value]) => {
      if (typeof value === 'bigint') {
        return value === 0n ? new Uint8Array(0) : concatBytes(varint(BigInt(number << 3)), varint(value));
      }
      if (value.length === 0) return new Uint8Array(0);
      return concatBytes(varint(BigInt((number << 3) | 2)), varint(BigInt(value.length)), value);
    }),
  );
}

/** A field that is written even if it is empty: an element of a repeated field, or an embedded message. */
export const encodePresent = (number: number, value: Uint8Array): Uint8Array =>
  concatBytes(varint(BigInt((number << 3) | 2)), varint(BigInt(value.length)), value);

/**
 * Reads fields. Order, repetition and defaults are left to the caller, who encodes again and compares.
 *
 * @param known - numbers of the fields that may occur.
 * @throws {@link TransactionDecodeError} For others, for other wire types and for what is cut off.
 */
export function decodeFields(
  bytes: Uint8Array,
  known: readonly number[],
  field: string,
): ReadonlyMap<number, bigint | Uint8Array> {
  const found = new Map<number, bigint | Uint8Array>();
  let at = 0;
  const integer = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 63n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new TransactionDecodeError(field, 'is cut off');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new TransactionDecodeError(field, 'has an integer that is negative or too large');
  };
  while (at < bytes.length) {
    const tag = integer();
    const number = Number(tag >> 3n);
    if (!known.includes(number))
      throw new TransactionDecodeError(field, `has a field that cannot be shown (${number})`);
    if (found.has(number)) throw new TransactionDecodeError(field, `has the field ${number} twice`);
    const wire = Number(tag & 7n);
    if (wire === 0) {
      found.set(number, integer());
    } else if (wire === 2) {
      const length = integer();
      if (length > BigInt(bytes.length - at)) throw new TransactionDecodeError(field, 'is cut off');
      found.set(number, bytes.slice(at, at + Number(length)));
      at += Number(length);
    } else {
      throw new TransactionDecodeError(field, `has the wire type ${wire}`);
    }
  }
  return found;
}

/** An integer field, 0 if absent. */
export function integerOf(fields: ReadonlyMap<number, bigint | Uint8Array>, number: number, field: string): bigint {
  const value = fields.get(number) ?? 0n;
  if (typeof value !== 'bigint') throw new TransactionDecodeError(field, 'is not an integer');
  return value;
}

/** A field of bytes, empty if absent. */
export function bytesOf(fields: ReadonlyMap<number, bigint | Uint8Array>, number: number, field: string): Uint8Array {
  const value = fields.get(number) ?? new Uint8Array(0);
  if (typeof value === 'bigint') throw new TransactionDecodeError(field, 'is not bytes');
  return value;
}

function varint(value: bigint): Uint8Array {
  const out: number[] = [];
  while (value >= 0x80n) {
    out.push(Number(value & 0x7fn) | 0x80);
    value >>= 7n;
  }
  out.push(Number(value));
  return Uint8Array.from(out);
}
