/**
 * The framework itself on a small class group: batch verification and blame, soundness of the random weights, and the attacks that the
 * transcript must stop.
 */
import { referenceKernel, type Element } from '@dwallet/kernel';
import { describe, expect, it } from 'vitest';
import {
  BugError,
  type ChallengeOracle,
  type ClassSetting,
  InvalidArgumentsError,
  type Language,
  type ProofInstance,
  Reader,
  applySecret,
  concat,
  encodeInt,
  encodeProof,
  encodeUint,
  mpcChallenges,
  proofBytes,
  prove,
  readProof,
  secp256k1Curve as curve,
  seededRandom,
  uniformBits,
  verify,
  verifyBatch,
  verifyExact,
} from '../src/index.ts';

// The toy group of CG A.1. Soundness needs q > 2^128; the point here is the framework's bookkeeping, which does not.
const q = 1009n;
const group = referenceKernel.createGroup({ discriminant: -4079n * q ** 3n, conductor: q });
const width = group.elementBytes / 2;
const element = (a: bigint, b: bigint): Element =>
  group.decodeUnchecked(concat(encodeUint(a, width), encodeInt(b, width)));
const h = element(508540n, 296847n);
const f = element(1018081n, 1009n);
const order2 = element(4079n, 4079n);
const setting: ClassSetting = { group, q, powerOfF: (m) => group.powerVartime(f, ((m % q) + q) % q) };
const random = seededRandom(new Uint8Array(32).fill(11));
const context = Uint8Array.of(1, 2, 3);

/** c1 = h^r, c2 = f^m g^r for a second base g: an encryption under g. */
const g = group.powerVartime(h, 12345n);
const table = group.buildTable(h, 600);
const encryption: Language = {
  name: 'test-encryption',
  version: 1,
  statisticalBits: 96,
  setting,
  coordinates: [
    { name: 'm', kind: 'scalar' },
    { name: 'r', kind: 'integer', bits: 64 },
  ],
  rows: [
    { group: 'class', terms: [{ base: { kind: 'class', element: h, table }, coordinate: 1 }] },
    {
      group: 'class',
      terms: [
        { base: { kind: 'f' }, coordinate: 0 },
        { base: { kind: 'class', element: g }, coordinate: 1 },
      ],
    },
  ],
  parameters: [],
};

function instance(language: Language, witnesses: readonly (readonly bigint[])[], ctx = context): ProofInstance {
  const bits = language.coordinates.map((c) => (c.kind === 'integer' ? c.bits : 0));
  const statements = witnesses.map((witness) => applySecret(language, witness, bits));
  return { language, context: ctx, statements, proof: prove(language, ctx, statements, witnesses, random) };
}
const witness = (): bigint[] => [uniformBits(random, 9), uniformBits(random, 64)];

