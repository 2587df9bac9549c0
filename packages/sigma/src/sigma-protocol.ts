/**
 * The common sigma protocol (Maurer) with Fiat-Shamir, over any {@link Language}: MPC 6.1, CG 4.1. A batch of B statements has one mask
 * and one response. Here are proofs and their encoding; verification is in verification.ts.
 *
 * @module
 */
import type { Element } from '@dwallet/kernel';
import { encodeInt, encodeUint, mod, type Reader, concat } from './encoding.ts';
import { DecodeError, InvalidArgumentsError } from './errors.ts';
import {
  type Component,
  type Language,
  type Statement,
  applySecret,
  classSetting,
  curveOf,
  encodeComponent,
  encodeStatement,
  languageTranscript,
  maskBits,
  responseBits,
  responseBytes,
  scalarOrder,
} from './language.ts';
import { type Random, uniformBelow, uniformBits } from './random.ts';
import { type ChallengeOracle, mpcChallenges } from './transcript.ts';

/** (T, z): one mask component per row, one response per coordinate. */
export interface Proof {
  readonly mask: readonly Component[];
  readonly responses: readonly bigint[];
}

/** Everything that a verifier needs about one (batch) proof. */
export interface ProofInstance {
  readonly language: Language;
  /** Canonical bytes of the complete context. */
  readonly context: Uint8Array;
  readonly statements: readonly Statement[];
  readonly proof: Proof;
  /** Default: the transcript of MPC 1.6. */
  readonly oracle?: ChallengeOracle;
}

/** The Fiat-Shamir challenges of a transcript, one per statement. */
export function challenges(
  language: Language,
  context: Uint8Array,
  statements: readonly Statement[],
  mask: readonly Component[],
  oracle: ChallengeOracle,
): bigint[] {
  return oracle(
    {
      context,
      parameters: languageTranscript(language),
      statements: statements.flatMap((statement) => encodeStatement(language, statement)),
      mask: encodeStatement(language, mask),
    },
    statements.length,
  );
}

/**
 * The randomness of one proof, t: scalars uniform mod q, integers uniform in [0, 2^maskBits). It depends on the coordinates of the
 * language only, so it can be drawn before the bases are known.
 */
export function drawMask(language: Language, batch: number, random: Random): bigint[] {
  const order = scalarOrder(language);
  return language.coordinates.map((coordinate) =>
    coordinate.kind === 'scalar'
      ? uniformBelow(random, order)
      : uniformBits(random, maskBits(language, coordinate, batch)),
  );
}

/** T = phi(t). @param known - components that the caller computed otherwise; undefined where it did not. */
export function applyMask(
  language: Language,
  batch: number,
  t: readonly bigint[],
  known: readonly (Component | undefined)[] = [],
): Component[] {
  const bits = language.coordinates.map((c) => (c.kind === 'scalar' ? 0 : maskBits(language, c, batch)));
  return applySecret(language, t, bits, known);
}

/** @throws InvalidArgumentsError for a witness that is out of its declared range. */
function checkWitness(language: Language, witness: readonly bigint[]): void {
  const order = scalarOrder(language);
  language.coordinates.forEach((coordinate, i) => {
    const value = witness[i];
    if (value === undefined) throw new InvalidArgumentsError(`witness.${coordinate.name}`, 'is missing');
    const bound = coordinate.kind === 'scalar' ? order : 1n << BigInt(coordinate.bits);
    const lowest = coordinate.kind === 'integer' && coordinate.signed === true ? -bound + 1n : 0n;
    if (value < lowest || value >= bound)
      throw new InvalidArgumentsError(`witness.${coordinate.name}`, 'is out of its declared range');
  });
}

/**
 * Proves statements_j = phi(witnesses_j) for all j with one mask.
 * @param witnesses - one vector per statement; integer coordinates within their declared bits.
 * @param random - must be fresh for every proof: two proofs with one mask reveal the witness (MPC 1.5).
 * @throws InvalidArgumentsError if a witness is out of its declared range. Whether phi(w) equals the statement is the caller's affair.
 */
export function prove(
  language: Language,
  context: Uint8Array,
  statements: readonly Statement[],
  witnesses: readonly (readonly bigint[])[],
  random: Random,
  oracle: ChallengeOracle = mpcChallenges,
): Proof {
  const t = drawMask(language, Math.max(statements.length, 1), random);
  return proveWithMask(language, context, statements, witnesses, { t, known: [] }, oracle);
}

