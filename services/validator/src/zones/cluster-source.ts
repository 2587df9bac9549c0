/**
 * Clusters: messages, deliveries, words and heads of the members as this validator's own nodes show them, the joint settlement, and safety faults.
 *
 * @module
 */
import { type Digest, constantTimeEqual, digest as asDigest } from '@dwallet/sigma';
import {
  type ClusterEvent,
  type ClusterHead,
  type ClusterMessage,
  type ClusterState,
  type ConfigurationReport,
  type Refusal,
  type SettlementRecord,
  type World,
  type WorldEvent,
  canServe,
  expectedRoots,
  headRecord,
  horizon,
  mayRun,
  messageRecord,
  noDigest,
} from '@dwallet/zones';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { type ClusterSighting, ClusterView } from './cluster-view.ts';
import { type Draft, type EventSource, draftKey } from './draft.ts';
import type { BlockHead, ChainWatcher } from './watchers/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const no = (rule: Refusal['rule'], reason: string): Refusal => ({ ok: false, rule, reason });
const same = (a: Uint8Array, b: Uint8Array): boolean => constantTimeEqual(a, b);

/** Events of one chain that are drafted at a time. */
const mostDrafted = 64;
/** Blocks behind the newest one in which a head may lie: as many as watchers remember. */
const headDepth = 1024;
/** A member speaks at least this often, as a part of Δ. */
const wordsPerDelta = 8;

export interface ClusterTiming {
  /** Pause between two settlements of a cluster, ms. */
  readonly settleMs: number;
  /** How far the time of a settlement may be from a validator's own when it votes, ms. */
  readonly maxSkewMs: number;
}

export interface ClusterSourceOptions {
  readonly watchers: ReadonlyMap<string, ChainWatcher>;
  readonly timing: ClusterTiming;
  /** A cluster as the decided log leaves it. */
  readonly committed: (cluster: string) => ClusterState | undefined;
  /** A certified message that is remembered. */
  readonly message: (cluster: string, from: string, to: string, nonce: bigint) => ClusterMessage | undefined;
}

/** A member and what it runs, by this validator's own node. */
export interface MemberConfiguration {
  readonly cluster: string;
  readonly chain: string;
  /** As the log has it. */
  readonly fastPath: boolean;
  readonly approved: Digest;
  /** Undefined: not known. */
  readonly found: Digest | undefined;
  /** Whether `found` is approved; for a while what was approved before is, too. */
  readonly isApproved: boolean | undefined;
}

const clusterEvent = (cluster: string, event: ClusterEvent): WorldEvent => ({ kind: 'cluster', cluster, event });

export class ClusterSource implements EventSource {
  readonly #options: ClusterSourceOptions;
  readonly #views = new Map<string, ClusterView>();
  /** What is drafted stays until the log has it or something newer: members that see less must be able to agree at some time. */
  readonly #words = new Map<string, number>();
  readonly #heads = new Map<string, BlockHead>();
  readonly #settlements = new Map<string, number>();

  constructor(options: ClusterSourceOptions) {
    this.#options = options;
    for (const [chain, watcher] of options.watchers)
      this.#views.set(chain, new ClusterView(watcher, options.committed));
  }

  #nodes(): ReadonlySet<string> {
    return new Set([...this.#options.watchers].flatMap(([chain, { healthy }]) => (healthy ? [chain] : [])));
  }

  *drafts(world: World, time: number): Iterable<Draft> {
    const nodes = this.#nodes();
    for (const cluster of world.clusters.values()) {
      const { record } = cluster;
      for (const { chain } of record.members) yield* this.#conflict(cluster, chain);
      if (canServe(record, nodes) !== undefined) continue;
      for (const { chain } of record.members) yield* this.#configuration(cluster, chain);
      for (const { chain } of record.members) yield* this.#ofMember(cluster, chain, time);
      yield* this.#settlement(cluster, time);
    }
  }

  /** What its own node shows the chain to run; undefined: not known. */
  #found(chain: string): Digest | undefined {
    return this.#options.watchers.get(chain)?.configuration()?.digest;
  }

