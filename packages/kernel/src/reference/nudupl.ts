/**
 * NUDUPL: squaring with early reduction (class-groups.md 1.8).
 *
 * @module
 */

import { traceBranch } from './branch-trace.ts';
import { type Form, reduceForm } from './form.ts';
import { absolute, floorModulo } from './integers.ts';
import { euclid, gcdWithCofactor } from './lehmer.ts';

/**
 * The reduced square of a class.
 * Source: class-groups.md 1.8; all divisions are exact but those of the Euclidean algorithms.
 *
 * @param form - Reduced, primitive.
 * @param bound - L as for NUCOMP.
 */
export function nudupl(form: Form, bound: bigint): Form {
  const { a, b, c } = form;
  const { gcd: g, cofactor } = gcdWithCofactor(a, absolute(b));
  traceBranch(g === 1n ? 'nudupl/coprime' : 'nudupl/gcd>1');
  const capitalBy = g === 1n ? a : a / g;
  const capitalDy = g === 1n ? b : b / g;
  const y = b < 0n ? -cofactor : cofactor;

  const state = euclid(capitalBy, floorModulo(y * c, capitalBy), bound);
  const bx = state.y;
  if (!state.moved) {
    traceBranch('nudupl/z=0');
    const dx = (bx * capitalDy - c) / capitalBy;
    return reduceForm(capitalBy * capitalBy, b - 2n * bx * capitalBy, bx * bx - g * dx);
  }
  traceBranch(state.odd ? 'nudupl/z-odd' : 'nudupl/z-even');
  const by = state.odd ? -state.x : state.x;
  const capitalX = state.odd ? -state.cofactorY : state.cofactorY;
  const capitalY = -state.cofactorX;
  const dx = (bx * capitalDy - c * capitalX) / capitalBy;
  const q1 = dx * capitalY;
  const t = q1 + capitalDy;
  const dy = t / capitalX;
  return reduceForm(by * by - g * capitalY * dy, g * (t + q1) - 2n * bx * by, bx * bx - g * capitalX * dx);
}
