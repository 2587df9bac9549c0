/** A chain that a test writes block by block, a node that shows it, and time that only passes when the test says so. */
import { createHash } from 'node:crypto';
import type { ObservedEvent } from '@dwallet/zones';
import type { Clock } from '../../../src/clock.ts';
import type { ChainNode, Tip } from '../../../src/zones/watchers/chain-node.ts';
import { SilentNodeError } from '../../../src/zones/watchers/node-error.ts';
import { type WatcherObserver, silentWatcherObserver } from '../../../src/zones/watchers/observer.ts';
import type {
  BlockHead,
  ClusterObservation,
  RunningConfiguration,
  WatchTarget,
} from '../../../src/zones/watchers/watcher.ts';
import type { WatcherRecords } from '../../../src/zones/watchers/watcher-store.ts';
import { ZoneWatcher, type ZoneWatcherOptions } from '../../../src/zones/watchers/zone-watcher.ts';

export const chain = 'eip155:7';
export const tokenOf = (name: string): string => `${chain}/erc20:${name}`;
export const target = (name: string, from = 0): WatchTarget => ({
  token: tokenOf(name),
  vault: `vault-${name}`,
  owner: false,
  mints: false,
  from,
});

export const eventOf = (id: string, token = 'x'): ObservedEvent => ({
  chain,
  reference: id,
  kind: 'transfer',
  token: tokenOf(token),
  amount: 1n,
  to: 'eip155:8',
  recipient: 'somebody',
});

interface Block {
  readonly head: BlockHead;
  readonly events: readonly ObservedEvent[];
  readonly messages: readonly ClusterObservation[];
}

export class ScriptedChain {
  blocks: Block[] = [];
  #salt = 0;
  constructor() {
    this.add();
  }
  get tip(): BlockHead {
    return this.blocks.at(-1)!.head;
  }
  /** A new block; no two are the same. */
  add(events: readonly ObservedEvent[] = [], messages: readonly ClusterObservation[] = []): BlockHead {
    const parent = this.blocks.at(-1)?.head;
    const height = parent === undefined ? 0 : parent.height + 1;
    this.#salt += 1;
    const head = {
      height,
      hash: createHash('sha256').update(`${height}/${this.#salt}`).digest('hex'),
      parent: parent?.hash ?? '0'.repeat(64),
      time: 1_000_000 + 1000 * height,
    };
    this.blocks.push({ head, events, messages });
    return head;
  }
  /** Takes the newest blocks back. */
  cut(count: number): void {
    this.blocks.splice(this.blocks.length - count, count);
  }
  /** What it runs after each block; undefined: it is not known. */
  runs: (head: BlockHead) => Omit<RunningConfiguration, 'block'> | undefined = () => undefined;
  /** Keeps `final` blocks behind the tip out of its finalised height. */
  finalisedBehind: number | undefined;
}

export interface ScriptedNode extends ChainNode {
  silent: boolean;
  /** Questions that were asked. */
  asked: number;
  /** When set, every question waits for it. */
  gate: Promise<void> | undefined;
}

export function scriptedNode(source: ScriptedChain): ScriptedNode {
  const at = async <T>(signal: AbortSignal, answer: () => T): Promise<T> => {
    node.asked += 1;
    await node.gate;
    signal.throwIfAborted();
    if (node.silent) throw new SilentNodeError('own', 'timeout', 'no answer');
    return answer();
  };
  const blockAt = (height: number): Block => {
    const block = source.blocks[height];
    if (block === undefined) throw new SilentNodeError('own', 'refused', 'no such block');
    return block;
  };
  const node: ScriptedNode = {
    name: 'own',
    silent: false,
    asked: 0,
    gate: undefined,
    tip: (signal, finalisedTag): Promise<Tip> =>
      at(signal, () => {
        const { finalisedBehind, tip } = source;
        const finalised = finalisedBehind === undefined || !finalisedTag ? undefined : tip.height - finalisedBehind;
        return { head: tip, finalised };
      }),
    head: (height, signal) => at(signal, () => blockAt(height).head),
    assetEvents: (heads, targets, signal) =>
      at(signal, () =>
        heads.map(({ height }) =>
          blockAt(height).events.filter((event) => targets.some(({ token }) => token === event.token)),
        ),
      ),
    clusterEvents: (heads, signal) => at(signal, () => heads.map(({ height }) => blockAt(height).messages)),
    configuration: (head, signal) => at(signal, () => source.runs(head)),
  };
  return node;
}

/** Time that only passes when a test says so. */
export class TestClock implements Clock {
  #time = 0;
  #timers: { readonly at: number; readonly fn: () => void }[] = [];
  now(): number {
    return this.#time;
  }
  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#time + ms, fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
  soon(fn: () => void): void {
    this.after(0, fn);
  }
  /** Lets everything up to then happen, with what follows from it. */
  async pass(ms: number): Promise<void> {
    const end = this.#time + ms;
    for (let steps = 0; ; steps++) {
      if (steps > 10_000) throw new Error('something spins: time does not pass');
      for (let i = 0; i < 50; i++) await Promise.resolve();
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#time = Math.max(this.#time, next.at);
      this.#timers = this.#timers.filter((other) => other !== next);
      next.fn();
    }
    this.#time = end;
  }
}

export type Told = readonly [string, ...unknown[]];

/** Everything that an observer was told. */
export function listening(): { readonly observer: WatcherObserver; readonly told: Told[] } {
  const told: Told[] = [];
  const observer = new Proxy(silentWatcherObserver, {
    get:
      (_, name) =>
      (...words: readonly unknown[]): void =>
        void told.push([String(name), ...words]),
  });
  return { observer, told };
}

export function scriptedWatcher(
  node: ChainNode,
  records: WatcherRecords,
  clock: Clock,
  more: Partial<ZoneWatcherOptions> = {},
): ZoneWatcher {
  return new ZoneWatcher({
    chain,
    node,
    finality: { kind: 'confirmations', confirmations: 3 },
    clusterConfirmations: undefined,
    from: 0,
    targets: [target('x')],
    records,
    clock,
    date: () => 2_000_000_000_000 + clock.now(),
    observer: silentWatcherObserver,
    pollMs: 1000,
    maxPauseMs: 60_000,
    maxAheadMs: 1000,
    timesNeverFall: true,
    batchBlocks: 4,
    maxWindow: 64,
    ...more,
  });
}
