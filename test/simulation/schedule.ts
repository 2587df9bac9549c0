/**
 * One schedule: four validators, their clients and everything that goes wrong, all of it from one seed. First the faults, then a calm in
 * which every valid request must complete, then a new start of everything from the disks and a last look.
 *
 * @module
 */
import type { ValidatorId } from '@dwallet/sigma';
import type { Committee } from '@dwallet/two-pc-mpc/network';
import { access, committee } from './base.ts';
import { LyingValidator, chooseLies } from './byzantine.ts';
import { Client, type Purpose, type Signed, type Taken, badProof, purposeOf } from './client.ts';
import type { StoreMutation } from './disk.ts';
import { Host, type Surroundings, noCrashes } from './host.ts';
import { Invariants, type Violation } from './invariants.ts';
import { type LineFaults, Lines, type Party, calm } from './network.ts';
import { listen } from './observed-network.ts';
import { Chance, Scheduler } from './scheduler.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** When the faults stop, in virtual milliseconds. */
const calmFrom = 90_000;
/** Eventual synchrony: how long a valid request may take after that. */
const patienceMs = 20 * 60_000;

/** What honest validators are given instead of the real thing (mutations.ts). */
export interface Mutation {
  readonly store?: StoreMutation;
  readonly committee?: Committee;
  /** What is computed twice differs. Off, more of the arithmetic is remembered. */
  readonly freshRandomness?: boolean;
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly mutation?: Mutation;
  /** Hears everything that happens, line by line. */
  readonly trace?: (line: string) => void;
}

export interface ScheduleResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly secondDecryptions: number;
  readonly events: number;
  /** What was asked for and what came of it, for statistics: a simulation in which nothing happens shows nothing. */
  readonly signatures: number;
  readonly kills: number;
  /** Evidence that was stored, all of it against the liar. */
  readonly convictions: number;
  readonly presignSessions: number;
  readonly creations: number;
}

/** A request of an honest client: it must complete. */
interface Obligation {
  readonly what: string;
  done: boolean;
  /** One attempt at one validator. */
  readonly attempt: (leader: ValidatorId) => Promise<void>;
}

