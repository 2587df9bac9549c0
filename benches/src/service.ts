/**
 * `npm run bench:service`: the service as its clients meet it: real validator processes on loopback, gRPC with TLS, durable stores. Latency and
 * throughput of signatures, refill of the presign pool, memory, what it does when it is asked for ten times what it can do, and the bytes that
 * validators exchange.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPublicParameters } from '@dwallet/class-groups';
import { PeerCallError } from '@dwallet/client-sdk/node';
import { wasmKernel } from '@dwallet/kernel/wasm';
import type { Random } from '@dwallet/sigma';
import { RemoteError } from '@dwallet/two-pc-mpc';
import { UsageError, integer, oneOf, profiles, readFlags, remarkFor, say, secondsSince } from './command-line.ts';
import { type Row, formatBytes, formatMilliseconds, formatNumber, formatTable } from './format.ts';
import { machineLine } from './machine.ts';
import { createProgress } from './progress.ts';
import { type FloodResult, type LoadResult, type Refusal, closedLoop, flood } from './service/load.ts';
import { ServiceNetwork } from './service/network.ts';
import { MeasuredWallet, type SignJob } from './service/wallet.ts';
import { median, quantile } from './statistics.ts';

export const serviceHelp = `npm run bench:service -- [options]

Starts real validator processes on loopback and measures them through gRPC: signatures per second and latency with a warm pool, presign refill, memory,
an overload run, and the bytes between validators per signature. The client's own work (its message) is done before the clock starts.

  --profile 112|128       class-group profile (default 128)
  --validators 4          how many, a list such as 4,7,16; load is put on the first, of the others only bytes are counted
  --clients 1,8,64        clients at once; none: only bytes are counted
  --rounds 1              signatures per client; at least 6 per run
  --overload 8            seconds, at least, of ten times the throughput at 8 clients (or the most measured); 0: none
  --smoke                 CLG-112, 1 and 2 clients, one round, no overload: a quick check that everything works
  --json                  one JSON object per figure and line: {"figure","profile","n","value","unit"}
  --help
`;

interface ServiceOptions {
  readonly profile: '112' | '128';
  readonly validators: readonly number[];
  readonly clients: readonly number[];
  readonly rounds: number;
  /** Signatures of a run, at least. */
  readonly least: number;
  readonly overloadSeconds: number;
  readonly json: boolean;
}

function list(name: string, text: string, low: number, high: number): number[] {
  const values = text.split(',').map((one) => integer(name, one, low, high));
  if (new Set(values).size !== values.length) throw new UsageError(`--${name} has a number twice`);
  return values;
}

/** @returns undefined if help was asked for. @throws UsageError */
export function parseServiceOptions(argv: readonly string[]): ServiceOptions | undefined {
  const values = readFlags(argv, ['profile', 'validators', 'clients', 'rounds', 'overload'], true);
  if (values === undefined) return undefined;
  const { smoke, json } = values;
  return {
    profile: oneOf('profile', values.profile ?? (smoke ? '112' : '128'), ['112', '128']),
    validators: list('validators', values.validators ?? '4', 4, 64),
    clients: values.clients === 'none' ? [] : list('clients', values.clients ?? (smoke ? '1,2' : '1,8,64'), 1, 256),
    rounds: integer('rounds', values.rounds ?? '1', 1, 1000),
    least: smoke ? 1 : 6,
    overloadSeconds: integer('overload', values.overload ?? (smoke ? '0' : '8'), 0, 120),
    json,
  };
}

export interface ServiceFigure {
  readonly figure: string;
  readonly profile: string;
  readonly n: number;
  readonly value: number;
  readonly unit: string;
}

const systemRandom: Random = (length) => new Uint8Array(randomBytes(length));
const batch = 16;
const percentiles = [0.5, 0.95, 0.99] as const;

/** Places for requests at each validator: as many as the most clients need, so that nobody but the flood meets the limit. */
const inFlightOf = ({ clients }: ServiceOptions, size: number): number =>
  Math.max(2, Math.ceil(Math.max(1, ...clients) / size));

/** Lines of one client: its own first, then to the other validators. */
const inOrder = <P>(peers: readonly P[], first: number, size: number): P[] =>
  Array.from({ length: Math.min(size, peers.length) }, (_, i) => peers[(first + i) % peers.length] as P);

