import type { Element } from '@dwallet/kernel';
import { testKernel } from '../../kernel/test/test-kernel.ts';
import {
  type Digest,
  type Language,
  type Proof,
  type ProofInstance,
  Reader,
  Secret,
  clgChallenges,
  concat,
  encodeStatement,
  encodeUint32,
  languageTranscript,
  responseBits,
  sessionId,
  uniformBits,
  validatorId,
  verifyBatch,
  verifyExact,
  virtualId,
} from '@dwallet/sigma';
import { shake256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ClgContext,
  type EqualityStatement,
  clg112,
  clg128,
  committeeDigest,
  createExpectedSet,
  createPublicParameters,
  encodeClgContext,
  encodeEqualityOfExponents,
  encodeKnowledgeOfExponent,
  encodeValidEncryption,
  encrypt,
  equalWeights,
  equalityOfExponentsBytes,
  equalityOfExponentsInstance,
  knowledgeOfExponent,
  knowledgeOfExponentBytes,
  knowledgeOfExponentInstance,
  proveEqualityOfExponents,
  proveKnowledgeOfExponent,
  proveValidEncryption,
  readEqualityOfExponents,
  readKnowledgeOfExponent,
  readValidEncryption,
  shareProofContext,
  shareProofInstance,
  validEncryption,
  validEncryptionBytes,
  validEncryptionInstance,
} from '../src/index.ts';
import { createTestCommittee } from './helpers/committee.ts';
import { bytes32, testRandom, testSession, toyParameters } from './helpers/toy.ts';

const parameters = toyParameters;
const { group } = parameters;
const access = equalWeights(4);
const committee = createTestCommittee(parameters, access, 'proofs');

const context: ClgContext = {
  ...testSession(parameters, access),
  round: 'deal',
  prover: validatorId(2),
  virtualId: virtualId(2),
  proof: 'test',
};

/** One context per field of CG 4.2 item 1, each different from `context` in that field only. */
const swappedContexts: Record<keyof ClgContext, ClgContext> = {
  network: { ...context, network: 'other-net' },
  protocol: { ...context, protocol: 'network-dkg' },
  protocolVersion: { ...context, protocolVersion: 2 },
  profile: { ...context, profile: 'CLG-128' },
  epoch: { ...context, epoch: 8n },
  session: { ...context, session: sessionId(bytes32('other session')) },
  committee: { ...context, committee: bytes32('other committee') as Digest },
  totalWeight: { ...context, totalWeight: 5 },
  threshold: { ...context, threshold: 4 },
  round: { ...context, round: 'open' },
  prover: { ...context, prover: validatorId(3) },
  virtualId: { ...context, virtualId: virtualId(3) },
  proof: { ...context, proof: 'test2' },
  extra: { ...context, extra: [new Uint8Array(0)] },
};

describe('context of CG 4.2 (pitfalls 29, 30; lessons rows 1, 9)', () => {
  test('every field is bound: changing any one changes the bytes', () => {
    const all = [context, ...Object.values(swappedContexts), { ...context, virtualId: undefined as never }];
    const encodings = all.map((c) => Buffer.from(encodeClgContext(c)).toString('hex'));
    expect(new Set(encodings).size).toBe(all.length);
  });

  test('different field tuples never collide, whatever the strings contain', () => {
    const text = fc.string({ maxLength: 6 });
    const arbitrary = fc.record({
      network: text,
      protocol: text,
      round: text,
      proof: text,
      epoch: fc.bigInt({ min: 0n, max: 3n }),
      extra: fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 2 }),
    });
    const canonical = (r: unknown): string =>
      JSON.stringify(r, (_, v) => (typeof v === 'bigint' ? `${v}n` : v instanceof Uint8Array ? [...v] : v));
    fc.assert(
      fc.property(arbitrary, arbitrary, (x, y) => {
        const equal =
          Buffer.compare(encodeClgContext({ ...context, ...x }), encodeClgContext({ ...context, ...y })) === 0;
        expect(equal).toBe(canonical(x) === canonical(y));
      }),
      { numRuns: 500 },
    );
    // Moving a boundary between neighbours is the classic collision.
    expect(encodeClgContext({ ...context, network: 'ab', protocol: 'c' })).not.toEqual(
      encodeClgContext({ ...context, network: 'a', protocol: 'bc' }),
    );
  });

  test('sizes are checked', () => {
    expect(() => encodeClgContext({ ...context, session: new Uint8Array(31) as never })).toThrow(/32 bytes/);
    expect(() => encodeClgContext({ ...context, committee: new Uint8Array(0) as never })).toThrow(/32 bytes/);
    expect(() => encodeClgContext({ ...context, epoch: 1n << 64n })).toThrow(/does not fit/);
    expect(() => committeeDigest(access, [bytes32('only one')])).toThrow(/one key per validator/);
  });

  test('the committee digest depends on ids, weights, keys and their order', () => {
    const keys = access.validators.map((v) => bytes32(`k${v}`));
    const digests = [
      committeeDigest(access, keys),
      committeeDigest(access, [...keys].reverse()),
      committeeDigest(equalWeights(5), [...keys, bytes32('k5')]),
    ].map((d) => Buffer.from(d).toString('hex'));
    expect(new Set(digests).size).toBe(3);
  });
});

