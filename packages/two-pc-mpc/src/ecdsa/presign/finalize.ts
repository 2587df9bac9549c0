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
  verifyBatch,
} from '@dwallet/sigma';
import { type Inbox, type RoundOutcome, openInbox, requireThreshold, sortBlame } from '../../inbox.ts';
import { scaledDiscreteLog } from '../../proofs/scaled-ciphertext-with-discrete-log.ts';
import type { Presign } from '../../types.ts';
import { createPresign } from './presign-record.ts';
import { type MaskAggregate, type PresignSession, nonceProofContext } from './presign-session.ts';
import { type NonceContribution, decodePresignRound3, nonceLanguage, requireAgreed } from './round-3-encrypt-nonces.ts';

export interface FinalizedPresigns extends RoundOutcome {
  /** In batch order; certify them with `presignBatchFact`. */
  readonly presigns: readonly Presign[];
}

/**
 * @param args.inbox - fixed set of PresignR3 messages; its senders need not be those of round 1. Invalid ones are blamed and left out of every
 * presign of the batch.
 * @param args.random - this verifier's own secret randomness for batch weights.
 * @throws ThresholdNotReachedError (MPC:P6) if fewer than weight t are valid; CheckError MPC:P7; InvalidArgumentsError for another aggregate.
 */
export function finalizePresigns(
  args: PresignSession & {
    readonly access: AccessStructure;
    readonly aggregate: MaskAggregate;
    readonly agreed: Digest;
    readonly inbox: Inbox;
    readonly random: Random;
  },
): FinalizedPresigns {
  const { setup, access, aggregate, agreed, inbox, random } = args;
  requireAgreed(args, aggregate, agreed);
  const languages = aggregate.map(({ mask }) => nonceLanguage(setup, mask));
  // MPC:P4: shape, points in the group, elements square.
  const opened = openInbox(access, inbox, 'MPC:P4', (bytes) => decodePresignRound3(args, languages, agreed, bytes));
  // MPC:P5: every proof of every validator in one multi-exponentiation, each relative to the voted ct_gamma.
  const instances: (ProofInstance & { readonly sender: number })[] = opened.messages.flatMap(
    ({ validator, message }, sender) =>
      message.contributions.map(({ maskedNonces, publicNonces, proof }, index) => ({
        sender,
        language: languages[index] as (typeof languages)[number],
        context: nonceProofContext(args, validator, index),
        statements: [
          scaledDiscreteLog(maskedNonces[0], publicNonces[0]),
          scaledDiscreteLog(maskedNonces[1], publicNonces[1]),
        ],
        proof,
      })),
  );
  const invalid = new Set(verifyBatch(instances, random).map((i) => instances[i]?.sender as number));
  const blamed: Blame[] = [
    ...opened.blamed,
    ...[...invalid].map((i) => ({
      party: opened.messages[i]?.validator as number,
      check: 'MPC:P5',
      reason: 'a proof of a scaled ciphertext with discrete logarithm does not verify',
    })),
  ];
  const valid = opened.messages.filter((_, i) => !invalid.has(i));
  const accepted = valid.map(({ validator }) => validator);
  // MPC:P6: one honest nonce share in every sum.
  requireThreshold(access, accepted, blamed, 'MPC:P6 presign round 3');
  const presigns = aggregate.map(({ mask, maskedShares }, index) => {
    const parts = valid.map(({ message }) => message.contributions[index] as NonceContribution);
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
