/**
 * Proof that published decryption shares are right (CG 3.9, 3.10 step 2): one EDL proof per virtual number over all ciphertexts.
 *
 * @module
 */
import { InvalidArgumentsError, type Proof, type ProofInstance, type Random, type VirtualId } from '@dwallet/sigma';
import { encodeClgContext } from '../proofs/context.ts';
import {
  type EqualityStatement,
  equalityOfExponentsInstance,
  proveEqualityOfExponents,
} from '../proofs/equality-of-exponents.ts';
import { type DecryptionShares, type PreparedKeyShare, holderOfShares } from './partial-decrypt.ts';
import { type DecryptionRequest, shareProofContext, verificationKeyOf } from './request.ts';

/** Shares with one proof per virtual number. */
export interface ProvedDecryptionShares extends DecryptionShares {
  readonly proofs: ReadonlyMap<VirtualId, Proof>;
}

function statementOf(request: DecryptionRequest, answer: DecryptionShares, share: VirtualId): EqualityStatement {
  const powers = answer.shares.get(share);
  if (powers === undefined || powers.length !== request.ciphertexts.length)
    throw new InvalidArgumentsError('shares', `of number ${share} do not match the request`);
  return {
    verificationKey: verificationKeyOf(request, share),
    pairs: request
      .basesOf(share)
      .map((base, l) => ({ base, power: powers[l] as EqualityStatement['verificationKey'] })),
  };
}

/**
 * Proves the shares that this validator has already published for this request.
 * @param published - exactly as published; where nothing was published, the output of `partialDecrypt`.
 * @param random - fresh: two proofs with one mask reveal d_j.
 * @throws InvalidArgumentsError if the key shares are not those of the sender.
 */
export function proveShares(
  request: DecryptionRequest,
  published: DecryptionShares,
  shares: readonly PreparedKeyShare[],
  random: Random,
): ProvedDecryptionShares {
  if (holderOfShares(request.setup, shares) !== published.sender)
    throw new InvalidArgumentsError('shares', 'are not those of the sender');
  const sorted = [...shares].sort((x, y) => x.virtualId - y.virtualId);
  return {
    ...published,
    proofs: new Map(
      sorted.map(({ virtualId, share }) => [
        virtualId,
        proveEqualityOfExponents(
          request.setup,
          encodeClgContext(shareProofContext(request, virtualId)),
          statementOf(request, published, virtualId),
          share.expose(),
          random,
        ),
      ]),
    ),
  };
}

/** The proof of one virtual number as an input of `verifyBatch`; every base is computed here, never taken from the prover. */
export function shareProofInstance(
  request: DecryptionRequest,
  answer: ProvedDecryptionShares,
  share: VirtualId,
): ProofInstance {
  const proof = answer.proofs.get(share);
  if (proof === undefined) throw new InvalidArgumentsError('proofs', `none for number ${share}`);
  return equalityOfExponentsInstance(
    request.setup,
    encodeClgContext(shareProofContext(request, share)),
    statementOf(request, answer, share),
    proof,
  );
}