/** A valid proof whose single integer response is one over the bound: the equations hold, only the range check can refuse it. */
function oversized(
  language: Language,
  tag: string,
  statement: readonly Element[],
  witness: readonly bigint[],
  mask: (k: bigint) => { components: Element[]; others: bigint[] },
  sign: 1n | -1n,
): Proof {
  const integer = language.coordinates[0] as Extract<Language['coordinates'][number], { kind: 'integer' }>;
  const bound = 1n << BigInt(responseBits(language, integer, 1));
  const k = sign * (bound << 1n);
  const { components, others } = mask(k);
  const [e] = clgChallenges(tag)(
    {
      context: encodeClgContext(context),
      parameters: languageTranscript(language),
      statements: encodeStatement(language, statement),
      mask: encodeStatement(language, components),
    },
    1,
  ) as [bigint];
  const z = k + e * (witness[0] as bigint);
  expect(z >= bound || -z >= bound).toBe(true);
  const rest = others.map((o, i) => (o + e * (witness[i + 1] as bigint)) % parameters.q);
  return { mask: components, responses: [z, ...rest] };
}

/** e of a one-statement proof, to show that its equations hold. */
const challengeOf = (language: Language, tag: string, statement: readonly Element[], proof: Proof): bigint =>
  clgChallenges(tag)(
    {
      context: encodeClgContext(context),
      parameters: languageTranscript(language),
      statements: encodeStatement(language, statement),
      mask: encodeStatement(language, proof.mask),
    },
    1,
  )[0] as bigint;

const refused = (instance: ProofInstance): void => expect(verifyExact(instance)).toBe(false);

/** Refused by the combined equations too: the batch verifier names each one. */
const batchRefuses = (instances: readonly ProofInstance[]): void => {
  for (const instance of instances) expect(verifyBatch([instance], testRandom('weights'))).toEqual([0]);
};

/** Every mutation of a proof's fields by a group element or by one. */
function mutations(proof: Proof): [string, Proof][] {
  const f = parameters.powerOfF(1n);
  return [
    ...proof.mask.flatMap((component, i): [string, Proof][] => [
      [`mask ${i} f`, { ...proof, mask: proof.mask.map((m, j) => (i === j ? group.compose(m as Element, f) : m)) }],
      [
        `mask ${i} h`,
        { ...proof, mask: proof.mask.map((m, j) => (i === j ? group.compose(component as Element, parameters.h) : m)) },
      ],
      [`mask ${i} identity`, { ...proof, mask: proof.mask.map((m, j) => (i === j ? group.identity : m)) }],
    ]),
    ...proof.responses.flatMap((_, i): [string, Proof][] => [
      [`response ${i} + 1`, { ...proof, responses: proof.responses.map((z, j) => (i === j ? z + 1n : z)) }],
      [`response ${i} = 0`, { ...proof, responses: proof.responses.map((z, j) => (i === j ? 0n : z)) }],
      [`response ${i} negated`, { ...proof, responses: proof.responses.map((z, j) => (i === j ? -z : z)) }],
    ]),
    ['missing mask', { ...proof, mask: proof.mask.slice(1) }],
    ['missing response', { ...proof, responses: proof.responses.slice(1) }],
    ['additional response', { ...proof, responses: [...proof.responses, 0n] }],
  ];
}

