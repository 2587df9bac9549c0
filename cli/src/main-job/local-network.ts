/**
 * Validators and wallet of the main job: each a process of its own with its own folder, reaching the others only through encoded
 * messages that this router passes on.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ProcessLink } from './process-link.ts';

/** What a validator's process starts with. Only paths and public settings. */
export interface ValidatorSettings {
  readonly role: 'validator';
  readonly index: number;
  readonly folder: string;
  readonly profile: '112' | '128';
  /** A validator that returns garbage decryption shares, for the demonstration of identifiable abort. */
  readonly byzantine: boolean;
}

export interface WalletSettings {
  readonly role: 'wallet';
  readonly folder: string;
  readonly profile: '112' | '128';
  readonly validators: number;
}

interface Running {
  readonly child: ChildProcess;
  readonly link: ProcessLink;
}

/** Commands of the host to a process are JSON; nothing secret is ever in them. */
export const encodeJson = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
export const decodeJson = <T>(bytes: Uint8Array): T => JSON.parse(new TextDecoder().decode(bytes)) as T;

export class LocalNetwork {
  readonly #running = new Map<string, Running>();
  #onNote: (from: string, text: string) => void = () => {};

  /** Hears the progress notes of all processes. */
  onNote(listener: (from: string, text: string) => void): void {
    this.#onNote = listener;
  }

  #start(name: string, script: string, settings: ValidatorSettings | WalletSettings): void {
    const child = fork(fileURLToPath(new URL(script, import.meta.url)), [JSON.stringify(settings)], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const link = new ProcessLink(
      child,
      (to, bytes) => this.call(to, bytes),
      (text) => this.#onNote(name, text),
    );
    const running: Running = { child, link };
    child.on('exit', () => {
      link.close(`${name} is not reachable`);
      if (this.#running.get(name) === running) this.#running.delete(name);
    });
    this.#running.set(name, running);
  }

  startValidator(data: Omit<ValidatorSettings, 'role'>): void {
    this.#start(`${data.index}`, './validator-process.js', { role: 'validator', ...data });
  }

  startWallet(data: Omit<WalletSettings, 'role'>): void {
    this.#start('wallet', './wallet-process.js', { role: 'wallet', ...data });
  }

  /** Passes an encoded protocol message to a validator. Rejects when it is not running. */
  call(to: string, bytes: Uint8Array): Promise<Uint8Array> {
    const target = this.#running.get(to);
    if (target === undefined) return Promise.reject(new Error(`validator ${to} is not reachable`));
    return target.link.request('peer', bytes);
  }

  /** A command of the host itself to one of its processes. */
  async command<T>(name: string, command: Readonly<Record<string, unknown>>): Promise<T> {
    const target = this.#running.get(name);
    if (target === undefined) throw new Error(`${name} is not running`);
    return decodeJson<T>(await target.link.request('host', encodeJson(command)));
  }

  /** kill -9: no notice, no clean-up. */
  async kill(name: string): Promise<void> {
    const target = this.#running.get(name);
    if (target === undefined) return;
    this.#running.delete(name);
    const gone = once(target.child, 'exit');
    target.child.kill('SIGKILL');
    await gone;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.kill(name)));
  }
}
