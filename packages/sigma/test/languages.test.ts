import { describe, expect, it } from 'vitest';
import {
  type Curve,
  type FischlinProof,
  type FischlinRepetition,
  type Language,
  type Point,
  Reader,
  DecodeError,
  type Statement,
  committedDiscreteLog,
  committedLinearCombination,
  concat,
  decommitment,
  discreteLog,
  encodeContext,
  encodeFischlin,
  encodeText,
  equalityOfCommittedValues,
  fischlinRepetitions,
  hashTagged,
  languageTranscript as languageItems,
  invertMod,
  mod,
  mpcChallenges,
  encodeStatement,
  nonZeroWitness,
  proveFischlin,
  readFischlin,
  secp256k1Curve as curve,
  uniformBelow,
  verifyFischlin,
  verifyExact,
  prove,
} from '../src/index.ts';
import { baseContext, describeProofSuite, otherContexts, randomFor, statementOf } from './helpers/proof-suite.ts';

const { q, G, H } = curve;
const point = (label: string): Point =>
  curve.multiply(
    G,
    BigInt(
      `0x${Array.from(hashTagged('test-point', [encodeText(label)], 31), (b) => b.toString(16).padStart(2, '0')).join('')}`,
    ),
  );
const P1 = point('P1');
const P2 = point('P2');
const other = point('other');
const withOtherH: Curve = { ...curve, H: other };
const withOtherG: Curve = { ...curve, G: other };
const scalars = (count: number) => (random: (n: number) => Uint8Array) =>
  Array.from({ length: count }, () => uniformBelow(random, q));
const edges = (count: number): bigint[][] => [
  Array.from({ length: count }, () => 1n),
  Array.from({ length: count }, () => q - 1n),
];

describeProofSuite({
  name: 'L_DL',
  language: discreteLog(curve),
  sample: scalars(1),
  boundary: edges(1),
  wrongParameters: [['G', discreteLog(withOtherG)]],
  zeroWitness: 'refused',
});
describeProofSuite({
  name: 'L_DCom',
  language: decommitment(curve, P1),
  sample: scalars(2),
  boundary: [...edges(2), [0n, 1n], [1n, 0n]],
  wrongParameters: [
    ['H', decommitment(withOtherH, P1)],
    ['message base', decommitment(curve, other)],
  ],
  zeroWitness: 'refused',
});
describeProofSuite({
  name: 'L_DComEq',
  language: equalityOfCommittedValues(curve, P1, P2),
  sample: scalars(3),
  boundary: [...edges(3), [0n, 1n, 1n], [1n, 0n, 0n]],
  wrongParameters: [
    ['H', equalityOfCommittedValues(withOtherH, P1, P2)],
    ['C_k base', equalityOfCommittedValues(curve, other, P2)],
    ['X_A', equalityOfCommittedValues(curve, P1, other)],
    ['order of bases', equalityOfCommittedValues(curve, P2, P1)],
  ],
  zeroWitness: 'refused',
});
describeProofSuite({
  name: 'L_DComDL',
  language: committedDiscreteLog(curve, P1),
  sample: scalars(2),
  boundary: [...edges(2), [1n, 0n]],
  wrongParameters: [
    ['H', committedDiscreteLog(withOtherH, P1)],
    ['G', committedDiscreteLog(withOtherG, P1)],
    ['R', committedDiscreteLog(curve, other)],
  ],
  zeroWitness: 'refused',
});
describeProofSuite({
  name: 'L_VecDComDL',
  language: committedLinearCombination(curve, P1, P2),
  sample: scalars(4),
  boundary: [...edges(4), [0n, 1n, 1n, 0n], [1n, 0n, 0n, 1n]],
  wrongParameters: [
    ['H', committedLinearCombination(withOtherH, P1, P2)],
    ["R'_B", committedLinearCombination(curve, other, P2)],
    ['G', committedLinearCombination(curve, P1, other)],
    ['order of bases', committedLinearCombination(curve, P2, P1)],
  ],
  zeroWitness: 'refused',
});

describe('soundness parameters (lessons 1.2)', () => {
  it('challenges have 128 bits and Fischlin repetitions times zero bits are at least 128', () => {
    const e = mpcChallenges({ context: new Uint8Array(1), parameters: [], statements: [], mask: [] }, 64);
    expect(e.every((value) => value < 1n << 128n)).toBe(true);
    // 64 challenges: the top byte is non-zero for at least one of them, so they really have 128 bits.
    expect(e.some((value) => value >> 120n !== 0n)).toBe(true);
    expect(fischlinRepetitions * 8).toBeGreaterThanOrEqual(128);
  });
});