describe('KDL (CG 4.3, 8.1.2)', () => {
  const language = knowledgeOfExponent(parameters);
  const random = testRandom('kdl');
  const b = uniformBits(random, parameters.randomnessBits);
  const B = parameters.powerOfH(b, parameters.randomnessBits);
  const proof = proveKnowledgeOfExponent(language, context, B, new Secret(b), random);
  const instance = knowledgeOfExponentInstance(language, context, B, proof);

  test('completeness and codec', () => {
    expect(verifyExact(instance)).toBe(true);
    expect(verifyBatch([instance], random)).toEqual([]);
    const bytes = encodeKnowledgeOfExponent(language, proof);
    expect(bytes.length).toBe(knowledgeOfExponentBytes(language));
    const again = readKnowledgeOfExponent(new Reader(bytes, 'test'), language, 'proof');
    expect(encodeKnowledgeOfExponent(language, again)).toEqual(bytes);
  });
  test('each mutated field, another statement and each swapped context fail (CG pitfall 29)', () => {
    batchRefuses(mutations(proof).map(([, mutated]) => ({ ...instance, proof: mutated })));
    refused(knowledgeOfExponentInstance(language, context, group.compose(B, parameters.powerOfF(1n)), proof));
    refused(knowledgeOfExponentInstance(language, context, group.square(B), proof));
    for (const swapped of Object.values(swappedContexts))
      refused(knowledgeOfExponentInstance(language, swapped, B, proof));
    refused(
      knowledgeOfExponentInstance(knowledgeOfExponent(parameters, parameters.randomnessBits + 1), context, B, proof),
    );
  });
  test('an f-component cannot be proven', () => {
    const shifted = group.compose(B, parameters.powerOfF(7n));
    refused(
      knowledgeOfExponentInstance(
        language,
        context,
        shifted,
        proveKnowledgeOfExponent(language, context, shifted, new Secret(b), random),
      ),
    );
  });
  test('a response over the bound fails although its equation holds (CG pitfall 24)', () => {
    const big = oversized(
      language,
      'KDL',
      [B],
      [b],
      (k) => ({ components: [group.powerVartime(parameters.h, k)], others: [] }),
      1n,
    );
    const e = challengeOf(language, 'KDL', [B], big);
    expect(
      group.equals(
        group.powerVartime(parameters.h, big.responses[0] as bigint),
        group.compose(big.mask[0] as Element, group.powerVartime(B, e)),
      ),
    ).toBe(true);
    refused({ ...instance, proof: big });
  });
});

