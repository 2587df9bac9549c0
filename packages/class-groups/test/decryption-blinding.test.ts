/**
 * CG 1.10 on the path of a user's secret key: whoever made the ciphertext never sees the key meet the base that he chose.
 */
import type { Element } from '@dwallet/kernel';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { Secret, concat, encodeInt, encodeUint } from '@dwallet/sigma';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type Ciphertext,
  decrypt,
  decryptSquared,
  deriveTestParameters,
  encryptWith,
  generateKey,
  sampleRandomness,
} from '../src/index.ts';
import { testRandom } from './helpers/toy.ts';

const parameters = deriveTestParameters(wasmKernel, 520);
const { group, h, randomnessBits } = parameters;
const random = testRandom('decryption blinding');
const { secretKey, encryptionKey } = generateKey(parameters, random);

/** The square of a prime form over a small prime: parses, and makes powers of short exponents fast. */
const small = (() => {
  const width = group.elementBytes / 2;
  for (let l = 3n; ; l += 2n) {
    for (let b = 1n; b < l; b += 2n) {
      if ((b * b - group.discriminant) % (4n * l) !== 0n) continue;
      return group.square(group.decodeUnchecked(concat(encodeUint(l, width), encodeInt(b, width))));
    }
  }
})();

const ciphertexts: readonly (readonly [string, Ciphertext])[] = [
  ['an honest one', encryptWith(parameters, encryptionKey, 987654321n, sampleRandomness(parameters, random))],
  [
    'a small base',
    { c1: small, c2: group.compose(group.powerVartime(small, secretKey.expose()), parameters.powerOfF(5n)) },
  ],
  ['the identity', { c1: group.identity, c2: parameters.powerOfF(7n) }],
  ['h itself', { c1: h, c2: group.compose(encryptionKey.element, parameters.powerOfF(0n)) }],
  ['one outside F', { c1: small, c2: h }],
];

/** The definition, without blinding. */
const plain = ({ c1, c2 }: Ciphertext): bigint | undefined =>
  parameters.logF(group.compose(c2, group.powerVartime(c1, -secretKey.expose())));

describe('decryption with a long-lived key', () => {
  afterEach(() => vi.restoreAllMocks());

  test.each(ciphertexts)('gives what the definition gives: %s', (_, ciphertext) => {
    const expected = plain(ciphertext);
    expect(decrypt(parameters, secretKey, ciphertext)).toBe(expected);
    expect(decryptSquared(parameters, secretKey, ciphertext)).toBe(expected);
  });

  test.each(ciphertexts)(
    'never raises the base that it was given, nor one that its maker can predict: %s',
    (_, ciphertext) => {
      const bases: Element[] = [];
      const power = group.power.bind(group);
      vi.spyOn(group, 'power').mockImplementation((base, exponent, bits) => {
        bases.push(base);
        return power(base, exponent, bits);
      });
      for (const open of [decrypt, decryptSquared]) open(parameters, secretKey, ciphertext);
      // Twice: the blinded base, and the own public key, which nobody chose.
      expect(bases.length).toBe(4);
      const { c1 } = ciphertext;
      const foreseeable = [
        c1,
        group.invert(c1),
        group.square(c1),
        group.compose(c1, h),
        group.compose(c1, encryptionKey.element),
      ];
      const blinded = bases.filter((base) => !group.equals(base, encryptionKey.element));
      expect(blinded.length).toBe(2);
      for (const base of blinded) for (const guess of foreseeable) expect(group.equals(base, guess)).toBe(false);
    },
  );

  test('blinds differently for another key and another base', () => {
    const seen = new Set<string>();
    const other = generateKey(parameters, random);
    const power = group.power.bind(group);
    for (const [key, c1] of [
      [secretKey, small],
      [secretKey, group.square(small)],
      [other.secretKey, small],
      [new Secret(secretKey.expose() ^ 1n), small],
    ] as const) {
      vi.spyOn(group, 'power').mockImplementation((base, exponent, bits) => {
        // The factor that was multiplied in.
        if (exponent === key.expose()) seen.add(group.encode(group.compose(base, group.invert(c1))).join());
        return power(base, exponent, bits);
      });
      decrypt(parameters, key, { c1, c2: c1 });
      vi.restoreAllMocks();
    }
    expect(seen.size).toBe(4);
  });

  test('a key over its bound is refused, as before', () => {
    const [[, ciphertext]] = ciphertexts as [(typeof ciphertexts)[number]];
    for (const key of [1n << BigInt(randomnessBits), -1n]) {
      expect(() => decrypt(parameters, new Secret(key), ciphertext)).toThrow();
    }
  });
});