  /** What a member runs, where the log does not say so yet (CLUSTER:9). In a lane of its own: the member's words must not wait for it, or it is never in step. */
  *#configuration(cluster: ClusterState, chain: string): Iterable<Draft> {
    const report = this.#report(cluster, chain);
    if (report === undefined) return;
    const event = clusterEvent(report.cluster, { kind: 'configuration', report });
    const lane = `configuration:${report.cluster}:${chain}`;
    yield { key: draftKey(event), lane, ordered: true, make: () => event };
  }

  #report(cluster: ClusterState, chain: string): ConfigurationReport | undefined {
    const member = this.runs(cluster, chain);
    const previous = cluster.members.get(chain)?.previous;
    if (member?.found === undefined) return undefined;
    const ends = previous !== undefined && same(member.found, member.approved);
    return member.isApproved !== member.fastPath || ends
      ? { cluster: cluster.record.cluster, member: chain, configuration: member.found }
      : undefined;
  }

  /** What a member may run and what it does run. @returns undefined if it is not a member. */
  runs(cluster: ClusterState, chain: string): MemberConfiguration | undefined {
    const state = cluster.members.get(chain);
    const member = cluster.record.members.find((item) => item.chain === chain);
    if (state === undefined || member === undefined) return undefined;
    const found = this.#found(chain);
    return {
      cluster: cluster.record.cluster,
      chain,
      fastPath: state.fastPath,
      approved: member.configuration,
      found,
      isApproved: found === undefined ? undefined : mayRun(member, state, found),
    };
  }

  *#ofMember(cluster: ClusterState, chain: string, time: number): Iterable<Draft> {
    const name = cluster.record.cluster;
    const view = this.#views.get(chain);
    const watcher = this.#options.watchers.get(chain);
    if (view === undefined || watcher === undefined) return;
    const lane = `cluster:${name}:${chain}`;
    const draft = (event: ClusterEvent): Draft => {
      const made = clusterEvent(name, event);
      return { key: draftKey(made), lane, ordered: true, make: () => made };
    };
    const waiting = view.waiting(cluster);
    for (const sighting of waiting.slice(0, mostDrafted)) {
      const event = eventOf(sighting);
      if (event !== undefined) yield draft(event);
    }
    if (waiting.length > 0) return;
    const head = watcher.clusterHead();
    if (head === undefined) return;
    const at = this.#word(cluster, chain, head);
    if (at !== undefined) yield draft({ kind: 'heartbeat', heartbeat: { cluster: name, member: chain, at } });
    const next = this.#head(cluster, chain, head, time);
    if (next !== undefined) yield draft({ kind: 'head', head: next });
  }

  /** Everything in the newest block and before it was reported, so nothing with a time before the block's is missing. */
  #word(cluster: ClusterState, chain: string, head: BlockHead): number | undefined {
    const word = cluster.members.get(chain)?.word ?? 0;
    const furthest = Math.min(head.time - 1, horizon(cluster, chain));
    const step = Math.max(1, Math.floor(cluster.record.deltaMs / wordsPerDelta));
    const key = `${cluster.record.cluster}:${chain}`;
    const known = this.#words.get(key);
    if (known !== undefined && known > word && known <= furthest) return known;
    if (furthest < word + step) return undefined;
    this.#words.set(key, furthest);
    return furthest;
  }

  #isDue(cluster: ClusterState, time: number): boolean {
    return time >= cluster.settledAt + this.#options.timing.settleMs;
  }

  /** The head of a member for the settlement that is due. */
  #head(cluster: ClusterState, chain: string, newest: BlockHead, time: number): ClusterHead | undefined {
    const member = cluster.members.get(chain);
    const key = `${cluster.record.cluster}:${chain}`;
    const hasNew = (member?.heads.length ?? 0) > 0;
    if (member === undefined || !this.#isDue(cluster, time) || hasNew || cluster.fault !== undefined) {
      this.#heads.delete(key);
      return undefined;
    }
    const block = this.#heads.get(key) ?? newest;
    this.#heads.set(key, block);
    return this.#headAt(cluster, chain, block);
  }

  /** What the chain claims to be at a block, by this validator's own node. */
  #headAt(cluster: ClusterState, chain: string, block: BlockHead): ClusterHead | undefined {
    const { record } = cluster;
    const member = cluster.members.get(chain);
    const view = this.#views.get(chain);
    const sent = view?.counts('sent', record, block.height);
    const consumed = view?.counts('consumed', record, block.height);
    if (member === undefined || sent === undefined || consumed === undefined) return undefined;
    const last = member.heads.at(-1) ?? member.settled;
    return {
      cluster: record.cluster,
      member: chain,
      height: last === undefined ? 0n : last.head.height + 1n,
      time: block.time,
      state: asDigest(new Uint8Array(Buffer.from(block.hash, 'hex'))),
      version: record.version,
      prev: last?.digest ?? noDigest,
      consumed,
      sent,
    };
  }

  /** A record over the newest head of every member, when it is due and everybody who can has one. */
  *#settlement(cluster: ClusterState, time: number): Iterable<Draft> {
    const { record, members, interval } = cluster;
    if (!this.#isDue(cluster, time) || cluster.fault !== undefined) return;
    const isReady = [...members.values()].every(({ heads }) => heads.length > 0);
    // One that is silent holds up the others for one more interval, not for ever.
    const isLate = time >= cluster.settledAt + 2 * this.#options.timing.settleMs;
    if (![...members.values()].some(({ heads }) => heads.length > 0) || !(isReady || isLate)) return;
    const key = `settlement:${record.cluster}:${interval}`;
    const drafted = this.#settlements.get(key) ?? time;
    this.#settlements.clear();
    this.#settlements.set(key, Math.abs(drafted - time) < this.#options.timing.maxSkewMs / 2 ? drafted : time);
    const make = (world: World): WorldEvent | Refusal => {
      const now = world.clusters.get(record.cluster);
      if (now?.interval !== interval) return no('CLUSTER:6', 'the interval was settled');
      return clusterEvent(record.cluster, { kind: 'settlement', settlement: settlementOf(now, drafted) });
    };
    yield { key, lane: `settlements:${record.cluster}`, ordered: false, make };
  }

  /** Two histories of a member, as this validator's own node showed them one after the other. */
  *#conflict(cluster: ClusterState, chain: string): Iterable<Draft> {
    const heads = this.#conflicting(cluster, chain);
    if (heads === undefined || cluster.fault !== undefined) return;
    const event = clusterEvent(cluster.record.cluster, { kind: 'conflict', heads });
    yield { key: draftKey(event), lane: `conflicts:${chain}`, ordered: false, make: () => event };
  }

  #conflicting(cluster: ClusterState, chain: string): readonly [ClusterHead, ClusterHead] | undefined {
    const fault = this.#options.watchers.get(chain)?.faults()[0];
    const member = cluster.members.get(chain);
    if (fault === undefined || member === undefined) return undefined;
    const last = member.heads.at(-1) ?? member.settled;
    const at = (block: BlockHead): ClusterHead => ({
      cluster: cluster.record.cluster,
      member: chain,
      height: last === undefined ? 0n : last.head.height + 1n,
      time: block.time,
      state: asDigest(new Uint8Array(Buffer.from(block.hash, 'hex'))),
      version: cluster.record.version,
      prev: last?.digest ?? noDigest,
      consumed: last?.head.consumed ?? [],
      sent: last?.head.sent ?? [],
    });
    return [at(fault.reported), at(fault.conflicting)];
  }

  // Judging -------------------------------------------------------------------------------------------------------------------------

  judge(world: World, event: WorldEvent, time: number): Refusal | undefined {
    if (event.kind !== 'cluster' || event.event.kind === 'amendment') return undefined;
    const cluster = world.clusters.get(event.cluster);
    if (cluster === undefined) return no('CLUSTER:8', `there is no cluster ${event.cluster}`);
    if (event.event.kind === 'conflict') return this.#judgeConflict(cluster, event.event.heads);
    return canServe(cluster.record, this.#nodes()) ?? this.#judgeEvent(cluster, event.event, time);
  }

  #judgeEvent(
    cluster: ClusterState,
    event: Exclude<ClusterEvent, { readonly kind: 'amendment' | 'conflict' }>,
    time: number,
  ): Refusal | undefined {
    const unseen = (what: string): Refusal => no('CLUSTER:4', `this validator’s node does not show this ${what}`);
    const waiting = (chain: string): readonly ClusterSighting[] => this.#views.get(chain)?.waiting(cluster) ?? [];
    switch (event.kind) {
      case 'message': {
        const digest = messageRecord.digest(event.message);
        // Which of both comes first in the log decides whether the message waits for settlement.
        const sender = this.runs(cluster, event.message.from);
        if (sender?.fastPath === true && sender.isApproved === false)
          return no('CLUSTER:9', `${sender.chain} runs what was not approved, and the log does not say so yet`);
        const seen = waiting(event.message.from).some(
          (sighting) => sighting.kind === 'message' && sighting.digest !== undefined && same(sighting.digest, digest),
        );
        return seen ? undefined : unseen('message');
      }
      case 'delivery': {
        const { from, to, nonce, at } = event.delivery;
        const seen = waiting(to).find(
          (sighting) =>
            sighting.kind === 'delivery' &&
            sighting.delivery.from === from &&
            sighting.delivery.nonce === nonce &&
            sighting.at === at,
        );
        if (seen?.kind !== 'delivery') return unseen('delivery');
        const message = this.#options.message(event.delivery.cluster, from, to, nonce);
        return message === undefined || same(keccak_256(message.payload), seen.payloadHash)
          ? undefined
          : no('CLUSTER:3', `${to} took something else than message ${nonce} of ${from}`);
      }
      case 'heartbeat': {
        const { member, at } = event.heartbeat;
        const head = this.#options.watchers.get(member)?.clusterHead();
        if (head === undefined || head.time - 1 < at) return unseen('word');
        const missing = waiting(member).find((sighting) => sighting.at <= at);
        return missing === undefined
          ? undefined
          : no('CLUSTER:1', `a ${missing.kind} of ${member} at ${missing.at} is not in the log yet`);
      }
      case 'head':
        return this.#judgeHead(cluster, event.head);
      case 'settlement':
        return Math.abs(event.settlement.time - time) <= this.#options.timing.maxSkewMs
          ? undefined
          : no('CLUSTER:6', `the settlement’s time is ${event.settlement.time - time} ms from this validator’s`);
      case 'configuration': {
        const found = this.#found(event.report.member);
        return found !== undefined && same(found, event.report.configuration) ? undefined : unseen('configuration');
      }
    }
  }

  #judgeHead(cluster: ClusterState, head: ClusterHead): Refusal | undefined {
    const watcher = this.#options.watchers.get(head.member);
    const newest = watcher?.clusterHead();
    // What is waiting is read first: counts include it.
    this.#views.get(head.member)?.waiting(cluster);
    for (let height = newest?.height ?? -1, least = height - headDepth; height > least && height >= 0; height--) {
      const block = watcher?.clusterBlock(height);
      if (block === undefined) break;
      if (block.hash !== hex(head.state)) continue;
      const own = this.#headAt(cluster, head.member, block);
      return own !== undefined && same(headRecord.digest(own), headRecord.digest(head))
        ? undefined
        : no('CLUSTER:12', `the head of ${head.member} says something else than its block`);
    }
    return no('CLUSTER:12', `this validator’s node of ${head.member} shows no such block`);
  }

  #judgeConflict(cluster: ClusterState, [first, second]: readonly [ClusterHead, ClusterHead]): Refusal | undefined {
    const own = this.#conflicting(cluster, first.member);
    return own !== undefined &&
      same(headRecord.digest(own[0]), headRecord.digest(first)) &&
      same(headRecord.digest(own[1]), headRecord.digest(second))
      ? undefined
      : no('CLUSTER:12', `this validator’s node of ${first.member} shows no such two histories`);
  }
}

const eventOf = (sighting: ClusterSighting): ClusterEvent | undefined => {
  if (sighting.kind === 'delivery') return { kind: 'delivery', delivery: sighting.delivery };
  return sighting.digest === undefined ? undefined : { kind: 'message', message: sighting.message };
};

/** The next settlement of a cluster over the newest certified heads. */
function settlementOf(cluster: ClusterState, time: number): SettlementRecord {
  const newest = [...cluster.members.values()].flatMap((member) => {
    const head = member.heads.at(-1) ?? member.settled;
    return head === undefined ? [] : [[member.chain, head] as const];
  });
  const heads = new Map(newest);
  return {
    cluster: cluster.record.cluster,
    interval: cluster.interval,
    time: Math.max(time, cluster.settledAt, ...newest.map(([, { head }]) => head.time)),
    prev: cluster.settlement,
    heads: newest
      .map(([member, { digest }]) => ({ member, head: digest }))
      .sort((a, b) => (a.member < b.member ? -1 : 1)),
    roots: expectedRoots(cluster, heads),
  };
}
