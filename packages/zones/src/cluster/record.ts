/**
 * Records of a cluster: who its members are, what they send each other, what they say about themselves, and what they settle.
 *
 * @module
 */
import { type Digest, concat, digestTagged, encodeText, encodeUint } from '@dwallet/sigma';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { type GovernanceSet, governanceField } from '../governance/keys.ts';
import { addressProblem, addressField, chainField } from '../record/caip.ts';
import {
  type Field,
  amount,
  byteString,
  counter,
  digestField,
  integer,
  record,
  recordType,
  sortedList,
  struct,
  text,
  time,
} from '../record/codec.ts';
import { type ZoneFact, zoneFact } from '../record/fact.ts';

/** One zone in a cluster, as the others approved it. */
export interface ClusterMember {
  readonly chain: string;
  /** Keys with which this member approves joint decisions. */
  readonly governance: GovernanceSet;
  /** Digest of the code and the security-critical settings that were approved. */
  readonly configuration: Digest;
  /** How long this chain takes to settle on its parent, ms. */
  readonly settlementMs: number;
}

export interface ClusterRecord {
  /** Name of the cluster, unique in the network. */
  readonly cluster: string;
  /** Ascending by chain. A single one is what a fault may leave of a cluster of two. */
  readonly members: readonly ClusterMember[];
  /** Δ: what a member sends at T is visible on its destination by T + Δ. */
  readonly deltaMs: number;
  /** Members that must approve a joint decision. */
  readonly threshold: number;
  /** Where settlements are posted (CAIP-2), and the contract there that takes them. */
  readonly parent: string;
  readonly settlementContract: string;
  /** Public key of the cluster's own dWallet: 33 bytes, compressed. */
  readonly settlementKey: Uint8Array;
  /** The highest fee of one settlement transaction, in the parent's coin. */
  readonly maxFee: bigint;
  readonly version: bigint;
  readonly prev: Digest;
}

const clusterName: Field<string> = text(64, (name) =>
  /^[-_.a-z0-9]{1,64}$/.test(name) ? undefined : 'must be 1 to 64 of a-z 0-9 - _ .',
);

export const clusterRecord = record<ClusterRecord>(
  'cluster',
  recordType.cluster,
  262_144,
  {
    cluster: clusterName,
    members: sortedList(
      struct<ClusterMember>({
        chain: chainField,
        governance: governanceField,
        configuration: digestField,
        settlementMs: integer(1),
      }),
      1,
      64,
      ({ chain }) => encodeText(chain),
    ),
    deltaMs: integer(1, 2_592_000_000),
    threshold: integer(1, 64),
    parent: chainField,
    settlementContract: addressField,
    settlementKey: byteString(33, 33),
    maxFee: amount,
    version: counter,
    prev: digestField,
  },
  ({ members, threshold, parent, settlementContract }) => {
    // Fewer than two thirds would let a minority of members decide for the others.
    if (threshold > members.length || 3 * threshold <= 2 * members.length - 1) {
      return `threshold must be at least two thirds of ${members.length} members, and at most all`;
    }
    const wrong = addressProblem(parent, settlementContract);
    return wrong === undefined ? undefined : `settlementContract ${wrong}`;
  },
);

/** What one member sends to another. */
export interface ClusterMessage {
  readonly cluster: string;
  readonly from: string;
  readonly to: string;
  /** 0, 1, 2, ... per (from, to), without gaps. */
  readonly nonce: bigint;
  /** Sender's time, ms. */
  readonly sentAt: number;
  /** At most 64 kB. */
  readonly payload: Uint8Array;
}

export const messageRecord = record<ClusterMessage>(
  'cluster-message',
  recordType.message,
  70_000,
  {
    cluster: clusterName,
    from: chainField,
    to: chainField,
    nonce: counter,
    sentAt: time,
    payload: byteString(0, 65_536),
  },
  ({ from, to }) => (from === to ? 'a member does not send to itself' : undefined),
);

/** A member's word that it has sent everything it will ever send with a time up to `at`. */
export interface Heartbeat {
  readonly cluster: string;
  readonly member: string;
  readonly at: number;
}

export const heartbeatRecord = record<Heartbeat>('cluster-heartbeat', recordType.heartbeat, 256, {
  cluster: clusterName,
  member: chainField,
  at: time,
});

/** How many messages of (or to) a member: the next nonce. Members without messages are left out. */
export interface MessageCount {
  readonly chain: string;
  /** At least 1. */
  readonly count: bigint;
}

