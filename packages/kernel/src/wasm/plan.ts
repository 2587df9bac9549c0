/**
 * Choices of window widths and comb shapes. They depend on public lengths only.
 *
 * @module
 */

/** Time of a composition in squarings, about; a look-up in a comb adds the recomputation of c and the scan. */
const COMPOSITION = 1.2;
const SCANNED_BYTES_PER_COMPOSITION = 250_000;
/** What building a table may cost, in variable-base powers of the same length. */
const BUILD_LIMIT = 2.2;
/** assembly/power.ts has masks for 2^(teeth - 1) entries. */
const MAX_TEETH = 10;

/** wNAF width for a public exponent: table of 2^(w - 2) odd powers, one digit in w + 1 positions. */
export function nafWindow(bits: number): number {
  return cheapest(2, 8, (w) => (w === 2 ? 0 : 1 << (w - 2)) + bits / (w + 1));
}

/** Width of the regular windows for secret exponents: table of 2^(w - 1) odd powers, every digit a composition. */
export function regularWindow(bits: number): number {
  return cheapest(1, 8, (w) => (1 << (w - 1)) + regularDigits(bits, w));
}

/** Windows of w bits that an odd E, |E| <= 2^bits + 1, takes. */
export function regularDigits(bits: number, w: number): number {
  return Math.ceil((bits + 1) / w);
}

function cheapest(from: number, to: number, cost: (w: number) => number): number {
  let best = from;
  for (let w = from + 1; w <= to; w++) if (cost(w) < cost(best)) best = w;
  return best;
}

/** Cost of a variable-base power, in squarings. */
function powerCost(bits: number): number {
  const w = regularWindow(bits);
  return bits + COMPOSITION * ((1 << (w - 1)) + regularDigits(bits, w));
}

/** Shape of a comb: E is cut into teeth * blocks strips of `spacing` digits. */
export interface CombShape {
  readonly teeth: number;
  readonly blocks: number;
  readonly spacing: number;
  /** Short records in the table, with base and base^2. */
  readonly entries: number;
}

/**
 * The comb with the cheapest power whose table has at most `maxEntries` short records and whose building costs at most
 * {@link BUILD_LIMIT} powers. Undefined if not even the smallest fits.
 */
export function combShape(exponentBits: number, maxEntries: number, entryBytes: number): CombShape | undefined {
  const digits = exponentBits + 1;
  const limit = BUILD_LIMIT * powerCost(exponentBits);
  let best: CombShape | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let teeth = 1; teeth <= MAX_TEETH; teeth++) {
    const blockEntries = 2 ** (teeth - 1);
    for (let blocks = 1; blocks * blockEntries + 2 <= maxEntries && blocks * teeth <= digits; blocks++) {
      const spacing = Math.ceil(digits / (teeth * blocks));
      const entries = blocks * blockEntries + 2;
      const build = teeth * blocks * spacing + COMPOSITION * blocks * (blockEntries + teeth);
      if ((build > limit && teeth * blocks > 1) || blocks > 64) break;
      const lookUp = COMPOSITION + 0.05 + (blockEntries * entryBytes) / SCANNED_BYTES_PER_COMPOSITION;
      const cost = spacing - 1 + blocks * spacing * lookUp;
      if (cost < bestCost) {
        bestCost = cost;
        best = { teeth, blocks, spacing, entries };
      }
    }
  }
  return best;
}
