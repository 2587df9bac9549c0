/**
 * Load from this process on a service: closed loops of clients, and an open flood.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** What a closed loop did. Latencies in milliseconds. */
export interface LoadResult {
  readonly clients: number;
  readonly done: number;
  readonly seconds: number;
  readonly latencies: readonly number[];
}

/**
 * Each of `clients` takes the next job when its last one is done.
 * @param work - one job by one client. Its failure ends the run.
 */
export async function closedLoop<Job, Result>(
  clients: number,
  jobs: readonly Job[],
  work: (job: Job, client: number) => Promise<Result>,
): Promise<LoadResult & { readonly results: readonly Result[] }> {
  const latencies: number[] = [];
  const results: Result[] = [];
  let next = 0;
  const begin = performance.now();
  const loop = async (client: number): Promise<void> => {
    while (next < jobs.length) {
      const job = jobs[next++] as Job;
      const at = performance.now();
      results.push(await work(job, client));
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => loop(client)));
  return { clients, done: latencies.length, seconds: (performance.now() - begin) / 1000, latencies, results };
}

/** What a service said to a request that it did not take. */
export type Refusal = { readonly exhausted: boolean; readonly retryAfterMs: number | undefined };

export interface FloodResult {
  readonly seconds: number;
  readonly offered: number;
  /** Answered with the result, when everything that was taken had ended. */
  readonly done: number;
  readonly refused: number;
  /** Of those, refused for lack of resources with a hint when to come again. */
  readonly refusedWithHint: number;
  /** Not taken for any other reason, or failed. */
  readonly failed: number;
  /** Time that a refusal took, in milliseconds. */
  readonly refusalLatencies: readonly number[];
  /** Time to the end of what was taken, after the flood. */
  readonly drainSeconds: number;
  /** Whether there was always a job to offer. */
  readonly jobsLasted: boolean;
}

/**
 * Sends jobs at a fixed rate, whatever the service answers. A refused one goes back to the end of the line.
 * @param perSecond - how many are sent.
 */
export async function flood<Job>(
  perSecond: number,
  seconds: number,
  jobs: readonly Job[],
  work: (job: Job, turn: number) => Promise<void>,
  refusalOf: (error: unknown) => Refusal,
): Promise<FloodResult> {
  const line = [...jobs];
  const running = new Set<Promise<void>>();
  const counts = { offered: 0, done: 0, refused: 0, refusedWithHint: 0, failed: 0 };
  const refusalLatencies: number[] = [];
  let jobsLasted = true;
  const send = async (job: Job, turn: number): Promise<void> => {
    const at = performance.now();
    try {
      await work(job, turn);
      counts.done++;
    } catch (error) {
      const { exhausted, retryAfterMs } = refusalOf(error);
      if (!exhausted) {
        counts.failed++;
        return;
      }
      counts.refused++;
      refusalLatencies.push(performance.now() - at);
      if (retryAfterMs !== undefined && retryAfterMs > 0) counts.refusedWithHint++;
      line.push(job);
    }
  };
  const begin = performance.now();
  const since = (): number => (performance.now() - begin) / 1000;
  while (since() < seconds) {
    while (counts.offered < since() * perSecond) {
      const job = line.shift();
      if (job === undefined) {
        jobsLasted = false;
        break;
      }
      const one: Promise<void> = send(job, counts.offered++).finally(() => running.delete(one));
      running.add(one);
    }
    await sleep(2);
  }
  const lasted = since();
  await Promise.all(running);
  return { ...counts, seconds: lasted, refusalLatencies, drainSeconds: since() - lasted, jobsLasted };
}
