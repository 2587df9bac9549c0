/**
 * One node of one chain, in the few questions that a watcher asks. Answers are checked against each other by the node's adapter; how they
 * fit with what was seen before is checked by the watcher.
 *
 * @module
 */
import type { ObservedEvent } from '@dwallet/zones';
import type { BlockHead, ClusterObservation, RunningConfiguration, WatchTarget } from './watcher.ts';

export interface Tip {
  readonly head: BlockHead;
  /** Height of the chain's own finalised tag; undefined where it has none or was not asked for it. */
  readonly finalised: number | undefined;
}

/**
 * @throws SilentNodeError, InconsistentNodeError, MovedError from every call. Calls end soon after `signal` is aborted, with its reason.
 */
export interface ChainNode {
  /** Its name in the configuration. */
  readonly name: string;
  /** The newest block. Checks that the node serves the right chain. @param finalisedTag - whether to ask for that too. */
  tip(signal: AbortSignal, finalisedTag: boolean): Promise<Tip>;
  /** The block at a height of the node's best chain, which is at least that high. */
  head(height: number, signal: AbortSignal): Promise<BlockHead>;
  /** Events of assets in these blocks, which follow each other: one list per block, in the chain's order. */
  assetEvents(
    heads: readonly BlockHead[],
    targets: readonly WatchTarget[],
    signal: AbortSignal,
  ): Promise<readonly (readonly ObservedEvent[])[]>;
  /** Messages and deliveries of the gateway in these blocks, likewise. */
  clusterEvents(heads: readonly BlockHead[], signal: AbortSignal): Promise<readonly (readonly ClusterObservation[])[]>;
  /** What the chain runs after this block; undefined where that is not known. The node needs the state of the block. */
  configuration(head: BlockHead, signal: AbortSignal): Promise<Omit<RunningConfiguration, 'block'> | undefined>;
}
