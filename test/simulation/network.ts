/**
 * The lines between validators and clients: request and reply, with everything that a network does to them. What arrives is bytes; who sent
 * them shows in envelopes only, as in the real service.
 *
 * @module
 */
import type { ValidatorId } from '@dwallet/sigma';
import type { Chance, Scheduler } from './scheduler.ts';

export type Party = ValidatorId | 'client';

export interface LineFaults {
  /** Probability that a message is lost. */
  drop: number;
  duplicate: number;
  /** A copy that arrives very late, after whatever has happened since. */
  late: number;
  /** One to three bits flipped. */
  corrupt: number;
  /** Longest usual delay in milliseconds. */
  delayMs: number;
  /** Probability of a delay of seconds. */
  stall: number;
}

/** No faults: what the network is like after all. */
export const calm: Readonly<LineFaults> = { drop: 0, duplicate: 0, late: 0, corrupt: 0, delayMs: 20, stall: 0 };

/** Until it heals, the two sides hear nothing of each other. */
export interface Partition {
  readonly from: number;
  readonly to: number;
  readonly side: ReadonlySet<Party>;
}

export type Deliver = (bytes: Uint8Array, reply: (bytes: Uint8Array) => void) => void;

/** When a caller gives up, in milliseconds. */
export const callTimeoutMs = 30_000;

export class Lines {
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #trace: ((text: string) => void) | undefined;
  faults: LineFaults = { ...calm };
  partitions: Partition[] = [];

  constructor(scheduler: Scheduler, chance: Chance, trace: ((text: string) => void) | undefined) {
    this.#scheduler = scheduler;
    this.#chance = chance;
    this.#trace = trace;
  }

  #cut(x: Party, y: Party): boolean {
    const { now } = this.#scheduler;
    return this.partitions.some(({ from, to, side }) => now >= from && now < to && side.has(x) !== side.has(y));
  }
  #delay(): number {
    const { delayMs, stall } = this.faults;
    if (this.#chance.happens(stall)) return this.#chance.between(1000, 12_000);
    return this.#chance.between(1, delayMs);
  }

  /** One message on its way, with what happens to it. */
  #carry(what: string, x: Party, y: Party, bytes: Uint8Array, arrive: (bytes: Uint8Array) => void): void {
    const { faults } = this;
    const send = (delay: number, content: Uint8Array): void =>
      void this.#scheduler.after(delay, () => {
        const cut = this.#cut(x, y);
        this.#trace?.(cut ? `${what}: cut` : what);
        if (!cut) arrive(content);
      });
    if (this.#cut(x, y) || this.#chance.happens(faults.drop)) {
      this.#trace?.(`${what}: lost`);
    } else {
      const corrupt = this.#chance.happens(faults.corrupt);
      if (corrupt) this.#trace?.(`${what}: corrupted`);
      send(this.#delay(), corrupt ? flipBits(bytes, this.#chance) : bytes);
    }
    if (this.#chance.happens(faults.duplicate)) send(this.#delay(), bytes);
    if (this.#chance.happens(faults.late)) {
      this.#trace?.(`${what}: a copy comes late`);
      send(this.#chance.between(5_000, 60_000), bytes);
    }
  }

  /**
   * A call with its reply. Rejects when the caller's time is over; a duplicate is served again, and the first reply that arrives counts.
   * @param deliver - hands the request to whoever is there when it arrives.
   */
  call(what: string, from: Party, to: ValidatorId, bytes: Uint8Array, deliver: Deliver): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const cancel = this.#scheduler.after(callTimeoutMs, () => reject(new Error('no answer in time')));
      this.#carry(what, from, to, bytes, (arrived) =>
        deliver(arrived.slice(), (reply) =>
          this.#carry(`${what} reply`, to, from, reply, (answer) => {
            cancel();
            resolve(answer.slice());
          }),
        ),
      );
    });
  }
}

function flipBits(bytes: Uint8Array, chance: Chance): Uint8Array {
  const flipped = bytes.slice();
  for (let i = chance.between(1, 3); i > 0; i--) {
    const at = chance.below(flipped.length);
    flipped[at] = (flipped[at] as number) ^ (1 << chance.below(8));
  }
  return flipped;
}
