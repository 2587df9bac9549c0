/**
 * Long computations that stop between their steps, so that whoever runs them in a single thread can do something else, or give up.
 *
 * @module
 */

/** Stops at every `yield`; what it holds is garbage if nobody goes on. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Runs all steps at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Runs the steps with a pause between two.
 * @param pause - when it rejects, the rest is never done and this rejects with its reason.
 */
export async function finishWithPauses<T>(steps: Steps<T>, pause: () => Promise<void>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    // One after the other is the point. oxlint-disable-next-line no-await-in-loop
    await pause();
  }
}
