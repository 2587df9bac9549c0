/**
 * Integer helpers that BigInt lacks. BigInt division truncates towards zero while the formulas of class-groups.md mean
 * floor (pitfall 9), so no module of this folder uses `/` or `%` on operands of unknown sign unless the division is exact.
 *
 * @module
 */

/** Floor of x / y, for y > 0. */
export function floorDivide(x: bigint, y: bigint): bigint {
  const quotient = x / y;
  return x < 0n && quotient * y !== x ? quotient - 1n : quotient;
}

/** x mod y in [0, y), for y > 0. */
export function floorModulo(x: bigint, y: bigint): bigint {
  const remainder = x % y;
  return remainder < 0n ? remainder + y : remainder;
}

/** |x|. */
export function absolute(x: bigint): bigint {
  return x < 0n ? -x : x;
}

/** Length of |x| in binary; 0 for 0. */
export function bitLength(x: bigint): number {
  if (x === 0n) return 0;
  const hex = absolute(x).toString(16);
  return 4 * (hex.length - 1) + (32 - Math.clz32(Number.parseInt(hex.charAt(0), 16)));
}

/** Floor of the square root of x >= 0 (Newton from above: the sequence decreases until it reaches the floor). */
export function integerSquareRoot(x: bigint): bigint {
  if (x < 2n) return x;
  let root = 1n << BigInt((bitLength(x) + 1) >> 1);
  for (;;) {
    const next = (root + x / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/**
 * Jacobi symbol (x / n), equal to the Legendre symbol when n is prime. Variable time.
 *
 * @param x - Any integer.
 * @param n - Odd and positive.
 * @returns 1, -1, or 0 when gcd(x, n) > 1.
 */
export function jacobiSymbol(x: bigint, n: bigint): -1 | 0 | 1 {
  let top = floorModulo(x, n);
  let bottom = n;
  let negative = false;
  while (top !== 0n) {
    let shift = 0;
    while ((top & 0xffffffffn) === 0n) {
      top >>= 32n;
      shift += 32;
    }
    const low = Number(top & 0xffffffffn);
    const zeros = 31 - Math.clz32(low & -low);
    top >>= BigInt(zeros);
    shift += zeros;
    const bottomLow = Number(bottom & 7n);
    // (2 / n) = -1 for n = 3, 5 mod 8.
    if ((shift & 1) === 1 && (bottomLow === 3 || bottomLow === 5)) negative = !negative;
    // Quadratic reciprocity, both odd.
    if ((bottomLow & 3) === 3 && (top & 3n) === 3n) negative = !negative;
    const rest = bottom % top;
    bottom = top;
    top = rest;
  }
  if (bottom !== 1n) return 0;
  return negative ? -1 : 1;
}

/** I2OSP: writes x, 0 <= x < 256^length, big-endian into `out` at `offset`. */
export function writeBigEndian(x: bigint, out: Uint8Array, offset: number, length: number): void {
  const hex = x.toString(16).padStart(2 * length, '0');
  for (let i = 0; i < length; i++) out[offset + i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
}

/** OS2IP of `length` bytes of `bytes` at `offset`. */
export function readBigEndian(bytes: Uint8Array, offset: number, length: number): bigint {
  let hex = '0x0';
  for (let i = offset; i < offset + length; i++) hex += (bytes[i] ?? 0).toString(16).padStart(2, '0');
  return BigInt(hex);
}
