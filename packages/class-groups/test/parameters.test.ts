import {
  type PublicParameters,
  clg112,
  clg128,
  createPublicParameters,
  randomnessBits,
  secp256k1Order,
} from '../src/index.ts';
import { testKernel } from '../../kernel/test/test-kernel.ts';
import {
  bitLength,
  bytesToInteger,
  concat,
  encodeInt,
  encodeUint,
  encodeUint16,
  encodeUint32,
  mod,
  uniformBelow,
  xof,
} from '@dwallet/sigma';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { deriveP, derivePrimeForm, isProbablePrime, jacobi } from '../src/derive-parameters.ts';
import { publishedSecp256k1 } from '../src/published-parameters.ts';
import { decrypt, encryptWith } from '../src/encryption.ts';
import { ceilLog2, dealtShareBits, factorial, finalShareBits, shareGrowthBits } from '../src/sharing/sizes.ts';
import { Secret } from '@dwallet/sigma';
import { testRandom, toyParameters } from './helpers/toy.ts';
import { orderTwo } from './helpers/order-two.ts';

const prefix = (parameters: PublicParameters, element: Parameters<PublicParameters['group']['encode']>[0]): string =>
  bytesToHex(sha256(parameters.group.encode(element))).slice(0, 16);

const full = {
  1348: createPublicParameters(testKernel, clg112),
  1827: createPublicParameters(testKernel, clg128),
};

const published = {
  1348: {
    h: '2d5e9ba0deaae757',
    f: 'fc11cd86a5a01ffa',
    h2: '372e7a773fe2d375',
    h3: '8913005f65c834ad',
    h64: '90887795a0239711',
    pk: '413419741450aca1',
    c1: 'eac140ba8374a57c',
    c2: '8bc93c4af41002ae',
    quotient: '1d8c41f5dbc304b7',
  },
  1827: {
    h: 'b098661308c5c894',
    f: '33d9b1677eadc37d',
    h2: 'd6a3ad755f1f4c06',
    h3: 'faba9f429d3e691e',
    h64: '394c66fae11fcb87',
    pk: 'e7b7cc795e8423d8',
    c1: 'cf4d3c012e7f91a9',
    c2: '3a6d61995a25a43c',
    quotient: '142200fb5db54a02',
  },
} as const;

describe('CG A.3: derived parameters', () => {
  // The complete transparent derivation of both profiles: about 1.5 s together.
  test.each([
    [1348, 95, 65],
    [1827, 774, 87],
  ] as const)(
    'D = %i: the derivation of CG 2.3 stops at the published counters and constants',
    (D, counterP, counterH) => {
      const constants = publishedSecp256k1[D];
      const { p, counter } = deriveP(secp256k1Order, D);
      expect({ p, counter }).toEqual({ p: constants?.p, counter: counterP });
      const form = derivePrimeForm(secp256k1Order, D, p);
      expect(form).toEqual({ l: constants?.l, bl: constants?.bl, counter: counterH });
      expect([constants?.counterP, constants?.counterH]).toEqual([counterP, counterH]);
    },
  );

  test('an independent reading of CG 2.3: the published p is the candidate of its counter, and earlier counters of a sample fail', () => {
    const D = 1827;
    const q = secp256k1Order;
    const lp = D - 256 + 1;
    const candidate = (counter: number): bigint => {
      const qb = encodeUint(q, 32);
      const data = concat(encodeUint16(D), encodeUint16(32), qb, encodeUint32(counter));
      const x = bytesToInteger(xof('CLG-v1/p', data, Math.ceil(lp / 8))) % 2n ** BigInt(lp);
      // q = 1 mod 4: the two low bits become 3.
      return (x | (1n << BigInt(lp - 1))) - (x % 4n) + 3n;
    };
    expect(q % 4n).toBe(1n);
    expect(candidate(774)).toBe(publishedSecp256k1[D]?.p);
    for (const counter of [0, 1, 100, 500, 772, 773]) {
      const x = candidate(counter);
      expect(isProbablePrime(x) && jacobi(q, x) === -1).toBe(false);
    }
  });

  test.each([1348, 1827] as const)('D = %i: all hash prefixes of the table', (D) => {
    const parameters = full[D];
    const { group, h } = parameters;
    const row = published[D];
    const integer = (label: string, length: number): bigint => bytesToInteger(xof(label, new Uint8Array(0), length));
    const sk = integer('tv-sk', 95);
    const r = integer('tv-r', 95);
    const m = integer('tv-m', 31);
    const pk = parameters.powerOfH(sk, parameters.randomnessBits);
    const ciphertext = encryptWith(parameters, { element: pk }, m, r);
    expect({
      h: prefix(parameters, h),
      f: prefix(parameters, parameters.powerOfF(1n)),
      h2: prefix(parameters, group.square(h)),
      h3: prefix(parameters, group.powerVartime(h, 3n)),
      h64: prefix(parameters, group.powerVartime(h, (1n << 64n) + 1n)),
      pk: prefix(parameters, pk),
      c1: prefix(parameters, ciphertext.c1),
      c2: prefix(parameters, ciphertext.c2),
      quotient: prefix(parameters, group.compose(group.invert(h), pk)),
    }).toEqual(row);
    expect(decrypt(parameters, new Secret(sk), ciphertext)).toBe(m);
  });

  test.each([
    [1348, 1093, 1861, 234],
    [1827, 1572, 2340, 294],
  ] as const)('CG 2.5: sizes for D = %i', (D, pBits, deltaBits, elementBytes) => {
    const parameters = full[D];
    expect(bitLength(parameters.p)).toBe(pBits);
    expect(bitLength(parameters.group.discriminant)).toBe(deltaBits);
    expect(parameters.group.elementBytes).toBe(elementBytes);
    expect([D, D + 1]).toContain(bitLength(parameters.p * parameters.q));
    expect(parameters.fundamentalDiscriminant).toBe(-parameters.p * parameters.q);
    // CG 2.1 (pitfalls 12, 13).
    expect((parameters.p * parameters.q) % 4n).toBe(3n);
    expect(jacobi(parameters.q, parameters.p)).toBe(-1);
    expect(parameters.p > 4n * parameters.q).toBe(true);
  });

  test('CG:T8 h is the square and the q-th power of public elements, and passes the square test', () => {
    for (const D of [1348, 1827] as const) {
      const parameters = full[D];
      const { group, q } = parameters;
      const constants = publishedSecp256k1[D] as { l: bigint; bl: bigint };
      const width = group.elementBytes / 2;
      const t0 = group.decodeUnchecked(concat(encodeUint(constants.l, width), encodeInt(constants.bl, width)));
      expect(group.equals(group.powerVartime(t0, 2n * q), parameters.h)).toBe(true);
      expect(group.isSquare(parameters.h)).toBe(true);
    }
  });

  test('a toy profile is refused where a production one is asked for', () => {
    expect(() => createPublicParameters(testKernel, toyParameters.profile)).toThrow(/not a production profile/);
    expect(() => createPublicParameters(testKernel, { ...clg128, fundamentalBits: 520 })).toThrow(/production/);
    expect(toyParameters.profile.production).toBe(false);
  });
});

