/**
 * Ledger entries: drafted from what this validator's own nodes show as final, or from orders of an OwnerChain's governance; judged the same way.
 *
 * @module
 */
import { DecodeError, InvalidArgumentsError } from '@dwallet/sigma';
import {
  type AssetState,
  type EntrySource,
  type LedgerEntry,
  type ObservedEvent,
  type OrderedMint,
  type Refusal,
  type World,
  type WorldEvent,
  decodeSubmission,
  encodeSubmission,
  judgeEntry,
  ledgerEntry,
  orderReference,
  ownerChain,
  sourceEventId,
} from '@dwallet/zones';
import type { RecordStore } from '../store/record-store.ts';
import { Backlog, type OpenEvents } from './backlog.ts';
import { type Draft, type EventSource, isRefusal } from './draft.ts';
import { WaitingRoom } from './waiting-room.ts';
import type { ChainWatcher } from './watchers/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const no = (rule: Refusal['rule'], reason: string): Refusal => ({ ok: false, rule, reason });

const mostOrders = 1024;

export interface LedgerSourceOptions {
  readonly watchers: ReadonlyMap<string, ChainWatcher>;
  /** How far an entry's time may be from this validator's own, ms. */
  readonly maxSkewMs: number;
  /** First block to look at for assets on a chain: the same at every validator. */
  readonly watchFrom: (chain: string) => number;
  readonly store: RecordStore;
}

/** The asset that has this token. */
const assetOf = (world: World, token: string): AssetState | undefined =>
  [...world.assets.values()].find(({ record }) => record.deployments.some((deployment) => deployment.token === token));

/** @throws DecodeError */
function readOrder(bytes: Uint8Array): OrderedMint {
  const submission = decodeSubmission(bytes);
  if (submission.kind !== 'mint') throw new DecodeError('Submission.kind', 'is no order');
  const { order, proposal, approvals } = submission;
  return { order, proposal, approvals };
}

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
  /** By chain. */
  readonly #backlogs = new Map<string, Backlog>();
  /** Hex of source event ids. */
  readonly #ids = new WeakMap<ObservedEvent, string>();
  readonly #orders: WaitingRoom<OrderedMint>;
  #watched: ReadonlyMap<string, AssetState> | undefined;

  constructor(options: LedgerSourceOptions) {
    this.#options = options;
    this.#orders = new WaitingRoom({
      store: options.store,
      name: 'order',
      most: mostOrders,
      keyOf: ({ proposal }) => orderReference(proposal),
      laneOf: ({ order }) => order.asset,
      encode: (ordered) => encodeSubmission({ ...ordered, kind: 'mint' }),
      decode: readOrder,
    });
  }

  get waiting(): number {
    return this.#orders.size;
  }

  /** Keeps an order that {@link judgeOrder} has nothing against until its entry is certified. @returns its reference. */
  order({ order, proposal, approvals }: OrderedMint): string {
    return this.#orders.add({ order, proposal, approvals });
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

  *drafts(world: World, time: number): Iterable<Draft> {
    this.#watch(world);
    for (const [chain, watcher] of this.#options.watchers) {
      const { fresh, again } = this.#open(world, chain, watcher, time);
      for (const event of fresh) yield this.#observed(event, 'asset-events');
      for (const event of again) yield this.#observed(event, 'left-events');
    }
    for (const [reference, ordered] of this.#orders.entries()) {
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

  /** Events of a chain that no entry spends yet, those of tokens that are of no asset yet among them. Asked at every turn, so hashes are remembered. */
  #open(world: World, chain: string, watcher: ChainWatcher, time: number): OpenEvents {
    const backlog = this.#backlogs.get(chain) ?? new Backlog((from, limit) => watcher.assetEvents(from, limit));
    this.#backlogs.set(chain, backlog);
    const byToken = new Map(
      [...world.assets.values()].flatMap((asset) =>
        asset.record.deployments.map(({ token }) => [token, asset] as const),
      ),
    );
    return backlog.open((event) => byToken.get(event.token)?.ledger.spent.has(this.#idOf(event)) !== true, time);
  }

  #idOf(event: ObservedEvent): string {
    const known = this.#ids.get(event);
    if (known !== undefined) return known;
    const id = hex(sourceEventId(event));
    this.#ids.set(event, id);
    return id;
  }

  #observed(event: ObservedEvent, lane: string): Draft {
    const { chain, reference } = event;
    return {
      key: `event:${chain}:${reference}`,
      lane: `${lane}:${chain}`,
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
