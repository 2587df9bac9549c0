/**
 * The transitions of a cluster. Every event is certified by 2/3 of the validators; times are part of the events.
 *
 * @module
 */
import type { Digest } from '@dwallet/sigma';
import {
  type Approval,
  type GovernanceRules,
  type Proposal,
  approvingKeys,
  judgeChange,
  noDigest,
  proposalRecord,
} from '../governance/proposal.ts';
import type { GovernanceSet } from '../governance/keys.ts';
import { type Outcome, type Refusal, type Rule, accept, refuse } from '../outcome.ts';
import { hex, sameBytes } from '../record/codec.ts';
import {
  type ClusterHead,
  type ClusterMember,
  type ClusterMessage,
  type ClusterRecord,
  type Heartbeat,
  type MessageCount,
  type SettlementRecord,
  clusterRecord,
  countOf,
  headRecord,
  messageRecord,
  settlementRecord,
} from './record.ts';
import { causalClosure, headsConflict } from './safety-fault.ts';
import { type SettlementRules, findHead, settlementRules } from './settlement.ts';
import {
  type Channel,
  type ClusterState,
  type MemberState,
  channelOf,
  isAwaitingSettlement,
  isInDoubt,
  messageAt,
  newMember,
  nextDelivery,
  nextNonce,
  settledConsumed,
  settledSent,
  withChannel,
  withMember,
} from './state.ts';
import { type SynchronyRules, horizon, onFastPath, synchronyRules } from './synchrony.ts';

/** A member's chain took message `nonce` of `from` at its time `at`. */
export interface Delivery {
  readonly cluster: string;
  readonly from: string;
  readonly to: string;
  readonly nonce: bigint;
  readonly at: number;
}

/** What the validators found a member's chain to run. */
export interface ConfigurationReport {
  readonly cluster: string;
  readonly member: string;
  readonly configuration: Digest;
}

export type ClusterEvent =
  | { readonly kind: 'message'; readonly message: ClusterMessage }
  | { readonly kind: 'delivery'; readonly delivery: Delivery }
  | { readonly kind: 'heartbeat'; readonly heartbeat: Heartbeat }
  | { readonly kind: 'head'; readonly head: ClusterHead }
  /** Two certified heads that conflict. */
  | { readonly kind: 'conflict'; readonly heads: readonly [ClusterHead, ClusterHead] }
  | { readonly kind: 'settlement'; readonly settlement: SettlementRecord }
  | { readonly kind: 'configuration'; readonly report: ConfigurationReport }
  /** A joint decision. `at`: ms, where the words of joining members start. */
  | {
      readonly kind: 'amendment';
      readonly record: ClusterRecord;
      readonly approvals: readonly Approval[];
      readonly at: number;
    };

interface SendContext {
  readonly cluster: ClusterState;
  readonly member: MemberState;
  readonly at: number;
}

export interface AmendmentContext {
  readonly cluster: ClusterState;
  readonly record: ClusterRecord;
  readonly approvals: readonly Approval[];
  readonly verify: Pick<GovernanceRules, 'GOVERNANCE:4'>;
}

export interface ClusterRules extends SynchronyRules, SettlementRules {
  readonly 'CLUSTER:1': Rule<
    SendContext & {
      readonly nonce?: bigint;
      readonly expected?: bigint;
      readonly event: 'message' | 'delivery' | 'heartbeat';
    }
  >;
  /** What a fault puts in doubt, and what is refused from then on. */
  readonly 'CLUSTER:5': {
    readonly closure: typeof causalClosure;
    readonly refuse: Rule<
      SendContext & { readonly message?: { readonly digest: Digest } | undefined; readonly sends: boolean }
    >;
  };
  readonly 'CLUSTER:8': Rule<AmendmentContext>;
  readonly 'CLUSTER:9': {
    /** Whether a member with this configuration is on the fast path. */
    readonly fastPath: typeof mayRun;
    readonly deliver: Rule<{ readonly cluster: ClusterState; readonly delivery: Delivery }>;
    readonly rejoin: Rule<{ readonly cluster: ClusterState; readonly member: MemberState }>;
  };
  readonly 'CLUSTER:11': Rule<ClusterRecord>;
  readonly 'CLUSTER:12': {
    readonly extend: Rule<{ readonly cluster: ClusterState; readonly member: MemberState; readonly head: ClusterHead }>;
    readonly conflict: typeof headsConflict;
  };
}

