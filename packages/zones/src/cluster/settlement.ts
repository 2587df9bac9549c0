/**
 * Joint settlement: what a record means, and which heads count (CLUSTER:6, CLUSTER:7).
 *
 * @module
 */
import { type Refusal, type Rule, refuse } from '../outcome.ts';
import { hex, sameBytes } from '../record/codec.ts';
import { type ClusterHead, type SettlementRecord, countOf, messagesRoot } from './record.ts';
import {
  type CertifiedHead,
  type ClusterState,
  channelOf,
  isInDoubt,
  messageAt,
  nextNonce,
  settledSent,
} from './state.ts';

export interface SettlementContext {
  readonly cluster: ClusterState;
  readonly settlement: SettlementRecord;
  /** The certified heads that it names, by member; undefined for one that there is not. */
  readonly heads: ReadonlyMap<string, CertifiedHead | undefined>;
}

export interface SettlementRules {
  readonly 'CLUSTER:6': Rule<SettlementContext>;
  /** The members whose heads count. */
  readonly 'CLUSTER:7': (context: SettlementContext) => ReadonlyMap<string, CertifiedHead>;
}

/** The certified head with this digest, after the settled one or that one itself. */
export function findHead(cluster: ClusterState, member: string, digest: Uint8Array): CertifiedHead | undefined {
  const state = cluster.members.get(member);
  const candidates = [...(state?.settled === undefined ? [] : [state.settled]), ...(state?.heads ?? [])];
  return candidates.find((head) => sameBytes(head.digest, digest));
}

/** Roots of the messages that `heads` add to what is settled, in the record's order. */
export function expectedRoots(
  cluster: ClusterState,
  heads: ReadonlyMap<string, CertifiedHead | undefined>,
): SettlementRecord['roots'] {
  const roots: { from: string; to: string; first: bigint; end: bigint; root: ReturnType<typeof messagesRoot> }[] = [];
  for (const [from, certified] of heads) {
    for (const { chain: to, count: end } of certified?.head.sent ?? []) {
      const first = settledSent(cluster.members.get(from), to);
      if (end <= first || !cluster.members.has(to)) continue;
      const channel = channelOf(cluster, from, to);
      const digests = Array.from(
        { length: Number(end - first) },
        (_, i) => messageAt(channel, first + BigInt(i))?.digest,
      );
      roots.push({ from, to, first, end, root: messagesRoot(digests.map((digest) => digest ?? new Uint8Array(32))) });
    }
  }
  const key = ({ from, to }: { readonly from: string; readonly to: string }): string => `${from}>${to}`;
  return roots.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** What a head assumes that did not happen, or undefined. */
function assumes(cluster: ClusterState, head: ClusterHead): string | undefined {
  for (const { chain: to, count } of head.sent) {
    // What it sent to one that has left is nobody's business any more.
    if (!cluster.members.has(to)) continue;
    if (count > nextNonce(channelOf(cluster, head.member, to))) {
      return `${head.member} sent ${count} messages to ${to}, of which ${nextNonce(channelOf(cluster, head.member, to))} are certified`;
    }
    const channel = channelOf(cluster, head.member, to);
    for (let nonce = channel.base; nonce < count; nonce++) {
      const message = messageAt(channel, nonce);
      if (message !== undefined && isInDoubt(cluster, message)) {
        return `${head.member} sent message ${nonce} to ${to}, which is in doubt`;
      }
    }
  }
  for (const { chain: from, count } of head.consumed) {
    const channel = channelOf(cluster, from, head.member);
    if (count > channel.consumed && cluster.members.has(from)) {
      return `${head.member} consumed ${count} messages of ${from}, of which ${channel.consumed} were delivered`;
    }
    for (let nonce = channel.base; nonce < count; nonce++) {
      const message = messageAt(channel, nonce);
      if (message?.consumedSeq !== undefined && isInDoubt(cluster, message)) {
        return `${head.member} consumed message ${nonce} of ${from}, which is in doubt`;
      }
    }
  }
  return undefined;
}

/** State of any member after T + Δ, and of the guilty one from T on, cannot be settled. */
function suspect({ fault }: ClusterState, head: ClusterHead): string | undefined {
  if (fault === undefined) return undefined;
  if (head.member === fault.member && head.time >= fault.at)
    return `${head.member} has two histories since ${fault.at}`;
  return head.time > fault.suspectAfter ? `the head of ${head.member} is later than ${fault.suspectAfter}` : undefined;
}

function voidRecord({ cluster, settlement, heads }: SettlementContext): Refusal | undefined {
  for (const [member, certified] of heads) {
    if (certified === undefined)
      return refuse('CLUSTER:6', `the head of ${member} is not a certified one after its settled head`);
    if (certified.head.time > settlement.time)
      return refuse('CLUSTER:6', `the head of ${member} is later than the record`);
    const wrong = assumes(cluster, certified.head) ?? suspect(cluster, certified.head);
    if (wrong !== undefined) return refuse('CLUSTER:6', wrong);
  }
  const expected = expectedRoots(cluster, heads);
  const same =
    expected.length === settlement.roots.length &&
    expected.every(({ from, to, first, end, root }, i) => {
      const claimed = settlement.roots[i];
      return (
        claimed?.from === from &&
        claimed.to === to &&
        claimed.first === first &&
        claimed.end === end &&
        sameBytes(claimed.root, root)
      );
    });
  return same ? undefined : refuse('CLUSTER:6', 'the message roots are not those of the certified messages');
}

/** Drops heads until every message that a remaining one consumed is in its sender's remaining or settled head. */
function countedHeads({ cluster, heads }: SettlementContext): ReadonlyMap<string, CertifiedHead> {
  const counted = new Map<string, CertifiedHead>();
  for (const [member, head] of heads) if (head !== undefined) counted.set(member, head);
  const covered = (from: string, to: string): bigint => {
    const head = counted.get(from);
    return head === undefined ? settledSent(cluster.members.get(from), to) : countOf(head.head.sent, to);
  };
  for (let shrunk = true; shrunk; ) {
    shrunk = false;
    for (const [member, { head }] of counted) {
      // What one that has left sent was settled before, or stands by its certificates if it was expelled for a fault.
      const missing = head.consumed.find(
        ({ chain, count }) => cluster.members.has(chain) && count > covered(chain, member),
      );
      if (missing === undefined) continue;
      counted.delete(member);
      shrunk = true;
    }
  }
  return counted;
}

export const settlementRules: SettlementRules = { 'CLUSTER:6': voidRecord, 'CLUSTER:7': countedHeads };

/** For messages and reports: hex digests of the messages that `fault` puts in doubt, per channel. */
export const messagesInDoubt = (
  cluster: ClusterState,
): readonly { readonly from: string; readonly to: string; readonly nonce: bigint; readonly digest: string }[] =>
  [...cluster.channels.values()].flatMap(({ from, to, base, messages }) =>
    messages.flatMap((message, i) =>
      isInDoubt(cluster, message) ? [{ from, to, nonce: base + BigInt(i), digest: hex(message.digest) }] : [],
    ),
  );
