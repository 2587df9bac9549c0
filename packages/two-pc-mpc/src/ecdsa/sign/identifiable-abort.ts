/**
 * The second round of a signature, only after the optimistic result did not verify (MPC 5.7): shares with proofs, a signature from the
 * proven ones, and the names of those whose shares were wrong.
 *
 * @module
 */
import {
  type DecryptionRequest,
  type DecryptionShares,
  type PreparedKeyShare,
  type ProvedDecryptionShares,
  generalRequest,
  partialDecrypt,
  proveShares,
  resolveDispute,
} from '@dwallet/class-groups';
import { type Blame, BugError, type Random, type ValidatorId } from '@dwallet/sigma';
import type { EcdsaSignature } from '../../types.ts';
import { completeSignature } from './complete-signature.ts';
import { type SharePermit, type SigningDecryption, requirePermit } from './network-decrypt.ts';

/** The request that proofs are made for: everybody may answer, so that validators outside the expected set can help. */
export const abortRequest = ({ request }: SigningDecryption): DecryptionRequest => generalRequest(request);

/**
 * One validator's answer in the abort round: its shares for {@link abortRequest} (the same elements that it published, if that was in general
 * mode) with one proof per virtual number over both ciphertexts.
 * Secrets touched: the decryption-key shares d_v.
 */
export function decryptWithProof(
  permit: SharePermit,
  decryption: SigningDecryption,
  keyShares: readonly PreparedKeyShare[],
  random: Random,
): ProvedDecryptionShares {
  requirePermit(permit, decryption);
  const request = abortRequest(decryption);
  return proveShares(request, partialDecrypt(request, keyShares, random), keyShares, random);
}

/** Result of the abort round. */
export type AbortOutcome =
  | {
      readonly kind: 'signature';
      readonly signature: EcdsaSignature;
      /** Everybody whose message proves a fault: CG:3.9 (proof fails) or CG:3.10 (published share differs). Never empty. */
      readonly blamed: readonly Blame[];
      /** Published without proof and did not answer now: suspended for this request, blamed only where their share is wrong. */
      readonly silent: readonly ValidatorId[];
    }
  /** Fewer than t shares are proven: wait for, or ask, further validators and call again. */
  | { readonly kind: 'incomplete'; readonly blamed: readonly Blame[]; readonly silent: readonly ValidatorId[] };

/**
 * Decides the abort round. Deterministic from the messages up to the order of answers.
 * @param published - the accepted optimistic answers whose combination failed.
 * @param proved - the accepted proved answers, at most one per validator.
 * @param random - this verifier's own, for batch weights.
 * @throws BugError if the optimistic result failed and nobody is at fault, or if proven shares do not give a valid signature on a verified
 *   message: stop and alarm, never retry with another client message (MPC 5.7, lessons 1.4).
 */
export function resolveAbort(
  decryption: SigningDecryption,
  published: readonly DecryptionShares[],
  proved: readonly ProvedDecryptionShares[],
  random: Random,
): AbortOutcome {
  const { request, facts } = decryption;
  const outcome = resolveDispute({ request, proofRequest: abortRequest(decryption), published, proved }, random);
  const { blamed, silent, combination } = outcome;
  if (combination === undefined) return { kind: 'incomplete', blamed, silent };
  const [numerator, denominator] = combination.ok ? combination.plaintexts : [];
  const signature =
    numerator === undefined || denominator === undefined
      ? undefined
      : completeSignature({ ...facts, curve: facts.setup.curve }, numerator, denominator);
  if (signature === undefined) throw new BugError('proven shares of a verified client message give no valid signature');
  if (blamed.length === 0) throw new BugError('the optimistic result failed although every share is right');
  return { kind: 'signature', signature, blamed, silent };
}