const unknownMember = (name: string): Refusal => refuse('CLUSTER:8', `${name} is not a member`);

/** Why a message or a step is refused while a fault is open. */
const refuseSuspect: ClusterRules['CLUSTER:5']['refuse'] = ({ cluster, member, at, message, sends }) => {
  const { fault } = cluster;
  if (fault === undefined) return undefined;
  if (message !== undefined && fault.inDoubt.has(hex(message.digest))) {
    return refuse('CLUSTER:5', `the message is in doubt since ${fault.member} violated safety at ${fault.at}`);
  }
  if (member.chain === fault.member && at >= fault.at)
    return refuse('CLUSTER:5', `${member.chain} has two histories since ${fault.at}`);
  if (at > fault.suspectAfter)
    return refuse('CLUSTER:5', `state of ${member.chain} after ${fault.suspectAfter} is suspect`);
  const tainted = [...cluster.channels.values()].some(
    ({ to, messages }) =>
      to === member.chain && messages.some((item) => item.consumedSeq !== undefined && isInDoubt(cluster, item)),
  );
  return sends && tainted ? refuse('CLUSTER:5', `${member.chain} has consumed a message in doubt`) : undefined;
};

/** Approvals of a joint decision: the threshold of current members, and each member that joins or whose own entry changes. */
const jointApproval: Rule<AmendmentContext> = ({ cluster, record, approvals, verify }) => {
  const proposal = proposalRecord.digest(clusterProposal(record));
  const approves = (governance: GovernanceSet): boolean =>
    approvingKeys(verify, governance, proposal, approvals) >= governance.threshold;
  // One that has violated safety decides nothing any more, least of all whether it stays.
  const voters = cluster.record.members.filter(({ chain }) => chain !== cluster.fault?.member);
  const have = voters.filter(({ governance }) => approves(governance)).length;
  const need = Math.min(cluster.record.threshold, voters.length);
  if (have < need) return refuse('CLUSTER:8', `${have} of ${need} members approve`);
  for (const member of record.members) {
    const before = cluster.record.members.find(({ chain }) => chain === member.chain);
    if (before !== undefined && sameMember(before, member)) continue;
    if (!approves((before ?? member).governance)) {
      return refuse(
        'CLUSTER:8',
        `${member.chain} ${before === undefined ? 'joins' : 'changes'} without its own approval`,
      );
    }
  }
  return undefined;
};

const sameMember = (a: ClusterMember, b: ClusterMember): boolean =>
  a.settlementMs === b.settlementMs &&
  sameBytes(a.configuration, b.configuration) &&
  a.governance.threshold === b.governance.threshold &&
  a.governance.keys.length === b.governance.keys.length &&
  a.governance.keys.every((key, i) => {
    const other = b.governance.keys[i];
    return other?.scheme === key.scheme && sameBytes(other.publicKey, key.publicKey);
  });

export const clusterProposal = (record: ClusterRecord): Proposal => ({
  subject: 'cluster',
  id: record.cluster,
  version: record.version,
  prev: record.prev,
  body: clusterRecord.digest(record),
});

/**
 * Whether the members approved that one of them runs this: what its entry says, or what it said before, until the chain was seen with the new one. An upgrade
 * takes two steps, the decision and the change on the chain, and neither order of them may look like something unapproved.
 */
export const mayRun = (
  { configuration: approved }: ClusterMember,
  { previous }: Pick<MemberState, 'previous'>,
  configuration: Digest,
): boolean => sameBytes(approved, configuration) || (previous !== undefined && sameBytes(previous, configuration));

