/** MPC 11.3 for L_EncDL (6.5), L_EncDH^(1) and L_EncDH^(2) (6.6), L_ScaleDL (6.7). */
import {
  type Ciphertext,
  type EncryptionKey,
  type PublicParameters,
  deriveTestParameters,
  encrypt,
  generateKey,
  sampleRandomness,
  withTable,
} from '@dwallet/class-groups';
import { testKernel } from '../../kernel/test/test-kernel.ts';
import { type Language, prove, uniformBelow } from '@dwallet/sigma';
import { describe, expect, test } from 'vitest';
import { encryptionOfDiscreteLog } from '../src/proofs/encryption-of-discrete-log.ts';
import { scaledCiphertextWithDiscreteLog } from '../src/proofs/scaled-ciphertext-with-discrete-log.ts';
import { scaledCiphertexts } from '../src/proofs/scaled-ciphertexts.ts';
import { describeLanguage } from './helpers/language-suite.ts';
import { curve, q, randomFor, toyParameters } from './helpers/network-fixture.ts';
import { expectError } from './helpers/throws.ts';

interface Material {
  readonly parameters: PublicParameters;
  readonly key: EncryptionKey;
  readonly otherKey: EncryptionKey;
  readonly ciphertexts: readonly [Ciphertext, Ciphertext, Ciphertext];
}

const materialOf = (parameters: PublicParameters, label: string): Material => {
  const random = randomFor(label);
  const key = withTable(parameters, generateKey(parameters, random).encryptionKey);
  const otherKey = generateKey(parameters, random).encryptionKey;
  const ciphertext = () => encrypt(parameters, key, uniformBelow(random, q), random).ciphertext;
  return { parameters, key, otherKey, ciphertexts: [ciphertext(), ciphertext(), ciphertext()] };
};

let own: Material | undefined;
const material = (): Material => (own ??= materialOf(toyParameters(), 'material'));
let foreign: Material | undefined;
/** One bit more: another discriminant, encodings of the same length. */
const foreignMaterial = (): Material =>
  (foreign ??= materialOf(deriveTestParameters(testKernel, toyParameters().profile.fundamentalBits + 1), 'foreign'));

const top = (bits: number): bigint => (1n << BigInt(bits)) - 1n;
const etas = (parameters: PublicParameters, label: string, count: number): bigint[] => {
  const random = randomFor(label);
  return Array.from({ length: count }, () => sampleRandomness(parameters, random));
};
const scalar = (label: string): bigint => uniformBelow(randomFor(label), q);

/** Another h would be another class-group setup: its digest is a parameter. */
const withOtherDigest = (parameters: PublicParameters): PublicParameters =>
  Object.create(parameters, { digest: { value: parameters.digest.map((byte) => byte ^ 1) } }) as PublicParameters;

/** All of R bits in the transcript: another bound is another language. */
const withOtherBits = (language: Language): Language => ({
  ...language,
  coordinates: language.coordinates.map((c) => (c.kind === 'integer' ? { ...c, bits: c.bits + 1 } : c)),
});

describeLanguage('L_EncDL', () => {
  const { parameters, key, otherKey } = material();
  const R = parameters.randomnessBits;
  const language = encryptionOfDiscreteLog(curve, parameters, key);
  return {
    parameters,
    language,
    witness: (i) => [scalar(`x${i}`), ...etas(parameters, `eta${i}`, 1)],
    boundaries: [
      { name: 'x = 1, eta = 0', witness: [1n, 0n], allowed: true },
      { name: 'x = q - 1, eta = 2^R - 1', witness: [q - 1n, top(R)], allowed: true },
      { name: 'x = 0', witness: [0n, 5n], allowed: false },
      { name: 'x = q', witness: [q, 5n], allowed: false },
    ],
    wrongParameters: [
      { name: 'pk', language: encryptionOfDiscreteLog(curve, parameters, otherKey) },
      { name: 'class-group setup', language: encryptionOfDiscreteLog(curve, withOtherDigest(parameters), key) },
      { name: 'G', language: encryptionOfDiscreteLog({ ...curve, G: curve.H }, parameters, key) },
      { name: 'randomness bits', language: withOtherBits(language) },
      { name: 'name', language: { ...language, name: 'L_Other' } },
      { name: 'version', language: { ...language, version: 2 } },
      { name: 'sigma', language: { ...language, statisticalBits: 97 } },
    ],
    otherGroup: encryptionOfDiscreteLog(curve, foreignMaterial().parameters, foreignMaterial().key),
  };
});

