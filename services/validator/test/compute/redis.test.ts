/**
 * Jobs through a real Redis: to workers in other processes and back, with Redis killed, workers killed, results forged, replayed and lost. Whatever
 * happens there, the results are those of this machine.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Secret } from '@dwallet/sigma';
import {
  InlinePool,
  type Job,
  WorkerPool,
  executeJob,
  networkJobs,
  createJobContext,
  runJob,
} from '@dwallet/two-pc-mpc/network';
import { Queue, Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RedisPool, type RedisPoolOptions } from '../../src/compute/redis-pool.ts';
import { JobSeal, connectionOf } from '../../src/compute/redis-seal.ts';
import { type RunningWorker, runWorker } from '../../src/compute/redis-worker.ts';
import { curve, toyParameters } from '../helpers/toy-network.ts';
import { RedisServer, redisIsInstalled } from './helpers/redis-server.ts';
import { spyJobs } from './helpers/spy-jobs.ts';

const parameters = toyParameters();
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const key = random(32);
const workerKey = (): Secret<Uint8Array> => new Secret(key.slice());
const seal = new JobSeal(workerKey(), parameters.digest, random);

/** Jobs on this thread with the bookkeeping of a pool: what falls back is counted and costs no threads. */
class Local extends WorkerPool {
  readonly ran: string[];
  constructor() {
    const context = createJobContext(parameters, curve);
    const ran: string[] = [];
    super({
      size: 2,
      spawn: ({ message }) => ({
        post({ id, name, input }) {
          ran.push(name);
          setImmediate(() => message({ id, framed: executeJob(context, networkJobs, { name, input }) }));
        },
        async terminate() {},
      }),
    });
    this.ran = ran;
  }
}