describe('CG:T11 Enc (CG 4.3)', () => {
  const key = committee.dealing.state.encryptionKey;
  const language = validEncryption(parameters, key);
  const random = testRandom('enc');
  const m = 123456789n;
  const { ciphertext, randomness } = encrypt(parameters, key, m, random);
  const proof = proveValidEncryption(language, context, ciphertext, m, randomness, random);
  const instance = validEncryptionInstance(language, context, ciphertext, proof);

  test('completeness and codec', () => {
    expect(verifyExact(instance)).toBe(true);
    expect(verifyBatch([instance], random)).toEqual([]);
    const bytes = encodeValidEncryption(language, proof);
    expect(bytes.length).toBe(validEncryptionBytes(language));
    const again = readValidEncryption(new Reader(bytes, 'test'), language, 'proof');
    expect(encodeValidEncryption(language, again)).toEqual(bytes);
  });

  test.each([0n, 1n, parameters.q - 1n, -3n, parameters.q])('completeness for the edge plaintext %s', (message) => {
    const fresh = encrypt(parameters, key, message, random);
    const p = proveValidEncryption(language, context, fresh.ciphertext, message, fresh.randomness, random);
    expect(verifyExact(validEncryptionInstance(language, context, fresh.ciphertext, p))).toBe(true);
  });

  test.each(mutations(proof))('a mutated proof fails: %s', (_, mutated) => {
    batchRefuses([{ ...instance, proof: mutated }]);
  });

  test('a mutated statement fails', () => {
    const f = parameters.powerOfF(1n);
    for (const other of [
      { ...ciphertext, c1: group.compose(ciphertext.c1, f) },
      { ...ciphertext, c2: group.compose(ciphertext.c2, f) },
      { ...ciphertext, c1: group.compose(ciphertext.c1, parameters.h) },
      { c1: ciphertext.c2, c2: ciphertext.c1 },
      { ...ciphertext, c1: group.identity },
    ]) {
      refused(validEncryptionInstance(language, context, other, proof));
    }
  });

  test.each(Object.entries(swappedContexts))('a swapped context fails: %s', (_, swapped) => {
    refused(validEncryptionInstance(language, swapped, ciphertext, proof));
  });

  test('a proof under another key fails', () => {
    const other = createTestCommittee(parameters, access, 'other key').dealing.state.encryptionKey;
    refused(validEncryptionInstance(validEncryption(parameters, other), context, ciphertext, proof));
  });

  test('a response at bound + 1 fails although its equations hold; so does a scalar response of q or more', () => {
    const big = oversized(
      language,
      'Enc',
      [ciphertext.c1, ciphertext.c2],
      [randomness, m],
      (k) => ({
        components: [
          group.powerVartime(parameters.h, k),
          group.compose(parameters.powerOfF(5n), group.powerVartime(key.element, k)),
        ],
        others: [5n],
      }),
      1n,
    );
    const e = challengeOf(language, 'Enc', [ciphertext.c1, ciphertext.c2], big);
    const [z, zm] = big.responses as [bigint, bigint];
    expect(
      group.equals(
        group.powerVartime(parameters.h, z),
        group.compose(big.mask[0] as Element, group.powerVartime(ciphertext.c1, e)),
      ),
    ).toBe(true);
    expect(
      group.equals(
        group.compose(parameters.powerOfF(zm), group.powerVartime(key.element, z)),
        group.compose(big.mask[1] as Element, group.powerVartime(ciphertext.c2, e)),
      ),
    ).toBe(true);
    refused({ ...instance, proof: big });
    // f^(z + q) = f^z: only the range check makes the response unique.
    refused({
      ...instance,
      proof: { ...proof, responses: [proof.responses[0] as bigint, (proof.responses[1] as bigint) + parameters.q] },
    });
  });

  test('responses out of range are refused by the reader, with the field', () => {
    const bytes = encodeValidEncryption(language, proof);
    const scalar = bytes.slice();
    scalar.fill(0xff, scalar.length - 32);
    expect(() => readValidEncryption(new Reader(scalar, 'M'), language, 'proof')).toThrow(/M\.proof/);
    const integer = bytes.slice();
    integer[2 * group.elementBytes] = 0xff;
    expect(() => readValidEncryption(new Reader(integer, 'M'), language, 'proof')).toThrow(/M\.proof/);
  });

  test('a batch names exactly the invalid proofs (CG pitfall 28)', () => {
    const instances = Array.from({ length: 5 }, (_, i) => {
      const fresh = encrypt(parameters, key, BigInt(i), random);
      const p = proveValidEncryption(language, context, fresh.ciphertext, BigInt(i), fresh.randomness, random);
      return validEncryptionInstance(language, context, fresh.ciphertext, p);
    });
    expect(verifyBatch(instances, random)).toEqual([]);
    const broken = instances.map((x, i) =>
      i === 1 || i === 3 ? { ...x, statements: instances[0]?.statements ?? [] } : x,
    );
    expect(verifyBatch(broken, random)).toEqual([1, 3]);
  });
});

