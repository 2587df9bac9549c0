/**
 * A wallet's jobs on worker threads of Node.
 *
 * @module
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { PublicParameters } from '@dwallet/class-groups';
import type { Curve } from '@dwallet/sigma';
import {
  type ComputeSetting,
  type WorkerEvents,
  WorkerPool,
  type WorkerPort,
  settingOf,
} from '@dwallet/two-pc-mpc/client';

export interface WalletPoolOptions {
  readonly parameters: PublicParameters;
  readonly curve: Curve;
  /** Workers; default 2: a message has two independent halves. */
  readonly size?: number;
}

/** From the sources (tests, `scripts/run-ts.mjs`) the worker is TypeScript, in the package it is not. */
const fromSources = import.meta.url.endsWith('.ts');
const entry = new URL(fromSources ? './thread-worker.sources.mjs' : './thread-worker.js', import.meta.url);
const execArgv = fromSources ? ['--conditions=source'] : [];

function spawnThread(setting: ComputeSetting, { message, gone }: WorkerEvents): WorkerPort {
  const worker = new Worker(fileURLToPath(entry), { workerData: setting, execArgv, name: 'dwallet-wallet' });
  // Idle threads do not keep the process alive.
  worker.unref();
  worker.on('message', (reply: unknown) => {
    worker.unref();
    message(reply);
  });
  worker.on('error', (error: unknown) => gone(error instanceof Error ? error : undefined));
  worker.on('messageerror', (error) => gone(error));
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

export class WalletThreadPool extends WorkerPool {
  constructor({ parameters, curve, size = 2 }: WalletPoolOptions) {
    const setting = settingOf(parameters, curve);
    super({ size, now: () => performance.now(), spawn: (events) => spawnThread(setting, events) });
  }
}
