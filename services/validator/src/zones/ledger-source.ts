/**
 * Ledger entries: drafted from what this validator's own nodes show as final, or from orders of an OwnerChain's governance; judged the same way.
 *
 * @module
 */
import { InvalidArgumentsError } from '@dwallet/sigma';
import {
  type AssetState,
  type EntrySource,
  type LedgerEntry,
  type ObservedEvent,
  type OrderedMint,
  type Refusal,
  type World,
  type WorldEvent,
  judgeEntry,
  ledgerEntry,
  orderReference,
  ownerChain,
  sourceEventId,
} from '@dwallet/zones';
import { type Draft, type EventSource, isRefusal } from './draft.ts';
import type { ChainWatcher, Positioned } from './watchers/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const no = (rule: Refusal['rule'], reason: string): Refusal => ({ ok: false, rule, reason });

/** Events of one chain that wait; beyond this the chain's own backlog waits in its watcher. */
const mostWaiting = 1024;
const mostOrders = 1024;

export interface LedgerSourceOptions {
  readonly watchers: ReadonlyMap<string, ChainWatcher>;
  /** How far an entry's time may be from this validator's own, ms. */
  readonly maxSkewMs: number;
  /** First block to look at for assets on a chain: the same at every validator. */
  readonly watchFrom: (chain: string) => number;
}

/** The asset that has this token. */
const assetOf = (world: World, token: string): AssetState | undefined =>
  [...world.assets.values()].find(({ record }) => record.deployments.some((deployment) => deployment.token === token));

/** The next entry of a ledger. @returns a refusal where the parts make no entry at all. */
function entryFrom(
  { ledger }: AssetState,
  time: number,
  parts: Pick<LedgerEntry, 'kind' | 'from' | 'to' | 'amount' | 'recipient' | 'sourceEvent'>,
): WorldEvent | Refusal {
  const entry: LedgerEntry = {
    asset: ledger.asset,
    height: ledger.height,
    prev: ledger.head,
    time: Math.max(time, ledger.time),
    ...parts,
  };
  try {
    ledgerEntry.encode(entry);
    return { kind: 'entry', entry };
  } catch (error) {
    // Text that somebody wrote on a chain.
    if (error instanceof InvalidArgumentsError) return no('ASSET:11', `the event makes no entry: ${error.message}`);
    throw error;
  }
}

export class LedgerSource implements EventSource {
  readonly #options: LedgerSourceOptions;
  readonly #cursors = new Map<string, number>();
  readonly #waiting = new Map<string, Positioned<ObservedEvent>[]>();
  /** By reference. */
  readonly #orders = new Map<string, OrderedMint>();
  #watched: ReadonlyMap<string, AssetState> | undefined;

  constructor(options: LedgerSourceOptions) {
    this.#options = options;
  }

