/**
 * The class-group part of stage 2 computed before the message is known (kernel.md section 7). What is left for the message are exponents of
 * 256 bits on bases with tables.
 *
 * For each component (u of c1 with h, v of c2 with pk):
 * - ct_A = ct_gamma^(a1 + u1 q) ct_gammax^(a2 + u2 q) Enc(0; eta): everything but a1 and a2 is known, and so is the whole mask T;
 * - ct_alphabeta = ct_gamma^beta' ct_gammak^alpha' Enc(0; eta) with ct_gammak = ct_gammak0^nu0 ct_gammak1^nu1 ct_gamma^nuG, which follows from the message:
 *   with A_i = ct_gammaki^alpha' and A_G = ct_gamma^alpha' it is (ct_gamma^beta' Enc(0; eta)) A_0^nu0 A_1^nu1 A_G^nuG; its mask T alike.
 *
 * The same elements as those of `directEvaluator`, whatever the nu's are, so the message does not show how it was made.
 *
 * @module
 */
import type { Ciphertext } from '@dwallet/class-groups';
import type { ClassGroup, Element, FixedBaseTable } from '@dwallet/kernel';
import { bitLength } from '@dwallet/sigma';
import type { NetworkSetup, Randomizers, TargetedPresign } from '../../types.ts';
import { type EvaluationExponents, componentPowers, maskExponents, witnessExponents } from './component-powers.ts';
import { type Evaluator, evaluated, multiply } from './evaluator.ts';
import { type Steps, finish } from './steps.ts';
import type { SecondStageRandomness } from './second-stage-randomness.ts';

/** Size of a table for the exponents that follow from the message, 256 bits. There are 20 of them per presign, 0.4 MB at CLG-128. */
const tableBytes = 24 * 1024;

/** fixed * bases[0]^nu0 bases[1]^nu1 bases[2]^nuG: one component of ct_alphabeta or of its mask. */
export interface NonceProduct {
  readonly fixed: Element;
  readonly bases: readonly FixedBaseTable[];
}

/** What is known of c1 or c2 before the message. */
export interface PreparedSide {
  /** ct_gammak0, ct_gammak1, ct_gamma: public. */
  readonly maskedNonce: readonly FixedBaseTable[];
  readonly denominator: NonceProduct;
  readonly denominatorMask: NonceProduct;
  /** ct_gamma, ct_gammax: public bases, secret exponents. */
  readonly numeratorBases: readonly FixedBaseTable[];
  readonly numeratorFixed: Element;
  readonly numeratorMask: Element;
}

/** The secret exponents of both evaluations as far as they are known before the message. */
export interface PreparedExponents {
  readonly denominator: EvaluationExponents;
  readonly denominatorMask: EvaluationExponents;
  /** u_1 q and u_2 q; a_1 and a_2 come with the message. */
  readonly numerator: EvaluationExponents;
  readonly numeratorMask: EvaluationExponents;
}

/** @param coefficients - beta and alpha. */
export const preparedExponents = (
  { parameters }: NetworkSetup,
  coefficients: readonly [bigint, bigint],
  { denominator, numerator }: SecondStageRandomness,
): PreparedExponents => ({
  denominator: witnessExponents(parameters, coefficients, denominator),
  denominatorMask: maskExponents(parameters, denominator),
  numerator: witnessExponents(parameters, [0n, 0n], numerator),
  numeratorMask: maskExponents(parameters, numerator),
});

/** The bases of both evaluations. */
export type EvaluationBases = Pick<TargetedPresign, 'mask' | 'maskedShare' | 'maskedNonces'>;

