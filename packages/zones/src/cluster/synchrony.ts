/**
 * Synchrony: how far a member may progress, and what a cluster reports when one stops.
 *
 * @module
 */
import { type Rule, refuse } from '../outcome.ts';
import { type ClusterState, type MemberState, isAwaitingSettlement, messageAt, nextDelivery } from './state.ts';

/** Members that run at the cluster's speed. */
export const onFastPath = (cluster: ClusterState): readonly MemberState[] =>
  [...cluster.members.values()].filter(({ fastPath }) => fastPath);

/** The latest time to which `member` may progress: Δ beyond the word of every other one (CLUSTER:2). */
export function horizon(cluster: ClusterState, member: string): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const other of onFastPath(cluster)) {
    if (other.chain !== member) earliest = Math.min(earliest, other.word);
  }
  return earliest + cluster.record.deltaMs;
}

/** A member's next step: everything before `until` becomes its word. */
export interface Progress {
  readonly cluster: ClusterState;
  readonly member: MemberState;
  /** Time of the step. */
  readonly at: number;
  /** Its word after the step: `at` for a heartbeat, the instant before for an event, because others may carry the same time. */
  readonly word: number;
  /** A delivery may catch up with what is overdue since a fault or a time off the fast path; nothing else may. */
  readonly delivers: boolean;
}

export interface SynchronyRules {
  readonly 'CLUSTER:2': Rule<Progress>;
  readonly 'CLUSTER:3': Rule<Progress>;
}

export const synchronyRules: SynchronyRules = {
  'CLUSTER:2': ({ cluster, member, at }) => {
    if (!member.fastPath) return undefined;
    const limit = horizon(cluster, member.chain);
    return at <= limit
      ? undefined
      : refuse(
          'CLUSTER:2',
          `${member.chain} may progress to ${limit}, not to ${at}: ${describeStatus(clusterStatus(cluster, at))}`,
        );
  },
  'CLUSTER:3': ({ cluster, member, word, delivers }) => {
    if (!member.fastPath || cluster.fault !== undefined) return undefined;
    for (const channel of cluster.channels.values()) {
      if (channel.to !== member.chain || cluster.members.get(channel.from)?.fastPath !== true) continue;
      // In nonce order times do not fall, so the first one that is not due ends the search.
      for (let nonce = nextDelivery(channel); ; nonce++) {
        const message = messageAt(channel, nonce);
        if (message === undefined) break;
        const latest = message.sentAt + cluster.record.deltaMs;
        if (latest > word) break;
        // Nothing after it can be delivered either.
        if (!message.void && isAwaitingSettlement(cluster, channel, nonce)) break;
        // Δ is a promise of the fast path only.
        if (message.void || message.slow || (delivers && latest <= member.word)) continue;
        return refuse(
          'CLUSTER:3',
          `message ${nonce} of ${channel.from}, sent at ${message.sentAt}, is not delivered on ${member.chain} yet`,
        );
      }
    }
    return undefined;
  },
};

export type ClusterStatus =
  | { readonly kind: 'running' }
  /** Nobody can go beyond `since` + Δ until those in `by` are heard again. */
  | { readonly kind: 'halted'; readonly since: number; readonly by: readonly string[] }
  | { readonly kind: 'quarantined'; readonly since: number; readonly by: readonly string[] };

/** What the cluster is at the agreed time `now`. */
export function clusterStatus(cluster: ClusterState, now: number): ClusterStatus {
  const { fault } = cluster;
  if (fault !== undefined) return { kind: 'quarantined', since: fault.at, by: [fault.member] };
  const members = onFastPath(cluster);
  if (members.length < 2) return { kind: 'running' };
  const since = Math.min(...members.map(({ word }) => word));
  if (now <= since + cluster.record.deltaMs) return { kind: 'running' };
  return { kind: 'halted', since, by: members.filter(({ word }) => word === since).map(({ chain }) => chain) };
}

export const describeStatus = (status: ClusterStatus): string =>
  status.kind === 'running' ? 'running' : `${status.kind}(since ${status.since}, by ${status.by.join(', ')})`;
