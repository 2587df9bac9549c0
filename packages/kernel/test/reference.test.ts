/**
 * The reference kernel: the common suite, and its own parts (branch coverage of NUCOMP and NUDUPL, Lehmer, recodings).
 *
 * @module
 */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceKernel } from '../src/index.ts';
import { type Branch, observeBranches } from '../src/reference/branch-trace.ts';
import { type Form, isReduced, reduceForm } from '../src/reference/form.ts';
import {
  bitLength,
  floorDivide,
  floorModulo,
  integerSquareRoot,
  jacobiSymbol,
  readBigEndian,
  writeBigEndian,
} from '../src/reference/integers.ts';
import { euclid, gcdWithCofactor } from '../src/reference/lehmer.ts';
import { nucomp } from '../src/reference/nucomp.ts';
import { nudupl } from '../src/reference/nudupl.ts';
import { nafDigits, nafWidth, regularDigits, regularWidth } from '../src/reference/recoding.ts';
import { textbookCompose } from '../src/reference/textbook-compose.ts';
import { kernelConformance } from './conformance.ts';
import { corpus, discriminantOf, formOf, Rng, slowGcd } from './forms.ts';
import { derivedVectors } from './vectors.ts';

kernelConformance('reference', referenceKernel);

const sameForm = (x: Form, y: Form): boolean => x.a === y.a && x.b === y.b && x.c === y.c;

describe('CG:T2 NUCOMP and NUDUPL', () => {
  it('equal the plain composition on every branch, for the usual bound and for extreme ones', () => {
    const hits = new Map<Branch, number>();
    observeBranches((branch) => hits.set(branch, (hits.get(branch) ?? 0) + 1));
    try {
      const rng = new Rng(11);
      const odd = 3n * 5n * 7n * 11n * 13n;
      const discriminants: bigint[] = [];
      for (let bits = 6; bits <= 60; bits++) {
        discriminants.push(rng.discriminant(bits), -(-rng.discriminant(bits) | 7n));
        let rest = rng.bits(bits) | 1n;
        while ((odd * rest) % 4n !== 3n) rest += 2n;
        discriminants.push(-odd * rest);
      }
      for (let bits = 70; bits <= 600; bits += 12) discriminants.push(rng.discriminant(bits));
      for (const { p, q } of derivedVectors.slice(0, 2)) discriminants.push(-p * q ** 3n);
      let checked = 0;
      for (const discriminant of discriminants) {
        const large = bitLength(discriminant) > 64;
        const forms = corpus(discriminant, rng, large ? 12 : 16);
        const usual = integerSquareRoot(integerSquareRoot(-discriminant / 4n)) || 1n;
        // L = 1 runs the partial gcd to its end; a huge L never starts it. The result must not depend on L (1.7).
        const bounds = [usual, 1n, -discriminant, usual * usual, integerSquareRoot(usual) + 1n];
        for (const x of forms) {
          const square = textbookCompose(x, x);
          for (const bound of bounds) expect(sameForm(nudupl(x, bound), square)).toBe(true);
          for (const y of forms) {
            const product = textbookCompose(x, y);
            for (const bound of large ? bounds.slice(0, 2) : bounds) {
              if (!sameForm(nucomp(x, y, bound), product)) {
                throw new Error(`nucomp ${discriminant}, ${x.a} ${x.b}, ${y.a} ${y.b}, L = ${bound}`);
              }
              checked++;
            }
          }
        }
      }
      expect(checked).toBeGreaterThan(100_000);
    } finally {
      observeBranches(undefined);
    }
    const all: Branch[] = [
      'nucomp/coprime',
      'nucomp/gcd-divides-s',
      'nucomp/gcd-does-not-divide-s',
      'nucomp/z=0',
      'nucomp/z=0,bx=0',
      'nucomp/z-odd',
      'nucomp/z-even',
      'nucomp/z>0,bx=0',
      'nudupl/coprime',
      'nudupl/gcd>1',
      'nudupl/z=0',
      'nudupl/z-odd',
      'nudupl/z-even',
      'lehmer/matrix',
      'lehmer/division',
      'lehmer/last-word',
    ];
    expect(all.filter((branch) => (hits.get(branch) ?? 0) < 200)).toEqual([]);
  });

  it('reach every branch of NUCOMP with the usual bound as well', () => {
    const hits = new Set<Branch>();
    observeBranches((branch) => hits.add(branch));
    try {
      const rng = new Rng(12);
      for (let bits = 6; bits <= 60; bits++) {
        const discriminant = -3n * 5n * 7n * (rng.bits(bits) | 1n);
        if (floorModulo(discriminant, 4n) !== 1n) continue;
        const bound = integerSquareRoot(integerSquareRoot(-discriminant / 4n)) || 1n;
        const forms = corpus(discriminant, rng, 16);
        for (const x of forms) for (const y of forms) nucomp(x, y, bound);
      }
    } finally {
      observeBranches(undefined);
    }
    const reached = [...hits].filter((branch) => branch.startsWith('nucomp/'));
    expect(reached.length).toBe(8);
  });

  it('stay on the discriminant for a power of two chain at full size', () => {
    for (const { p, q } of derivedVectors) {
      const discriminant = -p * q ** 3n;
      const bound = integerSquareRoot(integerSquareRoot(-discriminant / 4n));
      let x = formOf(q * q, q, discriminant);
      let y = formOf(1n, 1n, discriminant);
      for (let i = 0; i < 50; i++) {
        y = nucomp(y, x, bound);
        x = nudupl(x, bound);
        expect(discriminantOf(x)).toBe(discriminant);
        expect(discriminantOf(y)).toBe(discriminant);
        expect(isReduced(x) && isReduced(y)).toBe(true);
      }
    }
  });
});

