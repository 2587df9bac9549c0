/**
 * A pool over workers that each run one job at a time: which job goes where, what happens when a worker dies, and what an operator sees of
 * it. The workers themselves are the platform's: threads in Node, Web Workers in browsers.
 *
 * @module
 */
import { type ComputePool, ComputeError, type Job, type Priority, type RunOptions } from './pool.ts';

/** What goes to a worker. */
export interface WorkerRequest {
  readonly id: number;
  readonly name: string;
  readonly input: Uint8Array;
}

/** What comes back: the framed result. */
export interface WorkerReply {
  readonly id: number;
  readonly framed: Uint8Array;
}

/** One worker of the platform. */
export interface WorkerPort {
  /** Hands the request over. The bytes of the input may be moved: they are a copy. */
  post(request: WorkerRequest): void;
  /** Ends it. Resolves when it runs no more. */
  terminate(): Promise<void>;
}

export interface WorkerEvents {
  /** Anything that the worker posted; untrusted until checked. */
  readonly message: (reply: unknown) => void;
  /** The worker is gone, for whatever reason. Said once or more. */
  readonly gone: (error?: Error) => void;
}

/** The part of a thread of Node that a pool uses. */
export interface ThreadLike {
  on(event: 'message' | 'error' | 'messageerror' | 'exit', listener: (value: unknown) => void): unknown;
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  ref(): void;
  unref(): void;
  terminate(): Promise<unknown>;
}

/** A thread as a worker of a pool. It keeps the process alive only while it computes. */
export function threadPort(worker: ThreadLike, { message, gone }: WorkerEvents): WorkerPort {
  const lost = (error: unknown): void => gone(error instanceof Error ? error : undefined);
  worker.unref();
  worker.on('message', (reply) => {
    worker.unref();
    message(reply);
  });
  worker.on('error', lost);
  worker.on('messageerror', lost);
  worker.on('exit', () => gone());
  return {
    post(request) {
      worker.ref();
      worker.postMessage(request, [request.input.buffer as ArrayBuffer]);
    },
    async terminate() {
      await worker.terminate();
    },
  };
}

export interface WorkerPoolOptions {
  /** Starts a worker. */
  readonly spawn: (events: WorkerEvents) => WorkerPort;
  /** How many workers. */
  readonly size: number;
  /** How many jobs may wait; more are refused. Default 1024. */
  readonly maxQueued?: number;
  /** How often a job is started, if its workers die. Default 3. */
  readonly maxAttempts?: number;
  /** Milliseconds of some clock, for the age of jobs. Without it ages are 0. */
  readonly now?: () => number;
  /** When a worker that does not answer is taken for hung: it is ended, another one takes its place, and its job runs again. Default: never. */
  readonly patience?: {
    /** How long a job may run, in milliseconds. */
    readonly msFor: (job: Job) => number;
    /** Calls `fn` once after `ms` milliseconds, unless what it returns is called before. */
    readonly after: (ms: number, fn: () => void) => () => void;
  };
}

/** For metrics. */
export interface PoolStatistics {
  readonly workers: number;
  readonly queued: number;
  readonly active: number;
  readonly completed: number;
  /** Jobs without result. */
  readonly failed: number;
  /** Workers started in place of others that died. */
  readonly restarts: number;
  /** Workers that were ended because they did not answer. */
  readonly hung: number;
  /** Jobs that were started again. */
  readonly retries: number;
  /** Refused because too many waited. */
  readonly refused: number;
  /** Of the job that waits longest, in milliseconds. */
  readonly oldestMs: number;
}

interface Task {
  readonly job: Job;
  /** The pool's own copy; overwritten at the end if it is secret. */
  readonly input: Uint8Array;
  readonly affinity: string | undefined;
  readonly priority: Priority;
  readonly since: number;
  attempts: number;
  done: boolean;
  readonly settle: (outcome: Uint8Array | ComputeError) => void;
}

interface Slot {
  port: WorkerPort | undefined;
  /** Counts the workers of this slot, so that late words of a dead one are not taken for those of its successor. */
  generation: number;
  task: { readonly id: number; readonly task: Task; readonly inTime: () => void } | undefined;
}

const priorities: readonly Priority[] = ['urgent', 'normal', 'background'];
/** Affinities that the pool keeps in mind. */
const maxAffinities = 4096;
/** Workers that may die one after the other without finishing anything, before the pool gives up until the next job. */
const maxBarrenDeaths = 8;

