/**
 * Follows one chain: keeps the blocks between what is final and the tip as a chain of parent hashes, reports what becomes final, and notices
 * when the chain or its node does what it must not do. Every round asks a bounded number of questions and keeps a bounded number of blocks.
 *
 * @module
 */
import { setMaxListeners } from 'node:events';
import { BugError, InvalidArgumentsError } from '@dwallet/sigma';
import type { Finality, ObservedEvent } from '@dwallet/zones';
import type { Cancel, Clock } from '../../clock.ts';
import { BlockWindow } from './block-window.ts';
import type { ChainNode, Tip } from './chain-node.ts';
import { failedStatus } from './failure.ts';
import { FinalityRule } from './finality.ts';
import { findFork } from './fork.ts';
import { LinkedBlocks } from './linked-blocks.ts';
import { InconsistentNodeError, MovedError } from './node-error.ts';
import type { WatcherObserver } from './observer.ts';
import type {
  BlockHead,
  ChainWatcher,
  ClusterObservation,
  EventLookup,
  Positioned,
  RunningConfiguration,
  SafetyFault,
  Track,
  WatcherStatus,
  WatchTarget,
} from './watcher.ts';
import { type Coverage, type WatcherRecords, WatcherStore } from './watcher-store.ts';

/** Rounds in a row in which the chain moved under the questions, before that counts as a contradiction. */
const maxMoves = 5;
const defaultLimit = 256;

export interface ZoneWatcherOptions {
  /** CAIP-2. */
  readonly chain: string;
  readonly node: ChainNode;
  readonly finality: Finality;
  /** The depth of the cluster track, 1 = the newest block; undefined: no cluster. */
  readonly clusterConfirmations: number | undefined;
  /** First block to look at, on either track. */
  readonly from: number;
  readonly targets: readonly WatchTarget[];
  readonly records: WatcherRecords;
  readonly clock: Clock;
  /** Milliseconds since the Unix epoch. */
  readonly date: () => number;
  readonly observer: WatcherObserver;
  readonly pollMs: number;
  /** Longest pause between rounds of a node that fails. */
  readonly maxPauseMs: number;
  /** How far ahead of {@link date} the time of a block may be. */
  readonly maxAheadMs: number;
  /** Whether times never fall from one block to the next. */
  readonly timesNeverFall: boolean;
  /** Blocks per step. */
  readonly batchBlocks: number;
  /** Blocks that are kept between final and tip. */
  readonly maxWindow: number;
}

/** A round found a safety fault on the final track. */
class ForkSeen extends Error {}