describe('reduction', () => {
  it('finds the reduced form of translated and turned forms, and the same one', () => {
    const rng = new Rng(13);
    for (const bits of [8, 30, 64, 300, 1861]) {
      const discriminant = rng.discriminant(bits);
      for (const form of corpus(discriminant, rng, 6)) {
        let { a, b, c } = form;
        for (let i = 0; i < 6; i++) {
          const r = rng.bits(20) - 2n ** 19n;
          // Translate by r, then turn: both keep the class.
          [a, b, c] = [a * r * r + b * r + c, -b - 2n * r * a, a];
          expect(sameForm(reduceForm(a, b, c), form)).toBe(true);
        }
      }
    }
  });
});

describe('Lehmer', () => {
  /** Plain Euclid with signed cofactors, stopping as class-groups.md 1.7 step 6 says. */
  const plain = (by: bigint, bx: bigint, bound: bigint) => {
    let [x, y, capitalX, capitalY, steps] = [by, bx, 1n, 0n, 0];
    while (x > bound && y !== 0n) {
      const quotient = x / y;
      [x, y] = [y, x - quotient * y];
      [capitalX, capitalY] = [capitalY - quotient * capitalX, capitalX];
      steps++;
    }
    return { x, y, capitalX, capitalY, steps };
  };

  const check = (x: bigint, y: bigint, bound: bigint): void => {
    const [large, little] = x >= y ? [x, y] : [y, x];
    const expected = plain(large, little, bound);
    const state = euclid(large, little, bound);
    // The last quotients may be applied together, so a state with x <= bound is the first such one in both.
    expect({ x: state.x, y: state.y, odd: state.odd, moved: state.moved }).toEqual({
      x: expected.x,
      y: expected.y,
      odd: expected.steps % 2 === 1,
      moved: expected.steps > 0,
    });
    expect(state.odd ? -state.cofactorY : state.cofactorY).toBe(expected.capitalX);
    expect(state.odd ? state.cofactorX : -state.cofactorX).toBe(expected.capitalY);
  };

  it('takes exactly the steps of Euclid, whole and partial', () => {
    const integer = fc
      .tuple(fc.integer({ min: 1, max: 2400 }), fc.bigInt({ min: 0n, max: 2n ** 2400n }))
      .map(([bits, value]) => BigInt.asUintN(bits, value));
    fc.assert(
      fc.property(integer, integer, integer, (x, y, bound) => {
        check(x, y, 0n);
        check(x, y, bound);
        check(x, y, integerSquareRoot(x));
      }),
      { numRuns: 400 },
    );
  });

  it('takes exactly the steps of Euclid on huge quotients, tiny quotients, common factors and window edges', () => {
    const rng = new Rng(14);
    let [a, b] = [1n, 1n];
    // Consecutive Fibonacci numbers: all quotients 1.
    for (let i = 0; i < 1500; i++) [a, b] = [a + b, a];
    check(a, b, 0n);
    check(a, b, integerSquareRoot(a));
    for (let i = 0; i < 3000; i++) {
      const bits = 1 + rng.below(400);
      const shared = rng.bits(rng.below(120)) + 1n;
      const x = rng.bits(bits) * shared;
      const y = rng.bits(rng.below(bits + 1)) * shared;
      check(x, y, 0n);
      check(x, y, rng.bits(1 + rng.below(bits)));
    }
    for (let k = 40n; k <= 120n; k++) {
      for (const dx of [-2n, -1n, 0n, 1n, 2n]) {
        for (const y of [2n ** k - 1n, 2n ** k, 2n ** (k - 1n) + 1n, 2n ** (k / 2n), 2n ** (k - 26n) - 1n, 1n, 0n]) {
          check(2n ** k + dx, y, 0n);
          check(2n ** k + dx, y, 2n ** (k / 2n));
        }
      }
    }
  });

  it('stops at the first remainder that is not above the bound, for bounds next to remainders', () => {
    const rng = new Rng(17);
    for (let i = 0; i < 400; i++) {
      const bits = 60 + rng.below(400);
      const x = rng.bits(bits) + 1n;
      const y = floorModulo(rng.bits(bits), x);
      for (let [r0, r1] = [x, y]; r1 !== 0n; [r0, r1] = [r1, r0 % r1]) {
        if (rng.below(4) === 0) for (const delta of [-1n, 0n, 1n]) check(x, y, r1 + delta);
      }
    }
  });

  it('returns the gcd and a cofactor', () => {
    const rng = new Rng(15);
    for (let i = 0; i < 2000; i++) {
      const x = rng.bits(1 + rng.below(300)) + 1n;
      const y = floorModulo(rng.bits(300), x + 1n);
      const { gcd, cofactor } = gcdWithCofactor(x, y);
      expect(gcd).toBe(slowGcd(x, y));
      expect(floorModulo(cofactor * y - gcd, x)).toBe(0n);
    }
  });
});

