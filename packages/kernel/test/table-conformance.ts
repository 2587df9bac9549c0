/**
 * Encoded tables (src/table-codec.ts): what every kernel must write, read and refuse. The expected bytes come from the layout in
 * src/comb-shape.ts and the textbook oracle, not from a kernel.
 *
 * @module
 */

import { describe, expect, it } from 'vitest';
import { shapeOf } from '../src/comb-shape.ts';
import {
  type ClassGroup,
  type Element,
  type Kernel,
  KernelArgumentError,
  TableDecodeError,
  type TableField,
} from '../src/index.ts';
import { type Form, reduceForm } from '../src/reference/form.ts';
import { textbookCompose } from '../src/reference/textbook-compose.ts';
import { formBytes, formOf, identityOf, oraclePower, Rng } from './forms.ts';
import { derivedVectors, toy } from './vectors.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const headerBytes = 9;
const { discriminant } = toy;
const h = formOf(toy.h[0], toy.h[1], discriminant);
const f = formOf(toy.f[0], toy.f[1], discriminant);
const u = formOf(toy.u[0], toy.u[1], discriminant);
const one = identityOf(discriminant);

const invert = ({ a, b, c }: Form): Form => reduceForm(a, -b, c);
const encode = ({ a, b }: Form): Uint8Array => formBytes(a, b, discriminant);
const toyGroup = (kernel: Kernel): ClassGroup => kernel.createGroup({ discriminant, conductor: toy.q });
const load = (group: ClassGroup, form: Form): Element => group.decodeUnchecked(encode(form));

function header(teeth: number, blocks: number, exponentBits: number, discriminantBits = 42, version = 1): Buffer {
  const out = Buffer.alloc(headerBytes);
  out.writeUInt8(version, 0);
  out.writeUInt8(teeth, 1);
  out.writeUInt8(blocks, 2);
  out.writeUInt32BE(exponentBits, 3);
  out.writeUInt16BE(discriminantBits, 7);
  return out;
}

/** The entries of a toy table from the definition of the layout. */
function oracleEntries(base: Form, teeth: number, blocks: number, exponentBits: number): Form[] {
  const spacing = BigInt(Math.ceil((exponentBits + 1) / (teeth * blocks)));
  const tooth = (j: number, m: number): Form => oraclePower(base, 1n << (BigInt(j * blocks + m) * spacing));
  const entries: Form[] = [];
  for (let m = 0; m < blocks; m++) {
    for (let i = 0; i < 2 ** (teeth - 1); i++) {
      let entry = tooth(teeth - 1, m);
      for (let j = 0; j < teeth - 1; j++) {
        entry = textbookCompose(entry, (i >> j) & 1 ? tooth(j, m) : invert(tooth(j, m)));
      }
      entries.push(entry);
    }
  }
  return entries;
}

const join = (head: Uint8Array, forms: readonly Form[]): Uint8Array =>
  new Uint8Array(Buffer.concat([head, ...forms.map(encode)]));

function oracleTable(base: Form, teeth: number, blocks: number, exponentBits: number): Uint8Array {
  return join(header(teeth, blocks, exponentBits), [base, ...oracleEntries(base, teeth, blocks, exponentBits)]);
}

/** The refused part, or 'accepted'. Anything but a typed error fails the test. */
function refusal(
  group: ClassGroup,
  bytes: Uint8Array,
  base: Element,
  options: { trusted?: boolean; maxExponentBits?: number } = {},
): TableField | 'accepted' {
  try {
    group.decodeTable(bytes, base, options);
  } catch (error) {
    if (error instanceof TableDecodeError) return error.field;
    throw error;
  }
  return 'accepted';
}

/** Exponents at every edge of a table. */
function exponents(bits: number): bigint[] {
  const top = 2n ** BigInt(bits) - 1n;
  const magnitudes = [0n, 1n, 2n, 3n, top >> 1n, (top >> 1n) + 1n, top, new Rng(bits).bits(bits)];
  return [...new Set(magnitudes.filter((e) => e <= top).flatMap((e) => [e, -e]))];
}

/**
 * Registers the suite.
 *
 * @param kernel - Under test.
 * @param other - Another kernel, whose tables must be the same.
 */
