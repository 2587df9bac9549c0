/**
 * Results that this process computed, so that the next step of a session need not compute them again. Losing one costs time and nothing else.
 *
 * @module
 */

/** At most `capacity` values, together of at most `capacityBytes`; the oldest goes first, so that nobody fills the memory with sessions that never end. */
export class Remembered<V> {
  readonly #values = new Map<string, { readonly value: V; readonly bytes: number }>();
  readonly #capacity: number;
  readonly #capacityBytes: number;
  #bytes = 0;
  constructor(capacity = 64, capacityBytes = Number.POSITIVE_INFINITY) {
    this.#capacity = capacity;
    this.#capacityBytes = capacityBytes;
  }
  get(key: string): V | undefined {
    return this.#values.get(key)?.value;
  }
  /** @param bytes - what it takes in memory, about; a value that is larger than all may be together is not kept. */
  set(key: string, value: V, bytes = 0): V {
    this.delete(key);
    this.#values.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#capacity && this.#bytes <= this.#capacityBytes) break;
      this.delete(oldest);
    }
    return value;
  }
  delete(key: string): void {
    this.#bytes -= this.#values.get(key)?.bytes ?? 0;
    this.#values.delete(key);
  }
  clear(): void {
    this.#values.clear();
    this.#bytes = 0;
  }
}
