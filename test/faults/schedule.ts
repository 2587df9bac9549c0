/**
 * One schedule: a network of processes, its clients, one kind of fault and what chance adds to it, all chosen by the seed. First the faults, then a calm in
 * which every valid request must complete, then everything is killed, looked at on disk, started again and asked again.
 *
 * @module
 */
import type { ChildProcess } from 'node:child_process';
import type { ValidatorId } from '@dwallet/sigma';
import {
  type Fact,
  decodeCertificate,
  openEnvelope,
  verifyCertificate,
  verifyFactVote,
} from '@dwallet/two-pc-mpc/network';
import { Invariants, type Violation, type ViolationKind, factKey } from '../simulation/invariants.ts';
import type { Disk } from '../simulation/disk.ts';
import { Chance } from '../simulation/scheduler.ts';
import { type FaultNetwork, pause, validators } from './network.ts';
import { type Behaviour, type Lie, type LineFaults, noLineFaults } from './processes/messages.ts';
import { type SmallDisk, canLimitFiles, canMount } from './real-disk.ts';
import { RedisSide, redisIsInstalled } from './redis-side.ts';

/** How often a sweep tries to get a validator to one of its points, and how long it waits in between: longer than a line takes to be opened again. */
const mostTries = 3;
const reconnectMs = 2500;

/** More than the store's own reserve, below which it writes nothing. */
const smallDiskBytes = 24 * 1024 * 1024;

export const faultKinds = [
  'kill-sign',
  'votes',
  'drop',
  'kill-presign',
  'two-faces',
  'shares',
  'leader-kill',
  'partition',
  'kill-sign',
  'full-disk',
  'second-thoughts',
  'proofs',
  'file-limit',
  'late',
  'slow-disk',
  'silent',
  'small-disk',
  'vanishes',
  'clock',
  'contributions',
  'redis',
  'two-leaders',
  'corrupt',
  'workers',
  'kill-sign',
  'reservation-for-two',
  'silent-shares',
  'kill-presign',
  'bad-proof',
  'kill-all',
] as const;
export type FaultKind = (typeof faultKinds)[number];

const lieOf: Partial<Record<FaultKind, Lie>> = {
  votes: 'votes',
  shares: 'shares',
  proofs: 'proofs',
  silent: 'silent',
  'silent-shares': 'silent-shares',
  contributions: 'contributions',
};

/** Number of points of one session, fault-free: of the leader, and of the member that has most. */
export interface Points {
  readonly sign: { readonly leader: number; readonly member: number };
  readonly presign: { readonly leader: number; readonly member: number };
}

export interface ScheduleResult {
  readonly seed: number;
  readonly kind: FaultKind | 'sweep';
  readonly violations: readonly Violation[];
  readonly secondDecryptions: number;
  readonly signatures: number;
  readonly kills: number;
  /** Kills at a chosen durable step or message, and where they were. */
  readonly killedAt: readonly string[];
  readonly blames: number;
  /** Writes that a really full disk refused. */
  readonly refusedWrites: number;
  readonly skipped: string | undefined;
}

const mod = (seed: number, length: number): number => ((seed % length) + length) % length;
const leadersFrom = (first: number): number[] => validators.map((_, i) => ((first - 1 + i) % 4) + 1);

export class Schedule {
  readonly network: FaultNetwork;
  readonly #seed: number;
  readonly #chance: Chance;
  readonly #points: Points;
  readonly #say: (text: string) => void;
  readonly #found: Violation[] = [];
  /** Clients that keep to the rules: their requests must complete. */
  readonly #obliged: string[] = [];
  readonly #labels: string[] = [];
  #liar: number | undefined;
  #presignsAsked = false;
  #next = 0;
  #redis: RedisSide | undefined;
  /** Whose disk is full. */
  #full = 0;
  #disk: SmallDisk | undefined;

  constructor(network: FaultNetwork, seed: number, points: Points, say: (text: string) => void) {
    this.network = network;
    this.#seed = seed;
    this.#chance = new Chance(seed, 1);
    this.#points = points;
    this.#say = say;
  }

