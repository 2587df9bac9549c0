/**
 * What a validator sees of one chain, through nodes of its own. One watcher per configured zone; they share nothing, so that the failure
 * of one is the failure of one.
 *
 * A watcher follows two tracks. What moves assets is read from blocks that are final by the zone's rule. What concerns a cluster (messages,
 * deliveries, heads) is read from blocks at the cluster's own, smaller depth, because a cluster is faster than finality. Each track
 * reports an event once, in an order that stays: positions 0, 1, 2, ... without gaps, durable before anybody can read them.
 *
 * @module
 */
import type { Digest } from '@dwallet/sigma';
import type { ChainView, Finality, ObservedEvent, RunningContract } from '@dwallet/zones';
import type { Cancel } from '../../clock.ts';

/** One block of a chain. */
export interface BlockHead {
  readonly height: number;
  /** Lower-case hex without prefix, 64 digits, as the chain's explorers show it. */
  readonly hash: string;
  /** Hash of the block before. */
  readonly parent: string;
  /** The block's own time, ms. */
  readonly time: number;
}

/** Something at its place in a stream: the next one has `position + 1`. */
export interface Positioned<T> {
  readonly position: number;
  readonly block: BlockHead;
  readonly value: T;
}

/**
 * A message that left through the zone's gateway contract. Names are hashed there ({@link nameHash} of `./names.ts`): compare them with those
 * of a cluster's record. Nonces of one (cluster, to) have no gaps, because the contract counts them.
 */
export interface ObservedMessage {
  readonly kind: 'message';
  /** 32 bytes each: hash of the cluster's name, hash of the destination's CAIP-2 id. */
  readonly cluster: Uint8Array;
  readonly to: Uint8Array;
  readonly nonce: bigint;
  /** Time of the block, ms. */
  readonly sentAt: number;
  /** What goes into `ClusterMessage.payload`: the sender's account (20 bytes on EVM chains), then its bytes. */
  readonly payload: Uint8Array;
}

/** A message that the zone's gateway contract took. */
export interface ObservedDelivery {
  readonly kind: 'delivery';
  readonly cluster: Uint8Array;
  /** Hash of the sender's CAIP-2 id. */
  readonly from: Uint8Array;
  readonly nonce: bigint;
  /** Time of the block, ms. */
  readonly at: number;
  /** keccak-256 of the payload that was delivered. */
  readonly payloadHash: Uint8Array;
}

export type ClusterObservation = ObservedMessage | ObservedDelivery;

/** An asset on this chain, as far as a watcher must know it. */
export interface WatchTarget {
  /** CAIP-19 on this chain. */
  readonly token: string;
  /** The vault's address on this chain, in its one spelling. */
  readonly vault: string;
  /** Whether this chain is the asset's OwnerChain: its contract's burns are `burn` entries, not departures. */
  readonly owner: boolean;
  /** Whether the OwnerChain's own contract makes units (`issuance: chain`): then its mints are `mint` events. */
  readonly mints: boolean;
  /** Height of the first block to look at. The same at every validator, or one sees events that another never sees. */
  readonly from: number;
}

/** What a chain runs after a block: what a cluster approves of its members (CLUSTER:9). */
export interface RunningConfiguration {
  readonly block: BlockHead;
  /** Of the `ChainConfiguration` with these contracts. */
  readonly digest: Digest;
  readonly contracts: readonly RunningContract[];
}

/** The two tracks of a watcher. */
export type Track = 'final' | 'cluster';

/**
 * The chain took back a block that was reported: two chains of blocks, each consistent in itself, that differ at one height. On track
 * `final` that is a safety fault of the zone; on track `cluster` it is one of the member (CLUSTER:12), and the final track goes on.
 */
export interface SafetyFault {
  readonly chain: string;
  readonly track: Track;
  /** The first height, as far as is known, at which they differ: reported before, and shown now. `time` of the fault is the smaller one. */
  readonly reported: BlockHead;
  readonly conflicting: BlockHead;
  /** Newest block that was reported, and the tip of the other chain when it was seen. */
  readonly reportedTip: BlockHead;
  readonly conflictingTip: BlockHead;
}

