/**
 * `npm run bench:compute`: the heavy steps on one and on two worker threads, interleaved round by round: wall time, which shows what else the machine had
 * to do, and the CPU time of the longest chain, which does not.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import { createPublicParameters } from '@dwallet/class-groups';
import { type Digest, type ValidatorId, encodeText } from '@dwallet/sigma';
import {
  type ApprovedRequest,
  type ComputePool,
  MemorySignMessageStore,
  type NetworkSetup,
  type Presign,
  type PresignSession,
  agreeOnMasksIn,
  assignPresignIn,
  decodePresign,
  encodePresign,
  encryptMask,
  encryptMaskIn,
  encryptNonces,
  encryptNoncesIn,
  agreeOnMasks,
  finalizePresignsIn,
  requireVerified,
  signOnce,
  presignRequestDigest,
  rawMessageRequest,
  rawOrder,
  signOrderDigest,
  verifySignMessageIn,
  withKeyTables,
} from '@dwallet/two-pc-mpc';
import { integer, kernelOf, oneOf, profiles, readFlags, remarkFor, say, secondsSince } from './command-line.ts';
import { formatMilliseconds, formatRatio, formatTable } from './format.ts';
import { type KernelName, defaultKernel, kernels } from './kernels.ts';
import { machineLine } from './machine.ts';
import { createProgress } from './progress.ts';
import { curve, defined, random, requireWitness } from './scenario/context.ts';
import { type Summary, median, summarize } from './statistics.ts';
import { watchThreads } from './thread-times.ts';
import { type TargetNetwork, createTargetNetwork } from './targets/network.ts';

export const computeHelp = `npm run bench:compute -- [options]

Measures worker threads at n = 4: one client message, verification of four messages, one validator's part of a presign session; each with one thread
and with two, and the ratio: of wall times, and of the CPU times of the longest chain (Linux).

  --profile 112|128       class-group profile (default 128)
  --kernel reference|wasm (default $DWALLET_KERNEL, else ${defaultKernel})
  --rounds 5              samples of everything
  --batch 16              presigns per session
  --smoke                 CLG-112, one round, batch of 2: a quick check that everything works
  --json                  one JSON object per figure and line: {"figure","value","unit"}
  --help
`;

interface ComputeOptions {
  readonly profile: '112' | '128';
  readonly kernel: KernelName;
  readonly rounds: number;
  readonly batch: number;
  readonly json: boolean;
}

/** @returns undefined if help was asked for. @throws UsageError */
export function parseComputeOptions(argv: readonly string[]): ComputeOptions | undefined {
  const values = readFlags(argv, ['profile', 'kernel', 'rounds', 'batch'], true);
  if (values === undefined) return undefined;
  const { smoke, json } = values;
  return {
    profile: oneOf('profile', values.profile ?? (smoke ? '112' : '128'), ['112', '128']),
    kernel: kernelOf(values.kernel),
    rounds: integer('rounds', values.rounds ?? (smoke ? '1' : '5'), 1, 1000),
    batch: integer('batch', values.batch ?? (smoke ? '2' : '16'), 1, 64),
    json,
  };
}

export const computeActs = ['client-sign', 'verify', 'presign'] as const;
export type ComputeAct = (typeof computeActs)[number];
const labels: Readonly<Record<ComputeAct, string>> = {
  'client-sign': 'client sign message, cold',
  verify: 'verification of four client messages',
  presign: "presign session, one validator's part",
};
const threadCounts = [1, 2] as const;
/** Messages that are verified side by side. */
const messages = 4;

/** Milliseconds. */
export interface Times {
  readonly wall: number;
  /** CPU time of the longest chain ({@link watchThreads}); where threads are not accounted, the wall time. */
  readonly chain: number;
}

/** By act and number of threads, of one round. */
export type ComputeRound = Readonly<Record<ComputeAct, Readonly<Record<(typeof threadCounts)[number], Times>>>>;

export interface ComputeFigure {
  readonly act: ComputeAct;
  readonly one: Times;
  readonly two: Times;
  /** How much faster two threads are: here and now, and on cores that nobody else wants. */
  readonly wall: Summary;
  readonly chain: Summary;
}

const medianOf = (times: readonly Times[]): Times => ({
  wall: median(times.map(({ wall }) => wall)),
  chain: median(times.map(({ chain }) => chain)),
});

