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
import {
  type Inbox,
  type OwnMessage,
  type RoundOutcome,
  isOwnMessage,
  openInbox,
  requireThreshold,
  sortBlame,
} from '../../inbox.ts';
import type { NetworkSetup } from '../../types.ts';
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

/** Valid contributions of some validators, and their sums. */
export interface CheckedMasks {
  /** Ascending. */
  readonly accepted: readonly ValidatorId[];
  readonly blamed: readonly Blame[];
  /** Sum over the accepted, per presign; empty if there are none. */
  readonly sums: MaskAggregate;
}

/** MPC:P1 and MPC:P2 for the messages of an inbox, or of a part of one. @param args.random - this verifier's own, for batch weights. */
export function checkMasks(
  args: PresignSession & {
    readonly access: Pick<AccessStructure, 'validators'>;
    readonly inbox: Inbox;
    readonly own?: OwnMessage | undefined;
    readonly random: Random;
  },
): CheckedMasks {
  const { setup, access, inbox, own, random } = args;
  requireBatch(args.batch);
  // MPC:P1: shape, valid elements, squares.
  const opened = openInbox(access, inbox, 'MPC:P1', (bytes) => decodePresignRound1(args, bytes));
  const language = maskLanguage(setup);
  const foreign = opened.messages.filter(({ validator }) => !isOwnMessage(inbox, own, validator));
  const instances: ProofInstance[] = foreign.map(({ validator, message }) => ({
    language,
    context: maskProofContext(args, validator),
    statements: message.contributions.map(maskStatement),
    proof: message.proof,
  }));
  // MPC:P2: under the context of the sender, so that a copied contribution fails.
  const invalid = new Set(verifyBatch(instances, random).map((i) => foreign[i]?.validator as ValidatorId));
  const blamed: Blame[] = [
    ...opened.blamed,
    ...[...invalid].map((party) => ({
      party,
      check: 'MPC:P2',
      reason: 'the proof of scaled ciphertexts does not verify',
    })),
  ];
  const valid = opened.messages.filter(({ validator }) => !invalid.has(validator));
  return {
    accepted: valid.map(({ validator }) => validator),
    blamed: sortBlame(blamed),
    sums:
      valid.length === 0
        ? []
        : addMasks(
            setup,
            valid.map(({ message }) => message.contributions),
          ),
  };
}

/** Sums of contributions, or of sums of them, presign by presign. @param parts - one at least, of the same length. */
export function addMasks({ parameters }: NetworkSetup, parts: readonly MaskAggregate[]): MaskAggregate {
  const [first] = parts as readonly [MaskAggregate];
  return first.map((_, index) => {
    const sum = (pick: (contribution: MaskAggregate[number]) => Ciphertext): Ciphertext =>
      addCiphertexts(parameters, ...parts.map((part) => pick(part[index] as MaskAggregate[number])));
    return {
      mask: sum(({ mask }) => mask),
      maskedShares: [sum(({ maskedShares }) => maskedShares[0]), sum(({ maskedShares }) => maskedShares[1])] as const,
    };
  });
}

/** MPC:P3: one honest gamma_i makes gamma uniform and unknown. @throws ThresholdNotReachedError. */
export const requireMasks = (
  access: AccessStructure,
  { accepted, blamed }: Pick<CheckedMasks, 'accepted' | 'blamed'>,
): void => requireThreshold(access, accepted, blamed, 'MPC:P3 presign round 1');

/**
 * @param args.inbox - fixed set of PresignR1 messages; invalid ones are blamed and left out.
 * @param args.own - what this validator itself sent.
 * @param args.random - this verifier's own secret randomness for batch weights.
 * @throws ThresholdNotReachedError (MPC:P3) if fewer than weight t are valid.
 */
export function agreeOnMasks(
  args: PresignSession & {
    readonly access: AccessStructure;
    readonly inbox: Inbox;
    readonly own?: OwnMessage | undefined;
    readonly random: Random;
  },
): MaskAgreement {
  const { accepted, blamed, sums: aggregate } = checkMasks(args);
  requireMasks(args.access, { accepted, blamed });
  const digest = maskAggregateDigest(args, aggregate);
  return { accepted, blamed, aggregate, digest, vote: encodeMaskVote(args.sessionId, digest) };
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