  #violated(kind: ViolationKind, what: string): void {
    this.#say(`VIOLATION ${kind}: ${what}`);
    this.#found.push({ kind, what });
  }

  async run(): Promise<ScheduleResult> {
    const kind = faultKinds[mod(this.#seed, faultKinds.length)] as FaultKind;
    if ((kind === 'redis' || kind === 'workers') && !redisIsInstalled)
      return this.#result(kind, undefined, 'redis-server is not installed');
    if (kind === 'file-limit' && !canLimitFiles)
      return this.#result(kind, undefined, 'prlimit of util-linux is not installed');
    if (kind === 'small-disk' && !canMount(this.network.folder))
      return this.#result(kind, undefined, 'a file system can be mounted by root only');
    const { network } = this;
    network.reset(this.#seed);
    this.#say(kind);
    const lie = lieOf[kind];
    if (lie !== undefined) {
      this.#liar = this.#chance.pick(validators);
      this.#say(`${this.#liar} is Byzantine: ${lie}`);
      network.lies(this.#liar, lie);
    }
    if (kind === 'small-disk' || kind === 'file-limit') this.#full = this.#chance.pick(validators);
    try {
      if (kind === 'redis' || kind === 'workers') {
        this.#redis = await RedisSide.start(network);
        await this.#redis.startWorkers();
      }
      if (kind === 'small-disk') this.#disk = network.shrinkDisk(this.#full, smallDiskBytes);
      await network.startAll();
      await this.#faults(kind);
      await this.#calm();
      return this.#result(kind, await this.#lastLook(), undefined);
    } finally {
      await network.stopAll('SIGKILL');
      await this.#redis?.close();
    }
  }

  /** Kills one validator at every given point, one after the other, in one network. */
  async sweep(
    session: 'sign' | 'presign',
    role: 'leader' | 'member',
    from: number,
    to: number,
  ): Promise<ScheduleResult> {
    const { network } = this;
    network.reset(this.#seed);
    try {
      await network.startAll();
      for (let at = from; at <= to; at++) {
        const leader = mod(at, 4) + 1;
        const members = validators.filter((v) => v !== leader);
        const victim = role === 'leader' ? leader : (members[at % members.length] as number);
        const kill = (): Promise<boolean> =>
          session === 'sign' ? this.#killSign(leader, victim, at) : this.#killPresign(leader, victim, at);
        // A leader that has not reached a validator again since it was started goes on without it.
        for (let tries = 1; !(await kill()) && tries < mostTries; tries++) await pause(reconnectMs);
      }
      await this.#calm();
      return this.#result('sweep', await this.#lastLook(), undefined);
    } finally {
      await network.stopAll('SIGKILL');
    }
  }

  // Faults --------------------------------------------------------------------------------------------------------------------------

  async #faults(kind: FaultKind): Promise<void> {
    const chance = this.#chance;
    const { network } = this;
    const leader = chance.pick(validators);
    const other = chance.pick(validators.filter((v) => v !== leader));
    switch (kind) {
      case 'kill-sign':
        for (let i = 0; i < 3; i++) {
          const by = chance.pick(validators);
          const victim = chance.pick(validators);
          const { sign } = this.#points;
          await this.#killSign(by, victim, chance.between(1, victim === by ? sign.leader : sign.member));
        }
        return;
      case 'leader-kill':
        for (let i = 0; i < 3; i++) {
          const by = chance.pick(validators);
          await this.#killSign(by, by, chance.between(1, this.#points.sign.leader));
        }
        return;
      case 'kill-presign':
        for (let i = 0; i < 2; i++) {
          const by = chance.pick(validators);
          const victim = chance.pick(validators);
          const { presign } = this.#points;
          await this.#killPresign(by, victim, chance.between(1, victim === by ? presign.leader : presign.member));
        }
        return this.#client('patient', leader);
      case 'drop':
        return this.#weather({ drop: 0.1, duplicate: 0.1, delayMs: 60 });
      case 'late':
        return this.#weather({ late: 0.3, duplicate: 0.2, delayMs: 250 });
      case 'corrupt':
        return this.#weather({ corrupt: 0.08, drop: 0.02 });
      case 'partition': {
        const side = chance.shuffle([...validators]).slice(0, chance.between(1, 2));
        this.#say(`partition of ${side.join('+')}`);
        for (const v of validators) {
          const cut = validators.filter((w) => side.includes(v) !== side.includes(w));
          network.tell(v, { order: 'lines', faults: { ...noLineFaults, cut } });
        }
        const clients = [this.#client('patient', side[0] as number), this.#client('two-leaders', leader)];
        await pause(chance.between(300, 2000));
        network.tellAll({ order: 'lines', faults: noLineFaults });
        await Promise.all(clients);
        return;
      }
      case 'slow-disk': {
        const slow = chance.happens(0.5) ? validators : [leader];
        for (const v of slow)
          network.tell(v, { order: 'disk', faults: { slowMs: chance.between(20, 120), full: false } });
        await Promise.all([this.#client('patient', leader), this.#client('two-leaders', other)]);
        return;
      }
      case 'full-disk': {
        network.tell(leader, { order: 'disk', faults: { slowMs: 0, full: true } });
        await Promise.all([this.#client('patient', leader), this.#client('patient', other)]);
        network.tell(leader, { order: 'disk', faults: { slowMs: 0, full: false } });
        if (chance.happens(0.5)) {
          await network.kill(leader);
          await network.start(leader);
        }
        return this.#client('patient', leader);
      }
      case 'file-limit': {
        network.limitStore(this.#full);
        this.#say(`the store of ${this.#full} cannot be written`);
        await this.#whileFull(leader);
        // A store whose write failed is over until it is opened again.
        await network.kill(this.#full);
        await network.start(this.#full);
        return this.#client('patient', this.#full);
      }
      case 'small-disk': {
        const signing = this.#client('patient', leader);
        await pause(chance.between(0, 400));
        this.#disk?.fill();
        this.#say(`the disk of ${this.#full} is full`);
        await signing;
        await this.#whileFull(leader);
        this.#disk?.empty();
        if (chance.happens(0.5)) {
          await network.kill(this.#full);
          await network.start(this.#full);
        }
        return this.#client('patient', this.#full);
      }
      case 'clock': {
        const jumps = (async () => {
          for (let i = 0; i < 4; i++) {
            await pause(chance.between(20, 300));
            const v = chance.pick(validators);
            network.tell(v, { order: 'clock', aheadMs: chance.pick([800, 4000, 3_600_000]) });
          }
        })();
        await Promise.all([this.#client('patient', leader), this.#client('two-faces', other), jumps]);
        return;
      }
      case 'votes':
        await this.#client('two-faces', leader);
        await this.#client('reservation-for-two', other);
        return this.#client('patient', leader);
      case 'shares':
      case 'proofs':
      case 'silent-shares':
        for (let i = 0; i < 3; i++) await this.#client('patient', ((leader + i - 1) % 4) + 1);
        return;
      case 'silent':
        return this.#client('patient', other);
      case 'contributions': {
        const honest = validators.filter((v) => v !== this.#liar);
        // Made without it, or refused: the next one goes on.
        this.#presignsAsked = true;
        for (const by of honest)
          await network.lead(by, 2).catch((error: unknown) => this.#say(`presigns of ${by}: ${String(error)}`));
        return this.#client('patient', honest[0] as number);
      }
      case 'vanishes': {
        const ended: Promise<void>[] = [];
        for (let i = 0; i < 2; i++) {
          ended.push(
            this.#client('vanishes', chance.pick(validators), (child) =>
              setTimeout(() => child.kill('SIGKILL'), chance.between(250, 900)),
            ),
          );
        }
        await Promise.all(ended);
        return;
      }
      case 'two-leaders':
      case 'two-faces':
      case 'second-thoughts':
      case 'reservation-for-two':
      case 'bad-proof': {
        const clients = [this.#client(kind, leader), this.#client(kind, other)];
        if (chance.happens(0.5)) {
          await pause(chance.between(400, 900));
          const victim = chance.pick(validators);
          this.#say(`kill ${victim}`);
          await network.kill(victim);
          await pause(chance.between(0, 500));
          void network.start(victim).catch(() => {});
        }
        await Promise.all(clients);
        return;
      }
      case 'kill-all': {
        const clients = [this.#client('two-faces', leader), this.#client('patient', other)];
        await pause(chance.between(400, 900));
        this.#say('kill all');
        await Promise.all(validators.map((v) => network.kill(v)));
        await network.startAll();
        await Promise.all(clients);
        return;
      }
      case 'redis':
      case 'workers': {
        const presigns = network.lead(leader, 8).catch((error: unknown) => this.#say(`presigns: ${String(error)}`));
        const clients = [this.#client('patient', other), this.#client('patient', leader)];
        await pause(chance.between(100, 900));
        if (kind === 'redis') await this.#redis?.killRedis();
        else await this.#redis?.killWorkers();
        await Promise.all([...clients, presigns]);
        if (kind === 'redis') await this.#redis?.startRedis();
        else await this.#redis?.startWorkers();
        return;
      }
    }
  }

  /** Signatures and presigns until a write was refused, led by others and by the one whose disk is full. */
  async #whileFull(leader: number): Promise<void> {
    const { network } = this;
    this.#presignsAsked = true;
    const before = network.refusedWrites(this.#full);
    for (let i = 0; i < 4; i++) {
      await Promise.all([this.#client('patient', leader), this.#client('patient', this.#full)]);
      const by = validators.find((v) => v !== this.#full) as number;
      await network.lead(by, 8).catch((error: unknown) => this.#say(`presigns of ${by}: ${String(error)}`));
      if (network.refusedWrites(this.#full) > before) return;
    }
    this.#say('no write was refused');
  }

  async #weather(faults: Partial<LineFaults>): Promise<void> {
    this.network.tellAll({ order: 'lines', faults: { ...noLineFaults, ...faults } });
    const [x, y] = this.#chance.shuffle([...validators]) as [number, number];
    await Promise.all([
      this.#client('patient', x),
      this.#client(this.#chance.pick(['patient', 'two-faces', 'two-leaders']), y),
    ]);
  }

  /** A client in a process of its own, first at `leader`. */
  async #client(act: Behaviour, leader: number, onStart?: (child: ChildProcess) => void): Promise<void> {
    const label = `${act}-${this.#next++}`;
    this.#labels.push(label);
    if (act === 'patient' || act === 'vanishes' || act === 'two-leaders') this.#obliged.push(label);
    const { network } = this;
    const code = await network.client(label, act, {
      leaders: leadersFrom(leader),
      deadlineMs: 6_000,
      ...(onStart === undefined ? {} : { onStart }),
    });
    this.#say(`${label} from ${leader}: ${code ?? 'killed'}`);
  }

  /** @returns whether the validator got to its point, and died there. */
  #killSign(leader: number, victim: number, at: number): Promise<boolean> {
    return this.#killAt(victim, at, () => this.#client('patient', leader), `signature led by ${leader}`);
  }
  #killPresign(leader: number, victim: number, at: number): Promise<boolean> {
    this.#presignsAsked = true;
    const lead = async (): Promise<void> => {
      await this.network
        .lead(leader, 2)
        .catch((error: unknown) => this.#say(`presigns of ${leader}: ${String(error)}`));
    };
    return this.#killAt(victim, at, lead, `presigns led by ${leader}`);
  }

  /** Kills a validator at one of its points, starts it again and goes on. */
  async #killAt(victim: number, at: number, work: () => Promise<void>, what: string): Promise<boolean> {
    const { network } = this;
    if (!network.isUp(victim)) await network.start(victim);
    this.#say(`${what}: ${victim} dies at its point ${at}`);
    network.tell(victim, { order: 'arm', at });
    let watching = true;
    let died = false;
    const again = network.gone(victim).then(async () => {
      // It may be killed for another reason later.
      if (!watching) return;
      died = true;
      await pause(this.#chance.between(0, 400));
      await network.start(victim);
    });
    again.catch(() => {});
    await work();
    // After the last message of the session is another point.
    await pause(50);
    network.tell(victim, { order: 'disarm' });
    // Started again is not serving yet, and it may be the next one that leads.
    if (died || !network.isUp(victim)) await again;
    else watching = false;
    return died;
  }

  // Calm ----------------------------------------------------------------------------------------------------------------------------

  async #calm(): Promise<void> {
    const { network } = this;
    this.#say('the faults stop');
    network.tellAll({ order: 'disarm' });
    network.tellAll({ order: 'lines', faults: noLineFaults });
    network.tellAll({ order: 'disk', faults: { slowMs: 0, full: false } });
    await network.startAll();
    // At most f faulty: without a liar, one stays away now and then.
    if (this.#liar === undefined && this.#chance.happens(0.3)) {
      const away = this.#chance.pick(validators);
      this.#say(`${away} stays away`);
      await network.kill(away);
    }
    await Promise.all(this.#obliged.map((label) => this.#complete(label)));
    if (this.#presignsAsked) await this.#completePresigns();
    if (this.#obliged.length === 0) await this.#client('patient', this.#chance.pick(validators));
  }

  #signed(label: string): boolean {
    return this.network.linesOf(label).some(({ line }) => line === 'signed');
  }

  /** An operator's request is a valid one too: somebody honest leads it to its end. */
  async #completePresigns(): Promise<void> {
    const { network } = this;
    const up = validators.filter((v) => v !== this.#liar && network.isUp(v));
    for (let i = 0; i < 2 * up.length; i++) {
      const leader = up[i % up.length] as number;
      try {
        await network.lead(leader, 1);
        return;
      } catch (error) {
        this.#say(`presigns of ${leader}: ${String(error)}`);
      }
    }
    this.#violated('no-progress', 'presigns');
  }

  async #complete(label: string): Promise<void> {
    if (this.#signed(label)) return;
    const leaders = this.#chance.shuffle([...validators]);
    const code = await this.network.client(label, 'complete', { leaders, deadlineMs: 15_000 });
    if (code !== 0 || !this.#signed(label)) this.#violated('no-progress', `sign ${label}`);
  }

  // Afterwards ----------------------------------------------------------------------------------------------------------------------

  async #lastLook(): Promise<Invariants> {
    const { network } = this;
    await network.stopAll('SIGKILL');
    const crashes = network.takeCrashes();
    for (const text of crashes) this.#violated('internal-error', text);
    const honest = new Set(validators.filter((v) => v !== this.#liar) as unknown as ValidatorId[]);
    const disks = new Map<number, Disk>();
    for (const v of honest) disks.set(v, await network.disk(v));
    const invariants = new Invariants(
      honest,
      (v) => disks.get(v) as Disk,
      ({ kind, what }) => this.#say(`VIOLATION ${kind}: ${what}`),
    );
    for (const v of honest) this.#replay(v, disks.get(v) as Disk, invariants);
    invariants.compareDisks((party) => party === this.#liar);
    const seen = new Map<string, string>();
    for (const label of this.#labels) {
      for (const line of network.linesOf(label)) {
        if (line.line === 'wrong') this.#violated('wrong-answer', `${label}: ${line.what}`);
        if (line.line !== 'signed') continue;
        const known = seen.get(line.presign);
        if (known !== undefined && known !== line.r)
          invariants.violated('second-decryption', `two signatures with presign ${line.presign}`);
        seen.set(line.presign, line.r);
        for (const party of line.blamed)
          if (party !== this.#liar) this.#violated('wrong-blame', `a client was told of ${party}`);
        if (line.leader !== this.#liar && disks.get(line.leader)?.get(`signature/${line.presign}`) === undefined)
          this.#violated('lost-answer', `signature ${line.presign} on the disk of ${line.leader}`);
      }
    }
    // From disk, all of them.
    await network.startAll();
    await network.client('again', 'again', { labels: this.#labels });
    for (const line of network.linesOf('again'))
      if (line.line === 'lost' && !line.what.endsWith(` of ${this.#liar}`)) this.#violated('lost-answer', line.what);
    await network.stopAll('SIGKILL');
    return invariants;
  }

  /** What left a validator, in order, against what it has on disk now. */
  #replay(validator: ValidatorId, disk: Disk, invariants: Invariants): void {
    const { network } = this;
    const { committee } = network.committee;
    const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
    const votes: Fact[] = [];
    for (const key of disk.keys()) {
      const [kind, id, version] = key.startsWith('vote/') ? key.slice(5).split('.') : [];
      if (kind !== undefined && id !== undefined)
        votes.push({ kind, id: bytes(id), version: BigInt(version ?? 0), digest: disk.get(key) } as unknown as Fact);
    }
    for (const event of network.events(validator)) {
      switch (event.event) {
        case 'share':
          invariants.released(validator, event.presign, event.digest);
          break;
        case 'contribution':
          invariants.contributed(validator, openEnvelope(bytes(event.envelope), network.networkId));
          break;
        case 'certificate': {
          const certificate = decodeCertificate(bytes(event.certificate));
          verifyCertificate(committee, certificate, certificate.fact, 'MPC:S2');
          invariants.certified(certificate.fact);
          break;
        }
        case 'internal':
          this.#violated('internal-error', `${validator}: ${event.text}`);
          break;
        case 'vote': {
          const signature = bytes(event.signature);
          // The vote that left must be one of those on disk: else it was lost, or another one took its place.
          const fact = votes.find((one) => verifyFactVote(committee, one, { validator, signature }));
          if (fact === undefined) invariants.violated('vote-not-durable', `${validator} ${event.method}`);
          else {
            invariants.signed(validator, fact, signature);
            invariants.answered(validator, signature);
            this.#say(`${validator} voted on ${factKey(fact).slice(0, 40)}`);
          }
        }
      }
    }
  }

  #result(
    kind: ScheduleResult['kind'],
    invariants: Invariants | undefined,
    skipped: string | undefined,
  ): ScheduleResult {
    const { network } = this;
    const events = skipped === undefined ? validators.flatMap((v) => network.events(v)) : [];
    const killedAt = events.flatMap((event) => (event.event === 'killed' ? [event.where] : []));
    const lines = skipped === undefined ? this.#labels.flatMap((label) => network.linesOf(label)) : [];
    return {
      seed: this.#seed,
      kind,
      violations: [...this.#found, ...(invariants?.violations ?? [])],
      secondDecryptions: invariants?.secondDecryptions ?? 0,
      signatures: lines.filter(({ line }) => line === 'signed').length,
      kills: network.kills + killedAt.length,
      killedAt,
      blames: lines.reduce((sum, line) => sum + (line.line === 'signed' ? line.blamed.length : 0), 0),
      refusedWrites: skipped === undefined && this.#full > 0 ? network.refusedWrites(this.#full) : 0,
      skipped,
    };
  }
}

/** Counts the points of a session in which nothing goes wrong. */
export async function measure(network: FaultNetwork): Promise<Points> {
  network.reset(0);
  // On a busy machine, too, nobody is asked twice: the numbers are those of every run.
  network.use(['timeouts.answerMs=120000', 'timeouts.sharesMs=60000', 'timeouts.fetchMs=60000']);
  try {
    await network.startAll();
    const count = async (work: () => Promise<unknown>) => {
      network.tellAll({ order: 'arm' });
      await work();
      await pause(300);
      const counts = await Promise.all(validators.map(async (v) => (await network.count(v)).length));
      network.tellAll({ order: 'disarm' });
      const [leader = 0, ...members] = counts;
      return { leader, member: Math.max(...members) };
    };
    const sign = await count(() => network.client('counted', 'patient'));
    return { sign, presign: await count(() => network.lead(1, 2)) };
  } finally {
    await network.stopAll('SIGKILL');
  }
}
