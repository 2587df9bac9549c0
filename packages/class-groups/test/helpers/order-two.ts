import type { Element } from '@dwallet/kernel';
import { concat, encodeInt, encodeUint } from '@dwallet/sigma';
import type { PublicParameters } from '../../src/index.ts';

/** u, the public element of order 2 (CG 1.5): the class of (p, p, .) and of (q^3, q^3, .); the smaller one is reduced. Not a square. */
export function orderTwo({ group, p, q }: PublicParameters): Element {
  const width = group.elementBytes / 2;
  const a = p < q ** 3n ? p : q ** 3n;
  return group.decodeUnchecked(concat(encodeUint(a, width), encodeInt(a, width)));
}
