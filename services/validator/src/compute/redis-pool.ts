/**
 * Public jobs on other machines, through a Redis queue; everything else, and everything when Redis or all workers are gone, on the threads of
 * this process. Redis holds nothing that is needed: a job that is lost there is computed here after a bound.
 *
 * @module
 */
import type { PublicParameters } from '@dwallet/class-groups';
import type { Random, Secret } from '@dwallet/sigma';
import {
  ComputeError,
  type ComputePool,
  type Job,
  type PoolStatistics,
  type Priority,
  type RunOptions,
  type WorkerPool,
  isResultOf,
  publicJobs,
} from '@dwallet/two-pc-mpc/network';
import { Queue, QueueEvents } from 'bullmq';
import { type Cancel, type Clock, systemClock, within } from '../clock.ts';
import { currentTraceparent } from '../tracing.ts';
import { JobSeal, type RedisAddress, connectionOf } from './redis-seal.ts';

export interface RedisPoolOptions {
  readonly redis: RedisAddress;
  /** 32 bytes, shared with the workers (`openOrMakeKeyFile`). */
  readonly workerKey: Secret<Uint8Array>;
  readonly parameters: PublicParameters;
  /** Where secret jobs run, and all jobs when nobody else is there. Closed with this pool. */
  readonly local: WorkerPool;
  /** The platform's generator. */
  readonly random: Random;
  readonly clock?: Clock;
  /** Names of public jobs that may leave this machine; default: all. */
  readonly remote?: readonly string[];
  /** After that long without a result a job is computed here. Default 20 s. */
  readonly answerMs?: number;
  /** How often Redis and the workers are looked for. Default 1 s. */
  readonly probeMs?: number;
  /** Told when the pool degrades and when it is whole again. */
  readonly log?: (text: string) => void;
}

export interface RedisPoolStatistics extends PoolStatistics {
  /** Redis or all workers are gone: everything is computed here. */
  readonly degraded: boolean;
  /** Workers on other machines (or other processes). */
  readonly remoteWorkers: number;
  /** Jobs that other machines have now. */
  readonly remoteActive: number;
  readonly remoteCompleted: number;
  /** Jobs that were computed here because no result came, or a wrong one. */
  readonly fallbacks: number;
  /** Results that were not those of a worker with the key. */
  readonly forged: number;
}

interface Pending {
  readonly job: Job;
  readonly result: Promise<Uint8Array | undefined>;
  /** A valid result, or undefined: compute it here. */
  readonly settle: (framed: Uint8Array | undefined) => void;
}

const queuePriority: Readonly<Record<Priority, number>> = { urgent: 1, normal: 2, background: 3 };
/** Events of the queue that are kept: each carries a result. */
const keptEvents = 256;
/** A Redis that is away answers no goodbye: the connections end by themselves then. */
const goodbyeMs = 1500;
/** So many probes without answer mean that Redis is gone. */
const unansweredProbes = 3;

export class RedisPool implements ComputePool {
  readonly #options: RedisPoolOptions;
  readonly #clock: Clock;
  readonly #seal: JobSeal;
  readonly #remoteNames: ReadonlySet<string>;
  readonly #queue: Queue;
  readonly #events: QueueEvents;
  readonly #pending = new Map<string, Pending>();
  #workers = 0;
  #unanswered = 0;
  #closed = false;
  #cancelProbe: Cancel | undefined;
  #remoteCompleted = 0;
  #fallbacks = 0;
  #forged = 0;

