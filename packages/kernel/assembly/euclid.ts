/**
 * Extended Euclid, full or stopped half way (NUCOMP's steps 5-7, class-groups.md 1.7), after Lehmer: quotients are computed on the
 * leading 62 bits of both remainders for as long as they are certainly those of the whole numbers, then the accumulated 2x2
 * matrix with entries below 2^31 is applied to the whole numbers in one pass.
 */

import { add, copy, divide, limb, limbs, multiply, size, trim } from './integer';

const BUFFER_1: usize = memory.data(1088, 8);
const BUFFER_2: usize = memory.data(1088, 8);
const BUFFER_3: usize = memory.data(1088, 8);
const BUFFER_4: usize = memory.data(1088, 8);
const QUOTIENT: usize = memory.data(1088, 8);
const PRODUCT: usize = memory.data(1088, 8);

const LOW: u64 = 0xffffffff;

/** The last remainder that was above the bound or is the gcd, and the one after it (0 in the full version). Slots, non-negative. */
export let remainder0: usize = 0;
export let remainder1: usize = 0;
/**
 * Absolute values of the cofactors of the smaller input: after an even number of steps remainder0 = -cofactor0 y and
 * remainder1 = cofactor1 y modulo x, after an odd number the signs are the other way round.
 */
export let cofactor0: usize = 0;
export let cofactor1: usize = 0;
/** 1 if the number of division steps was odd. */
export let odd: i32 = 0;

/** Clears the limbs of a slot above its own length up to n, so that rows can be read at a common length. */
function pad(p: usize, n: i32): void {
  const m = size(p);
  if (n > m) memory.fill(limbs(p) + ((m as usize) << 2), 0, ((n - m) as usize) << 2);
}

/** (x, y) = (a x + b y, c x + d y) over n limbs, n even; both results are non-negative and fit. */
function applyToRemainders(x: usize, y: usize, n: i32, a: i64, b: i64, c: i64, d: i64): void {
  let carry0: i64 = 0;
  let carry1: i64 = 0;
  const end = x + ((n as usize) << 2);
  while (x < end) {
    let u = load<u32>(x) as i64;
    let v = load<u32>(y) as i64;
    carry0 += a * u + b * v;
    carry1 += c * u + d * v;
    u = load<u32>(x, 4) as i64;
    v = load<u32>(y, 4) as i64;
    store<u32>(x, carry0 as u32);
    store<u32>(y, carry1 as u32);
    carry0 = (carry0 >> 32) + (a * u + b * v);
    carry1 = (carry1 >> 32) + (c * u + d * v);
    store<u32>(x, carry0 as u32, 4);
    store<u32>(y, carry1 as u32, 4);
    carry0 >>= 32;
    carry1 >>= 32;
    x += 8;
    y += 8;
  }
}

/** (x, y) = (a x + b y, c x + d y) for non-negative entries, over n limbs, n even, the carries going to limb n. */
function applyToCofactors(x: usize, y: usize, n: i32, a: u64, b: u64, c: u64, d: u64): void {
  let carry0: u64 = 0;
  let carry1: u64 = 0;
  const end = x + ((n as usize) << 2);
  while (x < end) {
    let u = load<u32>(x) as u64;
    let v = load<u32>(y) as u64;
    carry0 += a * u + b * v;
    carry1 += c * u + d * v;
    u = load<u32>(x, 4) as u64;
    v = load<u32>(y, 4) as u64;
    store<u32>(x, carry0 as u32);
    store<u32>(y, carry1 as u32);
    carry0 = (carry0 >> 32) + (a * u + b * v);
    carry1 = (carry1 >> 32) + (c * u + d * v);
    store<u32>(x, carry0 as u32, 4);
    store<u32>(y, carry1 as u32, 4);
    carry0 >>= 32;
    carry1 >>= 32;
    x += 8;
    y += 8;
  }
  store<u64>(x, carry0);
  store<u64>(y, carry1);
}

/** Whether the value of n limbs at `row`, no leading zero, is above the value of the slot `bound`. */
function isAbove(row: usize, n: i32, bound: usize): boolean {
  const m = size(bound);
  if (n != m) return n > m;
  for (let i = n - 1; i >= 0; i--) {
    const u = load<u32>(row + ((i as usize) << 2));
    const v = limb(bound, i);
    if (u != v) return u > v;
  }
  return false;
}

/** Leading 64 bits of the n-limb window n-1, n-2, n-3 of a row whose top limb starts with `shift` zero bits. */
function window(row: usize, n: i32, shift: u64): u64 {
  const at = row + (((n - 3) as usize) << 2);
  return (load<u64>(at, 4) << shift) | (((load<u32>(at) as u64) << shift) >> 32);
}

/**
 * Runs Euclid on |x| >= |y| until the current remainder is at most `bound` or the next one is 0. `bound` is a slot whose limbs
 * above its length are zero; the full version passes zero.
 */
