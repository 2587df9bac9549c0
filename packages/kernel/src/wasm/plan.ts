/**
 * Choices of window widths for public exponents. They depend on public lengths only.
 *
 * @module
 */

/** wNAF width for a public exponent: table of 2^(w - 2) odd powers, one digit in w + 1 positions. */
export function nafWindow(bits: number): number {
  let best = 2;
  const cost = (w: number): number => (w === 2 ? 0 : 1 << (w - 2)) + bits / (w + 1);
  for (let w = 3; w <= 8; w++) if (cost(w) < cost(best)) best = w;
  return best;
}
