/**
 * {@link ClassGroup} over the WebAssembly module: every method is one call into it.
 *
 * @module
 */

import { type CombShape, chooseCombShape, regularDigits, regularWindow } from '../comb-shape.ts';
import { compareTables, joinTable, splitTable } from '../table-codec.ts';
import {
  type ClassGroup,
  type DecodeTableOptions,
  type Element,
  ElementDecodeError,
  type FixedBaseTable,
  type GroupParameters,
  KernelArgumentError,
  type ParseCheck,
  type PowerTerm,
  TableDecodeError,
} from '../types.ts';
import { type Arena, type Engine, type GroupConstants, writeLimbs } from './engine.ts';
import { nafWindow } from './plan.ts';

const DEFAULT_TABLE_BYTES = 512 * 1024;
/** Longest discriminant; assembly/integer.ts sizes its slots for it. */
export const MAX_DISCRIMINANT_BITS = 4096;
/** Longest exponent. */
export const MAX_EXPONENT_BITS = 65_536;
/** Bytes of the structure that describes one factor to the module. */
const TERM_BYTES = 32;

const REFUSALS: readonly (readonly [ParseCheck, string])[] = [
  ['CG:P1', 'wrong length'],
  ['CG:P2', 'a is zero'],
  ['CG:P3', 'not normal: b is outside (-a, a]'],
  ['CG:P4', 'not a form of this discriminant'],
  ['CG:P5', 'not reduced'],
  ['CG:P6', 'not primitive'],
  ['CG:P7', 'not a square'],
];

/** The record of one form (assembly/form.ts) and the group that it belongs to. */
class WasmElement {
  readonly #record: Uint8Array;
  readonly #group: WasmGroup;

  constructor(record: Uint8Array, group: WasmGroup) {
    this.#record = record;
    this.#group = group;
  }

  /** @throws {@link KernelArgumentError} If the handle is not this group's. */
  static record(handle: unknown, group: WasmGroup): Uint8Array {
    if (!(handle instanceof WasmElement) || handle.#group !== group) {
      throw new KernelArgumentError('element of another group or another kernel');
    }
    return handle.#record;
  }
}

/** A comb table as the module packs it. */
class WasmTable {
  readonly exponentBits: number;
  readonly bytes: number;
  readonly #group: WasmGroup;
  readonly #base: Element;
  readonly #shape: CombShape;
  readonly #data: Uint8Array;

  constructor(group: WasmGroup, base: Element, exponentBits: number, shape: CombShape, data: Uint8Array) {
    this.#group = group;
    this.#base = base;
    this.exponentBits = exponentBits;
    this.bytes = data.length;
    this.#shape = shape;
    this.#data = data;
  }

  static open(handle: unknown, group: WasmGroup) {
    if (!(handle instanceof WasmTable) || handle.#group !== group) {
      throw new KernelArgumentError('table of another group or another kernel');
    }
    return { base: handle.#base, bits: handle.exponentBits, shape: handle.#shape, data: handle.#data };
  }
}

/** A factor ready for the module. */
interface Factor {
  readonly record: Uint8Array;
  readonly exponent: bigint;
}

export class WasmGroup implements ClassGroup {
  readonly kernel = 'wasm';
  readonly discriminant: bigint;
  readonly conductor: bigint | undefined;
  readonly elementBytes: number;
  readonly identity: Element;
  readonly #engine: Engine;
  readonly #constants: GroupConstants;
  readonly #recordBytes: number;
  readonly #shortBytes: number;

  constructor(engine: Engine, { discriminant, conductor }: GroupParameters) {
    checkParameters(discriminant, conductor);
    const bits = bitLength(-discriminant);
    if (bits > MAX_DISCRIMINANT_BITS) {
      throw new KernelArgumentError(`a discriminant of ${bits} bits, the kernel supports ${MAX_DISCRIMINANT_BITS}`);
    }
    this.discriminant = discriminant;
    this.conductor = conductor;
    this.elementBytes = 2 * (Math.floor(bits / 16) + 1);
    this.#engine = engine;
    // L of class-groups.md 1.7; discriminants below 4 in absolute value would give 0.
    const root = squareRoot(squareRoot(-discriminant >> 2n));
    this.#constants = {
      discriminantBits: bits,
      discriminant: toLimbs(-discriminant),
      bound: toLimbs(root === 0n ? 1n : root),
      conductor: toLimbs(conductor ?? 0n),
    };
    const [record, short] = this.#run(({ exports }) => [exports.getRecordBytes(), exports.getShortRecordBytes()]);
    this.#recordBytes = record;
    this.#shortBytes = short;
    const one = new Uint8Array(this.elementBytes);
    one[this.elementBytes / 2 - 1] = 1;
    one[this.elementBytes - 1] = 1;
    this.identity = this.decodeUnchecked(one);
  }