const covers = (next: readonly MessageCount[], before: readonly MessageCount[]): boolean =>
  before.every(({ chain, count }) => countOf(next, chain) >= count);

/** Words of members on the fast path are at most Δ apart (CLUSTER:2 holds for all of them). */
const inStep = (cluster: ClusterState): boolean =>
  onFastPath(cluster).every(({ chain, word }) => word <= horizon(cluster, chain));

export const clusterRules: ClusterRules = {
  ...synchronyRules,
  ...settlementRules,
  'CLUSTER:1': ({ member, at, nonce, expected, event }) => {
    if (nonce !== expected) return refuse('CLUSTER:1', `nonce ${nonce} must be ${expected}`);
    if (event === 'heartbeat' ? at >= member.word : at > member.word) return undefined;
    return refuse('CLUSTER:1', `${member.chain} gave its word that nothing follows up to ${member.word}`);
  },
  'CLUSTER:5': { closure: causalClosure, refuse: refuseSuspect },
  'CLUSTER:8': jointApproval,
  'CLUSTER:9': {
    fastPath: mayRun,
    deliver: ({ cluster, delivery: { from, to, nonce } }) =>
      isAwaitingSettlement(cluster, channelOf(cluster, from, to), nonce)
        ? refuse('CLUSTER:9', `message ${nonce} of ${from} was sent off the fast path: it waits for settlement`)
        : undefined,
    rejoin: ({ cluster, member }) =>
      inStep(withMember(cluster, { ...member, fastPath: true }))
        ? undefined
        : refuse('CLUSTER:9', `${member.chain} is not in step with the other members yet`),
  },
  'CLUSTER:11': ({ members, deltaMs }) => {
    const slow = members.find(({ settlementMs }) => settlementMs <= deltaMs);
    return slow === undefined
      ? undefined
      : refuse(
          'CLUSTER:11',
          `Δ ${deltaMs} ms is not smaller than the settlement time of ${slow.chain}, ${slow.settlementMs} ms`,
        );
  },
  'CLUSTER:12': {
    extend: ({ cluster, member, head }) => {
      const last = member.heads.at(-1) ?? member.settled;
      const height = last === undefined ? 0n : last.head.height + 1n;
      if (head.version !== cluster.record.version)
        return refuse('CLUSTER:12', `is of version ${head.version} of the cluster`);
      if (head.height !== height) return refuse('CLUSTER:12', `height ${head.height} must be ${height}`);
      if (!sameBytes(head.prev, last?.digest ?? noDigest))
        return refuse('CLUSTER:12', 'names another head as the one before');
      if (last === undefined) return undefined;
      const grows =
        head.time >= last.head.time && covers(head.sent, last.head.sent) && covers(head.consumed, last.head.consumed);
      return grows ? undefined : refuse('CLUSTER:12', 'takes back what the head before said');
    },
    conflict: headsConflict,
  },
};

/** One step of a member in its own order: judges it and moves its word. */
function step(
  rules: ClusterRules,
  context: SendContext & {
    readonly word: number;
    readonly sends: boolean;
    readonly delivers: boolean;
    readonly message?: { readonly digest: Digest } | undefined;
  },
): Refusal | undefined {
  return rules['CLUSTER:5'].refuse(context) ?? rules['CLUSTER:2'](context) ?? rules['CLUSTER:3'](context);
}

function send(rules: ClusterRules, cluster: ClusterState, message: ClusterMessage): Outcome<ClusterState> {
  const member = cluster.members.get(message.from);
  if (member === undefined) return unknownMember(message.from);
  if (!cluster.members.has(message.to)) return unknownMember(message.to);
  const channel = channelOf(cluster, message.from, message.to);
  const at = message.sentAt;
  const word = at - 1;
  const digest = messageRecord.digest(message);
  const refusal =
    rules['CLUSTER:1']({ cluster, member, at, nonce: message.nonce, expected: nextNonce(channel), event: 'message' }) ??
    step(rules, { cluster, member, at, word, sends: true, delivers: false });
  if (refusal !== undefined) return refusal;
  const slow = !member.fastPath || cluster.members.get(message.to)?.fastPath === false;
  const item = { digest, sentAt: at, sentSeq: member.seq, consumedSeq: undefined, void: false, slow };
  return accept(
    withMember(withChannel(cluster, { ...channel, messages: [...channel.messages, item] }), {
      ...member,
      word: Math.max(word, member.word),
      seq: member.seq + 1,
    }),
  );
}

