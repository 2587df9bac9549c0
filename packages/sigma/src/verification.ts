/**
 * Verification of sigma proofs: exact (row by row), and combined with secret random weights (MPC 6.11, CG 4.7).
 *
 * @module
 */
import type { Element } from '@dwallet/kernel';
import type { Point } from './curve.ts';
import { bitLength, mod } from './encoding.ts';
import { BugError } from './errors.ts';
import { type FischlinInstance, fischlinTerms } from './fischlin.ts';
import {
  type Base,
  type BaseTables,
  type Component,
  type Language,
  classSetting,
  curveOf,
  responseBits,
  scalarOrder,
  tableFor,
} from './language.ts';
import { type Random, uniformBits } from './random.ts';
import { type ProofInstance, challenges } from './sigma-protocol.ts';
import { mpcChallenges } from './transcript.ts';

/** Shape and range of a proof object, for proofs that were not read by {@link readProof}. */
export function wellFormed({ language, statements, proof }: ProofInstance): boolean {
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
  readonly #class = new Map<Element, { exponent: bigint; tables: BaseTables }>();
  #f = 0n;

  addPoint(point: Point, scalar: bigint): void {
    this.#curve.set(point, (this.#curve.get(point) ?? 0n) + scalar);
  }
  addElement(element: Element, exponent: bigint, tables: BaseTables = {}): void {
    const known = this.#class.get(element);
    if (known === undefined) this.#class.set(element, { exponent, tables });
    else {
      known.exponent += exponent;
      if (known.tables.table === undefined) known.tables = tables;
    }
  }
  add(base: Base, exponent: bigint): void {
    if (base.kind === 'curve') this.addPoint(base.point, exponent);
    else if (base.kind === 'class') this.addElement(base.element, exponent, base);
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
    for (const [base, { exponent, tables }] of this.#class) {
      const table = tableFor(tables, bitLength(exponent));
      if (table === undefined) terms.push({ base, exponent });
      else product = group.compose(product, group.tablePowerVartime(table, exponent));
    }
    return group.isIdentity(group.compose(product, group.multiPowerVartime(terms)));
  }
}

/** From so many statements on, their own product saves more than the 128 squarings that it takes. */
const innerProductFrom = 8;

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
  if (group === 'class' && statements.length >= innerProductFrom && weight !== 1n) {
    // prod Y_j^(e_j) first, with exponents of 128 bits, then its power: cheaper than exponents of 256 bits on every Y_j.
    const powers = statements.map((statement, j) => ({ base: statement[row] as Element, exponent: es[j] as bigint }));
    subtract(classSetting(language).group.multiPowerVartime(powers), weight);
    return;
  }
  statements.forEach((statement, j) => subtract(statement[row] as Component, weight * (es[j] as bigint)));
}

/** The challenges of a proof, one per statement. */
export const challengesOf = (instance: ProofInstance): bigint[] =>
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

/**
 * A weight of a combined equation: 128 bits, because a wrong accept in setup, presign or sign is costly (MPC 6.11). Weights make one equation
 * out of many soundly only because every element is a square (CG:P7).
 */
export const drawWeight = (random: Random): bigint => uniformBits(random, 128) + 1n;

/** All equations of all instances with 128-bit random weights, in one multi-exponentiation per group. */
function verifyCombined(instances: readonly ProofInstance[], random: Random): boolean {
  const curve = new Accumulator();
  const classes = new Map<unknown, { language: Language; accumulator: Accumulator }>();
  let curveLanguage: Language | undefined;
  for (const instance of instances) {
    const { language } = instance;
    const es = challengesOf(instance);
    language.rows.forEach((row, i) => {
      const weight = drawWeight(random);
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
 * The curve rows of all instances and the Fischlin proofs, in one sum with random weights. Rows of class groups are not looked at: their
 * verification is the caller's affair. Does not say which one fails; false, too, if a proof has another shape than its language.
 */
export function verifyCurveRows(
  instances: readonly ProofInstance[],
  fischlin: readonly FischlinInstance[],
  random: Random,
): boolean {
  const [first] = [...instances, ...fischlin];
  if (first === undefined) return true;
  const accumulator = new Accumulator();
  for (const instance of instances) {
    if (!wellFormed(instance)) return false;
    const es = challengesOf(instance);
    instance.language.rows.forEach((row, i) => {
      if (row.group === 'curve') addRow(accumulator, instance, es, i, drawWeight(random));
    });
  }
  for (const { language, context, statement, proof } of fischlin) {
    const terms = fischlinTerms(language, context, statement, proof, random);
    if (terms === undefined) return false;
    for (const { point, scalar } of terms) accumulator.addPoint(point, scalar);
  }
  return accumulator.curveIsIdentity(first.language);
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
