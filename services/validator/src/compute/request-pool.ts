/**
 * A compute pool as the requests of a validator use it: each job is a span of its request, and a job that verifies something ends when nobody waits
 * for the request any more.
 *
 * Only public jobs end early. They are pure functions of what others sent, so leaving one costs the time that it took. A job with secrets makes a
 * message of this validator, which is stored for whoever asks again.
 *
 * @module
 */
import type { ComputePool } from '@dwallet/two-pc-mpc/network';
import { requestContext } from '../request-context.ts';
import { withSpan } from '../tracing.ts';

export const requestPool = (pool: ComputePool): ComputePool => ({
  get parallelism() {
    return pool.parallelism;
  },
  get queued() {
    return pool.queued;
  },
  get active() {
    return pool.active;
  },
  run(job, options = {}) {
    const signal = options.signal ?? (job.secret ? undefined : requestContext()?.gone);
    const attributes = { 'dwallet.job': job.name };
    return withSpan(`compute ${job.name}`, { attributes }, () =>
      pool.run(job, signal === undefined ? options : { ...options, signal }),
    );
  },
  close: () => pool.close(),
});