function deliver(rules: ClusterRules, cluster: ClusterState, delivery: Delivery): Outcome<ClusterState> {
  const { from, to, nonce, at } = delivery;
  const member = cluster.members.get(to);
  if (member === undefined) return unknownMember(to);
  if (!cluster.members.has(from)) return unknownMember(from);
  const channel = channelOf(cluster, from, to);
  const message = messageAt(channel, nonce);
  if (message === undefined) return refuse('CLUSTER:4', `message ${nonce} of ${from} to ${to} is not certified`);
  const word = at - 1;
  const refusal =
    rules['CLUSTER:1']({ cluster, member, at, nonce, expected: nextDelivery(channel), event: 'delivery' }) ??
    (at < message.sentAt
      ? refuse('CLUSTER:3', `is delivered at ${at}, before it was sent at ${message.sentAt}`)
      : undefined) ??
    rules['CLUSTER:9'].deliver({ cluster, delivery }) ??
    step(rules, { cluster, member, at, word, message, sends: false, delivers: true });
  if (refusal !== undefined) return refusal;
  const messages = channel.messages.slice();
  messages[Number(nonce - channel.base)] = { ...message, consumedSeq: member.seq };
  return accept(
    withMember(withChannel(cluster, { ...channel, messages, consumed: nonce + 1n }), {
      ...member,
      word: Math.max(word, member.word),
      seq: member.seq + 1,
    }),
  );
}

function beat(rules: ClusterRules, cluster: ClusterState, { member: name, at }: Heartbeat): Outcome<ClusterState> {
  const member = cluster.members.get(name);
  if (member === undefined) return unknownMember(name);
  const refusal =
    rules['CLUSTER:1']({ cluster, member, at, event: 'heartbeat' }) ??
    step(rules, { cluster, member, at, word: at, sends: false, delivers: false });
  return refusal ?? accept(withMember(cluster, { ...member, word: Math.max(at, member.word) }));
}

function extend(rules: ClusterRules, cluster: ClusterState, head: ClusterHead): Outcome<ClusterState> {
  const member = cluster.members.get(head.member);
  if (member === undefined) return unknownMember(head.member);
  const refusal = rules['CLUSTER:12'].extend({ cluster, member, head });
  if (refusal !== undefined) return refusal;
  return accept(
    withMember(cluster, { ...member, heads: [...member.heads, { digest: headRecord.digest(head), head }] }),
  );
}

function convict(
  rules: ClusterRules,
  cluster: ClusterState,
  [first, second]: readonly [ClusterHead, ClusterHead],
): Outcome<ClusterState> {
  if (!cluster.members.has(first.member)) return unknownMember(first.member);
  if (first.cluster !== cluster.record.cluster || !rules['CLUSTER:12'].conflict(first, second)) {
    return refuse('CLUSTER:12', 'the heads do not conflict');
  }
  const at = Math.min(first.time, second.time);
  const { fault } = cluster;
  if (fault !== undefined && (fault.member !== first.member || fault.at <= at)) {
    return refuse('CLUSTER:5', `a fault of ${fault.member} since ${fault.at} is open`);
  }
  return accept({
    ...cluster,
    fault: {
      member: first.member,
      at,
      suspectAfter: at + cluster.record.deltaMs,
      evidence: [first, second],
      inDoubt: rules['CLUSTER:5'].closure(cluster, first.member, at),
    },
  });
}

