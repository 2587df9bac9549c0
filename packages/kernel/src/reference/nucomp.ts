/**
 * NUCOMP: composition with early reduction (class-groups.md 1.7). Total on primitive reduced forms of one discriminant: gcd(a1,
 * a2) > 1, which is common (kernel.md 3), stays on this path.
 *
 * @module
 */

import { traceBranch } from './branch-trace.ts';
import { type Form, reduceForm } from './form.ts';
import { floorModulo } from './integers.ts';
import { euclid, gcdWithCofactor } from './lehmer.ts';

/**
 * The reduced product of two classes.
 * Source: class-groups.md 1.7; all divisions are exact but those of the Euclidean algorithms.
 *
 * @param x - Reduced, primitive.
 * @param y - Reduced, primitive, of the same discriminant.
 * @param bound - L >= 1, best floor((|discriminant| / 4)^(1/4)). The result does not depend on it.
 */
export function nucomp(x: Form, y: Form, bound: bigint): Form {
  const swap = x.a < y.a;
  const { a: a1, c: c1, b: b1 } = swap ? y : x;
  const { a: a2, b: b2, c: c2 } = swap ? x : y;
  const s = (b1 + b2) >> 1n;
  const m = (b2 - b1) >> 1n;
  const { gcd: f, cofactor: u } = gcdWithCofactor(a1, a2);

  let g = f;
  let capitalBy = a1;
  let capitalCy = a2;
  let capitalDy = s;
  let capitalBx: bigint;
  if (f === 1n) {
    traceBranch('nucomp/coprime');
    capitalBx = m * u;
  } else if (s % f === 0n) {
    traceBranch('nucomp/gcd-divides-s');
    capitalBy = a1 / f;
    capitalCy = a2 / f;
    capitalDy = s / f;
    capitalBx = m * u;
  } else {
    traceBranch('nucomp/gcd-does-not-divide-s');
    // gcd(f, s) with a cofactor of s; s enters modulo f, which changes neither.
    const inner = gcdWithCofactor(f, floorModulo(s, f));
    g = inner.gcd;
    const h = f / g;
    capitalBy = a1 / g;
    capitalCy = a2 / g;
    capitalDy = s / g;
    const v = (f - u * a2) / a1;
    const l = floorModulo(inner.cofactor * (u * floorModulo(c1, h) + v * floorModulo(c2, h)), h);
    capitalBx = (u * m + l * capitalBy) / h;
  }

  const state = euclid(capitalBy, floorModulo(capitalBx, capitalBy), bound);
  const bx = state.y;
  if (!state.moved) {
    traceBranch(bx === 0n ? 'nucomp/z=0,bx=0' : 'nucomp/z=0');
    const q = capitalCy * bx;
    const cx = (q - m) / capitalBy;
    const dx = (bx * capitalDy - c2) / capitalBy;
    return reduceForm(capitalBy * capitalCy, b2 - 2n * q, bx * cx - g * dx);
  }
  traceBranch(state.odd ? 'nucomp/z-odd' : 'nucomp/z-even');
  // Steps 6 and 7: X has the sign (-1)^z, Y the opposite one, and for odd z both by and Y change theirs.
  const by = state.odd ? -state.x : state.x;
  const capitalX = state.odd ? -state.cofactorY : state.cofactorY;
  const capitalY = -state.cofactorX;
  const cx = (capitalCy * bx - m * capitalX) / capitalBy;
  const q1 = by * cx;
  const q2 = q1 + m;
  const dx = (capitalDy * bx - c2 * capitalX) / capitalBy;
  const q3 = capitalY * dx;
  const q4 = q3 + capitalDy;
  const dy = q4 / capitalX;
  if (bx === 0n) traceBranch('nucomp/z>0,bx=0');
  const cy = bx === 0n ? (cx * dy - c1) / dx : q2 / bx;
  return reduceForm(by * cy - g * capitalY * dy, g * (q3 + q4) - q1 - q2, bx * cx - g * capitalX * dx);
}