/** A mask that was drawn beforehand, with the components of T = phi(t) that are known already. It serves ONE proof. */
export interface DrawnMask {
  readonly t: readonly bigint[];
  readonly known: readonly (Component | undefined)[];
}

/**
 * As {@link prove}, with a mask from {@link drawMask}. The caller answers for its single use: the same mask under two challenges gives the
 * witness away.
 */
export function proveWithMask(
  language: Language,
  context: Uint8Array,
  statements: readonly Statement[],
  witnesses: readonly (readonly bigint[])[],
  { t, known }: DrawnMask,
  oracle: ChallengeOracle = mpcChallenges,
): Proof {
  const batch = statements.length;
  if (batch === 0 || witnesses.length !== batch)
    throw new InvalidArgumentsError('witnesses', 'one per statement, at least one');
  for (const witness of witnesses) checkWitness(language, witness);
  const mask = applyMask(language, batch, t, known);
  const es = challenges(language, context, statements, mask, oracle);
  const order = scalarOrder(language);
  const responses = language.coordinates.map((coordinate, i) => {
    let z = t[i] as bigint;
    for (let j = 0; j < batch; j++) z += (es[j] as bigint) * ((witnesses[j] as readonly bigint[])[i] as bigint);
    return coordinate.kind === 'scalar' ? mod(z, order) : z;
  });
  return { mask, responses };
}

/** Bytes of an encoded proof over `batch` statements. */
export function proofBytes(language: Language, batch: number): number {
  let length = 0;
  for (const row of language.rows) {
    length += row.group === 'curve' ? curveOf(language).pointBytes : classSetting(language).group.elementBytes;
  }
  for (const coordinate of language.coordinates) length += responseBytes(language, coordinate, batch);
  return length;
}

/** Mask components, then responses, each of fixed width. */
export function encodeProof(language: Language, batch: number, proof: Proof): Uint8Array {
  return concat(
    ...proof.mask.map((component, row) => encodeComponent(language, row, component)),
    ...language.coordinates.map((coordinate, i) => {
      const width = responseBytes(language, coordinate, batch);
      const z = proof.responses[i] as bigint;
      return coordinate.kind === 'integer' && coordinate.signed === true ? encodeInt(z, width) : encodeUint(z, width);
    }),
  );
}

/** Reads one component of row `row` strictly: canonical, in the group, and (class groups) a square. */
export function readComponent(reader: Reader, language: Language, row: number, field: string): Component {
  if (language.rows[row]?.group === 'curve') {
    const curve = curveOf(language);
    return curve.decodePoint(reader.fixed(field, curve.pointBytes), reader.path(field));
  }
  return readElement(reader, classSetting(language).group, field);
}

/** Reads one class-group element with all parsing checks CG:P1 to CG:P7. */
export function readElement(
  reader: Reader,
  group: { readonly elementBytes: number; decode(bytes: Uint8Array): Element },
  field: string,
): Element {
  const bytes = reader.fixed(field, group.elementBytes);
  try {
    return group.decode(bytes);
  } catch (cause) {
    const check =
      cause instanceof Error && 'check' in cause && typeof cause.check === 'string' ? cause.check : undefined;
    if (check === undefined) throw cause;
    throw new DecodeError(reader.path(field), 'is not a group element', check, { cause });
  }
}

/** Strict counterpart of {@link encodeProof}: ranges of responses are checked here (MPC 6.1, CG 4.1). */
export function readProof(reader: Reader, language: Language, batch: number, field: string): Proof {
  const mask = language.rows.map((_, row) => readComponent(reader, language, row, `${field}.mask[${row}]`));
  const order = scalarOrder(language);
  const responses = language.coordinates.map((coordinate) => {
    const name = `${field}.${coordinate.name}`;
    const width = responseBytes(language, coordinate, batch);
    if (coordinate.kind === 'scalar') return reader.uint(name, width, order);
    const bound = 1n << BigInt(responseBits(language, coordinate, batch));
    return coordinate.signed === true ? reader.int(name, width, bound) : reader.uint(name, width, bound);
  });
  return { mask, responses };
}