describe('batch verification (MPC 6.11, CG 4.7)', () => {
  it('accepts honest batches of 1, 2 and 7 statements, exactly and combined, and boundary witnesses', () => {
    for (const size of [1, 2, 7]) {
      const honest = instance(encryption, Array.from({ length: size }, witness));
      expect(verifyExact(honest)).toBe(true);
      expect(verify(honest, random)).toBe(true);
    }
    for (const boundary of [
      [0n, 0n],
      [q - 1n, (1n << 64n) - 1n],
    ])
      expect(verify(instance(encryption, [boundary]), random)).toBe(true);
  });

  it('names exactly the bad proofs among many', () => {
    const all = Array.from({ length: 9 }, (_, i) => instance(encryption, [witness()], Uint8Array.of(i)));
    const bad = (i: number, change: (p: ProofInstance) => ProofInstance): void => {
      all[i] = change(all[i] as ProofInstance);
    };
    bad(2, (p) => ({
      ...p,
      proof: { ...p.proof, responses: [p.proof.responses[0] as bigint, (p.proof.responses[1] as bigint) + 1n] },
    }));
    bad(5, (p) => ({ ...p, context: Uint8Array.of(99) }));
    bad(7, (p) => ({ ...p, statements: [[p.statements[0]?.[1] as Element, p.statements[0]?.[0] as Element]] }));
    expect(verifyBatch(all, random)).toEqual([2, 5, 7]);
    expect(verifyBatch([], random)).toEqual([]);
  });

  it('malformed proofs are named without being computed with', () => {
    const honest = instance(encryption, [witness()]);
    const shapes: ProofInstance[] = [
      { ...honest, statements: [] },
      { ...honest, statements: [[h]] },
      { ...honest, proof: { ...honest.proof, mask: [h] } },
      { ...honest, proof: { ...honest.proof, responses: [1n] } },
      { ...honest, proof: { ...honest.proof, responses: [q, honest.proof.responses[1] as bigint] } },
      { ...honest, proof: { ...honest.proof, responses: [0n, -1n] } },
      { ...honest, proof: { ...honest.proof, responses: [0n, 1n << 289n] } },
    ];
    expect(verifyBatch([...shapes, honest], random)).toEqual(shapes.map((_, i) => i));
  });

  it('two bad proofs whose errors cancel under fixed weights are both named: the weights are secret and differ', () => {
    const one = instance(encryption, [[1n, 5n]]);
    const two = instance(encryption, [[2n, 6n]], Uint8Array.of(9));
    const shift = (p: ProofInstance, by: bigint): ProofInstance => ({
      ...p,
      proof: {
        ...p.proof,
        mask: [group.compose(p.proof.mask[0] as Element, group.powerVartime(h, by)), p.proof.mask[1] as Element],
      },
    });
    // The transcripts change with the masks, so fix the challenges: only the weights are left to catch this.
    const oracle: ChallengeOracle = (_input, count) => Array.from({ length: count }, () => 3n);
    const fixed = (p: ProofInstance): ProofInstance => {
      const statements = p.statements;
      const proof = prove(p.language, p.context, statements, [p === one ? [1n, 5n] : [2n, 6n]], random, oracle);
      return { ...p, proof, oracle };
    };
    const pair = [shift(fixed(one), 7n), shift(fixed(two), -7n)];
    for (let i = 0; i < 5; i++) expect(verifyBatch(pair, random)).toEqual([0, 1]);
  });

  it('a batch that fails although every proof verifies is a bug, not a verdict', () => {
    const honest = instance(encryption, [witness()]);
    let calls = 0;
    // An oracle that lies the first time only: the combination fails, the exact check does not.
    const oracle: ChallengeOracle = (input, count) =>
      calls++ === 0 ? Array.from({ length: count }, () => 1n) : mpcChallenges(input, count);
    expect(() => verifyBatch([{ ...honest, oracle }], random)).toThrow(BugError);
  });
});