export class ZoneWatcher implements ChainWatcher {
  readonly chain: string;
  readonly #options: ZoneWatcherOptions;
  readonly #store: WatcherStore;
  readonly #finality: FinalityRule;
  readonly #blocks: LinkedBlocks;
  /** Blocks after the newest final one. */
  readonly #window: BlockWindow;
  #targets: readonly WatchTarget[];
  #tip: Tip | undefined;
  /** What the chain runs, as of the newest block on the cluster track. */
  #configuration: RunningConfiguration | undefined;
  #status: WatcherStatus = { kind: 'stopped' };
  /** When the node last answered, {@link ZoneWatcherOptions.date}. */
  #answeredAt: number | undefined;
  #failures = 0;
  #moves = 0;
  /** Whether this round got any further, and whether there is something new to read. */
  #progress = false;
  #news = false;
  #cancel: Cancel | undefined;
  #running: Promise<void> | undefined;
  #stop: AbortController | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(options: ZoneWatcherOptions) {
    this.chain = options.chain;
    this.#options = options;
    this.#targets = [];
    this.#store = new WatcherStore(options.records, options.chain);
    const { node, finality, timesNeverFall, from, batchBlocks, maxWindow } = options;
    this.#finality = new FinalityRule(finality);
    this.#blocks = new LinkedBlocks(node, timesNeverFall);
    this.#window = new BlockWindow({ blocks: this.#blocks, from, batchBlocks, maxWindow });
    for (const target of options.targets) this.watch(target);
  }

  start(): void {
    if (this.#stop !== undefined) return;
    this.#stop = new AbortController();
    // Every request under way listens to it.
    setMaxListeners(0, this.#stop.signal);
    this.#answeredAt = undefined;
    const fault = this.#store.fault('final');
    if (fault !== undefined) {
      this.#become({ kind: 'forked', fault });
      return;
    }
    this.#become({ kind: 'starting' });
    this.#again(0);
  }

  async stop(): Promise<void> {
    this.#stop?.abort(new Error('the watcher stops'));
    this.#cancel?.();
    await this.#running;
    this.#stop = undefined;
    this.#forget();
    this.#tip = undefined;
    this.#become({ kind: 'stopped' });
  }

  /** What is only known of the chain that the node shows now. */
  #forget(): void {
    this.#window.clear();
    this.#finality.reset();
    this.#configuration = undefined;
  }

  status(): WatcherStatus {
    return this.#status;
  }
  get healthy(): boolean {
    return this.#status.kind === 'following';
  }

  event(reference: string): EventLookup {
    const tip = this.#tip;
    if (this.#status.kind !== 'following' || tip === undefined) return { kind: 'unavailable', status: this.#status };
    const position = this.#store.position(reference);
    const entry = position === undefined ? undefined : this.#store.assetEvent(position);
    if (entry === undefined) return { kind: 'unknown' };
    const view = {
      eventHeight: entry.block.height,
      headHeight: tip.head.height,
      finalisedHeight: tip.finalised,
    };
    return { kind: 'final', event: entry.value, view };
  }

  assetEvents(from: number, limit = defaultLimit): readonly Positioned<ObservedEvent>[] {
    return this.#read('final', from, limit, (position) => this.#store.assetEvent(position));
  }
  clusterEvents(from: number, limit = defaultLimit): readonly Positioned<ClusterObservation>[] {
    return this.#read('cluster', from, limit, (position) => this.#store.clusterEvent(position));
  }
  #read<T>(track: Track, from: number, limit: number, get: (position: number) => T | undefined): readonly T[] {
    const end = Math.min(this.#store.cursor(track).next, from + limit);
    const found: T[] = [];
    for (let position = from; position < end; position++) {
      const entry = get(position);
      if (entry === undefined) throw new BugError(`event ${position} of ${this.chain} is missing`);
      found.push(entry);
    }
    return found;
  }

  clusterHead(): BlockHead | undefined {
    const usable = this.#status.kind === 'following' && this.#store.fault('cluster') === undefined;
    return usable && this.#options.clusterConfirmations !== undefined ? this.#store.cursor('cluster').head : undefined;
  }
  clusterBlock(height: number): BlockHead | undefined {
    return this.#store.block('cluster', height);
  }

  configuration(): RunningConfiguration | undefined {
    return this.clusterHead() === undefined ? undefined : this.#configuration;
  }

  faults(): readonly SafetyFault[] {
    const tracks: readonly Track[] = ['final', 'cluster'];
    return tracks.flatMap((track) => this.#store.fault(track) ?? []);
  }

  acknowledge(track: Track): void {
    const fault = this.#store.fault(track);
    if (fault === undefined) return;
    this.#store.clearFault(fault, this.#store.block(track, fault.reported.height - 1));
    if (track === 'final') {
      this.#forget();
      if (this.#status.kind === 'forked' && this.#stop !== undefined) {
        this.#become({ kind: 'starting' });
        this.#again(0);
      }
    }
    this.#tell();
  }

  watch(target: WatchTarget): void {
    const { token, vault, owner, mints, from } = target;
    if (!Number.isSafeInteger(from) || from < 0) throw new InvalidArgumentsError('from', 'is no height');
    // One target per token, so that an event belongs to one.
    const others = this.#targets.filter((known) => known.token !== token);
    this.#targets = [...others, { token, vault, owner, mints, from }];
  }

  requireFinality(finality: Finality): void {
    this.#finality.require(finality);
  }

  subscribe(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  #tell(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        // Whoever listens does not stop the watcher.
        this.#options.observer.unforeseen(this.chain, error);
      }
    }
  }

  #become(status: WatcherStatus): void {
    const before = this.#status;
    this.#status = status;
    if (before.kind !== status.kind) this.#options.observer.status(this.chain, status.kind);
    const same =
      before.kind === 'following' &&
      status.kind === 'following' &&
      before.tip.hash === status.tip.hash &&
      before.caughtUp === status.caughtUp;
    if (same && !this.#news) return;
    this.#news = false;
    this.#tell();
  }

  #again(ms: number): void {
    const { clock } = this.#options;
    const stop = this.#stop;
    if (stop === undefined || stop.signal.aborted) return;
    this.#cancel?.();
    this.#cancel = clock.after(ms, () => {
      this.#running = this.#turn(stop.signal).finally(() => {
        this.#running = undefined;
      });
    });
  }

  /** One round, what it means for the status, and when the next one is. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { clock, observer, pollMs, maxPauseMs } = this.#options;
    const start = clock.now();
    let pauseMs = pollMs;
    this.#progress = false;
    try {
      const caughtUp = await this.#round(signal);
      this.#failures = 0;
      this.#moves = 0;
      // A full window waits for finality like everything else.
      if (!caughtUp && this.#progress) pauseMs = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ForkSeen) return;
      if (error instanceof MovedError && this.#moves < maxMoves) this.#moves += 1;
      else {
        this.#failures += 1;
        pauseMs = Math.min(maxPauseMs, pollMs * 2 ** Math.min(this.#failures, 16));
        this.#failed(error);
      }
    } finally {
      observer.round(this.chain, (clock.now() - start) / 1000);
    }
    this.#again(pauseMs);
  }

  #failed(error: unknown): void {
    const { node, observer, date } = this.#options;
    const before = this.#status;
    const round = {
      chain: this.chain,
      node: node.name,
      before,
      now: date(),
      answeredAt: this.#answeredAt,
      observer,
    };
    this.#become(failedStatus(error, round));
  }

  /** @returns whether everything that can be reported is. */
  async #round(signal: AbortSignal): Promise<boolean> {
    const { node, date, maxAheadMs, from, observer, clusterConfirmations } = this.#options;
    const tip = await node.tip(signal, this.#finality.usesTag);
    this.#answeredAt = date();
    if (tip.head.time > date() + maxAheadMs) {
      throw new InconsistentNodeError(node.name, 'block-time', `block ${tip.head.height} is of the future`);
    }
    const coverage = this.#store.cover(this.#targets, from);
    const base = this.#store.cursor('final').head;
    if (base !== undefined && tip.head.height < base.height) await this.#tooShort(tip.head, signal);
    this.#finality.check(node.name, tip, base);
    await this.#rewind(base, tip.head, signal);
    const { added, reached } = await this.#window.extend(base, tip.head, signal);
    if (added > 0) this.#progress = true;
    const cluster = await this.#clusterTrack(tip.head, reached, signal);
    const final = await this.#finalTrack(coverage, this.#finality.height(tip), signal);
    const older = await this.#searchOlder(coverage, signal);
    const caughtUp = reached && cluster && final && older;
    this.#tip = tip;
    const reported = this.#store.cursor('final').head;
    const clusterHead = clusterConfirmations === undefined ? undefined : this.#store.cursor('cluster').head;
    observer.heights(this.chain, {
      tip: tip.head.height,
      ...(reported === undefined ? {} : { final: reported.height }),
      ...(clusterHead === undefined ? {} : { cluster: clusterHead.height }),
    });
    this.#become({ kind: 'following', tip: tip.head, final: reported, caughtUp });
    return caughtUp;
  }

  /** The tip is below what was final: either another chain, or a node that lost a part of its own. */
  async #tooShort(tip: BlockHead, signal: AbortSignal): Promise<never> {
    const reported = this.#store.block('final', tip.height);
    if (reported !== undefined && reported.hash !== tip.hash) await this.#fork('final', reported, signal);
    throw new InconsistentNodeError(this.#options.node.name, 'height-back', `is at height ${tip.height} again`);
  }

  /** Drops blocks that the chain does not have any more, and looks whether it still has what was final. */
  async #rewind(base: BlockHead | undefined, tip: BlockHead, signal: AbortSignal): Promise<void> {
    const gone = await this.#window.rewind(tip, signal);
    if (gone > 0) this.#options.observer.reorganised(this.chain, gone);
    if (this.#window.newest !== undefined || base === undefined) return;
    if ((await this.#blocks.at(base.height, tip, signal)).hash !== base.hash) await this.#fork('final', base, signal);
  }

  /** @param reached - whether the window reaches the tip. @returns whether everything at the cluster's depth is reported. */
  async #clusterTrack(tip: BlockHead, reached: boolean, signal: AbortSignal): Promise<boolean> {
    const { clusterConfirmations, node, from, batchBlocks } = this.#options;
    if (clusterConfirmations === undefined || this.#store.fault('cluster') !== undefined) return true;
    const reported = this.#store.cursor('cluster').head;
    const newest = this.#window.newest ?? this.#store.cursor('final').head;
    if (newest === undefined) return true;
    if (reported !== undefined) {
      const height = Math.min(reported.height, newest.height);
      const told = this.#store.block('cluster', height);
      const shown = await this.#shown(height, signal);
      if (told !== undefined && told.hash !== shown.hash) {
        await this.#fork('cluster', told, signal);
        return true;
      }
    }
    const first = reported === undefined ? from : reported.height + 1;
    const eligible = Math.min(newest.height, tip.height - clusterConfirmations + 1);
    const last = Math.min(eligible, first + batchBlocks - 1);
    if (last < first) {
      if (reported !== undefined && reached && reported.height <= tip.height) await this.#lookAt(reported, signal);
      return true;
    }
    const start = this.#window.oldest?.height ?? Number.POSITIVE_INFINITY;
    const heads =
      first >= start
        ? this.#window.slice(first, last)
        : await this.#blocks.read({ first, last: Math.min(last, start - 1), previous: reported }, signal);
    const end = heads.at(-1);
    const current = reached && end !== undefined && end.height >= eligible;
    const events = await node.clusterEvents(heads, signal);
    // Before the events of this block can be read: nobody takes a message of code that has not been looked at. Nodes need not have the state of old blocks.
    if (current) await this.#lookAt(end, signal);
    else this.#configuration = undefined;
    const blocks = heads.map((block, i) => ({ block, events: events[i] ?? [] }));
    this.#store.report('cluster', blocks);
    this.#reported(blocks);
    return (end?.height ?? last) >= eligible;
  }

  /** What the chain runs after a block (CLUSTER:9). */
  async #lookAt(block: BlockHead, signal: AbortSignal): Promise<void> {
    const before = this.#configuration;
    if (before?.block.hash === block.hash) return;
    const found = await this.#options.node.configuration(block, signal);
    const now = found === undefined ? undefined : { ...found, block };
    this.#configuration = now;
    if (now === undefined || same(before?.digest, now.digest)) return;
    this.#news = true;
    this.#options.observer.running(this.chain, now);
  }

  /** These are durable now. */
  #reported(blocks: readonly { readonly events: readonly { readonly kind: string }[] }[]): void {
    if (blocks.length === 0) return;
    this.#progress = true;
    this.#news = true;
    for (const { kind } of blocks.flatMap(({ events }) => events)) this.#options.observer.observed(this.chain, kind);
  }

  /** The block at a height in the chain that this round looks at. */
  #shown(height: number, signal: AbortSignal): Promise<BlockHead> {
    const known = this.#window.at(height) ?? this.#store.block('final', height);
    return known?.height === height ? Promise.resolve(known) : this.#options.node.head(height, signal);
  }

  /** Events count from the first block of their target on, whichever blocks are read. */
  async #assetEvents(heads: readonly BlockHead[], targets: readonly WatchTarget[], signal: AbortSignal) {
    const events = await this.#options.node.assetEvents(heads, targets, signal);
    const first = new Map(targets.map(({ token, from }) => [token, from]));
    return heads.map((block, i) => ({
      block,
      events: (events[i] ?? []).filter(({ token }) => block.height >= (first.get(token) ?? Number.POSITIVE_INFINITY)),
    }));
  }

  /** @returns whether everything final that is known is reported. */
  async #finalTrack(coverage: readonly Coverage[], finalTo: number, signal: AbortSignal): Promise<boolean> {
    const { batchBlocks } = this.#options;
    const final = this.#window.upTo(finalTo);
    const heads = final.slice(0, batchBlocks);
    if (heads.length === 0) return true;
    const targets = coverage.map(({ target }) => target);
    const blocks = await this.#assetEvents(heads, targets, signal);
    this.#store.report('final', blocks);
    this.#window.drop(heads.length);
    this.#reported(blocks);
    return heads.length === final.length;
  }

  /** One step through the blocks from before a target was watched. @returns whether there is none left. */
  async #searchOlder(coverage: readonly Coverage[], signal: AbortSignal): Promise<boolean> {
    const base = this.#store.cursor('final').head;
    const behind = coverage.filter(({ searchedTo, coveredFrom }) => searchedTo < coveredFrom);
    const [item] = behind;
    if (item === undefined || base === undefined) return behind.length === 0;
    const last = Math.min(item.coveredFrom, item.searchedTo + this.#options.batchBlocks, base.height + 1) - 1;
    const heads = await this.#blocks.read({ first: item.searchedTo, last }, signal);
    const blocks = await this.#assetEvents(heads, [item.target], signal);
    this.#store.reportOlder(item, last + 1, blocks);
    this.#reported(blocks);
    return behind.length === 1 && last + 1 >= item.coveredFrom;
  }

  /**
   * The chain does not have a block that was reported. If what it has instead is a chain that holds together, that is a safety fault.
   * @throws ForkSeen on the final track, MovedError or InconsistentNodeError if it does not hold together.
   */
  async #fork(track: Track, reported: BlockHead, signal: AbortSignal): Promise<void> {
    const { maxWindow, observer } = this.#options;
    const search = { chain: this.chain, track, store: this.#store, blocks: this.#blocks, maxWindow };
    const fault = await findFork(search, reported, signal);
    this.#store.setFault(fault);
    this.#configuration = undefined;
    observer.forked(this.chain, track);
    if (track === 'cluster') return;
    this.#become({ kind: 'forked', fault });
    throw new ForkSeen();
  }
}

const same = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.compare(a, b) === 0;
