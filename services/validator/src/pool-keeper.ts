/**
 * Keeps the presign pool between a low and a high mark, in the background and one session at a time. Every validator aims at its own part of
 * the pool, low/n to high/n presigns that it led itself; it lets sessions of others end first, pauses under load, and stands in for others only
 * when the whole pool has been low for a while.
 *
 * @module
 */
import type { Cancel, Clock } from './clock.ts';

export interface PoolMarks {
  /** Free presigns of the whole network below which it is refilled. 0: never. */
  readonly low: number;
  /** Up to how many. */
  readonly high: number;
  /** Presigns per session, 1..64. */
  readonly batch: number;
  /** Below this, refilling does not wait for a pause in the load. */
  readonly floor: number;
}

export interface PoolDepth {
  /** Certified presigns that this validator has not assigned. */
  readonly available: number;
  /** Those of them that it led. */
  readonly own: number;
}

export interface PoolKeeperOptions {
  readonly clock: Clock;
  readonly marks: PoolMarks;
  /** 1..n. */
  readonly index: number;
  readonly validators: number;
  /** undefined: there is no network yet. */
  readonly depth: () => PoolDepth | undefined;
  /** Leads one session. */
  readonly lead: (batch: number) => Promise<void>;
  /** Why this is no moment for background work; undefined: it is. */
  readonly busy: () => string | undefined;
  /** What changed: once per change, not per look. */
  readonly log: (text: string) => void;
  readonly timing?: Partial<PoolTiming>;
}

export interface PoolTiming {
  /** Between two looks at the pool. */
  readonly lookMs: number;
  /** How long a session of another leader is left alone, and how far apart validators stand in for others. */
  readonly patienceMs: number;
  /** After a failed session; doubles with every further one. */
  readonly backOffMs: number;
  readonly maxBackOffMs: number;
}

const defaultTiming: PoolTiming = { lookMs: 1000, patienceMs: 5000, backOffMs: 1000, maxBackOffMs: 60_000 };

export type PoolState = 'stopped' | 'idle' | 'refilling' | 'waiting' | 'paused' | 'backing-off';

export class PoolKeeper {
  readonly #options: PoolKeeperOptions;
  readonly #timing: PoolTiming;
  readonly #partLow: number;
  readonly #partHigh: number;
  #state: PoolState = 'stopped';
  #cancel: Cancel | undefined;
  #running: Promise<void> | undefined;
  /** Own part fell below its low mark and is being brought to its high one. */
  #filling = false;
  #failures = 0;
  /** When the whole pool was first seen low. */
  #lowSince: number | undefined;
  /** When it was first seen that this validator should lead. */
  #wantedSince: number | undefined;
  /** When a session of another leader was last seen at work. */
  #foreignAt = Number.NEGATIVE_INFINITY;

  constructor(options: PoolKeeperOptions) {
    this.#options = options;
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#partLow = Math.ceil(options.marks.low / options.validators);
    this.#partHigh = Math.max(this.#partLow + 1, Math.ceil(options.marks.high / options.validators));
  }

  get state(): PoolState {
    return this.#state;
  }

  start(): void {
    if (this.#state !== 'stopped' || this.#options.marks.low === 0) return;
    this.#state = 'idle';
    this.#foreignAt = Number.NEGATIVE_INFINITY;
    // Validators that start together do not begin together.
    this.#again(this.#timing.lookMs * this.#options.index);
  }

  /** No new session. @returns when the running one, if any, has ended. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#cancel?.();
    await this.#running;
  }

  /** This validator contributes to a session of another leader. */
  sawForeignSession(): void {
    this.#foreignAt = this.#options.clock.now();
  }

  #again(ms: number): void {
    if (this.#state === 'stopped') return;
    this.#cancel = this.#options.clock.after(ms, () => this.#look());
  }

  #become(state: PoolState, why: string): void {
    if (this.#state === 'stopped' || this.#state === state) return;
    this.#state = state;
    this.#options.log(`presign pool: ${state}, ${why}`);
  }

  /** How many to make now; 0: none. */
  #wanted({ available, own }: PoolDepth): number {
    const { marks, clock, index, validators } = this.#options;
    if (available >= marks.low) this.#lowSince = undefined;
    else this.#lowSince ??= clock.now();
    if (available >= marks.high || own >= this.#partHigh) this.#filling = false;
    else if (own < this.#partLow) this.#filling = true;
    if (this.#filling) return Math.min(marks.batch, this.#partHigh - own, marks.high - available);
    if (this.#lowSince === undefined) return 0;
    // Others do not fill their parts. Who stands in first depends on the depth, so it is not always the same one.
    const rank = (index + available) % validators;
    if (clock.now() - this.#lowSince < this.#timing.patienceMs * (2 + rank)) return 0;
    return Math.min(marks.batch, marks.high - available);
  }

  #look(): void {
    const { clock, depth, busy, marks, index, validators } = this.#options;
    const { lookMs, patienceMs } = this.#timing;
    const pool = depth();
    const batch = pool === undefined ? 0 : this.#wanted(pool);
    if (pool === undefined || batch === 0) {
      this.#wantedSince = undefined;
      this.#become('idle', pool === undefined ? 'there is no network yet' : `${pool.available} free presigns`);
      return this.#again(lookMs);
    }
    const starving = pool.available < marks.floor;
    const load = busy();
    if (load !== undefined && !starving) {
      this.#become('paused', load);
      return this.#again(lookMs);
    }
    // One session of the network at a time. The wait is bounded: nobody holds the others off by leading for ever.
    this.#wantedSince ??= clock.now();
    const patience = starving ? patienceMs : patienceMs * (2 + validators);
    if (clock.now() - this.#foreignAt < patienceMs && clock.now() - this.#wantedSince < patience) {
      this.#become('waiting', 'another validator leads a session');
      return this.#again(lookMs / 2 + (lookMs * index) / validators);
    }
    this.#wantedSince = undefined;
    this.#become('refilling', `${pool.available} free presigns, ${pool.own} of them led here`);
    this.#running = this.#refill(batch).finally(() => {
      this.#running = undefined;
    });
  }

  async #refill(batch: number): Promise<void> {
    const { backOffMs, maxBackOffMs } = this.#timing;
    try {
      await this.#options.lead(batch);
      this.#failures = 0;
      this.#lowSince = undefined;
      this.#again(0);
    } catch (error) {
      this.#failures++;
      const wait = Math.min(maxBackOffMs, backOffMs * 2 ** Math.min(this.#failures - 1, 16));
      this.#become('backing-off', error instanceof Error ? error.message : 'a session failed');
      this.#again(wait);
    }
  }
}
