/**
 * Fischlin's transform: straight-line extractable proofs for curve languages with scalar witnesses (MPC 6.2).
 *
 * @module
 */
import { shake256 } from '@noble/hashes/sha3.js';
import type { Curve, Point } from './curve.ts';
import { concat, encodeList, encodeUint, encodeUint16, encodeUint32, mod, type Reader } from './encoding.ts';
import { BugError, InvalidArgumentsError } from './errors.ts';
import {
  type Component,
  type Language,
  type Statement,
  applySecret,
  curveOf,
  encodeStatement,
  languageTranscript,
} from './language.ts';
import { type Random, uniformBelow, uniformBits } from './random.ts';
import { hashTagged, taggedInput } from './transcript.ts';

/** Repetitions and zero bits: 16 * 8 = 128 = kappa. Not configurable. */
export const fischlinRepetitions = 16;
const zeroBits = 8;

export interface FischlinRepetition {
  readonly mask: readonly Component[];
  /** Below 2^32. */
  readonly challenge: number;
  /** Scalars, one per coordinate. */
  readonly responses: readonly bigint[];
}
export type FischlinProof = readonly FischlinRepetition[];

/** Called with every query that the prover makes to the target oracle; the extractor of the security proof reads exactly these. */
export type FischlinObserver = (repetition: number, challenge: number, responses: readonly bigint[]) => void;

function requireCurveOnly(language: Language): Curve {
  if (language.rows.some((row) => row.group !== 'curve') || language.coordinates.some((c) => c.kind !== 'scalar')) {
    throw new BugError(`${language.name}: Fischlin proofs are for curve languages with scalar witnesses`);
  }
  return curveOf(language);
}

function common(
  language: Language,
  context: Uint8Array,
  statement: Statement,
  masks: readonly (readonly Component[])[],
): Uint8Array {
  return hashTagged(
    'fischlin/common',
    [
      context,
      hashTagged('fs/params', languageTranscript(language), 64),
      encodeList(encodeStatement(language, statement)),
      encodeList(masks.flatMap((mask) => encodeStatement(language, mask))),
    ],
    32,
  );
}

/**
 * The target oracle of one repetition, H_T("fischlin/target", [c, u16(i), e, z], 16), over one buffer whose last two items change: a prover
 * asks it about 4096 times.
 */
function targetOracle(
  c: Uint8Array,
  repetition: number,
  coordinates: number,
): (challenge: number, responses: readonly bigint[]) => boolean {
  const items = [c, encodeUint16(repetition), new Uint8Array(4), new Uint8Array(32 * coordinates)];
  const input = taggedInput('fischlin/target', items);
  const view = new DataView(input.buffer, input.byteOffset);
  const responsesAt = input.length - 32 * coordinates;
  const challengeAt = responsesAt - 4 - 4;
  return (challenge, responses) => {
    view.setUint32(challengeAt, challenge);
    responses.forEach((z, k) => input.set(encodeUint(z, 32), responsesAt + 32 * k));
    return ((shake256(input, { dkLen: 16 })[15] as number) & ((1 << zeroBits) - 1)) === 0;
  };
}

/**
 * Proves statement = phi(witness), about 4096 hashes.
 * @param random - fresh for each proof.
 */
export function proveFischlin(
  language: Language,
  context: Uint8Array,
  statement: Statement,
  witness: readonly bigint[],
  random: Random,
  observe?: FischlinObserver,
): FischlinProof {
  const { q } = requireCurveOnly(language);
  if (witness.length !== language.coordinates.length) throw new InvalidArgumentsError('witness', 'wrong length');
  const bits = language.coordinates.map(() => 0);
  const randomizers = Array.from({ length: fischlinRepetitions }, () => witness.map(() => uniformBelow(random, q)));
  const masks = randomizers.map((r) => applySecret(language, r, bits));
  const c = common(language, context, statement, masks);
  return masks.map((mask, i) => {
    // A random start hides how far the walk went, so a guessed witness cannot be tested by replaying it.
    let challenge = Number(uniformBits(random, 31));
    const hits = targetOracle(c, i, witness.length);
    let responses = (randomizers[i] as bigint[]).map((r, k) => mod(r + BigInt(challenge) * (witness[k] as bigint), q));
    for (;;) {
      observe?.(i, challenge, responses);
      if (hits(challenge, responses)) return { mask, challenge, responses };
      challenge += 1;
      if (challenge > 0xffffffff) throw new BugError('Fischlin walk ran over its cap');
      responses = responses.map((z, k) => mod(z + (witness[k] as bigint), q));
    }
  });
}

