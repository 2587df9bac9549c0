/**
 * Entry points of the module. All arguments are addresses in its memory and small numbers. The host writes inputs into the arena
 * (from `arenaStart` to `arenaEnd`), calls, and reads the output record; nothing is kept between calls except the group set by
 * `setGroup`.
 */

import {
  canonicalSign,
  compose as composeForms,
  pack,
  packShort,
  partB,
  recordBytes,
  setDiscriminant,
  shortBytes,
  square as squareForm,
  unpack,
  unpackAB,
} from './form';
import { MAX_DISCRIMINANT_BITS, isNegative, setNegative } from './integer';
import { genusCharacter, parse, serialise, setConductor } from './parse';
import * as powers from './power';

const X: usize = memory.data(3264, 8);
const Y: usize = memory.data(3264, 8);

export function maxDiscriminantBits(): i32 {
  return MAX_DISCRIMINANT_BITS;
}

export function arenaStart(): usize {
  return (__heap_base + 63) & ~63;
}

export function arenaEnd(): usize {
  return (memory.size() as usize) << 16;
}

export function getRecordBytes(): i32 {
  return recordBytes;
}

export function getShortRecordBytes(): i32 {
  return shortBytes;
}

/** Selects the group. False if the discriminant is too long. */
export function setGroup(
  magnitude: usize,
  bits: i32,
  bound: usize,
  boundLimbs: i32,
  conductor: usize,
  conductorLimbs: i32,
): boolean {
  if (bits > MAX_DISCRIMINANT_BITS || boundLimbs > 64 || conductorLimbs > 128) return false;
  setDiscriminant(magnitude, bits, bound, boundLimbs);
  setConductor(conductor, conductorLimbs);
  return true;
}

/** Canonical bytes a || b, each `bytes` long, to a record. Returns 0 or the number of the failed check. */
export function decode(source: usize, bytes: i32, checkSquare: i32, out: usize): i32 {
  const failed = parse(X, source, bytes, checkSquare);
  if (failed == 0) pack(out, X);
  return failed;
}

export function encode(record: usize, out: usize, bytes: i32): void {
  unpack(X, record);
  serialise(out, X, bytes);
}

export function isSquare(record: usize): boolean {
  unpack(X, record);
  return genusCharacter(X) == 1;
}

export function compose(x: usize, y: usize, out: usize): void {
  unpack(X, x);
  unpack(Y, y);
  composeForms(X, X, Y);
  pack(out, X);
}

export function square(x: usize, out: usize): void {
  unpack(X, x);
  squareForm(X, X);
  pack(out, X);
}

export function invert(x: usize, out: usize): void {
  unpack(X, x);
  setNegative(partB(X), isNegative(partB(X)) ^ 1);
  canonicalSign(X);
  pack(out, X);
}

export function multiPowerVartime(terms: usize, count: i32, scratch: usize, out: usize): boolean {
  if (!powers.multiPowerVartime(terms, count, scratch, arenaEnd())) return false;
  powers.takeResult(out);
  return true;
}

export function multiPower(terms: usize, count: i32, window: i32, digits: i32, scratch: usize, out: usize): boolean {
  if (!powers.multiPower(terms, count, window, digits, scratch, arenaEnd())) return false;
  powers.takeResult(out);
  return true;
}

export function buildComb(table: usize, record: usize, teeth: i32, blocks: i32, spacing: i32, scratch: usize): boolean {
  return powers.buildComb(table, record, teeth, blocks, spacing, scratch, arenaEnd());
}

/** `count` short records to canonical bytes, one after another. */
export function encodeTable(records: usize, count: i32, out: usize, bytes: i32): void {
  for (let i = 0; i < count; i++) {
    unpackAB(X, records);
    serialise(out, X, bytes);
    records += shortBytes as usize;
    out += (2 * bytes) as usize;
  }
}

/**
 * Base, base^2 and `count` entries from canonical bytes, as `buildComb` leaves them. Returns 0, or 8 times the index of the first entry
 * that is no form of the group plus the number of the failed check.
 */
export function decodeTable(table: usize, base: usize, source: usize, count: i32, bytes: i32): i32 {
  unpack(X, base);
  packShort(table, X);
  squareForm(X, X);
  packShort(table + (shortBytes as usize), X);
  for (let i = 0; i < count; i++) {
    const failed = parse(X, source + ((i * 2 * bytes) as usize), bytes, 0);
    if (failed != 0) return (i << 3) | failed;
    packShort(table + (((i + 2) * shortBytes) as usize), X);
  }
  return 0;
}

export function combPower(
  table: usize,
  teeth: i32,
  blocks: i32,
  spacing: i32,
  exponent: usize,
  excess: u32,
  scan: boolean,
  out: usize,
): void {
  powers.combPower(table, teeth, blocks, spacing, exponent, excess, scan);
  powers.takeResult(out);
}
