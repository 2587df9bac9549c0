/**
 * CPU time by thread. On a machine that others use too, wall time says little about how well work is spread over threads; this does.
 *
 * @module
 */
import { readFileSync, readdirSync } from 'node:fs';

/** Linux accounts CPU time per thread. */
export const threadTimesExist = process.platform === 'linux';

const folder = '/proc/self/task';

/** Nanoseconds on a CPU by thread. A thread that ends while this looks is left out. */
function threadTimes(): Map<string, number> {
  const times = new Map<string, number>();
  for (const thread of readdirSync(folder)) {
    try {
      times.set(thread, Number(readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ')[0]));
    } catch {
      // Gone.
    }
  }
  return times;
}

/**
 * The longest chain of work, in milliseconds of CPU time: that of the calling thread and that of the busiest other thread, one after the other. How
 * long the work takes when nobody else wants the cores, if callers and workers do not overlap.
 * @returns undefined where threads are not accounted.
 */
export function watchThreads(): () => number | undefined {
  if (!threadTimesExist) return () => undefined;
  const before = threadTimes();
  return () => {
    let own = 0;
    let busiest = 0;
    for (const [thread, time] of threadTimes()) {
      const spent = (time - (before.get(thread) ?? 0)) / 1e6;
      if (thread === String(process.pid)) own = spent;
      else busiest = Math.max(busiest, spent);
    }
    return own + busiest;
  };
}