export class WorkerPool implements ComputePool {
  readonly parallelism: number;
  readonly #options: Required<Omit<WorkerPoolOptions, 'size' | 'patience'>> & Pick<WorkerPoolOptions, 'patience'>;
  readonly #slots: Slot[];
  readonly #queues: Record<Priority, Task[]> = { urgent: [], normal: [], background: [] };
  readonly #affinities = new Map<string, Slot>();
  readonly #idle: (() => void)[] = [];
  #nextId = 1;
  #closed = false;
  #barrenDeaths = 0;
  #completed = 0;
  #failed = 0;
  #restarts = 0;
  #hung = 0;
  #retries = 0;
  #refused = 0;

  constructor({ spawn, size, maxQueued = 1024, maxAttempts = 3, now = () => 0, patience }: WorkerPoolOptions) {
    if (!Number.isInteger(size) || size < 1) throw new ComputeError('COMPUTE_UNAVAILABLE', 'a pool needs one worker');
    this.parallelism = size;
    this.#options = { spawn, maxQueued, maxAttempts, now, ...(patience === undefined ? {} : { patience }) };
    this.#slots = Array.from({ length: size }, () => ({ port: undefined, generation: 0, task: undefined }));
  }

  get queued(): number {
    return priorities.reduce((sum, priority) => sum + this.#queues[priority].length, 0);
  }
  get active(): number {
    return this.#slots.filter(({ task }) => task !== undefined).length;
  }
  statistics(): PoolStatistics {
    const now = this.#options.now();
    const waiting = priorities.flatMap((priority) => this.#queues[priority]);
    return {
      workers: this.#slots.filter(({ port }) => port !== undefined).length,
      queued: waiting.length,
      active: this.active,
      completed: this.#completed,
      failed: this.#failed,
      restarts: this.#restarts,
      hung: this.#hung,
      retries: this.#retries,
      refused: this.#refused,
      oldestMs: waiting.reduce((age, { since }) => Math.max(age, now - since), 0),
    };
  }

  async run(job: Job, { signal, affinity, priority = 'normal' }: RunOptions = {}): Promise<Uint8Array> {
    if (this.#closed) throw new ComputeError('COMPUTE_CLOSED', 'the pool is closed');
    if (signal?.aborted === true) throw new ComputeError('COMPUTE_CANCELLED', `${job.name} was cancelled`);
    if (this.queued >= this.#options.maxQueued) {
      this.#refused++;
      throw new ComputeError('COMPUTE_QUEUE_FULL', `${this.#options.maxQueued} jobs are waiting`);
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#cancel(task);
      const task: Task = {
        job,
        input: job.input.slice(),
        affinity,
        priority,
        since: this.#options.now(),
        attempts: 0,
        done: false,
        settle: (outcome) => {
          if (task.done) {
            // Cancelled meanwhile: nobody reads and wipes it.
            if (job.secret && outcome instanceof Uint8Array) outcome.fill(0);
            return;
          }
          task.done = true;
          signal?.removeEventListener('abort', onAbort);
          if (job.secret) task.input.fill(0);
          if (outcome instanceof ComputeError) {
            this.#failed++;
            reject(outcome);
          } else {
            this.#completed++;
            resolve(outcome);
          }
        },
      };
      signal?.addEventListener('abort', onAbort);
      this.#queues[priority].push(task);
      this.#dispatch();
    });
  }

  /** A job that waits is taken out; one that runs keeps its worker until it is done, and nobody gets the result. */
  #cancel(task: Task): void {
    const queue = this.#queues[task.priority];
    const at = queue.indexOf(task);
    if (at >= 0) queue.splice(at, 1);
    task.settle(new ComputeError('COMPUTE_CANCELLED', `${task.job.name} was cancelled`));
  }

  /** The next job for a slot: the most urgent kind; among those what the slot has prepared, then what nobody has, then what waits longest. */
  #take(slot: Slot): Task | undefined {
    for (const priority of priorities) {
      const queue = this.#queues[priority];
      if (queue.length === 0) continue;
      const holder = ({ affinity }: Task): Slot | undefined =>
        affinity === undefined ? undefined : this.#affinities.get(affinity);
      let at = queue.findIndex((task) => holder(task) === slot);
      if (at < 0) at = queue.findIndex((task) => holder(task) === undefined);
      // Its own worker is busy or has other jobs to come: preparing again is better than waiting.
      if (at < 0) at = 0;
      return queue.splice(at, 1)[0];
    }
    return undefined;
  }

