/**
 * The machine of one validator: its disk, and the process that runs on it until it is killed. The process is the real `Validator`; everything
 * asynchronous reaches it through the clock, lines and stores made here. What a killed process still does reaches nothing.
 *
 * @module
 */
import { type Random, type ValidatorId, encodeText, encodeUint16, hashTagged } from '@dwallet/sigma';
import {
  type Committee,
  type Peer,
  boundDigestOf,
  decodeCall,
  decodeParts,
  decodeReply,
  decodeSignRequest,
  maxBodyBytes,
  openEnvelope,
} from '@dwallet/two-pc-mpc/network';
import type { Cancel, Clock } from '../../services/validator/src/clock.ts';
import type { Keystore } from '../../services/validator/src/keystore.ts';
import type { StoreGeneration } from '../../services/validator/src/store/record-store.ts';
import { Validator, type ValidatorOptions } from '../../services/validator/src/validator.ts';
import { networkName } from '../../services/validator/test/helpers/toy-network.ts';
import { access, committee, curve, jobs, keystores, networkId, parameters, recordsWith } from './base.ts';
import {
  Disk,
  type DiskFaults,
  Killed,
  SimulatedMarkers,
  SimulatedStore,
  type StoreMutation,
  type StoreOwner,
} from './disk.ts';
import type { Invariants } from './invariants.ts';
import { SimulatedPool } from './memo/pool.ts';
import { type Lines, type Party } from './network.ts';
import type { Chance, Scheduler } from './scheduler.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Virtual milliseconds. Shorter than an operator would choose: then more timers fire in a schedule. */
const timeouts = { answerMs: 12_000, sharesMs: 4_000, fetchMs: 3_000 };

/** What hosts share. */
export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly lines: Lines;
  readonly invariants: Invariants;
  readonly trace: (text: string) => void;
  readonly hosts: ReadonlyMap<ValidatorId, Host>;
  /** What is wrong with the stores of honest validators; nothing, unless a test says so. */
  readonly mutation: StoreMutation;
  /** The committee as honest validators know it. */
  readonly committee: Committee;
  /** One draw of randomness differs from the next. Off, more of the arithmetic is remembered. */
  readonly freshRandomness: boolean;
}

/** When a process is killed. */
export interface CrashPlan {
  /** Numbers of points, counted over the life of the host, at which it is killed. */
  readonly at: ReadonlySet<number>;
  /** Probability at every point. */
  readonly anywhere: number;
  /** How long until it is started again, in milliseconds: from, to. */
  readonly downMs: readonly [number, number];
}

export const noCrashes: CrashPlan = { at: new Set(), anywhere: 0, downMs: [100, 100] };

/** What a Byzantine validator does differently at its lines. */
export interface Liar {
  /** Its reply to a request; undefined: none. */
  reply(request: { readonly method: string; readonly bytes: Uint8Array }, honest: Uint8Array): Uint8Array | undefined;
  /** Its own request to another; undefined: it sends none. */
  request(method: string, to: ValidatorId, honest: Uint8Array): Uint8Array | undefined;
  /** Something arrived. */
  received(method: string, bytes: Uint8Array): void;
  readonly store: StoreMutation;
  /** Salt of its next draws: two faces draw differently. */
  salt(): string;
}

interface Timer {
  due: number;
  readonly run: () => void;
  cancel: () => void;
}

/** A clock that stands still for nobody: it can jump ahead, and then everything that is due fires. */
class ProcessClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #isAlive: () => boolean;
  readonly #timers = new Set<Timer>();
  #ahead = 0;
  constructor(scheduler: Scheduler, isAlive: () => boolean) {
    this.#scheduler = scheduler;
    this.#isAlive = isAlive;
  }
  now(): number {
    return this.#scheduler.now + this.#ahead;
  }
  after(ms: number, fn: () => void): Cancel {
    const timer: Timer = { due: this.now() + Math.max(0, ms), run: fn, cancel: () => {} };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      timer.cancel();
      this.#timers.delete(timer);
    };
  }
  soon(fn: () => void): void {
    this.after(0, fn);
  }
  #arm(timer: Timer): void {
    timer.cancel = this.#scheduler.after(timer.due - this.now(), () => {
      this.#timers.delete(timer);
      if (this.#isAlive()) timer.run();
    });
  }
  jump(ms: number): void {
    this.#ahead += ms;
    for (const timer of this.#timers) {
      timer.cancel();
      this.#arm(timer);
    }
  }
}

