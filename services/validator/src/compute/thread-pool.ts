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
  threadPort,
} from '@dwallet/two-pc-mpc/network';
import { type Clock, systemClock } from '../clock.ts';
import { patienceFor } from './patience.ts';
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

/** One thread. */
export function spawnThread(setting: ValidatorComputeSetting, events: WorkerEvents): WorkerPort {
  const worker = new Worker(fileURLToPath(entry), { workerData: setting, execArgv, name: 'dwallet-compute' });
  return threadPort(worker, events);
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
      patience: { msFor: patienceFor, after: (ms, fn) => clock.after(ms, fn) },
      spawn: (events) => spawnThread(setting, events),
    });
  }
}