describe('CG:T5 f and logarithms in F', () => {
  const all: readonly (readonly [string, PublicParameters])[] = [
    ['toy', toyParameters],
    ['CLG-112', full[1348]],
    ['CLG-128', full[1827]],
  ];
  test.each(all)('%s: f^q = 1, closed form, round trip', (label, parameters) => {
    const { group, q } = parameters;
    const f = parameters.powerOfF(1n);
    expect(group.isIdentity(group.powerVartime(f, q))).toBe(true);
    const random = testRandom(`T5 ${label}`);
    for (const m of [0n, 1n, 2n, q - 1n, uniformBelow(random, q), uniformBelow(random, q)]) {
      const power = parameters.powerOfF(m);
      expect(group.equals(power, group.powerVartime(f, m))).toBe(true);
      expect(parameters.logF(power)).toBe(m);
    }
    expect(group.equals(parameters.powerOfF(-5n), group.powerVartime(f, -5n))).toBe(true);
  });

  test('the logarithm is total: undefined outside F (pitfall 19)', () => {
    const { group, h, p, q } = toyParameters;
    const width = group.elementBytes / 2;
    const f = toyParameters.powerOfF(1n);
    const u = orderTwo(toyParameters);
    for (const outside of [h, group.compose(f, h), u, group.compose(f, u), group.invert(h)]) {
      expect(toyParameters.logF(outside)).toBeUndefined();
    }
    // A reduced form with q | b but a != q^2: without the comparison of a, b / q would be inverted and returned.
    const crafted = (() => {
      for (let k = 1n; ; k += 2n) {
        const N = (k * k + p * q) / 4n;
        for (let s = 17n; s < 1000n; s++) if (N % s === 0n) return { a: N / s, b: q * k, k };
      }
    })();
    const form = group.decodeUnchecked(concat(encodeUint(crafted.a, width), encodeInt(crafted.b, width)));
    expect(mod(crafted.b, q)).toBe(0n);
    expect(crafted.a === q * q).toBe(false);
    expect(toyParameters.logF(form)).toBeUndefined();
  });
});

describe('CG 6.1: sizes', () => {
  // n, t, log n!, Lg, ell_sh 112, ell_d 112, ell_sh 128, ell_d 128
  test.each([
    [4, 3, 5, 9, 983, 1213, 1223, 1453],
    [16, 11, 45, 67, 1043, 1271, 1283, 1511],
    [64, 43, 296, 396, 1374, 1600, 1614, 1840],
    [100, 67, 525, 682, 1661, 1886, 1901, 2126],
    [115, 77, 627, 808, 1787, 2012, 2027, 2252],
    [128, 86, 717, 919, 1898, 2123, 2138, 2363],
  ])('the published row of n = %i (sigma = 80)', (n, t, logFactorial, growth, sh112, d112, sh128, d128) => {
    expect(ceilLog2(factorial(n))).toBe(logFactorial);
    expect(shareGrowthBits(n, t)).toBe(growth);
    expect(dealtShareBits(n, t, 764, 80)).toBe(sh112);
    expect(finalShareBits(n, t, 764, 80)).toBe(d112);
    expect(dealtShareBits(n, t, 1004, 80)).toBe(sh128);
    expect(finalShareBits(n, t, 1004, 80)).toBe(d128);
  });

  test('randomness: the larger formula of both documents, at sigma = 96 and at the published sigma = 80', () => {
    expect(randomnessBits(1827)).toBe(1020);
    expect(randomnessBits(1348)).toBe(781);
    // CG alone gives 764 / 1004 at sigma = 80; MPC's formula is one bit longer for D = 1348.
    expect(Math.ceil(1348 / 2) + 10 + 80).toBe(764);
    expect(randomnessBits(1348, 80)).toBe(765);
    expect(randomnessBits(1827, 80)).toBe(1004);
    expect(full[1827].randomnessBits).toBe(1020);
    expect(full[1348].randomnessBits).toBe(781);
  });
});