  decode(bytes: Uint8Array): Element {
    return this.#decode(bytes, true);
  }

  decodeUnchecked(bytes: Uint8Array): Element {
    return this.#decode(bytes, false);
  }

  encode(element: Element): Uint8Array {
    const record = WasmElement.record(element, this);
    return this.#run((arena) => {
      const out = arena.reserve(this.elementBytes);
      arena.exports.encode(arena.put(record), out, this.elementBytes / 2);
      return arena.take(out, this.elementBytes);
    });
  }

  equals(x: Element, y: Element): boolean {
    const [p, q] = [WasmElement.record(x, this), WasmElement.record(y, this)];
    // Reduced forms are unique, and c follows from a and b.
    for (let i = 0; i < this.#shortBytes; i++) if (p[i] !== q[i]) return false;
    return true;
  }

  isIdentity(x: Element): boolean {
    return this.equals(x, this.identity);
  }

  isSquare(x: Element): boolean {
    const record = WasmElement.record(x, this);
    if (this.conductor === undefined) throw new KernelArgumentError('the square test needs the conductor');
    return this.#run((arena) => arena.exports.isSquare(arena.put(record)) !== 0);
  }

  compose(x: Element, y: Element): Element {
    const [p, q] = [WasmElement.record(x, this), WasmElement.record(y, this)];
    return this.#make((arena, out) => arena.exports.compose(arena.put(p), arena.put(q), out));
  }

  square(x: Element): Element {
    const record = WasmElement.record(x, this);
    return this.#make((arena, out) => arena.exports.square(arena.put(record), out));
  }

  invert(x: Element): Element {
    const record = WasmElement.record(x, this);
    return this.#make((arena, out) => arena.exports.invert(arena.put(record), out));
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
    const window = regularWindow(bits);
    const digits = regularDigits(bits, window);
    const exponentLimbs = (((window * digits) >> 5) + 3) & ~1;
    const perTerm =
      TERM_BYTES + this.#recordBytes * (1 + 2 ** (window - 1)) + 2 * this.#shortBytes + 4 * exponentLimbs + 8;
    return this.#product(
      factors,
      () => perTerm,
      (part) =>
        this.#make((arena, out) => {
          const structures = arena.reserve(TERM_BYTES * part.length);
          const records = part.map(({ record }) => arena.put(record));
          const view = new DataView(arena.bytes.buffer, structures);
          part.forEach(({ exponent }, i) => {
            const { recoded, excess } = recode(exponent, window * digits);
            const at = TERM_BYTES * i;
            view.setUint32(at, records[i] as number, true);
            view.setUint32(at + 4, arena.putSecret(recoded, exponentLimbs), true);
            view.setUint32(at + 8, excess, true);
          });
          return arena.exports.multiPower(structures, part.length, window, digits, arena.next, out);
        }),
    );
  }

  multiPowerVartime(terms: readonly PowerTerm[]): Element {
    const factors = terms.map((term) => this.#factor(term)).filter(({ exponent }) => exponent !== 0n);
    for (const { exponent } of factors) checkExponent(exponent, MAX_EXPONENT_BITS);
    const perTerm = ({ exponent }: Factor): number => {
      const bits = bitLength(exponent);
      return TERM_BYTES + this.#recordBytes * (1 + 2 ** (nafWindow(bits) - 2)) + bits + (bits >> 3) + 96;
    };
    return this.#product(factors, perTerm, (part) =>
      this.#make((arena, out) => {
        const structures = arena.reserve(TERM_BYTES * part.length);
        const view = new DataView(arena.bytes.buffer, structures);
        part.forEach(({ record, exponent }, i) => {
          const at = TERM_BYTES * i;
          const bits = bitLength(exponent);
          view.setUint32(at, arena.put(record), true);
          view.setUint32(at + 4, arena.putInteger(absolute(exponent), (bits >> 5) + 3), true);
          view.setUint32(at + 8, bits, true);
          view.setUint32(at + 12, exponent < 0n ? 1 : 0, true);
          view.setUint32(at + 16, nafWindow(bits), true);
        });
        return arena.exports.multiPowerVartime(structures, part.length, arena.next, out);
      }),
    );
  }

  buildTable(base: Element, exponentBits: number, maxBytes: number = DEFAULT_TABLE_BYTES): FixedBaseTable {
    const record = WasmElement.record(base, this);
    checkBits(exponentBits);
    if (!(maxBytes >= 0)) throw new KernelArgumentError('maxBytes must not be negative');
    const shape = chooseCombShape(exponentBits, maxBytes, this.#shortBytes);
    if (shape === undefined) throw new KernelArgumentError(`a table needs at least ${3 * this.#shortBytes} bytes`);
    return this.#buildTable(base, record, exponentBits, shape);
  }

  tablePower(table: FixedBaseTable, exponent: bigint): Element {
    const { bits, shape, data } = WasmTable.open(table, this);
    checkExponent(exponent, bits);
    return this.#combPower(shape, data, exponent, true);
  }

  tablePowerVartime(table: FixedBaseTable, exponent: bigint): Element {
    const { base, bits, shape, data } = WasmTable.open(table, this);
    checkExponent(exponent, bits);
    // A short exponent is cheaper without the comb, whose cost does not depend on the exponent.
    if (1.3 * bitLength(exponent) < shape.spacing * (1 + shape.blocks)) return this.powerVartime(base, exponent);
    return this.#combPower(shape, data, exponent, false);
  }

  encodeTable(table: FixedBaseTable): Uint8Array {
    const { base, bits, shape, data } = WasmTable.open(table, this);
    const count = shape.entries - 2;
    const entries = this.#run((arena) => {
      const packed = arena.put(data.subarray(2 * this.#shortBytes));
      const out = arena.reserve(count * this.elementBytes);
      arena.exports.encodeTable(packed, count, out, this.elementBytes / 2);
      return arena.take(out, count * this.elementBytes);
    });
    const elements = new Uint8Array(this.elementBytes + entries.length);
    elements.set(this.encode(base));
    elements.set(entries, this.elementBytes);
    return joinTable(shape, bits, this.#constants.discriminantBits, elements);
  }

  decodeTable(bytes: Uint8Array, base: Element, options: DecodeTableOptions = {}): FixedBaseTable {
    const record = WasmElement.record(base, this);
    const { discriminantBits } = this.#constants;
    const context = { discriminantBits, elementBytes: this.elementBytes, base: this.encode(base) };
    const { shape, exponentBits, entries } = splitTable(bytes, context, options);
    if (options.trusted !== true) {
      const table = this.#buildTable(base, record, exponentBits, shape);
      compareTables(bytes, this.encodeTable(table));
      return table;
    }
    const data = this.#run((arena) => {
      const packed = arena.reserve(shape.entries * this.#shortBytes);
      const input = arena.put(record);
      const failed = arena.exports.decodeTable(
        packed,
        input,
        arena.put(entries),
        shape.entries - 2,
        this.elementBytes / 2,
      );
      if (failed !== 0) {
        const [check] = REFUSALS[(failed & 7) - 1] as readonly [ParseCheck, string];
        throw new TableDecodeError('entry', `${failed >> 3} is refused by ${check}`);
      }
      return arena.take(packed, shape.entries * this.#shortBytes);
    });
    return new WasmTable(this, base, exponentBits, shape, data) as unknown as FixedBaseTable;
  }

  #buildTable(base: Element, record: Uint8Array, exponentBits: number, shape: CombShape): FixedBaseTable {
    const { teeth, blocks, spacing } = shape;
    const length = shape.entries * this.#shortBytes;
    const data = this.#run((arena) => {
      const input = arena.put(record);
      const table = arena.reserve(length);
      if (!arena.exports.buildComb(table, input, teeth, blocks, spacing, arena.next)) {
        throw new KernelArgumentError('the table needs more memory than the kernel has');
      }
      return arena.take(table, length);
    });
    return new WasmTable(this, base, exponentBits, shape, data) as unknown as FixedBaseTable;
  }

  #combPower({ teeth, blocks, spacing }: CombShape, data: Uint8Array, exponent: bigint, scan: boolean): Element {
    const digits = teeth * blocks * spacing;
    const { recoded, excess } = recode(exponent, digits);
    return this.#make((arena, out) => {
      const table = arena.put(data);
      const secret = arena.putSecret(recoded, (digits >> 5) + 3);
      arena.exports.combPower(table, teeth, blocks, spacing, secret, excess, scan ? 1 : 0, out);
    });
  }

  #decode(bytes: Uint8Array, checkSquare: boolean): Element {
    if (bytes.length !== this.elementBytes) throw refusal(1);
    return this.#run((arena) => {
      const out = arena.reserve(this.#recordBytes);
      const failed = arena.exports.decode(arena.put(bytes), this.elementBytes / 2, checkSquare ? 1 : 0, out);
      if (failed !== 0) throw refusal(failed);
      return this.#element(arena.take(out, this.#recordBytes));
    });
  }

  #factor({ base, exponent }: PowerTerm): Factor {
    return { record: WasmElement.record(base, this), exponent };
  }

  /** The product over the factors in as many calls as the memory needs; the split depends on public lengths only. */
  #product(
    factors: readonly Factor[],
    bytes: (factor: Factor) => number,
    multiply: (part: readonly Factor[]) => Element,
  ): Element {
    if (factors.length === 0) return this.identity;
    const capacity = this.#run((arena) => arena.free) - this.#recordBytes - 64;
    let product: Element | undefined;
    for (let from = 0; from < factors.length; ) {
      let to = from;
      let used = 0;
      while (to < factors.length) {
        used += bytes(factors[to] as Factor);
        if (used > capacity && to > from) break;
        to++;
      }
      const part = multiply(factors.slice(from, to));
      product = product === undefined ? part : this.compose(product, part);
      from = to;
    }
    return product as Element;
  }

  #run<T>(operation: (arena: Arena) => T): T {
    return this.#engine.run(this.#constants, operation);
  }

  /** Runs an operation that writes a record to `out`; it returns 0 when the memory is too small. */
  #make(operation: (arena: Arena, out: number) => number | void): Element {
    return this.#run((arena) => {
      const out = arena.reserve(this.#recordBytes);
      if (operation(arena, out) === 0) {
        throw new KernelArgumentError('the operation needs more memory than the kernel has');
      }
      return this.#element(arena.take(out, this.#recordBytes));
    });
  }

  #element(record: Uint8Array): Element {
    return new WasmElement(record, this) as unknown as Element;
  }
}