/** Throughput and percentiles of a closed loop. */
export function loadFigures(what: string, { clients, done, seconds, latencies }: LoadResult) {
  return [
    { figure: `service/${what}/${clients}-clients.rate`, value: done / seconds, unit: '1/s' },
    ...percentiles.map((p) => ({
      figure: `service/${what}/${clients}-clients.p${100 * p}`,
      value: quantile(latencies, p),
      unit: 'ms',
    })),
  ];
}

/** What the service said: RESOURCE_EXHAUSTED, and when to come again. */
export function refusalOf(error: unknown): Refusal {
  // The transport hands refusals of the request on as replies; the code is the reason of the error table.
  const code = error instanceof RemoteError ? error.code : undefined;
  const exhausted = code !== undefined && ['RATE_LIMITED', 'TOO_MANY_IN_FLIGHT', 'OVERLOADED'].includes(code);
  const status = error instanceof PeerCallError ? error.status : undefined;
  return {
    exhausted: exhausted || status === 8,
    retryAfterMs: error instanceof RemoteError ? error.retryAfterMs : undefined,
  };
}

/** Everything that is measured of one network. */
class ServiceRun {
  readonly #options: ServiceOptions;
  readonly #network: ServiceNetwork;
  readonly #wallet: MeasuredWallet;
  readonly #step: (text: string) => void;
  readonly figures: ServiceFigure[] = [];
  readonly loads: { readonly what: string; readonly load: LoadResult }[] = [];
  overload: { readonly capacity: number; readonly flood: FloodResult; readonly after: LoadResult } | undefined;
  /** Requests that were answered, and signatures among them that verify. */
  asked = 0;
  verified = 0;
  /** Presigns that were asked for, and how many that used up. */
  taken = 0;
  used = 0;
  #presigns = 0;
  readonly #refills: { readonly count: number; readonly ms: number }[] = [];

  constructor(options: ServiceOptions, network: ServiceNetwork, wallet: MeasuredWallet, step: (text: string) => void) {
    this.#options = options;
    this.#network = network;
    this.#wallet = wallet;
    this.#step = step;
  }

