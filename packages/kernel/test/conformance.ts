/**
 * The suite that every {@link Kernel} must pass: `kernelConformance(name, kernel)` registers it with vitest. It sees a kernel through
 * the interface only and compares canonical bytes with the textbook oracle, with enumeration and with published vectors.
 * Check ids are those of class-groups.md 7.2 (CG:T..) and 1.4 (CG:P..).
 *
 * @module
 */

import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ClassGroup, type Element, ElementDecodeError, type Kernel, KernelArgumentError } from '../src/index.ts';
import { type Form, reduceForm } from '../src/reference/form.ts';
import { textbookCompose } from '../src/reference/textbook-compose.ts';
import {
  at,
  corpus,
  discriminantOf,
  enumerateForms,
  formBytes,
  formOf,
  identityOf,
  oraclePower,
  primeForms,
  Rng,
  slowGcd,
} from './forms.ts';
import { type DerivedVector, derivedVectors, toy } from './vectors.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fingerprint = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
const shakeInteger = (tag: string, length: number): bigint =>
  BigInt(`0x${createHash('shake256', { outputLength: length }).update(tag).digest('hex')}`);

/** Odd representative of m^-1 mod q in (-q, q) (class-groups.md 2.2). */
function oddInverse(m: bigint, q: bigint): bigint {
  let [r0, r1, t0, t1] = [q, ((m % q) + q) % q, 0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1, t0, t1] = [r1, r0 - quotient * r1, t1, t0 - quotient * t1];
  }
  const inverse = ((t0 % q) + q) % q;
  return (inverse & 1n) === 1n ? inverse : inverse - q;
}

function modularPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * base) % modulus;
  }
  return result;
}

/** The check that refuses the bytes, or 'accepted'. Anything but a typed error fails the test. */
function refusal(group: ClassGroup, bytes: Uint8Array, method: 'decode' | 'decodeUnchecked' = 'decode'): string {
  try {
    group[method](bytes);
  } catch (error) {
    if (error instanceof ElementDecodeError) return error.check;
    throw error;
  }
  return 'accepted';
}

/** Element of a form that the tests made. */
function load(group: ClassGroup, { a, b }: Form): Element {
  return group.decodeUnchecked(formBytes(a, b, group.discriminant));
}

function bytesOf(form: Form): Uint8Array {
  return formBytes(form.a, form.b, discriminantOf(form));
}

/** The group of one column of A.3 with its named elements, all computed by the kernel under test. */
function derive(kernel: Kernel, { p, q, l }: DerivedVector) {
  const discriminant = -p * q ** 3n;
  const group = kernel.createGroup({ discriminant, conductor: q });
  const residue = ((discriminant % l) + l) % l;
  const root = modularPower(residue, (l + 1n) / 4n, l);
  const bl = (root & 1n) === 1n ? root : l - root;
  const t0 = group.decodeUnchecked(formBytes(l, bl, discriminant));
  const h = group.powerVartime(group.square(t0), q);
  const f = group.decode(formBytes(q * q, q, discriminant));
  const u = reduceForm(p, p, (p + q ** 3n) / 4n);
  return { group, discriminant, p, q, bl, t0, h, f, u };
}

type Derived = ReturnType<typeof derive>;

/** f^m by the formula of class-groups.md 2.2. */
function formulaOfF({ discriminant, q }: Pick<Derived, 'discriminant' | 'q'>, m: bigint): Uint8Array {
  return m % q === 0n ? formBytes(1n, 1n, discriminant) : formBytes(q * q, q * oddInverse(m, q), discriminant);
}

/** The logarithm of class-groups.md 2.2 read off canonical bytes; undefined for elements outside F. */
function logarithm(group: ClassGroup, q: bigint, element: Element): bigint | undefined {
  if (group.isIdentity(element)) return 0n;
  const bytes = group.encode(element);
  const half = bytes.length / 2;
  const a = BigInt(`0x${hex(bytes.subarray(0, half))}`);
  const b = BigInt.asIntN(8 * half, BigInt(`0x${hex(bytes.subarray(half))}`));
  if (a !== q * q || b % q !== 0n) return undefined;
  return ((oddInverse(b / q, q) % q) + q) % q;
}

/**
 * Registers the suite.
 *
 * @param name - Shown in the titles.
 * @param kernel - Ready to use.
 */
