/**
 * Generations of the other validators' stores, as a leader learns them (sessions/opening.ts). A wrong or missing one costs the answers of that
 * validator in one session and nothing else.
 *
 * @module
 */
import type { ValidatorId } from '@dwallet/sigma';
import type { Generations } from '@dwallet/two-pc-mpc/network';

export interface GenerationSource {
  readonly index: ValidatorId;
  readonly own: Uint8Array;
  others(): Iterable<ValidatorId>;
  /** Asks one validator for its 32 bytes. @throws if it does not answer in time. */
  ask(validator: ValidatorId): Promise<Uint8Array>;
}

export class KnownGenerations {
  readonly #source: GenerationSource;
  readonly #known = new Map<ValidatorId, Uint8Array>();
  readonly #asking = new Map<ValidatorId, Promise<void>>();
  /** Who has been asked before: nobody waits for a silent one twice. */
  readonly #asked = new Set<ValidatorId>();

  constructor(source: GenerationSource) {
    this.#source = source;
  }

  /** What is known now, after waiting for those that were never asked. */
  async learn(): Promise<Generations> {
    const { index, own } = this.#source;
    const waited: Promise<void>[] = [];
    for (const validator of this.#source.others()) {
      if (this.#known.has(validator)) continue;
      const first = !this.#asked.has(validator);
      this.#asked.add(validator);
      const answer = this.#ask(validator);
      if (first) waited.push(answer);
    }
    await Promise.all(waited);
    return new Map([...this.#known, [index, own]]);
  }

  async #ask(validator: ValidatorId): Promise<void> {
    const running = this.#asking.get(validator) ?? this.#store(validator);
    this.#asking.set(validator, running);
    await running;
  }

  async #store(validator: ValidatorId): Promise<void> {
    try {
      this.#known.set(validator, await this.#source.ask(validator));
    } catch {
      // It is not named this time and asked again the next time.
    } finally {
      this.#asking.delete(validator);
    }
  }

  /** It abstained: what is known of it is old. */
  forget(validator: ValidatorId): void {
    this.#known.delete(validator);
    this.#asked.delete(validator);
  }
}