  #add(figure: string, value: number, unit: string): void {
    this.figures.push({ figure, profile: this.#options.profile, n: this.#network.size, value, unit });
  }

  async #fill(count: number): Promise<void> {
    while (this.#presigns < count) {
      const size = Math.min(batch, count - this.#presigns);
      this.#step(`presigns: ${this.#presigns} of ${count}`);
      const ms = await this.#network.makePresigns((this.#refills.length % this.#network.size) + 1, size);
      this.#refills.push({ count: size, ms });
      this.#presigns += size;
    }
  }

  /** Presigns for `count` requests, at `clients` at once, and the client's messages. */
  async #jobs(count: number, clients: number): Promise<{ readonly jobs: SignJob[]; readonly load: LoadResult }> {
    // Leaders that race use some up.
    await this.#fill(clients === 1 ? count : Math.ceil(1.25 * count) + 4);
    const { size } = this.#network;
    const first = Array.from({ length: clients }, (_, i) => this.#network.peer((i % size) + 1));
    const all = Array.from({ length: size }, (_, i) => this.#network.peer(i + 1));
    const from = (start: number): typeof all => all.map((_, i) => all[(start + i) % size] as (typeof all)[number]);
    this.#step(`${clients} clients take presigns`);
    const before = this.#presigns;
    const { results, ...load } = await closedLoop(clients, Array.from({ length: count }), (_, client) =>
      this.#wallet.take([first[client] as (typeof first)[number], ...from((client + 1) % size).slice(0, size - 1)]),
    );
    this.#presigns = await this.#available();
    this.taken += count;
    this.used += before - this.#presigns;
    const jobs: SignJob[] = [];
    for (const taken of results) {
      let job = taken;
      while (job === undefined) {
        await this.#fill(4);
        job = await this.#wallet.take(all);
        this.#presigns = await this.#available();
      }
      this.#step(`client messages: ${jobs.length} of ${count}`);
      jobs.push(await this.#wallet.prepare(job));
    }
    for (const peer of [...first, ...all]) peer.close();
    return { jobs, load };
  }

  /** Free presigns, as the validator that knows of fewest sees them. */
  async #available(): Promise<number> {
    // What a validator says of its store may be half a second old.
    await sleep(600);
    return Math.min(...(await this.#network.metric('dwallet_presigns_available')));
  }

  async #sign(jobs: readonly SignJob[], clients: number): Promise<LoadResult> {
    const { size } = this.#network;
    const peers = Array.from({ length: Math.max(clients, size) }, (_, i) => this.#network.peer((i % size) + 1));
    this.#step(`${clients} clients sign`);
    this.asked += jobs.length;
    const { results: _, ...load } = await closedLoop(clients, jobs, async (job, client) => {
      await this.#wallet.sign(inOrder(peers, client, size), job);
      this.verified++;
    });
    for (const peer of peers) peer.close();
    return load;
  }

  /** Bytes between validators of one signature after the other. */
  async bytes(): Promise<void> {
    const count = 2;
    const before = await this.#network.peerBytes();
    await this.#fill(count);
    const filled = await this.#network.peerBytes();
    const { jobs } = await this.#jobs(count, 1);
    const taken = await this.#network.peerBytes();
    await this.#sign(jobs, 1);
    const signed = await this.#network.peerBytes();
    this.#add('service/presign-batch-of-2.peer-bytes', (filled - before) / count, 'B');
    this.#add('service/take-presign.peer-bytes', (taken - filled) / count, 'B');
    this.#add('service/sign.peer-bytes', (signed - taken) / count, 'B');
  }

  async load(): Promise<void> {
    const { clients, rounds, least, overloadSeconds } = this.#options;
    // Compilers and tables; not kept.
    await this.#sign((await this.#jobs(least, 1)).jobs, 1);
    const rates = new Map<number, number>();
    for (const many of clients) {
      const { jobs, load: takes } = await this.#jobs(Math.max(least, many * rounds), many);
      this.loads.push({ what: 'take-presign', load: takes });
      const load = await this.#sign(jobs, many);
      this.loads.push({ what: 'sign', load });
      rates.set(many, load.done / load.seconds);
    }
    for (const { what, load } of this.loads)
      for (const { figure, value, unit } of loadFigures(what, load)) this.#add(figure, value, unit);
    const capacity = rates.get(8) ?? Math.max(...rates.values());
    if (overloadSeconds > 0) await this.#overload(capacity, overloadSeconds);
    this.#add('service/take-presign.used-up', this.used / this.taken, 'presigns');
    const whole = this.#refills.filter(({ count }) => count === batch);
    const refills = whole.length > 0 ? whole : this.#refills;
    this.#add('service/presign.rate', median(refills.map(({ count, ms }) => (1000 * count) / ms)), '1/s');
    const memory = await this.#network.metric('process_resident_memory_bytes');
    this.#add('service/memory.median', median(memory) / 2 ** 20, 'MiB');
    this.#add('service/memory.most', Math.max(...memory) / 2 ** 20, 'MiB');
  }

  async #overload(capacity: number, least: number): Promise<void> {
    const { size } = this.#network;
    const inFlight = size * inFlightOf(this.#options, size);
    // Long enough to fill all places and to be refused twice as often.
    const seconds = Math.max(least, (3 * inFlight) / (10 * capacity));
    // What it takes at once and does meanwhile, half of that again, and what is on its way to be refused.
    const count = Math.ceil(inFlight + 1.5 * capacity * seconds + 10 * capacity);
    const { jobs } = await this.#jobs(count, Math.min(count, size * 4));
    const peers = Array.from({ length: 2 * size }, (_, i) =>
      this.#network.peer((i % size) + 1, { waitWhenLimited: false }),
    );
    this.#step(`overload: ${formatNumber(10 * capacity)} requests per second`);
    const done = new Set<SignJob>();
    const result = await flood(
      10 * capacity,
      seconds,
      jobs,
      async (job, turn) => {
        await this.#wallet.sign(inOrder(peers, turn, size), job);
        done.add(job);
        this.verified++;
      },
      refusalOf,
    );
    this.asked += result.done + result.failed;
    for (const peer of peers) peer.close();
    const rest = jobs.filter((job) => !done.has(job)).slice(0, 16);
    const after = await this.#sign(rest, Math.min(8, rest.length));
    this.overload = { capacity, flood: result, after };
    this.#add('service/overload.offered', result.offered / result.seconds, '1/s');
    // Until the last of what was taken: a signature may take as long as the flood.
    const rate = result.done / (result.seconds + result.drainSeconds);
    this.#add('service/overload.rate', rate, '1/s');
    this.#add('service/overload.kept', rate / capacity, 'ratio');
    this.#add('service/overload.refused', result.refused, 'count');
    this.#add('service/overload.refused-with-hint', result.refusedWithHint, 'count');
    this.#add('service/overload.failed', result.failed, 'count');
    if (result.refusalLatencies.length > 0)
      this.#add('service/overload.refusal-p95', quantile(result.refusalLatencies, 0.95), 'ms');
    this.#add('service/overload.drain', result.drainSeconds, 's');
    this.#add('service/overload.rate-after', after.done / after.seconds, '1/s');
  }
}

function formatLoads(loads: ServiceRun['loads']): string {
  const rows: Row[] = loads.map(({ what, load }) => [
    what === 'sign' ? 'sign' : 'take a presign',
    String(load.clients),
    String(load.done),
    formatNumber(load.done / load.seconds),
    ...percentiles.map((p) => formatMilliseconds(quantile(load.latencies, p))),
  ]);
  return formatTable(['', 'clients', 'requests', 'per second', 'p50', 'p95', 'p99'], rows);
}

const others = (figures: readonly ServiceFigure[]): string =>
  formatTable(
    ['', 'n', ''],
    figures
      .filter(({ figure }) => !/-clients\./.test(figure))
      .map(({ figure, n, value, unit }) => [
        figure.replace('service/', ''),
        String(n),
        unit === 'B'
          ? formatBytes(value)
          : unit === 'ms'
            ? formatMilliseconds(value)
            : `${formatNumber(value)} ${unit}`,
      ]),
  );

export async function runServiceBench(argv: readonly string[]): Promise<number> {
  const options = parseServiceOptions(argv);
  if (options === undefined) {
    say(serviceHelp);
    return 0;
  }
  const remark = remarkFor(options);
  const begin = performance.now();
  const profile = profiles[options.profile];
  remark(`${machineLine()}; ${profile.id}, one process per validator, all on this machine`);
  const progress = await createProgress();
  const parameters = createPublicParameters(wasmKernel, profile, { shortTables: true });
  const checks: { readonly text: string; readonly holds: boolean }[] = [];
  for (const [at, size] of options.validators.entries()) {
    progress.phase(`n = ${size}: genesis`);
    const network = await ServiceNetwork.start(size, options.profile, inFlightOf(options, size));
    try {
      const wallet = await MeasuredWallet.create(network.peer(1), size, parameters, systemRandom);
      const run = new ServiceRun(options, network, wallet, (text) => progress.step(text));
      progress.phase(`n = ${size}: load`);
      await run.bytes();
      if (at === 0 && options.clients.length > 0) await run.load();
      progress.done();
      if (options.json)
        for (const figure of run.figures)
          say(JSON.stringify({ ...figure, value: Number(figure.value.toPrecision(6)) }));
      else {
        if (run.loads.length > 0) say(`\nn = ${size}\n\n${formatLoads(run.loads)}`);
        say(`\n${others(run.figures)}`);
      }
      checks.push({
        text: `n = ${size}: ${run.verified} of ${run.asked} signatures verify`,
        holds: run.verified === run.asked && run.asked > 0,
      });
      if (run.overload !== undefined) {
        const {
          flood: { refused, refusedWithHint, failed, jobsLasted },
        } = run.overload;
        checks.push(
          {
            text: `overload: ${refused} requests were refused, ${refusedWithHint} of them with a hint when to come again`,
            holds: refused > 0 && refused === refusedWithHint,
          },
          { text: `overload: ${failed} requests failed otherwise`, holds: failed === 0 },
          { text: 'overload: there was always something to ask for', holds: jobsLasted },
        );
      }
    } finally {
      await network.close();
    }
  }
  await progress.close();
  remark('');
  for (const { text, holds } of checks) remark(`${holds ? 'ok  ' : 'FAIL'} ${text}`);
  remark(`total ${secondsSince(begin)}`);
  return checks.every(({ holds }) => holds) ? 0 : 1;
}
