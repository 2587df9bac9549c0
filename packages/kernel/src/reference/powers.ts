/**
 * Powers and products of powers (class-groups.md 1.9, 1.10).
 *
 * @module
 */

import { type Form, invertForm } from './form.ts';
import { bitLength } from './integers.ts';
import { nafDigits, nafWidth, regularDigits, regularWidth } from './recoding.ts';

/** The group law on reduced forms of one discriminant. */
export interface Law {
  readonly identity: Form;
  compose(x: Form, y: Form): Form;
  square(x: Form): Form;
}

/** One factor of a product. */
export interface Factor {
  readonly form: Form;
  readonly exponent: bigint;
}

/** [x, x^3, x^5, ..., x^(2 count - 1)]. */
function oddPowers(law: Law, x: Form, count: number): Form[] {
  const powers = [x];
  if (count > 1) {
    const square = law.square(x);
    for (let last = x; powers.length < count; powers.push(last)) last = law.compose(last, square);
  }
  return powers;
}

/** x^digit for an odd digit, from the odd powers of x. */
function pick(powers: readonly Form[], digit: number): Form {
  const power = powers[(Math.abs(digit) - 1) >> 1] as Form;
  return digit < 0 ? invertForm(power) : power;
}

/**
 * Product of powers for public exponents: Straus interleaving, one squaring chain as long as the longest exponent, and for each
 * base a NAF as long as its own exponent with the width that suits it.
 *
 * Buckets (Pippenger) are left out on purpose. Counting operations per base of 128 bits: Straus 29; signed buckets 26 at 300 bases,
 * 29 at 200, 31 at 150; with 256 bits 51 against 52 even at 300. Exponents are short and inversion is free, so tables are small.
 *
 * @returns The identity for the empty product.
 */
export function multiPowerVartime(law: Law, factors: readonly Factor[]): Form {
  // products[i]: the factors to multiply in when the accumulator stands at 2^i.
  const products: Form[][] = [];
  for (const { form, exponent } of factors) {
    if (exponent === 0n || form.a === 1n) continue;
    const base = exponent < 0n ? invertForm(form) : form;
    const magnitude = exponent < 0n ? -exponent : exponent;
    const width = nafWidth(bitLength(magnitude));
    const digits = nafDigits(magnitude, width);
    const largest = digits.reduce((most, { digit }) => Math.max(most, Math.abs(digit)), 1);
    const powers = oddPowers(law, base, (largest + 1) >> 1);
    for (const { position, digit } of digits) {
      while (products.length <= position) products.push([]);
      (products[position] as Form[]).push(pick(powers, digit));
    }
  }
  let accumulator: Form | undefined;
  for (let i = products.length - 1; i >= 0; i--) {
    if (accumulator !== undefined) accumulator = law.square(accumulator);
    for (const factor of products[i] as Form[]) {
      accumulator = accumulator === undefined ? factor : law.compose(accumulator, factor);
    }
  }
  return accumulator ?? law.identity;
}

/**
 * Product of powers for secret exponents below 2^bits in absolute value. Fixed windows, all digits odd, always one product per
 * window and base: the sequence of group operations depends on `bits` and the number of factors only. (BigInt arithmetic and the
 * group law stay variable-time.)
 */
export function multiPowerRegular(law: Law, factors: readonly Factor[], bits: number): Form {
  const width = regularWidth(bits);
  const count = Math.max(1, Math.ceil(bits / width));
  const rows = factors.map(({ form, exponent }) => ({
    powers: oddPowers(law, form, 1 << (width - 1)),
    // The recoding wants odd numbers: even exponents are raised by one and corrected below.
    digits: regularDigits(exponent | 1n, width, count),
  }));
  let accumulator: Form | undefined;
  for (let i = count - 1; i >= 0; i--) {
    if (accumulator !== undefined) {
      for (let j = 0; j < width; j++) accumulator = law.square(accumulator);
    }
    for (const { powers, digits } of rows) {
      const factor = pick(powers, digits[i] as number);
      accumulator = accumulator === undefined ? factor : law.compose(accumulator, factor);
    }
  }
  if (accumulator === undefined) return law.identity;
  for (const { form, exponent } of factors) {
    const corrected = law.compose(accumulator, invertForm(form));
    accumulator = (exponent & 1n) === 0n ? corrected : accumulator;
  }
  return accumulator;
}
