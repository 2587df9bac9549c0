/**
 * The class-group part of stage 2: ct_gamma k, the two evaluated ciphertexts and the masks of their proofs (MPC 5.4 steps 13 and 14). Computed here when
 * the message is there; prepared-evaluator.ts computes most of it before.
 *
 * @module
 */
import type { Ciphertext } from '@dwallet/class-groups';
import type { ClassGroup, Element } from '@dwallet/kernel';
import type { NetworkSetup, Randomizers, TargetedPresign } from '../../types.ts';
import {
  type EvaluationExponents,
  componentPowers,
  maskExponents,
  ofBoth,
  witnessExponents,
} from './component-powers.ts';
import { randomizeMaskedNonce } from './nonce-randomizers.ts';
import type { EvaluationRandomness, SecondStageRandomness } from './second-stage-randomness.ts';

/** A ciphertext with the two class-group components of the mask T of its proof. */
export interface Evaluated {
  readonly ciphertext: Ciphertext;
  readonly mask: readonly [Element, Element];
}

/** All evaluators of one draft give the same elements; only the time at which they are computed differs. */
export interface Evaluator {
  /** ct_gamma k for the nu's of this message. */
  maskedNonce(nu: Randomizers): Ciphertext;
  /** ct_alphabeta from (ct_gamma, ct_gamma k). */
  denominator(nu: Randomizers, maskedNonce: Ciphertext): Evaluated;
  /** ct_A from (ct_gamma, ct_gamma x). @param coefficients - a_1 and a_2 in [0, q); secret. */
  numerator(coefficients: readonly [bigint, bigint]): Evaluated;
}

export const multiply = (group: ClassGroup, ...factors: readonly Element[]): Element =>
  factors.reduce((result, factor) => group.compose(result, factor));

/** (value, mask) of c1, then of c2. */
export const evaluated = ([c1, c2]: readonly [
  readonly [Element, Element],
  readonly [Element, Element],
]): Evaluated => ({
  ciphertext: { c1: c1[0], c2: c2[0] },
  mask: [c1[1], c2[1]],
});

/**
 * Everything after the message.
 * @param coefficients - beta and alpha.
 * Secrets touched: the coefficients and all of `randomness`.
 */
export function directEvaluator(
  setup: NetworkSetup,
  presign: TargetedPresign,
  coefficients: readonly [bigint, bigint],
  randomness: SecondStageRandomness,
): Evaluator {
  const { parameters } = setup;
  const sides = ofBoth((component) => {
    const powers = componentPowers(setup, component);
    // ct_gamma is an input of both evaluations.
    return { powers, ofFirst: powers.powerOf(presign.mask) };
  });
  const evaluate = (
    second: Ciphertext,
    of: EvaluationRandomness,
    coefficientsOf: readonly [bigint, bigint],
  ): Evaluated => {
    const witness = witnessExponents(parameters, coefficientsOf, of);
    const mask = maskExponents(parameters, of);
    const side = ({ powers, ofFirst }: (typeof sides)[number]): readonly [Element, Element] => {
      const ofSecond = powers.powerOf(second);
      const phi = (e: EvaluationExponents): Element =>
        multiply(parameters.group, ofFirst(e.first), ofSecond(e.second), powers.ofKey(e));
      return [phi(witness), phi(mask)];
    };
    return evaluated([side(sides[0]), side(sides[1])]);
  };
  return {
    maskedNonce: (nu) => randomizeMaskedNonce(parameters, presign, nu),
    denominator: (_nu, maskedNonce) => evaluate(maskedNonce, randomness.denominator, coefficients),
    numerator: (a) => evaluate(presign.maskedShare, randomness.numerator, a),
  };
}
