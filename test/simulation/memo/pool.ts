/**
 * The compute pool of a simulated validator. A job is a pure function from bytes to bytes, so its result is remembered (memo.ts) for all
 * schedules; when it comes, and whether a worker dies over it, is the schedule's choice.
 *
 * @module
 */
import { ComputeError, type ComputePool, InlinePool, type Job } from '@dwallet/two-pc-mpc/network';
import type { PublicParameters } from '@dwallet/class-groups';
import type { Curve } from '@dwallet/sigma';
import { validatorJobs } from '../../../services/validator/src/compute/jobs.ts';
import { Memo, keyOf } from './memo.ts';

/** Computes each job once. */
export class RememberingJobs {
  readonly #pool: InlinePool;
  readonly #memo = new Memo();
  constructor(parameters: PublicParameters, curve: Curve) {
    this.#pool = new InlinePool(validatorJobs, parameters, curve);
  }
  /** The framed result. */
  async run(job: Job): Promise<Uint8Array> {
    const framed = this.#memo.get(`${job.name}/${keyOf(job.input)}`, () => this.#pool.run(job));
    return (await framed).slice();
  }
}

export class SimulatedPool implements ComputePool {
  readonly parallelism = 1;
  readonly queued = 0;
  readonly active = 0;
  readonly #jobs: RememberingJobs;
  readonly #wait: () => Promise<'done' | 'crashed'>;
  /** @param wait - resolves when the result is there, or the worker is dead for good; never, when the validator's process is. */
  constructor(jobs: RememberingJobs, wait: () => Promise<'done' | 'crashed'>) {
    this.#jobs = jobs;
    this.#wait = wait;
  }
  async run(job: Job): Promise<Uint8Array> {
    const result = await this.#jobs.run(job);
    if ((await this.#wait()) === 'crashed') throw new ComputeError('COMPUTE_CRASHED', `${job.name}: the worker died`);
    return result;
  }
  async close(): Promise<void> {}
}
