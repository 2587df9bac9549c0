/**
 * Entry of a Web Worker of a wallet. The first message is the setting, every other one a job.
 *
 * @module
 */
import { referenceKernel } from '@dwallet/kernel';
import { wasmKernel } from '@dwallet/kernel/wasm';
import {
  type ComputeSetting,
  type JobContext,
  type WorkerReply,
  type WorkerRequest,
  clientJobs,
  contextOf,
  executeJob,
} from '@dwallet/two-pc-mpc/client';

/** The part of a worker's global scope that is used here. */
interface Scope {
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
}

const scope = globalThis as unknown as Scope;
let context: JobContext | undefined;

scope.addEventListener('message', ({ data }) => {
  if (context === undefined) {
    context = contextOf(data as ComputeSetting, [wasmKernel, referenceKernel]);
    return;
  }
  const { id, name, input } = data as WorkerRequest;
  const framed = executeJob(context, clientJobs, { name, input });
  const reply: WorkerReply = { id, framed };
  scope.postMessage(reply, [framed.buffer as ArrayBuffer]);
});
