/** Threshold decryption with the shares of a network DKG, for tests that must see a key work. */
import type { ValidatorId } from '@dwallet/sigma';
import {
  type DecryptionKeyShare,
  type PublicParameters,
  type SharingState,
  combineShares,
  createDecryptionRequest,
  createDecryptionSetup,
  declareDecryptable,
  encrypt,
  partialDecrypt,
  selectShares,
} from '../../src/index.ts';
import { dkgRandom } from './run-network-dkg.ts';
import { testSession } from './toy.ts';

/** Encrypts `message` under PK and decrypts it with the shares of each quorum; the plaintexts, undefined where there is none. */
export function decryptWithQuorums(
  parameters: PublicParameters,
  state: SharingState,
  shares: ReadonlyMap<ValidatorId, readonly DecryptionKeyShare[]>,
  quorums: readonly (readonly ValidatorId[])[],
  message: bigint,
): (bigint | undefined)[] {
  const random = dkgRandom('threshold-decrypt');
  const { ciphertext } = encrypt(parameters, state.encryptionKey, message, random);
  const setup = createDecryptionSetup(parameters, state);
  const request = createDecryptionRequest(setup, {
    session: testSession(parameters, state.access),
    ciphertexts: [declareDecryptable(parameters, ciphertext, 'verified-encryption')],
  });
  const answers = new Map(
    [...new Set(quorums.flat())].map((v) => [
      v,
      partialDecrypt(request, shares.get(v) as readonly DecryptionKeyShare[], random),
    ]),
  );
  return quorums.map((quorum) => {
    const chosen = selectShares(
      request,
      quorum.map((v) => answers.get(v) as ReturnType<typeof partialDecrypt>),
    );
    const combination = combineShares(request, chosen);
    return combination.ok ? combination.plaintexts[0] : undefined;
  });
}
