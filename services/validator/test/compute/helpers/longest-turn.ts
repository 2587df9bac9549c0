/**
 * How long a turn of the event loop takes at most, in CPU time of this thread, so that whatever else the machine does does not count.
 */
import { readFileSync } from 'node:fs';

/** Linux accounts CPU time per thread; elsewhere there is no such number in Node 20. */
export const measurable = process.platform === 'linux';

/** Nanoseconds that the main thread has been on a CPU. */
const cpuNs = (): number => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]);

/** @returns milliseconds. */
export async function longestTurnOf(work: () => Promise<void>): Promise<number> {
  let longest = 0;
  let last = cpuNs();
  let running = true;
  const turn = (): void => {
    const now = cpuNs();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  running = false;
  return longest / 1e6;
}
