/**
 * The world as the decided slots of the zone log make it, and what is read often beside it. A function of the log: built again at every start.
 *
 * @module
 */
import type { Digest } from '@dwallet/sigma';
import {
  type ClusterMessage,
  type EventScope,
  type LedgerEntry,
  type Refusal,
  type SettlementRecord,
  type World,
  type WorldEvent,
  type ZoneFact,
  applyEvent,
  emptyWorld,
  eventFacts,
  eventScope,
  factId,
  longestWindowMs,
  pruneOutflows,
  releaseFactIn,
} from '@dwallet/zones';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Messages and settlements of a cluster that are kept in memory; older ones are read from the log. */
const mostRemembered = 4096;

const dayMs = 86_400_000;

export const scopeKey = ({ kind, id }: EventScope): string => `${kind}:${id}`;

/** One event of a decided slot, as it was taken. */
export interface AppliedEvent {
  readonly event: WorldEvent;
  readonly scope: EventScope;
  /** Undefined when the world accepted it. */
  readonly refusal: Refusal | undefined;
  /** What validators certify about it; none if it was refused. */
  readonly facts: readonly ZoneFact[];
}

/** A message between members of a cluster, and where in the log it stands. */
export interface LoggedMessage {
  readonly message: ClusterMessage;
  readonly slot: bigint;
}

/** Where a certified record stands in the log. */
export interface FactPlace {
  readonly slot: bigint;
  /** Among the facts of that slot. */
  readonly index: number;
  readonly digest: Digest;
}

export const factKey = ({ kind, id, version }: Pick<ZoneFact, 'kind' | 'id' | 'version'>): string =>
  `${kind}.${hex(id)}.${version}`;

/** Facts that nobody asks for later, and of which there are too many to remember. */
export const isPassing = ({ kind }: ZoneFact): boolean => kind === 'cluster-heartbeat' || kind === 'source-event';

/** The outcome of a batch before it is durable. */
export interface NextWorld {
  readonly world: World;
  readonly applied: readonly AppliedEvent[];
}

/**
 * What a batch makes of a world. An event that the rules refuse changes nothing.
 * @param closed - whether something that was shown to be wrong closed a scope: nothing more is accepted about it.
 */
export function applyBatch(
  world: World,
  events: readonly WorldEvent[],
  closed: (scope: EventScope) => boolean,
): NextWorld {
  let next = world;
  const applied = events.map((event): AppliedEvent => {
    const scope = eventScope(event);
    const none = { event, scope, facts: [] };
    if (closed(scope))
      return {
        ...none,
        refusal: { ok: false, rule: 'ASSET:7', reason: `${scopeKey(scope)} is closed after a contradiction` },
      };
    const outcome = applyEvent(next, event);
    if (!outcome.ok) return { ...none, refusal: outcome };
    next = outcome.state;
    const release = event.kind === 'release' ? releaseFactIn(next, event.release) : undefined;
    return {
      event,
      scope,
      refusal: undefined,
      facts: [...eventFacts(event), ...(release === undefined ? [] : [release])],
    };
  });
  return { world: next, applied };
}

/** What the stored log says about what is not remembered. */
export interface LogHistory {
  /** Where the fact stands that is certified for this (kind, id, version). */
  place(fact: Pick<ZoneFact, 'kind' | 'id' | 'version'>): FactPlace | undefined;
  /** Events of a decided slot, those that were refused included. */
  events(slot: bigint): readonly WorldEvent[];
}

/** What a {@link WorldState} consists of: plain data. */
export interface WorldParts {
  readonly world: World;
  readonly faults: readonly { readonly scope: EventScope; readonly reason: string }[];
  readonly entries: ReadonlyMap<string, LedgerEntry[]>;
  readonly settlements: ReadonlyMap<string, SettlementRecord[]>;
  readonly messages: ReadonlyMap<string, LoggedMessage[]>;
}

export class WorldState {
  readonly #history: LogHistory;
  #world: World = emptyWorld;
  readonly #faults = new Map<string, { readonly scope: EventScope; readonly reason: string }>();
  #entries = new Map<string, LedgerEntry[]>();
  #settlements = new Map<string, SettlementRecord[]>();
  #messages = new Map<string, LoggedMessage[]>();

  constructor(history: LogHistory) {
    this.#history = history;
  }

