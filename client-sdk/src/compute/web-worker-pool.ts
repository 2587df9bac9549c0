/**
 * A wallet's jobs on Web Workers of a browser. Bundlers find the worker by the expression `new Worker(new URL(.., import.meta.url))`; where one
 * does not, the page passes its own `create`.
 *
 * @module
 */
import type { PublicParameters } from '@dwallet/class-groups';
import type { Curve } from '@dwallet/sigma';
import {
  type ComputeSetting,
  type WorkerEvents,
  WorkerPool,
  type WorkerPort,
  settingOf,
} from '@dwallet/two-pc-mpc/client';

/** The part of a browser's `Worker` that the pool uses. */
export interface WebWorkerLike {
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void;
  addEventListener(type: 'messageerror', listener: () => void): void;
  postMessage(message: unknown, transfer?: ArrayBuffer[]): void;
  terminate(): void;
}

declare const Worker: new (url: URL, options: { readonly type: 'module'; readonly name: string }) => WebWorkerLike;

export interface WebWorkerPoolOptions {
  readonly parameters: PublicParameters;
  readonly curve: Curve;
  /** Workers; default 2: a message has two independent halves. */
  readonly size?: number;
  /** Starts a worker whose entry is `compute/web-worker.js` of this package. */
  readonly create?: () => WebWorkerLike;
}

const createWorker = (): WebWorkerLike =>
  new Worker(new URL('./web-worker.js', import.meta.url), { type: 'module', name: 'dwallet-wallet' });

function spawnWebWorker(
  create: () => WebWorkerLike,
  setting: ComputeSetting,
  { message, gone }: WorkerEvents,
): WorkerPort {
  const worker = create();
  worker.addEventListener('message', ({ data }) => message(data));
  // An uncaught error or a script that cannot be loaded: the worker is of no more use.
  worker.addEventListener('error', ({ message: text }) => gone(new Error(text ?? 'a Web Worker failed')));
  worker.addEventListener('messageerror', () => gone(new Error('a message of a Web Worker could not be read')));
  worker.postMessage(setting);
  return {
    post: (request) => worker.postMessage(request, [request.input.buffer as ArrayBuffer]),
    async terminate() {
      worker.terminate();
    },
  };
}

export class WebWorkerPool extends WorkerPool {
  constructor({ parameters, curve, size = 2, create = createWorker }: WebWorkerPoolOptions) {
    const setting = settingOf(parameters, curve);
    super({ size, now: () => performance.now(), spawn: (events) => spawnWebWorker(create, setting, events) });
  }
}
