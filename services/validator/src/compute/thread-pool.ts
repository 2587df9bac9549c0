/**
 * Jobs on worker threads of this process.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { PublicParameters } from '@dwallet/class-groups';
import type { Curve } from '@dwallet/sigma';
import {
  type WorkerEvents,
  WorkerPool,
  type WorkerPoolOptions,
  type WorkerPort,
  settingOf,
} from '@dwallet/two-pc-mpc/network';
import { type Clock, systemClock } from '../clock.ts';
import type { ValidatorComputeSetting } from './setting.ts';

export interface ThreadPoolOptions extends Pick<ValidatorComputeSetting, 'tableCache' | 'shortTables'> {
  readonly parameters: PublicParameters;
  readonly curve: Curve;
  /** Threads; default: one per core. */
  readonly size?: number;
  /** See {@link WorkerPoolOptions}. */
  readonly maxQueued?: number;
  readonly maxAttempts?: number;
  readonly clock?: Clock;
}

/** From the sources (tests, `scripts/run-ts.mjs`) the worker is TypeScript, in the package it is not. */
const fromSources = import.meta.url.endsWith('.ts');
const entry = new URL(fromSources ? './thread-worker.sources.mjs' : './thread-worker.js', import.meta.url);
const execArgv = fromSources ? ['--conditions=source'] : [];

/** One thread. It keeps the process alive only while it computes. */
export function spawnThread(setting: ValidatorComputeSetting, { message, gone }: WorkerEvents): WorkerPort {
  const worker = new Worker(fileURLToPath(entry), { workerData: setting, execArgv, name: 'dwallet-compute' });
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

export class ThreadPool extends WorkerPool {
  constructor({ parameters, curve, size, clock = systemClock, ...options }: ThreadPoolOptions) {
    const { maxQueued, maxAttempts, tableCache, shortTables } = options;
    const setting: ValidatorComputeSetting = {
      ...settingOf(parameters, curve),
      ...(tableCache === undefined ? {} : { tableCache }),
      ...(shortTables === undefined ? {} : { shortTables }),
    };
    const limits: Partial<Pick<WorkerPoolOptions, 'maxQueued' | 'maxAttempts'>> = {
      ...(maxQueued === undefined ? {} : { maxQueued }),
      ...(maxAttempts === undefined ? {} : { maxAttempts }),
    };
    super({
      ...limits,
      size: size ?? availableParallelism(),
      now: () => clock.now(),
      spawn: (events) => spawnThread(setting, events),
    });
  }
}
