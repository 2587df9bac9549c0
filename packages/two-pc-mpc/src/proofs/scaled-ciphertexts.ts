/**
 * L_EncDH^(N)[pk; ct_1..ct_N]: one integer gamma is encrypted, and each ct_j was multiplied by the same gamma (MPC 6.6).
 *
 * phi(gamma, eta_0, .., eta_N) = (h^eta_0, f^gamma pk^eta_0; u_j^gamma h^eta_j, v_j^gamma pk^eta_j for j = 1..N), ct_j = (u_j, v_j).
 * gamma is an integer witness because u_j has unknown order. N is in the name and in the parameters: N = 1 and N = 2 are different oracles.
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
import { InvalidArgumentsError, type Language, type Statement, bitLength, encodeUint8 } from '@dwallet/sigma';
import type { TabledCiphertext } from '../types.ts';

/**
 * Statement (a1, a2, b_{1,1}, b_{1,2}, .., b_{N,1}, b_{N,2}); witness (gamma, eta_0, .., eta_N) with 0 <= gamma < 2^256, 0 <= eta < 2^R.
 * @param inputs - ct_1..ct_N, 1 <= N <= 2, with tables where they are long-lived.
 */
export function scaledCiphertexts(
  parameters: PublicParameters,
  key: EncryptionKey,
  inputs: readonly TabledCiphertext[],
): Language {
  const count = inputs.length;
  if (count !== 1 && count !== 2) throw new InvalidArgumentsError('inputs', 'must be 1 or 2 ciphertexts');
  const pk = keyBase(key);
  const h = parameters.hBase;
  return {
    name: `L_EncDH^(${count})`,
    version: 1,
    statisticalBits: parameters.statisticalBits,
    setting: parameters,
    coordinates: [
      { name: 'gamma', kind: 'integer', bits: bitLength(parameters.q) },
      ...Array.from({ length: count + 1 }, (_, j) => ({
        name: `eta${j}`,
        kind: 'integer' as const,
        bits: parameters.randomnessBits,
      })),
    ],
    rows: [
      { group: 'class', terms: [{ base: h, coordinate: 1 }] },
      {
        group: 'class',
        terms: [
          { base: { kind: 'f' }, coordinate: 0 },
          { base: pk, coordinate: 1 },
        ],
      },
      ...inputs.flatMap((input, j) => [
        {
          group: 'class' as const,
          terms: [
            { base: classBase(input.c1, input.table1, input.shortTable1), coordinate: 0 },
            { base: h, coordinate: j + 2 },
          ],
        },
        {
          group: 'class' as const,
          terms: [
            { base: classBase(input.c2, input.table2, input.shortTable2), coordinate: 0 },
            { base: pk, coordinate: j + 2 },
          ],
        },
      ]),
    ],
    parameters: [
      parameters.digest,
      parameters.group.encode(key.element),
      encodeUint8(count),
      ...inputs.map((input) => encodeCiphertext(parameters, input)),
    ],
  };
}

/** Components of the encryption of gamma, then of each scaled ciphertext. */
export const scaledStatement = (mask: Ciphertext, scaled: readonly Ciphertext[]): Statement =>
  [mask, ...scaled].flatMap(({ c1, c2 }) => [c1, c2]);
