/**
 * Reduced binary quadratic forms (class-groups.md 1.1 - 1.8). In slots: three consecutive slots a, b, c. In records (the packed
 * shape in which forms leave this module): a in `half` limbs, b in `half` limbs with its sign in the top bit, c in `full` limbs,
 * a zero limb if the count is odd. A reduced a is below 2^(32 half - 1), so the top bit of b is free.
 */

import { cofactor0, cofactor1, euclid, odd, remainder0, remainder1 } from './euclid';
import {
  SLOT,
  add,
  bitLength,
  compareAbsolute,
  copy,
  divide,
  divideExact,
  exactQuotient,
  isNegative,
  isSmall,
  limb,
  limbs,
  low64,
  modulo,
  multiply,
  setDivisor,
  setNegative,
  setSmall,
  shiftLeft,
  shiftRight,
  size,
  subtract,
  trim,
} from './integer';

/** The discriminant (negative) and the bound of the partial Euclid, floor((|D| / 4)^(1/4)). Limbs above the length are zero. */
export const DISCRIMINANT: usize = memory.data(1088, 8);
const BOUND: usize = memory.data(1088, 8);
export const ZERO: usize = memory.data(1088, 8);
export const ONE: usize = memory.data(1088, 8);
/** Limbs of a and b, limbs of c, bytes of a record and of a short record (without c). */
export let half: i32 = 0;
export let full: i32 = 0;
export let recordBytes: i32 = 0;
export let shortBytes: i32 = 0;
let discriminantLow: u64 = 0;

/** Sets the group: |discriminant| of `bits` bits and the bound, as limbs. */
export function setDiscriminant(magnitude: usize, bits: i32, bound: usize, boundLimbs: i32): void {
  memory.fill(DISCRIMINANT, 0, SLOT);
  memory.fill(BOUND, 0, SLOT);
  const n = (bits + 31) >> 5;
  memory.copy(limbs(DISCRIMINANT), magnitude, (n as usize) << 2);
  trim(DISCRIMINANT, n);
  setNegative(DISCRIMINANT, 1);
  memory.copy(limbs(BOUND), bound, (boundLimbs as usize) << 2);
  trim(BOUND, boundLimbs);
  setSmall(ONE, 1);
  half = (bits >> 6) + 1;
  full = (bits >> 5) + 1;
  recordBytes = ((2 * half + full + 1) & ~1) << 2;
  shortBytes = half << 3;
  discriminantLow = 0 - low64(DISCRIMINANT);
}

export function partB(form: usize): usize {
  return form + SLOT;
}

export function partC(form: usize): usize {
  return form + 2 * SLOT;
}

export function copyForm(d: usize, form: usize): void {
  copy(d, form);
  copy(partB(d), partB(form));
  copy(partC(d), partC(form));
}

/** The forms with |b| = a or a = c have b >= 0 when reduced. */
export function canonicalSign(form: usize): void {
  if (compareAbsolute(partB(form), form) == 0 || compareAbsolute(form, partC(form)) == 0) setNegative(partB(form), 0);
}

function packRow(record: usize, p: usize, n: i32): void {
  const m = (size(p) as usize) << 2;
  memory.copy(record, limbs(p), m);
  memory.fill(record + m, 0, ((n as usize) << 2) - m);
}

function unpackRow(p: usize, record: usize, n: i32): void {
  memory.copy(limbs(p), record, (n as usize) << 2);
  store<i32>(p, 0, 4);
  trim(p, n);
}

/** Record without c. */
export function packShort(record: usize, form: usize): void {
  packRow(record, form, half);
  const b = record + ((half as usize) << 2);
  packRow(b, partB(form), half);
  const top = b + (((half - 1) as usize) << 2);
  store<u32>(top, load<u32>(top) | ((isNegative(partB(form)) as u32) << 31));
}

export function pack(record: usize, form: usize): void {
  store<u32>(record + (recordBytes as usize) - 4, 0);
  packShort(record, form);
  packRow(record + ((half as usize) << 3), partC(form), full);
}

/** a and b of a record of either kind; c is left as it is. */
export function unpackAB(form: usize, record: usize): void {
  unpackRow(form, record, half);
  const b = record + ((half as usize) << 2);
  const top = load<u32>(b + (((half - 1) as usize) << 2));
  const p = partB(form);
  memory.copy(limbs(p), b, (half as usize) << 2);
  store<u32>(limbs(p) + (((half - 1) as usize) << 2), top & 0x7fffffff);
  store<i32>(p, (top >> 31) as i32, 4);
  trim(p, half);
}

