import { orderTwo as orderTwoOf } from '../../class-groups/test/helpers/order-two.ts';
import {
  addCiphertexts,
  encrypt,
  encryptWith,
  evaluateSecret,
  randomizeCoefficient,
  randomizedCoefficientBits,
  sampleRandomness,
} from '@dwallet/class-groups';
import { type Curve, type Random, prove, proofBytes, uniformBelow, verifyExact } from '@dwallet/sigma';
import { describe, expect, it } from 'vitest';
import { describeProofSuite, statementOf } from '../../sigma/test/helpers/proof-suite.ts';
import { committedLinearEvaluation } from '../src/proofs/committed-linear-evaluation.ts';
import { createFixture, curve, q, randomFor } from './helpers/sign-fixture.ts';

const fixture = createFixture({ seed: 'L_DComEval' });
const { parameters, setup } = fixture;
const { group, randomnessBits } = parameters;
const key = setup.encryptionKey;
const random = randomFor('L_DComEval');
const fresh = (m: bigint) => encrypt(parameters, key, m, random).ciphertext;
const ct1 = fresh(11n);
const ct2 = fresh(22n);
const ct3 = fresh(33n);
const language = committedLinearEvaluation(parameters, key, curve, [ct1, ct2]);
const bits = randomizedCoefficientBits(parameters);

/** (p, p, (p + q^3) / 4): the class of order 2 (CG 1.5). */
const orderTwo = orderTwoOf(parameters);

const otherPoint = curve.multiply(curve.G, 424242n);
const withOther = (change: Partial<Curve>): Curve => ({ ...curve, ...change });
const sample = (source: Random): bigint[] => [
  randomizeCoefficient(parameters, uniformBelow(source, q), source),
  randomizeCoefficient(parameters, uniformBelow(source, q), source),
  uniformBelow(source, q),
  uniformBelow(source, q),
  sampleRandomness(parameters, source),
];

describe('L_DComEval', () => {
  it('has coefficients of 257 + R bits and the widths of MPC 6.13', () => {
    expect(bits).toBe(257 + randomnessBits);
    const coefficientBytes = Math.ceil((bits + 96 + 128 + 1) / 8);
    const etaBytes = Math.ceil((randomnessBits + 96 + 128 + 1) / 8);
    expect(proofBytes(language, 1)).toBe(2 * group.elementBytes + 2 * 33 + 2 * coefficientBytes + 64 + etaBytes);
  });

  it('the order-2 class squares to the identity, is not a square, and the decoder refuses it', () => {
    expect(group.isIdentity(group.square(orderTwo))).toBe(true);
    expect(group.isIdentity(orderTwo)).toBe(false);
    expect(group.isSquare(orderTwo)).toBe(false);
    expect(() => group.decode(group.encode(orderTwo))).toThrow('CG:P7');
  });

  it('its statement is what evaluateSecret computes, and decrypts to the linear combination', () => {
    const witness = sample(random);
    const [a1, a2, , , eta] = witness as [bigint, bigint, bigint, bigint, bigint];
    const statement = statementOf(language, witness);
    const ciphertext = evaluateSecret(
      parameters,
      key,
      [
        { ciphertext: ct1, coefficient: a1 },
        { ciphertext: ct2, coefficient: a2 },
      ],
      bits,
      eta,
    );
    expect(group.equals(statement[0] as never, ciphertext.c1)).toBe(true);
    expect(group.equals(statement[1] as never, ciphertext.c2)).toBe(true);
    expect(fixture.open(ciphertext)).toBe((11n * a1 + 22n * a2) % q);
  });

  it('does not accept a ciphertext of another plaintext: +1 on c2, another input, the second coefficient dropped', () => {
    const witness = sample(random);
    const context = new Uint8Array(3);
    const statement = statementOf(language, witness);
    const one = encryptWith(parameters, key, 1n, 0n);
    const shifted = addCiphertexts(parameters, { c1: statement[0] as never, c2: statement[1] as never }, one);
    const candidates = [
      [shifted.c1, shifted.c2, statement[2], statement[3]],
      statementOf(committedLinearEvaluation(parameters, key, curve, [ct1, ct3]), witness),
      statementOf(language, [witness[0] as bigint, 0n, ...witness.slice(2)]),
    ] as (typeof statement)[];
    for (const candidate of candidates) {
      const proof = prove(language, context, [candidate], [witness], randomFor('wrong plaintext'));
      expect(verifyExact({ language, context, statements: [candidate], proof })).toBe(false);
    }
    const proof = prove(language, context, [statement], [witness], randomFor('wrong plaintext'));
    expect(verifyExact({ language, context, statements: [statement], proof })).toBe(true);
  });
});

const largest = (1n << BigInt(bits)) - 1n;
const largestEta = (1n << BigInt(randomnessBits)) - 1n;
describeProofSuite({
  name: 'L_DComEval',
  language,
  sample,
  boundary: [
    [largest, largest, q - 1n, q - 1n, largestEta],
    [0n, 1n, 1n, 0n, 0n],
  ],
  wrongParameters: [
    ['pk', committedLinearEvaluation(parameters, { element: group.square(key.element) }, curve, [ct1, ct2])],
    ['ct_gamma', committedLinearEvaluation(parameters, key, curve, [ct3, ct2])],
    ['ct_gamma k or ct_gamma x', committedLinearEvaluation(parameters, key, curve, [ct1, ct3])],
    ['order of inputs', committedLinearEvaluation(parameters, key, curve, [ct2, ct1])],
    ['H', committedLinearEvaluation(parameters, key, withOther({ H: otherPoint }), [ct1, ct2])],
    ['G', committedLinearEvaluation(parameters, key, withOther({ G: otherPoint }), [ct1, ct2])],
    [
      'coefficient bits',
      {
        ...language,
        coordinates: language.coordinates.map((c) =>
          c.kind === 'integer' && c.name === 'a1' ? { ...c, bits: bits + 1 } : c,
        ),
      },
    ],
    ['statistical parameter', { ...language, statisticalBits: 80 }],
    [
      'class-group setup',
      { ...language, parameters: language.parameters.map((item, i) => (i === 3 ? new Uint8Array(32) : item)) },
    ],
  ],
  zeroWitness: 'refused',
  orderTwo,
  flipEvery: 11,
});
