/**
 * What this validator was asked for and the log does not have yet: durable, so that nobody has to ask again when all validators restart; bounded, what goes
 * first is the oldest of whoever has most waiting, and may be asked for again; and gone when it is done.
 *
 * @module
 */
import { DWalletError } from '@dwallet/sigma';
import { type RecordStore, expiringKinds } from '../store/record-store.ts';

const { zoneWaiting } = expiringKinds;

export interface WaitingRoomOptions<V> {
  readonly store: RecordStore;
  /** Letters: names what waits in the store. */
  readonly name: string;
  /** How many wait at most. */
  readonly most: number;
  /** Names one for ever: the same wish has the same key. */
  readonly keyOf: (value: V) => string;
  /** Whose it is: where all places are taken, nobody loses one to another who has more. */
  readonly laneOf: (value: V) => string;
  readonly encode: (value: V) => Uint8Array;
  /** @throws DWalletError */
  readonly decode: (bytes: Uint8Array) => V;
}

interface Place<V> {
  readonly id: string;
  readonly value: V;
  /** Once somebody asked for it. */
  lane?: string;
}

export class WaitingRoom<V> {
  readonly #options: WaitingRoomOptions<V>;
  /** By key, oldest first. */
  readonly #places = new Map<string, Place<V>>();
  #next = 0;

  /** Reads what waited before this start. What this program cannot read any more is dropped: it may be asked for again. */
  constructor(options: WaitingRoomOptions<V>) {
    this.#options = options;
    const { store, name, keyOf, decode } = options;
    for (const id of store.list(zoneWaiting)) {
      const [room, number] = id.split('.');
      if (room !== name) continue;
      this.#next = Math.max(this.#next, Number(number) + 1);
      try {
        const value = decode(store.get(zoneWaiting, id) ?? new Uint8Array(0));
        this.#places.set(keyOf(value), { id, value });
      } catch (error) {
        if (!(error instanceof DWalletError)) throw error;
        store.delete(zoneWaiting, id);
      }
    }
  }

  get size(): number {
    return this.#places.size;
  }
  get(key: string): V | undefined {
    return this.#places.get(key)?.value;
  }
  has(key: string): boolean {
    return this.#places.has(key);
  }
  /** Key and value of all that wait now, oldest first. */
  entries(): readonly (readonly [string, V])[] {
    return [...this.#places].map(([key, { value }]) => [key, value] as const);
  }

  /** Durable when it returns. The same again keeps its place; another spelling of it takes the place. @returns its key. */
  add(value: V): string {
    const { store, name, most, keyOf, encode } = this.#options;
    const key = keyOf(value);
    const bytes = encode(value);
    const known = this.#places.get(key);
    if (known !== undefined && Buffer.compare(store.get(zoneWaiting, known.id) ?? new Uint8Array(0), bytes) === 0)
      return key;
    const id = known?.id ?? `${name}.${String(this.#next++).padStart(15, '0')}`;
    const out = known === undefined && this.#places.size >= most ? this.#oldestOfFullest(value) : undefined;
    store.transaction(() => {
      if (out !== undefined) store.delete(zoneWaiting, out.id);
      store.put(zoneWaiting, id, bytes);
    });
    if (out !== undefined) this.#places.delete(keyOf(out.value));
    this.#places.set(key, { id, value });
    return key;
  }

  /** What makes place for another one: of the lane that has most with it; of several such lanes, of the one that has waited longest. */
  #oldestOfFullest(added: V): Place<V> | undefined {
    const { laneOf } = this.#options;
    const lanes = new Map<string, { places: number; readonly oldest: Place<V> }>();
    for (const place of this.#places.values()) {
      const lane = (place.lane ??= laneOf(place.value));
      const known = lanes.get(lane);
      if (known === undefined) lanes.set(lane, { places: 1, oldest: place });
      else known.places++;
    }
    const own = lanes.get(laneOf(added));
    if (own !== undefined) own.places++;
    // Ascending by age, and sorting keeps that among equals.
    return [...lanes.values()].sort((a, b) => b.places - a.places)[0]?.oldest;
  }

  delete(key: string): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    this.#options.store.delete(zoneWaiting, place.id);
    this.#places.delete(key);
  }
}