export function unpack(form: usize, record: usize): void {
  unpackAB(form, record);
  unpackRow(partC(form), record + ((half as usize) << 3), full);
}

/** As `unpack` from a short record: c = (b^2 - D) / (4 a). */
export function unpackShort(form: usize, record: usize): void {
  unpackAB(form, record);
  shiftLeft(S, form, 2);
  setDivisor(S);
  exactQuotient(partC(form), partB(form), partB(form), DISCRIMINANT, ONE);
}

const S: usize = memory.data(1088, 8);
const M: usize = memory.data(1088, 8);
const F: usize = memory.data(1088, 8);
const G: usize = memory.data(1088, 8);
const H: usize = memory.data(1088, 8);
const U: usize = memory.data(1088, 8);
const V: usize = memory.data(1088, 8);
const BIG_Y: usize = memory.data(1088, 8);
const CY: usize = memory.data(1088, 8);
const DY: usize = memory.data(1088, 8);
const BIG_X: usize = memory.data(1088, 8);
const CX_QUOTIENT: usize = memory.data(1088, 8);
const CY_QUOTIENT: usize = memory.data(1088, 8);
const DX_QUOTIENT: usize = memory.data(1088, 8);
const DY_QUOTIENT: usize = memory.data(1088, 8);
const AX: usize = memory.data(1088, 8);
const AY: usize = memory.data(1088, 8);
const Q1: usize = memory.data(1088, 8);
const Q3: usize = memory.data(1088, 8);
const T1: usize = memory.data(1088, 8);
const T2: usize = memory.data(1088, 8);
const T3: usize = memory.data(1088, 8);
const A3: usize = memory.data(1088, 8);
const B3: usize = memory.data(1088, 8);
const C3: usize = memory.data(1088, 8);

/**
 * (b, c) = (b - 2 q a, c - q (b - q a)) for b >= 0, q < 2^31, in two's complement over n limbs; the new b goes to b as a signed
 * slot value whose sign is relative to the old one.
 */
function normaliseStep(a: usize, b: usize, c: usize, n: i32, q: i64): void {
  let carryH: i64 = 0;
  let carryB: i64 = 0;
  let carryC: i64 = 0;
  let pa = limbs(a);
  let pb = limbs(b);
  let pc = limbs(c);
  const end = pa + ((n as usize) << 2);
  while (pa < end) {
    const qa = q * (load<u32>(pa) as i64);
    carryH += (load<u32>(pb) as i64) - qa;
    const h = (carryH as u32) as i64;
    carryH >>= 32;
    carryB += h - qa;
    store<u32>(pb, carryB as u32);
    carryB >>= 32;
    carryC += (load<u32>(pc) as i64) - q * h;
    store<u32>(pc, carryC as u32);
    carryC >>= 32;
    pa += 4;
    pb += 4;
    pc += 4;
  }
}

function padTo(p: usize, n: i32): void {
  const m = size(p);
  if (n > m) memory.fill(limbs(p) + ((m as usize) << 2), 0, ((n - m) as usize) << 2);
}

/** The 62-bit window of |p| that starts at bit `from` (from >= 0). */
function bitsFrom(p: usize, from: i32): u64 {
  const n = size(p);
  const i = from >> 5;
  const shift = (from & 31) as u64;
  const l0: u64 = i < n ? limb(p, i) : 0;
  const l1: u64 = i + 1 < n ? limb(p, i + 1) : 0;
  const l2: u64 = i + 2 < n ? limb(p, i + 2) : 0;
  return ((((l1 << 32) | l0) >> shift) | (shift == 0 ? 0 : l2 << (64 - shift))) & 0x3fffffffffffffff;
}

