/**
 * Entry of a worker thread: runs the jobs of a validator, one after the other.
 *
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type WorkerReply, type WorkerRequest, executeJob, networkJobs } from '@dwallet/two-pc-mpc/network';
import { type ValidatorComputeSetting, validatorContextOf } from './setting.ts';

const context = validatorContextOf(workerData as ValidatorComputeSetting);

async function serve({ id, name, input }: WorkerRequest): Promise<void> {
  // What judges evidence knows all records and chains of a validator: loaded when there is some.
  const table = Object.hasOwn(networkJobs, name) ? networkJobs : (await import('./jobs.ts')).validatorJobs;
  const framed = executeJob(context, table, { name, input });
  const reply: WorkerReply = { id, framed };
  parentPort?.postMessage(reply, [framed.buffer as ArrayBuffer]);
}

parentPort?.on('message', (request: WorkerRequest) => void serve(request));