/** Waits for something that the world outside does in its own time. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe.runIf(redisIsInstalled)('a pool behind Redis', () => {
  let redis: RedisServer;
  let jobs: readonly Job[];
  let expected: readonly Uint8Array[];
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
    jobs = (await spyJobs()).filter(({ name }) => ['presign/check-masks', 'presign/finalize'].includes(name));
    const inline = new InlinePool(networkJobs, parameters, curve);
    expected = await Promise.all(jobs.map((job) => runJob(inline, copy(job))));
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    // A job that a test left there is the same job in the next test.
    const queue = new Queue(seal.queue, { connection: connectionOf({ url: redis.url }) });
    await queue.obliterate({ force: true });
    await queue.close();
  });
  afterAll(() => redis?.close());

  const copy = (job: Job): Job => ({ ...job, input: job.input.slice() });
  const openPool = (options: Partial<RedisPoolOptions> = {}): { pool: RedisPool; local: Local; said: string[] } => {
    const local = new Local();
    const said: string[] = [];
    const pool = new RedisPool({
      redis: { url: redis.url },
      workerKey: workerKey(),
      parameters,
      local,
      random,
      probeMs: 100,
      answerMs: 60_000,
      log: (text) => said.push(text),
      ...options,
    });
    closing.push(() => pool.close());
    return { pool, local, said };
  };
  const openWorker = (): RunningWorker => {
    const worker = runWorker({
      redis: { url: redis.url },
      workerKey: workerKey(),
      parameters,
      curve,
      random,
      threads: 1,
    });
    closing.push(() => worker.close());
    return worker;
  };
  /** Takes jobs off the queue and does with them what the test says. */
  const openRogue = (answer: (id: string, data: { sealed: string }) => Promise<unknown>): void => {
    const rogue = new Worker(seal.queue, ({ id, data }) => answer(String(id), data as { sealed: string }), {
      connection: { ...connectionOf({ url: redis.url }), maxRetriesPerRequest: null },
    });
    rogue.on('error', () => {});
    closing.push(() => rogue.close(true));
  };
  const forkWorker = async (): Promise<ChildProcess> => {
    const child = fork(
      fileURLToPath(new URL('./helpers/worker-process.ts', import.meta.url)),
      [redis.url, Buffer.from(key).toString('hex')],
      { execArgv: ['--conditions=source', '--import', 'tsx'] },
    );
    closing.push(async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    });
    await once(child, 'message');
    return child;
  };
  const runAll = (pool: RedisPool): Promise<Uint8Array[]> => Promise.all(jobs.map((job) => runJob(pool, copy(job))));

  test('without workers it computes here and says so; with them it does not; secrets never leave', async () => {
    const { pool, local, said } = openPool();
    expect(pool.degraded).toBe(true);
    expect(await runAll(pool)).toEqual(expected);
    expect(pool.statistics()).toMatchObject({ degraded: true, remoteWorkers: 0, remoteCompleted: 0 });
    const before = local.ran.length;
    openWorker();
    await until(() => !pool.degraded);
    expect(await runAll(pool)).toEqual(expected);
    expect(pool.statistics()).toMatchObject({
      remoteWorkers: 1,
      remoteCompleted: jobs.length,
      fallbacks: 0,
      forged: 0,
    });
    expect(local.ran).toHaveLength(before);
    expect(said.at(-1)).toBe('1 compute workers are there');
    // Here, whatever the pool could do elsewhere: a name that is public makes a secret no less of one.
    await runJob(pool, { ...copy(jobs[0] as Job), secret: true });
    await runJob(pool, { name: 'presign/masks', input: new Uint8Array(0), secret: false }).catch(() => {});
    expect(local.ran).toHaveLength(before + 2);
    // Nothing of a job is kept there.
    const queue = new Queue(seal.queue, { connection: connectionOf({ url: redis.url }) });
    closing.push(() => queue.close());
    expect(await queue.getJobCounts()).toMatchObject({
      completed: 0,
      failed: 0,
      waiting: 0,
      active: 0,
      prioritized: 0,
    });
  });

  test('kill -9 of Redis in the middle: nothing is lost, and the pool comes back by itself', async () => {
    const { pool, said } = openPool();
    openRogue(() => new Promise(() => {}));
    await until(() => !pool.degraded);
    const results = runAll(pool);
    await until(() => pool.statistics().remoteActive > 0);
    await redis.kill();
    expect(await results).toEqual(expected);
    expect(pool.degraded).toBe(true);
    expect(pool.statistics().fallbacks).toBe(jobs.length);
    expect(said.at(-1)).toBe('no compute worker can be reached: computing here');
    expect(await runAll(pool)).toEqual(expected);
    await redis.start();
    for (const close of closing.splice(1).reverse()) await close();
    openWorker();
    await until(() => !pool.degraded);
    const done = pool.statistics().remoteCompleted;
    expect(await runAll(pool)).toEqual(expected);
    expect(pool.statistics().remoteCompleted).toBeGreaterThan(done);
  });

  test('kill -9 of every worker process in the middle: the jobs are done here', async () => {
    const { pool } = openPool();
    const child = await forkWorker();
    await until(() => !pool.degraded);
    const results = runAll(pool);
    await until(() => pool.statistics().remoteActive > 0);
    child.kill('SIGKILL');
    expect(await results).toEqual(expected);
    await until(() => pool.degraded);
    expect(pool.statistics().remoteActive).toBe(0);
    expect(pool.statistics().remoteCompleted + pool.statistics().fallbacks).toBe(jobs.length);
  });

  test('results that are forged, of other jobs, or of the same job under another key count for nothing', async () => {
    const stranger = new JobSeal(new Secret(random(32)), parameters.digest, random);
    const context = createJobContext(parameters, curve);
    const honest = (id: string, sealed: string): Uint8Array =>
      executeJob(context, networkJobs, seal.openJob(id, sealed));
    let replayed: { id: string; result: string } | undefined;
    const answers: ((id: string, sealed: string) => unknown)[] = [
      () => 'no base64 at all!',
      () => 17,
      () => undefined,
      (id, sealed) => stranger.sealResult(id, honest(id, sealed)),
      // With the key, but for another id, as Redis can replay it; and a frame of another job under this id.
      (id, sealed) => {
        replayed = { id, result: seal.sealResult('0'.repeat(64), honest(id, sealed)) };
        return replayed.result;
      },
      (id, sealed) =>
        seal.sealResult(
          id,
          honest(id, sealed).map((byte, i) => (i === 40 ? byte ^ 1 : byte)),
        ),
      // The payload itself, sealed by us, as a result.
      (_, sealed) => sealed,
    ];
    let next = 0;
    openRogue(async (id, { sealed }) => answers[next++]?.(id, sealed));
    const { pool } = openPool();
    await until(() => !pool.degraded);
    for (const [i] of answers.entries()) {
      const at = i % jobs.length;
      expect(await runJob(pool, copy(jobs[at] as Job))).toEqual(expected[at]);
    }
    expect(pool.statistics()).toMatchObject({ remoteCompleted: 0, forged: answers.length, fallbacks: answers.length });
  });

  test('a result that never comes is computed here after a bound; what a worker refuses, at once', async () => {
    openRogue(() => new Promise(() => {}));
    const { pool } = openPool({ answerMs: 200 });
    await until(() => !pool.degraded);
    expect(await runJob(pool, copy(jobs[0] as Job))).toEqual(expected[0]);
    expect(pool.statistics()).toMatchObject({ fallbacks: 1, remoteCompleted: 0, degraded: false });
    for (const close of closing.splice(0).reverse()) await close();
    openRogue(() => Promise.reject(new Error('no')));
    // Waiting would take an hour.
    const { pool: patient } = openPool({ answerMs: 3_600_000 });
    await until(() => !patient.degraded);
    expect(await runJob(patient, copy(jobs[1] as Job))).toEqual(expected[1]);
    expect(patient.statistics()).toMatchObject({ fallbacks: 1, remoteCompleted: 0, forged: 0 });
  });

  test('the same job at once is one job there; a job that was made up is not computed', async () => {
    const worker = openWorker();
    const { pool } = openPool();
    await until(() => !pool.degraded);
    const [job] = jobs as [Job];
    const both = await Promise.all([runJob(pool, copy(job)), runJob(pool, copy(job))]);
    expect(both).toEqual([expected[0], expected[0]]);
    expect(worker.pool.statistics().completed).toBe(1);

    const queue = new Queue(seal.queue, { connection: connectionOf({ url: redis.url }) });
    closing.push(() => queue.close());
    const id = seal.id(job);
    const secret = { name: 'presign/masks', input: random(64) };
    const made = [
      // By a stranger; ours under another id; ours and secret.
      [id, new JobSeal(new Secret(random(32)), parameters.digest, random).sealJob(id, job)],
      ['1'.repeat(64), seal.sealJob('1'.repeat(64), job)],
      [seal.id(secret), seal.sealJob(seal.id(secret), secret)],
    ] as const;
    for (const [jobId, sealed] of made) await queue.add('job', { sealed }, { jobId, removeOnFail: true });
    // Behind them in the queue, so they have been looked at when it is done.
    await runJob(pool, copy(jobs[1] as Job));
    expect(worker.pool.statistics().completed).toBe(2);
  });

  test('closing does not wait for a Redis that is away, or that was never there', { timeout: 60_000 }, async () => {
    const away = await RedisServer.start();
    const { pool } = openPool({ redis: { url: away.url } });
    const worker = runWorker({
      redis: { url: away.url },
      workerKey: workerKey(),
      parameters,
      curve,
      random,
      threads: 1,
    });
    await until(() => !pool.degraded);
    await away.kill();
    await until(() => pool.degraded);
    const never = openPool({ redis: { url: away.url } });
    await Promise.all([pool.close(), never.pool.close(), worker.close()]);
    await expect(runJob(pool, copy(jobs[0] as Job))).rejects.toMatchObject({ code: 'COMPUTE_CLOSED' });
    await away.close();
  });

  test('what Redis sees: a keyed name, a keyed id, sealed bytes', () => {
    const [job] = jobs as [Job];
    const id = seal.id(job);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(seal.queue).not.toContain(':');
    const other = new JobSeal(new Secret(random(32)), parameters.digest, random);
    expect(other.queue).not.toBe(seal.queue);
    expect(other.id(job)).not.toBe(id);
    expect(seal.openJob(id, seal.sealJob(id, job))).toEqual({ name: job.name, input: job.input });
    expect(seal.sealJob(id, job)).not.toBe(seal.sealJob(id, job));
    for (const read of [
      () => other.openJob(id, seal.sealJob(id, job)),
      () => seal.openJob(other.id(job), seal.sealJob(id, job)),
    ])
      expect(read).toThrow(expect.objectContaining({ code: 'DECODE' }));
  });
});
