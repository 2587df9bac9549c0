/**
 * What verification does for speed: products of large batches, sums of curve rows, masks that were drawn beforehand, tables of two lengths.
 * Every shortcut must refuse what the plain equations refuse.
 */
import { type Element, referenceKernel } from '@dwallet/kernel';
import { describe, expect, it } from 'vitest';
import {
  type Component,
  type FischlinInstance,
  InvalidArgumentsError,
  type Language,
  type Point,
  type ProofInstance,
  applyMask,
  applySecret,
  concat,
  decommitment,
  drawMask,
  encodeInt,
  encodeProof,
  encodeUint,
  equalityOfCommittedValues,
  prove,
  proveFischlin,
  proveWithMask,
  secp256k1Curve as curve,
  seededRandom,
  tableFor,
  uniformBelow,
  uniformBits,
  verifyBatch,
  verifyCurveRows,
  verifyExact,
} from '../src/index.ts';

// The toy group of CG A.1.
const q = 1009n;
const group = referenceKernel.createGroup({ discriminant: -4079n * q ** 3n, conductor: q });
const width = group.elementBytes / 2;
const h = group.decodeUnchecked(concat(encodeUint(508540n, width), encodeInt(296847n, width)));
const f = group.decodeUnchecked(concat(encodeUint(1018081n, width), encodeInt(1009n, width)));
const random = seededRandom(new Uint8Array(32).fill(23));
const power: Language = {
  name: 'test-power',
  version: 1,
  statisticalBits: 96,
  setting: { group, q, powerOfF: (m) => group.powerVartime(f, ((m % q) + q) % q) },
  coordinates: [{ name: 'x', kind: 'integer', bits: 32 }],
  rows: [
    { group: 'class', terms: [{ base: { kind: 'class', element: h }, coordinate: 0 }] },
    { group: 'class', terms: [{ base: { kind: 'class', element: group.square(h) }, coordinate: 0 }] },
  ],
  parameters: [],
};
const context = Uint8Array.of(7);

function batchOf(size: number): ProofInstance {
  const witnesses = Array.from({ length: size }, () => [uniformBits(random, 32)]);
  const statements = witnesses.map((witness) => applySecret(power, witness, [32]));
  return { language: power, context, statements, proof: prove(power, context, statements, witnesses, random) };
}

describe('batches of every size', () => {
  it('hold, and one wrong statement at any place of any row is found (7, 8, 9, 17 statements)', () => {
    for (const size of [7, 8, 9, 17]) {
      const honest = batchOf(size);
      expect(verifyBatch([honest, batchOf(3)], random), String(size)).toEqual([]);
      for (const place of [0, size - 1]) {
        for (const row of [0, 1]) {
          const statements = honest.statements.map((statement) => [...statement]);
          const wrong = statements[place] as Component[];
          wrong[row] = group.compose(wrong[row] as Element, h);
          expect(verifyBatch([batchOf(size), { ...honest, statements }], random), `${size} ${place} ${row}`).toEqual([
            1,
          ]);
        }
      }
    }
  });

  it('errors that cancel within a row are found too: the challenges differ', () => {
    const honest = batchOf(12);
    const statements = honest.statements.map((statement) => [...statement]);
    const [first, second] = statements as [Element[], Element[]];
    first[0] = group.compose(first[0] as Element, h);
    second[0] = group.compose(second[0] as Element, group.invert(h));
    expect(verifyBatch([{ ...honest, statements }], random)).toEqual([0]);
  });
});

const scalar = (): bigint => uniformBelow(random, curve.q);

describe('a mask that was drawn beforehand', () => {
  const language = equalityOfCommittedValues(curve, curve.G, curve.multiply(curve.G, 5n));
  const witness = [scalar(), scalar(), scalar()];
  const statement = applySecret(language, witness, [0, 0, 0]);
  const fixed = () => seededRandom(new Uint8Array(32).fill(9));

  it('gives the proof that prove gives, whichever components are known', () => {
    const plain = encodeProof(language, 1, prove(language, context, [statement], [witness], fixed()));
    const t = drawMask(language, 1, fixed());
    const all = applyMask(language, 1, t);
    for (const known of [[], [all[0]], [undefined, all[1]], all]) {
      const proof = proveWithMask(language, context, [statement], [witness], { t, known });
      expect(encodeProof(language, 1, proof)).toEqual(plain);
    }
  });

  it('uses what it is given: a wrong component makes a proof that fails', () => {
    const t = drawMask(language, 1, fixed());
    const known = [undefined, curve.G];
    const proof = proveWithMask(language, context, [statement], [witness], { t, known });
    expect(verifyExact({ language, context, statements: [statement], proof })).toBe(false);
  });

  it('refuses witnesses out of range and an empty batch', () => {
    const mask = { t: drawMask(language, 1, random), known: [] };
    expect(() => proveWithMask(language, context, [statement], [[curve.q, 0n, 0n]], mask)).toThrow(
      InvalidArgumentsError,
    );
    expect(() => proveWithMask(language, context, [statement], [[0n, 0n]], mask)).toThrow(InvalidArgumentsError);
    expect(() => proveWithMask(language, context, [], [], mask)).toThrow(InvalidArgumentsError);
  });
});