function refusal(check: number): ElementDecodeError {
  const [name, message] = REFUSALS[check - 1] as readonly [ParseCheck, string];
  return new ElementDecodeError(name, message);
}

/**
 * Regular recoding: E = exponent + 1 or + 2 is odd, and U = (E + 2^digits - 1) / 2 >= 0 holds its digits, +1 for a one bit and -1
 * for a zero bit, or window by window 2 u - (2^w - 1). Works for both signs without a branch on the exponent.
 */
function recode(exponent: bigint, digits: number): { recoded: bigint; excess: number } {
  const excess = BigInt.asUintN(1, exponent);
  const odd = exponent + 1n + excess;
  return { recoded: (odd + (1n << BigInt(digits)) - 1n) >> 1n, excess: Number(excess) };
}

function checkParameters(discriminant: bigint, conductor: bigint | undefined): void {
  if (discriminant >= 0n || BigInt.asUintN(2, discriminant) !== 1n) {
    throw new KernelArgumentError('the discriminant must be negative and 1 mod 4');
  }
  if (conductor === undefined) return;
  const fits = conductor >= 3n && (conductor & 1n) === 1n && discriminant % conductor ** 3n === 0n;
  if (!fits || (discriminant / conductor ** 3n) % conductor === 0n) {
    throw new KernelArgumentError('the discriminant must be -p q^3 with the odd conductor q, q not dividing p');
  }
}

function checkBits(bits: number): void {
  if (!Number.isSafeInteger(bits) || bits < 0) throw new KernelArgumentError('a bit length must be an integer >= 0');
  if (bits > MAX_EXPONENT_BITS) throw new KernelArgumentError(`exponents of more than ${MAX_EXPONENT_BITS} bits`);
}

/** An exponent over its declared bound is an error, never truncated. The message does not show the exponent. */
function checkExponent(exponent: bigint, bits: number): void {
  if (absolute(exponent) >> BigInt(bits) !== 0n) {
    throw new KernelArgumentError(`exponent of more than the declared ${bits} bits`);
  }
}

function absolute(x: bigint): bigint {
  return x < 0n ? -x : x;
}

function bitLength(x: bigint): number {
  const hex = absolute(x).toString(16);
  return x === 0n ? 0 : 4 * hex.length - Math.clz32(Number.parseInt(hex.charAt(0), 16)) + 28;
}

function toLimbs(value: bigint): Uint8Array {
  const limbs = Math.ceil(bitLength(value) / 32);
  const out = new Uint8Array(4 * limbs);
  writeLimbs(new DataView(out.buffer), value, limbs);
  return out;
}

/** floor(sqrt(n)), Newton from above. */
function squareRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}
