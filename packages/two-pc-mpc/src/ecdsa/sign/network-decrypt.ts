/**
 * Optimistic threshold decryption of ct_A and ct_alphabeta, and the signature that follows (MPC 5.7, 5.8).
 *
 * Two doors stand before a share, both as types that only this code can make: a client message that this process verified
 * ({@link VerifiedSignMessage}), and a durable marker for it ({@link SharePermit}).
 *
 * @module
 */
import {
  type DecryptionRequest,
  type DecryptionSetup,
  type DecryptionShares,
  type ExpectedSet,
  type PreparedKeyShare,
  combineOptimistic,
  createDecryptionRequest,
  declareDecryptable,
  partialDecrypt,
} from '@dwallet/class-groups';
import { BugError, CheckError, type Digest, InvalidArgumentsError, type Random } from '@dwallet/sigma';
import type { EcdsaSignature } from '../../types.ts';
import type { SingleUseStore } from '../single-use.ts';
import { completeSignature } from './complete-signature.ts';
import { decryptionProtocol, partialDecryptionBinding } from './contexts.ts';
import { type VerifiedFacts, type VerifiedSignMessage, requireVerified } from './network-verify.ts';

/** Where and by whom a signature is decrypted: fixed by the network for one request. */
export interface DecryptionPlace {
  readonly decryption: DecryptionSetup;
  /** Network id, epoch and digest of the committee that holds the shares. */
  readonly network: string;
  readonly epoch: bigint;
  readonly committee: Digest;
  /** E of MPC 5.7, of weight t at least. Default: everybody. */
  readonly expectedSet?: ExpectedSet;
}

/** One verified client message as a decryption request: ciphertexts (ct_A, ct_alphabeta), in this order. */
export interface SigningDecryption {
  readonly verified: VerifiedSignMessage;
  readonly facts: VerifiedFacts;
  readonly place: DecryptionPlace;
  readonly request: DecryptionRequest;
}

/**
 * Opens the gate of CG 2.9 for the two ciphertexts of a verified message: they are outputs of proven evaluations on the certified presign.
 * @throws BugError for a message that did not come out of `verifySignMessage`.
 */
export function createSigningDecryption(verified: VerifiedSignMessage, place: DecryptionPlace): SigningDecryption {
  const facts = requireVerified(verified);
  const { setup, presign, numerator, denominator, digest } = facts;
  const { parameters, curve } = setup;
  const { decryption } = place;
  if (!parameters.group.equals(decryption.state.encryptionKey.element, setup.encryptionKey.element)) {
    throw new InvalidArgumentsError('place.decryption', 'shares another key than that of the setup');
  }
  const { access } = decryption.state;
  const request = createDecryptionRequest(decryption, {
    session: {
      network: place.network,
      ...decryptionProtocol,
      profile: parameters.profile.id,
      epoch: place.epoch,
      session: presign.sessionId,
      committee: place.committee,
      totalWeight: access.totalWeight,
      threshold: access.threshold,
    },
    ciphertexts: [numerator, denominator].map((ct) => declareDecryptable(parameters, ct, 'proven-evaluation')),
    ...(place.expectedSet === undefined ? {} : { expectedSet: place.expectedSet }),
    binding: partialDecryptionBinding(curve, presign, digest),
  });
  return { verified, facts, place, request };
}

class Permit {
  readonly #verified: VerifiedSignMessage;
  constructor(verified: VerifiedSignMessage) {
    this.#verified = verified;
    Object.freeze(this);
  }
  static covers(value: object, verified: VerifiedSignMessage): boolean {
    return #verified in value && value.#verified === verified;
  }
}

/** Leave to compute shares for one verified message: its marker is durable. The class stays in this module. */
export type SharePermit = Permit;

/**
 * MPC 5.8 rule 3: writes (presign_id -> D) durably, and only then permits a share. Whatever the network agreed on, this validator answers one D
 * per presign for ever.
 * @throws CheckError MPC:S2 if the presign is marked for other bytes or void. Errors of the store pass through; then there is no permit.
 */
export async function permitShares(store: SingleUseStore, verified: VerifiedSignMessage): Promise<SharePermit> {
  const { presign, digest } = requireVerified(verified);
  const outcome = await store.mark(presign.presignId, digest);
  // 'same' is the resend of identical bytes (or a restart after the marker): the share is the same number again.
  if (outcome === 'marked' || outcome === 'same') return new Permit(verified);
  throw new CheckError('MPC:S2', 'presign', 'this validator has answered a different client message with it');
}

/** @throws BugError unless the permit is for this message. */
export function requirePermit(permit: SharePermit, { verified }: SigningDecryption): void {
  if (typeof permit !== 'object' || permit === null || !Permit.covers(permit, verified)) {
    throw new BugError('a decryption share was asked for without a durable marker');
  }
}

/**
 * D_v(ct_A) and D_v(ct_alphabeta) for each own virtual number, without proof (MPC 5.7).
 * @param keyShares - all shares of this validator.
 * Secrets touched: the decryption-key shares d_v.
 */
export function decryptOptimistic(
  permit: SharePermit,
  decryption: SigningDecryption,
  keyShares: readonly PreparedKeyShare[],
  random: Random,
): DecryptionShares {
  requirePermit(permit, decryption);
  return partialDecrypt(decryption.request, keyShares, random);
}

/**
 * Combines unproven shares. The ECDSA verification certifies them (MPC:S14), so no proof is needed when it holds.
 * @param answers - accepted share messages, at most one per validator.
 * @returns the signature, or undefined: at least one share is wrong, go to the identifiable-abort round.
 * @throws ThresholdNotReachedError for less than t shares of the expected set.
 */
export function combineSignature(
  { request, facts }: SigningDecryption,
  answers: readonly DecryptionShares[],
): EcdsaSignature | undefined {
  const combination = combineOptimistic(request, answers);
  if (!combination.ok) return undefined;
  const [numerator, denominator] = combination.plaintexts as readonly [bigint, bigint];
  return completeSignature({ ...facts, curve: facts.setup.curve }, numerator, denominator);
}