/** Writes the reduction of the form (A3, B3, C3), class-groups.md 1.2, to `out`. A3 and C3 are positive. */
function reduce(out: usize): void {
  let a = A3;
  let b = B3;
  let c = C3;
  let go = true;
  while (go) {
    const order = compareAbsolute(b, a);
    if (order <= 0) {
      const swap = compareAbsolute(a, c);
      if (swap > 0) {
        const p = a;
        a = c;
        c = p;
        setNegative(b, isNegative(b) ^ 1);
      } else {
        if (order == 0 || swap == 0) setNegative(b, 0);
        go = false;
      }
    } else {
      const from = max(bitLength(b) - 62, 0);
      const x = bitsFrom(b, from);
      const y = bitsFrom(a, from);
      const sign = isNegative(b);
      if (y > x >> 31) {
        // Nearest quotient of b by 2a from the leading words. At least 1, or a |b| just above a would never shrink.
        const q = max<u64>((x + y) / (y << 1), 1);
        const n = max(max(size(a), size(b)), size(c)) + 1;
        padTo(a, n);
        padTo(b, n);
        padTo(c, n);
        normaliseStep(a, b, c, n, q as i64);
        store<i32>(b, 0, 4);
        if (limb(b, n - 1) >> 31) {
          negate(b, n);
          trim(b, n);
          setNegative(b, sign ^ 1);
        } else {
          trim(b, n);
          setNegative(b, sign);
        }
        trim(c, n);
      } else {
        // b is much longer than a: q = floor((|b| + a) / 2a), b' = rest - a, c' = c - q (|b| + b') / 2.
        setNegative(b, 0);
        shiftLeft(T1, a, 1);
        add(T2, b, a);
        divide(T3, T2, T2, T1);
        subtract(T2, T2, a);
        add(b, b, T2);
        shiftRight(b, b, 1);
        multiply(T1, T3, b);
        subtract(c, c, T1);
        copy(b, T2);
        setNegative(b, isNegative(b) ^ sign);
      }
    }
  }
  // The discriminant modulo 2^64 is checked for free after every operation: a fault never becomes a wrong value.
  const b0 = low64(b);
  if (b0 * b0 - 4 * low64(a) * low64(c) != discriminantLow) unreachable();
  copy(out, a);
  copy(partB(out), b);
  copy(partC(out), c);
}

function negate(p: usize, n: i32): void {
  let carry: u64 = 1;
  for (let i = 0; i < n; i++) {
    const t = ((limb(p, i) as u64) ^ 0xffffffff) + carry;
    store<u32>(p + ((i as usize) << 2), t as u32, 8);
    carry = t >> 32;
  }
}

/** out = x^2, NUDUPL (class-groups.md 1.8). out may be x. */
export function square(out: usize, x: usize): void {
  const a = x;
  const b = partB(x);
  const c = partC(x);
  // 1. y b + (.) a = G
  euclid(a, b, ZERO);
  copy(U, cofactor0);
  setNegative(U, odd ^ 1 ^ isNegative(b));
  let by0 = a;
  let dy0 = b;
  const coprime = isSmall(remainder0, 1);
  if (!coprime) {
    copy(G, remainder0);
    divideExact(BIG_Y, a, G, T1);
    divideExact(DY, b, G, T1);
    by0 = BIG_Y;
    dy0 = DY;
  }
  multiply(T1, U, c);
  modulo(T1, T1, by0);
  // 2. partial Euclid
  euclid(by0, T1, BOUND);
  const bx = remainder1;
  const by = remainder0;
  const X = cofactor1;
  const Y = cofactor0;
  setNegative(by, odd);
  setNegative(X, odd);
  setNegative(Y, 1);
  // 3., 4.
  setDivisor(by0);
  exactQuotient(DX_QUOTIENT, bx, dy0, c, X);
  multiply(Q3, Y, DX_QUOTIENT);
  add(T1, Q3, dy0);
  setDivisor(X);
  exactQuotient(DY_QUOTIENT, T1, ONE, ZERO, ZERO);
  let ax = X;
  let ay = Y;
  if (!coprime) {
    multiply(AX, G, X);
    multiply(AY, G, Y);
    multiply(T1, G, Q3);
    copy(Q3, T1);
    ax = AX;
    ay = AY;
  }
  multiply(T1, by, by);
  multiply(T2, ay, DY_QUOTIENT);
  subtract(A3, T1, T2);
  multiply(T1, bx, bx);
  multiply(T2, ax, DX_QUOTIENT);
  subtract(C3, T1, T2);
  // b3 = G (t + Q1) - 2 bx by = b + 2 (G Y dx - bx by)
  multiply(T2, by, bx);
  subtract(T1, Q3, T2);
  shiftLeft(T1, T1, 1);
  add(B3, b, T1);
  reduce(out);
}

