/**
 * Validators and wallet of the main job: each in a worker of its own, with its own folder, reaching the others only through encoded
 * messages that this router passes on.
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import { WorkerLink } from './worker-link.ts';

/** What a validator's worker starts with. Only paths and public settings. */
export interface ValidatorWorkerData {
  readonly role: 'validator';
  readonly index: number;
  readonly folder: string;
  readonly profile: '112' | '128';
  /** A validator that returns garbage decryption shares, for the demonstration of identifiable abort. */
  readonly byzantine: boolean;
}

export interface WalletWorkerData {
  readonly role: 'wallet';
  readonly folder: string;
  readonly validators: number;
}

interface Running {
  readonly worker: Worker;
  readonly link: WorkerLink;
}

/** Commands of the host to a worker are JSON; nothing secret is ever in them. */
export const encodeJson = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
export const decodeJson = <T>(bytes: Uint8Array): T => JSON.parse(new TextDecoder().decode(bytes)) as T;

export class LocalNetwork {
  readonly #running = new Map<string, Running>();
  #onNote: (from: string, text: string) => void = () => {};

  /** Hears the progress notes of all workers. */
  onNote(listener: (from: string, text: string) => void): void {
    this.#onNote = listener;
  }

  #start(name: string, script: URL, data: ValidatorWorkerData | WalletWorkerData): void {
    const worker = new Worker(script, { workerData: data });
    const link = new WorkerLink(
      worker,
      (to, bytes) => this.call(to, bytes),
      (text) => this.#onNote(name, text),
    );
    const running: Running = { worker, link };
    const gone = (reason: string): void => {
      link.close(reason);
      if (this.#running.get(name) === running) this.#running.delete(name);
    };
    worker.on('error', (error) => gone(`${name} failed: ${error.message}`));
    worker.on('exit', () => gone(`${name} is not reachable`));
    this.#running.set(name, running);
  }

  startValidator(data: Omit<ValidatorWorkerData, 'role'>): void {
    this.#start(`${data.index}`, new URL('./validator-worker.js', import.meta.url), { role: 'validator', ...data });
  }

  startWallet(data: Omit<WalletWorkerData, 'role'>): void {
    this.#start('wallet', new URL('./wallet-worker.js', import.meta.url), { role: 'wallet', ...data });
  }

  /** Passes an encoded protocol message to a validator. Rejects when it is not running. */
  call(to: string, bytes: Uint8Array): Promise<Uint8Array> {
    const target = this.#running.get(to);
    if (target === undefined) return Promise.reject(new Error(`validator ${to} is not reachable`));
    return target.link.request('peer', bytes);
  }

  /** A command of the host itself to one of its workers. */
  async command<T>(name: string, command: Readonly<Record<string, unknown>>): Promise<T> {
    const target = this.#running.get(name);
    if (target === undefined) throw new Error(`${name} is not running`);
    return decodeJson<T>(await target.link.request('host', encodeJson(command)));
  }

  /** Ends a worker at once, without notice: what a crash looks like to the others. */
  async kill(name: string): Promise<void> {
    const target = this.#running.get(name);
    if (target === undefined) return;
    this.#running.delete(name);
    target.link.close(`${name} is not reachable`);
    await target.worker.terminate();
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.kill(name)));
  }
}