describe('integers', () => {
  it('floors towards minus infinity (pitfall 9)', () => {
    for (let x = -20n; x <= 20n; x++) {
      for (let y = 1n; y <= 7n; y++) {
        expect(floorDivide(x, y)).toBe(BigInt(Math.floor(Number(x) / Number(y))));
        expect(floorDivide(x, y) * y + floorModulo(x, y)).toBe(x);
        expect(floorModulo(x, y) >= 0n && floorModulo(x, y) < y).toBe(true);
      }
    }
  });

  it('bit length and integer square root', () => {
    expect([0n, 1n, 2n, 3n, 4n, 255n, 256n, -256n].map(bitLength)).toEqual([0, 1, 2, 2, 3, 8, 9, 9]);
    for (let k = 1n; k < 200n; k++) {
      expect(bitLength(2n ** k)).toBe(Number(k) + 1);
      expect(bitLength(2n ** k - 1n)).toBe(Number(k));
      expect(integerSquareRoot(4n ** k - 1n)).toBe(2n ** k - 1n);
      expect(integerSquareRoot(4n ** k)).toBe(2n ** k);
    }
    for (let x = 0n; x < 200n; x++) expect(integerSquareRoot(x)).toBe(BigInt(Math.floor(Math.sqrt(Number(x)))));
  });

  it('Jacobi symbol equals the definition', () => {
    for (const prime of [3n, 5n, 7n, 11n, 13n, 17n, 1009n]) {
      const squares = new Set<bigint>();
      for (let x = 1n; x < prime; x++) squares.add((x * x) % prime);
      for (let x = -prime; x <= 2n * prime; x++) {
        const residue = floorModulo(x, prime);
        expect(jacobiSymbol(x, prime)).toBe(residue === 0n ? 0 : squares.has(residue) ? 1 : -1);
      }
    }
    for (let n = 1n; n < 100n; n += 2n) {
      for (let x = 0n; x < n; x++) {
        // Multiplicative in n.
        const product = jacobiSymbol(x, n) * jacobiSymbol(x, 1009n);
        expect(jacobiSymbol(x, n * 1009n) === product).toBe(true);
        if (slowGcd(x, n) !== 1n) expect(jacobiSymbol(x, n)).toBe(0);
      }
    }
    expect(jacobiSymbol(1n << 200n, 2n ** 255n - 19n)).toBe(1);
    expect(jacobiSymbol(1n << 201n, 2n ** 255n - 19n)).toBe(-1);
  });

  it('big-endian bytes', () => {
    const out = new Uint8Array(6).fill(9);
    writeBigEndian(0x0102ffn, out, 1, 4);
    expect([...out]).toEqual([9, 0, 1, 2, 255, 9]);
    expect(readBigEndian(out, 1, 4)).toBe(0x0102ffn);
  });
});