describeLanguage('L_EncDH^(1)', () => {
  const { parameters, key, otherKey, ciphertexts } = material();
  const [ct, , other] = ciphertexts;
  const R = parameters.randomnessBits;
  const language = scaledCiphertexts(parameters, key, [ct]);
  const make = (input: Ciphertext, k = key) => scaledCiphertexts(parameters, k, [input]);
  return {
    parameters,
    language,
    witness: (i) => [scalar(`gamma${i}`), ...etas(parameters, `eta${i}`, 2)],
    boundaries: [
      { name: 'all zero', witness: [0n, 0n, 0n], allowed: true },
      { name: 'all largest', witness: [q - 1n, top(R), top(R)], allowed: true },
    ],
    wrongParameters: [
      { name: 'pk', language: make(ct, otherKey) },
      { name: 'ct_key.c1', language: make({ c1: other.c1, c2: ct.c2 }) },
      { name: 'ct_key.c2', language: make({ c1: ct.c1, c2: other.c2 }) },
      { name: 'class-group setup', language: scaledCiphertexts(withOtherDigest(parameters), key, [ct]) },
      { name: 'bits', language: withOtherBits(language) },
    ],
    light: true,
    otherGroup: scaledCiphertexts(foreignMaterial().parameters, foreignMaterial().key, [
      foreignMaterial().ciphertexts[0],
    ]),
  };
});

describeLanguage('L_EncDH^(2)', () => {
  const { parameters, key, otherKey, ciphertexts } = material();
  const [ct0, ct1, other] = ciphertexts;
  const R = parameters.randomnessBits;
  const tabled = {
    ...ct0,
    table1: parameters.group.buildTable(ct0.c1, 500),
    table2: parameters.group.buildTable(ct0.c2, 500),
  };
  const language = scaledCiphertexts(parameters, key, [tabled, ct1]);
  const make = (first: Ciphertext, second: Ciphertext, k = key) => scaledCiphertexts(parameters, k, [first, second]);
  return {
    parameters,
    language,
    witness: (i) => [scalar(`gamma${i}`), ...etas(parameters, `eta${i}`, 3)],
    boundaries: [
      { name: 'all zero', witness: [0n, 0n, 0n, 0n], allowed: true },
      { name: 'all largest', witness: [q - 1n, top(R), top(R), top(R)], allowed: true },
    ],
    wrongParameters: [
      { name: 'pk', language: make(ct0, ct1, otherKey) },
      { name: 'ct_0.c1', language: make({ c1: other.c1, c2: ct0.c2 }, ct1) },
      { name: 'ct_0.c2', language: make({ c1: ct0.c1, c2: other.c2 }, ct1) },
      { name: 'ct_1.c1', language: make(ct0, { c1: other.c1, c2: ct1.c2 }) },
      { name: 'ct_1.c2', language: make(ct0, { c1: ct1.c1, c2: other.c2 }) },
      { name: 'order of the inputs', language: make(ct1, ct0) },
      { name: 'class-group setup', language: scaledCiphertexts(withOtherDigest(parameters), key, [ct0, ct1]) },
      { name: 'bits', language: withOtherBits(language) },
    ],
    otherGroup: scaledCiphertexts(foreignMaterial().parameters, foreignMaterial().key, [
      foreignMaterial().ciphertexts[0],
      foreignMaterial().ciphertexts[1],
    ]),
  };
});

