/**
 * Recodings of exponents into signed digits (class-groups.md 1.9, 1.10).
 *
 * @module
 */

/** A non-zero digit of a non-adjacent form: contributes digit * 2^position. */
export interface NafDigit {
  readonly position: number;
  readonly digit: number;
}

/**
 * Width-w NAF of a positive public exponent: odd digits with |digit| < 2^(width - 1), any two at least `width` positions apart.
 * Lowest position first.
 */
export function nafDigits(exponent: bigint, width: number): NafDigit[] {
  const bits = exponent.toString(2);
  const length = bits.length;
  const bitAt = (position: number): number => (position < length ? bits.charCodeAt(length - 1 - position) - 48 : 0);
  const digits: NafDigit[] = [];
  const half = 1 << (width - 1);
  let carry = 0;
  let position = 0;
  while (position < length || carry !== 0) {
    if (bitAt(position) === carry) {
      // The digit is even (0 + 0 or 1 + carry): the carry passes on.
      position++;
      continue;
    }
    let digit = carry;
    for (let i = 0; i < width; i++) digit += bitAt(position + i) << i;
    carry = digit >= half ? 1 : 0;
    digits.push({ position, digit: carry === 1 ? digit - 2 * half : digit });
    position += width;
  }
  return digits;
}

/** The NAF width that minimises table plus digits for one exponent of `bits` bits. */
export function nafWidth(bits: number): number {
  let width = 2;
  while (width < 8 && cost(width + 1) < cost(width)) width++;
  return width;

  function cost(w: number): number {
    // Table: one square and 2^(w-2) - 1 products (none for w = 2); digits: one in w + 1 positions.
    return (w === 2 ? 0 : 1 << (w - 2)) + bits / (w + 1);
  }
}

/**
 * Regular recoding (Joye-Tunstall) of an odd exponent of either sign: exactly `count` digits, all odd, |digit| < 2^width, with
 * exponent = sum digit_i 2^(width i). No digit is zero, so the sequence of group operations depends on `count` alone.
 * Lowest first. Closed form: digit_i = 2 (floor(e / 2^(width i + 1)) mod 2^width) + 1 - 2^width, the last floor(e / 2^(..)) | 1.
 *
 * @param exponent - Odd, |exponent| < 2^(width * count).
 */
export function regularDigits(exponent: bigint, width: number, count: number): number[] {
  const digits: number[] = [];
  const base = 1 << width;
  const shift = BigInt(width);
  let rest = exponent >> 1n;
  for (let i = 0; i < count - 1; i++) {
    digits.push(2 * Number(BigInt.asUintN(width, rest)) + 1 - base);
    rest >>= shift;
  }
  // rest is the remaining odd quotient halved; BigInt shifts are floors, so this holds for negative exponents as well.
  digits.push(2 * Number(rest) + 1);
  return digits;
}

/** The window of {@link regularDigits} that minimises table plus products for exponents of `bits` bits. */
export function regularWidth(bits: number): number {
  let width = 1;
  while (width < 8 && cost(width + 1) < cost(width)) width++;
  return width;

  function cost(w: number): number {
    return (w === 1 ? 0 : 1 << (w - 1)) + Math.ceil(bits / w);
  }
}