  #dispatch(): void {
    // Free workers that hold what a waiting job needs choose first.
    const wanted = new Set(
      priorities.flatMap((priority) =>
        this.#queues[priority].map(({ affinity }) =>
          affinity === undefined ? undefined : this.#affinities.get(affinity),
        ),
      ),
    );
    const free = this.#slots.filter(({ task }) => task === undefined);
    for (const slot of [...free.filter((s) => wanted.has(s)), ...free.filter((s) => !wanted.has(s))]) {
      const task = this.#take(slot);
      if (task === undefined) break;
      this.#start(slot, task);
    }
    if (this.active === 0 && this.queued === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #start(slot: Slot, task: Task): void {
    const id = this.#nextId++;
    slot.task = { id, task, inTime: this.#watch(slot, id, task) };
    task.attempts++;
    if (task.attempts > 1) this.#retries++;
    if (task.affinity !== undefined) {
      this.#affinities.delete(task.affinity);
      this.#affinities.set(task.affinity, slot);
      for (const oldest of this.#affinities.keys()) {
        if (this.#affinities.size <= maxAffinities) break;
        this.#affinities.delete(oldest);
      }
    }
    try {
      slot.port ??= this.#spawn(slot);
      slot.port.post({ id, name: task.job.name, input: task.input.slice() });
    } catch (error) {
      this.#gone(slot, slot.generation, error instanceof Error ? error : undefined);
    }
  }

  /** @returns to be called when the worker has answered or is gone. */
  #watch(slot: Slot, id: number, { job }: Task): () => void {
    const { patience } = this.#options;
    if (patience === undefined) return () => {};
    return patience.after(patience.msFor(job), () => {
      if (slot.task?.id !== id) return;
      this.#hung++;
      this.#gone(slot, slot.generation, new Error('it did not answer'));
    });
  }

  #spawn(slot: Slot): WorkerPort {
    const generation = ++slot.generation;
    if (generation > 1) this.#restarts++;
    return this.#options.spawn({
      message: (reply) => this.#answered(slot, generation, reply),
      gone: (error) => this.#gone(slot, generation, error),
    });
  }

  #answered(slot: Slot, generation: number, reply: unknown): void {
    if (slot.generation !== generation || slot.task === undefined || !isResult(reply)) return;
    const { id, task } = slot.task;
    if (reply.id !== id) return;
    slot.task.inTime();
    slot.task = undefined;
    this.#barrenDeaths = 0;
    task.settle(reply.framed);
    this.#dispatch();
  }

  /** A worker died: its job runs again on a new one, a bounded number of times. */
  #gone(slot: Slot, generation: number, cause: Error | undefined): void {
    if (slot.generation !== generation) return;
    const port = slot.port;
    slot.port = undefined;
    // Nothing of this worker counts any more.
    slot.generation++;
    for (const [affinity, holder] of this.#affinities) if (holder === slot) this.#affinities.delete(affinity);
    void port?.terminate().catch(() => {});
    const running = slot.task?.task;
    slot.task?.inTime();
    slot.task = undefined;
    // Of a job that was cancelled meanwhile nothing is left to run.
    if (running !== undefined && !running.done) {
      this.#barrenDeaths++;
      if (running.attempts >= this.#options.maxAttempts) {
        running.settle(new ComputeError('COMPUTE_CRASHED', `the worker of ${running.job.name} died`, { cause }));
      } else this.#queues[running.priority].unshift(running);
    }
    if (this.#barrenDeaths >= maxBarrenDeaths) {
      this.#barrenDeaths = 0;
      this.#failWaiting('COMPUTE_UNAVAILABLE', 'the workers die as soon as they start');
    }
    this.#dispatch();
  }

  #failWaiting(code: 'COMPUTE_UNAVAILABLE' | 'COMPUTE_CLOSED', message: string): void {
    for (const priority of priorities) {
      for (const task of this.#queues[priority].splice(0)) task.settle(new ComputeError(code, message));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#failWaiting('COMPUTE_CLOSED', 'the pool is closed');
    if (this.active > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await Promise.all(
      this.#slots.map(async (slot) => {
        const { port } = slot;
        slot.port = undefined;
        slot.generation++;
        await port?.terminate();
      }),
    );
  }
}

function isResult(reply: unknown): reply is WorkerReply {
  if (typeof reply !== 'object' || reply === null) return false;
  const { id, framed } = reply as { id?: unknown; framed?: unknown };
  return typeof id === 'number' && framed instanceof Uint8Array;
}
