/**
 * What this validator's own node of one chain shows about the chain's cluster: events that are not in the log yet, and how many messages had been sent
 * and taken at each block.
 *
 * @module
 */
import { type Digest, InvalidArgumentsError } from '@dwallet/sigma';
import {
  type ClusterMessage,
  type ClusterRecord,
  type ClusterState,
  type Delivery,
  type MessageCount,
  channelOf,
  messageRecord,
  nextNonce,
} from '@dwallet/zones';
import {
  type BlockHead,
  type ChainWatcher,
  type ClusterObservation,
  type Positioned,
  deliveryOf,
  messageOf,
} from './watchers/index.ts';

/** Events that wait; beyond this the chain's own backlog waits in its watcher. */
const mostWaiting = 1024;
/** Places that are remembered per (direction, other member). */
const mostPlaces = 4096;

/** An observation in the words of the cluster's record. */
export type ClusterSighting =
  | {
      readonly kind: 'message';
      readonly block: BlockHead;
      readonly at: number;
      readonly message: ClusterMessage;
      /** Undefined for one that is larger than a message may be: the member stops there, because its nonces have no gaps. */
      readonly digest: Digest | undefined;
    }
  | {
      readonly kind: 'delivery';
      readonly block: BlockHead;
      readonly at: number;
      readonly delivery: Delivery;
      /** keccak-256 of what was delivered. */
      readonly payloadHash: Uint8Array;
    };

interface Place {
  readonly height: number;
  readonly nonce: bigint;
}

export class ClusterView {
  readonly #watcher: ChainWatcher;
  readonly #committed: (cluster: string) => ClusterState | undefined;
  #cursor = 0;
  #waiting: ClusterSighting[] = [];
  /** `sent>chain` or `consumed>chain` -> places, ascending. */
  readonly #places = new Map<string, Place[]>();
  readonly #truncated = new Set<string>();
  #cluster = '';

  /** @param committed a cluster as the decided log leaves it: only what that has is forgotten here */
  constructor(watcher: ChainWatcher, committed: (cluster: string) => ClusterState | undefined) {
    this.#watcher = watcher;
    this.#committed = committed;
  }

  /** Starts over for another record: a chain is in one cluster at a time, and members decide what is for whom. */
  #restart({ cluster, version }: ClusterRecord): void {
    const name = `${cluster}@${version}`;
    if (this.#cluster === name) return;
    this.#cluster = name;
    this.#cursor = 0;
    this.#waiting = [];
    this.#places.clear();
    this.#truncated.clear();
  }

  #sighting(record: ClusterRecord, { block, value }: Positioned<ClusterObservation>): ClusterSighting | undefined {
    const { chain } = this.#watcher;
    if (value.kind === 'message') {
      const message = messageOf(record, chain, value);
      return message === undefined
        ? undefined
        : { kind: 'message', block, at: value.sentAt, message, digest: digestOf(message) };
    }
    const delivery = deliveryOf(record, chain, value);
    if (delivery === undefined) return undefined;
    return { kind: 'delivery', block, at: value.at, delivery, payloadHash: value.payloadHash };
  }

  /**
   * Events of the chain that the log does not have, in the chain's own order.
   * @param cluster may be ahead of the log, as within a batch that is being drafted or judged and may never be decided
   */
  waiting(cluster: ClusterState): readonly ClusterSighting[] {
    const { record } = cluster;
    this.#restart(record);
    const committed = this.#committed(record.cluster);
    const forgotten = (sighting: ClusterSighting): boolean =>
      committed?.record.version === record.version && isTaken(committed, sighting);
    this.#waiting = this.#waiting.filter((sighting) => !forgotten(sighting));
    while (this.#waiting.length < mostWaiting) {
      const more = this.#watcher.clusterEvents(this.#cursor, mostWaiting - this.#waiting.length);
      const last = more.at(-1);
      if (last === undefined) break;
      this.#cursor = last.position + 1;
      for (const item of more) {
        const sighting = this.#sighting(record, item);
        if (sighting === undefined) continue;
        this.#remember(sighting);
        if (!forgotten(sighting)) this.#waiting.push(sighting);
      }
    }
    return this.#waiting.filter((sighting) => !isTaken(cluster, sighting));
  }

  #remember(sighting: ClusterSighting): void {
    const [key, nonce] =
      sighting.kind === 'message'
        ? [`sent>${sighting.message.to}`, sighting.message.nonce]
        : [`consumed>${sighting.delivery.from}`, sighting.delivery.nonce];
    const places = this.#places.get(key) ?? [];
    this.#places.set(key, places);
    places.push({ height: sighting.block.height, nonce });
    if (places.length > mostPlaces) {
      places.shift();
      this.#truncated.add(key);
    }
  }

  /**
   * Messages sent to, or taken from, each other member up to a block, ascending by chain.
   * @returns undefined where the block lies further back than is remembered.
   */
  counts(
    direction: 'sent' | 'consumed',
    { members }: ClusterRecord,
    height: number,
  ): readonly MessageCount[] | undefined {
    const counts: MessageCount[] = [];
    for (const { chain } of members) {
      const key = `${direction}>${chain}`;
      const last = this.#places.get(key)?.findLast((place) => place.height <= height);
      if (last !== undefined) counts.push({ chain, count: last.nonce + 1n });
      else if (this.#truncated.has(key)) return undefined;
    }
    return counts;
  }
}

/** Whether the log has what was seen, or something in its place. */
function isTaken(cluster: ClusterState, sighting: ClusterSighting): boolean {
  if (sighting.kind === 'message') {
    const { from, to, nonce } = sighting.message;
    return nonce < nextNonce(channelOf(cluster, from, to));
  }
  const { from, to, nonce } = sighting.delivery;
  return nonce < channelOf(cluster, from, to).consumed;
}

function digestOf(message: ClusterMessage): Digest | undefined {
  try {
    return messageRecord.digest(message);
  } catch (error) {
    if (error instanceof InvalidArgumentsError) return undefined;
    throw error;
  }
}
