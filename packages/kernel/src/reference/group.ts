/**
 * The BigInt reference kernel: {@link ClassGroup} over {@link nucomp} and {@link nudupl}. It is the implementation that other kernels
 * are compared with, and the fall-back where WebAssembly is not available.
 *
 * @module
 */

import { type CombShape, MAX_TABLE_EXPONENT_BITS, chooseCombShape, packedFormBytes } from '../comb-shape.ts';
import { compareTables, joinTable, splitTable } from '../table-codec.ts';
import type {
  ClassGroup,
  DecodeTableOptions,
  Element,
  FixedBaseTable,
  GroupParameters,
  Kernel,
  PowerTerm,
} from '../types.ts';
import { ElementDecodeError, KernelArgumentError, TableDecodeError } from '../types.ts';
import { coefficientBytes, decodeForm, encodeForm, isSquareForm } from './codec.ts';
import { buildCombEntries, combPower, ReferenceTable } from './comb.ts';
import { unwrapForm, wrapForm } from './element.ts';
import { type Form, invertForm } from './form.ts';
import { absolute, bitLength, integerSquareRoot } from './integers.ts';
import { nucomp } from './nucomp.ts';
import { nudupl } from './nudupl.ts';
import { type Factor, type Law, multiPowerRegular, multiPowerVartime } from './powers.ts';

const DEFAULT_TABLE_BYTES = 512 * 1024;

class ReferenceGroup implements ClassGroup {
  readonly kernel = 'reference';
  readonly discriminant: bigint;
  readonly conductor: bigint | undefined;
  readonly elementBytes: number;
  readonly identity: Element;
  readonly #law: Law;

  constructor({ discriminant, conductor }: GroupParameters) {
    checkParameters(discriminant, conductor);
    this.discriminant = discriminant;
    this.conductor = conductor;
    this.elementBytes = 2 * coefficientBytes(discriminant);
    const identity: Form = { a: 1n, b: 1n, c: (1n - discriminant) >> 2n };
    // L of class-groups.md 1.7; discriminants below 4 in absolute value would give 0.
    const root = integerSquareRoot(integerSquareRoot(-discriminant >> 2n));
    const bound = root === 0n ? 1n : root;
    this.#law = { identity, compose: (x, y) => nucomp(x, y, bound), square: (x) => nudupl(x, bound) };
    this.identity = wrapForm(identity, this);
  }

  decode(bytes: Uint8Array): Element {
    const form = decodeForm(bytes, this.elementBytes / 2, this.discriminant, this.conductor);
    if (this.conductor !== undefined && !isSquareForm(form, this.conductor)) {
      throw new ElementDecodeError('CG:P7', 'not a square');
    }
    return wrapForm(form, this);
  }

  decodeUnchecked(bytes: Uint8Array): Element {
    return wrapForm(decodeForm(bytes, this.elementBytes / 2, this.discriminant, this.conductor), this);
  }

  encode(element: Element): Uint8Array {
    return encodeForm(unwrapForm(element, this), this.elementBytes / 2);
  }

  equals(x: Element, y: Element): boolean {
    const [p, q] = [unwrapForm(x, this), unwrapForm(y, this)];
    return p.a === q.a && p.b === q.b;
  }

  isIdentity(x: Element): boolean {
    return unwrapForm(x, this).a === 1n;
  }

  isSquare(x: Element): boolean {
    if (this.conductor === undefined) throw new KernelArgumentError('the square test needs the conductor');
    return isSquareForm(unwrapForm(x, this), this.conductor);
  }

