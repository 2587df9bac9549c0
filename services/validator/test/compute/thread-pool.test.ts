/** Worker threads for real: the same results as inline, on both kernels; threads that die; an event loop that stays free. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type PublicParameters, deriveTestParameters } from '@dwallet/class-groups';
import { type Kernel, referenceKernel } from '@dwallet/kernel';
import { wasmKernel } from '@dwallet/kernel/wasm';
import {
  type ComputePool,
  InlinePool,
  type Job,
  WorkerPool,
  type WorkerPort,
  networkJobs,
  runJob,
  settingOf,
  threadPort,
} from '@dwallet/two-pc-mpc/network';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { patienceFor } from '../../src/compute/patience.ts';
import { ThreadPool, spawnThread } from '../../src/compute/thread-pool.ts';
import { ToyNetwork, curve, fixture, toyParameters } from '../helpers/toy-network.ts';
import { longestTurnOf, measurable } from './helpers/longest-turn.ts';
import { spyJobs } from './helpers/spy-jobs.ts';

const pools: ComputePool[] = [];
const threads = (options: Partial<ConstructorParameters<typeof ThreadPool>[0]> = {}): ThreadPool => {
  const pool = new ThreadPool({ parameters: toyParameters(), curve, size: 2, ...options });
  pools.push(pool);
  return pool;
};
afterAll(() => Promise.all(pools.map((pool) => pool.close())));

/** The jobs of one presign batch at one validator, as they happen. */
const jobs: readonly Job[] = await spyJobs();

const inlineOf = (parameters: PublicParameters): InlinePool => new InlinePool(networkJobs, parameters, curve);
const copy = (job: Job): Job => ({ ...job, input: job.input.slice() });

describe('jobs on threads', () => {
  test('give the same bytes as inline, however they are spread', async () => {
    const names = new Set(jobs.map(({ name }) => name));
    expect([...names].sort()).toEqual([
      'presign/check-masks',
      'presign/finalize',
      'presign/masks',
      'presign/nonces',
      'presign/prove-masks',
    ]);
    const pool = threads();
    const inline = inlineOf(toyParameters());
    const results = await Promise.all(jobs.map((job) => runJob(pool, copy(job))));
    for (const [i, job] of jobs.entries()) expect(results[i]).toEqual(await runJob(inline, copy(job)));
    expect(pool.statistics()).toMatchObject({ workers: 2, completed: jobs.length, failed: 0, restarts: 0, queued: 0 });
  });

  test.each([
    ['reference', referenceKernel],
    ['wasm', wasmKernel],
  ] as [string, Kernel][])('run on the kernel of the process that asks: %s', async (_, kernel) => {
    const parameters = deriveTestParameters(kernel, 520);
    const pool = threads({ parameters, size: 1 });
    const job = jobs.find(({ name }) => name === 'presign/masks') as Job;
    expect(await runJob(pool, copy(job))).toEqual(await runJob(inlineOf(toyParameters()), copy(job)));
  });

  test('a thread that dies in the middle: its job runs again, and nothing is lost', async () => {
    const ports: WorkerPort[] = [];
    const setting = settingOf(toyParameters(), curve);
    const pool = new WorkerPool({
      size: 2,
      spawn: (events) => {
        const port = spawnThread(setting, events);
        ports.push(port);
        return port;
      },
    });
    pools.push(pool);
    const results = Promise.all(jobs.map((job) => runJob(pool, copy(job))));
    // Both threads are at work: as they die that run out of memory or meet a fault of the machine.
    expect(pool.active).toBe(2);
    await Promise.all(ports.map((port) => port.terminate()));
    const inline = inlineOf(toyParameters());
    const expected = await Promise.all(jobs.map((job) => runJob(inline, copy(job))));
    expect(await results).toEqual(expected);
    expect(pool.statistics()).toMatchObject({ restarts: 2, retries: 2, failed: 0, completed: jobs.length });
  });

  test('a thread that never answers is ended and replaced, and its job runs again', async () => {
    const setting = settingOf(toyParameters(), curve);
    const ended: Promise<unknown>[] = [];
    const pool = new WorkerPool({
      size: 1,
      // Generous for the thread that answers, and over at once for the one that does not.
      patience: { msFor: () => (ended.length === 0 ? 50 : 120_000), after: (ms, fn) => systemClock.after(ms, fn) },
      spawn: (events) => {
        if (ended.length > 0) return spawnThread(setting, events);
        const worker = new Worker('for (;;) {}', { eval: true });
        ended.push(once(worker, 'exit'));
        return threadPort(worker, events);
      },
    });
    pools.push(pool);
    const job = jobs.find(({ name }) => name === 'presign/masks') as Job;
    expect(await runJob(pool, copy(job))).toEqual(await runJob(inlineOf(toyParameters()), copy(job)));
    await Promise.all(ended);
    expect(pool.statistics()).toMatchObject({ hung: 1, restarts: 1, retries: 1, completed: 1, failed: 0 });
  });

  test('every kind of job has a limit that no real one meets', () => {
    for (const name of [...Object.keys(networkJobs), 'of another kind'])
      expect(patienceFor({ name })).toBeGreaterThanOrEqual(180_000);
  });

  test('a worker that cannot start is an error by name, not a wait for ever', async () => {
    const parameters = toyParameters();
    const wrong = { ...parameters, digest: parameters.digest.slice().reverse() as typeof parameters.digest };
    const pool = threads({ parameters: wrong, size: 1 });
    await expect(runJob(pool, copy(jobs[0] as Job))).rejects.toMatchObject({ code: 'COMPUTE_CRASHED' });
    expect(pool.statistics()).toMatchObject({ completed: 0, failed: 1 });
  });
});

describe('a validator with threads', () => {
  test.runIf(measurable)('makes presigns; the event loop turns meanwhile', async () => {
    const batch = 8;
    const longestTurn = async (compute: ComputePool | undefined): Promise<number> => {
      const network = new ToyNetwork({
        from: fixture(),
        label: 'loop',
        ...(compute === undefined ? {} : { computeOf: () => compute }),
      });
      try {
        const before = network.validator(1).status().availablePresigns;
        const longest = await longestTurnOf(() => network.validator(1).leadPresigns(batch));
        expect(network.validator(1).status().availablePresigns).toBe(before + batch);
        return longest;
      } finally {
        network.close();
      }
    };
    const free = await longestTurn(threads());
    const blocked = await longestTurn(undefined);
    // Inline, a turn is as long as a whole step of the batch.
    expect(blocked / free).toBeGreaterThan(3);
  });
});
