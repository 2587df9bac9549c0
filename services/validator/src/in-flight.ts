/**
 * Work that is going on: whoever asks for the same thing meanwhile waits for the same result, so that nothing is computed twice because
 * two calls came at once.
 *
 * @module
 */
export class InFlight<V> {
  readonly #running = new Map<string, Promise<V>>();

  /** The result of the call with this key that is running, or of `work`. A failure goes to all who wait, and is forgotten. */
  share(key: string, work: () => Promise<V>): Promise<V> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = work().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }
}
