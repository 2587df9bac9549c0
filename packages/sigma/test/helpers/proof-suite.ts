/**
 * The tests of MPC 11.3 for one language, as data in, test cases out. Curve and class-group languages alike.
 */
import type { Element } from '@dwallet/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Component,
  DecodeError,
  type Language,
  type Point,
  type Proof,
  type ProofInstance,
  type ProtocolContext,
  type Random,
  Reader,
  type Statement,
  applySecret,
  concat,
  encodeContext,
  encodeProof,
  encodeStatement,
  encodeText,
  hashTagged,
  languageTranscript,
  mpcChallenges as defaultOracle,
  mod,
  proofBytes,
  prove,
  readComponent,
  readProof,
  responseBits,
  scalarOrder,
  seededRandom,
  verify,
  verifyBatch,
  verifyExact,
} from '../../src/index.ts';

export const randomFor = (label: string): Random => seededRandom(hashTagged('test-random', [encodeText(label)], 32));

export interface ProofSuite {
  readonly name: string;
  readonly language: Language;
  /** A random valid witness. */
  sample(random: Random): bigint[];
  /** Witnesses at the edges of their ranges that have a statement without O. */
  readonly boundary: readonly (readonly bigint[])[];
  /** One language per public parameter, each with that parameter replaced. */
  readonly wrongParameters: readonly (readonly [string, Language])[];
  /** What happens with the all-zero witness: its statement contains O, or it is an ordinary one. */
  readonly zeroWitness: 'refused' | 'accepted';
  /** The class of order 2, for languages with class rows. */
  readonly orderTwo?: Element;
  /** Flip only every n-th byte (languages whose verification is slow). */
  readonly flipEvery?: number;
}

export const baseContext: ProtocolContext = {
  role: 'client',
  party: 3,
  session: new Uint8Array(32).fill(1),
  protocol: 'ecdsa-sign',
  round: '1',
  proof: 'pi_test',
  publicKey: new Uint8Array(33).fill(2),
  setup: new Uint8Array(32).fill(3),
  extra: [new Uint8Array(32).fill(4)],
};

const { publicKey: _publicKey, setup: _setup, ...withoutOptional } = baseContext;

/** One context per field, each different from the base in that field only. */
export const otherContexts: readonly (readonly [string, ProtocolContext])[] = [
  ['role', { ...baseContext, role: 'validator' }],
  ['party id', { ...baseContext, party: 4 }],
  ['sid', { ...baseContext, session: new Uint8Array(32).fill(9) }],
  ['protocol', { ...baseContext, protocol: 'ecdsa-presign' }],
  ['round', { ...baseContext, round: '2' }],
  ['proof name', { ...baseContext, proof: 'pi_other' }],
  ['X', { ...baseContext, publicKey: new Uint8Array(33).fill(9) }],
  ['X absent', { ...withoutOptional, setup: baseContext.setup as Uint8Array }],
  ['G_com', { ...baseContext, setup: new Uint8Array(32).fill(9) }],
  ['G_com absent', { ...withoutOptional, publicKey: baseContext.publicKey as Uint8Array }],
  ['extra item', { ...baseContext, extra: [new Uint8Array(32).fill(9)] }],
  ['extra item moved', { ...baseContext, extra: [new Uint8Array(16).fill(4), new Uint8Array(16).fill(4)] }],
];

const context = encodeContext(baseContext);

/** phi(w), through the same code as the mask. */
export function statementOf(language: Language, witness: readonly bigint[]): Statement {
  return applySecret(
    language,
    witness,
    language.coordinates.map((c) => (c.kind === 'integer' ? c.bits : 0)),
  );
}

function honest(suite: ProofSuite, batch: number, label: string): ProofInstance & { witnesses: bigint[][] } {
  const random = randomFor(`${suite.name}/${label}`);
  const witnesses = Array.from({ length: batch }, () => suite.sample(random));
  const statements = witnesses.map((w) => statementOf(suite.language, w));
  const proof = prove(suite.language, context, statements, witnesses, random);
  return { language: suite.language, context, statements, proof, witnesses };
}