describe('recodings', () => {
  const positive = fc.bigInt({ min: 0n, max: 2n ** 300n });

  it('NAF: value, digit range, spacing', () => {
    fc.assert(
      fc.property(positive, fc.integer({ min: 2, max: 8 }), (e, width) => {
        const digits = nafDigits(e, width);
        expect(digits.reduce((sum, { position, digit }) => sum + BigInt(digit) * 2n ** BigInt(position), 0n)).toBe(e);
        digits.forEach(({ position, digit }, i) => {
          expect(Math.abs(digit) % 2).toBe(1);
          expect(Math.abs(digit)).toBeLessThan(2 ** (width - 1));
          if (i > 0) expect(position - (digits[i - 1]?.position ?? 0)).toBeGreaterThanOrEqual(width);
        });
      }),
    );
    expect(nafDigits(0n, 5)).toEqual([]);
  });

  it('regular: value, digits odd and in range, count fixed (lessons 1.21)', () => {
    fc.assert(
      fc.property(positive, fc.boolean(), fc.integer({ min: 1, max: 8 }), (e, negative, width) => {
        const odd = (negative ? -e : e) | 1n;
        const count = Math.ceil(301 / width);
        const digits = regularDigits(odd, width, count);
        expect(digits.length).toBe(count);
        expect(digits.reduce((sum, digit, i) => sum + BigInt(digit) * 2n ** BigInt(width * i), 0n)).toBe(odd);
        for (const digit of digits) {
          expect(Math.abs(digit) % 2).toBe(1);
          expect(Math.abs(digit)).toBeLessThan(2 ** width);
        }
      }),
    );
  });

  it('the sequence of group operations of a secret power depends on the bound alone', () => {
    // Counted through the branch trace: squarings and products for very different exponents.
    const { p, q } = { p: 4079n, q: 1009n };
    const group = referenceKernel.createGroup({ discriminant: -p * q ** 3n, conductor: q });
    const bytes = new Uint8Array(group.elementBytes);
    bytes.set([3], group.elementBytes / 2 - 1);
    bytes.set([1], group.elementBytes - 1);
    const base = group.decode(bytes);
    const table = group.buildTable(base, 200);
    const count = (run: () => void): string => {
      let sequence = '';
      observeBranches((branch) => {
        if (branch === 'nudupl/coprime' || branch === 'nudupl/gcd>1') sequence += 'S';
        if (branch === 'nucomp/coprime' || branch.startsWith('nucomp/gcd')) sequence += 'M';
      });
      run();
      observeBranches(undefined);
      return sequence;
    };
    const exponents = [0n, 1n, -1n, 2n, 2n ** 199n, 2n ** 200n - 1n, -(2n ** 200n) + 1n, new Rng(16).bits(200)];
    for (const run of [
      (e: bigint) => group.power(base, e, 200),
      (e: bigint) => group.tablePower(table, e),
      (e: bigint) =>
        group.multiPower(
          [
            { base, exponent: e },
            { base, exponent: 5n },
          ],
          200,
        ),
    ]) {
      expect(new Set(exponents.map((e) => count(() => run(e)))).size).toBe(1);
    }
  });

  it('widths grow with the length', () => {
    expect([1, 16, 64, 128, 256, 1000, 1500].map(nafWidth)).toEqual([2, 2, 4, 5, 5, 7, 7]);
    expect([1, 16, 128, 256, 1000].map(regularWidth)).toEqual([1, 2, 4, 5, 6]);
  });
});
