/**
 * CPU time of calls in this process. It counts every thread of the process, so garbage collection and compilation are in it.
 *
 * @module
 */

/** Milliseconds. */
export interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

export interface Measured<T> {
  readonly result: T;
  readonly cost: Cost;
}

function stopwatch(): () => Cost {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { cpu: (user + system) / 1000, wall: performance.now() - wall };
  };
}

export function measure<T>(work: () => T): Measured<T> {
  const stop = stopwatch();
  const result = work();
  return { result, cost: stop() };
}

/** As {@link measure}, for calls that wait for nothing but promises of this process. */
export async function measureAsync<T>(work: () => Promise<T>): Promise<Measured<T>> {
  const stop = stopwatch();
  const result = await work();
  return { result, cost: stop() };
}

/** The same cost, for one of `count` equal parts. */
export const share = ({ cpu, wall }: Cost, count: number): Cost => ({ cpu: cpu / count, wall: wall / count });