export const computeFigures = (rounds: readonly ComputeRound[]): ComputeFigure[] =>
  computeActs.map((act) => {
    const [one, two] = [rounds.map((round) => round[act][1]), rounds.map((round) => round[act][2])];
    const ratio = (of: keyof Times): Summary => summarize(one.map((times, i) => times[of] / (two[i] as Times)[of]));
    return { act, one: medianOf(one), two: medianOf(two), wall: ratio('wall'), chain: ratio('chain') };
  });

/** As `--json` prints them. */
export const computeLines = ({ act, one, two, wall, chain }: ComputeFigure) => [
  { figure: `compute/${act}/1-thread.wall`, value: one.wall, unit: 'ms' },
  { figure: `compute/${act}/2-threads.wall`, value: two.wall, unit: 'ms' },
  { figure: `compute/${act}/1-thread.chain`, value: one.chain, unit: 'ms' },
  { figure: `compute/${act}/2-threads.chain`, value: two.chain, unit: 'ms' },
  { figure: `compute/${act}/speedup.wall`, value: wall.median, unit: 'ratio' },
  { figure: `compute/${act}/speedup.chain`, value: chain.median, unit: 'ratio' },
];

async function timesOf(work: () => Promise<unknown>): Promise<Times> {
  const begin = performance.now();
  const chainSince = watchThreads();
  await work();
  const wall = performance.now() - begin;
  return { wall, chain: chainSince() ?? wall };
}