function settle(rules: ClusterRules, cluster: ClusterState, settlement: SettlementRecord): Outcome<ClusterState> {
  if (settlement.interval !== cluster.interval || !sameBytes(settlement.prev, cluster.settlement)) {
    return refuse('CLUSTER:6', `interval ${settlement.interval} does not follow the settlement before`);
  }
  if (settlement.time < cluster.settledAt) return refuse('CLUSTER:6', 'is earlier than the settlement before');
  const context = {
    cluster,
    settlement,
    heads: new Map(settlement.heads.map(({ member, head }) => [member, findHead(cluster, member, head)])),
  };
  const refusal = rules['CLUSTER:6'](context);
  if (refusal !== undefined) return refusal;
  const members = new Map(cluster.members);
  for (const [chain, settled] of rules['CLUSTER:7'](context)) {
    const member = members.get(chain);
    if (member === undefined) continue;
    members.set(chain, {
      ...member,
      settled,
      heads: member.heads.filter(({ head }) => head.height > settled.head.height),
    });
  }
  // What both sides have settled is history.
  const channels = new Map<string, Channel>();
  for (const [key, channel] of cluster.channels) {
    const sent = settledSent(members.get(channel.from), channel.to);
    const consumed = settledConsumed(members.get(channel.to), channel.from);
    const both = sent < consumed ? sent : consumed;
    const base = both > channel.base ? both : channel.base;
    channels.set(key, { ...channel, base, messages: channel.messages.slice(Number(base - channel.base)) });
  }
  return accept({
    ...cluster,
    members,
    channels,
    interval: cluster.interval + 1n,
    settlement: settlementRecord.digest(settlement),
    settledAt: settlement.time,
  });
}

function report(
  rules: ClusterRules,
  cluster: ClusterState,
  { member: name, configuration }: ConfigurationReport,
): Outcome<ClusterState> {
  const member = cluster.members.get(name);
  const approved = cluster.record.members.find(({ chain }) => chain === name);
  if (member === undefined || approved === undefined) return unknownMember(name);
  const fastPath = rules['CLUSTER:9'].fastPath(approved, member, configuration);
  // From here on going back to what was approved before is a change that nobody approved.
  const previous = sameBytes(approved.configuration, configuration) ? undefined : member.previous;
  if (fastPath === member.fastPath && previous === member.previous) return accept(cluster);
  const refusal = fastPath && !member.fastPath ? rules['CLUSTER:9'].rejoin({ cluster, member }) : undefined;
  return refusal ?? accept(withMember(cluster, { ...member, fastPath, previous }));
}

/** Voids what is in doubt, and takes back the heads that built on it. */
function afterFault(cluster: ClusterState): ClusterState {
  const { fault } = cluster;
  if (fault === undefined) return cluster;
  const channels = new Map<string, Channel>();
  /** Member -> sender -> the first nonce in doubt that it consumed. */
  const consumed = new Map<string, Map<string, bigint>>();
  for (const [key, channel] of cluster.channels) {
    const first = channel.messages.findIndex(
      (message) => message.consumedSeq !== undefined && isInDoubt(cluster, message),
    );
    if (first >= 0) {
      const of = consumed.get(channel.to) ?? new Map<string, bigint>();
      consumed.set(channel.to, of.set(channel.from, channel.base + BigInt(first)));
    }
    const messages = channel.messages.map((message) =>
      isInDoubt(cluster, message) ? { ...message, void: true, consumedSeq: undefined } : message,
    );
    channels.set(key, { ...channel, messages });
  }
  const members = new Map(
    [...cluster.members].map(([chain, member]) => {
      const cut = member.heads.findIndex(({ head }) =>
        [...(consumed.get(chain) ?? [])].some(([from, nonce]) => countOf(head.consumed, from) > nonce),
      );
      return [chain, cut < 0 ? member : { ...member, heads: member.heads.slice(0, cut) }];
    }),
  );
  return { ...cluster, members, channels, fault: undefined };
}

