/**
 * Signed integers in fixed slots of static memory: [i32 limbs used][i32 1 if negative][u32 limbs...], sign and magnitude, no
 * leading zero limb, zero has length 0 and sign 0. A slot holds twice the longest discriminant plus slack; every intermediate of
 * the form arithmetic is below |discriminant|^2 (class-groups.md 1.8).
 */

import { addMul1, addMul2Low, addRow, mulLow, negateRow, shiftRightRow, subRow } from './limbs';

export const MAX_DISCRIMINANT_BITS: i32 = 4096;
/** Bytes of a slot: 8 of header, 270 limbs. Not a power of two, so that slots do not fall on the same cache sets. */
export const SLOT: usize = 1088;

const LOW: u64 = 0xffffffff;

const SHIFTED_DIVISOR: usize = memory.data(1088, 8);
const NEGATED_DIVISOR: usize = memory.data(1088, 8);
const REMAINDER: usize = memory.data(1088, 8);

export function size(p: usize): i32 {
  return load<i32>(p);
}

export function isNegative(p: usize): i32 {
  return load<i32>(p, 4);
}

export function limbs(p: usize): usize {
  return p + 8;
}

export function limb(p: usize, i: i32): u32 {
  return load<u32>(p + ((i as usize) << 2), 8);
}

export function setNegative(p: usize, negative: i32): void {
  store<i32>(p, load<i32>(p) == 0 ? 0 : negative, 4);
}

/** Sets the length to the part of the first n limbs below leading zeros; keeps the sign unless the value is zero. */
export function trim(p: usize, n: i32): void {
  while (n > 0 && limb(p, n - 1) == 0) n--;
  store<i32>(p, n);
  if (n == 0) store<i32>(p, 0, 4);
}

export function setSmall(p: usize, value: u32): void {
  store<i32>(p, value == 0 ? 0 : 1);
  store<i32>(p, 0, 4);
  store<u32>(p, value, 8);
}

export function copy(d: usize, x: usize): void {
  memory.copy(d, x, 8 + ((size(x) as usize) << 2));
}

export function isSmall(p: usize, value: u32): boolean {
  return size(p) == 1 && limb(p, 0) == value;
}

export function bitLength(p: usize): i32 {
  const n = size(p);
  return n == 0 ? 0 : (n << 5) - (clz(limb(p, n - 1)) as i32);
}

/** Number of trailing zero bits of a non-zero value. */
export function trailingZeros(p: usize): i32 {
  let i = 0;
  while (limb(p, i) == 0) i++;
  return (i << 5) + (ctz(limb(p, i)) as i32);
}

/** The value modulo 2^64, sign ignored. */
export function low64(p: usize): u64 {
  const n = size(p);
  const high: u64 = n > 1 ? limb(p, 1) : 0;
  const low: u64 = n > 0 ? limb(p, 0) : 0;
  return (high << 32) | low;
}

/** -1, 0 or 1 as |x| is below, equal to or above |y|. */
export function compareAbsolute(x: usize, y: usize): i32 {
  const n = size(x);
  const m = size(y);
  if (n != m) return n < m ? -1 : 1;
  for (let i = n - 1; i >= 0; i--) {
    const u = limb(x, i);
    const v = limb(y, i);
    if (u != v) return u < v ? -1 : 1;
  }
  return 0;
}

function addAbsolute(d: usize, x: usize, y: usize): void {
  if (size(x) < size(y)) {
    const p = x;
    x = y;
    y = p;
  }
  const n = size(x);
  const m = size(y);
  let carry: u64 = 0;
  for (let i = 0; i < n; i++) {
    const t = (limb(x, i) as u64) + (i < m ? (limb(y, i) as u64) : 0) + carry;
    store<u32>(d + ((i as usize) << 2), t as u32, 8);
    carry = t >> 32;
  }
  store<u32>(d + ((n as usize) << 2), carry as u32, 8);
  store<i32>(d, n + (carry as i32));
}

function subAbsolute(d: usize, x: usize, y: usize): void {
  const n = size(x);
  const m = size(y);
  let borrow: i64 = 0;
  for (let i = 0; i < n; i++) {
    const t = (limb(x, i) as i64) - (i < m ? (limb(y, i) as i64) : 0) + borrow;
    store<u32>(d + ((i as usize) << 2), t as u32, 8);
    borrow = t >> 32;
  }
  trim(d, n);
}

function addSigned(d: usize, x: usize, y: usize, flip: i32): void {
  const signX = isNegative(x);
  const signY = isNegative(y) ^ flip;
  let sign = signX;
  if (signX == signY) {
    addAbsolute(d, x, y);
  } else if (compareAbsolute(x, y) >= 0) {
    subAbsolute(d, x, y);
  } else {
    subAbsolute(d, y, x);
    sign = signY;
  }
  setNegative(d, sign);
}

