/**
 * The same jobs on the calling thread: for tests, simulations and set-ups too small for workers. Nothing is queued and nothing waits.
 *
 * @module
 */
import type { PublicParameters } from '@dwallet/class-groups';
import type { Curve } from '@dwallet/sigma';
import { type JobContext, type JobTable, createJobContext, executeJob } from './job-context.ts';
import { ComputeError, type ComputePool, type Job, type RunOptions } from './pool.ts';

export class InlinePool implements ComputePool {
  readonly parallelism = 1;
  readonly queued = 0;
  readonly active = 0;
  readonly #table: JobTable;
  readonly #context: JobContext;
  #closed = false;

  constructor(table: JobTable, parameters: PublicParameters, curve: Curve) {
    this.#table = table;
    this.#context = createJobContext(parameters, curve);
  }

  /** Computes before it returns. */
  async run(job: Job, { signal }: RunOptions = {}): Promise<Uint8Array> {
    if (this.#closed) throw new ComputeError('COMPUTE_CLOSED', 'the pool is closed');
    if (signal?.aborted === true) throw new ComputeError('COMPUTE_CANCELLED', `${job.name} was cancelled`);
    return executeJob(this.#context, this.#table, { name: job.name, input: job.input.slice() });
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}
