/**
 * Results that this process computed, so that the next step of a session need not compute them again. Losing one costs time and nothing else.
 *
 * @module
 */

/** At most `capacity` values; the oldest goes first, so that nobody fills the memory with sessions that never end. */
export class Remembered<V> {
  readonly #values = new Map<string, V>();
  readonly #capacity: number;
  constructor(capacity = 64) {
    this.#capacity = capacity;
  }
  get(key: string): V | undefined {
    return this.#values.get(key);
  }
  set(key: string, value: V): V {
    this.#values.delete(key);
    this.#values.set(key, value);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#capacity) break;
      this.#values.delete(oldest);
    }
    return value;
  }
  delete(key: string): void {
    this.#values.delete(key);
  }
  clear(): void {
    this.#values.clear();
  }
}