/** Statement and proof as bytes, and back: what an adversary can touch. */
function toBytes({ language, statements, proof }: ProofInstance): Uint8Array {
  return concat(
    ...statements.flatMap((s) => encodeStatement(language, s)),
    encodeProof(language, statements.length, proof),
  );
}
function fromBytes(language: Language, batch: number, bytes: Uint8Array): ProofInstance {
  const reader = new Reader(bytes, 'Test');
  const statements = Array.from({ length: batch }, (_, j) =>
    language.rows.map((_row, i) => readComponent(reader, language, i, `statement[${j}][${i}]`)),
  );
  const proof = readProof(reader, language, batch, 'proof');
  reader.end();
  return { language, context, statements, proof };
}

export const acceptsBytes = (language: Language, batch: number, bytes: Uint8Array): boolean => {
  try {
    return verifyExact(fromBytes(language, batch, bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return false;
  }
};

const multiply = (language: Language, row: number, component: Component, factor: Element | Point): Component =>
  language.rows[row]?.group === 'curve'
    ? (component as Point).add(factor as Point)
    : (language.setting as NonNullable<Language['setting']>).group.compose(component as Element, factor as Element);

export function describeProofSuite(suite: ProofSuite): void {
  const { language } = suite;
  const order = scalarOrder(language);
  describe(`${suite.name} (MPC 11.3)`, () => {
    const one = honest(suite, 1, 'one');

    it('accepts honest proofs and batches of 1, 2, 7, exactly and combined', () => {
      for (const batch of [1, 2, 7]) {
        const instance = honest(suite, batch, `batch ${batch}`);
        expect(verifyExact(instance)).toBe(true);
        expect(verify(instance, randomFor('weights'))).toBe(true);
        const bytes = toBytes(instance);
        const again = fromBytes(language, batch, bytes);
        expect(verifyExact(again)).toBe(true);
        expect(toBytes(again)).toEqual(bytes);
        expect(encodeProof(language, batch, instance.proof).length).toBe(proofBytes(language, batch));
      }
    });

    it.each(suite.boundary.map((witness, i) => [i, witness] as const))('accepts boundary witness %i', (_i, witness) => {
      const statement = statementOf(language, witness);
      const proof = prove(language, context, [statement], [witness], randomFor('boundary'));
      expect(verifyExact({ language, context, statements: [statement], proof })).toBe(true);
    });

    it('refuses a witness one over its range', () => {
      language.coordinates.forEach((coordinate, i) => {
        const bound = coordinate.kind === 'scalar' ? order : 1n << BigInt(coordinate.bits);
        const witness = (one.witnesses[0] as bigint[]).map((w, k) => (k === i ? bound : w));
        expect(() => prove(language, context, one.statements, [witness], randomFor('range'))).toThrow(coordinate.name);
      });
    });

    it('rejects any flipped byte of T, z or the statement (lessons 1.10)', () => {
      const bytes = toBytes(one);
      expect(acceptsBytes(language, 1, bytes)).toBe(true);
      const step = suite.flipEvery ?? 1;
      for (let i = 0; i < bytes.length; i += step) {
        const flipped = bytes.slice();
        flipped[i] = (flipped[i] as number) ^ (1 << (i % 8));
        expect(acceptsBytes(language, 1, flipped), `byte ${i}`).toBe(false);
      }
    });

    it('rejects truncated and extended bytes', () => {
      const bytes = toBytes(one);
      for (const length of [0, 1, bytes.length - 33, bytes.length - 1])
        expect(() => fromBytes(language, 1, bytes.subarray(0, length))).toThrow(DecodeError);
      expect(() => fromBytes(language, 1, concat(bytes, Uint8Array.of(0)))).toThrow(DecodeError);
    });

    it('rejects permuted statements and a batch that is one shorter or longer (lessons 1.12)', () => {
      const two = honest(suite, 2, 'permute');
      const [first, second] = two.statements as [Statement, Statement];
      expect(verifyExact({ ...two, statements: [second, first] })).toBe(false);
      expect(verifyExact({ ...two, statements: [first] })).toBe(false);
      expect(verifyExact({ ...two, statements: [first, second, first] })).toBe(false);
      expect(verifyExact({ ...two, statements: [] })).toBe(false);
      expect(() => prove(language, context, [], [], randomFor('empty'))).toThrow('witnesses');
    });

    it.each(otherContexts)('rejects another %s in the context (lessons 1.9)', (_name, other) => {
      expect(verifyExact({ ...one, context: encodeContext(other) })).toBe(false);
      expect(verify({ ...one, context: encodeContext(other) }, randomFor('weights'))).toBe(false);
    });

    it.each(suite.wrongParameters)('rejects another %s (lessons 1.10)', (_name, other) => {
      expect(verifyExact({ ...one, language: other })).toBe(false);
    });

    it('rejects the same parameters under another name, version or curve', () => {
      expect(verifyExact({ ...one, language: { ...language, name: `${language.name}x` } })).toBe(false);
      expect(verifyExact({ ...one, language: { ...language, version: 2 } })).toBe(false);
      const [, ...rest] = language.parameters;
      // Same length, other curve number.
      expect(verifyExact({ ...one, language: { ...language, parameters: [Uint8Array.of(1), ...rest] } })).toBe(false);
    });

    it('rejects responses outside of their range, as objects and as bytes', () => {
      language.coordinates.forEach((coordinate, i) => {
        const replace = (value: bigint): Proof => ({
          mask: one.proof.mask,
          responses: one.proof.responses.map((z, k) => (k === i ? value : z)),
        });
        const z = one.proof.responses[i] as bigint;
        // A scalar response that differs by q satisfies the equations: only the range makes it unique.
        const bad =
          coordinate.kind === 'scalar'
            ? [z + order, z - order, order]
            : [1n << BigInt(responseBits(language, coordinate, 1)), -1n];
        for (const value of bad) {
          expect(verifyExact({ ...one, proof: replace(value) })).toBe(false);
          expect(verify({ ...one, proof: replace(value) }, randomFor('weights'))).toBe(false);
        }
        const largest = coordinate.kind === 'scalar' ? order : 1n << BigInt(responseBits(language, coordinate, 1));
        const bytes = encodeProof(language, 1, replace(largest - 1n));
        const overflow = bytes.slice();
        // The field ends where the following ones begin.
        const after = language.coordinates.slice(i + 1);
        const tail = after.reduce((sum, c) => sum + widthOf(language, c), 0);
        const width = widthOf(language, coordinate);
        const start = bytes.length - tail - width;
        const bumped = encodeBig(largest, width);
        if (bumped !== undefined) {
          overflow.set(bumped, start);
          expect(() => readProof(new Reader(overflow, 'Test'), language, 1, 'proof')).toThrow(coordinate.name);
        }
      });
    });

    it('rejects an integer response over its limit although all equations hold', () => {
      language.coordinates.forEach((coordinate, i) => {
        if (coordinate.kind !== 'integer') return;
        // The same protocol with a mask that is 40 bits too long, under the transcript of the real language.
        const longer: Language = {
          ...language,
          coordinates: language.coordinates.map((c, k) =>
            k === i && c.kind === 'integer' ? { ...c, bits: c.bits + 40 } : c,
          ),
        };
        const proof = prove(longer, context, one.statements, one.witnesses, randomFor('too long'), (input, count) =>
          defaultOracle({ ...input, parameters: languageTranscript(language) }, count),
        );
        const instance = { ...one, proof };
        expect(proof.responses[i] as bigint).toBeGreaterThanOrEqual(
          1n << BigInt(responseBits(language, coordinate, 1)),
        );
        const check = { ...longer, parameters: language.parameters };
        const sameChallenge = defaultOracle(
          {
            context,
            parameters: languageTranscript(language),
            statements: one.statements.flatMap((s) => encodeStatement(language, s)),
            mask: encodeStatement(language, proof.mask),
          },
          1,
        );
        expect(verifyExact({ ...instance, language: check, oracle: () => sameChallenge })).toBe(true);
        expect(verifyExact(instance)).toBe(false);
        expect(verify(instance, randomFor('weights'))).toBe(false);
      });
    });

    it('rejects the identity in a curve mask even when the challenge is forced to zero', () => {
      const zero = (_input: unknown, count: number): bigint[] => Array.from({ length: count }, () => 0n);
      const responses = language.coordinates.map(() => 0n);
      const mask = applySecret(
        language,
        responses,
        language.coordinates.map(() => 1),
      );
      if (!language.rows.some(({ group }) => group === 'curve')) return;
      // The bare equations hold: phi(0) = T + 0 * Y.
      expect(verifyExact({ ...one, proof: { mask, responses }, oracle: zero })).toBe(false);
    });

    it('rejects a simulated transcript (challenge chosen before the mask)', () => {
      const random = randomFor('simulate');
      const e = 77n;
      const [statement] = one.statements as readonly [Statement];
      const z = suite.sample(random);
      const bits = language.coordinates.map((c) => (c.kind === 'integer' ? c.bits : 0));
      const image = applySecret(language, z, bits);
      const mask = image.map((component, row) =>
        language.rows[row]?.group === 'curve'
          ? (component as Point).add((statement[row] as Point).multiply(order - e))
          : multiply(
              language,
              row,
              component,
              (language.setting as NonNullable<Language['setting']>).group.powerVartime(statement[row] as Element, -e),
            ),
      );
      const simulated: ProofInstance = { ...one, proof: { mask, responses: z } };
      // It does satisfy the equations for the chosen challenge, so only the transcript refuses it.
      expect(verifyExact({ ...simulated, oracle: () => [e] })).toBe(true);
      expect(verifyExact(simulated)).toBe(false);
    });

    it('two transcripts with one mask reveal the witness (the hazard of MPC 1.5)', () => {
      const witness = one.witnesses[0] as bigint[];
      const first = prove(language, context, one.statements, [witness], randomFor('same mask'));
      const other = encodeContext({ ...baseContext, round: '7' });
      let e: bigint[] = [];
      const spy = (target: (value: bigint) => void) => (input: { context: Uint8Array }) => {
        const value = BigInt(
          `0x${Array.from(hashTagged('spy', [input.context], 16), (b) => b.toString(16).padStart(2, '0')).join('')}`,
        );
        target(value);
        return [value];
      };
      const run = (ctx: Uint8Array): Proof =>
        prove(
          language,
          ctx,
          one.statements,
          [witness],
          randomFor('same mask'),
          spy((value) => e.push(value)),
        );
      const a = run(context);
      const b = run(other);
      expect(first.mask.length).toBe(a.mask.length);
      const [e1, e2] = e as [bigint, bigint];
      language.coordinates.forEach((coordinate, i) => {
        const dz = (a.responses[i] as bigint) - (b.responses[i] as bigint);
        const extracted =
          coordinate.kind === 'scalar' ? mod(dz * modInverse(mod(e1 - e2, order), order), order) : dz / (e1 - e2);
        expect(extracted).toBe(witness[i]);
      });
      e = [];
    });

    it(`zero witness is ${suite.zeroWitness}`, () => {
      const witness = language.coordinates.map(() => 0n);
      const statement = statementOf(language, witness);
      if (suite.zeroWitness === 'refused') {
        expect(() => prove(language, context, [statement], [witness], randomFor('zero'))).toThrow();
        expect(verifyExact({ ...one, statements: [statement] })).toBe(false);
      } else {
        const proof = prove(language, context, [statement], [witness], randomFor('zero'));
        expect(verifyExact({ ...one, statements: [statement], proof })).toBe(true);
      }
    });

    it('a batch of proofs with one bad one names it, and draws fresh weights each time', () => {
      const proofs = Array.from({ length: 4 }, (_, i) => honest(suite, 1, `batch member ${i}`));
      const bad = proofs.map((p, i) => (i === 2 ? { ...p, statements: (proofs[0] as ProofInstance).statements } : p));
      expect(verifyBatch(proofs, randomFor('weights 1'))).toEqual([]);
      expect(verifyBatch(bad, randomFor('weights 2'))).toEqual([2]);
      const draw = (label: string): { random: Random; drawn: string[] } => {
        const stream = randomFor(label);
        const drawn: string[] = [];
        return {
          drawn,
          random: (length) => {
            const bytes = stream(length);
            drawn.push(Array.from(bytes).join());
            return bytes;
          },
        };
      };
      const first = draw('run 1');
      const second = draw('run 2');
      verifyBatch(proofs.slice(0, 2), first.random);
      verifyBatch(proofs.slice(0, 2), second.random);
      expect(first.drawn.length).toBe(2 * language.rows.length);
      expect(new Set([...first.drawn, ...second.drawn]).size).toBe(4 * language.rows.length);
    });

    const twist = suite.orderTwo;
    if (twist !== undefined) {
      it('an order-2 twist passes the bare equations and is refused by the square test (CG:P7, lessons 1.2)', () => {
        const { group } = language.setting as NonNullable<Language['setting']>;
        const row = language.rows.findIndex((r) => r.group === 'class');
        const witness = one.witnesses[0] as bigint[];
        const twisted = (one.statements[0] as Statement).map((component, i) =>
          i === row ? multiply(language, i, component, twist) : component,
        );
        const grind = (parity: bigint, twistMask: boolean): Proof => {
          for (let attempt = 0; attempt < 64; attempt++) {
            let challenge = 0n;
            const random = randomFor(`grind ${attempt}`);
            const proof = prove(language, context, [twisted], [witness], random);
            const mask = proof.mask.map((component, i) =>
              i === row && twistMask ? multiply(language, i, component, twist) : component,
            );
            const forged = { mask, responses: proof.responses };
            // Without a twisted mask the response already belongs to this challenge.
            if (!twistMask) {
              if (verifyExact({ language, context, statements: [twisted], proof: forged })) return forged;
              continue;
            }
            const retry = prove(
              language,
              context,
              [twisted],
              [witness],
              randomFor(`grind ${attempt}`),
              (input, count) => {
                const swapped = { ...input, mask: encodeStatement(language, mask) };
                const es = defaultOracle(swapped, count);
                challenge = es[0] as bigint;
                return es;
              },
            );
            if ((challenge & 1n) === parity) return { mask, responses: retry.responses };
          }
          throw new Error('no challenge of the wanted parity in 64 attempts');
        };
        const even = grind(0n, false);
        expect(verifyExact({ language, context, statements: [twisted], proof: even })).toBe(true);
        const odd = grind(1n, true);
        expect(verifyExact({ language, context, statements: [twisted], proof: odd })).toBe(true);
        // The decoder is what stands in the way: statement and mask are not squares.
        expect(group.isSquare(twisted[row] as Element)).toBe(false);
        for (const proof of [even, odd]) {
          const bytes = toBytes({ language, context, statements: [twisted], proof });
          expect(() => fromBytes(language, 1, bytes)).toThrow('CG:P7');
        }
      });
    }

    it('random bytes never verify and never crash', () => {
      const length = toBytes(one).length;
      fc.assert(
        fc.property(fc.uint8Array({ minLength: 0, maxLength: length + 8 }), (bytes) => {
          expect(acceptsBytes(language, 1, bytes)).toBe(false);
        }),
        { numRuns: 200 },
      );
    });
  });
}

function widthOf(language: Language, coordinate: Language['coordinates'][number]): number {
  return coordinate.kind === 'scalar' ? 32 : (responseBits(language, coordinate, 1) + 7) >> 3;
}

function encodeBig(value: bigint, width: number): Uint8Array | undefined {
  const hex = value.toString(16).padStart(2 * width, '0');
  if (hex.length > 2 * width) return undefined;
  return Uint8Array.from({ length: width }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

function modInverse(value: bigint, prime: bigint): bigint {
  let result = 1n;
  let base = value;
  for (let e = prime - 2n; e > 0n; e >>= 1n) {
    if ((e & 1n) === 1n) result = (result * base) % prime;
    base = (base * base) % prime;
  }
  return result;
}