  compose(x: Element, y: Element): Element {
    return wrapForm(this.#law.compose(unwrapForm(x, this), unwrapForm(y, this)), this);
  }

  square(x: Element): Element {
    return wrapForm(this.#law.square(unwrapForm(x, this)), this);
  }

  invert(x: Element): Element {
    return wrapForm(invertForm(unwrapForm(x, this)), this);
  }

  power(base: Element, exponent: bigint, bits: number): Element {
    return this.multiPower([{ base, exponent }], bits);
  }

  powerVartime(base: Element, exponent: bigint): Element {
    return this.multiPowerVartime([{ base, exponent }]);
  }

  multiPower(terms: readonly PowerTerm[], bits: number): Element {
    checkBits(bits);
    const factors = terms.map((term) => this.#factor(term));
    for (const { exponent } of factors) checkExponent(exponent, bits);
    return wrapForm(multiPowerRegular(this.#law, factors, bits), this);
  }

  multiPowerVartime(terms: readonly PowerTerm[]): Element {
    return wrapForm(
      multiPowerVartime(
        this.#law,
        terms.map((term) => this.#factor(term)),
      ),
      this,
    );
  }

  buildTable(base: Element, exponentBits: number, maxBytes: number = DEFAULT_TABLE_BYTES): FixedBaseTable {
    checkBits(exponentBits);
    if (!(maxBytes >= 0)) throw new KernelArgumentError('maxBytes must not be negative');
    if (exponentBits > MAX_TABLE_EXPONENT_BITS) {
      throw new KernelArgumentError(`a table for exponents of more than ${MAX_TABLE_EXPONENT_BITS} bits`);
    }
    const form = unwrapForm(base, this);
    const formBytes = packedFormBytes(bitLength(this.discriminant));
    const shape = chooseCombShape(exponentBits, maxBytes, formBytes);
    if (shape === undefined) throw new KernelArgumentError(`a table needs at least ${3 * formBytes} bytes`);
    return this.#makeTable(form, exponentBits, shape, buildCombEntries(this.#law, form, shape));
  }

  tablePower(table: FixedBaseTable, exponent: bigint): Element {
    const own = this.#table(table);
    checkExponent(exponent, own.exponentBits);
    return wrapForm(combPower(this.#law, own, exponent), this);
  }

  tablePowerVartime(table: FixedBaseTable, exponent: bigint): Element {
    const own = this.#table(table);
    checkExponent(exponent, own.exponentBits);
    // A short exponent is cheaper without the comb, whose cost does not depend on the exponent.
    const { spacing, blocks } = own.shape;
    if (1.25 * bitLength(exponent) < spacing * (1 + blocks)) {
      return wrapForm(multiPowerVartime(this.#law, [{ form: own.base, exponent }]), this);
    }
    return wrapForm(combPower(this.#law, own, exponent), this);
  }

  encodeTable(table: FixedBaseTable): Uint8Array {
    const { base, entries, exponentBits, shape } = this.#table(table);
    const elements = new Uint8Array((1 + entries.length) * this.elementBytes);
    [base, ...entries].forEach((form, i) => {
      elements.set(encodeForm(form, this.elementBytes / 2), i * this.elementBytes);
    });
    return joinTable(shape, exponentBits, bitLength(this.discriminant), elements);
  }

  decodeTable(bytes: Uint8Array, base: Element, options: DecodeTableOptions = {}): FixedBaseTable {
    const { discriminant, elementBytes } = this;
    const context = { discriminantBits: bitLength(discriminant), elementBytes, base: this.encode(base) };
    const { shape, exponentBits, entries } = splitTable(bytes, context, options);
    const form = unwrapForm(base, this);
    if (options.trusted !== true) {
      const table = this.#makeTable(form, exponentBits, shape, buildCombEntries(this.#law, form, shape));
      compareTables(bytes, this.encodeTable(table));
      return table;
    }
    const forms: Form[] = [];
    for (let at = 0; at < entries.length; at += elementBytes) {
      try {
        forms.push(decodeForm(entries.subarray(at, at + elementBytes), elementBytes / 2, discriminant, this.conductor));
      } catch (error) {
        if (!(error instanceof ElementDecodeError)) throw error;
        throw new TableDecodeError('entry', `${at / elementBytes} is refused by ${error.check}`);
      }
    }
    return this.#makeTable(form, exponentBits, shape, forms);
  }

  #makeTable(base: Form, exponentBits: number, shape: CombShape, entries: readonly Form[]): FixedBaseTable {
    const bytes = shape.entries * packedFormBytes(bitLength(this.discriminant));
    return new ReferenceTable(this, base, exponentBits, bytes, shape, entries) as unknown as FixedBaseTable;
  }

  #factor({ base, exponent }: PowerTerm): Factor {
    return { form: unwrapForm(base, this), exponent };
  }

  #table(table: FixedBaseTable): ReferenceTable {
    const candidate: unknown = table;
    if (!(candidate instanceof ReferenceTable) || candidate.group !== this) {
      throw new KernelArgumentError('table of another group or another kernel');
    }
    return candidate;
  }
}

function checkParameters(discriminant: bigint, conductor: bigint | undefined): void {
  if (discriminant >= 0n || BigInt.asUintN(2, discriminant) !== 1n) {
    throw new KernelArgumentError('the discriminant must be negative and 1 mod 4');
  }
  if (conductor === undefined) return;
  const cube = conductor ** 3n;
  const fundamental = conductor >= 3n && (conductor & 1n) === 1n && discriminant % cube === 0n;
  if (!fundamental || (discriminant / cube) % conductor === 0n) {
    throw new KernelArgumentError('the discriminant must be -p q^3 with the odd conductor q, q not dividing p');
  }
}

function checkBits(bits: number): void {
  if (!Number.isSafeInteger(bits) || bits < 0) throw new KernelArgumentError('a bit length must be an integer >= 0');
}

/** An exponent over its declared bound is an error, never truncated (pitfall 8). The message does not show the exponent. */
function checkExponent(exponent: bigint, bits: number): void {
  if (absolute(exponent) >> BigInt(bits) !== 0n) {
    throw new KernelArgumentError(`exponent of more than the declared ${bits} bits`);
  }
}

/** The reference kernel: plain BigInt, any JavaScript engine. */
export const referenceKernel: Kernel = {
  name: 'reference',
  createGroup: (parameters) => new ReferenceGroup(parameters),
};
