/**
 * Transparent derivation of p and h (CG 2.3). Slow at full size (primality of hundreds of candidates): services compare with the
 * published constants, tests run it.
 *
 * @module
 */
import type { ClassGroup, Element, Kernel } from '@dwallet/kernel';
import {
  InvalidArgumentsError,
  bitLength,
  bytesToInteger,
  concat,
  encodeInt,
  encodeUint,
  encodeUint16,
  encodeUint32,
  mod,
  xof,
} from '@dwallet/sigma';

/** Jacobi symbol (a / n) for odd n > 0. */
export function jacobi(a: bigint, n: bigint): -1 | 0 | 1 {
  let x = mod(a, n);
  let y = n;
  let sign: -1 | 1 = 1;
  while (x !== 0n) {
    while ((x & 1n) === 0n) {
      x >>= 1n;
      const residue = y & 7n;
      if (residue === 3n || residue === 5n) sign = sign === 1 ? -1 : 1;
    }
    [x, y] = [y, x];
    if ((x & 3n) === 3n && (y & 3n) === 3n) sign = sign === 1 ? -1 : 1;
    x %= y;
  }
  return y === 1n ? sign : 0;
}

/** base^exponent mod modulus. */
export function powerMod(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = mod(base, modulus);
  for (let e = exponent; e > 0n; e >>= 1n) {
    if ((e & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

const smallPrimes: readonly bigint[] = (() => {
  const primes: bigint[] = [];
  for (let n = 3n; n < 4000n; n += 2n) if (primes.every((p) => p * p > n || n % p !== 0n)) primes.push(n);
  return primes;
})();

function strongProbablePrime(n: bigint, base: bigint): boolean {
  let d = n - 1n;
  let s = 0;
  while ((d & 1n) === 0n) {
    d >>= 1n;
    s += 1;
  }
  let x = powerMod(base, d, n);
  if (x === 1n || x === n - 1n) return true;
  for (let i = 1; i < s; i++) {
    x = (x * x) % n;
    if (x === n - 1n) return true;
  }
  return false;
}

/** Strong Lucas test with Selfridge's parameters. */
function strongLucasProbablePrime(n: bigint): boolean {
  let d = 5n;
  for (let i = 0; ; i++) {
    const symbol = jacobi(d, n);
    if (symbol === -1) break;
    if (symbol === 0 && (d < 0n ? -d : d) % n !== 0n) return false;
    if (i === 20) {
      const root = integerSquareRoot(n);
      if (root * root === n) return false;
    }
    d = d > 0n ? -(d + 2n) : -d + 2n;
  }
  const q = (1n - d) / 4n;
  const half = (value: bigint): bigint => {
    const reduced = mod(value, n);
    return (reduced & 1n) === 0n ? reduced >> 1n : (reduced + n) >> 1n;
  };
  let k = n + 1n;
  let s = 0;
  while ((k & 1n) === 0n) {
    k >>= 1n;
    s += 1;
  }
  let u = 1n;
  let v = 1n;
  let qk = mod(q, n);
  for (const bit of k.toString(2).slice(1)) {
    u = (u * v) % n;
    v = mod(v * v - 2n * qk, n);
    qk = (qk * qk) % n;
    if (bit === '1') {
      [u, v] = [half(u + v), half(d * u + v)];
      qk = mod(qk * q, n);
    }
  }
  if (u === 0n || v === 0n) return true;
  for (let r = 1; r < s; r++) {
    v = mod(v * v - 2n * qk, n);
    if (v === 0n) return true;
    qk = (qk * qk) % n;
  }
  return false;
}

/** floor(sqrt(n)). */
export function integerSquareRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const y = (x + n / x) >> 1n;
    if (y >= x) return x;
    x = y;
  }
}

/**
 * Miller-Rabin with 40 fixed bases plus Lucas (BPSW): enough to FIND a prime that is a hash output (CG 2.3). Not for numbers that an
 * adversary chose.
 */
export function isProbablePrime(n: bigint): boolean {
  if (n < 2n) return false;
  if (n === 2n) return true;
  if ((n & 1n) === 0n) return false;
  for (const prime of smallPrimes) if (n % prime === 0n) return n === prime;
  if (!strongProbablePrime(n, 2n) || !strongLucasProbablePrime(n)) return false;
  return smallPrimes.slice(0, 39).every((base) => strongProbablePrime(n, base));
}

const octets = (value: bigint): Uint8Array => encodeUint(value, (bitLength(value) + 7) >> 3);

/** p for order q and target size D, with its 0-based counter. */
export function deriveP(q: bigint, fundamentalBits: number): { p: bigint; counter: number } {
  const length = fundamentalBits - bitLength(q) + 1;
  if (length < bitLength(q) + 3) throw new InvalidArgumentsError('fundamentalBits', 'p must exceed 4 q (CG 2.1)');
  const qb = octets(q);
  const mask = (1n << BigInt(length)) - 1n;
  const low = (q & 3n) === 1n ? 3n : 1n;
  for (let counter = 0; ; counter++) {
    const data = concat(encodeUint16(fundamentalBits), encodeUint16(qb.length), qb, encodeUint32(counter));
    let x = bytesToInteger(xof('CLG-v1/p', data, (length + 7) >> 3)) & mask;
    x = ((x | (1n << BigInt(length - 1))) & ~3n) | low;
    if (isProbablePrime(x) && jacobi(q, x) === -1) return { p: x, counter };
  }
}

/** The prime form (l, b_l) from which h is made, with its 0-based counter. */
export function derivePrimeForm(
  q: bigint,
  fundamentalBits: number,
  p: bigint,
): { l: bigint; bl: bigint; counter: number } {
  const qb = octets(q);
  const pb = octets(p);
  const discriminant = -p * q * q * q;
  for (let counter = 0; ; counter++) {
    const data = concat(
      encodeUint16(fundamentalBits),
      encodeUint16(qb.length),
      qb,
      encodeUint16(pb.length),
      pb,
      encodeUint32(counter),
    );
    const l = bytesToInteger(xof('CLG-v1/h', data, 32)) | (1n << 255n) | 3n;
    if (!isProbablePrime(l) || jacobi(discriminant, l) !== 1) continue;
    const root = powerMod(mod(discriminant, l), (l + 1n) >> 2n, l);
    return { l, bl: (root & 1n) === 1n ? root : l - root, counter };
  }
}

/** h = t0^(2q) for the prime form t0 = (l, b_l, .) (CG 2.3). */
export function generatorFromPrimeForm(group: ClassGroup, q: bigint, l: bigint, bl: bigint): Element {
  const width = group.elementBytes / 2;
  const t0 = group.decodeUnchecked(concat(encodeUint(l, width), encodeInt(bl, width)));
  return group.powerVartime(group.square(t0), q);
}

/** The group of Delta_q = -p q^3. */
export const groupOf = (kernel: Kernel, p: bigint, q: bigint): ClassGroup =>
  kernel.createGroup({ discriminant: -p * q * q * q, conductor: q });
