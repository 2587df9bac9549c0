/**
 * The question that a validator asks before it helps to sign: may this dWallet sign this? A validator has a list of policies, and each of them must
 * say yes.
 *
 * @module
 */
import type { Digest, PresignId } from '@dwallet/sigma';
import { RefusedError } from '../core.ts';
import type { StoredDWallet } from '../network-state.ts';
import type { ReadContent } from './read-content.ts';

/** A verified request of a dWallet's owner, before the vote that binds its presign to it, and again before each share. */
export interface PolicyRequest {
  readonly dwallet: StoredDWallet;
  readonly presignId: PresignId;
  /**
   * D: names message, content, authority and client bytes. Two requests with one presign differ in it, and at most one of them is ever certified;
   * it is the key under which a policy recognises a request that it has counted already.
   */
  readonly binding: Digest;
  /** As this validator read it. */
  readonly content: ReadContent;
  /** What the owner says entitles him to this, 0..4096 bytes, signed by him. */
  readonly authority: Uint8Array;
}

/**
 * Called inside the transaction of the validator's store that writes the binding vote, so what a policy writes there is durable exactly when the vote
 * is, and is undone when a later policy or the vote itself refuses. It is called again for the same request: before each share, by whoever leads, and
 * after a restart. So effects must be idempotent under `binding`, and a yes may become a no (a zone that was frozen meanwhile).
 *
 * A share is also asked of validators that did not vote for the binding; for them that call is the first.
 */
export interface SigningPolicy {
  /**
   * Before the transaction of {@link authorise}, for what takes time: a policy gets what it needs from other validators. Decides nothing.
   * @throws RefusedError
   */
  prepare?(request: PolicyRequest): Promise<void>;
  /** Synchronous. @throws RefusedError with code and rule ({@link refuseByPolicy}); anything else is a failure of this validator. */
  authorise(request: PolicyRequest): void;
}

/** A refusal by a rule, such as `ZONE:2`. */
export const refuseByPolicy = (rule: string, why: string): RefusedError =>
  new RefusedError('POLICY_REFUSED', why, { check: rule });

/** ZONE:1: what nobody can read is signed only if the owner has allowed it when he accepted the dWallet. */
export const ownerPolicy: SigningPolicy = {
  authorise({ dwallet, content }) {
    if (content.kind === 'request' || dwallet.signingPolicy === 'raw-digests') return;
    throw new RefusedError(
      'RAW_DIGEST_NOT_ALLOWED',
      'the request carries raw bytes instead of a transaction, and the owner has not allowed that for this dWallet',
      { check: 'ZONE:1' },
    );
  },
};

/** Asks all of them, in order. */
export const composePolicies = (policies: readonly SigningPolicy[]): SigningPolicy => ({
  async prepare(request) {
    for (const policy of policies) await policy.prepare?.(request);
  },
  authorise(request) {
    for (const policy of policies) policy.authorise(request);
  },
});