describe('curve rows in one sum', () => {
  const language = decommitment(curve, curve.G);
  const commitment = (w: bigint, rho: bigint): Point => curve.multiply(curve.G, w).add(curve.multiply(curve.H, rho));
  const honest = (label: number): ProofInstance => {
    const [w, rho] = [scalar(), scalar()];
    const statements = [[commitment(w, rho)]];
    const ctx = Uint8Array.of(label);
    return { language, context: ctx, statements, proof: prove(language, ctx, statements, [[w, rho]], random) };
  };
  const fischlin = (): FischlinInstance => {
    const [w, rho] = [scalar(), scalar()];
    const statement = [commitment(w, rho)];
    return { language, context, statement, proof: proveFischlin(language, context, statement, [w, rho], random) };
  };
  const [a, b, beta] = [honest(1), honest(2), fischlin()];

  it('hold together; nothing to verify holds', () => {
    expect(verifyCurveRows([a, b], [beta], random)).toBe(true);
    expect(verifyCurveRows([], [beta], random)).toBe(true);
    expect(verifyCurveRows([], [], random)).toBe(true);
  });

  it('fail with any one of them', () => {
    expect(verifyCurveRows([a, { ...b, context: Uint8Array.of(3) }], [beta], random)).toBe(false);
    expect(verifyCurveRows([a, { ...b, statements: [[curve.G]] }], [beta], random)).toBe(false);
    expect(verifyCurveRows([a, { ...b, proof: { ...b.proof, responses: [1n] } }], [beta], random)).toBe(false);
    expect(verifyCurveRows([a, b], [{ ...beta, context: Uint8Array.of(8) }], random)).toBe(false);
    // Hash conditions hold, an equation does not.
    const [first, ...rest] = beta.proof as [FischlinInstance['proof'][number], ...FischlinInstance['proof']];
    expect(verifyCurveRows([a, b], [{ ...beta, proof: [...rest, first] }], random)).toBe(false);
    const other = [curve.multiply(curve.G, 3n)];
    expect(verifyCurveRows([a, b], [{ ...beta, statement: other }], random)).toBe(false);
  });

  it('errors of two proofs that cancel without weights are found', () => {
    // Both masks are shifted before the challenges are drawn, in opposite directions: the plain sum of both equations holds.
    const shifted = [curve.G, curve.G.negate()].map((shift, i): ProofInstance => {
      const [w, rho] = [scalar(), scalar()];
      const statements = [[commitment(w, rho)]];
      const t = drawMask(language, 1, random);
      const known = [(applyMask(language, 1, t)[0] as Point).add(shift)];
      const ctx = Uint8Array.of(i);
      return {
        language,
        context: ctx,
        statements,
        proof: proveWithMask(language, ctx, statements, [[w, rho]], { t, known }),
      };
    });
    expect(verifyCurveRows(shifted, [], random)).toBe(false);
    expect(shifted.map((instance) => verifyExact(instance))).toEqual([false, false]);
  });

  it('looks at curve rows only: a wrong class row is the affair of the caller', () => {
    const instance = batchOf(1);
    const wrong = { ...instance, statements: [[h, h]] };
    expect(verifyExact(wrong)).toBe(false);
    expect(verifyCurveRows([wrong], [], random)).toBe(true);
  });
});

describe('sums of many points', () => {
  it('equal the sum of products around the change of method, with scalars near 0 and near the order', () => {
    const points = Array.from({ length: 9 }, (_, i) => curve.multiply(curve.G, BigInt(i + 2)));
    for (const count of [3, 511, 512, 600]) {
      const terms = Array.from({ length: count }, (_, i) => ({
        point: points[i % points.length] as Point,
        scalar: i % 3 === 0 ? -uniformBits(random, 128) : i % 3 === 1 ? BigInt(i) : scalar(),
      }));
      // The same as one multiple of G.
      const sum = terms.reduce((total, { scalar: k }, i) => total + k * BigInt((i % points.length) + 2), 0n);
      expect(curve.multiScalarVartime(terms).equals(curve.multiply(curve.G, sum)), String(count)).toBe(true);
    }
  });

  it('encodings are remembered, not shared', () => {
    const point = curve.multiply(curve.G, 77n).add(curve.H);
    const first = curve.encodePoint(point);
    const expected = point.toBytes(true);
    first.fill(0);
    expect(curve.encodePoint(point)).toEqual(expected);
  });
});

describe('two tables of one base', () => {
  const [short, long] = [group.buildTable(h, 40), group.buildTable(h, 80)];
  it('the shortest that is long enough serves', () => {
    const base = { table: long, shortTable: short };
    expect(tableFor(base, 40)).toBe(short);
    expect(tableFor(base, 41)).toBe(long);
    expect(tableFor(base, 81)).toBeUndefined();
    expect(tableFor({ shortTable: short }, 41)).toBeUndefined();
    expect(tableFor({}, 1)).toBeUndefined();
  });
  it('give the same powers in languages', () => {
    const tabled = (tables: object): Language => ({
      ...power,
      rows: [{ group: 'class', terms: [{ base: { kind: 'class', element: h, ...tables }, coordinate: 0 }] }],
    });
    for (const x of [0n, 5n, (1n << 32n) - 1n]) {
      const [plain, both] = [{}, { table: long, shortTable: short }].map(
        (tables) => applySecret(tabled(tables), [x], [32])[0],
      );
      expect(group.equals(plain as Element, both as Element)).toBe(true);
    }
  });
});