/** Why the answers of a node cannot all be true. */
export type InconsistencyCheck =
  | 'chain-id'
  | 'parent-hash'
  | 'block-hash'
  | 'height-back'
  | 'finalised-back'
  | 'finalised-ahead'
  | 'block-time'
  | 'log-block'
  | 'log-receipt'
  | 'log-omitted'
  | 'transaction'
  | 'proof-of-work'
  | 'merkle-root'
  | 'malformed';

/** What a watcher is doing. `since`: ms since the Unix epoch; `node`: its name in the configuration, never its address. */
export type WatcherStatus =
  | { readonly kind: 'stopped' }
  /** No answer yet. */
  | { readonly kind: 'starting' }
  | {
      readonly kind: 'following';
      readonly tip: BlockHead;
      /** Newest block that is final and reported; undefined before the first. */
      readonly final: BlockHead | undefined;
      /** Whether everything final is reported. While it is not, it is still reading older blocks. */
      readonly caughtUp: boolean;
    }
  /** No useful answer. Retried for ever, with growing pauses. */
  | { readonly kind: 'silent'; readonly since: number; readonly node: string; readonly reason: string }
  /** Answers that contradict each other, this chain, or what was final. Retried like a silent node. */
  | { readonly kind: 'inconsistent'; readonly since: number; readonly node: string; readonly check: InconsistencyCheck }
  /** Two nodes of the operator say different things about a block that is final for both. */
  | { readonly kind: 'disagreeing'; readonly since: number; readonly height: number }
  /** A safety fault was seen. It stays, over restarts too, until an operator acknowledges it. */
  | { readonly kind: 'forked'; readonly fault: SafetyFault };

/** What a watcher can say of a source event. */
export type EventLookup =
  /** Seen final, and the node answers: what `judgeEntry` takes as `observed`. */
  | { readonly kind: 'final'; readonly event: ObservedEvent; readonly view: ChainView }
  /** Not among the events that are final so far. */
  | { readonly kind: 'unknown' }
  /** This validator attests nothing about the chain now; `status` says why. */
  | { readonly kind: 'unavailable'; readonly status: WatcherStatus };

export interface ChainWatcher {
  /** CAIP-2. */
  readonly chain: string;
  start(): void;
  /** No more requests, no more events. @returns when what was under way has ended. */
  stop(): Promise<void>;
  status(): WatcherStatus;
  /** Whether there is a node that can be relied on now (CLUSTER:10). */
  readonly healthy: boolean;
  /** Looks up a source event by its reference (docs/zones.md, What validators see). */
  event(reference: string): EventLookup;
  /** Events of assets from a position on, at most `limit` (default 256). What was reported stays readable whatever the status is. */
  assetEvents(from: number, limit?: number): readonly Positioned<ObservedEvent>[];
  /** Messages and deliveries from a position on. Empty without a gateway. */
  clusterEvents(from: number, limit?: number): readonly Positioned<ClusterObservation>[];
  /**
   * Newest block on the cluster track. Everything in it and before it has been reported, so what the chain sent with a time
   * before `time` is complete: `time - 1` is a heartbeat. Undefined without a gateway, before the first block, and unless `following`.
   */
  clusterHead(): BlockHead | undefined;
  /** A block that was reported on the cluster track, while it is remembered (the last 1024). */
  clusterBlock(height: number): BlockHead | undefined;
  /**
   * What the chain runs after the newest block on the cluster track, which is looked at before its events are reported. Undefined: not known, because there
   * is no {@link clusterHead} or the watcher still reads older blocks.
   */
  configuration(): RunningConfiguration | undefined;
  /** Safety faults that nobody has acknowledged: at most one per track. */
  faults(): readonly SafetyFault[];
  /**
   * Goes on after a safety fault, on the chain that the node shows now. Events that were reported stay reported; those of the other chain follow.
   * For an operator, after governance decided what the fault means.
   */
  acknowledge(track: Track): void;
  /** The finality of the zone's certified record, which counts beside the configured one: only what is final by both is. What was reported stays. */
  requireFinality(finality: Finality): void;
  /** Watches one more asset, from its own first block on. The same target again changes nothing. */
  watch(target: WatchTarget): void;
  /** Calls back after every change of a stream, of the heads, or of the status. */
  subscribe(listener: () => void): Cancel;
}