export function euclid(x: usize, y: usize, bound: usize): void {
  let r0 = BUFFER_1;
  let r1 = BUFFER_2;
  let u0 = BUFFER_3;
  let u1 = BUFFER_4;
  copy(r0, x);
  copy(r1, y);
  let n = size(x);
  pad(r0, n + 2);
  pad(r1, n + 2);
  memory.fill(limbs(u0), 0, 16);
  memory.fill(limbs(u1), 0, 16);
  store<u32>(limbs(u1), 1);
  let m = 1;
  let parity = 0;
  let go = true;
  while (go) {
    const row0 = limbs(r0);
    const row1 = limbs(r1);
    while (n > 0 && load<u32>(row0 + (((n - 1) as usize) << 2)) == 0) n--;
    let n1 = n;
    while (n1 > 0 && load<u32>(row1 + (((n1 - 1) as usize) << 2)) == 0) n1--;
    if (n1 == 0 || !isAbove(row0, n, bound)) {
      store<i32>(r0, n);
      store<i32>(r0, 0, 4);
      store<i32>(r1, n1);
      store<i32>(r1, 0, 4);
      go = false;
    } else {
      // Leading bits a of r0, b of r1 and those of the bound, below 2^62 and cut at the same place.
      let a: u64 = 0;
      let b: u64 = 0;
      let stop: u64 = 0;
      let exact = false;
      if (n >= 3) {
        const shift = clz(load<u32>(row0 + (((n - 1) as usize) << 2))) as u64;
        a = window(row0, n, shift) >> 2;
        b = window(row1, n, shift) >> 2;
        stop = n > size(bound) + 2 ? 0 : window(limbs(bound), n, shift) >> 2;
      } else {
        a = load<u64>(row0);
        b = load<u64>(row1);
        stop = load<u64>(limbs(bound));
        if (a >> 62) {
          a >>= 2;
          b >>= 2;
          stop >>= 2;
        } else {
          exact = true;
        }
      }
      // Cofactor pairs packed as u 2^32 + v. A step with divisor b makes cofactors of at most a_0 / b, so that b > a_0 / 2^31
      // keeps them below 2^31.
      const least = a >> 31;
      let p0: u64 = (1 as u64) << 32;
      let p1: u64 = 1;
      let steps = 0;
      while (b > least && a > stop) {
        // q = floor(a / b). From the leading 32 bits of a, 32-bit divisions being the faster ones, it is at most 1 too large
        // as long as b keeps 16 bits.
        const shift = 32 - clz(a | LOW);
        const head = (b >> shift) as u32;
        let q: u64 = 0;
        let t: u64 = 0;
        if (head < 65_536) {
          q = a / b;
          t = a - q * b;
        } else {
          q = ((a >> shift) as u32 / head) as u64;
          t = a - q * b;
          if ((t as i64) < 0) {
            t += b;
            q--;
          }
        }
        const p = p0 + q * p1;
        if (!exact) {
          // Both conditions together make the quotient that of the whole numbers (v is the larger cofactor).
          const v = p & LOW;
          if (t < v || b - t < v + (p1 & LOW)) break;
        }
        a = b;
        b = t;
        p0 = p1;
        p1 = p;
        steps++;
      }
      if (steps != 0) {
        const A = p0 >> 32;
        const B = p0 & LOW;
        const C = p1 >> 32;
        const D = p1 & LOW;
        if (steps & 1) applyToRemainders(row0, row1, (n + 1) & ~1, -(A as i64), B as i64, C as i64, -(D as i64));
        else applyToRemainders(row0, row1, (n + 1) & ~1, A as i64, -(B as i64), -(C as i64), D as i64);
        const even = (m + 1) & ~1;
        applyToCofactors(limbs(u0), limbs(u1), even, A, B, C, D);
        m = even + 1;
        while (load<u32>(limbs(u1) + (((m - 1) as usize) << 2)) == 0) m--;
        parity ^= steps & 1;
      } else {
        // One division of the whole numbers.
        store<i32>(r0, n);
        store<i32>(r1, n1);
        divide(QUOTIENT, r0, r0, r1);
        pad(r0, n + 2);
        store<i32>(u1, m);
        store<i32>(u1, 0, 4);
        store<i32>(u0, 0, 4);
        trim(u0, m);
        multiply(PRODUCT, QUOTIENT, u1);
        add(u0, u0, PRODUCT);
        m = size(u0);
        pad(u0, m + 4);
        pad(u1, m + 4);
        let p = r0;
        r0 = r1;
        r1 = p;
        p = u0;
        u0 = u1;
        u1 = p;
        parity ^= 1;
      }
    }
  }
  store<i32>(u0, 0, 4);
  store<i32>(u1, 0, 4);
  trim(u0, m);
  trim(u1, m);
  remainder0 = r0;
  remainder1 = r1;
  cofactor0 = u0;
  cofactor1 = u1;
  odd = parity;
}