/** What a member's chain claims to be at one height. */
export interface ClusterHead {
  readonly cluster: string;
  readonly member: string;
  /** 0, 1, 2, ... of certified heads, without gaps. */
  readonly height: bigint;
  readonly time: number;
  /** Commitment to the chain's state, such as a block hash. */
  readonly state: Digest;
  /** Version of the cluster's record under which it was certified. */
  readonly version: bigint;
  /** Digest of the head before; zeros for the first. */
  readonly prev: Digest;
  /** Messages consumed, per sender, ascending by chain. */
  readonly consumed: readonly MessageCount[];
  /** Messages sent, per receiver, ascending by chain. */
  readonly sent: readonly MessageCount[];
}

const nonZero = ({ count }: MessageCount): boolean => count > 0n;
const counts = sortedList(struct<MessageCount>({ chain: chainField, count: counter }), 0, 64, ({ chain }) =>
  encodeText(chain),
);

export const headRecord = record<ClusterHead>(
  'cluster-head',
  recordType.head,
  16_384,
  {
    cluster: clusterName,
    member: chainField,
    height: counter,
    time,
    state: digestField,
    version: counter,
    prev: digestField,
    consumed: counts,
    sent: counts,
  },
  ({ consumed, sent }) => ([...consumed, ...sent].every(nonZero) ? undefined : 'a count of zero must be left out'),
);

export const countOf = (list: readonly MessageCount[], chain: string): bigint =>
  list.find((item) => item.chain === chain)?.count ?? 0n;

/** The new messages of one (from, to) in a settlement. */
export interface MessageRoot {
  readonly from: string;
  readonly to: string;
  /** First nonce and the one after the last. */
  readonly first: bigint;
  readonly end: bigint;
  /** {@link messagesRoot} of their digests. */
  readonly root: Digest;
}

export interface SettledHead {
  readonly member: string;
  /** Digest of a certified head. */
  readonly head: Digest;
}

export interface SettlementRecord {
  readonly cluster: string;
  /** 0, 1, 2, ... without gaps. */
  readonly interval: bigint;
  readonly time: number;
  readonly prev: Digest;
  /** Ascending by member. */
  readonly heads: readonly SettledHead[];
  /** Ascending by (from, to); only pairs with new messages. */
  readonly roots: readonly MessageRoot[];
}

export const settlementRecord = record<SettlementRecord>('cluster-settlement', recordType.settlement, 1_048_576, {
  cluster: clusterName,
  interval: counter,
  time,
  prev: digestField,
  heads: sortedList(struct<SettledHead>({ member: chainField, head: digestField }), 1, 64, ({ member }) =>
    encodeText(member),
  ),
  roots: sortedList(
    struct<MessageRoot>({ from: chainField, to: chainField, first: counter, end: counter, root: digestField }),
    0,
    4096,
    ({ from, to }) => encodeText(`${from}>${to}`),
  ),
});

/** Commitment to messages in nonce order. */
export const messagesRoot = (digests: readonly Uint8Array[]): Digest =>
  digestTagged('zones/messages-root', [encodeUint(BigInt(digests.length), 4), concat(...digests)]);

/** What the cluster's dWallet calls on the parent: `settle(bytes32)` with the settlement's digest. 36 bytes. */
export const settlementCalldata = (settlement: Digest): Uint8Array =>
  concat(keccak_256(encodeText('settle(bytes32)')).slice(0, 4), settlement);

export const clusterFact = (cluster: ClusterRecord): ZoneFact =>
  zoneFact('cluster', [cluster.cluster], cluster.version, clusterRecord.digest(cluster));
/** One message per (cluster, from, to, nonce). */
export const messageFact = (message: ClusterMessage): ZoneFact =>
  zoneFact(
    'cluster-message',
    [message.cluster, message.from, message.to],
    message.nonce,
    messageRecord.digest(message),
  );
export const heartbeatFact = (heartbeat: Heartbeat): ZoneFact =>
  zoneFact(
    'cluster-heartbeat',
    [heartbeat.cluster, heartbeat.member],
    BigInt(heartbeat.at),
    heartbeatRecord.digest(heartbeat),
  );
/** One head per (cluster, version, member, height): two certificates show a chain with two heads. */
export const headFact = (head: ClusterHead): ZoneFact =>
  zoneFact('cluster-head', [head.cluster, head.version.toString(), head.member], head.height, headRecord.digest(head));
export const settlementFact = (settlement: SettlementRecord): ZoneFact =>
  zoneFact('cluster-settlement', [settlement.cluster], settlement.interval, settlementRecord.digest(settlement));