export async function runSchedule({ seed, mutation = {}, trace }: ScheduleOptions): Promise<ScheduleResult> {
  const scheduler = new Scheduler();
  const say = (text: string): void => trace?.(`${String(scheduler.now).padStart(8)}  ${text}`);
  // Separate streams: a change in one place of the plan does not change everything else.
  const plan = new Chance(seed, 1);
  const lines = new Lines(scheduler, new Chance(seed, 2), trace === undefined ? undefined : say);
  const chance = new Chance(seed, 3);
  const clientChance = new Chance(seed, 4);

  const hosts = new Map<ValidatorId, Host>();
  const liarIndex = plan.happens(0.5) ? plan.pick(access.validators) : undefined;
  const honest = new Set(access.validators.filter((v) => v !== liarIndex));
  const invariants = new Invariants(
    honest,
    (v) => (hosts.get(v) as Host).disk,
    ({ kind, what }) => say(`VIOLATION ${kind}: ${what}`),
  );
  const withPresigns = plan.happens(0.05);
  const pool = plan.pick([2, 2, 4]);
  const surroundings: Surroundings = {
    scheduler,
    chance,
    lines,
    invariants,
    trace: say,
    hosts,
    mutation: mutation.store ?? {},
    committee: mutation.committee ?? committee,
    freshRandomness: mutation.freshRandomness === true,
  };
  for (const v of access.validators) {
    if (v !== liarIndex) {
      hosts.set(v, new Host(v, surroundings, undefined, pool));
      continue;
    }
    const lies = chooseLies(plan);
    say(`${v} is Byzantine: ${JSON.stringify(lies)}`);
    hosts.set(v, new Host(v, surroundings, new LyingValidator(v, lies, chance, scheduler, hosts), pool));
  }

  listen(invariants);
  try {
    planFaults(plan, scheduler, lines, hosts, honest, say);
    for (const host of hosts.values()) host.start(false);

    // One that is restored answers nothing about what was under way: for those it is the faulty one.
    const restored = liarIndex === undefined && plan.happens(0.3) ? plan.pick(access.validators) : undefined;
    if (restored !== undefined) planRestore(plan, scheduler, hosts.get(restored) as Host);

    const client = new Client({
      scheduler,
      chance: clientChance,
      hosts,
      trace: say,
      blamed: (leader, party) => {
        if (honest.has(leader) && party !== liarIndex)
          invariants.violated('wrong-blame', `${leader} tells of ${party}`);
      },
    });
    const obligations: Obligation[] = [];
    const signed: Signed[] = [];
    const created: { readonly leader: ValidatorId; readonly session: Uint8Array }[] = [];
    let presignSessions = 0;
    const busy: Promise<void>[] = [];
    const actors = plan.happens(0.5) ? 1 : 2;
    for (let i = 0; i < actors; i++) {
      const behaviour = plan.pick(behaviours);
      say(`client ${i}: ${behaviour}`);
      busy.push(clientActor(client, behaviour, ['Bob', 'Carol'][i] as string, obligations, signed, invariants));
    }
    // Some are created when one may have been restored already: a draw of its own, so that nothing else of the plan changes.
    const creationFrom = new Chance(seed, 5).pick([0, 0, 25_000]);
    if (plan.happens(0.1)) busy.push(creationActor(client, creationFrom, plan.happens(0.4), obligations, created));
    if (withPresigns) {
      const leader = plan.pick(access.validators.slice(0, 2));
      scheduler.after(plan.between(0, 3_000), () => {
        presignSessions++;
        hosts
          .get(leader)
          ?.validator?.leadPresigns(1)
          .catch((error: unknown) => say(`presigns: ${String(error)}`));
      });
    }

    // Faults.
    let stormIsOver = false;
    scheduler.at(calmFrom, () => (stormIsOver = true));
    await scheduler.run(() => stormIsOver);

    // Calm.
    say('the faults stop');
    lines.faults = { ...calm };
    lines.partitions = [];
    const starved =
      liarIndex === undefined && restored === undefined && plan.happens(0.3) ? plan.pick(access.validators) : undefined;
    for (const host of hosts.values()) {
      host.crashes = noCrashes;
      Object.assign(host.faults, { slowMs: 0, full: false, failing: 0 });
      Object.assign(host.workers, { longestMs: 50, crashes: 0 });
      // Its store may have failed for good.
      if (host.needsRestart || host.index === starved) host.kill();
      // One that crashed and stays away is a faulty one as well.
      if (host.index === starved) host.gone = true;
    }
    let finished = false;
    void Promise.all([...busy, complete(client, obligations, hosts)]).then(() => (finished = true));
    const end = scheduler.now + patienceMs;
    await scheduler.run(() => finished || scheduler.now > end);
    for (const { what, done } of obligations) if (!done) invariants.violated('no-progress', what);

    // Everything starts again from its disk.
    say('everything starts again');
    const asked = new Set(signed.map(({ leader }) => leader));
    for (const host of hosts.values()) {
      host.kill();
      // Nothing is fetched: what was answered must be on the own disk.
      host.gone = !asked.has(host.index);
      scheduler.after(50, () => host.start(false));
    }
    let checked = false;
    void scheduler
      .sleep(10_000)
      .then(() => lastLook(client, signed, created, hosts, honest, invariants))
      .then(() => (checked = true));
    const last = scheduler.now + patienceMs;
    await scheduler.run(() => checked || scheduler.now > last);
    if (!checked) invariants.violated('no-progress', 'the last look');
    invariants.compareDisks((party) => party === liarIndex);
    return {
      seed,
      violations: invariants.violations,
      secondDecryptions: invariants.secondDecryptions,
      events: scheduler.events,
      signatures: signed.length,
      kills: [...hosts.values()].reduce((sum, host) => sum + host.kills, 0),
      convictions: invariants.convictions,
      presignSessions,
      creations: created.length,
    };
  } finally {
    listen(undefined);
    for (const host of hosts.values()) host.end();
  }
}

// Faults ----------------------------------------------------------------------------------------------------------------------------

