/**
 * Differential fuzzing: the same random operations in the WebAssembly kernel and in the reference, compared byte for byte.
 * DWALLET_FUZZ_OPERATIONS sets the number of operations, DWALLET_FUZZ_SEED the seed.
 *
 * @module
 */

import { describe, expect, it } from 'vitest';
import {
  type ClassGroup,
  type Element,
  ElementDecodeError,
  type FixedBaseTable,
  referenceKernel,
  TableDecodeError,
} from '../src/index.ts';
import type { Form } from '../src/reference/form.ts';
import { wasmKernel } from '../src/wasm/index.ts';
import { corpus, formBytes, Rng, slowGcd } from './forms.ts';

const operations = Number(process.env['DWALLET_FUZZ_OPERATIONS'] ?? 100_000);
const seed = Number(process.env['DWALLET_FUZZ_SEED'] ?? 1);

/** Sizes around limb and window boundaries, and those of the profiles. */
const SIZES = [
  6, 7, 8, 10, 13, 16, 20, 24, 30, 31, 32, 33, 34, 42, 48, 56, 60, 61, 62, 63, 64, 65, 66, 80, 94, 95, 96, 97, 110, 122,
  124, 126, 127, 128, 129, 130, 160, 190, 192, 194, 248, 256, 260, 320, 384, 400, 640, 1024, 1860, 2339, 2400,
];

/** The failed check, or that there was none. */
function refusalOf(parsed: Element | string): string {
  return typeof parsed === 'string' ? parsed : 'accepted';
}

interface Pair {
  readonly wasm: Element;
  readonly reference: Element;
}

class Fuzzer {
  readonly rng = new Rng(seed);
  readonly counts = new Map<string, number>();
  done = 0;

  pick<T>(items: readonly T[]): T {
    return items[this.rng.below(items.length)] as T;
  }

  /** Integers with long runs of zeros and ones in the limbs. */
  jagged(bits: number): bigint {
    if (bits <= 0) return 0n;
    let value = this.rng.bits(bits);
    const kind = this.rng.below(6);
    if (kind === 0) value |= (1n << BigInt(bits)) - (1n << BigInt(this.rng.below(bits)));
    if (kind === 1) value = (value >> BigInt(bits >> 1)) << BigInt(bits >> 1);
    if (kind === 2) value = (1n << BigInt(bits)) - 1n - BigInt(this.rng.below(4));
    if (kind === 3) value = (1n << BigInt(bits - 1)) + BigInt(this.rng.below(4));
    return BigInt.asUintN(bits, value);
  }

  /** (a, b) with chosen quotients in its continued fraction: ones, boundaries of the windows, huge ones. */
  withQuotients(bits: number): readonly [bigint, bigint] {
    let [x, y] = [1n, 0n];
    const kind = this.rng.below(4);
    for (let guard = 0; guard < 10_000; guard++) {
      let q = 1n;
      if (kind === 1) q = 1n + this.rng.bits(this.rng.below(4));
      if (kind === 2) q = (1n << BigInt(this.pick([29, 30, 31, 32, 33, 61, 62, 63, 64]))) + this.rng.bits(2) - 2n;
      if (kind === 3 && this.rng.below(20) === 0) q = 1n + this.rng.bits(this.rng.below(100));
      const next = q * x + y;
      if (next >> BigInt(bits) !== 0n) break;
      [x, y] = [next, x];
    }
    return [x, y];
  }

  /** A reduced form made first, its discriminant second. */
  designedForm(bits: number): Form | undefined {
    const half = Math.max(2, (bits >> 1) - 1 - this.rng.below(3));
    let [a, b] = this.rng.below(2) === 0 ? this.withQuotients(half) : [this.jagged(half), this.jagged(half)];
    if (this.rng.below(8) === 0) b = a;
    if (a < b) [a, b] = [b, a];
    if ((b & 1n) === 0n) b += 1n;
    if (b > a) a = b;
    const sign = this.rng.below(2) === 0 && b !== a ? -1n : 1n;
    const kind = this.rng.below(4);
    let c = a + 1n + this.jagged(Math.max(1, bits - 2 - a.toString(2).length));
    if (kind === 0 && sign === 1n) c = a;
    if (kind === 1) c = a + 1n;
    return slowGcd(slowGcd(a, b), c) === 1n ? { a, b: sign * b, c } : undefined;
  }

