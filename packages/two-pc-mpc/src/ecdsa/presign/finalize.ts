/**
 * ECDSA presign, finalisation (MPC 4.4): verifies the nonce contributions and sums them; the output is public.
 *
 * @module
 */
import { type AccessStructure, addCiphertexts } from '@dwallet/class-groups';
import {
  type Blame,
  CheckError,
  type Digest,
  type Point,
  type ProofInstance,
  type Random,
  type ValidatorId,
  verifyBatch,
} from '@dwallet/sigma';
import {
  type Inbox,
  type OwnMessage,
  type RoundOutcome,
  isOwnMessage,
  openInbox,
  requireThreshold,
  sortBlame,
} from '../../inbox.ts';
import { scaledDiscreteLog } from '../../proofs/scaled-ciphertext-with-discrete-log.ts';
import type { Presign } from '../../types.ts';
import { createPresign } from './presign-record.ts';
import { type MaskAggregate, type PresignSession, nonceProofContext } from './presign-session.ts';
import {
  type NonceContribution,
  decodePresignRound3Part,
  nonceLanguage,
  requireAgreed,
} from './round-3-encrypt-nonces.ts';

export interface FinalizedPresigns extends RoundOutcome {
  /** In batch order; certify them with `presignBatchFact`. */
  readonly presigns: readonly Presign[];
}

/** The presigns `from`, `from + 1`, .. of a session, as many as `aggregate` has entries. */
export interface NonceSlice extends PresignSession {
  readonly access: Pick<AccessStructure, 'validators'>;
  /** The entries of the agreed aggregate from `from` on. */
  readonly aggregate: MaskAggregate;
  readonly from: number;
  readonly agreed: Digest;
  readonly inbox: Inbox;
  readonly own?: OwnMessage | undefined;
  readonly random: Random;
}

/** Valid messages of round 3, as far as a slice of the presigns shows it, and the presigns of the slice. */
export interface CheckedNonces {
  /** Ascending. */
  readonly accepted: readonly ValidatorId[];
  readonly blamed: readonly Blame[];
  /** Made from the accepted; empty if there are none. */
  readonly presigns: readonly Presign[];
}

/**
 * MPC:P4, MPC:P5 and MPC:P7 on a slice. A validator that one slice blames is left out of all of them: the caller runs the others again without it.
 * @throws CheckError MPC:P7.
 */
export function finalizeSlice(args: NonceSlice): CheckedNonces {
  const { setup, access, aggregate, from, agreed, inbox, own, random } = args;
  const languages = aggregate.map(({ mask }) => nonceLanguage(setup, mask));
  // MPC:P4: shape, points in the group, elements square.
  const opened = openInbox(access, inbox, 'MPC:P4', (bytes) =>
    decodePresignRound3Part(args, languages, from, agreed, bytes),
  );
  // MPC:P5: every proof of every validator in one multi-exponentiation, each relative to the voted ct_gamma.
  const foreign = opened.messages.filter(({ validator }) => !isOwnMessage(inbox, own, validator));
  const instances: (ProofInstance & { readonly sender: ValidatorId })[] = foreign.flatMap(
    ({ validator: sender, message }) =>
      message.contributions.map(({ maskedNonces, publicNonces, proof }, i) => ({
        sender,
        language: languages[i] as (typeof languages)[number],
        context: nonceProofContext(args, sender, from + i),
        statements: [
          scaledDiscreteLog(maskedNonces[0], publicNonces[0]),
          scaledDiscreteLog(maskedNonces[1], publicNonces[1]),
        ],
        proof,
      })),
  );
  const invalid = new Set(verifyBatch(instances, random).map((i) => instances[i]?.sender as ValidatorId));
  const blamed: Blame[] = [
    ...opened.blamed,
    ...[...invalid].map((party) => ({
      party,
      check: 'MPC:P5',
      reason: 'a proof of a scaled ciphertext with discrete logarithm does not verify',
    })),
  ];
  const valid = opened.messages.filter(({ validator }) => !invalid.has(validator));
  const accepted = valid.map(({ validator }) => validator);
  if (accepted.length === 0) return { accepted, blamed: sortBlame(blamed), presigns: [] };
  const presigns = aggregate.map(({ mask, maskedShares }, i) => {
    const index = from + i;
    const parts = valid.map(({ message }) => message.contributions[i] as NonceContribution);
    const point = (j: 0 | 1): Point => parts.reduce((sum, part) => sum.add(part.publicNonces[j]), setup.curve.identity);
    const ciphertext = (j: 0 | 1) => addCiphertexts(setup.parameters, ...parts.map((part) => part.maskedNonces[j]));
    const publicNonces = [point(0), point(1)] as const;
    if (publicNonces.some((nonce) => nonce.is0())) {
      throw new CheckError('MPC:P7', `presigns[${index}].publicNonces`, 'a sum is the identity');
    }
    return createPresign(setup, {
      sessionId: args.sessionId,
      index,
      setup: setup.commitment,
      mask,
      maskedShares,
      maskedNonces: [ciphertext(0), ciphertext(1)],
      publicNonces,
    });
  });
  return { accepted, blamed: sortBlame(blamed), presigns };
}

/** MPC:P6: one honest nonce share in every sum. @throws ThresholdNotReachedError. */
export const requireNonces = (
  access: AccessStructure,
  { accepted, blamed }: Pick<CheckedNonces, 'accepted' | 'blamed'>,
): void => requireThreshold(access, accepted, blamed, 'MPC:P6 presign round 3');

/**
 * @param args.inbox - fixed set of PresignR3 messages; its senders need not be those of round 1. Invalid ones are blamed and left out of every
 * presign of the batch.
 * @param args.own - what this validator itself sent.
 * @param args.random - this verifier's own secret randomness for batch weights.
 * @throws ThresholdNotReachedError (MPC:P6) if fewer than weight t are valid; CheckError MPC:P7; InvalidArgumentsError for another aggregate.
 */
export function finalizePresigns(
  args: PresignSession & {
    readonly access: AccessStructure;
    readonly aggregate: MaskAggregate;
    readonly agreed: Digest;
    readonly inbox: Inbox;
    readonly own?: OwnMessage | undefined;
    readonly random: Random;
  },
): FinalizedPresigns {
  requireAgreed(args, args.aggregate, args.agreed);
  const outcome = finalizeSlice({ ...args, from: 0 });
  requireNonces(args.access, outcome);
  return outcome;
}