function planFaults(
  plan: Chance,
  scheduler: Scheduler,
  lines: Lines,
  hosts: ReadonlyMap<ValidatorId, Host>,
  honest: ReadonlySet<ValidatorId>,
  say: (text: string) => void,
): void {
  const weather = plan.pick(['calm', 'light', 'light', 'heavy'] as const);
  const scale = weather === 'calm' ? 0 : weather === 'light' ? 1 : 4;
  const faults: LineFaults = {
    drop: plan.real() * 0.03 * scale,
    duplicate: plan.real() * 0.04 * scale,
    late: plan.real() * 0.01 * scale,
    corrupt: plan.happens(0.3) ? plan.real() * 0.02 * scale : 0,
    delayMs: plan.pick([5, 40, 400]),
    stall: plan.real() * 0.02 * scale,
  };
  lines.faults = faults;
  say(`weather ${weather}`);
  if (plan.happens(0.25)) {
    for (let i = plan.between(1, 3); i > 0; i--) {
      const from = plan.between(0, 20_000);
      const parties: Party[] = plan.shuffle<Party>([...access.validators, 'client']);
      const side = new Set(parties.slice(0, plan.between(1, 3)));
      lines.partitions.push({ from, to: from + plan.between(1_000, 40_000), side });
      say(`partition of ${[...side].join('+')} at ${from}`);
    }
  }
  const style = plan.pick(['none', 'targeted', 'targeted', 'random'] as const);
  for (const host of hosts.values()) {
    const downMs = plan.pick([
      [50, 500],
      [500, 8_000],
      [5_000, 60_000],
    ] as const);
    if (style === 'targeted' && plan.happens(0.6)) {
      const at = Array.from({ length: plan.between(1, 3) }, () => plan.between(1, 90));
      say(`${host.index} will be killed at its points ${at.join()}`);
      host.crashes = { at: new Set(at), anywhere: 0, downMs };
    } else if (style === 'random') {
      host.crashes = { at: new Set(), anywhere: plan.real() * 0.03, downMs };
    }
  }
  for (const host of hosts.values()) {
    host.workers.longestMs = plan.pick([0, 5, 300, 3_000]);
    host.workers.crashes = plan.happens(0.1) ? 0.1 : 0;
  }
  if (plan.happens(0.2)) {
    const host = hosts.get(plan.pick([...honest])) as Host;
    const kind = plan.pick(['slow', 'full', 'failing'] as const);
    const from = plan.between(0, 5_000);
    scheduler.at(from, () => {
      say(`${host.index}: the disk is ${kind}`);
      Object.assign(host.faults, {
        slowMs: kind === 'slow' ? plan.between(50, 2_000) : 0,
        full: kind === 'full',
        failing: kind === 'failing' ? 0.3 : 0,
      });
    });
    scheduler.at(from + plan.between(1_000, 30_000), () => {
      Object.assign(host.faults, { slowMs: 0, full: false, failing: 0 });
      // Whoever looks after it starts it again.
      if (kind === 'failing') host.kill();
    });
  }
  if (plan.happens(0.2)) {
    for (let i = plan.between(1, 4); i > 0; i--) {
      const host = hosts.get(plan.pick(access.validators)) as Host;
      const ms = plan.pick([500, 5_000, 3_600_000]);
      scheduler.at(plan.between(0, 30_000), () => host.jumpClock(ms));
    }
  }
}

function planRestore(plan: Chance, scheduler: Scheduler, host: Host): void {
  const from = plan.between(0, 6_000);
  scheduler.at(from, () => {
    const backup = host.disk.copy();
    scheduler.after(plan.between(500, 15_000), () => host.restore(backup));
  });
}

// Clients ---------------------------------------------------------------------------------------------------------------------------

const behaviours = [
  /** Retries the same bytes at one validator after the other. */
  'patient',
  'patient',
  /** The same at two leaders at once. */
  'two leaders',
  /** Stops half way, and comes back with the same bytes later. */
  'vanishes',
  /** Two client messages for one presign: both at once, at two leaders. */
  'two faces',
  'two faces',
  /** The second one only after the first was signed, or was not. */
  'second thoughts',
  /** A reservation, and two messages for it. */
  'reservation for two',
  /** A wrong proof. */
  'bad proof',
  /** A presign that was assigned to another request. */
  'borrowed presign',
] as const;
type Behaviour = (typeof behaviours)[number];