  /** All of it, for a snapshot. */
  parts(): WorldParts {
    const [entries, settlements, messages] = [this.#entries, this.#settlements, this.#messages];
    return { world: this.#world, faults: this.faults(), entries, settlements, messages };
  }
  /** Takes what {@link parts} once gave. Nothing was taken before. */
  resume({ world, faults, entries, settlements, messages }: WorldParts): void {
    this.#world = world;
    for (const { scope, reason } of faults) this.#faults.set(scopeKey(scope), { scope, reason });
    this.#entries = new Map(entries);
    this.#settlements = new Map(settlements);
    this.#messages = new Map(messages);
  }

  get world(): World {
    return this.#world;
  }

  /** Why nothing is signed or certified about a scope any more; undefined if it is not so. */
  fault(scope: EventScope): string | undefined {
    return (this.#faults.get(scopeKey(scope)) ?? this.#faults.get(wholeLog))?.reason;
  }
  /** Whether the log contradicts itself: then everything is closed. */
  get isClosed(): boolean {
    return this.#faults.has(wholeLog);
  }
  /** Why everything is closed; undefined if it is not. */
  get closed(): string | undefined {
    return this.#faults.get(wholeLog)?.reason;
  }
  faults(): readonly { readonly scope: EventScope; readonly reason: string }[] {
    return [...this.#faults.values()];
  }
  /** More than f validators are at fault about this. @returns whether that is news. */
  close(scope: EventScope | undefined, reason: string): boolean {
    const key = scope === undefined ? wholeLog : scopeKey(scope);
    if (this.#faults.has(key)) return false;
    this.#faults.set(key, { scope: scope ?? { kind: 'zone', id: '*' }, reason });
    return true;
  }

  /** @param events - of the next slot. */
  next(events: readonly WorldEvent[]): NextWorld {
    return applyBatch(this.#world, events, (scope) => this.fault(scope) !== undefined);
  }

  /** Takes what {@link next} made, once it is durable. */
  take(slot: bigint, { world, applied }: NextWorld): void {
    this.#world = world;
    for (const { event, refusal } of applied) if (refusal === undefined) this.#note(slot, event);
  }

  #note(slot: bigint, event: WorldEvent): void {
    if (event.kind === 'entry') {
      const { entry } = event;
      listOf(this.#entries, entry.asset).push(entry);
      this.#prune(entry);
    } else if (event.kind === 'cluster' && event.event.kind === 'settlement') {
      const list = listOf(this.#settlements, event.cluster);
      list.push(event.event.settlement);
      if (list.length > mostRemembered) list.shift();
    } else if (event.kind === 'cluster' && event.event.kind === 'message') {
      const list = listOf(this.#messages, event.cluster);
      list.push({ message: event.event.message, slot });
      if (list.length > mostRemembered) list.shift();
    }
  }

  /** No window of a limit counts further back. By the time of the entry, so that all validators drop the same. */
  #prune({ asset, time }: LedgerEntry): void {
    const state = this.#world.assets.get(asset);
    const first = state?.ledger.outflows[0];
    // A day's worth at a time: each entry would go through all of them otherwise.
    if (state === undefined || first === undefined || first.time >= time - longestWindowMs - dayMs) return;
    const ledger = pruneOutflows(state.ledger, time - longestWindowMs);
    this.#world = { ...this.#world, assets: new Map(this.#world.assets).set(asset, { ...state, ledger }) };
  }

  /** Certified entries of an asset: the one of height h at index h. */
  entries(asset: string): readonly LedgerEntry[] {
    return this.#entries.get(asset) ?? [];
  }
  settlement(cluster: string, interval: bigint): SettlementRecord | undefined {
    const known = this.#settlements.get(cluster)?.findLast((settlement) => settlement.interval === interval);
    if (known !== undefined) return known;
    const found = this.#logged('cluster-settlement', [cluster], interval, ({ event }) =>
      event.kind === 'settlement' && event.settlement.interval === interval ? event.settlement : undefined,
    );
    return found?.cluster === cluster ? found : undefined;
  }
  /** The last {@link mostRemembered} messages of a cluster, oldest first. */
  messages(cluster: string): readonly LoggedMessage[] {
    return this.#messages.get(cluster) ?? [];
  }
  message(cluster: string, from: string, to: string, nonce: bigint): ClusterMessage | undefined {
    const isIt = (message: ClusterMessage): boolean =>
      message.nonce === nonce && message.from === from && message.to === to && message.cluster === cluster;
    const known = this.messages(cluster).findLast(({ message }) => isIt(message));
    if (known !== undefined) return known.message;
    return this.#logged('cluster-message', [cluster, from, to], nonce, ({ event }) =>
      event.kind === 'message' && isIt(event.message) ? event.message : undefined,
    );
  }

  /** What an event of a cluster says that is not remembered any more. */
  #logged<T>(
    kind: ZoneFact['kind'],
    names: readonly string[],
    version: bigint,
    read: (event: WorldEvent & { readonly kind: 'cluster' }) => T | undefined,
  ): T | undefined {
    const place = this.place({ kind, id: factId(kind, ...names), version });
    if (place === undefined) return undefined;
    for (const event of this.#history.events(place.slot)) {
      const found = event.kind === 'cluster' ? read(event) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Where the fact stands that is certified for this (kind, id, version). */
  place(fact: Pick<ZoneFact, 'kind' | 'id' | 'version'>): FactPlace | undefined {
    return this.#history.place(fact);
  }
}

/** A contradiction in the log itself closes everything. */
const wholeLog = 'log:*';

const listOf = <V>(map: Map<string, V[]>, key: string): V[] => {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
};
