/**
 * Entry of a worker thread of a wallet.
 *
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads';
import { referenceKernel } from '@dwallet/kernel';
import { wasmKernel } from '@dwallet/kernel/wasm';
import {
  type ComputeSetting,
  type WorkerReply,
  type WorkerRequest,
  clientJobs,
  contextOf,
  executeJob,
} from '@dwallet/two-pc-mpc/client';

const context = contextOf(workerData as ComputeSetting, [wasmKernel, referenceKernel]);

parentPort?.on('message', ({ id, name, input }: WorkerRequest) => {
  const framed = executeJob(context, clientJobs, { name, input });
  const reply: WorkerReply = { id, framed };
  parentPort?.postMessage(reply, [framed.buffer as ArrayBuffer]);
});