/** d = x + y; d may be an operand. */
export function add(d: usize, x: usize, y: usize): void {
  addSigned(d, x, y, 0);
}

/** d = x - y; d may be an operand. */
export function subtract(d: usize, x: usize, y: usize): void {
  addSigned(d, x, y, 1);
}

/** d = x y; d is no operand. */
export function multiply(d: usize, x: usize, y: usize): void {
  const n = size(x) + size(y);
  const sign = isNegative(x) ^ isNegative(y);
  mulLow(limbs(d), limbs(x), size(x), limbs(y), size(y), n);
  trim(d, n);
  setNegative(d, sign);
}

/** d = x / 2^shift towards zero; d may be x. */
export function shiftRight(d: usize, x: usize, shift: i32): void {
  const n = size(x);
  const sign = isNegative(x);
  const m = max(n - (shift >> 5), 0);
  shiftRightRow(limbs(d), limbs(x), m, n, shift);
  trim(d, m);
  setNegative(d, sign);
}

/** d = 2^shift x for 0 <= shift < 32; d may be x. */
export function shiftLeft(d: usize, x: usize, shift: i32): void {
  const n = size(x);
  const sign = isNegative(x);
  let carry: u64 = 0;
  for (let i = 0; i < n; i++) {
    const t = ((limb(x, i) as u64) << (shift as u64)) | carry;
    store<u32>(d + ((i as usize) << 2), t as u32, 8);
    carry = t >> 32;
  }
  store<u32>(d + ((n as usize) << 2), carry as u32, 8);
  trim(d, n + 1);
  setNegative(d, sign);
}

/**
 * |x| = q |d| + r with 0 <= r < |d|, d != 0. q = 0 (the address) drops the quotient. r may be x; q is neither operand.
 * Knuth's algorithm D. The inner loop adds q times the NEGATED divisor, so that it is the multiply-add row of the product.
 */
export function divide(q: usize, r: usize, x: usize, d: usize): void {
  const nx = size(x);
  const nd = size(d);
  if (compareAbsolute(x, d) < 0) {
    if (q) setSmall(q, 0);
    if (r != x) copy(r, x);
    setNegative(r, 0);
    return;
  }
  if (nd == 1) {
    const v = limb(d, 0) as u64;
    let rest: u64 = 0;
    for (let i = nx - 1; i >= 0; i--) {
      const t = (rest << 32) | (limb(x, i) as u64);
      const digit = t / v;
      rest = t - digit * v;
      if (q) store<u32>(q + ((i as usize) << 2), digit as u32, 8);
    }
    if (q) {
      trim(q, nx);
      setNegative(q, 0);
    }
    setSmall(r, rest as u32);
    return;
  }
  const shift = clz(limb(d, nd - 1)) as i32;
  shiftLeft(SHIFTED_DIVISOR, d, shift);
  shiftLeft(REMAINDER, x, shift);
  if (size(REMAINDER) == nx) store<u32>(REMAINDER + ((nx as usize) << 2), 0, 8);
  memory.copy(limbs(NEGATED_DIVISOR), limbs(SHIFTED_DIVISOR), (nd as usize) << 2);
  negateRow(limbs(NEGATED_DIVISOR), nd);
  const d1 = limb(SHIFTED_DIVISOR, nd - 1) as u64;
  const d2 = limb(SHIFTED_DIVISOR, nd - 2) as u64;
  for (let j = nx - nd; j >= 0; j--) {
    const row = limbs(REMAINDER) + ((j as usize) << 2);
    const head = row + ((nd as usize) << 2);
    const top = load<u32>(head) as u64;
    const two = (top << 32) | (load<u32>(head - 4) as u64);
    let digit = two / d1;
    if (digit > LOW) digit = LOW;
    let rest = two - digit * d1;
    const third = load<u32>(head - 8) as u64;
    while (rest <= LOW && digit * d2 > ((rest << 32) | third)) {
      digit--;
      rest += d1;
    }
    let sum = top + addMul1(row, limbs(NEGATED_DIVISOR), nd, digit) - digit;
    while (sum != 0) {
      digit--;
      sum += addRow(row, limbs(SHIFTED_DIVISOR), nd);
    }
    store<u32>(head, 0);
    if (q) store<u32>(q + ((j as usize) << 2), digit as u32, 8);
  }
  if (q) {
    trim(q, nx - nd + 1);
    setNegative(q, 0);
  }
  shiftRightRow(limbs(r), limbs(REMAINDER), nd, nd, shift);
  trim(r, nd);
  setNegative(r, 0);
}

