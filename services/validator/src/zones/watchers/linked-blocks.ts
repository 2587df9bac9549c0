/**
 * Blocks of one node that follow each other.
 *
 * @module
 */
import type { ChainNode } from './chain-node.ts';
import { concurrently } from './concurrently.ts';
import { InconsistentNodeError, MovedError } from './node-error.ts';
import type { BlockHead } from './watcher.ts';

/** Questions for blocks at a time. */
const width = 4;

export interface BlockRange {
  readonly first: number;
  /** Included; nothing if it is below `first`. */
  readonly last: number;
  /** The block that they must continue; undefined: any. */
  readonly previous?: BlockHead | undefined;
  /** The newest block, which need not be asked for. */
  readonly tip?: BlockHead | undefined;
}

export class LinkedBlocks {
  readonly node: ChainNode;
  readonly #timesNeverFall: boolean;

  /** @param timesNeverFall - whether times never fall from one block of this chain to the next. */
  constructor(node: ChainNode, timesNeverFall: boolean) {
    this.node = node;
    this.#timesNeverFall = timesNeverFall;
  }

  /** The block at a height of a chain whose newest block is known. */
  at(height: number, tip: BlockHead, signal: AbortSignal): Promise<BlockHead> {
    return height === tip.height ? Promise.resolve(tip) : this.node.head(height, signal);
  }

  /** @throws MovedError if they do not follow each other, InconsistentNodeError if their times fall. */
  async read({ first, last, previous, tip }: BlockRange, signal: AbortSignal): Promise<readonly BlockHead[]> {
    const heights = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
    const heads = await concurrently(heights, width, async (height) =>
      tip === undefined ? this.node.head(height, signal) : this.at(height, tip, signal),
    );
    let before = previous;
    for (const head of heads) {
      if (before !== undefined) this.#follows(before, head);
      before = head;
    }
    return heads;
  }

  #follows(before: BlockHead, head: BlockHead): void {
    const { name } = this.node;
    if (head.parent !== before.hash)
      throw new MovedError(name, 'parent-hash', `block ${head.height} does not follow block ${before.height}`);
    if (this.#timesNeverFall && head.time < before.time)
      throw new InconsistentNodeError(name, 'block-time', `block ${head.height} is older than its parent`);
  }
}