/** What an honest client does at one validator: a presign if it has none, then the signature, always with the same bytes. */
function signing(client: Client, purpose: Purpose, signed: Signed[], label: string): Obligation {
  const state: Obligation & { taken?: Taken | undefined; call?: Uint8Array | undefined } = {
    what: `sign ${label}`,
    done: false,
    async attempt(leader) {
      if (state.taken === undefined) {
        const taken = await client.take(leader, purpose);
        state.taken ??= taken;
      }
      state.call ??= await client.signCall(state.taken, purpose);
      signed.push(await client.sign(leader, state.taken, purpose, state.call));
      state.done = true;
    },
  };
  return state;
}

async function clientActor(
  client: Client,
  behaviour: Behaviour,
  label: string,
  obligations: Obligation[],
  signed: Signed[],
  invariants: Invariants,
): Promise<void> {
  const { scheduler, chance, trace } = client.world;
  const leaders = chance.shuffle(access.validators) as [ValidatorId, ValidatorId, ValidatorId, ValidatorId];
  const ignore = (error: unknown): undefined => {
    trace(`${label}: ${String(error)}`);
    return undefined;
  };
  await scheduler.sleep(chance.between(0, 2_000));
  const purpose = purposeOf(label, behaviour === 'reservation for two' ? 'reservation' : 'message');
  const rounds = chance.between(1, 3);
  const takeSomewhere = async (what: Purpose): Promise<Taken | undefined> => {
    for (const leader of leaders) {
      const taken = await client.take(leader, what).catch(ignore);
      if (taken !== undefined) return taken;
    }
    return undefined;
  };

  switch (behaviour) {
    case 'patient': {
      const wish = signing(client, purpose, signed, label);
      obligations.push(wish);
      for (let i = 0; i < rounds && !wish.done; i++) await wish.attempt(leaders[i] as ValidatorId).catch(ignore);
      return;
    }
    case 'two leaders': {
      const wish = signing(client, purpose, signed, label);
      obligations.push(wish);
      await Promise.allSettled([wish.attempt(leaders[0]), wish.attempt(leaders[1])]);
      return;
    }
    case 'vanishes': {
      const wish = signing(client, purpose, signed, label);
      obligations.push(wish);
      // Nobody listens to what comes of it.
      if (chance.happens(0.5)) await client.take(leaders[0], purpose).catch(ignore);
      else void wish.attempt(leaders[0]).catch(ignore);
      return;
    }
    case 'two faces':
    case 'second thoughts':
    case 'reservation for two': {
      const taken = await takeSomewhere(purpose);
      if (taken === undefined) return;
      const other =
        behaviour === 'reservation for two'
          ? { ...purpose, message: purposeOf('Mallory', 'message').message }
          : purpose;
      const shows = [chance.happens(0.7), chance.happens(0.7)] as const;
      const calls = [
        await client.signCall(taken, purpose, 0, shows[0]),
        await client.signCall(taken, other, 1, shows[1]),
      ] as const;
      for (let i = 0; i < rounds; i++) {
        const [x, y] = chance.shuffle(leaders) as [ValidatorId, ValidatorId];
        const first = client
          .sign(x, taken, purpose, calls[0])
          .then((s) => void signed.push(s))
          .catch(ignore);
        if (behaviour === 'second thoughts') await first;
        else if (chance.happens(0.5)) await scheduler.sleep(chance.between(0, 200));
        const second = client
          .sign(y, taken, other, calls[1])
          .then((s) => void signed.push(s))
          .catch(ignore);
        await Promise.allSettled([first, second]);
        await scheduler.sleep(chance.between(0, 4_000));
      }
      return;
    }
    case 'bad proof': {
      const taken = await takeSomewhere(purpose);
      if (taken === undefined) return;
      const call = await client.signCall(taken, purpose, badProof);
      const wrong = (): void => invariants.violated('wrong-answer', `a signature for a wrong proof of ${label}`);
      for (let i = 0; i < rounds; i++)
        await client.sign(leaders[i] as ValidatorId, taken, purpose, call).then(wrong, ignore);
      return;
    }
    case 'borrowed presign': {
      const taken = await takeSomewhere(purpose);
      if (taken === undefined) return;
      const other = purposeOf('Mallory', 'message');
      const own = await client.signCall(taken, purpose);
      // What it was given is the certificate of the other request.
      const borrowed = await client.signCall(taken, other, 0, chance.happens(0.5));
      const wrong = client
        .sign(leaders[0], taken, other, borrowed)
        .then(() =>
          invariants.violated('wrong-answer', `a signature with the presign of another request than ${label}`),
        )
        .catch(ignore);
      if (chance.happens(0.5)) await wrong;
      const right = client
        .sign(leaders[1], taken, purpose, own)
        .then((s) => void signed.push(s))
        .catch(ignore);
      await Promise.allSettled([wrong, right]);
      return;
    }
  }
}