describe('CG:T18 EDL (CG 3.9)', () => {
  const { setup, dealing } = committee;
  const d = dealing.shares.get(virtualId(2))?.share.expose() as bigint;
  const V = dealing.state.verificationKeys.get(virtualId(2)) as Element;
  const bytes = encodeClgContext(context);
  const random = testRandom('edl');
  const statement = (K: number): EqualityStatement => ({
    verificationKey: V,
    pairs: Array.from({ length: K }, () => {
      const base = parameters.powerOfH(uniformBits(random, 300), 300);
      return { base, power: group.powerVartime(base, d) };
    }),
  });

  describe.each([1, 5])('K = %i', (K) => {
    const equality = statement(K);
    const proof = proveEqualityOfExponents(setup, bytes, equality, d, random);

    test('completeness and codec: one proof of one size, whatever K is', () => {
      expect(verifyExact(equalityOfExponentsInstance(setup, bytes, equality, proof))).toBe(true);
      expect(verifyBatch([equalityOfExponentsInstance(setup, bytes, equality, proof)], random)).toEqual([]);
      const encoded = encodeEqualityOfExponents(setup, proof);
      expect(encoded.length).toBe(equalityOfExponentsBytes(setup));
      expect(encoded.length).toBe(2 * group.elementBytes + Math.ceil((setup.exponentBits + 128 + 96 + 2) / 8));
      const again = readEqualityOfExponents(new Reader(encoded, 'test'), setup, 'proof');
      expect(encodeEqualityOfExponents(setup, again)).toEqual(encoded);
    });

    test('each mutated field of the proof fails', () => {
      for (const [, mutated] of mutations(proof)) refused(equalityOfExponentsInstance(setup, bytes, equality, mutated));
    });

    test('each mutated field of the statement fails: V, every base, every power', () => {
      const f = parameters.powerOfF(1n);
      for (const factor of [f, parameters.h]) {
        refused(
          equalityOfExponentsInstance(setup, bytes, { ...equality, verificationKey: group.compose(V, factor) }, proof),
        );
        for (let l = 0; l < K; l++) {
          for (const field of ['base', 'power'] as const) {
            const pairs = equality.pairs.map((pair, i) =>
              i === l ? { ...pair, [field]: group.compose(pair[field], factor) } : pair,
            );
            refused(equalityOfExponentsInstance(setup, bytes, { ...equality, pairs }, proof));
          }
        }
      }
      const otherKey = dealing.state.verificationKeys.get(virtualId(3)) as Element;
      refused(equalityOfExponentsInstance(setup, bytes, { ...equality, verificationKey: otherKey }, proof));
    });

    test('a prover cannot prove one wrong power, even with the right exponent elsewhere', () => {
      for (let l = 0; l < K; l++) {
        const pairs = equality.pairs.map((pair, i) =>
          i === l ? { ...pair, power: group.compose(pair.power, parameters.powerOfF(9n)) } : pair,
        );
        const wrong = { ...equality, pairs };
        const attempt = proveEqualityOfExponents(setup, bytes, wrong, d, random);
        refused(equalityOfExponentsInstance(setup, bytes, wrong, attempt));
      }
    });

    test('each swapped context fails', () => {
      for (const swapped of Object.values(swappedContexts))
        refused(equalityOfExponentsInstance(setup, encodeClgContext(swapped), equality, proof));
    });

    test('negative exponents prove and verify; a response over the bound fails on both sides', () => {
      const negative: EqualityStatement = {
        verificationKey: group.invert(V),
        pairs: equality.pairs.map(({ base, power }) => ({ base, power: group.invert(power) })),
      };
      const p = proveEqualityOfExponents(setup, bytes, negative, -d, random);
      expect(verifyExact(equalityOfExponentsInstance(setup, bytes, negative, p))).toBe(true);
      const bound = 1n << BigInt(setup.exponentBits + 128 + 96 + 1);
      for (const z of [bound, -bound]) {
        refused(equalityOfExponentsInstance(setup, bytes, equality, { ...proof, responses: [z] }));
      }
    });
  });

  test('a response over the bound fails although its equations hold (CG pitfall 24)', () => {
    const equality = statement(1);
    const { language, statements } = equalityOfExponentsInstance(setup, bytes, equality, {
      mask: [group.identity, group.identity],
      responses: [0n],
    });
    const beta = equality.pairs[0]?.base as Element;
    for (const sign of [1n, -1n] as const) {
      const big = oversized(
        language,
        'EDL/e',
        statements[0] as Element[],
        [d],
        (k) => ({ components: [group.powerVartime(parameters.h, k), group.powerVartime(beta, k)], others: [] }),
        sign,
      );
      const e = challengeOf(language, 'EDL/e', statements[0] as Element[], big);
      expect(
        group.equals(
          group.powerVartime(beta, big.responses[0] as bigint),
          group.compose(big.mask[1] as Element, group.powerVartime(equality.pairs[0]?.power as Element, e)),
        ),
      ).toBe(true);
      refused(equalityOfExponentsInstance(setup, bytes, equality, big));
    }
  });

  test('two wrong powers whose errors cancel in a plain product still fail: the rho are random (K = 5)', () => {
    const equality = statement(5);
    const f = parameters.powerOfF(1n);
    const pairs = equality.pairs.map((pair, i) =>
      i === 0
        ? { ...pair, power: group.compose(pair.power, f) }
        : i === 1
          ? { ...pair, power: group.compose(pair.power, group.invert(f)) }
          : pair,
    );
    const wrong = { ...equality, pairs };
    refused(equalityOfExponentsInstance(setup, bytes, wrong, proveEqualityOfExponents(setup, bytes, wrong, d, random)));
  });

  test('every pair is in the transcript itself through dig, not only through the random combination', () => {
    for (const K of [1, 2]) {
      const equality = statement(K);
      const dig = shake256(
        concat(
          encodeUint32(K),
          ...equality.pairs.flatMap(({ base, power }) => [group.encode(base), group.encode(power)]),
        ),
        { dkLen: 32 },
      );
      const proof = proveEqualityOfExponents(setup, bytes, equality, d, random);
      const { language } = equalityOfExponentsInstance(setup, bytes, equality, proof);
      expect(languageTranscript(language).some((item) => Buffer.compare(item, dig) === 0)).toBe(true);
    }
  });

  test('the order of the pairs is bound', () => {
    const equality = statement(5);
    const proof = proveEqualityOfExponents(setup, bytes, equality, d, random);
    refused(equalityOfExponentsInstance(setup, bytes, { ...equality, pairs: [...equality.pairs].reverse() }, proof));
  });

  test('a proof for Sbar does not verify for another expected set, nor for other ciphertexts', () => {
    const ciphertexts = [5n, 6n];
    const general = committee.request(ciphertexts);
    const answer = committee.prove(general, committee.answer(general, 2));
    expect(verifyExact(shareProofInstance(general, answer, virtualId(2)))).toBe(true);
    const narrow = committee.request(ciphertexts, { expectedSet: createExpectedSet(access, [1, 2, 4].map(virtualId)) });
    refused(shareProofInstance(narrow, answer, virtualId(2)));
    refused(shareProofInstance(committee.request(ciphertexts), answer, virtualId(2)));
    // Even with the digest of the other request in the context, the verifier's own bases differ.
    const contextOf = encodeClgContext(shareProofContext(general, virtualId(2)));
    const bases = narrow.basesOf(virtualId(2));
    refused(
      equalityOfExponentsInstance(
        setup,
        contextOf,
        {
          verificationKey: V,
          pairs: bases.map((base, l) => ({ base, power: answer.shares.get(virtualId(2))?.[l] as Element })),
        },
        answer.proofs.get(virtualId(2)) as Proof,
      ),
    );
  });

  test('masks are never reused: two proofs of one statement have different masks and differ in z', () => {
    const equality = statement(1);
    const x = proveEqualityOfExponents(setup, bytes, equality, d, random);
    const y = proveEqualityOfExponents(setup, bytes, equality, d, random);
    expect(group.equals(x.mask[0] as Element, y.mask[0] as Element)).toBe(false);
    expect(x.responses).not.toEqual(y.responses);
  });

  test('an exponent over its bound and an empty list are refused', () => {
    const equality = statement(1);
    const over = 1n << BigInt(setup.exponentBits);
    expect(() => proveEqualityOfExponents(setup, bytes, equality, over, random)).toThrow(/range/);
    expect(() => proveEqualityOfExponents(setup, bytes, equality, -over, random)).toThrow(/range/);
    expect(() => proveEqualityOfExponents(setup, bytes, { ...equality, pairs: [] }, d, random)).toThrow(/at least one/);
  });
});

describe('CG 6.2, 6.3: proof sizes with our sigma', () => {
  test.each([
    [clg112, 234],
    [clg128, 294],
  ])('%o', (profile, elementBytes) => {
    const full = createPublicParameters(testKernel, profile);
    const R = full.randomnessBits;
    expect(knowledgeOfExponentBytes(knowledgeOfExponent(full))).toBe(elementBytes + Math.ceil((R + 128 + 96 + 1) / 8));
    expect(validEncryptionBytes(validEncryption(full, { element: full.h }))).toBe(
      2 * elementBytes + Math.ceil((R + 128 + 96 + 1) / 8) + 32,
    );
  });
});