describe('non-zero trick (MPC 6.3)', () => {
  it('has a witness exactly for commitments to non-zero values', () => {
    const commitment = curve.multiply(G, 5n).add(curve.multiply(H, 7n));
    const [w, rho] = nonZeroWitness(curve, 5n, 7n);
    expect(curve.multiply(commitment, w).add(curve.multiply(H, rho)).equals(G)).toBe(true);
    expect(() => nonZeroWitness(curve, 0n, 7n)).toThrow('zero has no inverse');
    const zero = curve.multiply(H, 7n);
    const language = decommitment(curve, zero);
    const context = encodeContext(baseContext);
    const proof = prove(language, context, [[G]], [[1n, 1n]], randomFor('zero commitment'));
    expect(verifyExact({ language, context, statements: [[G]], proof })).toBe(false);
  });
});

describe('Fischlin (MPC 6.2, 11.3)', () => {
  const context = encodeContext(baseContext);
  const weights = () => randomFor('weights');
  for (const [name, language, witness] of [
    ['L_DL', discreteLog(curve), [123456789n]],
    ['L_DCom', decommitment(curve, G), [987654321n, 55n]],
  ] as const) {
    describe(name, () => {
      const statement: Statement = statementOf(language, witness);
      const walk: { repetition: number; challenge: number }[] = [];
      const proof = proveFischlin(
        language,
        context,
        statement,
        witness,
        randomFor('fischlin'),
        (repetition, challenge) => walk.push({ repetition, challenge }),
      );
      const accepts = (candidate: FischlinProof): boolean =>
        verifyFischlin(language, context, statement, candidate, weights());
      const replace = (index: number, change: Partial<FischlinRepetition>): FischlinProof =>
        proof.map((repetition, i) => (i === index ? { ...repetition, ...change } : repetition));
      const advance = ({ challenge, responses }: FischlinRepetition, steps: number) => ({
        challenge: challenge + steps,
        responses: responses.map((z, k) => mod(z + BigInt(steps) * (witness[k] as bigint), q)),
      });

      it('accepts the honest proof, as object and as bytes', () => {
        expect(accepts(proof)).toBe(true);
        const bytes = encodeFischlin(language, proof);
        expect(bytes.length).toBe(16 * (33 + 4 + 32 * witness.length));
        const reader = new Reader(bytes, 'Test');
        const again = readFischlin(reader, language, 'pi');
        reader.end();
        expect(accepts(again)).toBe(true);
        expect(encodeFischlin(language, again)).toEqual(bytes);
      });

      it('rejects a hash condition that is violated in one repetition, though its equation holds', () => {
        let tested = 0;
        for (let i = 0; i < fischlinRepetitions; i++) {
          const hit = proof[i] as FischlinRepetition;
          // A step that the prover tried before its hit: a valid response, and certainly not a hit.
          const missed = walk.find((step) => step.repetition === i && step.challenge !== hit.challenge);
          if (missed === undefined) continue;
          tested += 1;
          const moved = advance(hit, missed.challenge - hit.challenge);
          expect(accepts(replace(i, moved)), `repetition ${i}`).toBe(false);
        }
        expect(tested).toBeGreaterThan(8);
      });

      it('rejects a violated equation in one repetition', () => {
        for (let i = 0; i < fischlinRepetitions; i++) {
          // Walk to another hit with wrong responses: the hash condition holds, the equation does not.
          const forged = forgeHit(language, context, statement, proof, i);
          expect(accepts(forged), `repetition ${i}`).toBe(false);
        }
      });

      it('rejects e over the cap, negative and fractional', () => {
        for (const challenge of [2 ** 32, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
          expect(accepts(replace(0, { challenge }))).toBe(false);
      });

      it('rejects permuted repetitions, 15 and 17 of them, and none', () => {
        const [first, second, ...rest] = proof as [FischlinRepetition, FischlinRepetition, ...FischlinRepetition[]];
        expect(accepts([second, first, ...rest])).toBe(false);
        expect(accepts(proof.slice(0, 15))).toBe(false);
        expect(accepts([...proof, first])).toBe(false);
        expect(accepts([])).toBe(false);
      });

      it('rejects a plain Fiat-Shamir proof in Fischlin framing', () => {
        const framed = Array.from({ length: fischlinRepetitions }, (_, i): FischlinRepetition => {
          const r = witness.map(() => uniformBelow(randomFor(`mask ${i}`), q));
          const mask = statementOf(language, r);
          const [e] = mpcChallenges(
            {
              context,
              parameters: [],
              statements: encodeStatement(language, statement),
              mask: encodeStatement(language, mask),
            },
            1,
          ) as [bigint];
          const challenge = Number(e & 0xffffffffn);
          return {
            mask,
            challenge,
            responses: r.map((t, k) => mod(t + BigInt(challenge) * (witness[k] as bigint), q)),
          };
        });
        expect(accepts(framed)).toBe(false);
      });

      it('rejects non-canonical scalars, O and wrong lengths', () => {
        const first = proof[0] as FischlinRepetition;
        expect(accepts(replace(0, { responses: first.responses.map((z) => z + q) }))).toBe(false);
        expect(accepts(replace(0, { responses: [...first.responses, 0n] }))).toBe(false);
        expect(accepts(replace(0, { mask: [curve.identity] }))).toBe(false);
        expect(verifyFischlin(language, context, [curve.identity], proof, weights())).toBe(false);
        const bytes = encodeFischlin(language, proof);
        bytes.fill(0xff, 37, 69);
        expect(() => readFischlin(new Reader(bytes, 'Test'), language, 'pi')).toThrow(DecodeError);
      });

      it.each(otherContexts)('rejects another %s in the context', (_field, wrong) => {
        expect(verifyFischlin(language, encodeContext(wrong), statement, proof, weights())).toBe(false);
      });

      it('rejects any flipped byte', () => {
        const bytes = encodeFischlin(language, proof);
        for (let i = 0; i < bytes.length; i += 3) {
          const flipped = bytes.slice();
          flipped[i] = (flipped[i] as number) ^ (1 << (i % 8));
          let accepted = false;
          try {
            accepted = accepts(readFischlin(new Reader(flipped, 'Test'), language, 'pi'));
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
          expect(accepted, `byte ${i}`).toBe(false);
        }
      });

      it('the extractor finds the witness in a recorded query list', () => {
        const queries: { repetition: number; challenge: number; responses: readonly bigint[] }[] = [];
        const recorded = proveFischlin(
          language,
          context,
          statement,
          witness,
          randomFor('extract'),
          (repetition, challenge, responses) => queries.push({ repetition, challenge, responses: [...responses] }),
        );
        expect(accepts(recorded)).toBe(true);
        expect(extract(language, statement, recorded, queries)).toEqual(witness);
      });
    });
  }

  it('the prover makes about 4096 hashes on average', () => {
    const language = discreteLog(curve);
    const statement = statementOf(language, [5n]);
    let total = 0;
    const runs = 20;
    for (let i = 0; i < runs; i++)
      proveFischlin(language, context, statement, [5n], randomFor(`count ${i}`), () => {
        total += 1;
      });
    // Standard deviation of the mean: 1024 / sqrt(20) = 229.
    expect(total / runs).toBeGreaterThan(4096 - 900);
    expect(total / runs).toBeLessThan(4096 + 900);
  });

  it('starts its walks at different places', () => {
    const language = discreteLog(curve);
    const starts = new Map<number, number>();
    proveFischlin(
      language,
      context,
      statementOf(language, [5n]),
      [5n],
      randomFor('starts'),
      (repetition, challenge) => {
        if (!starts.has(repetition)) starts.set(repetition, challenge);
      },
    );
    expect(new Set(starts.values()).size).toBe(fischlinRepetitions);
  });
});

/** The straight-line extractor: two queries of one repetition that both satisfy its equation. */
function extract(
  language: Language,
  statement: Statement,
  proof: FischlinProof,
  queries: readonly { repetition: number; challenge: number; responses: readonly bigint[] }[],
): bigint[] | undefined {
  const holds = (repetition: number, challenge: number, responses: readonly bigint[]): boolean => {
    const left = statementOf(language, responses);
    return language.rows.every((_, row) =>
      (left[row] as Point).equals(
        ((proof[repetition] as FischlinRepetition).mask[row] as Point).add(
          curve.multiplyVartime(statement[row] as Point, BigInt(challenge)),
        ),
      ),
    );
  };
  for (let i = 0; i < proof.length; i++) {
    const [a, b] = queries
      .filter(({ repetition }) => repetition === i)
      .slice(0, 2)
      .filter(({ repetition, challenge, responses }) => holds(repetition, challenge, responses));
    if (a === undefined || b === undefined) continue;
    const inverse = invertMod(BigInt(a.challenge - b.challenge), q);
    return a.responses.map((z, k) => mod((z - (b.responses[k] as bigint)) * inverse, q));
  }
  return undefined;
}

/** Replaces repetition i by wrong responses that meet its hash condition: found like the prover does, through the public encodings. */
function forgeHit(
  language: Language,
  context: Uint8Array,
  statement: Statement,
  proof: FischlinProof,
  index: number,
): FischlinProof {
  // The masks stay, so the common hash stays; the target hash is public.
  const c = hashTagged(
    'fischlin/common',
    [
      context,
      hashTagged('fs/params', languageItems(language), 64),
      listOf(encodeStatement(language, statement)),
      listOf(proof.flatMap(({ mask }) => encodeStatement(language, mask))),
    ],
    32,
  );
  for (let z = 1n; ; z++) {
    const responses = language.coordinates.map(() => z);
    const hash = hashTagged(
      'fischlin/target',
      [c, u(index, 2), u(9, 4), concat(...responses.map((value) => u(Number(value), 32)))],
      16,
    );
    if (hash[15] === 0) return proof.map((r, i) => (i === index ? { mask: r.mask, challenge: 9, responses } : r));
  }
}

const u = (value: number, width: number): Uint8Array => {
  const out = new Uint8Array(width);
  let rest = value;
  for (let i = width - 1; i >= 0 && rest > 0; i--) {
    out[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return out;
};
const listOf = (items: readonly Uint8Array[]): Uint8Array =>
  concat(u(items.length, 4), ...items.map((item) => concat(u(item.length, 4), item)));