/** What is run, on the pools that are compared. */
class Acts {
  readonly #network: TargetNetwork;
  readonly #batch: number;
  readonly #session: PresignSession;
  /** Messages of everybody in rounds 1 and 3. */
  readonly #others: {
    readonly masks: ReadonlyMap<ValidatorId, Uint8Array>;
    readonly nonces: ReadonlyMap<ValidatorId, Uint8Array>;
    readonly agreed: Digest;
  };
  /** With tables of pk, as a wallet that signs more than once has it. */
  readonly #walletSetup: NetworkSetup;
  #count = 0;

  constructor(network: TargetNetwork, batch: number) {
    this.#network = network;
    this.#batch = batch;
    const { context, setups } = network;
    this.#walletSetup = withKeyTables(setups.client);
    this.#session = { setup: setups.tabled, sessionId: context.systemSession(), batch };
    const { access } = context;
    const everybody = (make: (validator: ValidatorId) => Uint8Array) =>
      new Map(access.validators.map((validator) => [validator, make(validator)]));
    const masks = everybody((validator) => encryptMask({ ...this.#session, validator, random }));
    const { aggregate, digest: agreed } = agreeOnMasks({ ...this.#session, access, inbox: masks, random });
    const nonces = everybody((validator) => encryptNonces({ ...this.#session, validator, aggregate, agreed, random }));
    this.#others = { masks, nonces, agreed };
  }

  async sign(pool: ComputePool, presign: Presign): Promise<{ readonly approved: ApprovedRequest; bytes: Uint8Array }> {
    const { context, user, certificate } = this.#network;
    const message = encodeText(`bench:compute ${this.#count++}`);
    const request = presignRequestDigest(user.record.sessionId, rawMessageRequest('sha256', message, random(32)));
    const order = signOrderDigest(rawOrder('sha256', message));
    const setup = this.#walletSetup;
    const bytes = await signOnce({
      setup,
      record: user.record,
      presign: decodePresign(setup, encodePresign(setup, presign)),
      certificate,
      committee: context.committee,
      userShare: user.userShare,
      random,
      store: new MemorySignMessageStore(),
      hashScheme: 'sha256',
      message,
      order,
      pool,
    });
    return { approved: { request, order, hashScheme: 'sha256', message }, bytes };
  }

  #argumentsOf(presign: Presign, { approved, bytes }: { approved: ApprovedRequest; bytes: Uint8Array }) {
    const { setups, user } = this.#network;
    const assignment = { publicKey: user.record.publicKey, request: approved.request };
    const state = { kind: 'assigned', assignment } as const;
    return { setup: setups.client, record: user.record, presign, state, approved, bytes, random };
  }

  /** As when the presign is assigned: not measured. */
  async assign(pool: ComputePool, presigns: readonly Presign[]): Promise<void> {
    const { setups, user } = this.#network;
    const common = { setup: setups.client, record: user.record, random };
    await Promise.all(presigns.map((presign) => assignPresignIn(pool, { ...common, presign })));
  }

  async verify(
    pool: ComputePool,
    presigns: readonly Presign[],
    signed: readonly { approved: ApprovedRequest; bytes: Uint8Array }[],
  ): Promise<void> {
    const verified = await Promise.all(
      signed.map((one, i) => verifySignMessageIn(pool, this.#argumentsOf(presigns[i] as Presign, one))),
    );
    for (const [i, one] of verified.entries())
      requireWitness(
        requireVerified(one).bytes.every((byte, at) => byte === signed[i]?.bytes[at]),
        'a verified message',
      );
  }

  /** Each round on messages that were made before, so that only this validator's own work is measured. */
  async presign(pool: ComputePool): Promise<void> {
    const { access, first: validator } = this.#network.context;
    const session = this.#session;
    const { masks, nonces, agreed } = this.#others;
    const mine = await encryptMaskIn(pool, { ...session, validator, random });
    requireWitness(mine.length === defined(masks.get(validator), 'a mask').length, 'masks');
    const own = { validator, bytes: defined(masks.get(validator), 'a mask') };
    const { aggregate } = await agreeOnMasksIn(pool, { ...session, access, inbox: masks, own, random });
    await encryptNoncesIn(pool, { ...session, validator, aggregate, agreed, random });
    const { presigns } = await finalizePresignsIn(pool, {
      ...session,
      access,
      aggregate,
      agreed,
      inbox: nonces,
      own: { validator, bytes: defined(nonces.get(validator), 'nonces') },
      random,
    });
    requireWitness(presigns.length === this.#batch, 'a batch of presigns');
  }
}

export async function runComputeBench(argv: readonly string[]): Promise<number> {
  const options = parseComputeOptions(argv);
  if (options === undefined) {
    say(computeHelp);
    return 0;
  }
  const { ThreadPool } = await import('@dwallet/validator');
  const { WalletThreadPool } = await import('@dwallet/client-sdk/node');
  const remark = remarkFor(options);
  const begin = performance.now();
  const profile = profiles[options.profile];
  const kernel = kernels[options.kernel];
  remark(
    `${machineLine()}; ${options.kernel} kernel, ${profile.id}, n = 4, batch of ${options.batch}, ${availableParallelism()} cores to use`,
  );
  const progress = await createProgress();
  const network = createTargetNetwork(kernel, profile, Math.max(options.batch, messages), progress);
  progress.phase('messages of the others');
  const acts = new Acts(network, options.batch);
  const parameters = createPublicParameters(kernel, profile, { shortTables: true });
  const pools = threadCounts.map((size) => ({
    size,
    network: new ThreadPool({ parameters, curve, size, shortTables: true }),
    client: new WalletThreadPool({ parameters, curve, size }),
  }));
  const rounds: ComputeRound[] = [];
  const presigns = network.pool.presigns.slice(0, messages);
  // The first round starts the threads, builds their tables and lets their compilers finish; it is not kept.
  for (let index = 0; index <= options.rounds; index++) {
    progress.phase(index === 0 ? 'warm-up' : `round ${index} of ${options.rounds}`);
    const round = Object.fromEntries(computeActs.map((act) => [act, {}])) as Record<
      ComputeAct,
      Record<(typeof threadCounts)[number], Times>
    >;
    for (const pool of pools) {
      progress.step(`${pool.size} threads`);
      const signed: Awaited<ReturnType<Acts['sign']>>[] = [];
      const times: Times[] = [];
      for (const presign of presigns)
        times.push(await timesOf(async () => signed.push(await acts.sign(pool.client, presign))));
      round['client-sign'][pool.size] = medianOf(times);
      await acts.assign(pool.network, presigns);
      round.verify[pool.size] = await timesOf(() => acts.verify(pool.network, presigns, signed));
      round.presign[pool.size] = await timesOf(() => acts.presign(pool.network));
    }
    if (index > 0) rounds.push(round);
  }
  for (const pool of pools) await Promise.all([pool.network.close(), pool.client.close()]);
  progress.done();
  await progress.close();
  const figures = computeFigures(rounds);
  if (options.json) for (const line of figures.flatMap(computeLines)) say(JSON.stringify(line));
  else {
    const rows = figures.map(({ act, one, two, wall, chain }) => [
      labels[act],
      formatMilliseconds(one.chain),
      formatMilliseconds(two.chain),
      formatRatio(chain),
      formatMilliseconds(one.wall),
      formatMilliseconds(two.wall),
      formatRatio(wall),
    ]);
    const head = ['', 'chain, 1 thread', '2 threads', 'shorter by', 'wall, 1 thread', '2 threads', 'faster by'];
    say(`\n${formatTable(head, rows)}`);
    say(
      '\nChain: CPU time of the calling thread and of the busiest worker, one after the other: the wall time on cores that nobody else wants.',
    );
  }
  remark(`\nevery message verifies, every batch is complete; total ${secondsSince(begin)}`);
  return 0;
}