describeLanguage('L_ScaleDL', () => {
  const { parameters, key, otherKey, ciphertexts } = material();
  const [ct, , other] = ciphertexts;
  const R = parameters.randomnessBits;
  const language = scaledCiphertextWithDiscreteLog(curve, parameters, key, ct);
  const make = (input: Ciphertext, k = key) => scaledCiphertextWithDiscreteLog(curve, parameters, k, input);
  return {
    parameters,
    language,
    witness: (i) => [scalar(`k${i}`), ...etas(parameters, `eta${i}`, 1)],
    boundaries: [
      { name: 'k = 1, eta = 0', witness: [1n, 0n], allowed: true },
      { name: 'k = q - 1, eta = 2^R - 1', witness: [q - 1n, top(R)], allowed: true },
      // k is an integer of 256 bits: q + 1 gives the point of 1 and another, equally valid, ciphertext of gamma.
      { name: 'k = q + 1', witness: [q + 1n, 5n], allowed: true },
      { name: 'k = 0', witness: [0n, 5n], allowed: false },
      { name: 'k = q', witness: [q, 5n], allowed: false },
    ],
    wrongParameters: [
      { name: 'pk', language: make(ct, otherKey) },
      { name: 'ct_gamma.c1', language: make({ c1: other.c1, c2: ct.c2 }) },
      { name: 'ct_gamma.c2', language: make({ c1: ct.c1, c2: other.c2 }) },
      { name: 'G', language: scaledCiphertextWithDiscreteLog({ ...curve, G: curve.H }, parameters, key, ct) },
      {
        name: 'class-group setup',
        language: scaledCiphertextWithDiscreteLog(curve, withOtherDigest(parameters), key, ct),
      },
      { name: 'bits', language: withOtherBits(language) },
    ],
    otherGroup: scaledCiphertextWithDiscreteLog(
      curve,
      foreignMaterial().parameters,
      foreignMaterial().key,
      foreignMaterial().ciphertexts[0],
    ),
  };
});

describe('names and parameters of the languages', () => {
  test("a witness over its declared bits is the caller's error", () => {
    const { parameters, key, ciphertexts } = material();
    const language = scaledCiphertexts(parameters, key, [ciphertexts[0]]);
    const { c1, c2 } = ciphertexts[1];
    const statement = [c1, c2, c1, c2];
    const attempt = (witness: bigint[]) => () =>
      prove(language, new Uint8Array(0), [statement], [witness], randomFor('over'));
    const tooLong = 1n << BigInt(parameters.randomnessBits);
    expectError('InvalidArgumentsError', attempt([1n << 256n, 1n, 1n]));
    expectError('InvalidArgumentsError', attempt([1n, tooLong, 1n]));
    expectError('InvalidArgumentsError', attempt([-1n, 1n, 1n]));
  });

  test('L_EncDH^(1) and L_EncDH^(2) are different oracles even where they share a prefix', () => {
    const { parameters, key, ciphertexts } = material();
    const one = scaledCiphertexts(parameters, key, [ciphertexts[0]]);
    const two = scaledCiphertexts(parameters, key, [ciphertexts[0], ciphertexts[1]]);
    expect(one.name).not.toBe(two.name);
    expect(one.parameters[2]).not.toEqual(two.parameters[2]);
    expect(() => scaledCiphertexts(parameters, key, [])).toThrow('inputs');
    expect(() => scaledCiphertexts(parameters, key, [...ciphertexts])).toThrow('inputs');
  });

  test('a curve of another order is refused', () => {
    const { parameters, key, ciphertexts } = material();
    const other = { ...curve, q: q - 2n };
    expect(() => encryptionOfDiscreteLog(other, parameters, key)).toThrow('curve');
    expect(() => scaledCiphertextWithDiscreteLog(other, parameters, key, ciphertexts[0])).toThrow('curve');
  });
});