export function tableConformance(kernel: Kernel, other: Kernel): void {
  describe(`tables as bytes: ${kernel.name}, beside ${other.name}`, () => {
    const group = toyGroup(kernel);
    const stranger = toyGroup(other);

    it('writes what the layout says, for every kind of shape that it chooses', () => {
      for (const bits of [0, 1, 2, 3, 7, 40, 200]) {
        for (const max of [24, 32, 100, 1000, 10_000]) {
          for (const form of [h, u, one]) {
            const table = group.buildTable(load(group, form), bits, max);
            const bytes = group.encodeTable(table);
            const [, teeth, blocks] = bytes as unknown as [number, number, number];
            expect(hex(bytes)).toBe(hex(oracleTable(form, teeth, blocks, bits)));
            expect(table.bytes).toBeLessThanOrEqual(max);
          }
        }
      }
    });

    it('builds the same bytes as the other kernel, at the profiles as well', () => {
      for (const vector of derivedVectors.slice(0, 2)) {
        const delta = -vector.p * vector.q ** 3n;
        const [own, foreign] = [kernel, other].map((maker) => {
          const full = maker.createGroup({ discriminant: delta, conductor: vector.q });
          const base = full.powerVartime(full.decode(formBytes(vector.q ** 2n, vector.q, delta)), 0x1234567n);
          const table = full.buildTable(base, 100, 40_000);
          return { bytes: full.encodeTable(table), size: table.bytes };
        });
        expect(hex(own?.bytes ?? new Uint8Array())).toBe(hex(foreign?.bytes ?? new Uint8Array()));
        expect(own?.size).toBe(foreign?.size);
      }
    });

    it('reads tables of every shape, its own and the others, whichever way they are checked', () => {
      for (const [teeth, blocks, bits] of [
        [1, 1, 0],
        [1, 1, 9],
        [1, 3, 20],
        [2, 1, 1],
        [3, 2, 30],
        [4, 5, 64],
        [7, 1, 100],
        [10, 1, 33],
        [1, 64, 63],
      ] as const) {
        for (const form of [h, u, one]) {
          const bytes = oracleTable(form, teeth, blocks, bits);
          const base = load(group, form);
          for (const options of [undefined, {}, { trusted: false }, { trusted: true }]) {
            const table = group.decodeTable(bytes, base, options);
            expect(table.exponentBits).toBe(bits);
            expect(hex(group.encodeTable(table))).toBe(hex(bytes));
            for (const e of exponents(bits)) {
              const expected = hex(group.encode(group.powerVartime(base, e)));
              expect(hex(group.encode(group.tablePower(table, e)))).toBe(expected);
              expect(hex(group.encode(group.tablePowerVartime(table, e)))).toBe(expected);
            }
            expect(() => group.tablePower(table, 2n ** BigInt(bits))).toThrow(KernelArgumentError);
          }
        }
      }
    });

    it('uses a table that the other kernel built, at both profiles', () => {
      for (const vector of derivedVectors.slice(0, 2)) {
        const delta = -vector.p * vector.q ** 3n;
        const parameters = { discriminant: delta, conductor: vector.q };
        const [own, foreign] = [kernel.createGroup(parameters), other.createGroup(parameters)];
        const generator = foreign.powerVartime(foreign.decode(formBytes(vector.q ** 2n, vector.q, delta)), 77n);
        const bytes = foreign.encodeTable(foreign.buildTable(generator, 120, 30_000));
        const base = own.decode(foreign.encode(generator));
        const e = new Rng(31).bits(120);
        const expected = hex(foreign.encode(foreign.powerVartime(generator, e)));
        for (const trusted of [false, true]) {
          expect(hex(own.encode(own.tablePower(own.decodeTable(bytes, base, { trusted }), e)))).toBe(expected);
        }
        // One bit of an entry: the check by rebuilding sees it at full size too.
        const bad = Uint8Array.from(bytes);
        bad[bad.length - 1] = (bad[bad.length - 1] as number) ^ 2;
        expect(refusal(own, bad, base)).toBe('entry');
        expect(refusal(own, bad, base, { trusted: true })).toBe('entry');
      }
    });

    it('refuses every flipped bit', () => {
      const bytes = oracleTable(h, 3, 2, 30);
      const base = load(group, h);
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const flipped = Uint8Array.from(bytes);
        flipped[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        if (refusal(group, flipped, base) === 'accepted') {
          // 31 for 30 bits: in this shape the same entries serve both, so it is the right table of what it says.
          expect(bit).toBe(48);
          expect(hex(flipped)).toBe(hex(oracleTable(h, 3, 2, 31)));
        }
        // Trusted bytes: a typed error or exactly the table that they spell, never a repaired one.
        if (refusal(group, flipped, base, { trusted: true }) !== 'accepted') continue;
        expect(hex(group.encodeTable(group.decodeTable(flipped, base, { trusted: true })))).toBe(hex(flipped));
      }
    });

    it('refuses every truncation and every extension, for trusted bytes too', () => {
      const bytes = oracleTable(h, 3, 2, 30);
      const base = load(group, h);
      for (const trusted of [false, true]) {
        for (let length = 0; length < bytes.length; length++) {
          expect(refusal(group, bytes.subarray(0, length), base, { trusted })).toBe('length');
        }
        for (const more of [1, group.elementBytes, 100_000]) {
          const longer = new Uint8Array(bytes.length + more);
          longer.set(bytes);
          expect(refusal(group, longer, base, { trusted })).toBe('length');
        }
      }
    });

    it('refuses the table of another base, and of another group', () => {
      const bytes = oracleTable(h, 3, 2, 30);
      for (const trusted of [false, true]) {
        for (const form of [f, u, one, invert(h), textbookCompose(h, h), textbookCompose(h, u)]) {
          expect(refusal(group, bytes, load(group, form), { trusted })).toBe('base');
        }
        // As many bits, another prime p.
        const sibling = kernel.createGroup({ discriminant: discriminant - 4n });
        expect((-sibling.discriminant).toString(2).length).toBe(42);
        expect(refusal(sibling, bytes, sibling.identity, { trusted })).toBe('base');
        const small = kernel.createGroup({ discriminant: -783n, conductor: 3n });
        expect(refusal(small, bytes, small.identity, { trusted })).toBe('group');
        const large = kernel.createGroup({ discriminant: -(2n ** 300n) - 3n });
        expect(refusal(large, bytes, large.identity, { trusted })).toBe('group');
      }
      // The base rewritten to fit, the entries not: parsing has to see it.
      const sibling = kernel.createGroup({ discriminant: discriminant - 4n });
      const forged = Uint8Array.from(bytes);
      forged.set(sibling.encode(sibling.identity), headerBytes);
      expect(refusal(sibling, forged, sibling.identity)).toBe('entry');
      expect(refusal(sibling, forged, sibling.identity, { trusted: true })).toBe('entry');
    });

    it('refuses other versions and shapes that no table has, whatever the length', () => {
      const bytes = oracleTable(h, 3, 2, 30);
      const base = load(group, h);
      const elements = bytes.subarray(headerBytes);
      const attempt = (head: Uint8Array, trusted: boolean): string =>
        refusal(group, new Uint8Array(Buffer.concat([head, elements])), base, { trusted });
      for (const trusted of [false, true]) {
        for (const version of [0, 2, 255]) expect(attempt(header(3, 2, 30, 42, version), trusted)).toBe('version');
        for (const [teeth, blocks, bits] of [
          [0, 2, 30],
          [3, 0, 30],
          [0, 0, 0],
          [11, 2, 30],
          [255, 255, 2 ** 32 - 1],
          [3, 65, 300],
          [4, 8, 30],
          [2, 1, 0],
          [3, 2, 65_537],
          [3, 2, 2 ** 32 - 1],
        ] as const) {
          expect(attempt(header(teeth, blocks, bits), trusted)).toBe('shape');
        }
        // Shapes that exist, with the bytes of another one.
        for (const [teeth, blocks, bits] of [
          [2, 3, 30],
          [4, 2, 30],
          [10, 64, 65_536],
        ] as const) {
          expect(attempt(header(teeth, blocks, bits), trusted)).toBe('length');
        }
      }
      // As long, but laid out for other exponents: only the entries tell.
      expect(attempt(header(3, 2, 60), false)).toBe('entry');
    });

    it('refuses shapes over the memory of a kernel', () => {
      const vector = derivedVectors[1];
      if (vector === undefined) throw new Error('no vectors');
      const full = kernel.createGroup({ discriminant: -vector.p * vector.q ** 3n, conductor: vector.q });
      expect(refusal(full, header(10, 64, 5000, 2340), full.identity)).toBe('shape');
      expect(refusal(full, header(10, 12, 5000, 2340), full.identity)).toBe('length');
    });

    it('keeps the bound on exponents that the caller sets', () => {
      const bytes = oracleTable(h, 3, 2, 30);
      const base = load(group, h);
      for (const trusted of [false, true]) {
        expect(refusal(group, bytes, base, { trusted, maxExponentBits: 30 })).toBe('accepted');
        expect(refusal(group, bytes, base, { trusted, maxExponentBits: 29 })).toBe('shape');
      }
      for (const maxExponentBits of [-1, Number.NaN]) {
        expect(() => group.decodeTable(bytes, base, { maxExponentBits })).toThrow(KernelArgumentError);
      }
    });

    it('refuses valid forms that are the wrong ones: swapped, inverted, times u, times f, the identity', () => {
      const base = load(group, h);
      const entries = oracleEntries(h, 3, 2, 30);
      const head = header(3, 2, 30);
      const wrongs = (entry: Form, i: number): Form[] => [
        entries[(i + 1) % entries.length] as Form,
        invert(entry),
        textbookCompose(entry, u),
        textbookCompose(entry, f),
        one,
      ];
      entries.forEach((entry, i) => {
        for (const wrong of wrongs(entry, i)) {
          const bad = join(head, [h, ...entries.map((original, k) => (k === i ? wrong : original))]);
          expect(refusal(group, bad, base)).toBe('entry');
        }
      });
      const [first, second, ...rest] = entries as [Form, Form, ...Form[]];
      expect(refusal(group, join(head, [h, second, first, ...rest]), base)).toBe('entry');
    });

    it('refuses bytes that are no forms of the group even when trusted, and names the check', () => {
      const base = load(group, h);
      const entries = oracleEntries(h, 3, 2, 30);
      const [a, b, c] = toy.h;
      for (const [badA, badB, check] of [
        [0n, 1n, 'CG:P2'],
        [a, b - 2n * a, 'CG:P3'],
        [a, b + 2n, 'CG:P4'],
        [c, -b, 'CG:P5'],
        [toy.notPrimitive[0], toy.notPrimitive[1], 'CG:P6'],
      ] as const) {
        for (const i of [0, 5, entries.length - 1]) {
          const bytes = oracleTable(h, 3, 2, 30);
          bytes.set(formBytes(badA, badB, discriminant), headerBytes + (1 + i) * group.elementBytes);
          const read = (): unknown => group.decodeTable(bytes, base, { trusted: true });
          expect(read).toThrow(TableDecodeError);
          expect(read).toThrow(new RegExp(`${i} is refused by ${check}`));
          expect(refusal(group, bytes, base)).toBe('entry');
        }
      }
    });

    it('refuses handles of other groups and kernels', () => {
      const table = group.buildTable(load(group, h), 30);
      const bytes = group.encodeTable(table);
      for (const foreign of [stranger, toyGroup(kernel)]) {
        expect(() => foreign.encodeTable(table)).toThrow(KernelArgumentError);
        for (const trusted of [false, true]) {
          expect(() => foreign.decodeTable(bytes, load(group, h), { trusted })).toThrow(KernelArgumentError);
        }
      }
    });

    it('keeps no reference to the bytes, reads views, returns fresh arrays', () => {
      const base = load(group, h);
      const bytes = oracleTable(h, 3, 2, 30);
      const buffer = new Uint8Array(bytes.length + 20).fill(170);
      buffer.set(bytes, 7);
      for (const trusted of [false, true]) {
        const view = Uint8Array.from(buffer).subarray(7, 7 + bytes.length);
        const table = group.decodeTable(view, base, { trusted });
        view.fill(0);
        expect(hex(group.encodeTable(table))).toBe(hex(bytes));
        group.encodeTable(table).fill(0);
        expect(group.equals(group.tablePower(table, 12345n), group.powerVartime(base, 12345n))).toBe(true);
      }
    });

    it('tables are limited in exponent and size as the format is', () => {
      const base = load(group, h);
      expect(() => group.buildTable(base, 65_537)).toThrow(KernelArgumentError);
      expect(group.buildTable(base, 2000, 2 ** 40).bytes).toBeLessThanOrEqual(1_835_008);
      expect(shapeOf(10, 64, 65_536)?.entries).toBe(64 * 512 + 2);
    });
  });
}
