/**
 * Plain composition (class-groups.md 1.6): the normative meaning of "product" and the oracle that NUCOMP and NUDUPL are
 * tested against. Deliberately slow and literal, and shares no arithmetic with them but the reduction.
 *
 * @module
 */

import { type Form, reduceForm } from './form.ts';
import { floorModulo } from './integers.ts';

/** (g, s, t) with s x + t y = g = gcd(x, y) >= 0, by Euclid's algorithm one quotient at a time. */
function extendedGcd(x: bigint, y: bigint): readonly [bigint, bigint, bigint] {
  let [r0, r1, s0, s1, t0, t1] = [x, y, 1n, 0n, 0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [s0, s1] = [s1, s0 - quotient * s1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  return r0 < 0n ? [-r0, -s0, -t0] : [r0, s0, t0];
}

/**
 * The reduced form of the product of two classes of one discriminant.
 * Source: class-groups.md 1.6.
 *
 * @throws Error if a division that must be exact is not: the inputs were not primitive forms of one discriminant.
 */
export function textbookCompose(x: Form, y: Form): Form {
  const discriminant = x.b * x.b - 4n * x.a * x.c;
  const s = (x.b + y.b) / 2n;
  const [d, , u] = extendedGcd(x.a, y.a);
  const [e, coefficientOfS, coefficientOfD] = extendedGcd(s, d);
  const a1 = x.a / e;
  const a2 = y.a / e;
  const k = floorModulo(coefficientOfD * u * ((x.b - y.b) / 2n) - coefficientOfS * y.c, a1);
  const a = a1 * a2;
  const b = y.b + 2n * a2 * k;
  const numerator = b * b - discriminant;
  if (numerator % (4n * a) !== 0n) throw new Error('textbook composition: inexact division');
  return reduceForm(a, b, numerator / (4n * a));
}
