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
  longestWindowMs,
  pruneOutflows,
  releaseFactIn,
  settlementRecord,
} from '@dwallet/zones';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const mostMessages = 4096;

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
const isPassing = ({ kind }: ZoneFact): boolean => kind === 'cluster-heartbeat' || kind === 'source-event';

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

export class WorldState {
  #world: World = emptyWorld;
  readonly #faults = new Map<string, { readonly scope: EventScope; readonly reason: string }>();
  readonly #entries = new Map<string, LedgerEntry[]>();
  readonly #settlements = new Map<string, SettlementRecord[]>();
  readonly #messages = new Map<string, LoggedMessage[]>();
  readonly #places = new Map<string, FactPlace>();

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
    let index = 0;
    for (const { event, refusal, facts } of applied) {
      if (refusal !== undefined) continue;
      for (const fact of facts) {
        if (!isPassing(fact)) this.#places.set(factKey(fact), { slot, index, digest: fact.digest });
        index++;
      }
      this.#note(slot, event);
    }
  }

  #note(slot: bigint, event: WorldEvent): void {
    if (event.kind === 'entry') {
      const { entry } = event;
      listOf(this.#entries, entry.asset).push(entry);
      this.#prune(entry);
    } else if (event.kind === 'cluster' && event.event.kind === 'settlement') {
      listOf(this.#settlements, event.cluster).push(event.event.settlement);
    } else if (event.kind === 'cluster' && event.event.kind === 'message') {
      const list = listOf(this.#messages, event.cluster);
      list.push({ message: event.event.message, slot });
      if (list.length > mostMessages) list.shift();
    }
  }

  /** No window of a limit counts further back. By the time of the entry, so that all validators drop the same. */
  #prune({ asset, time }: LedgerEntry): void {
    const state = this.#world.assets.get(asset);
    const first = state?.ledger.outflows[0];
    if (state === undefined || first === undefined || first.time >= time - longestWindowMs) return;
    const ledger = pruneOutflows(state.ledger, time - longestWindowMs);
    this.#world = { ...this.#world, assets: new Map(this.#world.assets).set(asset, { ...state, ledger }) };
  }

  /** Certified entries of an asset: the one of height h at index h. */
  entries(asset: string): readonly LedgerEntry[] {
    return this.#entries.get(asset) ?? [];
  }
  settlement(cluster: string, interval: bigint): SettlementRecord | undefined {
    return this.#settlements.get(cluster)?.[Number(interval)];
  }
  settlementByDigest(cluster: string, digest: Digest): SettlementRecord | undefined {
    return this.#settlements
      .get(cluster)
      ?.findLast((settlement) => hex(settlementRecord.digest(settlement)) === hex(digest));
  }
  /** The last {@link mostMessages} messages of a cluster, oldest first. */
  messages(cluster: string): readonly LoggedMessage[] {
    return this.#messages.get(cluster) ?? [];
  }
  message(cluster: string, from: string, to: string, nonce: bigint): ClusterMessage | undefined {
    return this.messages(cluster).findLast(
      ({ message }) => message.nonce === nonce && message.from === from && message.to === to,
    )?.message;
  }
  /** Where the fact stands that is certified for this (kind, id, version). */
  place(fact: Pick<ZoneFact, 'kind' | 'id' | 'version'>): FactPlace | undefined {
    return this.#places.get(factKey(fact));
  }
}

/** A contradiction in the log itself closes everything. */
const wholeLog = 'log:*';

const listOf = <V>(map: Map<string, V[]>, key: string): V[] => {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
};
