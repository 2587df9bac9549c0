/**
 * Memory of pure arithmetic across schedules. The simulation examines protocol logic: all code of the validators and of the packages runs in
 * every schedule, while powers in the class group, multiples of curve points, Ed25519 and SHAKE are looked up when the same inputs were
 * computed before. A memory only ever replaces a computation by its own earlier result (or error) for identical inputs, so no session, check or
 * store can tell the difference; keys are the complete inputs, never digests of them.
 *
 * @module
 */

/** Characters of keys in one generation. Two are kept; the older one goes when the younger one is full, which costs time and nothing else. */
const defaultGenerationSize = 96_000_000;

type Outcome = { readonly value: unknown } | { readonly error: unknown };

export class Memo {
  #young = new Map<string, Outcome>();
  #old = new Map<string, Outcome>();
  #size = 0;
  readonly #generationSize: number;

  constructor(generationSize = defaultGenerationSize) {
    this.#generationSize = generationSize;
  }

  #put(key: string, outcome: Outcome): void {
    this.#size += key.length + 64;
    if (this.#size > this.#generationSize) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#size = key.length;
    }
    this.#young.set(key, outcome);
  }

  /** The result of `compute`, which must depend on nothing but what `key` spells out. A result that callers may change must be copied by them. */
  get<T>(key: string, compute: () => T): T {
    let known = this.#young.get(key);
    if (known === undefined) {
      known = this.#old.get(key);
      if (known !== undefined) this.#put(key, known);
    }
    if (known !== undefined) {
      if ('error' in known) throw known.error;
      return known.value as T;
    }
    try {
      const value = compute();
      this.#put(key, { value });
      return value;
    } catch (error) {
      this.#put(key, { error });
      throw error;
    }
  }
}

/** Bytes as a string of the same length: a key costs one copy. */
export const keyOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

export const numberKey = (value: bigint): string => value.toString(16);