  constructor(options: RedisPoolOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#seal = new JobSeal(options.workerKey, options.parameters.digest, options.random);
    this.#remoteNames = new Set(publicJobs.filter((name) => options.remote?.includes(name) ?? true));
    const connection = connectionOf(options.redis, () => this.#closed);
    this.#queue = new Queue(this.#seal.queue, {
      // Commands to a Redis that is away fail with the next attempt to reach it. Nothing waits for them: jobs are done here.
      connection: { ...connection, maxRetriesPerRequest: 1 },
      streams: { events: { maxLen: keptEvents } },
    });
    this.#events = new QueueEvents(this.#seal.queue, {
      connection: { ...connection, maxRetriesPerRequest: null },
    });
    // That Redis is away is what the probe finds out; the libraries' own words about it are too many.
    this.#queue.on('error', () => {});
    this.#events.on('error', () => {});
    this.#queue.on('ioredis:close', () => this.#seen(0));
    this.#events.on('completed', ({ jobId, returnvalue }) => this.#completed(jobId, returnvalue));
    this.#events.on('failed', ({ jobId }) => this.#pending.get(jobId)?.settle(undefined));
    void this.#probe();
  }

  get degraded(): boolean {
    return this.#workers === 0;
  }
  get parallelism(): number {
    return this.#options.local.parallelism + this.#workers;
  }
  get queued(): number {
    return this.#options.local.queued;
  }
  get active(): number {
    return this.#options.local.active + this.#pending.size;
  }
  statistics(): RedisPoolStatistics {
    return {
      ...this.#options.local.statistics(),
      degraded: this.degraded,
      remoteWorkers: this.#workers,
      remoteActive: this.#pending.size,
      remoteCompleted: this.#remoteCompleted,
      fallbacks: this.#fallbacks,
      forged: this.#forged,
    };
  }

  async run(job: Job, options: RunOptions = {}): Promise<Uint8Array> {
    if (this.#closed) throw new ComputeError('COMPUTE_CLOSED', 'the pool is closed');
    const { local } = this.#options;
    if (!this.#goesAway(job, options)) return local.run(job, options);
    const framed = await this.#runRemotely(job, options);
    if (framed !== undefined) {
      this.#remoteCompleted++;
      return framed;
    }
    if (this.#closed) throw new ComputeError('COMPUTE_CLOSED', 'the pool is closed');
    if (options.signal?.aborted === true) throw new ComputeError('COMPUTE_CANCELLED', `${job.name} was cancelled`);
    this.#fallbacks++;
    return local.run(job, options);
  }

  /** Secrets never do. What is urgent, or prepared here, stays while a thread is free. */
  #goesAway(job: Job, { affinity, priority }: RunOptions): boolean {
    if (job.secret || this.degraded || !this.#remoteNames.has(job.name)) return false;
    const { local } = this.#options;
    const sooner = affinity !== undefined || priority === 'urgent';
    return !sooner || local.active + local.queued >= local.parallelism;
  }

  #runRemotely(job: Job, { priority = 'normal', signal }: RunOptions): Promise<Uint8Array | undefined> {
    const id = this.#seal.id(job);
    const known = this.#pending.get(id);
    if (known !== undefined) return known.result;
    let resolve: (framed: Uint8Array | undefined) => void = () => {};
    const result = new Promise<Uint8Array | undefined>((settle) => (resolve = settle));
    const cancel = this.#clock.after(this.#options.answerMs ?? 20_000, () => pending.settle(undefined));
    const onAbort = (): void => pending.settle(undefined);
    const pending: Pending = {
      job,
      result,
      settle: (framed) => {
        if (this.#pending.get(id) !== pending) return;
        this.#pending.delete(id);
        cancel();
        signal?.removeEventListener('abort', onAbort);
        resolve(framed);
      },
    };
    this.#pending.set(id, pending);
    signal?.addEventListener('abort', onAbort);
    this.#queue
      .add(
        'job',
        { sealed: this.#seal.sealJob(id, job), traceparent: currentTraceparent() },
        {
          jobId: id,
          priority: queuePriority[priority],
          removeOnComplete: true,
          removeOnFail: true,
        },
      )
      .catch(() => pending.settle(undefined));
    return result;
  }

  /** Anybody who has Redis can say this: only a sealed frame of exactly this job counts. Otherwise the job is done here. */
  #completed(id: string, value: unknown): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    try {
      const framed = this.#seal.openResult(id, value);
      if (isResultOf(pending.job, framed)) {
        pending.settle(framed);
        return;
      }
    } catch {
      // Counted below.
    }
    this.#forged++;
    pending.settle(undefined);
  }

  /** What is away is computed here. */
  #comeBack(): void {
    for (const pending of this.#pending.values()) pending.settle(undefined);
  }

  #seen(workers: number): void {
    const before = this.#workers;
    this.#workers = workers;
    if (workers === 0) this.#comeBack();
    if (this.#closed || before === workers) return;
    if (workers === 0) this.#options.log?.('no compute worker can be reached: computing here');
    else if (before === 0) this.#options.log?.(`${workers} compute workers are there`);
  }

  async #probe(): Promise<void> {
    const { probeMs = 1000 } = this.#options;
    const late = new Promise<undefined>((resolve) => {
      this.#cancelProbe = this.#clock.after(probeMs, () => resolve(undefined));
    });
    const count = await Promise.race([this.#countWorkers().catch(() => undefined), late]);
    this.#cancelProbe?.();
    if (this.#closed) return;
    // A machine that is busy answers late once; a Redis that is gone does not answer again and again.
    this.#unanswered = count === undefined ? this.#unanswered + 1 : 0;
    if (count !== undefined) this.#seen(count);
    else if (this.#unanswered >= unansweredProbes) this.#seen(0);
    this.#cancelProbe = this.#clock.after(probeMs, () => void this.#probe());
  }

  /** Nothing is sent before results can be heard. */
  async #countWorkers(): Promise<number> {
    await this.#events.waitUntilReady();
    return this.#queue.getWorkersCount();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelProbe?.();
    this.#comeBack();
    const left = Promise.allSettled([this.#events.close(), this.#queue.close()]);
    await Promise.all([within(this.#clock, left, goodbyeMs), this.#options.local.close()]);
  }
}
