/**
 * Whether a chain that does not have a reported block any more has another history that holds together: then that is a safety fault.
 *
 * @module
 */
import type { LinkedBlocks } from './linked-blocks.ts';
import { MovedError } from './node-error.ts';
import type { BlockHead, SafetyFault, Track } from './watcher.ts';
import { type WatcherStore, rememberedBlocks } from './watcher-store.ts';

export interface ForkSearch {
  readonly chain: string;
  readonly track: Track;
  readonly store: WatcherStore;
  readonly blocks: LinkedBlocks;
  /** Blocks of the other history that are looked at. */
  readonly maxWindow: number;
}

/**
 * Finds where both histories part, as far as that is remembered.
 * @param reported - a block that was reported and is gone.
 * @throws MovedError or InconsistentNodeError if the other history does not hold together.
 */
export async function findFork(
  { chain, track, store, blocks, maxWindow }: ForkSearch,
  reported: BlockHead,
  signal: AbortSignal,
): Promise<SafetyFault> {
  const { node } = blocks;
  const { head: tip } = await node.tip(signal, false);
  const last = Math.min(tip.height, reported.height + maxWindow - 1);
  const other = await blocks.read({ first: reported.height, last }, signal);
  const [at] = other;
  if (at === undefined || at.hash === reported.hash)
    throw new MovedError(node.name, 'block-hash', `block ${reported.height} comes and goes`);
  // They differ from some height on: the first one that is remembered.
  let first = { reported, conflicting: at };
  let low = Math.max(0, reported.height - rememberedBlocks + 1);
  while (low < first.reported.height) {
    const height = (low + first.reported.height) >> 1;
    const told = store.block(track, height);
    const shown = told === undefined ? undefined : await node.head(height, signal);
    if (told === undefined || shown === undefined || told.hash === shown.hash) low = height + 1;
    else first = { reported: told, conflicting: shown };
  }
  const before = store.block(track, first.reported.height - 1);
  if (before !== undefined && first.conflicting.parent !== before.hash)
    throw new MovedError(node.name, 'parent-hash', `block ${first.reported.height} follows no block that is known`);
  return {
    chain,
    track,
    ...first,
    reportedTip: store.cursor(track).head ?? reported,
    conflictingTip: last === tip.height ? tip : (other.at(-1) ?? at),
  };
}
