/**
 * Virtual time and chance. Everything that happens later is an event; events run one by one in the order of their times, and what
 * an event set going (promises) has run to its end before the next one begins. One seed gives one schedule, bit for bit.
 *
 * @module
 */

/** A small generator (sfc32) for schedules: fast and the same everywhere. Not for secrets. */
export class Chance {
  #a: number;
  #b: number;
  #c: number;
  #d: number;
  constructor(seed: number, stream = 0) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 2 ** 32) >>> 0;
    this.#c = stream >>> 0;
    this.#d = 1;
    for (let i = 0; i < 16; i++) this.#next();
  }
  #next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    return t >>> 0;
  }
  /** In [0, 1). */
  real(): number {
    return this.#next() / 2 ** 32;
  }
  /** Integer in [0, below). */
  below(below: number): number {
    return Math.floor(this.real() * below);
  }
  /** Integer in [from, to]. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }
  happens(probability: number): boolean {
    return probability > 0 && this.real() < probability;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
    }
    return shuffled;
  }
}

interface Event {
  readonly time: number;
  readonly order: number;
  run: (() => void) | undefined;
}

const before = (x: Event, y: Event): boolean => x.time < y.time || (x.time === y.time && x.order < y.order);

/** A schedule that goes on and on is a bug of the simulation or a livelock of what it runs. */
const maxEvents = 50_000;

export class Scheduler {
  readonly #heap: Event[] = [];
  #order = 0;
  #events = 0;
  /** Virtual milliseconds. */
  now = 0;

  /** @returns cancels it. */
  at(time: number, run: () => void): () => void {
    const event: Event = { time: Math.max(time, this.now), order: this.#order++, run };
    this.#push(event);
    return () => void (event.run = undefined);
  }
  after(ms: number, run: () => void): () => void {
    return this.at(this.now + ms, run);
  }
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }
  get events(): number {
    return this.#events;
  }

  /** Runs events until `done` or until there is none left. @throws Error when it does not come to an end. */
  async run(done: () => boolean): Promise<void> {
    // Whatever was started before the first event.
    await drained();
    while (!done()) {
      const event = this.#pop();
      if (event === undefined) return;
      if (event.run === undefined) continue;
      if (++this.#events > maxEvents) throw new Error(`the schedule does not end: ${maxEvents} events`);
      this.now = event.time;
      event.run();
      await drained();
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let i = heap.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(event, heap[parent] as Event)) break;
      heap[i] = heap[parent] as Event;
      i = parent;
    }
    heap[i] = event;
  }
  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!before(heap[child] as Event, last)) break;
      heap[i] = heap[child] as Event;
      i = child;
    }
    heap[i] = last;
    return first;
  }
}

/** A macrotask begins when no microtask is left. */
const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
