/**
 * Validators and wallet of the main job: the validators are the service's own processes on loopback, the wallet is a process that reaches them
 * over gRPC like any client. This process starts and kills them, and asks validators what their operators may ask.
 *
 * @module
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { adminCall } from '@dwallet/validator';
import { prepareNetwork } from '../network/commands.ts';
import { type NetworkFile, validatorPaths } from '../network/layout.ts';
import { type Readiness, askReadiness, pidOf, stopValidator, validatorProgram } from '../network/processes.ts';

export interface WalletSettings {
  readonly folder: string;
  readonly profile: '112' | '128';
  /** Where each validator serves clients, validator 1 first. */
  readonly endpoints: readonly string[];
  /** PEM of the authority of the development network. */
  readonly ca: string;
}

/** What the wallet's process is asked. Nothing secret is ever in it. */
export interface WalletRequest {
  readonly id: number;
  readonly command: Readonly<Record<string, unknown>>;
}
export type WalletReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly note: string };

/** What a validator says of itself. */
export interface Facts {
  readonly phase: string;
  readonly presigns: number;
  readonly reachable: number;
}

interface Answer {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** How often a validator is asked whether it is ready. */
const pollMs = 100;

export class LocalNetwork {
  readonly #data: string;
  readonly #validators = new Map<number, ChildProcess>();
  #file: NetworkFile | undefined;
  #wallet: ChildProcess | undefined;
  readonly #waiting = new Map<number, Answer>();
  #nextId = 1;
  #ended = false;
  #onNote: (from: string, text: string) => void = () => {};

  /** @param data - absolute path of the folder of the network. */
  constructor(data: string) {
    this.#data = data;
  }

  /** Hears the progress notes of all processes. */
  onNote(listener: (from: string, text: string) => void): void {
    this.#onNote = listener;
  }

  /** Keys, certificates, configurations. The pool is filled by this job, not in the background. */
  async prepare(validators: number, profile: '112' | '128'): Promise<void> {
    const set = [
      'pool.low=0',
      'pool.floor=0',
      'genesis.automatic=false',
      'compute.threads=0',
      'limits.deadlineMs=600000',
    ];
    // What a job that was killed left running.
    for (let i = 1; i <= validators; i++) await stopValidator(validatorPaths(this.#data, i), 'SIGKILL', 10_000);
    this.#file = await prepareNetwork({ data: this.#data, validators, profile, set });
  }

  get #ports(): NetworkFile['ports'] {
    if (this.#file === undefined) throw new Error('the network is not prepared');
    return this.#file.ports;
  }

  /** Starts a validator. @param program - a demonstration's own one in place of the service's. */
  startValidator(index: number, program = validatorProgram()): void {
    if (this.#ended) return;
    const paths = validatorPaths(this.#data, index);
    const log = openSync(paths.log, 'a', 0o600);
    const args = [program, 'run', '--config', paths.config, '--lifeline'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', log] });
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null) throw new Error('the validator could not be started');
    writeFileSync(paths.pid, `${child.pid}\n`, { mode: 0o600 });
    this.#validators.set(index, child);
    const lines = createInterface({ input: stdout });
    lines.on('line', (line) => {
      writeSync(log, `${line}\n`);
      try {
        this.#onNote(String(index), (JSON.parse(line) as { msg: string }).msg);
      } catch {
        // Not a line of the log; it is in the file.
      }
    });
    stdin.on('error', () => {});
    child.once('close', () => {
      closeSync(log);
      if (this.#validators.get(index) === child) this.#validators.delete(index);
    });
  }

  readiness(index: number): Promise<Readiness | undefined> {
    return askReadiness(this.#ports[index - 1]?.http ?? 0);
  }

  /**
   * Waits until what a validator says of itself is enough.
   * @throws Error when its process ends.
   */
  async until(index: number, enough: (state: Readiness) => boolean): Promise<Readiness> {
    for (;;) {
      const state = await this.readiness(index);
      if (state !== undefined && enough(state)) return state;
      if (!this.#validators.has(index))
        throw new Error(`validator ${index} has ended: see ${validatorPaths(this.#data, index).log}`);
      await sleep(pollMs);
    }
  }

  /** A command of the operator to a running validator. */
  command<T>(index: number, name: string, input: Readonly<Record<string, unknown>> = {}): Promise<T> {
    return adminCall<T>(join(validatorPaths(this.#data, index).folder, 'admin.sock'), name, input);
  }

  // Wallet --------------------------------------------------------------------------------------------------------------------------

  startWallet(settings: Omit<WalletSettings, 'endpoints'>): void {
    if (this.#ended) return;
    const endpoints = this.#ports.map(({ clients }) => `127.0.0.1:${clients}`);
    const child = fork(
      fileURLToPath(new URL('./wallet-process.js', import.meta.url)),
      [JSON.stringify({ ...settings, endpoints })],
      { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    );
    this.#wallet = child;
    child.on('message', (raw: unknown) => {
      const message = raw as WalletReply;
      if ('note' in message) return this.#onNote('wallet', message.note);
      const answer = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if ('error' in message) answer?.reject(new Error(message.error));
      else answer?.resolve(message.result);
    });
    child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the wallet has ended'));
      this.#waiting.clear();
    });
  }

  wallet<T>(command: Readonly<Record<string, unknown>>): Promise<T> {
    const child = this.#wallet;
    if (child?.connected !== true) return Promise.reject(new Error('the wallet is not running'));
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      child.send({ id, command } satisfies WalletRequest, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  // Ending --------------------------------------------------------------------------------------------------------------------------

  /** kill -9: no notice, no clean-up. */
  async kill(index: number): Promise<void> {
    const child = this.#validators.get(index);
    if (child === undefined) return;
    this.#validators.delete(index);
    await killed(child);
    rmSync(validatorPaths(this.#data, index).pid, { force: true });
  }

  async stopAll(): Promise<void> {
    this.#ended = true;
    const wallet = this.#wallet;
    this.#wallet = undefined;
    await Promise.all([
      ...[...this.#validators.keys()].map((index) => this.kill(index)),
      ...(wallet ? [killed(wallet)] : []),
    ]);
  }

  /** Process of a validator, for whoever watches this job. */
  pid(index: number): number | undefined {
    return pidOf(validatorPaths(this.#data, index));
  }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