async function creationActor(
  client: Client,
  fromMs: number,
  twoFaced: boolean,
  obligations: Obligation[],
  created: { readonly leader: ValidatorId; readonly session: Uint8Array }[],
): Promise<void> {
  const { chance, scheduler } = client.world;
  const [x, y] = chance.shuffle(access.validators) as [ValidatorId, ValidatorId];
  if (fromMs > 0) await scheduler.sleep(fromMs);
  const create = async (leader: ValidatorId, variant: number): Promise<void> => {
    created.push({ leader, session: await client.create(leader, variant) });
  };
  if (twoFaced) {
    await Promise.allSettled([create(x, 0), create(y, 1)]);
    return;
  }
  const wish: Obligation = {
    what: 'create a dWallet',
    done: false,
    async attempt(leader) {
      await create(leader, 0);
      wish.done = true;
    },
  };
  obligations.push(wish);
  await wish.attempt(x).catch(() => {});
}

// Afterwards ------------------------------------------------------------------------------------------------------------------------

/** Honest clients ask again, at one validator after the other, until they have what they asked for. */
async function complete(
  client: Client,
  obligations: readonly Obligation[],
  hosts: ReadonlyMap<ValidatorId, Host>,
): Promise<void> {
  const { scheduler, trace } = client.world;
  // Whoever was killed is up by then.
  await scheduler.sleep(61_000);
  const insist = async (wish: Obligation): Promise<void> => {
    for (let i = 0; i < 3 * access.validators.length && !wish.done; i++) {
      const leader = access.validators[i % access.validators.length] as ValidatorId;
      await wish.attempt(leader).catch((error: unknown) => {
        trace(`${wish.what} at ${leader}: ${String(error)}`);
      });
      // Races of leaders for presigns use them up; operators make more.
      if (!wish.done && i >= access.validators.length)
        await hosts
          .get(leader)
          ?.validator?.leadPresigns(1)
          .catch((error: unknown) => trace(`presigns of ${leader}: ${String(error)}`));
    }
  };
  for (const wish of obligations) await insist(wish);
}

/** What was answered is still there, and the same. */
async function lastLook(
  client: Client,
  signed: readonly Signed[],
  created: readonly { readonly leader: ValidatorId; readonly session: Uint8Array }[],
  hosts: ReadonlyMap<ValidatorId, Host>,
  honest: ReadonlySet<ValidatorId>,
  invariants: Invariants,
): Promise<void> {
  const seen = new Map<string, string>();
  const looked = new Set<string>();
  for (const { leader, presign, r, s, call } of signed) {
    const id = hex(presign);
    const known = seen.get(id);
    if (known !== undefined && known !== `${r}`)
      invariants.violated('second-decryption', `two signatures with presign ${id.slice(0, 8)}`);
    seen.set(id, `${r}`);
    if (looked.has(`${leader}/${id}`)) continue;
    looked.add(`${leader}/${id}`);
    // What a restored one answered before is gone from its disk, and it answers nothing about it.
    if (!honest.has(leader) || invariants.wasRestored(leader)) continue;
    if ((hosts.get(leader) as Host).disk.get(`signature/${id}`) === undefined) {
      invariants.violated('lost-answer', `signature ${id.slice(0, 8)} of ${leader}`);
      continue;
    }
    try {
      await client.again(leader, call, { r, s });
    } catch (error) {
      invariants.violated('lost-answer', `signature ${id.slice(0, 8)} of ${leader}: ${String(error)}`);
    }
  }
  for (const { leader, session } of created) {
    if (!honest.has(leader) || invariants.wasRestored(leader)) continue;
    const { disk } = hosts.get(leader) as Host;
    if (disk.get(`dwallet/${hex(session)}`) === undefined)
      invariants.violated('lost-answer', `dWallet ${hex(session).slice(0, 8)} of ${leader}`);
  }
}
