/**
 * `dwallet worker`: computes public jobs of a validator on this machine.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import type { PublicParameters } from '@dwallet/class-groups';
import type { Curve, Random, Secret } from '@dwallet/sigma';
import { type WorkerPool, publicJobs } from '@dwallet/two-pc-mpc/network';
import { UnrecoverableError, Worker } from 'bullmq';
import { JobSeal, type RedisAddress, connectionOf } from './redis-seal.ts';
import type { ValidatorComputeSetting } from './setting.ts';
import { ThreadPool } from './thread-pool.ts';

export interface RunWorkerOptions extends Pick<ValidatorComputeSetting, 'tableCache' | 'shortTables'> {
  readonly redis: RedisAddress;
  /** 32 bytes: the validator's worker key. */
  readonly workerKey: Secret<Uint8Array>;
  readonly parameters: PublicParameters;
  readonly curve: Curve;
  /** The platform's generator, for nonces. */
  readonly random: Random;
  /** Threads; default: one per core. */
  readonly threads?: number;
  readonly log?: (text: string) => void;
}

export interface RunningWorker {
  readonly pool: WorkerPool;
  /** Resolves when Redis has been reached for the first time. */
  readonly ready: Promise<void>;
  /** Finishes what runs and leaves. */
  close(): Promise<void>;
}

/** A job whose worker died is given to another one after this time. */
const lockMs = 15_000;
const stalledMs = 5000;

/** Serves until it is closed; looks for Redis again and again when that goes away. */
export function runWorker(options: RunWorkerOptions): RunningWorker {
  const { workerKey, parameters, curve, random, threads = availableParallelism(), log } = options;
  const seal = new JobSeal(workerKey, parameters.digest, random);
  const pool = new ThreadPool({
    parameters,
    curve,
    size: threads,
    ...(options.tableCache === undefined ? {} : { tableCache: options.tableCache }),
    ...(options.shortTables === undefined ? {} : { shortTables: options.shortTables }),
  });
  const worker = new Worker<{ readonly sealed?: unknown }, string>(
    seal.queue,
    async ({ id = '', data }) => {
      let job: ReturnType<JobSeal['openJob']>;
      try {
        job = seal.openJob(id, data.sealed);
      } catch {
        // Not from our validator: nothing will change that.
        throw new UnrecoverableError('the job was not sealed by the validator');
      }
      // The validator never sends others; this is the second lock on the same door.
      if (!publicJobs.includes(job.name)) throw new UnrecoverableError('the job is not public');
      return seal.sealResult(id, await pool.run({ ...job, secret: false }));
    },
    {
      connection: { ...connectionOf(options.redis), maxRetriesPerRequest: null },
      concurrency: threads,
      lockDuration: lockMs,
      stalledInterval: stalledMs,
      maxStalledCount: 3,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
  );
  let away = false;
  worker.on('error', (error) => {
    if (!away) log?.(`Redis cannot be reached: ${error.message}`);
    away = true;
  });
  worker.on('ready', () => {
    away = false;
    log?.('waiting for jobs');
  });
  const ready = worker.waitUntilReady().then(() => {});
  ready.catch(() => {});
  return {
    pool,
    ready,
    async close() {
      await worker.close();
      await pool.close();
    },
  };
}
