/**
 * Four validators as processes on loopback: real stores, real gRPC with mutual TLS, the toy class group. One network is made once; every schedule
 * begins with a copy of its folders.
 *
 * @module
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { deriveTestParameters } from '@dwallet/class-groups';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { type Digest, type Random, presignId } from '@dwallet/sigma';
import { LmdbStore, adminCall, loadValidatorSet } from '@dwallet/validator';
import { type Committee, networkIdOf } from '@dwallet/two-pc-mpc/network';
import { Disk, markerKey } from '../simulation/disk.ts';
import { choosePorts } from '../../cli/src/network/layout.ts';
import { bundled } from './bundle.ts';
import { SmallDisk, limitFiles } from './real-disk.ts';
import type { ClientLine, ClientSettings, Event, Lie, Note, Order, ValidatorSettings } from './processes/messages.ts';
import { randomBytes } from 'node:crypto';

const root = fileURLToPath(new URL('../../', import.meta.url));
const validatorMain = join(root, 'services', 'validator', 'dist', 'main.js');
const random: Random = (length) => new Uint8Array(randomBytes(length));

export const validators = [1, 2, 3, 4] as const;
const parameters = deriveTestParameters(wasmKernel, 520);
export const networkName = 'dwallet-faults';

/** Waits are short: then more of them end in a schedule. */
const set = [
  'pool.low=0',
  'pool.floor=0',
  'compute.threads=0',
  'log.level=info',
  'timeouts.answerMs=5000',
  'timeouts.sharesMs=1500',
  'timeouts.fetchMs=1500',
  'timeouts.shutdownMs=2000',
  'limits.perAccountPerSecond=1000',
  'limits.burstPerAccount=1000',
];

interface Running {
  readonly child: ChildProcess;
  readonly serving: Promise<void>;
  readonly gone: Promise<void>;
  alive: boolean;
}

export class FaultNetwork {
  /** Where everything is; the network itself is in `net`. */
  readonly folder: string;
  readonly #running = new Map<number, Running>();
  readonly #clients = new Set<ChildProcess>();
  readonly #lies = new Map<number, Lie>();
  readonly #disks = new Map<number, SmallDisk>();
  #ports: { readonly peers: number; readonly clients: number; readonly http: number }[] = [];
  #seed = 0;
  #settings: readonly string[] = [];
  #crashes: string[] = [];
  #stopping = false;
  #nextId = 1;
  kills = 0;
  starts = 0;
  /** Validators that start from now on break their promises. */
  forgetful = false;

  constructor(folder: string) {
    this.folder = folder;
  }

