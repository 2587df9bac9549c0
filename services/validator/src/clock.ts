/**
 * Time as sessions see it. Everything in this service that waits or measures for a session goes through here, so that the simulation can run the
 * same code in virtual time.
 *
 * @module
 */

/** Stops a timer that has not fired. Calling it later, or twice, does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. Not a date. */
  now(): number;
  /** Calls `fn` once, not before `ms` milliseconds have passed. */
  after(ms: number, fn: () => void): Cancel;
  /** Calls `fn` when what is pending now has run: other input is served first. */
  soon(fn: () => void): void;
}

/** Longest delay that a platform timer takes; more would fire at once. */
const maxDelayMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, Math.min(ms, maxDelayMs));
    return () => clearTimeout(timer);
  },
  soon: (fn) => void setImmediate(fn),
};

/** Resolves when the work is over, or the time is. @throws what the work throws in time. */
export async function within(clock: Clock, work: Promise<unknown>, ms: number): Promise<void> {
  let cancel: Cancel = () => {};
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([work, late]).finally(() => cancel());
}
