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
  threadPort,
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

function spawnThread(setting: ComputeSetting, events: WorkerEvents): WorkerPort {
  const worker = new Worker(fileURLToPath(entry), { workerData: setting, execArgv, name: 'dwallet-wallet' });
  return threadPort(worker, events);
}

export class WalletThreadPool extends WorkerPool {
  constructor({ parameters, curve, size = 2 }: WalletPoolOptions) {
    const setting = settingOf(parameters, curve);
    super({ size, now: () => performance.now(), spawn: (events) => spawnThread(setting, events) });
  }
}
