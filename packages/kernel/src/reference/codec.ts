/**
 * Canonical serialisation and the parser of untrusted elements (class-groups.md 1.3, 1.4, 1.5).
 *
 * @module
 */

import { ElementDecodeError } from '../types.ts';
import type { Form } from './form.ts';
import { absolute, bitLength, floorModulo, jacobiSymbol, readBigEndian, writeBigEndian } from './integers.ts';
import { gcdWithCofactor } from './lehmer.ts';

/** Lb of class-groups.md 1.3: bytes of each of the two coefficients. */
export function coefficientBytes(discriminant: bigint): number {
  return Math.floor(bitLength(discriminant) / 16) + 1;
}

/** I2OSP(a, length) || two's complement of b in `length` bytes (class-groups.md 1.3). */
export function encodeForm(form: Form, length: number): Uint8Array {
  const out = new Uint8Array(2 * length);
  writeBigEndian(form.a, out, 0, length);
  writeBigEndian(BigInt.asUintN(8 * length, form.b), out, length, length);
  return out;
}

/** gcd of |x| and |y|. */
function gcd(x: bigint, y: bigint): bigint {
  const [p, q] = [absolute(x), absolute(y)];
  return p >= q ? gcdWithCofactor(p, q).gcd : gcdWithCofactor(q, p).gcd;
}

/**
 * Parses with P1-P6; P7 is {@link isSquareForm}, which needs a primitive form.
 * Source: class-groups.md 1.4.
 *
 * @param bytes - Untrusted.
 * @param length - Lb.
 * @param conductor - q of the discriminant -p q^3; without it P6 is the general gcd test.
 * @throws {@link ElementDecodeError} Naming the first failed check.
 */
export function decodeForm(
  bytes: Uint8Array,
  length: number,
  discriminant: bigint,
  conductor: bigint | undefined,
): Form {
  if (bytes.length !== 2 * length) {
    throw new ElementDecodeError('CG:P1', `expected ${2 * length} bytes, received ${bytes.length}`);
  }
  const a = readBigEndian(bytes, 0, length);
  const b = BigInt.asIntN(8 * length, readBigEndian(bytes, length, length));
  if (a === 0n) throw new ElementDecodeError('CG:P2', 'a is zero');
  if (b <= -a || b > a) throw new ElementDecodeError('CG:P3', 'not normal: b is outside (-a, a]');
  if ((b & 1n) === 0n) throw new ElementDecodeError('CG:P4', 'b is even');
  const numerator = b * b - discriminant;
  const fourA = a << 2n;
  if (numerator % fourA !== 0n) throw new ElementDecodeError('CG:P4', '4a does not divide b^2 - discriminant');
  const c = numerator / fourA;
  if (a > c || (a === c && b < 0n)) throw new ElementDecodeError('CG:P5', 'not reduced');
  // A common divisor g has g^2 | p q^3, hence g is 1 or q; and if q divides a and c then it divides b.
  const primitive = conductor === undefined ? gcd(gcd(a, b), c) === 1n : a % conductor !== 0n || c % conductor !== 0n;
  if (!primitive) throw new ElementDecodeError('CG:P6', 'not primitive');
  return { a, b, c };
}

/**
 * The genus character of class-groups.md 1.5: whether the class is a square.
 *
 * @param form - Primitive (P6).
 * @param conductor - The odd prime q of the discriminant -p q^3.
 */
export function isSquareForm(form: Form, conductor: bigint): boolean {
  const represented = [form.a, form.c, form.a + form.b + form.c];
  for (const value of represented) {
    const residue = floorModulo(value, conductor);
    if (residue !== 0n) return jacobiSymbol(residue, conductor) === 1;
  }
  // Not primitive: cannot come from the parser.
  return false;
}
