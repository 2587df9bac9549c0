/**
 * The state of a cluster: words of its members, messages on their way, heads, the last settlement, and a fault if one was shown.
 *
 * @module
 */
import type { Digest } from '@dwallet/sigma';
import { hex } from '../record/codec.ts';
import { noDigest } from '../governance/proposal.ts';
import { type ClusterHead, type ClusterRecord, clusterRecord, countOf } from './record.ts';

/** A message that was certified. */
export interface MessageState {
  readonly digest: Digest;
  readonly sentAt: number;
  /** Place in the sender's local order of sends and deliveries. */
  readonly sentSeq: number;
  /** Place in the receiver's local order; undefined until it is delivered. */
  readonly consumedSeq: number | undefined;
  /** Was in doubt when its cluster dealt with a fault: it never counts again. */
  readonly void: boolean;
  /** Sender or receiver was off the fast path when it was sent: it waits for settlement, also after that member came back (CLUSTER:9). */
  readonly slow: boolean;
}

/** Messages of one (from, to), in nonce order. */
export interface Channel {
  readonly from: string;
  readonly to: string;
  /** Nonce of `messages[0]`: what lies before is settled on both sides. */
  readonly base: bigint;
  readonly messages: readonly MessageState[];
  /** Nonce of the next message to deliver. */
  readonly consumed: bigint;
}

/** A certified head and its digest. */
export interface CertifiedHead {
  readonly digest: Digest;
  readonly head: ClusterHead;
}

export interface MemberState {
  readonly chain: string;
  /** It has said everything that it will ever say with a time up to this one. */
  readonly word: number;
  /** Length of its local order of sends and deliveries. */
  readonly seq: number;
  /** False while its configuration is not an approved one. */
  readonly fastPath: boolean;
  /** What was approved before: approved still until the chain was seen with what is approved now, or the members decide again. */
  readonly previous: Digest | undefined;
  /** Certified heads after the settled one, ascending. */
  readonly heads: readonly CertifiedHead[];
  /** The head that counted last. */
  readonly settled: CertifiedHead | undefined;
}

/** A safety fault that was shown (CLUSTER:5). */
export interface SafetyFault {
  readonly member: string;
  /** T: the first instant in dispute, ms. */
  readonly at: number;
  /** T + Δ: state of any member after this is suspect. */
  readonly suspectAfter: number;
  /** The two conflicting heads. */
  readonly evidence: readonly [ClusterHead, ClusterHead];
  /** Hex digests of the messages in doubt: the causal closure. */
  readonly inDoubt: ReadonlySet<string>;
}

export interface ClusterState {
  readonly record: ClusterRecord;
  readonly digest: Digest;
  readonly members: ReadonlyMap<string, MemberState>;
  /** By {@link channelKey}. */
  readonly channels: ReadonlyMap<string, Channel>;
  readonly fault: SafetyFault | undefined;
  /** Chains that were members and left. */
  readonly left: ReadonlySet<string>;
  /** Next interval, and digest and time of the settlement before. */
  readonly interval: bigint;
  readonly settlement: Digest;
  readonly settledAt: number;
}

/** `>` is in no CAIP-2 id. */
export const channelKey = (from: string, to: string): string => `${from}>${to}`;

/** @param startAt - ms; every member's word starts there. */
export const newCluster = (record: ClusterRecord, startAt: number): ClusterState => ({
  record,
  digest: clusterRecord.digest(record),
  members: new Map(record.members.map(({ chain }) => [chain, newMember(chain, startAt)])),
  channels: new Map(),
  fault: undefined,
  left: new Set(),
  interval: 0n,
  settlement: noDigest,
  settledAt: startAt,
});

export const newMember = (chain: string, startAt: number): MemberState => ({
  chain,
  word: startAt,
  seq: 0,
  fastPath: true,
  previous: undefined,
  heads: [],
  settled: undefined,
});

export const channelOf = (cluster: ClusterState, from: string, to: string): Channel =>
  cluster.channels.get(channelKey(from, to)) ?? { from, to, base: 0n, messages: [], consumed: 0n };

export const nextNonce = ({ base, messages }: Channel): bigint => base + BigInt(messages.length);

export const messageAt = ({ base, messages }: Channel, nonce: bigint): MessageState | undefined =>
  nonce < base ? undefined : messages[Number(nonce - base)];

/** Nonce of the next message that can still be delivered: void ones are skipped. */
export function nextDelivery(channel: Channel): bigint {
  let nonce = channel.consumed;
  while (messageAt(channel, nonce)?.void === true) nonce++;
  return nonce;
}

export const withMember = (cluster: ClusterState, member: MemberState): ClusterState => ({
  ...cluster,
  members: new Map(cluster.members).set(member.chain, member),
});

export const withChannel = (cluster: ClusterState, channel: Channel): ClusterState => ({
  ...cluster,
  channels: new Map(cluster.channels).set(channelKey(channel.from, channel.to), channel),
});

/** Messages of (from, to) that the sender's settled head covers. */
export const settledSent = (member: MemberState | undefined, to: string): bigint =>
  member?.settled === undefined ? 0n : countOf(member.settled.head.sent, to);

export const settledConsumed = (member: MemberState | undefined, from: string): bigint =>
  member?.settled === undefined ? 0n : countOf(member.settled.head.consumed, from);

/** Whether a message was sent off the fast path, and its sender's settled head does not cover it yet (CLUSTER:9). */
export const isAwaitingSettlement = ({ members }: ClusterState, channel: Channel, nonce: bigint): boolean =>
  messageAt(channel, nonce)?.slow === true && nonce >= settledSent(members.get(channel.from), channel.to);

/** Hex digests of the messages that wait for settlement: nobody may take them before (CLUSTER:9). */
export const messagesAwaitingSettlement = (cluster: ClusterState): ReadonlySet<string> =>
  new Set(
    [...cluster.channels.values()].flatMap((channel) =>
      channel.messages.flatMap(({ digest }, i) =>
        isAwaitingSettlement(cluster, channel, channel.base + BigInt(i)) ? [hex(digest)] : [],
      ),
    ),
  );

export const isInDoubt = (cluster: ClusterState, message: MessageState): boolean =>
  cluster.fault?.inDoubt.has(hex(message.digest)) === true;
