/**
 * The common sigma protocol (Maurer) with Fiat-Shamir, over any {@link Language}: MPC 6.1, CG 4.1. A batch of B statements has one mask
 * and one response. Verification comes exact (row by row) and combined with secret random weights (MPC 6.11, CG 4.7).
 *
 * @module
 */
import type { Element, FixedBaseTable } from '@dwallet/kernel';
import type { Point } from './curve.ts';
import { encodeInt, encodeUint, mod, type Reader, concat } from './encoding.ts';
import { BugError, DecodeError, InvalidArgumentsError } from './errors.ts';
import {
  type Base,
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

function challenges(
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

/** Shape and range of a proof object, for proofs that were not read by {@link readProof}. */
function wellFormed({ language, statements, proof }: ProofInstance): boolean {
  const batch = statements.length;
  if (batch === 0 || proof.mask.length !== language.rows.length) return false;
  if (proof.responses.length !== language.coordinates.length) return false;
  if (statements.some((statement) => statement.length !== language.rows.length)) return false;
  const order = scalarOrder(language);
  const identity = (component: Component, row: number): boolean =>
    language.rows[row]?.group === 'curve' && (component as Point).is0();
  if (proof.mask.some(identity) || statements.some((statement) => statement.some(identity))) return false;
  for (const row of language.rows) {
    for (const { base } of row.terms) if (base.kind === 'curve' && base.point.is0()) return false;
  }
  return language.coordinates.every((coordinate, i) => {
    const z = proof.responses[i] as bigint;
    if (coordinate.kind === 'scalar') return z >= 0n && z < order;
    const bound = 1n << BigInt(responseBits(language, coordinate, batch));
    return z < bound && (coordinate.signed === true ? -z < bound : z >= 0n);
  });
}

/** Exponents per distinct base of a product that must be the identity. */
class Accumulator {
  readonly #curve = new Map<Point, bigint>();
  readonly #class = new Map<Element, { exponent: bigint; table: FixedBaseTable | undefined }>();
  #f = 0n;

  addPoint(point: Point, scalar: bigint): void {
    this.#curve.set(point, (this.#curve.get(point) ?? 0n) + scalar);
  }
  addElement(element: Element, exponent: bigint, table?: FixedBaseTable): void {
    const known = this.#class.get(element);
    if (known === undefined) this.#class.set(element, { exponent, table });
    else {
      known.exponent += exponent;
      known.table ??= table;
    }
  }
  add(base: Base, exponent: bigint): void {
    if (base.kind === 'curve') this.addPoint(base.point, exponent);
    else if (base.kind === 'class') this.addElement(base.element, exponent, base.table);
    else this.#f += exponent;
  }
  curveIsIdentity(language: Language): boolean {
    if (this.#curve.size === 0) return true;
    return curveOf(language)
      .multiScalarVartime([...this.#curve].map(([point, scalar]) => ({ point, scalar })))
      .is0();
  }
  classIsIdentity(language: Language): boolean {
    if (this.#class.size === 0 && this.#f === 0n) return true;
    const setting = classSetting(language);
    const { group } = setting;
    let product = setting.powerOfF(mod(this.#f, setting.q));
    const terms: { base: Element; exponent: bigint }[] = [];
    for (const [base, { exponent, table }] of this.#class) {
      const magnitude = exponent < 0n ? -exponent : exponent;
      if (table !== undefined && magnitude >> BigInt(table.exponentBits) === 0n) {
        product = group.compose(product, group.tablePowerVartime(table, exponent));
      } else terms.push({ base, exponent });
    }
    return group.isIdentity(group.compose(product, group.multiPowerVartime(terms)));
  }
}

/** Adds weight * (phi_row(z) - T_row - sum e_j Y_{j,row}) to the accumulator. */
function addRow(
  accumulator: Accumulator,
  instance: ProofInstance,
  es: readonly bigint[],
  row: number,
  weight: bigint,
): void {
  const { language, statements, proof } = instance;
  const { group, terms } = language.rows[row] as Language['rows'][number];
  for (const { base, coordinate } of terms) accumulator.add(base, weight * (proof.responses[coordinate] as bigint));
  const subtract = (component: Component, exponent: bigint): void => {
    if (group === 'curve') accumulator.addPoint(component as Point, -exponent);
    else accumulator.addElement(component as Element, -exponent);
  };
  subtract(proof.mask[row] as Component, weight);
  statements.forEach((statement, j) => subtract(statement[row] as Component, weight * (es[j] as bigint)));
}

const challengesOf = (instance: ProofInstance): bigint[] =>
  challenges(
    instance.language,
    instance.context,
    instance.statements,
    instance.proof.mask,
    instance.oracle ?? mpcChallenges,
  );

/** Exact verification, one equation per row. Deterministic: what evidence and blame rest on. */
export function verifyExact(instance: ProofInstance): boolean {
  if (!wellFormed(instance)) return false;
  const es = challengesOf(instance);
  return instance.language.rows.every((row, i) => {
    const accumulator = new Accumulator();
    addRow(accumulator, instance, es, i, 1n);
    return row.group === 'curve'
      ? accumulator.curveIsIdentity(instance.language)
      : accumulator.classIsIdentity(instance.language);
  });
}

/** All equations of all instances with 128-bit random weights, in one multi-exponentiation per group. */
function verifyCombined(instances: readonly ProofInstance[], random: Random): boolean {
  const curve = new Accumulator();
  const classes = new Map<unknown, { language: Language; accumulator: Accumulator }>();
  let curveLanguage: Language | undefined;
  for (const instance of instances) {
    const { language } = instance;
    const es = challengesOf(instance);
    language.rows.forEach((row, i) => {
      // Full 128-bit weights: a wrong accept in setup, presign or sign is costly (MPC 6.11). Sound only because every element is a square (CG:P7).
      const weight = uniformBits(random, 128) + 1n;
      if (row.group === 'curve') {
        curveLanguage = language;
        addRow(curve, instance, es, i, weight);
        return;
      }
      const { group } = classSetting(language);
      let entry = classes.get(group);
      if (entry === undefined) {
        entry = { language, accumulator: new Accumulator() };
        classes.set(group, entry);
      }
      addRow(entry.accumulator, instance, es, i, weight);
    });
  }
  if (curveLanguage !== undefined && !curve.curveIsIdentity(curveLanguage)) return false;
  for (const { language, accumulator } of classes.values()) if (!accumulator.classIsIdentity(language)) return false;
  return true;
}

/**
 * Verifies proofs together and names the invalid ones.
 * @param random - this verifier's own secret randomness for the weights; never published beforehand.
 * @returns indices of the instances whose exact verification fails; empty when all hold.
 * @throws BugError when the batch fails and no single proof does (CG 4.7).
 */
export function verifyBatch(instances: readonly ProofInstance[], random: Random): number[] {
  const invalid: number[] = [];
  const candidates: number[] = [];
  instances.forEach((instance, i) => (wellFormed(instance) ? candidates : invalid).push(i));
  const chosen = candidates.map((i) => instances[i] as ProofInstance);
  if (chosen.length === 0 || verifyCombined(chosen, random)) return invalid;
  const failing = candidates.filter((i) => !verifyExact(instances[i] as ProofInstance));
  if (failing.length === 0) throw new BugError('a batch of proofs fails although each proof verifies');
  return [...invalid, ...failing].sort((a, b) => a - b);
}

/** One proof: combined equations first, the exact ones decide on failure. */
export const verify = (instance: ProofInstance, random: Random): boolean =>
  verifyBatch([instance], random).length === 0;
