/**
 * Rows of 32-bit limbs, little endian, at raw addresses. A 64-bit accumulator holds limb * limb + limb + carry exactly, which is
 * why limbs have 32 bits. Callers own the sizes; nothing here allocates or checks capacity.
 */

const LOW: u64 = 0xffffffff;

/** dst[0..n) += src[0..n) * m; returns the carry limb. */
export function addMul1(dst: usize, src: usize, n: i32, m: u64): u64 {
  let carry: u64 = 0;
  const end = src + ((n as usize) << 2);
  while (src < end) {
    const t = m * (load<u32>(src) as u64) + (load<u32>(dst) as u64) + carry;
    store<u32>(dst, t as u32);
    carry = t >> 32;
    src += 4;
    dst += 4;
  }
  return carry;
}

/** Two rows at once: dst[0..n) += src[0..n) * (m0 + m1 B) modulo B^n, B = 2^32. For products that are cut at n limbs. */
export function addMul2Low(dst: usize, src: usize, n: i32, m0: u64, m1: u64): void {
  let c0: u64 = 0;
  let c1: u64 = 0;
  let s1: u64 = 0;
  const end = src + ((n as usize) << 2);
  while (src < end) {
    const s0 = load<u32>(src) as u64;
    let t = m0 * s0 + (load<u32>(dst) as u64) + c0;
    c0 = t >> 32;
    t = m1 * s1 + (t & LOW) + c1;
    c1 = t >> 32;
    store<u32>(dst, t as u32);
    s1 = s0;
    src += 4;
    dst += 4;
  }
}

/** Four rows at once: dst[0..n+4) = dst[0..n) + src[0..n) * (m0 + m1 B + m2 B^2 + m3 B^3), B = 2^32. */
function addMul4(dst: usize, src: usize, n: i32, m0: u64, m1: u64, m2: u64, m3: u64): void {
  let c0: u64 = 0;
  let c1: u64 = 0;
  let c2: u64 = 0;
  let c3: u64 = 0;
  let s1: u64 = 0;
  let s2: u64 = 0;
  let s3: u64 = 0;
  const end = src + ((n as usize) << 2);
  while (src < end) {
    const s0 = load<u32>(src) as u64;
    let t = m0 * s0 + (load<u32>(dst) as u64) + c0;
    c0 = t >> 32;
    t = m1 * s1 + (t & LOW) + c1;
    c1 = t >> 32;
    t = m2 * s2 + (t & LOW) + c2;
    c2 = t >> 32;
    t = m3 * s3 + (t & LOW) + c3;
    c3 = t >> 32;
    store<u32>(dst, t as u32);
    s3 = s2;
    s2 = s1;
    s1 = s0;
    src += 4;
    dst += 4;
  }
  let t = m1 * s1 + c0 + c1;
  c1 = t >> 32;
  t = m2 * s2 + (t & LOW) + c2;
  c2 = t >> 32;
  t = m3 * s3 + (t & LOW) + c3;
  c3 = t >> 32;
  store<u32>(dst, t as u32);
  t = m2 * s1 + c1 + c2;
  c2 = t >> 32;
  t = m3 * s2 + (t & LOW) + c3;
  c3 = t >> 32;
  store<u32>(dst, t as u32, 4);
  t = m3 * s1 + c2 + c3;
  store<u32>(dst, t as u32, 8);
  store<u32>(dst, (t >> 32) as u32, 12);
}

/**
 * dst[0..count) = the low `count` limbs of x * y. Writes up to four limbs of rubbish above them, so dst needs room for
 * count + 4. With count = nx + ny it is the whole product. dst overlaps neither factor.
 */
export function mulLow(dst: usize, x: usize, nx: i32, y: usize, ny: i32, count: i32): void {
  if (nx < ny) {
    const p = x;
    x = y;
    y = p;
    const n = nx;
    nx = ny;
    ny = n;
  }
  if (ny > count) ny = count;
  memory.fill(dst, 0, ((count + 4) as usize) << 2);
  let j = 0;
  while (j + 4 <= ny) {
    const n = min(nx, count - j);
    const row = y + ((j as usize) << 2);
    addMul4(
      dst + ((j as usize) << 2),
      x,
      n,
      load<u32>(row) as u64,
      load<u32>(row, 4) as u64,
      load<u32>(row, 8) as u64,
      load<u32>(row, 12) as u64,
    );
    j += 4;
  }
  while (j < ny) {
    const n = min(nx, count - j);
    const at = dst + ((j as usize) << 2);
    store<u32>(at + ((n as usize) << 2), addMul1(at, x, n, load<u32>(y + ((j as usize) << 2)) as u64) as u32);
    j += 1;
  }
}

/** dst += src over n limbs; returns the carry. */
export function addRow(dst: usize, src: usize, n: i32): u64 {
  let carry: u64 = 0;
  const end = src + ((n as usize) << 2);
  while (src < end) {
    const t = (load<u32>(dst) as u64) + (load<u32>(src) as u64) + carry;
    store<u32>(dst, t as u32);
    carry = t >> 32;
    src += 4;
    dst += 4;
  }
  return carry;
}

/** dst = x - y over n limbs, modulo 2^(32 n). dst may be either operand. */
export function subRow(dst: usize, x: usize, y: usize, n: i32): void {
  let borrow: i64 = 0;
  const end = x + ((n as usize) << 2);
  while (x < end) {
    const t = (load<u32>(x) as i64) - (load<u32>(y) as i64) + borrow;
    store<u32>(dst, t as u32);
    borrow = t >> 32;
    x += 4;
    y += 4;
    dst += 4;
  }
}

/** dst = -dst over n limbs, modulo 2^(32 n). */
export function negateRow(dst: usize, n: i32): void {
  let carry: u64 = 1;
  const end = dst + ((n as usize) << 2);
  while (dst < end) {
    const t = ((load<u32>(dst) as u64) ^ LOW) + carry;
    store<u32>(dst, t as u32);
    carry = t >> 32;
    dst += 4;
  }
}

/** dst[0..n) = the n limbs of src from bit `shift` on; reads src[0..available) and takes zeros above. dst may equal src. */
export function shiftRightRow(dst: usize, src: usize, n: i32, available: i32, shift: i32): void {
  const skip = shift >> 5;
  const bits = (shift & 31) as u64;
  for (let i = 0; i < n; i++) {
    const k = i + skip;
    const low: u64 = k < available ? load<u32>(src + ((k as usize) << 2)) : 0;
    const high: u64 = k + 1 < available ? load<u32>(src + (((k + 1) as usize) << 2)) : 0;
    store<u32>(dst + ((i as usize) << 2), (((high << 32) | low) >> bits) as u32);
  }
}
