/**
 * Exponentiation: interleaved wNAF for public exponents, interleaved fixed windows for secret ones, signed combs for fixed bases.
 * Every call gets its inputs and scratch space from the host as addresses inside the arena.
 *
 * Secret exponents (class-groups.md 1.10) are recoded by the host to a non-negative U whose windows u stand for the odd digits
 * 2 u - (2^w - 1): no digit is zero, the number of digits depends on the declared length only, and the table look-up reads the
 * whole table. E = exponent + 1 or + 2 is odd; the excess is taken off by one composition with base^-1 or base^-2.
 */

import {
  canonicalSign,
  compose,
  copyForm,
  half,
  pack,
  packShort,
  partB,
  recordBytes,
  shortBytes,
  square,
  unpack,
  unpackShort,
} from './form';
import { isNegative, setNegative } from './integer';

const ACCUMULATOR: usize = memory.data(3264, 8);
const OPERAND: usize = memory.data(3264, 8);
const DOUBLE: usize = memory.data(3264, 8);
/** The record that a look-up found. */
const SELECTED: usize = memory.data(1088, 8);
/** One mask for each entry of the longest block, 2^9 of them. */
const MASKS: usize = memory.data(4096, 8);

// A term of a multi-exponentiation, 32 bytes, all u32 addresses or numbers.
const TERM: usize = 32;
const TERM_RECORD: usize = 0;
const TERM_EXPONENT: usize = 4;
/** Public: bit length. Secret: 0 if the excess of E is 1, 1 if it is 2. */
const TERM_BITS: usize = 8;
const TERM_NEGATIVE: usize = 12;
const TERM_WINDOW: usize = 16;
/** Written here: table, digits. */
const TERM_TABLE: usize = 20;
const TERM_DIGITS: usize = 24;
/** Secret: `usedBytes` of the table. */
const TERM_USED: usize = 28;

/** `count` bits (at most 32) of a limb row from bit `position`; reads up to 8 bytes from the limb of that bit. */
function bitsAt(row: usize, position: i32, count: i32): u32 {
  const window = load<u64>(row + (((position >> 5) as usize) << 2)) >> ((position & 31) as u64);
  return (window as u32) & ((((1 as u64) << (count as u64)) - 1) as u32);
}

function flip(form: usize, negative: i32): void {
  setNegative(partB(form), isNegative(partB(form)) ^ negative);
}

/**
 * table[i] = base^(2 i + 1), i < count, as records. DOUBLE gets base^2, for a single entry only if `always`. Clobbers OPERAND.
 */
function oddPowers(table: usize, record: usize, count: i32, always: boolean): void {
  memory.copy(table, record, recordBytes as usize);
  if (count < 2 && !always) return;
  unpack(OPERAND, record);
  square(DOUBLE, OPERAND);
  for (let i = 1; i < count; i++) {
    compose(OPERAND, OPERAND, DOUBLE);
    pack(table + ((i * recordBytes) as usize), OPERAND);
  }
}

/** Width-w NAF digits of an exponent, one i8 per bit, `bits` + 1 of them, signs exchanged if `negative`. */
function recodeNaf(digits: usize, row: usize, bits: i32, w: i32, negative: i32): void {
  memory.fill(digits, 0, (bits + 1) as usize);
  let carry = 0;
  let i = 0;
  while (i <= bits) {
    if ((bitsAt(row, i, 1) as i32) == carry) {
      i += 1;
    } else {
      let digit = (bitsAt(row, i, w) as i32) + carry;
      carry = digit >> (w - 1);
      digit -= carry << w;
      store<i8>(digits + (i as usize), (negative ? -digit : digit) as i8);
      i += w;
    }
  }
}

/**
 * ACCUMULATOR = product of base^exponent, public exponents above 0 in absolute value. Terms as above, exponents padded with two
 * zero limbs. Returns false if the scratch space is too small.
 */
