/**
 * Events of one chain that no entry spends yet, in bounded memory.
 *
 * Anybody can pay dust to a vault with a destination that no rule allows, and such an event waits for ever. So nobody's event keeps a place for ever: one
 * that had its time makes room for newer ones, and comes back in its turn.
 *
 * @module
 */
import type { ObservedEvent } from '@dwallet/zones';
import type { Positioned } from './watchers/index.ts';

/** Events that wait for the first time; beyond this the chain's own backlog waits in its watcher. */
export const mostFresh = 1024;
/** Events that had their time and are looked at again. */
export const mostAgain = 256;
/** How long an event keeps its place while others want it. */
export const patienceMs = 60_000;

interface Place {
  readonly position: number;
  readonly since: number;
  readonly event: ObservedEvent;
}

/** What is left open of a stream of events. */
export interface OpenEvents {
  readonly fresh: readonly ObservedEvent[];
  readonly again: readonly ObservedEvent[];
}

export class Backlog {
  readonly #read: (from: number, limit: number) => readonly Positioned<ObservedEvent>[];
  #cursor = 0;
  #fresh: Place[] = [];
  #again: Place[] = [];
  /** Positions of events that had their time, the longest left first: all that is kept of them. */
  #left: number[] = [];

  /** @param read - the stream from a position on, at most `limit` events. */
  constructor(read: (from: number, limit: number) => readonly Positioned<ObservedEvent>[]) {
    this.#read = read;
  }

  /** @param open - whether an event may still become an entry. @param time - ms. */
  open(open: (event: ObservedEvent) => boolean, time: number): OpenEvents {
    const isOpen = ({ event }: Place): boolean => open(event);
    const place = ({ position, value }: Positioned<ObservedEvent>): Place => ({ position, since: time, event: value });
    this.#fresh = this.#fresh.filter(isOpen);
    if (this.#fresh.length >= mostFresh && this.#read(this.#cursor, 1).length > 0)
      this.#fresh = this.#leave(this.#fresh, time);
    while (this.#fresh.length < mostFresh) {
      const more = this.#read(this.#cursor, mostFresh - this.#fresh.length);
      const last = more.at(-1);
      if (last === undefined) break;
      this.#cursor = last.position + 1;
      this.#fresh.push(...more.map(place).filter(isOpen));
    }
    this.#again = this.#again.filter(isOpen);
    if (this.#left.length > 0) this.#again = this.#leave(this.#again, time);
    const next = this.#left.splice(0, mostAgain - this.#again.length);
    this.#again.push(...next.flatMap((position) => this.#read(position, 1).map(place)).filter(isOpen));
    const events = (places: readonly Place[]) => places.map(({ event }) => event);
    return { fresh: events(this.#fresh), again: events(this.#again) };
  }

  /** @returns those whose time is not over. */
  #leave(places: readonly Place[], time: number): Place[] {
    const stays = ({ since }: Place): boolean => time - since < patienceMs;
    this.#left.push(...places.filter((one) => !stays(one)).map(({ position }) => position));
    return places.filter(stays);
  }
}
