/**
 * The blocks between what is final and the tip, each the parent of the next.
 *
 * @module
 */
import type { LinkedBlocks } from './linked-blocks.ts';
import type { BlockHead } from './watcher.ts';

export interface BlockWindowOptions {
  readonly blocks: LinkedBlocks;
  /** First block of a watcher that has seen none. */
  readonly from: number;
  /** Blocks per step. */
  readonly batchBlocks: number;
  /** Blocks that are kept. */
  readonly maxWindow: number;
}

export class BlockWindow {
  readonly #options: BlockWindowOptions;
  #blocks: BlockHead[] = [];

  constructor(options: BlockWindowOptions) {
    this.#options = options;
  }

  get oldest(): BlockHead | undefined {
    return this.#blocks[0];
  }
  get newest(): BlockHead | undefined {
    return this.#blocks.at(-1);
  }
  at(height: number): BlockHead | undefined {
    return this.#blocks[height - (this.oldest?.height ?? 0)];
  }
  /** Blocks `first` to `last` (included), which are all in the window. */
  slice(first: number, last: number): readonly BlockHead[] {
    const start = this.oldest?.height ?? 0;
    return this.#blocks.slice(first - start, last - start + 1);
  }
  upTo(height: number): readonly BlockHead[] {
    return this.#blocks.filter((block) => block.height <= height);
  }
  /** The oldest ones are final and reported. */
  drop(count: number): void {
    this.#blocks.splice(0, count);
  }
  clear(): void {
    this.#blocks = [];
  }

  /** Drops blocks that the chain does not have any more. @returns how many. */
  async rewind(tip: BlockHead, signal: AbortSignal): Promise<number> {
    const { blocks } = this.#options;
    let gone = 0;
    for (let last = this.newest; last !== undefined; last = this.newest) {
      if (tip.height === last.height + 1 && tip.parent === last.hash) break;
      if (last.height <= tip.height && (await blocks.at(last.height, tip, signal)).hash === last.hash) break;
      this.#blocks.pop();
      gone += 1;
    }
    return gone;
  }

  /** Adds blocks up to the tip. @param base - newest final block. */
  async extend(
    base: BlockHead | undefined,
    tip: BlockHead,
    signal: AbortSignal,
  ): Promise<{ readonly added: number; readonly reached: boolean }> {
    const { blocks, from, batchBlocks, maxWindow } = this.#options;
    const previous = this.newest ?? base;
    const first = previous === undefined ? from : previous.height + 1;
    const last = Math.min(tip.height, first + Math.min(batchBlocks, maxWindow - this.#blocks.length) - 1);
    const heads = await blocks.read({ first, last, previous, tip }, signal);
    this.#blocks.push(...heads);
    return { added: heads.length, reached: last >= tip.height };
  }
}