export function multiPowerVartime(terms: usize, count: i32, scratch: usize, end: usize): boolean {
  const last = terms + (count as usize) * TERM;
  let top = 0;
  for (let term = terms; term < last; term += TERM) {
    const bits = load<i32>(term + TERM_BITS);
    const w = load<i32>(term + TERM_WINDOW);
    const entries = 1 << (w - 2);
    const table = scratch;
    const digits = table + ((entries * recordBytes) as usize);
    scratch = (digits + (bits as usize) + 1 + 31) & ~31;
    if (scratch > end) return false;
    oddPowers(table, load<u32>(term + TERM_RECORD) as usize, entries, false);
    recodeNaf(digits, load<u32>(term + TERM_EXPONENT) as usize, bits, w, load<i32>(term + TERM_NEGATIVE));
    store<u32>(term + TERM_TABLE, table as u32);
    store<u32>(term + TERM_DIGITS, digits as u32);
    top = max(top, bits);
  }
  let started = false;
  for (let i = top; i >= 0; i--) {
    if (started) square(ACCUMULATOR, ACCUMULATOR);
    for (let term = terms; term < last; term += TERM) {
      if (i <= load<i32>(term + TERM_BITS)) {
        const digit = load<i8>((load<u32>(term + TERM_DIGITS) as usize) + (i as usize)) as i32;
        if (digit != 0) {
          const index = (abs(digit) - 1) >> 1;
          const target = started ? OPERAND : ACCUMULATOR;
          unpack(target, (load<u32>(term + TERM_TABLE) as usize) + ((index * recordBytes) as usize));
          flip(target, digit < 0 ? 1 : 0);
          if (started) compose(ACCUMULATOR, ACCUMULATOR, OPERAND);
          else canonicalSign(ACCUMULATOR);
          started = true;
        }
      }
    }
  }
  return true;
}

/** All ones if i = index, else 0, without a branch. */
function sameMask(i: u32, index: u32): u64 {
  return 0 - ((((i ^ index) as u64) - 1) >> 63);
}

/**
 * SELECTED = the first `bytes` (a multiple of 8) of entry `index` of `count` entries, `stride` bytes apart, reading all of them.
 */
function select(table: usize, count: i32, stride: i32, bytes: i32, index: u32): void {
  for (let i = 0; i < count; i++) store<u64>(MASKS + ((i as usize) << 3), sameMask(i as u32, index));
  const end = MASKS + ((count as usize) << 3);
  let next = 0;
  while (next + 64 <= bytes) {
    const at = next;
    // The last 64 bytes may overlap the ones before.
    next = at + 64 < bytes ? min(at + 64, bytes - 64) : bytes;
    let w0: u64 = 0;
    let w1: u64 = 0;
    let w2: u64 = 0;
    let w3: u64 = 0;
    let w4: u64 = 0;
    let w5: u64 = 0;
    let w6: u64 = 0;
    let w7: u64 = 0;
    let p = table + (at as usize);
    for (let q = MASKS; q < end; q += 8) {
      const mask = load<u64>(q);
      w0 |= load<u64>(p) & mask;
      w1 |= load<u64>(p, 8) & mask;
      w2 |= load<u64>(p, 16) & mask;
      w3 |= load<u64>(p, 24) & mask;
      w4 |= load<u64>(p, 32) & mask;
      w5 |= load<u64>(p, 40) & mask;
      w6 |= load<u64>(p, 48) & mask;
      w7 |= load<u64>(p, 56) & mask;
      p += stride as usize;
    }
    const out = SELECTED + (at as usize);
    store<u64>(out, w0);
    store<u64>(out, w1, 8);
    store<u64>(out, w2, 16);
    store<u64>(out, w3, 24);
    store<u64>(out, w4, 32);
    store<u64>(out, w5, 40);
    store<u64>(out, w6, 48);
    store<u64>(out, w7, 56);
  }
  for (let at = next; at < bytes; at += 8) {
    let w: u64 = 0;
    let p = table + (at as usize);
    for (let q = MASKS; q < end; q += 8) {
      w |= load<u64>(p) & load<u64>(q);
      p += stride as usize;
    }
    store<u64>(SELECTED + (at as usize), w);
  }
}