/** One component of everything. Secrets touched: the exponents; the result contains powers of them. */
export function* prepareSide(
  setup: NetworkSetup,
  presign: EvaluationBases,
  exponents: PreparedExponents,
  component: keyof Ciphertext,
): Steps<PreparedSide> {
  const { parameters } = setup;
  const { group } = parameters;
  const { of, powerOf, ofKey } = componentPowers(setup, component);
  const tableOf = (base: Element): FixedBaseTable => group.buildTable(base, bitLength(parameters.q), tableBytes);
  const { mask, maskedShare, maskedNonces } = presign;
  const ofMask = powerOf(mask);
  yield;
  const ofShare = powerOf(maskedShare);
  yield;
  const ofNonces = [powerOf(maskedNonces[0])];
  yield;
  ofNonces.push(powerOf(maskedNonces[1]), ofMask);
  yield;
  function* nonceProduct(e: EvaluationExponents): Steps<NonceProduct> {
    const fixed = multiply(group, ofMask(e.first), ofKey(e));
    const bases: FixedBaseTable[] = [];
    for (const power of ofNonces) {
      yield;
      bases.push(tableOf(power(e.second)));
    }
    return { fixed, bases };
  }
  const numeratorProduct = (e: EvaluationExponents): Element =>
    multiply(group, ofMask(e.first), ofShare(e.second), ofKey(e));
  const maskTable = tableOf(of(mask));
  const maskedNonce = [tableOf(of(maskedNonces[0])), tableOf(of(maskedNonces[1])), maskTable];
  const numeratorBases = [maskTable, tableOf(of(maskedShare))];
  const denominatorProduct = yield* nonceProduct(exponents.denominator);
  yield;
  const denominatorMask = yield* nonceProduct(exponents.denominatorMask);
  yield;
  // u_1 q and u_2 q now, a_1 and a_2 when they are known.
  const numeratorFixed = numeratorProduct(exponents.numerator);
  yield;
  const numeratorMask = numeratorProduct(exponents.numeratorMask);
  return {
    maskedNonce,
    denominator: denominatorProduct,
    denominatorMask,
    numeratorBases,
    numeratorFixed,
    numeratorMask,
  };
}

type TablePower = (table: FixedBaseTable, exponent: bigint) => Element;

const powers = (
  group: ClassGroup,
  power: TablePower,
  tables: readonly FixedBaseTable[],
  exponents: readonly bigint[],
): Element => multiply(group, ...tables.map((table, i) => power(table, exponents[i] as bigint)));

/**
 * Computes everything that does not depend on the message: about 27 powers of 1000 bits, in steps of up to three.
 * @param coefficients - beta and alpha.
 * Secrets touched: the coefficients and all of `randomness`; what depends on them stays in the closure.
 */
export function* prepareEvaluator(
  setup: NetworkSetup,
  presign: TargetedPresign,
  coefficients: readonly [bigint, bigint],
  randomness: SecondStageRandomness,
): Steps<Evaluator> {
  const exponents = preparedExponents(setup, coefficients, randomness);
  const c1 = yield* prepareSide(setup, presign, exponents, 'c1');
  yield;
  const c2 = yield* prepareSide(setup, presign, exponents, 'c2');
  return sidesEvaluator(setup.parameters.group, [c1, c2]);
}

/** The evaluator over two prepared sides, of c1 and of c2. */
export function sidesEvaluator(group: ClassGroup, sides: readonly [PreparedSide, PreparedSide]): Evaluator {
  // The nu's are public: variable time, also where the base is itself a power with a secret exponent.
  const publicPower: TablePower = (table, exponent) => group.tablePowerVartime(table, exponent);
  const secretPower: TablePower = (table, exponent) => group.tablePower(table, exponent);
  const nonceProduct = ({ fixed, bases }: NonceProduct, nu: Randomizers): Element =>
    multiply(group, fixed, powers(group, publicPower, bases, nu));
  const both = (side: (prepared: PreparedSide) => readonly [Element, Element]) =>
    evaluated([side(sides[0]), side(sides[1])]);
  return {
    maskedNonce(nu) {
      const [c1, c2] = sides.map(({ maskedNonce }) => powers(group, publicPower, maskedNonce, nu));
      return { c1, c2 } as Ciphertext;
    },
    denominator: (nu) =>
      both(({ denominator, denominatorMask }) => [nonceProduct(denominator, nu), nonceProduct(denominatorMask, nu)]),
    numerator: (a) =>
      both(({ numeratorBases, numeratorFixed, numeratorMask }) => [
        multiply(group, numeratorFixed, powers(group, secretPower, numeratorBases, a)),
        numeratorMask,
      ]),
  };
}

/** {@link prepareEvaluator} in one go. */
export const preparedEvaluator = (...args: Parameters<typeof prepareEvaluator>): Evaluator =>
  finish(prepareEvaluator(...args));
