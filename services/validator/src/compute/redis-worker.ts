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
import { SpanKind, inTrace, parseTraceparent } from '../tracing.ts';
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
  let closed = false;
  const worker = new Worker<{ readonly sealed?: unknown; readonly traceparent?: unknown }, string>(
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
      // Whoever has Redis can write another trace here, and nothing else.
      const span = {
        parent: parseTraceparent(data.traceparent),
        kind: SpanKind.CONSUMER,
        attributes: { 'dwallet.job': job.name },
      };
      return inTrace(`worker ${job.name}`, span, async () =>
        seal.sealResult(id, await pool.run({ ...job, secret: false })),
      );
    },
    {
      connection: { ...connectionOf(options.redis, () => closed), maxRetriesPerRequest: null },
      concurrency: threads,
      lockDuration: lockMs,
      stalledInterval: stalledMs,
      maxStalledCount: 3,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
  );
  let away = false;
  let lose = (): void => {};
  const lost = new Promise<void>((resolve) => (lose = resolve));
  worker.on('error', (error) => {
    if (!away) log?.(`Redis cannot be reached: ${error.message}`);
    away = true;
    if (closed) lose();
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
      closed = true;
      // A Redis that is away takes no results and answers no goodbye: then there is nothing to finish.
      if (away) lose();
      await Promise.race([worker.close(away), lost]);
      await pool.close();
    },
  };
}