export function kernelConformance(name: string, kernel: Kernel): void {
  describe(`kernel conformance: ${name}`, () => {
    describe('CG:T1 tiny discriminants, exhaustively', () => {
      it('has the published class numbers', () => {
        // h(-23) = 3, h(-47) = 5, h(-71) = 7, h(-163) = 1, h(-695) = 24: checks the enumeration itself.
        const counts = [23n, 47n, 71n, 163n, 695n].map((n) => enumerateForms(-n).length);
        expect(counts).toEqual([3, 5, 7, 1, 24]);
      });

      it('is a commutative group that equals the oracle, for every discriminant down to -403 and for -695', () => {
        const discriminants = [-695n];
        for (let d = -3n; d >= -403n; d -= 4n) discriminants.push(d);
        for (const discriminant of discriminants) {
          const group = kernel.createGroup({ discriminant });
          const forms = enumerateForms(discriminant);
          const elements = forms.map((form) => load(group, form));
          const index = new Map(elements.map((element, i) => [hex(group.encode(element)), i]));
          expect(index.size).toBe(forms.length);
          const indexOf = (element: Element): number => index.get(hex(group.encode(element))) ?? -1;
          const table = elements.map((x) => elements.map((y) => indexOf(group.compose(x, y))));
          const one = indexOf(group.identity);
          const size = forms.length;
          const wrong: string[] = [];
          for (let i = 0; i < size; i++) {
            const [x, row] = [at(elements, i), at(table, i)];
            const inverse = indexOf(group.invert(x));
            if (row[one] !== i) wrong.push(`identity ${discriminant} ${i}`);
            if (row[inverse] !== one) wrong.push(`inverse ${discriminant} ${i}`);
            if (indexOf(group.square(x)) !== row[i]) wrong.push(`square ${discriminant} ${i}`);
            if (group.isIdentity(x) !== (i === one)) wrong.push(`isIdentity ${discriminant} ${i}`);
            for (let j = 0; j < size; j++) {
              const product = at(row, j);
              const expected = textbookCompose(at(forms, i), at(forms, j));
              if (product < 0 || hex(bytesOf(expected)) !== hex(group.encode(at(elements, product)))) {
                wrong.push(`closure or oracle ${discriminant} ${i} ${j}`);
              }
              if (product !== at(table, j)[i]) wrong.push(`commutativity ${discriminant} ${i} ${j}`);
              if (group.equals(x, at(elements, j)) !== (i === j)) wrong.push(`equals ${discriminant} ${i} ${j}`);
              for (let k = 0; k < size; k++) {
                const left = at(table, product)[k];
                const right = row[at(at(table, j), k)];
                if (left !== right) wrong.push(`associativity ${discriminant} ${i} ${j} ${k}`);
              }
            }
          }
          expect(wrong).toEqual([]);
        }
      });

      it('counts the toy group: every element of <h> has the order of A.1', () => {
        const { group, h } = toyElements(kernel);
        const seen = new Set<string>();
        let x = group.identity;
        for (let i = 0n; i < toy.orderOfH; i++) {
          seen.add(hex(group.encode(x)));
          x = group.compose(x, h);
        }
        expect(group.isIdentity(x)).toBe(true);
        expect(BigInt(seen.size)).toBe(toy.orderOfH);
      });
    });

    describe('CG:T2 compose and square equal the plain composition', () => {
      const check = (discriminant: bigint, seed: number, size: number): void => {
        const group = kernel.createGroup({ discriminant });
        const forms = corpus(discriminant, new Rng(seed), size);
        const elements = forms.map((form) => load(group, form));
        const wrong: string[] = [];
        const compare = (what: string, x: Form, y: Form, result: Element): void => {
          if (hex(group.encode(result)) !== hex(bytesOf(textbookCompose(x, y)))) {
            wrong.push(`${what} ${discriminant} (${x.a}, ${x.b}) (${y.a}, ${y.b})`);
          }
        };
        forms.forEach((x, i) => {
          const element = at(elements, i);
          compare('square', x, x, group.square(element));
          compare('inverse', x, reduceForm(x.a, -x.b, x.c), group.compose(element, group.invert(element)));
          forms.forEach((y, j) => {
            compare('compose', x, y, group.compose(element, at(elements, j)));
          });
        });
        expect(wrong).toEqual([]);
      };

      it('on random discriminants of 6 to 200 bits', () => {
        const rng = new Rng(1);
        for (let bits = 6; bits <= 64; bits++) check(rng.discriminant(bits), bits, 20);
        for (let bits = 70; bits <= 200; bits += 10) check(rng.discriminant(bits), bits, 16);
      });

      it('on smooth discriminants, where many primes ramify, and on non-fundamental ones', () => {
        const rng = new Rng(2);
        const odd = 3n * 5n * 7n * 11n * 13n * 17n * 19n;
        for (const bits of [1, 8, 24, 60, 140]) {
          for (const square of [1n, 9n, 49n, 3n ** 6n]) {
            let rest = rng.bits(bits) | 1n;
            while ((odd * square * rest) % 4n !== 3n) rest += 2n;
            check(-odd * square * rest, bits, 24);
          }
        }
      });

      it('on discriminants 1 mod 8, where 2 splits and shared factors are common', () => {
        const rng = new Rng(3);
        for (const bits of [20, 50, 90, 300]) check(-(-rng.discriminant(bits) | 7n), bits, 24);
      });

      it.each(derivedVectors.slice(0, 2))('at full size: $name', ({ p, q, bits }) => {
        check(-p * q ** 3n, bits, 18);
      });
    });

    describe('CG:P1-P7 and CG:T4: the parser', () => {
      it('round trips and refuses every flipped bit or returns a different element: toy group', () => {
        const { group, h, f } = toyElements(kernel);
        for (const element of [h, f, group.identity, group.compose(h, f)]) {
          const bytes = group.encode(element);
          expect(group.equals(group.decode(bytes), element)).toBe(true);
          flipBits(group, bytes, 8 * bytes.length, new Rng(4));
        }
      });

      it('refuses each violation by name: toy group', () => {
        const { group, discriminant } = toyElements(kernel);
        const bytes = (a: bigint, b: bigint): Uint8Array => formBytes(a, b, discriminant);
        const [a, b, c] = toy.h;
        expect(refusal(group, bytes(0n, 1n))).toBe('CG:P2');
        expect(refusal(group, bytes(0n, 0n))).toBe('CG:P2');
        // a = 2^24 - 1 is far above sqrt(|discriminant|), b = -1: nothing divides.
        expect(refusal(group, new Uint8Array(group.elementBytes).fill(255))).toBe('CG:P4');
        expect(refusal(group, bytes(2n ** 23n - 1n, -(2n ** 23n) + 1n))).toBe('CG:P3');
        expect(refusal(group, bytes(4079n, -4079n))).toBe('CG:P3');
        expect(refusal(group, bytes(a, b - 2n * a))).toBe('CG:P3');
        expect(refusal(group, bytes(a, b + 2n * a))).toBe('CG:P3');
        expect(refusal(group, bytes(1n, -1n))).toBe('CG:P3');
        expect(refusal(group, bytes(a, b + 1n))).toBe('CG:P4');
        expect(refusal(group, bytes(a, 0n))).toBe('CG:P4');
        expect(refusal(group, bytes(a, b + 2n))).toBe('CG:P4');
        expect(refusal(group, bytes(a + 1n, b))).toBe('CG:P4');
        expect(refusal(group, bytes(c, -b))).toBe('CG:P5');
        expect(refusal(group, bytes(c, b))).toBe('CG:P5');
        expect(refusal(group, bytes(toy.notPrimitive[0], toy.notPrimitive[1]))).toBe('CG:P6');
        expect(refusal(group, bytes(toy.u[0], toy.u[1]))).toBe('CG:P7');
        expect(refusal(group, bytes(toy.u[0], toy.u[1]), 'decodeUnchecked')).toBe('accepted');
        expect(refusal(group, bytes(toy.notPrimitive[0], toy.notPrimitive[1]), 'decodeUnchecked')).toBe('CG:P6');
      });

      it('refuses a = c with b < 0 (CG:P5)', () => {
        // 4 * 14 * 14 - 1 = 783 = 29 * 3^3.
        const group = kernel.createGroup({ discriminant: -783n, conductor: 3n });
        expect(refusal(group, formBytes(14n, 1n, -783n), 'decodeUnchecked')).toBe('accepted');
        expect(refusal(group, formBytes(14n, -1n, -783n), 'decodeUnchecked')).toBe('CG:P5');
        expect(refusal(group, formBytes(14n, -1n, -783n))).toBe('CG:P5');
      });

      it('without a conductor tests primitivity in general and skips CG:P7', () => {
        // (3, 3, 9) of discriminant -99 is 3 times (1, 1, 3); (2, 2, 4) is even anyway.
        const group = kernel.createGroup({ discriminant: -99n });
        expect(refusal(group, formBytes(3n, 3n, -99n))).toBe('CG:P6');
        const toyGroup = kernel.createGroup({ discriminant: toy.discriminant });
        expect(refusal(toyGroup, formBytes(toy.u[0], toy.u[1], toy.discriminant))).toBe('accepted');
        expect(refusal(toyGroup, formBytes(toy.notPrimitive[0], toy.notPrimitive[1], toy.discriminant))).toBe('CG:P6');
        expect(() => toyGroup.isSquare(toyGroup.identity)).toThrow(KernelArgumentError);
      });

      it('accepts exactly the reduced primitive squares: every (a, b) of small groups', () => {
        for (const { p, q } of tinyConductors()) {
          const discriminant = -p * q ** 3n;
          const group = kernel.createGroup({ discriminant, conductor: q });
          const forms = enumerateForms(discriminant);
          const squares = new Set(forms.map((form) => hex(bytesOf(textbookCompose(form, form)))));
          const all = new Set(forms.map((form) => hex(bytesOf(form))));
          const wrong: string[] = [];
          for (let a = 0n; a < 64n; a++) {
            for (let b = -65n; b < 65n; b++) {
              const bytes = formBytes(a, b, discriminant);
              if ((refusal(group, bytes) === 'accepted') !== squares.has(hex(bytes))) wrong.push(`decode ${a} ${b}`);
              if ((refusal(group, bytes, 'decodeUnchecked') === 'accepted') !== all.has(hex(bytes))) {
                wrong.push(`decodeUnchecked ${a} ${b}`);
              }
            }
          }
          expect(wrong).toEqual([]);
        }
      });

      it('never crashes on arbitrary bytes', () => {
        const { group } = toyElements(kernel);
        fc.assert(
          fc.property(fc.uint8Array({ maxLength: group.elementBytes + 2 }), (bytes) => {
            const result = refusal(group, bytes);
            expect(result === 'CG:P1').toBe(bytes.length !== group.elementBytes);
            if (result === 'accepted') expect(hex(group.encode(group.decode(bytes)))).toBe(hex(bytes));
          }),
          { numRuns: 500 },
        );
      });

      it('does not keep a reference to the bytes and returns fresh ones', () => {
        const { group, h } = toyElements(kernel);
        const bytes = group.encode(h);
        const copy = group.decode(bytes);
        bytes.fill(0);
        expect(group.equals(copy, h)).toBe(true);
        expect(group.encode(h)).not.toBe(group.encode(h));
      });

      it('reads a view into a larger buffer', () => {
        const { group, h } = toyElements(kernel);
        const buffer = new Uint8Array(group.elementBytes + 7).fill(170);
        buffer.set(group.encode(h), 3);
        expect(group.equals(group.decode(buffer.subarray(3, 3 + group.elementBytes)), h)).toBe(true);
      });
    });

    describe('CG:T5, CG:T6: subgroup F and the genus character', () => {
      it('squares are exactly the image of squaring; one half of the elements; every small group', () => {
        for (const { p, q } of tinyConductors()) {
          const discriminant = -p * q ** 3n;
          const group = kernel.createGroup({ discriminant, conductor: q });
          const forms = enumerateForms(discriminant);
          const elements = forms.map((form) => load(group, form));
          const image = new Set(elements.map((x) => hex(group.encode(group.square(x)))));
          const wrong = elements.filter((x) => group.isSquare(x) !== image.has(hex(group.encode(x))));
          expect(wrong.length).toBe(0);
          expect(2 * image.size).toBe(forms.length);
          elements.forEach((x, i) => {
            const y = at(elements, (i * 7 + 3) % elements.length);
            // Multiplicative: the product is a square iff both or neither are.
            expect(group.isSquare(group.compose(x, y))).toBe(group.isSquare(x) === group.isSquare(y));
          });
        }
      });

      it('toy group: f^m by formula for every m', () => {
        const { group, f, discriminant } = toyElements(kernel);
        const { q } = toy;
        let x = group.identity;
        for (let m = 0n; m <= q; m++) {
          if (hex(group.encode(x)) !== hex(formulaOfF({ discriminant, q }, m))) throw new Error(`f^${m}`);
          if (logarithm(group, q, x) !== m % q) throw new Error(`log f^${m}`);
          if (!group.isSquare(x)) throw new Error(`f^${m} not a square`);
          x = group.compose(x, f);
        }
        expect(hex(group.encode(x))).toBe(hex(group.encode(f)));
      });
    });

    describe('Appendix A.1', () => {
      it('reproduces the toy vectors exactly', () => {
        const { group, discriminant, h, f, t0 } = toyElements(kernel);
        const isForm = (element: Element, [a, b, c]: readonly [bigint, bigint, bigint]): void => {
          expect(b * b - 4n * a * c).toBe(discriminant);
          expect(hex(group.encode(element))).toBe(hex(formBytes(a, b, discriminant)));
        };
        for (const [m, form] of toy.powersOfF) isForm(group.powerVartime(f, m), form);
        isForm(t0, toy.t0);
        isForm(group.square(t0), toy.t);
        isForm(group.powerVartime(group.square(t0), toy.q), toy.h);
        isForm(group.square(h), toy.h2);
        const pk = group.powerVartime(h, toy.sk);
        isForm(pk, toy.pk);
        isForm(group.power(h, toy.sk, 14), toy.pk);
        isForm(group.compose(h, pk), toy.hTimesPk);
        const c1 = group.power(h, toy.r, 16);
        isForm(c1, toy.c1);
        const c2 = group.multiPower(
          [
            { base: f, exponent: toy.m },
            { base: pk, exponent: toy.r },
          ],
          16,
        );
        isForm(c2, toy.c2);
        const opened = group.compose(c2, group.power(c1, -toy.sk, 14));
        isForm(opened, toy.decrypted);
        expect(group.equals(opened, group.powerVartime(f, toy.m))).toBe(true);
        expect(logarithm(group, toy.q, opened)).toBe(toy.m);
        expect(group.isIdentity(group.powerVartime(t0, toy.classNumber))).toBe(true);
        expect(group.isIdentity(group.powerVartime(h, toy.orderOfH))).toBe(true);
        const u = load(group, { a: toy.u[0], b: toy.u[1], c: toy.u[2] });
        expect(group.isIdentity(group.square(u))).toBe(true);
        expect(group.equals(group.invert(u), u)).toBe(true);
        expect(group.isSquare(t0)).toBe(true);
        expect(group.isSquare(u)).toBe(false);
      });
    });

    describe.each(derivedVectors)('Appendix A.3: $name', (vector) => {
      let derived: Derived;
      beforeAll(() => {
        derived = derive(kernel, vector);
      });

      it('derives h, f, pk, c1, c2 with the published hashes', () => {
        const { group, h, f, bl, t0, q } = derived;
        const { hashes } = vector;
        const isHash = (element: Element, expected: string): void =>
          expect(fingerprint(group.encode(element))).toBe(expected);
        expect(group.elementBytes).toBe(vector.elementBytes);
        if (vector.bl !== undefined) expect(bl).toBe(vector.bl);
        if (vector.formOfH !== undefined) {
          expect(hex(group.encode(h))).toBe(hex(formBytes(...vector.formOfH, group.discriminant)));
        }
        isHash(h, hashes.h);
        isHash(f, hashes.f);
        isHash(group.square(h), hashes.h2);
        isHash(group.compose(group.square(h), h), hashes.h3);
        isHash(group.powerVartime(h, 3n), hashes.h3);
        isHash(group.power(h, 2n ** 64n + 1n, 65), hashes.hLong);
        const sk = shakeInteger('tv-sk', 95);
        const r = shakeInteger('tv-r', 95);
        const m = shakeInteger('tv-m', 31);
        const table = group.buildTable(h, 760, 64 * 1024);
        const pk = group.tablePower(table, sk);
        isHash(pk, hashes.pk);
        isHash(group.power(h, sk, 760), hashes.pk);
        isHash(group.tablePowerVartime(table, r), hashes.c1);
        const message = group.decode(formulaOfF(derived, m));
        const masked = group.multiPowerVartime([
          { base: message, exponent: 1n },
          { base: pk, exponent: r },
        ]);
        isHash(masked, hashes.c2);
        isHash(group.compose(group.invert(h), pk), hashes.quotient);
        // CG:T8.
        expect(group.equals(group.powerVartime(t0, 2n * q), h)).toBe(true);
        expect(group.isSquare(h)).toBe(true);
        expect(group.equals(group.decode(group.encode(h)), h)).toBe(true);
      });

      it('CG:T5 f^q = 1, f^m by formula, logarithm', () => {
        const { group, f, q } = derived;
        expect(group.isIdentity(group.powerVartime(f, q))).toBe(true);
        for (const m of [0n, 1n, 2n, 3n, q - 1n, new Rng(5).bits(250), shakeInteger('tv-m', 31)]) {
          const power = group.powerVartime(f, m);
          expect(hex(group.encode(power))).toBe(hex(formulaOfF(derived, m)));
          expect(logarithm(group, q, power)).toBe(m);
        }
        expect(logarithm(group, q, derived.h)).toBeUndefined();
      });

      it('CG:T4 refuses violations by name; CG:T6 u and u x are not squares', () => {
        const { group, discriminant, h, f, u, p, q } = derived;
        const bytes = group.encode(h);
        for (const length of [0, 1, bytes.length - 1, bytes.length + 1, 2 * bytes.length]) {
          const other = new Uint8Array(length);
          other.set(bytes.subarray(0, Math.min(length, bytes.length)));
          expect(refusal(group, other)).toBe('CG:P1');
        }
        expect(refusal(group, new Uint8Array(bytes.length))).toBe('CG:P2');
        expect(refusal(group, formBytes(1n, -1n, discriminant))).toBe('CG:P3');
        expect(refusal(group, formBytes(q * q, 0n, discriminant))).toBe('CG:P4');
        expect(refusal(group, formBytes(q * q, q + 2n, discriminant))).toBe('CG:P4');
        // The reduced forms of F turned round: (c, -b, a), where c still fits the encoding.
        const turned = formOf(q * q, q, discriminant);
        const lengthBits = BigInt(8 * (group.elementBytes / 2));
        let x = h;
        let form = turned;
        for (let i = 0; i < 64 && form.c >> (lengthBits - 1n) !== 0n; i++) {
          x = group.compose(x, f);
          form = parse(group, x);
        }
        expect(refusal(group, formBytes(form.c, -form.b, discriminant))).toBe('CG:P5');
        // Not primitive: q times forms of the fundamental discriminant.
        const fundamental = -p * q;
        for (const { a, b } of [identityOf(fundamental), ...primeForms(fundamental, 4)]) {
          expect(refusal(group, formBytes(q * a, q * b, discriminant))).toBe('CG:P6');
          expect(refusal(group, formBytes(q * a, q * b, discriminant), 'decodeUnchecked')).toBe('CG:P6');
        }
        expect(refusal(group, formBytes(u.a, u.b, discriminant))).toBe('CG:P7');
        const order2 = load(group, u);
        expect(group.isSquare(order2)).toBe(false);
        expect(group.isIdentity(group.square(order2))).toBe(true);
        expect(group.isIdentity(group.compose(order2, order2))).toBe(true);
        expect(group.equals(group.invert(order2), order2)).toBe(true);
        for (const element of [h, f, x]) {
          expect(group.isSquare(element)).toBe(true);
          const shifted = group.compose(element, order2);
          expect(group.isSquare(shifted)).toBe(false);
          expect(refusal(group, group.encode(shifted))).toBe('CG:P7');
          expect(group.equals(group.compose(shifted, order2), element)).toBe(true);
        }
        flipBits(group, bytes, 120, new Rng(6));
        flipBits(group, formulaOfF(derived, 5n), 60, new Rng(7));
      });
    });

    describe('CG:T7 and properties', () => {
      const exponent = fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n });
      const small = fc.bigInt({ min: 0n, max: 2n ** 21n });
      /** A pair of group and element: a class of the toy group, squares and others. */
      const seed = fc.tuple(small, fc.bigInt({ min: 0n, max: 1008n }), fc.boolean());
      let toyGroup: ReturnType<typeof toyElements>;
      beforeAll(() => {
        toyGroup = toyElements(kernel);
      });
      const element = ([i, j, shifted]: [bigint, bigint, boolean]): Element => {
        const { group, t0, f, u } = toyGroup;
        const x = group.compose(group.powerVartime(t0, i), group.powerVartime(f, j));
        return shifted ? group.compose(x, u) : x;
      };

      it('group laws', () => {
        fc.assert(
          fc.property(seed, seed, seed, (s, t, v) => {
            const { group } = toyGroup;
            const [x, y, z] = [element(s), element(t), element(v)];
            const same = (p: Element, q: Element): void => expect(hex(group.encode(p))).toBe(hex(group.encode(q)));
            same(group.compose(x, y), group.compose(y, x));
            same(group.compose(group.compose(x, y), z), group.compose(x, group.compose(y, z)));
            same(group.compose(x, group.identity), x);
            same(group.compose(x, group.invert(x)), group.identity);
            same(group.invert(group.invert(x)), x);
            same(group.square(x), group.compose(x, x));
            same(group.invert(group.compose(x, y)), group.compose(group.invert(x), group.invert(y)));
          }),
        );
      });

      it('encode and decode are inverse', () => {
        fc.assert(
          fc.property(seed, (s) => {
            const { group } = toyGroup;
            const x = element(s);
            const bytes = group.encode(x);
            expect(bytes.length).toBe(group.elementBytes);
            expect(group.equals(group.decodeUnchecked(bytes), x)).toBe(true);
            expect(refusal(group, bytes)).toBe(group.isSquare(x) ? 'accepted' : 'CG:P7');
          }),
        );
      });

      it('powers equal the oracle; secret and public powers agree', () => {
        fc.assert(
          fc.property(seed, exponent, (s, e) => {
            const { group } = toyGroup;
            const x = element(s);
            const form = parse(group, e < 0n ? group.invert(x) : x);
            const expected = hex(bytesOf(oraclePower(form, e < 0n ? -e : e)));
            expect(hex(group.encode(group.powerVartime(x, e)))).toBe(expected);
            expect(hex(group.encode(group.power(x, e, 41)))).toBe(expected);
            expect(hex(group.encode(group.power(x, e, 300)))).toBe(expected);
          }),
        );
      });

      it('exponent arithmetic: x^i x^j, x^-k, (x y)^k', () => {
        fc.assert(
          fc.property(seed, seed, exponent, exponent, (s, t, i, j) => {
            const { group } = toyGroup;
            const [x, y] = [element(s), element(t)];
            const product = group.compose(group.powerVartime(x, i), group.powerVartime(x, j));
            expect(group.equals(product, group.powerVartime(x, i + j))).toBe(true);
            expect(group.equals(group.powerVartime(x, -i), group.invert(group.powerVartime(x, i)))).toBe(true);
            expect(group.equals(group.power(x, -i, 41), group.invert(group.power(x, i, 41)))).toBe(true);
            const both = group.compose(group.powerVartime(x, i), group.powerVartime(y, i));
            expect(group.equals(group.powerVartime(group.compose(x, y), i), both)).toBe(true);
          }),
        );
      });

      it('products of powers equal the product of the powers', () => {
        const term = fc.tuple(seed, exponent);
        fc.assert(
          fc.property(fc.array(term, { maxLength: 6 }), (pairs) => {
            const { group } = toyGroup;
            const terms = pairs.map(([s, e]) => ({ base: element(s), exponent: e }));
            const expected = terms.reduce(
              (product, { base, exponent: e }) => group.compose(product, group.powerVartime(base, e)),
              group.identity,
            );
            expect(group.equals(group.multiPowerVartime(terms), expected)).toBe(true);
            expect(group.equals(group.multiPower(terms, 41), expected)).toBe(true);
          }),
        );
      });

      it('many bases of mixed lengths, as in batch verification', () => {
        const { group } = toyGroup;
        const rng = new Rng(8);
        const terms = Array.from({ length: 300 }, (_, i) => ({
          base: element([rng.bits(20), rng.bits(9), i % 2 === 0]),
          exponent: (i % 3 === 0 ? -1n : 1n) * rng.bits(i % 50 === 0 ? 1500 : i % 4 === 0 ? 256 : 128),
        }));
        for (const count of [2, 17, 64, 100, 300]) {
          const some = terms.slice(0, count);
          const expected = some.reduce(
            (product, { base, exponent: e }) => group.compose(product, group.powerVartime(base, e)),
            group.identity,
          );
          expect(group.equals(group.multiPowerVartime(some), expected)).toBe(true);
          expect(group.equals(group.multiPower(some, 1500), expected)).toBe(true);
        }
      });

      it('table powers equal powers, for all shapes', () => {
        const shape = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 40, max: 20_000 }));
        fc.assert(
          fc.property(
            seed,
            shape,
            fc.bigInt({ min: 0n, max: 2n ** 400n - 1n }),
            fc.boolean(),
            (s, [bits, max], e, negative) => {
              const { group } = toyGroup;
              const x = element(s);
              const magnitude = BigInt.asUintN(bits, e);
              const k = negative ? -magnitude : magnitude;
              const table = group.buildTable(x, bits, max);
              expect(table.exponentBits).toBe(bits);
              expect(table.bytes).toBeLessThanOrEqual(max);
              const expected = group.powerVartime(x, k);
              expect(group.equals(group.tablePower(table, k), expected)).toBe(true);
              expect(group.equals(group.tablePowerVartime(table, k), expected)).toBe(true);
            },
          ),
        );
      });

      it('special exponents and bases: 0, +-1, +-2, the bounds, bounds of 0 and 1 bits, the identity, order 2', () => {
        const { group, h, f, u } = toyGroup;
        for (const base of [group.identity, h, f, u, group.compose(h, u)]) {
          for (const bits of [0, 1, 2, 3, 5, 8, 16, 63, 64, 65, 128]) {
            const table = group.buildTable(base, bits);
            const top = 2n ** BigInt(bits) - 1n;
            for (const magnitude of new Set([0n, 1n, 2n, 3n, top >> 1n, (top >> 1n) + 1n, top])) {
              if (magnitude > top) continue;
              for (const e of [magnitude, -magnitude]) {
                const form = parse(group, e < 0n ? group.invert(base) : base);
                const expected = hex(bytesOf(oraclePower(form, magnitude)));
                expect(hex(group.encode(group.powerVartime(base, e)))).toBe(expected);
                expect(hex(group.encode(group.power(base, e, bits)))).toBe(expected);
                expect(hex(group.encode(group.tablePower(table, e)))).toBe(expected);
                expect(hex(group.encode(group.tablePowerVartime(table, e)))).toBe(expected);
              }
            }
          }
        }
      });

      it('the empty product and repeated bases', () => {
        const { group, h } = toyGroup;
        expect(group.isIdentity(group.multiPowerVartime([]))).toBe(true);
        expect(group.isIdentity(group.multiPower([], 100))).toBe(true);
        const cancel = [
          { base: h, exponent: 12345n },
          { base: h, exponent: -12345n },
        ];
        expect(group.isIdentity(group.multiPowerVartime(cancel))).toBe(true);
        expect(group.isIdentity(group.multiPower(cancel, 14))).toBe(true);
      });

      it.each(derivedVectors.slice(0, 2))('at full size: $name', (vector) => {
        const { group, h, f, t0 } = derive(kernel, vector);
        const rng = new Rng(9);
        const [i, j] = [rng.bits(300), -rng.bits(280)];
        const x = group.compose(group.square(t0), f);
        const expected = group.compose(group.powerVartime(h, i), group.powerVartime(x, j));
        const terms = [
          { base: h, exponent: i },
          { base: x, exponent: j },
        ];
        expect(group.equals(group.multiPowerVartime(terms), expected)).toBe(true);
        expect(group.equals(group.multiPower(terms, 300), expected)).toBe(true);
        expect(group.equals(group.compose(group.power(h, i, 320), group.power(x, j, 280)), expected)).toBe(true);
        const table = group.buildTable(h, 320);
        expect(table.bytes).toBeLessThanOrEqual(512 * 1024);
        expect(group.equals(group.tablePower(table, i), group.powerVartime(h, i))).toBe(true);
        expect(group.equals(group.tablePowerVartime(table, -i), group.powerVartime(h, -i))).toBe(true);
        expect(group.equals(group.tablePowerVartime(table, 5n), group.powerVartime(h, 5n))).toBe(true);
      });
    });

    describe('caller mistakes are errors', () => {
      it('exponents over the declared bound are refused, never truncated (pitfall 8)', () => {
        const { group, h } = toyElements(kernel);
        const table = group.buildTable(h, 10);
        for (const e of [1024n, -1024n, 2n ** 64n, -(2n ** 2000n)]) {
          expect(() => group.power(h, e, 10)).toThrow(KernelArgumentError);
          expect(() =>
            group.multiPower(
              [
                { base: h, exponent: 1n },
                { base: h, exponent: e },
              ],
              10,
            ),
          ).toThrow(KernelArgumentError);
          expect(() => group.tablePower(table, e)).toThrow(KernelArgumentError);
          expect(() => group.tablePowerVartime(table, e)).toThrow(KernelArgumentError);
        }
        for (const e of [1023n, -1023n]) expect(() => group.power(h, e, 10)).not.toThrow();
        for (const bits of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
          expect(() => group.power(h, 0n, bits)).toThrow(KernelArgumentError);
          expect(() => group.multiPower([], bits)).toThrow(KernelArgumentError);
          expect(() => group.buildTable(h, bits)).toThrow(KernelArgumentError);
        }
        for (const max of [0, 1, -1, Number.NaN])
          expect(() => group.buildTable(h, 10, max)).toThrow(KernelArgumentError);
      });

      it('handles of another group or of no group are refused', () => {
        const { group, h } = toyElements(kernel);
        const other = kernel.createGroup({ discriminant: -783n, conductor: 3n });
        const stranger = other.identity;
        const table = other.buildTable(stranger, 10);
        const forged = { a: 1n, b: 1n, c: 1n } as unknown as Element;
        for (const bad of [stranger, forged]) {
          for (const attempt of [
            () => group.encode(bad),
            () => group.equals(h, bad),
            () => group.equals(bad, h),
            () => group.isIdentity(bad),
            () => group.isSquare(bad),
            () => group.compose(h, bad),
            () => group.compose(bad, h),
            () => group.square(bad),
            () => group.invert(bad),
            () => group.power(bad, 1n, 10),
            () => group.powerVartime(bad, 0n),
            () => group.multiPower([{ base: bad, exponent: 1n }], 10),
            () => group.multiPowerVartime([{ base: bad, exponent: 1n }]),
            () => group.buildTable(bad, 10),
          ]) {
            expect(attempt).toThrow(KernelArgumentError);
          }
        }
        expect(() => group.tablePower(table, 1n)).toThrow(KernelArgumentError);
        expect(() => group.tablePowerVartime(table, 1n)).toThrow(KernelArgumentError);
      });

      it('discriminants and conductors that do not fit are refused', () => {
        for (const discriminant of [0n, 1n, 5n, -1n, -2n, -4n, -5n, -8n]) {
          expect(() => kernel.createGroup({ discriminant })).toThrow(KernelArgumentError);
        }
        for (const conductor of [0n, 1n, 2n, -3n, 9n, 5n, 29n]) {
          expect(() => kernel.createGroup({ discriminant: -783n, conductor })).toThrow(KernelArgumentError);
        }
        // -11 * 3^4 and 3^5: the conductor divides p.
        expect(() => kernel.createGroup({ discriminant: -(3n ** 5n), conductor: 3n })).toThrow(KernelArgumentError);
        const group = kernel.createGroup({ discriminant: -783n, conductor: 3n });
        expect(group.kernel).toBe(kernel.name);
        expect(group.discriminant).toBe(-783n);
        expect(group.conductor).toBe(3n);
      });
    });
  });
}