/** Negates the form of the selected record if `negative`, without a branch. */
function flipSelected(negative: u32): void {
  const top = SELECTED + (((2 * half - 1) as usize) << 2);
  store<u32>(top, load<u32>(top) ^ (negative << 31));
}

/**
 * Bytes after which all records of a table are zero: c is as long as a, but for small a. The masked look-up stops there; this
 * depends on the base, not on the exponent.
 */
function usedBytes(table: usize, count: i32): i32 {
  let used = shortBytes;
  for (let i = 0; i < count; i++) {
    const record = table + ((i * recordBytes) as usize);
    for (let at = recordBytes - 8; at >= used; at -= 8) {
      if (load<u64>(record + (at as usize)) != 0) used = at + 8;
    }
  }
  return used;
}

/** OPERAND = table entry of the digit 2 u - (2^w - 1), from the 2^(w - 1) odd powers. */
function selectDigit(table: usize, used: i32, w: i32, u: u32): void {
  const top = u >> ((w - 1) as u32);
  const entries = 1 << (w - 1);
  memory.fill(SELECTED + (used as usize), 0, (recordBytes - used) as usize);
  select(table, entries, recordBytes, used, (u ^ (top - 1)) & ((entries - 1) as u32));
  flipSelected(top ^ 1);
  unpack(OPERAND, SELECTED);
}

/** ACCUMULATOR = product of base^exponent, secret exponents, `digits` windows of w bits each in the recoded U of each term. */
export function multiPower(terms: usize, count: i32, w: i32, digits: i32, scratch: usize, end: usize): boolean {
  const last = terms + (count as usize) * TERM;
  const entries = 1 << (w - 1);
  for (let term = terms; term < last; term += TERM) {
    const table = scratch;
    // The odd powers, then base and base^2 as short records for the correction.
    const pair = table + ((entries * recordBytes) as usize);
    scratch = pair + ((2 * shortBytes) as usize);
    if (scratch > end) return false;
    const record = load<u32>(term + TERM_RECORD) as usize;
    oddPowers(table, record, entries, true);
    memory.copy(pair, record, shortBytes as usize);
    packShort(pair + (shortBytes as usize), DOUBLE);
    store<u32>(term + TERM_TABLE, table as u32);
    store<i32>(term + TERM_USED, usedBytes(table, entries));
  }
  for (let i = digits - 1; i >= 0; i--) {
    if (i != digits - 1) for (let k = 0; k < w; k++) square(ACCUMULATOR, ACCUMULATOR);
    for (let term = terms; term < last; term += TERM) {
      const u = bitsAt(load<u32>(term + TERM_EXPONENT) as usize, i * w, w);
      selectDigit(load<u32>(term + TERM_TABLE) as usize, load<i32>(term + TERM_USED), w, u);
      if (i == digits - 1 && term == terms) copyForm(ACCUMULATOR, OPERAND);
      else compose(ACCUMULATOR, ACCUMULATOR, OPERAND);
    }
  }
  for (let term = terms; term < last; term += TERM) {
    const pair = (load<u32>(term + TERM_TABLE) as usize) + ((entries * recordBytes) as usize);
    correct(pair, load<u32>(term + TERM_BITS));
  }
  return true;
}

/** ACCUMULATOR times base^-1 or, for excess 1, base^-2; `pair` holds the short records of base and base^2. */
function correct(pair: usize, excess: u32): void {
  select(pair, 2, shortBytes, shortBytes, excess);
  flipSelected(1);
  unpackShort(OPERAND, SELECTED);
  compose(ACCUMULATOR, ACCUMULATOR, OPERAND);
}

// A comb table, all short records: base, base^2, then 2^(teeth - 1) entries for each block m < blocks. All `length` digits
// of E are +1 or -1; digit position = (tooth * blocks + m) * spacing + column. Entry i of block m is
// T(blocks, teeth - 1, m) prod over j < teeth - 1 of T(j, m)^(+1 if bit j of i, else -1), T(j, m) = base^(2^((j blocks + m) spacing)).

