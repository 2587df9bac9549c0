/**
 * L_ScaleDL[pk; ct; G]: a ciphertext is ct multiplied by the discrete logarithm of a point (MPC 6.7).
 *
 * phi(k, eta) = (u^k h^eta, v^k pk^eta, k G) for ct = (u, v). k is an integer witness because u has unknown order.
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
} from '@dwallet/class-groups';
import {
  type Curve,
  InvalidArgumentsError,
  type Language,
  type Point,
  type Statement,
  bitLength,
} from '@dwallet/sigma';
import type { TabledCiphertext } from '../types.ts';

/** Statement (c1, c2, Y); witness (k, eta) with 0 <= k < 2^256 and 0 <= eta < 2^R. */
export function scaledCiphertextWithDiscreteLog(
  curve: Curve,
  parameters: PublicParameters,
  key: EncryptionKey,
  input: TabledCiphertext,
): Language {
  if (curve.q !== parameters.q) throw new InvalidArgumentsError('curve', 'is not the curve of this class group');
  return {
    name: 'L_ScaleDL',
    version: 1,
    statisticalBits: parameters.statisticalBits,
    curve,
    setting: parameters,
    coordinates: [
      { name: 'k', kind: 'integer', bits: bitLength(parameters.q) },
      { name: 'eta', kind: 'integer', bits: parameters.randomnessBits },
    ],
    rows: [
      {
        group: 'class',
        terms: [
          { base: classBase(input.c1, input.table1, input.shortTable1), coordinate: 0 },
          { base: parameters.hBase, coordinate: 1 },
        ],
      },
      {
        group: 'class',
        terms: [
          { base: classBase(input.c2, input.table2, input.shortTable2), coordinate: 0 },
          { base: keyBase(key), coordinate: 1 },
        ],
      },
      { group: 'curve', terms: [{ base: { kind: 'curve', point: curve.G }, coordinate: 0 }] },
    ],
    parameters: [
      ...curve.parameters,
      parameters.digest,
      parameters.group.encode(key.element),
      encodeCiphertext(parameters, input),
    ],
  };
}

/** (c1, c2, Y). */
export const scaledDiscreteLog = ({ c1, c2 }: Ciphertext, point: Point): Statement => [c1, c2, point];