/** The real validator, with an ear at its only door: what it answers, to others or to itself as a leader, leaves. */
class ObservedValidator extends Validator {
  #answered: (request: Uint8Array, reply: Uint8Array) => void = () => {};
  observe(answered: (request: Uint8Array, reply: Uint8Array) => void): void {
    this.#answered = answered;
  }
  override async call(bytes: Uint8Array): Promise<Uint8Array> {
    const reply = await super.call(bytes);
    this.#answered(bytes, reply);
    return reply;
  }
}

/** A promise of a process that is dead: nothing comes after it. */
const never = (): Promise<never> => new Promise(() => {});

class Incarnation implements StoreOwner {
  readonly host: Host;
  readonly number: number;
  readonly clock: ProcessClock;
  readonly validator: ObservedValidator;
  readonly store: SimulatedStore;
  alive = true;
  #busyUntil = 0;

  constructor(host: Host, number: number) {
    this.host = host;
    this.number = number;
    const { scheduler, chance, mutation } = host.surroundings;
    this.clock = new ProcessClock(scheduler, () => this.alive);
    const storeMutation = host.liar?.store ?? mutation;
    const store = new SimulatedStore(host.disk, this, host.faults, chance, storeMutation, host.knownGeneration);
    this.store = store;
    const options: ValidatorOptions = {
      index: host.index,
      networkName,
      committee: host.liar === undefined ? host.surroundings.committee : committee,
      parameters,
      curve,
      keystore: host.keystore,
      store,
      markers: new SimulatedMarkers(store, storeMutation),
      random: this.#random,
      peers: new Map(access.validators.filter((to) => to !== host.index).map((to) => [to, this.#lineTo(to)])),
      log: (text) => {
        if (text.startsWith('internal error') && this.alive && host.liar === undefined && !text.includes('(Killed)'))
          host.surroundings.invariants.violated('internal-error', text);
      },
      timeouts,
      clock: this.clock,
      compute: new SimulatedPool(jobs, () => this.#computed()),
      allowTestProfile: true,
    };
    this.validator = new ObservedValidator(options);
    this.validator.observe((request, reply) => host.answered(this, request, reply));
  }

  get index(): ValidatorId {
    return this.host.index;
  }

  /**
   * The generator yields the same bytes at every call (or one of two kinds, see `freshRandomness`): then what a validator computes from
   * equal inputs is equal bytes, and remembered. Opening a session draws 32 bytes and gets others each time. What is drawn is mixed with the root seed, the context and
   * the inputs by `freshRandom`, as always.
   */
  readonly #random: Random = (length) => {
    const { host } = this;
    const salt =
      length === 32
        ? `session/${host.sessions++}`
        : (host.liar?.salt() ?? (host.surroundings.freshRandomness ? String(host.draws++ % 2) : ''));
    return hashTagged('simulation-random', [encodeUint16(host.index), encodeText(salt)], length);
  };

  point(where: string): void {
    if (!this.alive) throw new Killed();
    if (!this.host.dies()) return;
    this.host.kills++;
    this.host.surroundings.trace(`${this.index} is killed ${where}`);
    this.host.kill();
    throw new Killed();
  }
  /** As {@link point}, for code that is not the validator's. @returns whether the process goes on. */
  passes(where: string): boolean {
    try {
      this.point(where);
      return true;
    } catch {
      return false;
    }
  }
  busy(ms: number): void {
    if (ms > 0) this.#busyUntil = Math.max(this.#busyUntil, this.host.surroundings.scheduler.now) + ms;
  }
  /** Milliseconds until this process sends again. */
  get lag(): number {
    return Math.max(0, this.#busyUntil - this.host.surroundings.scheduler.now);
  }
  later(ms: number, run: () => void): void {
    this.host.surroundings.scheduler.after(ms, () => {
      if (this.alive) run();
    });
  }

  /** The time that a worker takes. Whatever else arrives is served meanwhile. */
  #computed(): Promise<'done' | 'crashed'> {
    const { scheduler, chance } = this.host.surroundings;
    const { longestMs, crashes } = this.host.workers;
    const outcome = chance.happens(crashes) ? 'crashed' : 'done';
    return new Promise((resolve) => {
      scheduler.after(longestMs === 0 ? 0 : chance.between(0, longestMs), () => {
        if (this.alive) resolve(outcome);
      });
    });
  }

  #lineTo(to: ValidatorId): Peer {
    return { call: (bytes) => this.#call(to, bytes) };
  }
  async #call(to: ValidatorId, bytes: Uint8Array): Promise<Uint8Array> {
    const { host } = this;
    const { method } = decodeCall(bytes, 2 * maxBodyBytes);
    if (!this.passes(`before it sends ${method} to ${to}`)) return never();
    const content = host.liar === undefined ? bytes : host.liar.request(method, to, bytes);
    if (this.lag > 0) await host.surroundings.scheduler.sleep(this.lag);
    if (content === undefined || !this.alive) return never();
    const answer = host.surroundings.hosts.get(to)?.receive(host.index, method, content);
    const settling = Promise.allSettled([answer as Promise<Uint8Array>]);
    if (!this.passes(`after it sent ${method} to ${to}`)) return never();
    const [settled] = await settling;
    if (!this.alive) return never();
    if (settled.status === 'rejected') throw settled.reason;
    return settled.value;
  }
}

const firstGeneration: StoreGeneration = { id: new Uint8Array(32), restored: false };

export class Host {
  readonly index: ValidatorId;
  readonly surroundings: Surroundings;
  readonly liar: Liar | undefined;
  readonly keystore: Keystore;
  readonly faults: DiskFaults = { slowMs: 0, full: false, failing: 0 };
  /** Longest time of a job in milliseconds; probability that it ends with a dead worker. */
  readonly workers = { longestMs: 0, crashes: 0 };
  generation: StoreGeneration = firstGeneration;
  disk: Disk;
  crashes: CrashPlan = noCrashes;
  sessions = 0;
  draws = 0;
  points = 0;
  /** How often it died at a point. */
  kills = 0;
  /** Nobody starts it again. */
  gone = false;
  #incarnation: Incarnation | undefined;
  #starts = 0;

  constructor(index: ValidatorId, surroundings: Surroundings, liar: Liar | undefined, presigns: number) {
    this.index = index;
    this.surroundings = surroundings;
    this.liar = liar;
    this.keystore = keystores[index - 1] as Keystore;
    this.disk = new Disk(recordsWith(index, presigns));
  }

  /** What the store says of itself; a mutation makes it forget that it was restored. */
  get knownGeneration(): StoreGeneration {
    const forgets = this.liar === undefined && this.surroundings.mutation.forgetsRestore === true;
    return forgets ? firstGeneration : this.generation;
  }
  get up(): boolean {
    return this.#incarnation !== undefined;
  }
  get validator(): Validator | undefined {
    return this.#incarnation?.validator;
  }

  start(catchUp = true): void {
    if (this.#incarnation !== undefined || this.gone) return;
    if (this.liar === undefined) this.surroundings.invariants.inspect(this.index);
    if (this.#starts > 0) this.surroundings.trace(`${this.index} starts again`);
    const incarnation = new Incarnation(this, this.#starts++);
    this.#incarnation = incarnation;
    // As the service does once it can reach others.
    if (catchUp) void incarnation.validator.catchUp().catch(() => {});
  }

  /** Kill -9. */
  kill(): void {
    const incarnation = this.#incarnation;
    if (incarnation === undefined) return;
    incarnation.alive = false;
    this.#incarnation = undefined;
    const { scheduler, chance } = this.surroundings;
    const [from, to] = this.crashes.downMs;
    scheduler.after(chance.between(from, to), () => this.start());
  }
  /** Its disk is lost, and the backup takes its place under a new generation (store/restore-backup.ts). */
  restore(backup: Disk): void {
    this.surroundings.trace(`${this.index} is restored from a backup`);
    this.kill();
    this.disk = backup.copy();
    this.generation = { id: hashTagged('simulation-generation', [encodeUint16(this.index)], 32), restored: true };
    this.surroundings.invariants.restored(this.index);
  }
  /** The store refuses everything since a write failed. */
  get needsRestart(): boolean {
    return this.#incarnation?.store.failed === true;
  }
  /** The schedule is over. */
  end(): void {
    if (this.#incarnation !== undefined) this.#incarnation.alive = false;
    this.#incarnation = undefined;
    this.gone = true;
  }
  /** Whether the process dies at the point that it has reached. */
  dies(): boolean {
    this.points++;
    return this.crashes.at.has(this.points) || this.surroundings.chance.happens(this.crashes.anywhere);
  }
  jumpClock(ms: number): void {
    this.surroundings.trace(`${this.index}: the clock jumps ${ms} ms`);
    this.#incarnation?.clock.jump(ms);
  }

  /** A call arrives over a line. */
  receive(from: Party, method: string, bytes: Uint8Array): Promise<Uint8Array> {
    const { lines } = this.surroundings;
    return lines.call(`${from}>${this.index} ${method}`, from, this.index, bytes, (arrived, reply) => {
      const incarnation = this.#incarnation;
      if (incarnation === undefined) return;
      this.liar?.received(method, arrived);
      const serve = (): void => void this.#serve(incarnation, method, arrived, reply);
      if (incarnation.lag > 0) incarnation.later(incarnation.lag, serve);
      else serve();
    });
  }

  async #serve(
    incarnation: Incarnation,
    method: string,
    request: Uint8Array,
    reply: (bytes: Uint8Array) => void,
  ): Promise<void> {
    const honest = await incarnation.validator.call(request);
    if (!incarnation.passes(`before it answers ${method}`)) return;
    if (incarnation.lag > 0) await this.surroundings.scheduler.sleep(incarnation.lag);
    const answer = this.liar === undefined ? honest : this.liar.reply({ method, bytes: request }, honest);
    if (answer === undefined || !incarnation.alive) return;
    reply(answer);
    incarnation.passes(`after it answered ${method}`);
  }

  /** What the process answers, to whomever: votes and shares that leave are looked at. */
  answered(incarnation: { readonly alive: boolean }, request: Uint8Array, reply: Uint8Array): void {
    if (!incarnation.alive || this.liar !== undefined) return;
    const { invariants } = this.surroundings;
    let released: { readonly presign: string; readonly digest: string } | undefined;
    try {
      const call = decodeCall(request, 2 * maxBodyBytes);
      const { method } = call;
      const body = decodeReply(reply, maxBodyBytes);
      invariants.answered(this.index, body);
      if (method === 'session/contribute') invariants.contributed(this.index, openEnvelope(body, networkId));
      if (method !== 'sign/share' && method !== 'sign/prove') return;
      const [client] = decodeParts(openEnvelope(call.body, networkId).body, 'ShareRequest', 3) as [Uint8Array];
      const decoded = decodeSignRequest(openEnvelope(client, networkId).body);
      released = { presign: hex(decoded.presignId), digest: hex(boundDigestOf(curve, decoded)) };
    } catch {
      // A refusal, or a request that is not one.
      return;
    }
    invariants.released(this.index, released.presign, released.digest);
  }
}
