/**
 * ECDSA presign, round 2 (MPC 4.2): verifies the contributions, aggregates them, and votes on the aggregate; round 3 is computed relative to it.
 *
 * @module
 */
import { type AccessStructure, type Ciphertext, addCiphertexts } from '@dwallet/class-groups';
import {
  type Blame,
  CheckError,
  type Digest,
  type ProofInstance,
  type Random,
  Reader,
  type SessionId,
  ThresholdNotReachedError,
  type ValidatorId,
  concat,
  sessionId,
  verifyBatch,
} from '@dwallet/sigma';
import { type Inbox, type RoundOutcome, openInbox, requireThreshold, sortBlame } from '../../inbox.ts';
import { bytesEqual, header, messageType, readDigest, readHeader, requireLength } from '../../wire/format.ts';
import {
  type MaskAggregate,
  type PresignSession,
  maskAggregateDigest,
  maskProofContext,
  requireBatch,
} from './presign-session.ts';
import { decodePresignRound1, maskLanguage, maskStatement } from './round-1-encrypt-mask.ts';

export interface MaskAgreement extends RoundOutcome {
  readonly aggregate: MaskAggregate;
  /** What this validator votes for. */
  readonly digest: Digest;
  /** PresignR2 message: sid, digest. */
  readonly vote: Uint8Array;
}

/**
 * @param args.inbox - fixed set of PresignR1 messages; invalid ones are blamed and left out.
 * @param args.random - this verifier's own secret randomness for batch weights.
 * @throws ThresholdNotReachedError (MPC:P3) if fewer than weight t are valid.
 */
export function agreeOnMasks(
  args: PresignSession & { readonly access: AccessStructure; readonly inbox: Inbox; readonly random: Random },
): MaskAgreement {
  const { setup, access, batch, inbox, random } = args;
  requireBatch(batch);
  // MPC:P1: shape, valid elements, squares.
  const opened = openInbox(access, inbox, 'MPC:P1', (bytes) => decodePresignRound1(args, bytes));
  const language = maskLanguage(setup);
  const instances: ProofInstance[] = opened.messages.map(({ validator, message }) => ({
    language,
    context: maskProofContext(args, validator),
    statements: message.contributions.map(maskStatement),
    proof: message.proof,
  }));
  // MPC:P2: under the context of the sender, so that a copied contribution fails.
  const invalid = new Set(verifyBatch(instances, random));
  const blamed: Blame[] = [
    ...opened.blamed,
    ...[...invalid].map((i) => ({
      party: opened.messages[i]?.validator as number,
      check: 'MPC:P2',
      reason: 'the proof of scaled ciphertexts does not verify',
    })),
  ];
  const valid = opened.messages.filter((_, i) => !invalid.has(i));
  const accepted = valid.map(({ validator }) => validator);
  // MPC:P3: one honest gamma_i makes gamma uniform and unknown.
  requireThreshold(access, accepted, blamed, 'MPC:P3 presign round 1');
  const sum = (index: number, pick: (contribution: MaskAggregate[number]) => Ciphertext): Ciphertext =>
    addCiphertexts(
      setup.parameters,
      ...valid.map(({ message }) => pick(message.contributions[index] as MaskAggregate[number])),
    );
  const aggregate = Array.from({ length: batch }, (_, i) => ({
    mask: sum(i, ({ mask }) => mask),
    maskedShares: [
      sum(i, ({ maskedShares }) => maskedShares[0]),
      sum(i, ({ maskedShares }) => maskedShares[1]),
    ] as const,
  }));
  const digest = maskAggregateDigest(args, aggregate);
  return { accepted, blamed: sortBlame(blamed), aggregate, digest, vote: encodeMaskVote(args.sessionId, digest) };
}

export const encodeMaskVote = (session: SessionId, digest: Digest): Uint8Array =>
  concat(header(messageType.presignRound2), session, digest);

/** Strict. @throws DecodeError; CheckError for a vote of another session. */
export function decodeMaskVote(session: SessionId, bytes: Uint8Array): Digest {
  requireLength(bytes, [66], 'PresignR2');
  const reader = new Reader(bytes, 'PresignR2');
  readHeader(reader, messageType.presignRound2);
  if (!bytesEqual(sessionId(reader.fixed('sessionId', 32)), session)) {
    throw new CheckError('MPC:P1', reader.path('sessionId'), 'is of another session');
  }
  const digest = readDigest(reader, 'digest');
  reader.end();
  return digest;
}

export interface MaskVoteResult {
  /** The one digest with weight >= t. */
  readonly digest: Digest;
  readonly supporters: readonly ValidatorId[];
  /** Malformed votes, and votes for anything else. */
  readonly blamed: readonly Blame[];
}

/**
 * Weighted majority: the value with weight >= t. There is at most one since 2t > n.
 * @throws ThresholdNotReachedError while no value has weight t: more votes may come; without them the session fails safely, nothing was revealed.
 */
export function tallyMaskVotes(args: {
  readonly sessionId: SessionId;
  readonly access: AccessStructure;
  readonly inbox: Inbox;
}): MaskVoteResult {
  const { access } = args;
  const opened = openInbox(access, args.inbox, 'MPC:P1', (bytes) => decodeMaskVote(args.sessionId, bytes));
  const groups: { digest: Digest; supporters: ValidatorId[] }[] = [];
  for (const { validator, message } of opened.messages) {
    const group = groups.find(({ digest }) => bytesEqual(digest, message));
    if (group === undefined) groups.push({ digest: message, supporters: [validator] });
    else group.supporters.push(validator);
  }
  const weights = groups.map(({ supporters }) => access.weight(supporters));
  const winner = groups.find((_, i) => (weights[i] as number) >= access.threshold);
  if (winner === undefined) {
    throw new ThresholdNotReachedError('presign round 2', Math.max(0, ...weights), access.threshold, opened.blamed);
  }
  const dissenters = opened.messages
    .filter(({ validator }) => !winner.supporters.includes(validator))
    .map(({ validator }) => ({
      party: validator,
      check: 'MPC:4.2',
      reason: 'voted for another aggregate of the same contributions',
    }));
  return { ...winner, blamed: sortBlame([...opened.blamed, ...dissenters]) };
}