/** What a verifier needs about one Fischlin proof. */
export interface FischlinInstance {
  readonly language: Language;
  readonly context: Uint8Array;
  readonly statement: Statement;
  readonly proof: FischlinProof;
}

/**
 * The 16 hash conditions, and the 16 equations with random 128-bit weights as one sum.
 * @returns terms whose sum must be the identity; undefined if the proof fails already.
 */
export function fischlinTerms(
  language: Language,
  context: Uint8Array,
  statement: Statement,
  proof: FischlinProof,
  random: Random,
): { readonly point: Point; readonly scalar: bigint }[] | undefined {
  const curve = requireCurveOnly(language);
  const points = (components: readonly Component[]): boolean =>
    components.every((component) => !(component as Point).is0());
  if (proof.length !== fischlinRepetitions || statement.length !== language.rows.length || !points(statement))
    return undefined;
  for (const { mask, challenge, responses } of proof) {
    if (mask.length !== language.rows.length || !points(mask) || responses.length !== language.coordinates.length)
      return undefined;
    if (!Number.isInteger(challenge) || challenge < 0 || challenge > 0xffffffff) return undefined;
    if (responses.some((z) => z < 0n || z >= curve.q)) return undefined;
  }
  const c = common(
    language,
    context,
    statement,
    proof.map(({ mask }) => mask),
  );
  if (!proof.every(({ challenge, responses }, i) => targetOracle(c, i, responses.length)(challenge, responses)))
    return undefined;
  const terms: { point: Point; scalar: bigint }[] = [];
  for (let row = 0; row < language.rows.length; row++) {
    const statementPoint = statement[row] as Point;
    let statementScalar = 0n;
    const baseScalars = new Map<Point, bigint>();
    for (const { mask, challenge, responses } of proof) {
      const weight = uniformBits(random, 128) + 1n;
      for (const { base, coordinate } of language.rows[row]?.terms ?? []) {
        if (base.kind !== 'curve') return undefined;
        baseScalars.set(base.point, (baseScalars.get(base.point) ?? 0n) + weight * (responses[coordinate] as bigint));
      }
      statementScalar += weight * BigInt(challenge);
      terms.push({ point: mask[row] as Point, scalar: -weight });
    }
    terms.push({ point: statementPoint, scalar: -statementScalar });
    for (const [point, scalar] of baseScalars) terms.push({ point, scalar });
  }
  return terms;
}

/** All 16 hash conditions and all 16 equations; the equations are combined with random weights. */
export function verifyFischlin(
  language: Language,
  context: Uint8Array,
  statement: Statement,
  proof: FischlinProof,
  random: Random,
): boolean {
  const terms = fischlinTerms(language, context, statement, proof, random);
  return terms !== undefined && curveOf(language).multiScalarVartime(terms).is0();
}

/** (T_i, e_i, z_i) for i = 1..16, fixed widths. */
export function encodeFischlin(language: Language, proof: FischlinProof): Uint8Array {
  return concat(
    ...proof.map(({ mask, challenge, responses }) =>
      concat(...encodeStatement(language, mask), encodeUint32(challenge), ...responses.map((z) => encodeUint(z, 32))),
    ),
  );
}

export function readFischlin(reader: Reader, language: Language, field: string): FischlinProof {
  const curve = requireCurveOnly(language);
  return Array.from({ length: fischlinRepetitions }, (_, i) => ({
    mask: language.rows.map((_row, r) =>
      curve.decodePoint(
        reader.fixed(`${field}[${i}].mask[${r}]`, curve.pointBytes),
        reader.path(`${field}[${i}].mask[${r}]`),
      ),
    ),
    challenge: reader.uint32(`${field}[${i}].challenge`),
    responses: language.coordinates.map(({ name }) => reader.uint(`${field}[${i}].${name}`, 32, curve.q)),
  }));
}
