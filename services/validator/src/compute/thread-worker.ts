/**
 * Entry of a worker thread: runs the jobs of a validator, one after the other.
 *
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type WorkerReply, type WorkerRequest, executeJob, networkJobs } from '@dwallet/two-pc-mpc/network';
import { type ValidatorComputeSetting, validatorContextOf } from './setting.ts';

const context = validatorContextOf(workerData as ValidatorComputeSetting);

parentPort?.on('message', ({ id, name, input }: WorkerRequest) => {
  const framed = executeJob(context, networkJobs, { name, input });
  const reply: WorkerReply = { id, framed };
  parentPort?.postMessage(reply, [framed.buffer as ArrayBuffer]);
});
