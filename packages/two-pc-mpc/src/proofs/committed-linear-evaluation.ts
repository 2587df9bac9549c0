/**
 * L_DComEval[pk; ct_1, ct_2; G, H]: a ciphertext is a linear combination of two given ciphertexts with committed coefficients (MPC 6.8).
 *
 * Assumption (MPC 6.9): nobody finds elements of small order in the class group; the one exception, the class of order 2, is kept out by
 * the square test CG:P7 on every element. Challenges have 128 bits.
 *
 * @module
 */
import {
  type Ciphertext,
  type EncryptionKey,
  type PublicParameters,
  classBase,
  encodeCiphertext,
  keyBase,
  randomizedCoefficientBits,
} from '@dwallet/class-groups';
import { type Curve, type Language, encodeUint16 } from '@dwallet/sigma';

/**
 * Statement (c1, c2, C_1, C_2) with
 *   c1 = u_1^a1 u_2^a2 h^eta,  c2 = v_1^a1 v_2^a2 pk^eta,  C_i = a_i G + rho_i H.
 * Witness (a1, a2, rho_1, rho_2, eta): the coefficients are integers of 257 + R bits, re-randomised as a + u q (MPC 5.5); eta has R bits.
 *
 * @param inputs - ct_i = (u_i, v_i), in the order of the coefficients.
 */
export function committedLinearEvaluation(
  parameters: PublicParameters,
  key: EncryptionKey,
  curve: Curve,
  inputs: readonly [Ciphertext, Ciphertext],
): Language {
  const [ct1, ct2] = inputs;
  const coefficientBits = randomizedCoefficientBits(parameters);
  const G = { kind: 'curve', point: curve.G } as const;
  const H = { kind: 'curve', point: curve.H } as const;
  return {
    name: 'L_DComEval',
    version: 1,
    statisticalBits: parameters.statisticalBits,
    curve,
    setting: parameters,
    coordinates: [
      { name: 'a1', kind: 'integer', bits: coefficientBits },
      { name: 'a2', kind: 'integer', bits: coefficientBits },
      { name: 'rho1', kind: 'scalar' },
      { name: 'rho2', kind: 'scalar' },
      { name: 'eta', kind: 'integer', bits: parameters.randomnessBits },
    ],
    rows: [
      {
        group: 'class',
        terms: [
          { base: classBase(ct1.c1), coordinate: 0 },
          { base: classBase(ct2.c1), coordinate: 1 },
          { base: parameters.hBase, coordinate: 4 },
        ],
      },
      {
        group: 'class',
        terms: [
          { base: classBase(ct1.c2), coordinate: 0 },
          { base: classBase(ct2.c2), coordinate: 1 },
          { base: keyBase(key), coordinate: 4 },
        ],
      },
      ...[0, 1].map((i) => ({
        group: 'curve' as const,
        terms: [
          { base: G, coordinate: i },
          { base: H, coordinate: i + 2 },
        ],
      })),
    ],
    // Transcript order of MPC 6.13: cp, cg, pk, H, both inputs, coefficient bits.
    parameters: [
      ...curve.parameters,
      parameters.digest,
      parameters.group.encode(key.element),
      curve.encodePoint(curve.H),
      encodeCiphertext(parameters, ct1),
      encodeCiphertext(parameters, ct2),
      encodeUint16(coefficientBits),
    ],
  };
}
