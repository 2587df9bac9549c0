/**
 * Binary quadratic forms and their reduction (class-groups.md 1.1, 1.2).
 *
 * @module
 */

import { floorDivide } from './integers.ts';

/** The form a X^2 + b XY + c Y^2, positive definite; its discriminant b^2 - 4ac is the group's. */
export interface Form {
  readonly a: bigint;
  readonly b: bigint;
  readonly c: bigint;
}

/** -a < b <= a, and a < c, or a = c and b >= 0. */
export function isReduced({ a, b, c }: Form): boolean {
  return -a < b && b <= a && (a < c || (a === c && b >= 0n));
}

/**
 * The reduced form of the class of (a, b, c).
 * Source: class-groups.md 1.2. Input of any size; terminates because a strictly decreases. Variable time.
 *
 * @param a - Positive.
 * @param b - With b^2 - 4ac negative.
 * @param c - Positive.
 */
export function reduceForm(a: bigint, b: bigint, c: bigint): Form {
  for (;;) {
    if (b > a || b <= -a) {
      const twoA = a << 1n;
      const r = floorDivide(a - b, twoA);
      const next = b + r * twoA;
      c += (r * (b + next)) >> 1n;
      b = next;
    }
    if (a <= c) break;
    [a, b, c] = [c, -b, a];
  }
  return a === c && b < 0n ? { a, b: -b, c } : { a, b, c };
}

/** The inverse class of a reduced form, reduced: ambiguous forms with b = a or a = c are their own inverses (1.1). */
export function invertForm(form: Form): Form {
  return form.b === form.a || form.a === form.c ? form : { a: form.a, b: -form.b, c: form.c };
}