  /** Keeps an order that {@link judgeOrder} has nothing against until its entry is certified. @returns its reference. */
  order({ order, proposal, approvals }: OrderedMint): string {
    const reference = orderReference(proposal);
    if (!this.#orders.has(reference) && this.#orders.size >= mostOrders)
      this.#orders.delete([...this.#orders.keys()][0] ?? '');
    this.#orders.set(reference, { order, proposal, approvals });
    return reference;
  }

  /** What speaks against an order now. */
  judgeOrder(world: World, ordered: OrderedMint, time: number): Refusal | undefined {
    const made = this.#ordered(orderReference(ordered.proposal), ordered).make(world, time);
    if (isRefusal(made) || made.kind !== 'entry') return isRefusal(made) ? made : undefined;
    // With these approvals, not with those of a good order that waits under the same reference.
    return judgeEntry(world, made.entry, { ...ordered, kind: 'ordered' });
  }

  /** Watchers learn the assets from the certified records. */
  #watch(world: World): void {
    if (this.#watched === world.assets) return;
    this.#watched = world.assets;
    for (const { record } of world.assets.values())
      for (const { chain, token, vault } of record.deployments) {
        const owner = ownerChain(record.asset) === chain;
        const from = this.#options.watchFrom(chain);
        this.#options.watchers
          .get(chain)
          ?.watch({ token, vault, owner, mints: owner && record.issuance === 'chain', from });
      }
  }

  *drafts(world: World): Iterable<Draft> {
    this.#watch(world);
    for (const [chain, watcher] of this.#options.watchers) {
      const waiting = this.#read(world, chain, watcher);
      for (const { value } of waiting) yield this.#observed(value);
    }
    for (const [reference, ordered] of this.#orders) {
      if (this.#isSpent(world, ordered.order.asset, ownerChain(ordered.order.asset), reference))
        this.#orders.delete(reference);
      else yield this.#ordered(reference, ordered);
    }
  }

  /** Whether the ledger has the entry of this order. */
  isBooked(world: World, { order, proposal }: OrderedMint): boolean {
    return this.#isSpent(world, order.asset, ownerChain(order.asset), orderReference(proposal));
  }

  #isSpent(world: World, asset: string, chain: string, reference: string): boolean {
    return world.assets.get(asset)?.ledger.spent.has(hex(sourceEventId({ chain, reference }))) === true;
  }

  /** Events of a chain that no entry spends yet. */
  #read(world: World, chain: string, watcher: ChainWatcher): readonly Positioned<ObservedEvent>[] {
    const open = (event: ObservedEvent): boolean => {
      const asset = assetOf(world, event.token);
      return asset !== undefined && !this.#isSpent(world, asset.record.asset, chain, event.reference);
    };
    const waiting = (this.#waiting.get(chain) ?? []).filter(({ value }) => open(value));
    let cursor = this.#cursors.get(chain) ?? 0;
    while (waiting.length < mostWaiting) {
      const more = watcher.assetEvents(cursor, mostWaiting - waiting.length);
      const last = more.at(-1);
      if (last === undefined) break;
      cursor = last.position + 1;
      waiting.push(...more.filter(({ value }) => open(value)));
    }
    this.#cursors.set(chain, cursor);
    this.#waiting.set(chain, waiting);
    return waiting;
  }

  #observed(event: ObservedEvent): Draft {
    const { chain, reference } = event;
    return {
      key: `event:${chain}:${reference}`,
      lane: `asset-events:${chain}`,
      ordered: false,
      make: (world, time) => {
        const asset = assetOf(world, event.token);
        if (asset === undefined) return no('ASSET:11', `no asset has the token ${event.token}`);
        const { kind, to, amount, recipient } = event;
        return entryFrom(asset, time, { kind, from: chain, to, amount, recipient, sourceEvent: { chain, reference } });
      },
    };
  }

  #ordered(reference: string, { order: { asset: id, amount, recipient } }: OrderedMint): Draft {
    const chain = ownerChain(id);
    return {
      key: reference,
      lane: `orders:${chain}`,
      ordered: false,
      make: (world, time) => {
        const asset = world.assets.get(id);
        if (asset === undefined) return no('ASSET:7', `there is no asset ${id}`);
        const parts = {
          kind: 'mint' as const,
          from: chain,
          to: chain,
          amount,
          recipient,
          sourceEvent: { chain, reference },
        };
        return entryFrom(asset, time, parts);
      },
    };
  }

  judge(world: World, event: WorldEvent, time: number): Refusal | undefined {
    if (event.kind !== 'entry') return undefined;
    const { entry } = event;
    // An entry dated back would fall out of the windows of limits before its time.
    if (Math.abs(entry.time - time) > this.#options.maxSkewMs)
      return no('ASSET:7', `the entry’s time is ${entry.time - time} ms from this validator’s`);
    const source = this.#sourceOf(entry);
    return isRefusalOf(source) ? source : judgeEntry(world, entry, source);
  }

  #sourceOf({ sourceEvent: { chain, reference } }: LedgerEntry): EntrySource | Refusal {
    const ordered = this.#orders.get(reference);
    if (ordered !== undefined) return { ...ordered, kind: 'ordered' };
    const found = this.#options.watchers.get(chain)?.event(reference);
    switch (found?.kind) {
      case 'final':
        return { kind: 'observed', event: found.event, view: found.view };
      case 'unavailable':
        return no('ASSET:11', `this validator attests nothing about ${chain} now: it is ${found.status.kind}`);
      default:
        return no('ASSET:11', `this validator’s node of ${chain} shows no such final event, nor was it ordered`);
    }
  }
}

const isRefusalOf = (source: EntrySource | Refusal): source is Refusal => 'ok' in source;
