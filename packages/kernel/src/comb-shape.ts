/**
 * Shapes of comb tables (class-groups.md 1.9), the same in every kernel: a table is data that one kernel can build and another can
 * use. Everything here depends on public lengths only.
 *
 * Layout. An exponent of at most `exponentBits` bits is made odd and written in teeth * blocks * spacing digits +-1; the digit at
 * position (tooth * blocks + block) * spacing + column belongs to that tooth, block and column. With
 * T(tooth, block) = base^(2^((tooth * blocks + block) * spacing)), entry i of a block is T(teeth - 1, block) times the product over
 * tooth < teeth - 1 of T(tooth, block)^(+1 if bit `tooth` of i is set, else -1). Blocks follow one another.
 *
 * @module
 */

/** Time of a composition in squarings, about; a look-up also recomputes c and scans its block. */
const COMPOSITION = 1.2;
const SCANNED_BYTES_PER_COMPOSITION = 250_000;
/** What building a table may cost, in variable-base powers of the same length. */
const BUILD_LIMIT = 2.2;
/** assembly/power.ts has masks for 2^(teeth - 1) entries. */
const MAX_TEETH = 10;
const MAX_BLOCKS = 64;
/** Longest exponent of a table. */
export const MAX_TABLE_EXPONENT_BITS = 65_536;
/** Largest table, in packed bytes: what the WebAssembly kernel can hold beside the scratch space of its construction. */
export const MAX_TABLE_BYTES = 1_835_008;

/** Shape of a comb. */
export interface CombShape {
  readonly teeth: number;
  readonly blocks: number;
  /** Digits of one block of one tooth: ceil((exponentBits + 1) / (teeth * blocks)). */
  readonly spacing: number;
  /** Forms that a table holds: blocks * 2^(teeth - 1) entries, base and base^2. */
  readonly entries: number;
}

/** Packed bytes of one form of a table, the same measure in all kernels: a and b in whole 32-bit limbs. */
export function packedFormBytes(discriminantBits: number): number {
  return 8 * ((discriminantBits >> 6) + 1);
}

/** Windows of w bits that an odd E, |E| <= 2^bits + 1, takes. */
export function regularDigits(bits: number, w: number): number {
  return Math.ceil((bits + 1) / w);
}

/** Width of the regular windows for secret exponents: table of 2^(w - 1) odd powers, every digit a composition. */
export function regularWindow(bits: number): number {
  let best = 1;
  const cost = (w: number): number => (1 << (w - 1)) + regularDigits(bits, w);
  for (let w = 2; w <= 8; w++) if (cost(w) < cost(best)) best = w;
  return best;
}

/** Cost of a variable-base power, in squarings. */
function powerCost(bits: number): number {
  const w = regularWindow(bits);
  return bits + COMPOSITION * ((1 << (w - 1)) + regularDigits(bits, w));
}

/** The shape of given teeth and blocks, or undefined if no table has it: bounds exceeded, or more strips than digits. */
export function shapeOf(teeth: number, blocks: number, exponentBits: number): CombShape | undefined {
  if (exponentBits > MAX_TABLE_EXPONENT_BITS || teeth < 1 || teeth > MAX_TEETH || blocks < 1 || blocks > MAX_BLOCKS) {
    return undefined;
  }
  const digits = exponentBits + 1;
  if (teeth * blocks > digits) return undefined;
  return { teeth, blocks, spacing: Math.ceil(digits / (teeth * blocks)), entries: blocks * 2 ** (teeth - 1) + 2 };
}

/**
 * The comb with the cheapest power whose table has at most `maxBytes` bytes and whose building costs at most
 * {@link BUILD_LIMIT} powers. Undefined if not even the smallest fits.
 *
 * @param formBytes - {@link packedFormBytes} of the group.
 */
export function chooseCombShape(exponentBits: number, maxBytes: number, formBytes: number): CombShape | undefined {
  const maxEntries = Math.floor(Math.min(maxBytes, MAX_TABLE_BYTES) / formBytes);
  const limit = BUILD_LIMIT * powerCost(exponentBits);
  let best: CombShape | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let teeth = 1; teeth <= MAX_TEETH; teeth++) {
    const blockEntries = 2 ** (teeth - 1);
    for (let blocks = 1; blocks <= MAX_BLOCKS; blocks++) {
      const shape = shapeOf(teeth, blocks, exponentBits);
      if (shape === undefined || shape.entries > maxEntries) break;
      const { spacing } = shape;
      const build = teeth * blocks * spacing + COMPOSITION * blocks * (blockEntries + teeth);
      if (build > limit && teeth * blocks > 1) break;
      const lookUp = COMPOSITION + 0.05 + (blockEntries * formBytes) / SCANNED_BYTES_PER_COMPOSITION;
      const cost = spacing - 1 + blocks * spacing * lookUp;
      if (cost < bestCost) {
        bestCost = cost;
        best = shape;
      }
    }
  }
  return best;
}
