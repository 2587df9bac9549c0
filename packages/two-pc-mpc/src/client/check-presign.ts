/**
 * What the client checks of a presign before it answers it with secrets (MPC:V6).
 *
 * @module
 */
import { CheckError, type Point } from '@dwallet/sigma';
import type { NetworkSetup, Presign } from '../types.ts';

/** On the curve and not O. */
function requirePoint(point: Point, field: string): void {
  if (point.is0()) throw new CheckError('MPC:V6', field, 'is the identity');
  try {
    point.assertValidity();
  } catch (cause) {
    throw new CheckError('MPC:V6', field, 'is not on the curve', { cause });
  }
}

/**
 * MPC:V6: all components squares, R_B,0 and R_B,1 valid and not O. Decoding made the same tests; this repeats them on the objects
 * that the secrets are about to touch, whatever way they came.
 * @throws CheckError MPC:V6
 */
export function checkPresignElements({ parameters: { group } }: NetworkSetup, presign: Presign): void {
  const ciphertexts = { mask: [presign.mask], maskedShares: presign.maskedShares, maskedNonces: presign.maskedNonces };
  for (const [name, list] of Object.entries(ciphertexts)) {
    list.forEach((ciphertext, i) => {
      for (const component of ['c1', 'c2'] as const) {
        const element = ciphertext[component];
        const field = `presign.${name}[${i}].${component}`;
        if (group.isIdentity(element)) throw new CheckError('MPC:V6', field, 'is the identity');
        if (!group.isSquare(element)) throw new CheckError('MPC:V6', field, 'is not a square');
      }
    });
  }
  presign.publicNonces.forEach((point, i) => requirePoint(point, `presign.publicNonces[${i}]`));
}
