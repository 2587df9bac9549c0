import { concat, encodeInt, encodeUint, mod, uniformBelow } from '@dwallet/sigma';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Ciphertext,
  addCiphertexts,
  ciphertextsEqual,
  decrypt,
  decryptSquared,
  encrypt,
  encryptWith,
  evaluateSecret,
  generateKey,
  linearCombinationVartime,
  randomizeCoefficient,
  randomizedCoefficientBits,
  sampleRandomness,
  subtractCiphertexts,
  trivialEncryption,
} from '../src/index.ts';
import { derivePrimeForm } from '../src/derive-parameters.ts';
import { testRandom, toyParameters } from './helpers/toy.ts';

const parameters = toyParameters;
const { group, q } = parameters;
const random = testRandom('encryption');
const { secretKey, encryptionKey } = generateKey(parameters, random);
const enc = (m: bigint): Ciphertext => encrypt(parameters, encryptionKey, m, random).ciphertext;
const dec = (ciphertext: Ciphertext): bigint | undefined => decrypt(parameters, secretKey, ciphertext);

describe('CG:T9 encryption and its homomorphisms', () => {
  const edges = [0n, 1n, 2n, q - 1n, q - 2n, (q + 1n) / 2n];
  test('round trip of edge plaintexts', () => {
    for (const m of edges) {
      const ciphertext = enc(m);
      expect(dec(ciphertext)).toBe(m);
      expect(decryptSquared(parameters, secretKey, ciphertext)).toBe(m);
    }
    expect(dec(enc(q))).toBe(0n);
    expect(dec(enc(-1n))).toBe(q - 1n);
  });

  test('sum, difference, constants, multiples by 0, 1, q - 1 and random', () => {
    const arbitrary = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 0n, max: q - 1n }));
    fc.assert(
      fc.property(arbitrary, arbitrary, arbitrary, (x, y, k) => {
        const [ctX, ctY] = [enc(x), enc(y)];
        expect(dec(addCiphertexts(parameters, ctX, ctY))).toBe(mod(x + y, q));
        expect(dec(subtractCiphertexts(parameters, ctX, ctY))).toBe(mod(x - y, q));
        expect(dec(addCiphertexts(parameters, ctX, trivialEncryption(parameters, k)))).toBe(mod(x + k, q));
        for (const coefficient of [0n, 1n, q - 1n, k, -k]) {
          const combination = linearCombinationVartime(parameters, [
            { ciphertext: ctX, coefficient },
            { ciphertext: ctY, coefficient: 1n },
          ]);
          expect(dec(combination)).toBe(mod(coefficient * x + y, q));
        }
      }),
      { numRuns: 12 },
    );
  });

  test('the empty sum and a multiple by 0 are the identity pair, a legal encryption of 0', () => {
    for (const zero of [
      addCiphertexts(parameters),
      linearCombinationVartime(parameters, [{ ciphertext: enc(5n), coefficient: 0n }]),
    ]) {
      expect(group.isIdentity(zero.c1) && group.isIdentity(zero.c2)).toBe(true);
      expect(dec(zero)).toBe(0n);
    }
  });

  test('decryption outside F fails instead of returning something (pitfall 18 is about what it cannot notice)', () => {
    const ciphertext = enc(5n);
    expect(dec({ ...ciphertext, c2: group.compose(ciphertext.c2, parameters.h) })).toBeUndefined();
    expect(dec({ c1: group.compose(ciphertext.c1, parameters.h), c2: ciphertext.c2 })).toBeUndefined();
    // A shift inside F is another plaintext: log_F authenticates nothing.
    expect(dec({ ...ciphertext, c2: group.compose(ciphertext.c2, parameters.powerOfF(3n)) })).toBe(8n);
  });

  test('one randomness for two messages reveals their difference (pitfall 20); encrypt never repeats it', () => {
    const r = sampleRandomness(parameters, random);
    const [x, y] = [encryptWith(parameters, encryptionKey, 1000n, r), encryptWith(parameters, encryptionKey, 58n, r)];
    expect(parameters.logF(group.compose(x.c2, group.invert(y.c2)))).toBe(942n);
    const seen = new Set(Array.from({ length: 20 }, () => Buffer.from(group.encode(enc(1n).c1)).toString('hex')));
    expect(seen.size).toBe(20);
  });
});

describe('CG:T10 secure evaluation', () => {
  const messages = [11n, q - 3n, 77n];
  const inputs = messages.map(enc);
  const coefficients = [uniformBelow(random, q), q - 1n, 0n];
  const expected = mod(
    messages.reduce((sum, m, i) => sum + m * (coefficients[i] as bigint), 0n),
    q,
  );
  const evaluate = (values: readonly bigint[], bits: number): Ciphertext =>
    evaluateSecret(
      parameters,
      encryptionKey,
      inputs.map((ciphertext, i) => ({ ciphertext, coefficient: values[i] as bigint })),
      bits,
      sampleRandomness(parameters, random),
    );

  test('cases T and U give the same plaintext', () => {
    expect(dec(evaluate(coefficients, 256))).toBe(expected);
    const randomized = coefficients.map((a) => randomizeCoefficient(parameters, a, random));
    expect(randomized.every((a, i) => mod(a, q) === coefficients[i])).toBe(true);
    expect(randomized.every((a) => a >> BigInt(randomizedCoefficientBits(parameters)) === 0n)).toBe(true);
    expect(dec(evaluate(randomized, randomizedCoefficientBits(parameters)))).toBe(expected);
  });

  test('the output is re-randomised: no two evaluations share c1, none equals the public combination (pitfall 17)', () => {
    const publicCombination = linearCombinationVartime(
      parameters,
      inputs.map((ciphertext, i) => ({ ciphertext, coefficient: coefficients[i] as bigint })),
    );
    const outputs = Array.from({ length: 5 }, () => evaluate(coefficients, 256));
    const all = [publicCombination, ...outputs];
    for (const [i, x] of all.entries())
      for (const y of all.slice(i + 1)) {
        expect(group.equals(x.c1, y.c1)).toBe(false);
        expect(ciphertextsEqual(parameters, x, y)).toBe(false);
      }
  });

  test('an input outside <h>: case U randomises its power, case T would publish g^a itself (pitfall 17)', () => {
    // g = t0^2 with g^q = h is a square but not in <h>, so the fresh h^eta cannot hide g^a. eta = 0 shows the part that eta leaves.
    const { l, bl } = derivePrimeForm(q, parameters.profile.fundamentalBits, parameters.p);
    const width = group.elementBytes / 2;
    const g = group.square(group.decodeUnchecked(concat(encodeUint(l, width), encodeInt(bl, width))));
    expect(group.equals(group.powerVartime(g, q), parameters.h)).toBe(true);
    const terms = (coefficient: bigint) => [{ ciphertext: { c1: g, c2: group.identity }, coefficient }];
    const a = uniformBelow(random, q);
    const plain = evaluateSecret(parameters, encryptionKey, terms(a), 256, 0n);
    expect(group.equals(plain.c1, group.powerVartime(g, a))).toBe(true);
    const hidden = Array.from({ length: 3 }, () => {
      const randomized = randomizeCoefficient(parameters, a, random);
      return evaluateSecret(parameters, encryptionKey, terms(randomized), randomizedCoefficientBits(parameters), 0n).c1;
    });
    for (const [i, x] of hidden.entries())
      for (const y of [plain.c1, ...hidden.slice(i + 1)]) expect(group.equals(x, y)).toBe(false);
  });
});