  /** Discriminants: random, 1 mod 8, smooth, with square factors, or of a designed form. */
  discriminant(bits: number): { discriminant: bigint; forms: Form[] } {
    const kind = this.rng.below(6);
    let discriminant = this.rng.discriminant(bits);
    if (kind === 1) discriminant = -(-discriminant | 7n);
    if (kind === 2 && bits > 24) {
      const odd = 3n * 5n * 7n * 11n * 13n;
      let rest = (-discriminant / odd) | 1n;
      while ((odd * rest) % 4n !== 3n) rest += 2n;
      discriminant = -odd * rest;
    }
    if (kind === 3 && bits > 40) {
      const square = this.pick([9n, 49n, 3n ** 6n, 65_537n ** 2n]);
      let rest = (-discriminant / square) | 1n;
      while ((square * rest) % 4n !== 3n) rest += 2n;
      discriminant = -square * rest;
    }
    const forms: Form[] = [];
    if (kind >= 4) {
      const form = this.designedForm(bits);
      if (form !== undefined) {
        discriminant = form.b * form.b - 4n * form.a * form.c;
        forms.push(form);
      }
    }
    return { discriminant, forms };
  }

  count(kind: string): void {
    this.done++;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  /** One group: a pool of forms, then random operations on it whose results join the pool. */
  group(steps: number): void {
    const bits = this.pick(SIZES);
    const { discriminant, forms } = this.discriminant(bits);
    const small = bits < 100;
    forms.push(...corpus(discriminant, this.rng, small ? 14 : 10));
    const [wasm, reference] = [wasmKernel, referenceKernel].map((kernel) => kernel.createGroup({ discriminant })) as [
      ClassGroup,
      ClassGroup,
    ];
    const fail = (what: string): never => {
      throw new Error(`seed ${seed}, operation ${this.done}: ${what}, discriminant ${discriminant}`);
    };
    const describeForm = (x: Pair): string => Buffer.from(reference.encode(x.reference)).toString('hex');
    const parse = (bytes: Uint8Array): Pair | string => {
      const results = [wasm, reference].map((group) => {
        try {
          return group.decode(bytes);
        } catch (error) {
          if (error instanceof ElementDecodeError) return error.check;
          throw error;
        }
      }) as [Element | string, Element | string];
      const [x, y] = results;
      if (typeof x === 'string' || typeof y === 'string') {
        if (x !== y) fail(`decode ${Buffer.from(bytes).toString('hex')}: ${refusalOf(x)} and ${refusalOf(y)}`);
        return x as string;
      }
      return { wasm: x, reference: y };
    };
    const pool: Pair[] = [];
    for (const { a, b } of forms) {
      const parsed = parse(formBytes(a, b, discriminant));
      if (typeof parsed === 'string') fail(`form (${a}, ${b}) refused: ${parsed}`);
      else pool.push(parsed);
    }
    const keep = (kind: string, result: Pair, inputs: readonly Pair[], detail = ''): void => {
      this.count(kind);
      const [x, y] = [wasm.encode(result.wasm), reference.encode(result.reference)];
      if (Buffer.compare(x, y) !== 0) fail(`${kind} ${detail} of ${inputs.map(describeForm).join(', ')}`);
      if (pool.length < 40) pool.push(result);
      else pool[this.rng.below(pool.length)] = result;
    };
    for (let step = 0; step < steps; step++) {
      const [x, y] = [this.pick(pool), this.pick(pool)];
      const choice = this.rng.below(100);
      if (choice < 45) {
        const result = { wasm: wasm.compose(x.wasm, y.wasm), reference: reference.compose(x.reference, y.reference) };
        keep('compose', result, [x, y]);
      } else if (choice < 80) {
        keep('square', { wasm: wasm.square(x.wasm), reference: reference.square(x.reference) }, [x]);
      } else if (choice < 86) {
        keep('invert', { wasm: wasm.invert(x.wasm), reference: reference.invert(x.reference) }, [x]);
      } else if (choice < 90) {
        const inverse = { wasm: wasm.invert(x.wasm), reference: reference.invert(x.reference) };
        const result = {
          wasm: wasm.compose(x.wasm, inverse.wasm),
          reference: reference.compose(x.reference, inverse.reference),
        };
        keep('compose with inverse', result, [x]);
      } else if (choice < 96) {
        const bytes = reference.encode(x.reference);
        const bit = this.rng.below(8 * bytes.length);
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        parse(bytes);
        this.count('decode');
      } else if (small || this.rng.below(8) === 0) {
        this.power(wasm, reference, x, y, keep);
      }
    }
  }

  /** A table of the WebAssembly kernel, made by either kernel, whose bytes are the same; sometimes damaged bytes, which both refuse. */
  table(wasm: ClassGroup, reference: ClassGroup, x: Pair, bits: number): FixedBaseTable {
    const max = this.pick([2000, 10_000, 100_000, undefined]);
    const own = wasm.buildTable(x.wasm, bits, max);
    if (this.rng.below(4) !== 0) return own;
    const bytes = wasm.encodeTable(own);
    const foreign = reference.encodeTable(reference.buildTable(x.reference, bits, max));
    this.count('table bytes');
    if (Buffer.compare(bytes, foreign) !== 0) throw new Error(`seed ${seed}, operation ${this.done}: tables differ`);
    const bad = Uint8Array.from(bytes);
    const bit = this.rng.below(8 * bad.length);
    bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
    const outcomes = [true, false].map((trusted) =>
      [wasm, reference].map((group, i) => {
        try {
          const base = i === 0 ? x.wasm : x.reference;
          return Buffer.from(group.encodeTable(group.decodeTable(bad, base, { trusted }))).toString('hex');
        } catch (error) {
          if (error instanceof TableDecodeError) return error.message;
          throw error;
        }
      }),
    );
    this.count('damaged table');
    for (const [first, second] of outcomes as [[string, string], [string, string]]) {
      const spelled = first === Buffer.from(bad).toString('hex');
      if (first !== second || !(spelled || first.startsWith('table '))) {
        throw new Error(`seed ${seed}, operation ${this.done}: damaged table, ${first} and ${second}`);
      }
    }
    return wasm.decodeTable(foreign, x.wasm, { trusted: this.rng.below(2) === 0 });
  }

  power(
    wasm: ClassGroup,
    reference: ClassGroup,
    x: Pair,
    y: Pair,
    keep: (kind: string, result: Pair, inputs: readonly Pair[], detail?: string) => void,
  ): void {
    const bits = this.rng.below(70);
    const exponent = (): bigint => (this.rng.below(2) === 0 ? -1n : 1n) * this.jagged(this.rng.below(bits + 1));
    const [i, j] = [exponent(), exponent()];
    const expected = reference.powerVartime(x.reference, i);
    const detail = `${i}, ${j}, ${bits} bits`;
    keep('powerVartime', { wasm: wasm.powerVartime(x.wasm, i), reference: expected }, [x], detail);
    keep('power', { wasm: wasm.power(x.wasm, i, bits), reference: expected }, [x], detail);
    const table = this.table(wasm, reference, x, bits);
    keep('tablePower', { wasm: wasm.tablePower(table, i), reference: expected }, [x], detail);
    keep('tablePowerVartime', { wasm: wasm.tablePowerVartime(table, i), reference: expected }, [x], detail);
    // Up to nine factors: repeated bases, inverses of each other, zero exponents, very different lengths.
    const extra = Array.from({ length: this.rng.below(7) }, () => ({
      from: this.rng.below(2) === 0 ? x : y,
      inverted: this.rng.below(3) === 0,
      exponent: this.rng.below(5) === 0 ? -i : exponent(),
    }));
    const terms = (side: 'wasm' | 'reference') => {
      const group = side === 'wasm' ? wasm : reference;
      return [
        { base: x[side], exponent: i },
        { base: y[side], exponent: j },
        { base: x[side], exponent: 3n },
        ...extra.map(({ from, inverted, exponent: e }) => ({
          base: inverted ? group.invert(from[side]) : from[side],
          exponent: e,
        })),
      ];
    };
    const product = reference.multiPowerVartime(terms('reference'));
    keep('multiPowerVartime', { wasm: wasm.multiPowerVartime(terms('wasm')), reference: product }, [x, y], detail);
    const wide = Math.max(bits, 2);
    keep('multiPower', { wasm: wasm.multiPower(terms('wasm'), wide), reference: product }, [x, y], detail);
  }
}

describe('differential fuzzing against the reference', () => {
  it(`agrees on ${operations} operations`, { timeout: 24 * 3_600_000 }, () => {
    const fuzzer = new Fuzzer();
    while (fuzzer.done < operations) fuzzer.group(Math.min(150, operations - fuzzer.done));
    expect(fuzzer.done).toBeGreaterThanOrEqual(operations);
    console.log(`fuzzed: ${[...fuzzer.counts].map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
  });
});