function amend(
  rules: ClusterRules & GovernanceRules,
  before: ClusterState,
  event: ClusterEvent & { readonly kind: 'amendment' },
): Outcome<ClusterState> {
  const { record, approvals, at } = event;
  const altered = record.cluster === before.record.cluster ? undefined : 'another cluster';
  const change = {
    governance: { keys: [], threshold: 0 },
    proposal: clusterProposal(record),
    approvals,
    current: { version: before.record.version, digest: before.digest },
    altered,
  };
  const refusal =
    judgeChange({ ...rules, 'GOVERNANCE:1': () => undefined }, change) ??
    rules['CLUSTER:8']({ cluster: before, record, approvals, verify: rules }) ??
    rules['CLUSTER:11'](record);
  if (refusal !== undefined) return refusal;
  const names = new Set(record.members.map(({ chain }) => chain));
  if (before.fault !== undefined && names.has(before.fault.member)) {
    return refuse('CLUSTER:8', `${before.fault.member} violated safety: it leaves first`);
  }
  const returning = record.members.find(({ chain }) => before.left.has(chain));
  // Its nonces would start again, and heads that count the old ones would be about other messages.
  if (returning !== undefined)
    return refuse('CLUSTER:8', `${returning.chain} has left: it can join a new cluster only`);
  const unsettled = [...before.channels.values()].find(
    ({ from, to, consumed }) =>
      !names.has(from) &&
      from !== before.fault?.member &&
      names.has(to) &&
      consumed > settledSent(before.members.get(from), to),
  );
  if (unsettled !== undefined) {
    return refuse('CLUSTER:7', `${unsettled.from} leaves before what ${unsettled.to} consumed of it is settled`);
  }
  const cluster = afterFault(before);
  const members = new Map<string, MemberState>();
  for (const { chain, configuration } of record.members) {
    const member = cluster.members.get(chain) ?? newMember(chain, at);
    const approved = before.record.members.find((item) => item.chain === chain)?.configuration;
    const changed = approved !== undefined && !sameBytes(approved, configuration);
    members.set(chain, { ...member, previous: changed ? approved : undefined });
  }
  const channels = new Map([...cluster.channels].filter(([, { from, to }]) => names.has(from) && names.has(to)));
  const leaving = [...before.members.keys()].filter((chain) => !names.has(chain));
  const next: ClusterState = {
    ...cluster,
    record,
    digest: clusterRecord.digest(record),
    members,
    channels,
    left: new Set([...cluster.left, ...leaving]),
  };
  return inStep(next)
    ? accept(next)
    : refuse('CLUSTER:2', 'a member would join, or Δ shrink, out of step with the others');
}

/** One certified event of one cluster. */
export function applyClusterEventWith(
  rules: ClusterRules & GovernanceRules,
  cluster: ClusterState,
  event: ClusterEvent,
): Outcome<ClusterState> {
  switch (event.kind) {
    case 'message':
      return send(rules, cluster, event.message);
    case 'delivery':
      return deliver(rules, cluster, event.delivery);
    case 'heartbeat':
      return beat(rules, cluster, event.heartbeat);
    case 'head':
      return extend(rules, cluster, event.head);
    case 'conflict':
      return convict(rules, cluster, event.heads);
    case 'settlement':
      return settle(rules, cluster, event.settlement);
    case 'configuration':
      return report(rules, cluster, event.report);
    case 'amendment':
      return amend(rules, cluster, event);
  }
}

/** Whether a validator can serve the cluster: it has a node of its own for every member (CLUSTER:10). */
export const nodeClusterRule: Rule<{ readonly record: ClusterRecord; readonly nodes: ReadonlySet<string> }> = ({
  record,
  nodes,
}) => {
  const missing = record.members.filter(({ chain }) => !nodes.has(chain)).map(({ chain }) => chain);
  return missing.length === 0
    ? undefined
    : refuse('CLUSTER:10', `there is no healthy node for ${missing.join(', ')}: abstain for cluster ${record.cluster}`);
};