/** Builds the table at `table`; scratch takes 2 * teeth * blocks records. Returns false if the scratch space is too small. */
export function buildComb(
  table: usize,
  record: usize,
  teeth: i32,
  blocks: i32,
  spacing: i32,
  scratch: usize,
  end: usize,
): boolean {
  const strips = teeth * blocks;
  if (scratch + ((2 * strips * recordBytes) as usize) > end) return false;
  // Powers and their squares from one chain of squarings.
  const tooth2 = scratch + ((strips * recordBytes) as usize);
  unpack(ACCUMULATOR, record);
  memory.copy(table, record, shortBytes as usize);
  for (let i = 0; i < strips; i++) {
    pack(scratch + ((i * recordBytes) as usize), ACCUMULATOR);
    for (let k = 0; k < spacing; k++) {
      // The squarings after the last power but the first are not needed.
      if (k == 0 || i != strips - 1) square(ACCUMULATOR, ACCUMULATOR);
      if (k == 0) {
        pack(tooth2 + ((i * recordBytes) as usize), ACCUMULATOR);
        if (i == 0) packShort(table + (shortBytes as usize), ACCUMULATOR);
      }
    }
  }
  const entries = 1 << (teeth - 1);
  let out = table + ((2 * shortBytes) as usize);
  for (let m = 0; m < blocks; m++) {
    // Entry 0 has all lower teeth negative.
    unpack(ACCUMULATOR, scratch + ((((teeth - 1) * blocks + m) * recordBytes) as usize));
    for (let j = 0; j < teeth - 1; j++) {
      unpack(OPERAND, scratch + (((j * blocks + m) * recordBytes) as usize));
      flip(OPERAND, 1);
      compose(ACCUMULATOR, ACCUMULATOR, OPERAND);
    }
    packShort(out, ACCUMULATOR);
    // Entry i + 2^j = entry i times the square of tooth j.
    for (let j = 0; j < teeth - 1; j++) {
      unpack(DOUBLE, tooth2 + (((j * blocks + m) * recordBytes) as usize));
      const step = 1 << j;
      for (let i = 0; i < step; i++) {
        unpackShort(OPERAND, out + ((i * shortBytes) as usize));
        compose(OPERAND, OPERAND, DOUBLE);
        packShort(out + (((i + step) * shortBytes) as usize), OPERAND);
      }
    }
    out += (entries * shortBytes) as usize;
  }
  return true;
}

/** ACCUMULATOR = base^exponent from a comb table; U has teeth * blocks * spacing bits. `scan` reads the whole block per look-up. */
export function combPower(
  table: usize,
  teeth: i32,
  blocks: i32,
  spacing: i32,
  exponent: usize,
  excess: u32,
  scan: boolean,
): void {
  const entries = 1 << (teeth - 1);
  const mask = (entries - 1) as u32;
  const first = table + ((2 * shortBytes) as usize);
  for (let column = spacing - 1; column >= 0; column--) {
    if (column != spacing - 1) square(ACCUMULATOR, ACCUMULATOR);
    for (let m = 0; m < blocks; m++) {
      let u: u32 = 0;
      for (let j = 0; j < teeth; j++) {
        u |= bitsAt(exponent, (j * blocks + m) * spacing + column, 1) << (j as u32);
      }
      const top = u >> ((teeth - 1) as u32);
      const index = (u ^ (top - 1)) & mask;
      const block = first + ((m * entries * shortBytes) as usize);
      if (scan) select(block, entries, shortBytes, shortBytes, index);
      else memory.copy(SELECTED, block + ((index as usize) * (shortBytes as usize)), shortBytes as usize);
      flipSelected(top ^ 1);
      unpackShort(OPERAND, SELECTED);
      if (column == spacing - 1 && m == 0) copyForm(ACCUMULATOR, OPERAND);
      else compose(ACCUMULATOR, ACCUMULATOR, OPERAND);
    }
  }
  correct(table, excess);
}

/** Writes ACCUMULATOR as a record. */
export function takeResult(out: usize): void {
  pack(out, ACCUMULATOR);
}