  get data(): string {
    return join(this.folder, 'net');
  }
  own(index: number, name: string): string {
    return join(this.data, `validator-${index}`, name);
  }
  get #base(): string {
    return join(this.folder, 'base');
  }

  /** Genesis, a dWallet and a pool of presigns. */
  async prepare(presigns: number, more: readonly string[] = []): Promise<void> {
    mkdirSync(this.data, { recursive: true });
    this.#ports = await choosePorts(validators.length);
    const args = [...set, ...more].flatMap((one) => ['--set', one]);
    const ports = this.#ports.map(({ peers, clients, http }) => `${peers},${clients},${http}`);
    execFileSync(
      process.execPath,
      [
        validatorMain,
        'init-local',
        '--data',
        this.data,
        '--profile',
        '112',
        '--network',
        networkName,
        ...args,
        ...ports,
      ],
      { stdio: ['ignore', 'ignore', 2] },
    );
    // Nothing goes wrong yet: nobody is taken for silent because the machine is busy.
    this.use(['timeouts.answerMs=120000', 'timeouts.fetchMs=60000']);
    await this.startAll();
    await this.client('base', 'create', { seed: 0, deadlineMs: 100_000 });
    for (let made = 0; made < presigns; made += 16)
      await this.lead(((made / 16) % 4) + 1, Math.min(16, presigns - made));
    await this.stopAll('SIGTERM');
    cpSync(this.data, this.#base, { recursive: true });
  }

  /** A fresh copy of the network. Nothing runs after it. */
  reset(seed: number): void {
    this.#unmount();
    rmSync(this.data, { recursive: true, force: true });
    cpSync(this.#base, this.data, { recursive: true });
    this.#seed = seed;
    this.#lies.clear();
    this.#settings = [];
    this.#crashes = [];
    this.kills = 0;
    this.starts = 0;
  }

  /** Settings (`field=value`) of the validators that start from now on. */
  use(settings: readonly string[]): void {
    this.#settings = settings;
  }
  /** Validators that ended although nobody killed them. */
  takeCrashes(): string[] {
    return this.#crashes.splice(0);
  }
  lies(index: number, lie: Lie): void {
    this.#lies.set(index, lie);
  }

  // Validators ----------------------------------------------------------------------------------------------------------------------

  start(index: number): Promise<void> {
    const known = this.#running.get(index);
    if (known?.alive === true) return known.serving;
    const lie = this.#lies.get(index);
    const settings: ValidatorSettings = {
      config: this.own(index, 'validator.yaml'),
      events: this.own(index, `events-${this.#eventFiles(index).length}.jsonl`),
      set: this.#settings,
      forgetful: this.forgetful,
      seed: this.#seed * 64 + index * 8 + (this.starts % 8),
      ...(lie === undefined ? {} : { lie }),
    };
    this.starts++;
    const log = openSync(this.own(index, 'validator.log'), 'a', 0o600);
    const child = fork(bundled('validator'), [JSON.stringify(settings)], {
      execArgv: [],
      stdio: ['ignore', log, log, 'ipc'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    closeSync(log);
    const gone = once(child, 'exit').then(() => {});
    const serving = new Promise<void>((resolve, reject) => {
      child.on('message', (note: Note) => {
        if (note.note === 'serving') resolve();
      });
      void gone.then(() => reject(new Error(`validator ${index} ended before it served`)));
    });
    serving.catch(() => {});
    const running: Running = { child, serving, gone, alive: true };
    child.once('exit', (code) => {
      running.alive = false;
      if (code !== null && !this.#stopping) this.#crashes.push(`validator ${index} ended with ${code}`);
    });
    this.#running.set(index, running);
    return serving;
  }
  async startAll(): Promise<void> {
    await Promise.all(validators.map((index) => this.start(index)));
  }
  isUp(index: number): boolean {
    return this.#running.get(index)?.alive === true;
  }
  /** Resolves when the process has ended. */
  gone(index: number): Promise<void> {
    return this.#running.get(index)?.gone ?? Promise.resolve();
  }
  async kill(index: number): Promise<void> {
    const running = this.#running.get(index);
    if (running?.alive !== true) return;
    this.kills++;
    running.child.kill('SIGKILL');
    await running.gone;
  }
  async stopAll(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      [...this.#running.values()].map(async ({ child, gone, alive }) => {
        if (!alive) return;
        child.kill(signal);
        await gone;
      }),
    );
    this.#stopping = false;
  }
  tell(index: number, order: Order): void {
    const running = this.#running.get(index);
    if (running?.alive === true && running.child.connected) running.child.send(order, () => {});
  }
  tellAll(order: Order): void {
    for (const index of validators) this.tell(index, order);
  }
  /** How many durable steps and messages a validator has come by since it was armed, and what they were. */
  async count(index: number): Promise<readonly string[]> {
    const running = this.#running.get(index);
    if (running?.alive !== true) return [];
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const hear = (note: Note): void => {
        if (note.note !== 'count' || note.id !== id) return;
        running.child.off('message', hear);
        resolve(note.names);
      };
      running.child.on('message', hear);
      void running.gone.then(() => resolve([]));
      this.tell(index, { order: 'count', id });
    });
  }
  /** The operator makes presigns. @throws AdminError */
  lead(index: number, batch: number): Promise<unknown> {
    return adminCall(this.own(index, 'admin.sock'), 'presigns', { batch });
  }

  // Disks ---------------------------------------------------------------------------------------------------------------------------

  /** Puts the store of a validator that does not run on a small file system of its own. @param room - free bytes. */
  shrinkDisk(index: number, room: number): SmallDisk {
    const disk = new SmallDisk(this.own(index, 'store'), room);
    this.#disks.set(index, disk);
    return disk;
  }
  #unmount(): void {
    for (const disk of this.#disks.values()) disk.unmount();
    this.#disks.clear();
  }
  /** From now on writes of this validator to its store fail. Its next process has no limit. */
  limitStore(index: number): void {
    const pid = this.#running.get(index)?.child.pid;
    // Its log and what the harness writes down are to go on.
    const others = [this.own(index, 'validator.log'), ...this.#eventFiles(index).slice(-1)];
    const longest = Math.max(...others.map((path) => statSync(path).size));
    if (pid !== undefined) limitFiles(pid, longest + 131_072);
  }
  /** Writes that the store of a validator could not make. */
  refusedWrites(index: number): number {
    return this.events(index).filter(({ event }) => event === 'refused-write').length;
  }

  // Clients -------------------------------------------------------------------------------------------------------------------------

  /** Runs a client to its end. @returns its exit code; undefined when it was killed. */
  async client(
    label: string,
    act: ClientSettings['act'],
    options: Partial<Pick<ClientSettings, 'leaders' | 'labels' | 'deadlineMs' | 'seed'>> & {
      readonly onStart?: (child: ChildProcess) => void;
    } = {},
  ): Promise<number | undefined> {
    const { onStart, ...more } = options;
    const settings: ClientSettings = {
      folder: this.data,
      label,
      endpoints: this.#ports.map(({ clients }) => `127.0.0.1:${clients}`),
      ca: readFileSync(join(this.data, 'authority', 'ca.crt'), 'utf8'),
      seed: this.#seed,
      act,
      deadlineMs: 10_000,
      leaders: [...validators],
      ...more,
    };
    const child = fork(bundled('client'), [JSON.stringify(settings)], { execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] });
    this.#clients.add(child);
    onStart?.(child);
    const [code] = (await once(child, 'exit')) as [number | null];
    this.#clients.delete(child);
    return code ?? undefined;
  }
  linesOf(label: string): ClientLine[] {
    return readLines<ClientLine>(join(this.data, `client-${label}.jsonl`));
  }

  // Afterwards ----------------------------------------------------------------------------------------------------------------------

  events(index: number): Event[] {
    return this.#eventFiles(index).flatMap((path) => readLines<Event>(path));
  }
  /** One per process, in the order in which they were started. */
  #eventFiles(index: number): string[] {
    const path = (n: number): string => this.own(index, `events-${n}.jsonl`);
    let count = 0;
    while (existsSync(path(count))) count++;
    return Array.from({ length: count }, (_, n) => path(n));
  }
  /** What is on the disk of a validator that does not run: every record and marker, through the store's own checks. */
  async disk(index: number): Promise<Disk> {
    const { committee } = this.committee;
    const store = LmdbStore.open({
      folder: join(this.data, `validator-${index}`),
      owner: committee.identityKeys[index - 1] as Uint8Array,
      networkId: this.networkId,
      random,
    });
    try {
      store.verify();
      const records = new Map<string, Uint8Array>();
      for (const kind of kinds) {
        for (const id of store.list(kind)) {
          const value = store.get(kind, id);
          if (value !== undefined) records.set(`${kind}/${id}`, value);
        }
      }
      const markers = store.markers();
      for (const id of store.list('presign')) {
        const marked = await markers.lookup(presignId(new Uint8Array(Buffer.from(id, 'hex'))));
        if (marked !== undefined) records.set(markerKey(id), marked === 'void' ? new Uint8Array(0) : marked);
      }
      return new Disk(records);
    } finally {
      await store.close();
    }
  }
  get committee(): { readonly committee: Committee } {
    return loadValidatorSet(join(this.data, 'validators.yaml'));
  }
  get networkId(): Digest {
    return networkIdOf(networkName, parameters.profile.id, this.committee.committee.digest);
  }
  /** Last lines of the logs, for people. */
  note(text: string): void {
    if (existsSync(this.data)) appendFileSync(join(this.data, 'schedule.log'), `${text}\n`);
  }

  /** When this process ends. */
  killNow(): void {
    for (const { child } of this.#running.values()) child.kill('SIGKILL');
    for (const child of this.#clients) child.kill('SIGKILL');
    this.#unmount();
  }
  async close(): Promise<void> {
    for (const child of this.#clients) child.kill('SIGKILL');
    await this.stopAll('SIGKILL');
    this.#unmount();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Every kind of record that is compared or looked for. */
const kinds = ['network', 'dwallet', 'presign', 'vote', 'signature', 'evidence', 'contribution', 'operation'];

function readLines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  // The last line of a killed process may be half a line.
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((text) => text.endsWith('}'))
    .map((text) => JSON.parse(text) as T);
}

/** The processes that end up waiting for a while. */
export const pause = (ms: number): Promise<void> => sleep(ms);
