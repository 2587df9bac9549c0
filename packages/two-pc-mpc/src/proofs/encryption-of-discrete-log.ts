/**
 * L_EncDL[pk; G]: a ciphertext under pk encrypts the discrete logarithm of a point (MPC 6.5).
 *
 * phi(x, eta) = (h^eta, f^x pk^eta, x G). x lives mod q because f and G both have order q; eta is an integer.
 *
 * @module
 */
import { type Ciphertext, type EncryptionKey, type PublicParameters, keyBase } from '@dwallet/class-groups';
import { type Curve, InvalidArgumentsError, type Language, type Point, type Statement } from '@dwallet/sigma';

/**
 * Statement (c1, c2, X); witness (x, eta) with 0 <= x < q and 0 <= eta < 2^R.
 * @param key - the network's key, or a user's encryption key for a share encryption.
 * @throws InvalidArgumentsError when plaintexts and curve have different orders.
 */
export function encryptionOfDiscreteLog(curve: Curve, parameters: PublicParameters, key: EncryptionKey): Language {
  if (curve.q !== parameters.q) throw new InvalidArgumentsError('curve', 'is not the curve of this class group');
  const pk = keyBase(key);
  return {
    name: 'L_EncDL',
    version: 1,
    statisticalBits: parameters.statisticalBits,
    curve,
    setting: parameters,
    coordinates: [
      { name: 'x', kind: 'scalar' },
      { name: 'eta', kind: 'integer', bits: parameters.randomnessBits },
    ],
    rows: [
      { group: 'class', terms: [{ base: parameters.hBase, coordinate: 1 }] },
      {
        group: 'class',
        terms: [
          { base: { kind: 'f' }, coordinate: 0 },
          { base: pk, coordinate: 1 },
        ],
      },
      { group: 'curve', terms: [{ base: { kind: 'curve', point: curve.G }, coordinate: 0 }] },
    ],
    parameters: [...curve.parameters, parameters.digest, parameters.group.encode(key.element)],
  };
}

/** (c1, c2, X). */
export const encryptedDiscreteLog = ({ c1, c2 }: Ciphertext, point: Point): Statement => [c1, c2, point];