/** out = x y, NUCOMP (class-groups.md 1.7). out may be an operand. */
export function compose(out: usize, x: usize, y: usize): void {
  // 1.
  if (compareAbsolute(x, y) < 0) {
    const p = x;
    x = y;
    y = p;
  }
  const a1 = x;
  const b1 = partB(x);
  const c1 = partC(x);
  const a2 = y;
  const b2 = partB(y);
  const c2 = partC(y);
  // 2.
  add(S, b1, b2);
  shiftRight(S, S, 1);
  subtract(M, b2, b1);
  shiftRight(M, M, 1);
  // 3.
  euclid(a1, a2, ZERO);
  copy(U, cofactor0);
  setNegative(U, odd ^ 1);
  // 4.
  let big = a1;
  let cy0 = a2;
  let dy0 = S;
  let coprime = true;
  if (isSmall(remainder0, 1)) {
    multiply(T1, M, U);
    modulo(BIG_X, T1, big);
  } else {
    copy(F, remainder0);
    divide(0, T1, S, F);
    if (size(T1) == 0) {
      copy(G, F);
      divideExact(BIG_Y, a1, G, T1);
      multiply(T1, M, U);
      modulo(BIG_X, T1, BIG_Y);
    } else {
      // v = (F - u a2) / a1
      multiply(T2, U, a2);
      subtract(T2, F, T2);
      divideExact(V, T2, a1, T3);
      // y s + (.) F = G, from s mod F >= 0
      modulo(T1, S, F);
      euclid(F, T1, ZERO);
      copy(G, remainder0);
      copy(T3, cofactor0);
      setNegative(T3, odd ^ 1);
      divideExact(H, F, G, T1);
      divideExact(BIG_Y, a1, G, T1);
      // l = y (u (c1 mod H) + v (c2 mod H)) mod H
      modulo(T1, c1, H);
      multiply(T2, U, T1);
      modulo(T1, c2, H);
      multiply(BIG_X, V, T1);
      add(T2, T2, BIG_X);
      modulo(T2, T2, H);
      multiply(T1, T3, T2);
      modulo(T1, T1, H);
      // Bx = (u m + l By) / H mod By
      multiply(T2, U, M);
      multiply(T3, T1, BIG_Y);
      add(T2, T2, T3);
      divideExact(T1, T2, H, T3);
      modulo(BIG_X, T1, BIG_Y);
    }
    coprime = isSmall(G, 1);
    if (!coprime) {
      divideExact(CY, a2, G, T1);
      divideExact(DY, S, G, T1);
      cy0 = CY;
      dy0 = DY;
      big = BIG_Y;
    }
  }
  // 5. - 7.
  euclid(big, BIG_X, BOUND);
  const bx = remainder1;
  const by = remainder0;
  const X = cofactor1;
  const Y = cofactor0;
  setNegative(by, odd);
  setNegative(X, odd);
  setNegative(Y, 1);
  // 8., 9. With by X - bx Y = By the formulas of step 9 hold for z = 0 as well.
  setDivisor(big);
  exactQuotient(CX_QUOTIENT, bx, cy0, M, X);
  exactQuotient(DX_QUOTIENT, bx, dy0, c2, X);
  multiply(Q1, by, CX_QUOTIENT);
  multiply(Q3, Y, DX_QUOTIENT);
  if (size(bx) == 0) {
    // cy = (Cy by - m Y) / By, which is Q2 / bx in general
    exactQuotient(CY_QUOTIENT, by, cy0, M, Y);
  } else {
    add(T1, Q1, M);
    setDivisor(bx);
    exactQuotient(CY_QUOTIENT, T1, ONE, ZERO, ZERO);
  }
  add(T1, Q3, dy0);
  setDivisor(X);
  exactQuotient(DY_QUOTIENT, T1, ONE, ZERO, ZERO);
  let ax = X;
  let ay = Y;
  if (!coprime) {
    multiply(AX, G, X);
    multiply(AY, G, Y);
    multiply(T1, G, Q3);
    copy(Q3, T1);
    ax = AX;
    ay = AY;
  }
  multiply(T1, by, CY_QUOTIENT);
  multiply(T2, ay, DY_QUOTIENT);
  subtract(A3, T1, T2);
  multiply(T1, bx, CX_QUOTIENT);
  multiply(T2, ax, DX_QUOTIENT);
  subtract(C3, T1, T2);
  // b3 = G (Q3 + Q4) - Q1 - Q2 = b1 + 2 (G Y dx - by cx)
  subtract(T1, Q3, Q1);
  shiftLeft(T1, T1, 1);
  add(B3, b1, T1);
  reduce(out);
}