/** r = x mod d in [0, d) for d > 0 and x of either sign; r may be x. */
export function modulo(r: usize, x: usize, d: usize): void {
  const negative = isNegative(x);
  divide(0, r, x, d);
  if (negative && size(r) != 0) subtract(r, d, r);
}

/** q = x / d for a division known to be exact, either sign. q is neither operand. Uses and clobbers `scratch`. */
export function divideExact(q: usize, x: usize, d: usize, scratch: usize): void {
  const sign = isNegative(x) ^ isNegative(d);
  divide(q, scratch, x, d);
  setNegative(q, sign);
  if (size(scratch) != 0) unreachable();
}

// 2-adic (Hensel) division: all quotients of the form arithmetic are exact and half as long as their numerators, so that only
// the low half of the numerators is ever computed.

const ODD_DIVISOR: usize = memory.data(1088, 8);
const PRODUCT_1: usize = memory.data(1088, 8);
const PRODUCT_2: usize = memory.data(1088, 8);
let divisorTwos: i32 = 0;
let divisorBits: i32 = 0;
let divisorInverse: u32 = 0;
let divisorNegative: i32 = 0;

/** Prepares exact divisions by d != 0. */
export function setDivisor(d: usize): void {
  divisorTwos = trailingZeros(d);
  divisorBits = bitLength(d);
  divisorNegative = isNegative(d);
  if (divisorTwos == 0) copy(ODD_DIVISOR, d);
  else shiftRight(ODD_DIVISOR, d, divisorTwos);
  const d0 = limb(ODD_DIVISOR, 0);
  let y = d0 * 3 ^ 2;
  y *= 2 - d0 * y;
  y *= 2 - d0 * y;
  y *= 2 - d0 * y;
  divisorInverse = 0 - y;
}

/** q = (x1 y1 - x2 y2) / d, exact, d from `setDivisor`. q is none of the factors. */
export function exactQuotient(q: usize, x1: usize, y1: usize, x2: usize, y2: usize): void {
  // |q| < 2^bound
  const bound = max(bitLength(x1) + bitLength(y1), bitLength(x2) + bitLength(y2)) + 2 - divisorBits;
  if (bound <= 0) {
    setSmall(q, 0);
    return;
  }
  const n = (bound >> 5) + 1;
  const skip = divisorTwos == 0 ? 0 : ((divisorTwos - 1) >> 5) + 1;
  const count = n + skip;
  const p1 = limbs(PRODUCT_1);
  const p2 = limbs(PRODUCT_2);
  mulLow(p1, limbs(x1), size(x1), limbs(y1), size(y1), count);
  mulLow(p2, limbs(x2), size(x2), limbs(y2), size(y2), count);
  const sign1 = isNegative(x1) ^ isNegative(y1);
  const sign2 = isNegative(x2) ^ isNegative(y2);
  // p2 becomes the numerator or its negative; the loop below then yields minus (p2 / d) modulo 2^(32 n).
  let flip = sign1 ^ divisorNegative;
  if (sign1 == sign2) {
    subRow(p2, p2, p1, count);
  } else {
    addRow(p2, p1, count);
    flip ^= 1;
  }
  if (divisorTwos != 0) shiftRightRow(p2, p2, n, count, divisorTwos);
  const nd = size(ODD_DIVISOR);
  const divisor = limbs(ODD_DIVISOR);
  let i = 0;
  // Two digits at a time while the divisor is long enough to reach the end of the row.
  while (i + 2 <= n && nd >= n - i) {
    const row = p2 + ((i as usize) << 2);
    const digit0 = load<u32>(row) * divisorInverse;
    const t = (digit0 as u64) * (load<u32>(divisor) as u64) + (load<u32>(row) as u64);
    const digit1 = ((t >> 32) as u32 + digit0 * load<u32>(divisor, 4) + load<u32>(row, 4)) * divisorInverse;
    store<u32>(q + ((i as usize) << 2), digit0, 8);
    store<u32>(q + ((i as usize) << 2), digit1, 12);
    addMul2Low(row, divisor, n - i, digit0 as u64, digit1 as u64);
    i += 2;
  }
  while (i < n) {
    const row = p2 + ((i as usize) << 2);
    const digit = load<u32>(row) * divisorInverse;
    store<u32>(q + ((i as usize) << 2), digit, 8);
    const m = min(nd, n - i);
    let carry = addMul1(row, divisor, m, digit as u64);
    for (let k = i + m; carry != 0 && k < n; k++) {
      const at = p2 + ((k as usize) << 2);
      const t = (load<u32>(at) as u64) + carry;
      store<u32>(at, t as u32);
      carry = t >> 32;
    }
    i += 1;
  }
  if (limb(q, n - 1) >> 31) {
    negateRow(limbs(q), n);
    flip ^= 1;
  }
  store<i32>(q, 0, 4);
  trim(q, n);
  setNegative(q, flip);
}