/** (a, b, c) of an element through its canonical bytes. */
function parse(group: ClassGroup, element: Element): Form {
  const bytes = group.encode(element);
  const half = bytes.length / 2;
  const a = BigInt(`0x${hex(bytes.subarray(0, half))}`);
  const b = BigInt.asIntN(8 * half, BigInt(`0x${hex(bytes.subarray(half))}`));
  return formOf(a, b, group.discriminant);
}

/** Flips bits one at a time: a typed error, or another element with exactly the flipped bytes. */
function flipBits(group: ClassGroup, bytes: Uint8Array, count: number, rng: Rng): void {
  const total = 8 * bytes.length;
  for (let i = 0; i < count; i++) {
    const bit = count === total ? i : rng.below(total);
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    if (refusal(group, flipped) !== 'accepted') continue;
    expect(hex(group.encode(group.decode(flipped)))).toBe(hex(flipped));
    expect(group.equals(group.decode(flipped), group.decode(bytes))).toBe(false);
  }
}

function toyElements(kernel: Kernel) {
  const { discriminant, q } = toy;
  const group = kernel.createGroup({ discriminant, conductor: q });
  return {
    group,
    discriminant,
    h: group.decode(formBytes(toy.h[0], toy.h[1], discriminant)),
    f: group.decode(formBytes(toy.f[0], toy.f[1], discriminant)),
    t0: group.decode(formBytes(toy.t0[0], toy.t0[1], discriminant)),
    u: group.decodeUnchecked(formBytes(toy.u[0], toy.u[1], discriminant)),
  };
}

/** Pairs with the conditions of class-groups.md 2.1: p > 4q, pq = 3 mod 4, (q / p) = -1, small enough to enumerate. */
function tinyConductors(): { p: bigint; q: bigint }[] {
  const pairs: { p: bigint; q: bigint }[] = [];
  const isPrime = (n: bigint): boolean => {
    for (let k = 2n; k * k <= n; k++) if (n % k === 0n) return false;
    return n > 1n;
  };
  for (const q of [3n, 5n, 7n, 11n]) {
    let found = 0;
    for (let p = 4n * q + 1n; found < 4; p++) {
      const conditions = isPrime(p) && (p * q) % 4n === 3n && modularPower(q, (p - 1n) / 2n, p) === p - 1n;
      if (!conditions || slowGcd(p, q) !== 1n) continue;
      pairs.push({ p, q });
      found++;
    }
  }
  return pairs;
}
