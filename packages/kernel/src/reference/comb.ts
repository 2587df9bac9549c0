/**
 * Comb tables for bases that are used often (class-groups.md 1.9, kernel.md 1 and 7). Signed-digit comb: every digit of the
 * exponent is +1 or -1, which halves the table (inversion is free) and leaves no zero digit to skip.
 *
 * @module
 */

import type { CombShape } from '../comb-shape.ts';
import type { ClassGroup } from '../types.ts';
import { KernelArgumentError } from '../types.ts';
import { type Form, invertForm } from './form.ts';
import type { Law } from './powers.ts';
import { regularDigits } from './recoding.ts';

/** A built comb. Not exported from the package. */
export class ReferenceTable {
  readonly group: ClassGroup;
  readonly base: Form;
  readonly exponentBits: number;
  readonly bytes: number;
  readonly shape: CombShape;
  /** entries[block << (teeth - 1) | pattern]: top tooth times the product of tooth_j^(+-1), + where bit j is set. */
  readonly entries: readonly Form[];
  constructor(
    group: ClassGroup,
    base: Form,
    exponentBits: number,
    bytes: number,
    shape: CombShape,
    entries: readonly Form[],
  ) {
    this.group = group;
    this.base = base;
    this.exponentBits = exponentBits;
    this.bytes = bytes;
    this.shape = shape;
    this.entries = entries;
  }
}

/**
 * The forms of a comb: one squaring chain that visits all tooth bases, plus one product for each entry.
 *
 * @returns In the order of {@link ReferenceTable.entries}.
 */
export function buildCombEntries(law: Law, base: Form, shape: CombShape): Form[] {
  const { teeth, blocks, spacing } = shape;
  const toothBits = blocks * spacing;
  // The chain is wanted at each tooth of each block, and one further for its square.
  const chain: Form[] = [base];
  const last = (teeth - 1) * toothBits + (blocks - 1) * spacing;
  for (let i = 1; i <= last; i++) chain.push(law.square(chain[i - 1] as Form));
  const entries: Form[] = [];
  for (let block = 0; block < blocks; block++) {
    const toothAt = (tooth: number): Form => chain[tooth * toothBits + block * spacing] as Form;
    const start = entries.length;
    let first = toothAt(teeth - 1);
    for (let tooth = 0; tooth < teeth - 1; tooth++) first = law.compose(first, invertForm(toothAt(tooth)));
    entries.push(first);
    for (let tooth = 0; tooth < teeth - 1; tooth++) {
      const square = chain[tooth * toothBits + block * spacing + 1] as Form;
      for (let pattern = 0; pattern < 1 << tooth; pattern++) {
        entries.push(law.compose(entries[start + pattern] as Form, square));
      }
    }
  }
  return entries;
}

/**
 * base^exponent with the comb: always spacing - 1 squarings and blocks * spacing products, the last one thrown away for odd
 * exponents.
 *
 * @throws {@link KernelArgumentError} If |exponent| >= 2^exponentBits.
 */
export function combPower(law: Law, table: ReferenceTable, exponent: bigint): Form {
  const { teeth, blocks, spacing } = table.shape;
  const toothBits = blocks * spacing;
  const digits = regularDigits(exponent | 1n, 1, teeth * toothBits);
  let accumulator: Form | undefined;
  for (let column = spacing - 1; column >= 0; column--) {
    if (accumulator !== undefined) accumulator = law.square(accumulator);
    for (let block = 0; block < blocks; block++) {
      const offset = block * spacing + column;
      const top = digits[(teeth - 1) * toothBits + offset] as number;
      let pattern = 0;
      for (let tooth = 0; tooth < teeth - 1; tooth++) {
        if (digits[tooth * toothBits + offset] === top) pattern |= 1 << tooth;
      }
      const entry = table.entries[(block << (teeth - 1)) | pattern] as Form;
      const factor = top < 0 ? invertForm(entry) : entry;
      accumulator = accumulator === undefined ? factor : law.compose(accumulator, factor);
    }
  }
  if (accumulator === undefined) throw new KernelArgumentError('empty table');
  const corrected = law.compose(accumulator, invertForm(table.base));
  return (exponent & 1n) === 0n ? corrected : accumulator;
}