describe('what the transcript and the parser stop (MPC 11.3)', () => {
  it('lessons 1.2: an element of order two passes the bare equation when the challenge is even, and the parser refuses it', () => {
    const even: ChallengeOracle = () => [2n];
    const w = witness();
    const [c1, c2] = applySecret(encryption, w, [0, 64]) as [Element, Element];
    const twisted = group.compose(c1, order2);
    const statements = [[twisted, c2]];
    const proof = prove(encryption, context, statements, [w], random, even);
    const forged: ProofInstance = { language: encryption, context, statements, proof, oracle: even };
    expect(verifyExact(forged)).toBe(true);
    expect(() => group.decode(group.encode(twisted))).toThrow(/CG:P7/);
    // With an odd challenge the equation fails: a prover simply tries again until it is even.
    const odd: ChallengeOracle = () => [3n];
    expect(
      verifyExact({ ...forged, proof: prove(encryption, context, statements, [w], random, odd), oracle: odd }),
    ).toBe(false);
  });

  it('a simulated transcript (challenge first) fails: the challenge is the hash of its own mask', () => {
    const honest = instance(encryption, [witness()]);
    const [c1, c2] = honest.statements[0] as readonly [Element, Element];
    const e = 12345n;
    const z = [77n, uniformBits(random, 288)];
    const [t1, t2] = applySecret(encryption, z, [0, 288]) as [Element, Element];
    const mask = [group.compose(t1, group.powerVartime(c1, -e)), group.compose(t2, group.powerVartime(c2, -e))];
    const simulated: ProofInstance = { ...honest, proof: { mask, responses: z } };
    expect(verifyExact({ ...simulated, oracle: () => [e] })).toBe(true);
    expect(verifyExact(simulated)).toBe(false);
  });

  it('an identity mask works only with a challenge forced to zero', () => {
    const honest = instance(encryption, [witness()]);
    const forged: ProofInstance = { ...honest, proof: { mask: [group.identity, group.identity], responses: [0n, 0n] } };
    expect(verifyExact({ ...forged, oracle: () => [0n] })).toBe(true);
    expect(verifyExact(forged)).toBe(false);
  });

  it('E7: two transcripts with one mask reveal the witness', () => {
    const w = [5n, 123456789n];
    const statements = [applySecret(encryption, w, [0, 64])];
    const same = () => seededRandom(new Uint8Array(32).fill(3));
    const one = prove(encryption, Uint8Array.of(1), statements, [w], same(), () => [1000n]);
    const two = prove(encryption, Uint8Array.of(2), statements, [w], same(), () => [1001n]);
    expect((two.responses[1] as bigint) - (one.responses[1] as bigint)).toBe(w[1]);
  });

  it('refuses witnesses outside their declared range instead of proving something else', () => {
    const statements = [applySecret(encryption, [1n, 1n], [0, 64])];
    for (const w of [[q, 1n], [-1n, 1n], [1n, 1n << 64n], [1n, -1n], [1n]]) {
      expect(() => prove(encryption, context, statements, [w], random)).toThrow(InvalidArgumentsError);
    }
    expect(() => prove(encryption, context, [], [], random)).toThrow(InvalidArgumentsError);
  });

  it('lessons 1.10: a base of the language is in the transcript although nobody listed it', () => {
    const honest = instance(encryption, [witness()]);
    const otherBase: Language = {
      ...encryption,
      rows: [
        encryption.rows[0] as Language['rows'][number],
        {
          group: 'class',
          terms: [
            { base: { kind: 'f' }, coordinate: 0 },
            { base: { kind: 'class', element: group.square(g) }, coordinate: 1 },
          ],
        },
      ],
    };
    let seen: string[] = [];
    const spy: ChallengeOracle = (input, count) => {
      seen.push(Buffer.from(concat(...input.parameters)).toString('hex'));
      return mpcChallenges(input, count);
    };
    verifyExact({ ...honest, oracle: spy });
    verifyExact({ ...honest, language: otherBase, oracle: spy });
    expect(new Set(seen).size).toBe(2);
    seen = [];
  });

  it('encodes with fixed widths and reads strictly', () => {
    const honest = instance(encryption, [witness(), witness()]);
    const bytes = encodeProof(encryption, 2, honest.proof);
    expect(bytes.length).toBe(proofBytes(encryption, 2));
    const read = readProof(new Reader(bytes, 'P'), encryption, 2, 'proof');
    expect(encodeProof(encryption, 2, read)).toEqual(bytes);
    expect(verify({ ...honest, proof: read }, random)).toBe(true);
    expect(() => readProof(new Reader(bytes.slice(1), 'P'), encryption, 2, 'proof')).toThrow();
  });
});

describe('curve points', () => {
  it('decode strictly: 33 bytes, on the curve, canonical, not the identity', () => {
    const good = curve.encodePoint(curve.G);
    expect(curve.decodePoint(good, 'p').equals(curve.G)).toBe(true);
    const bad = [
      good.slice(1),
      concat(good, Uint8Array.of(0)),
      concat(Uint8Array.of(4), good.slice(1)),
      concat(Uint8Array.of(0), new Uint8Array(32)),
      concat(Uint8Array.of(2), new Uint8Array(32).fill(255)),
      concat(Uint8Array.of(2), encodeUint(5n, 32)),
    ];
    for (const bytes of bad) expect(() => curve.decodePoint(bytes, 'p')).toThrow(/p: is not/);
    expect(() => curve.encodePoint(curve.identity)).toThrow(InvalidArgumentsError);
  });

  it('H is hash-to-curve with our own tag, not a known multiple of G for small factors', () => {
    for (let k = 1n; k < 2000n; k++) expect(curve.multiplyVartime(curve.G, k).equals(curve.H)).toBe(false);
  });

  it('multi-scalar sums equal the sum of products for every number of terms', () => {
    for (const count of [0, 1, 2, 4, 5, 17]) {
      const terms = Array.from({ length: count }, (_, i) => ({
        point: curve.multiply(curve.G, BigInt(i + 1)),
        scalar: uniformBits(random, 255) - 5n,
      }));
      const expected = terms.reduce((sum, { point, scalar }) => sum.add(curve.multiply(point, scalar)), curve.identity);
      expect(curve.multiScalarVartime(terms).equals(expected)).toBe(true);
    }
  });
});
