/**
 * One validator as a service: starts its parts in an order in which nothing waits for what starts later, watches them, and ends them so that what
 * runs is finished first.
 *
 * configuration -> keystore -> store -> compute -> API listening (NOT_SERVING) -> lines to the others -> catch-up -> genesis, if the network
 * has none -> SERVING. Everything after "API listening" goes on in the background: the others may start later, or never.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { type ParameterOptions, type PublicParameters, createPublicParameters, profileOf } from '@dwallet/class-groups';
import { referenceKernel } from '@dwallet/kernel';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { type Digest, type Random, type ValidatorId, encodeText, secp256k1Curve } from '@dwallet/sigma';
import {
  type Committee,
  type Peer,
  type SingleUseStore,
  maxBatch,
  networkIdOf,
  signingPublicKey,
} from '@dwallet/two-pc-mpc/network';
import { type AdminCommands, AdminError, startAdminServer } from './admin.ts';
import type { ApiObserver } from './api/api-observer.ts';
import { defaultApiLimits } from './api/limits.ts';
import { ApiServer, type ApiServerOptions } from './api/server.ts';
import type { RedisPool } from './compute/redis-pool.ts';
import { ThreadPool } from './compute/thread-pool.ts';
import { ConfigError, type ValidatorConfig, splitAddress } from './config.ts';
import { type Clock, systemClock, within } from './clock.ts';
import { exportEvidence, listEvidence } from './evidence.ts';
import { exitCodes, softwareVersion } from './exit-codes.ts';
import { startWatchServer } from './http.ts';
import { Keystore, openOrMakeKeyFile } from './keystore.ts';
import { type LogFields, type Logger, createLogger, errorFields } from './logging.ts';
import { type ComputeLoad, Metrics } from './metrics.ts';
import type { Observer } from './observer.ts';
import { GrpcPeers } from './peers/grpc-peers.ts';
import { PoolKeeper } from './pool-keeper.ts';
import { newTraceId, requestContext, withRequestContext } from './request-context.ts';
import { destroyUnlock, redisAddress, requirePrivate, unlockOf } from './setup.ts';
import { FileTableCache } from './store/file-table-cache.ts';
import { LmdbStore } from './store/lmdb-store.ts';
import type { RecordStore } from './store/record-store.ts';
import { type TlsFiles, TlsIdentity, checkTlsFiles } from './tls/credentials.ts';
import { pinOf } from './tls/pins.ts';
import { inTrace } from './tracing.ts';
import { Validator, type ValidatorOptions, type ValidatorStatus } from './validator.ts';
import { type ValidatorSet, loadValidatorSet, ownEntry } from './validator-set.ts';
import { type Zones, configurationProblem, configuredZones, describeFault } from './zones/index.ts';

/** What the hook of a demonstration gets to make a validator that misbehaves. Nothing of that kind is in this package. */
export interface ServeHookParts {
  readonly validator: Validator;
  readonly index: ValidatorId;
  readonly committee: Committee;
  readonly parameters: PublicParameters;
  readonly keystore: Keystore;
  readonly networkId: Digest;
}

/**
 * Parts of the service that a test exchanges or wraps to inject faults (test/faults), and the demonstration of zones for its Byzantine validator. No other
 * program of this project passes any, and nothing here injects anything.
 */
export interface ServiceSeams {
  /** In place of those of the configured profile. */
  readonly parameters?: PublicParameters;
  /** What sessions and operations write to. */
  readonly store?: (store: RecordStore) => RecordStore;
  /** Makes the validator. */
  readonly validator?: (options: ValidatorOptions) => Validator;
}

export interface ServiceOptions {
  readonly config: ValidatorConfig;
  readonly environment: Record<string, string | undefined>;
  /** What answers the others' calls; default: the validator itself. */
  readonly serve?: (parts: ServeHookParts) => Peer;
  readonly log?: Logger;
  /** Milliseconds of the Unix epoch, for the dates of certificates; default: the platform's clock. */
  readonly now?: () => number;
  readonly seams?: ServiceSeams;
}

const systemRandom: Random = (length) => new Uint8Array(randomBytes(length));

/** @param options - with a table cache, tables of long-lived bases are built once per folder. */
export function parametersOf(
  profile: '112' | '128',
  kernel: string | undefined,
  options: ParameterOptions = {},
): PublicParameters {
  const chosen = kernel === 'reference' ? referenceKernel : wasmKernel;
  return createPublicParameters(chosen, profileOf(profile), options);
}

/** Logs of a validator: its number on every line, the trace and session of the request that the line belongs to. */
export const serviceLogger = (config: ValidatorConfig): Logger =>
  createLogger({
    level: config.log.level,
    ...(config.log.file === undefined ? {} : { file: config.log.file }),
    base: { validator: config.validator.index, network: config.network.name },
    context: () => {
      const context = requestContext();
      return { traceId: context?.traceId, session: context?.session?.id };
    },
  });

const retryMs = { first: 250, most: 5000 } as const;
const helloEveryMs = 1000;
/** A validator without worker threads may be silent for seconds; one that is gone is noticed at once. */
const helloWaitMs = 15_000;
/** A main thread that is this late, on average, has no room for background work. */
const busyLoopMs = 100;

/** For compute jobs that still run, here or on other machines, when nobody waits for them any more. */
const closeWaitMs = 2000;
/** How often the others are asked for evidence. */
const evidenceEveryMs = 30_000;
/** How old what is known of the store may be. */
const statusAgeMs = 500;

const dayMs = 86_400_000;
/** A certificate that expires within this is warned of, once a day. */
const renewalDays = 30;

type Phase = 'starting' | 'catching-up' | 'serving' | 'stopping' | 'stopped';

type Compute = ThreadPool | RedisPool;

interface Parts {
  readonly keystore: Keystore;
  readonly store: LmdbStore;
  readonly compute: Compute | undefined;
  readonly peers: GrpcPeers;
  readonly validator: Validator;
  readonly api: ApiServer;
  readonly keeper: PoolKeeper;
  /** Of clients and of validators. */
  readonly tls: readonly [TlsIdentity, TlsIdentity];
}

export class ValidatorService {
  readonly #options: ServiceOptions;
  readonly #config: ValidatorConfig;
  readonly #clock: Clock = systemClock;
  readonly #metrics: Metrics;
  readonly #loop: IntervalHistogram = monitorEventLoopDelay({ resolution: 10 });
  readonly #set: ValidatorSet;
  readonly index: ValidatorId;
  readonly networkId: Digest;
  readonly log: Logger;
  #phase: Phase = 'starting';
  /** Made one after the other; undefined until then. */
  #parts: Parts | undefined;
  /** What was started so far, to be ended in the opposite order. */
  readonly #ending: (() => Promise<void> | void)[] = [];
  readonly #reachable = new Map<ValidatorId, boolean>();
  readonly #stopSignal = new AbortController();
  /** Settles when the start has ended, either way. */
  #building: Promise<void> | undefined;
  #stopping: Promise<number> | undefined;
  #genesis: Promise<void> | undefined;
  #statusAt = Number.NEGATIVE_INFINITY;
  #statusNow: ValidatorStatus | undefined;

  /** @throws ConfigError when configuration and validator set contradict each other. */
  constructor(options: ServiceOptions) {
    const { config } = options;
    this.#options = options;
    this.#config = config;
    this.#set = loadValidatorSet(config.network.set);
    this.index = ownEntry(this.#set, config).index;
    this.log = options.log ?? serviceLogger(config);
    const profile = options.seams?.parameters?.profile ?? profileOf(config.network.profile);
    this.networkId = networkIdOf(config.network.name, profile.id, this.#set.committee.digest);
    this.#metrics = new Metrics({
      validator: this.index,
      network: config.network.name,
      marks: config.pool,
      sources: {
        presigns: () => this.#depth(),
        compute: () => this.#computeLoad(),
        peers: () => this.#reachable,
        serving: () => this.#phase === 'serving',
        evidence: () => this.#status()?.evidence.length,
        locked: () => this.#status()?.lockedDWallets.length,
        certificates: () => this.#certificateSeconds(),
      },
    });
  }

  get phase(): Phase {
    return this.#phase;
  }

  /**
   * Resolves when the API listens; the way to SERVING goes on in the background. A stop meanwhile ends it as soon as everything is made.
   * @throws when it cannot start; what was started is ended then.
   */
  async start(): Promise<void> {
    try {
      this.#building = this.#startParts();
      await this.#building;
    } catch (error) {
      await this.#endAll();
      throw error;
    }
    if (this.#stopSignal.signal.aborted) return;
    this.#phase = 'catching-up';
    const { peers, clients, http } = this.#config.listen;
    const { listen: browser } = this.#config.browser;
    this.log.info('listening', {
      peers,
      clients,
      http,
      browser,
      networkId: Buffer.from(this.networkId).toString('hex'),
    });
    this.#inBackground('watching the other validators', () => this.#watchPeers());
    this.#inBackground('coming up', () => this.#comeUp());
    this.#inBackground('watching the certificates', () => this.#watchCertificates());
  }

  // Starting ------------------------------------------------------------------------------------------------------------------------

  async #startParts(): Promise<void> {
    await this.#startWatching();
    if (!this.#stopSignal.signal.aborted) this.#parts = await this.#build();
  }

  /** First of all, so that a start that hangs can be seen. */
  async #startWatching(): Promise<void> {
    const { host, port } = splitAddress(this.#config.listen.http);
    this.#loop.enable();
    this.#ending.push(() => {
      this.#loop.disable();
    });
    const watch = await startWatchServer({
      host,
      port,
      metrics: () => this.#metrics.text(),
      ready: () => this.readiness(),
      facts: () => this.facts(),
    });
    this.#ending.push(() => watch.close());
  }

  /** Keystore, store, compute, API, lines: each needs only those before it. */
  async #build(): Promise<Parts> {
    const config = this.#config;
    const { index, networkId } = this;
    const { committee, entries } = this.#set;
    const entry = this.#set.entry(index);
    const problem = (what: string): ConfigError => new ConfigError(config.network.set, [`validators: ${what}`]);
    if (!existsSync(join(config.data, 'keystore.json')))
      throw new ConfigError(config.data, ['keystore.json: is not there; make it with "dwallet validator init"']);
    const unlock = unlockOf(config, this.#options.environment, systemRandom);
    const keystore = Keystore.open(config.data, systemRandom, unlock);
    destroyUnlock(unlock);
    const { identity } = keystore;
    const owner = signingPublicKey(identity);
    identity.destroy();
    if (Buffer.from(owner).toString('hex') !== entry.identity)
      throw problem(`the identity of validator ${index} is not that of this keystore`);
    const tls = { peers: this.#tls('peers'), clients: this.#tls('clients') };
    if (tls.peers.pin !== entry.tls) throw problem(`the TLS pin of validator ${index} is not that of its certificate`);

    const { seams = {} } = this.#options;
    const store = LmdbStore.open({ folder: config.data, owner, networkId, random: systemRandom });
    const records = seams.store?.(store) ?? store;
    this.#ending.push(() => store.close());
    if (store.generation.restored)
      this.log.warn('the store was restored from a backup: this validator abstains from what it may have voted on');

    const tables = join(config.data, 'tables');
    const sealKey = keystore.tableSealKey();
    const tableCache = new FileTableCache(tables, {
      sealKey,
      onProblem: ({ message }) => this.log.warn(message),
    });
    const kernel = this.#options.environment['DWALLET_KERNEL'];
    const parameters =
      seams.parameters ?? parametersOf(config.network.profile, kernel, { tableCache, shortTables: true });
    const compute = await this.#startCompute(parameters, { folder: tables, sealKey: sealKey.expose() });

    const peers = new GrpcPeers({
      self: index,
      networkId,
      validators: entries.map((one) => ({
        validator: one.index as ValidatorId,
        endpoint: one.peers,
        tlsName: one.name,
        pin: one.tls,
      })),
      tls: tls.peers,
      callMs: config.timeouts.answerMs,
      onBytes: (rpc, direction, bytes) => this.#metrics.exchanged(rpc, direction, bytes),
    });
    this.#ending.push(() => peers.close());
    const zones = configuredZones(config, {
      records,
      metrics: this.#metrics,
      log: this.log,
      environment: this.#options.environment,
    });
    const makeValidator = seams.validator ?? ((options: ValidatorOptions) => new Validator(options));
    const validator = makeValidator({
      index,
      networkName: config.network.name,
      committee,
      parameters,
      curve: secp256k1Curve,
      keystore,
      store: timedStore(records, this.#metrics),
      markers: timedMarkers(store.markers(), this.#metrics),
      random: systemRandom,
      peers: peers.peers,
      log: (text) => this.log.info(text),
      timeouts: config.timeouts,
      observer: this.#observer(),
      ...(compute === undefined ? {} : { compute }),
      ...(zones === undefined ? {} : { zones: zones.options }),
    });
    const serve = this.#options.serve?.({ validator, index, committee, parameters, keystore, networkId }) ?? validator;

    const starts = countStart(store);
    const api = await ApiServer.start({
      index,
      networkId,
      committee,
      serve,
      reads: validator,
      zones: validator.zones,
      store: records,
      presigns: () => ({
        available: this.#depth()?.available ?? 0,
        lowMark: config.pool.low,
        highMark: config.pool.low === 0 ? 0 : config.pool.high,
      }),
      hello: () => {
        const { hasKey = false, hasSetup = false, availablePresigns = 0 } = this.#status() ?? {};
        return { generation: starts, hasKey, hasSetup, availablePresigns, softwareVersion };
      },
      peers: { address: config.listen.peers, tls: tls.peers, pins: entries.map((one) => one.tls) },
      clients: { address: config.listen.clients, tls: tls.clients, reflection: config.reflection },
      ...browserOptions(config, tls.clients),
      limits: {
        maxRequestBytes: config.limits.requestBytes,
        maxDeadlineMs: config.limits.deadlineMs,
        maxInFlight: config.limits.inFlight,
        maxInFlightPerAccount: config.limits.inFlightPerAccount,
        account: { perSecond: config.limits.perAccountPerSecond, burst: config.limits.burstPerAccount },
        maxPeerDeadlineMs: Math.max(defaultApiLimits.maxPeerDeadlineMs, config.timeouts.answerMs),
      },
      observer: this.#apiObserver(),
      log: (text) => this.log.warn(text),
    });
    // Ended first: what runs needs everything else.
    this.#ending.push(() => api.close(0));
    if (zones !== undefined && validator.zones !== undefined) {
      const running = validator.zones;
      this.#ending.push(() => zones.stop(running));
      zones.start(running);
    }

    const keeper = new PoolKeeper({
      clock: this.#clock,
      marks: config.pool,
      index,
      validators: entries.length,
      depth: () => this.#depth(),
      lead: (batch) => this.#leadPresigns(validator, batch),
      busy: () => this.#busy(),
      log: (text) => this.log.info(text),
    });
    const admin = await startAdminServer(
      config.admin.socket ?? join(config.data, 'admin.sock'),
      this.#commands(),
      (command, error) => this.log.error(`the command ${command} failed`, errorFields(error)),
    );
    this.#ending.push(() => admin.close());
    return { keystore, store, compute, peers, validator, api, keeper, tls: [tls.clients, tls.peers] };
  }

  async #startCompute(
    parameters: PublicParameters,
    tableCache: { readonly folder: string; readonly sealKey: Uint8Array },
  ): Promise<Compute | undefined> {
    const { redis, threads = Math.max(1, availableParallelism() - 1) } = this.#config.compute;
    if (threads === 0 && redis === undefined) return undefined;
    const size = Math.max(1, threads);
    // Its threads start with their first job.
    const local = new ThreadPool({ parameters, curve: secp256k1Curve, size, tableCache, shortTables: true });
    if (redis === undefined) {
      this.#ending.push(() => within(this.#clock, local.close(), closeWaitMs));
      return local;
    }
    const redisPool = await import('./compute/redis-pool.ts');
    const pool = new redisPool.RedisPool({
      redis: redisAddress(redis, this.#options.environment),
      workerKey: openOrMakeKeyFile(redis.workerKeyFile, systemRandom).key,
      parameters,
      local,
      random: systemRandom,
      log: (text) => this.log.warn(text),
    });
    // A Redis that is away answers no goodbye.
    this.#ending.push(() => within(this.#clock, pool.close(), closeWaitMs));
    return pool;
  }

  #tls(side: 'peers' | 'clients'): TlsIdentity {
    return new TlsIdentity(this.#readTls(side));
  }

  /** @throws ConfigError when certificate and key cannot be read or do not belong together, or others can read the key. */
  #readTls(side: 'peers' | 'clients'): TlsFiles {
    const paths = this.#config.tls[side];
    requirePrivate(paths.key, `tls.${side}.key`);
    const files = { certificate: readFileSync(paths.certificate, 'utf8'), key: readFileSync(paths.key, 'utf8') };
    try {
      checkTlsFiles(files);
    } catch (error) {
      throw new ConfigError(paths.certificate, [
        `tls.${side}: ${error instanceof Error ? error.message : 'unreadable'}`,
      ]);
    }
    return { ...files, ca: this.#set.authorities };
  }

  /** A task that lives as long as the service. That it ends by an error is a bug, but no reason to stop serving. */
  #inBackground(what: string, work: () => Promise<void>): void {
    withRequestContext({ traceId: newTraceId() }, work).catch((error: unknown) => {
      if (this.#stopSignal.signal.aborted) return;
      this.#metrics.unforeseen(what);
      this.log.error(`${what} ended`, errorFields(error));
    });
  }

  /** @returns false when the service is to stop. */
  #wait(ms: number): Promise<boolean> {
    const { signal } = this.#stopSignal;
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const stop = (): void => {
        cancel();
        resolve(false);
      };
      const cancel = this.#clock.after(ms, () => {
        signal.removeEventListener('abort', stop);
        resolve(true);
      });
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  /** Catch-up and genesis, again and again until this validator has what it needs; then it serves and keeps its pool. */
  async #comeUp(): Promise<void> {
    const { validator, keeper } = this.#parts as Parts;
    const complete = (): boolean => validator.hasNetwork;
    let wait: number = retryMs.first;
    while (!this.#stopSignal.signal.aborted) {
      try {
        await validator.catchUp();
        if (complete()) break;
        if (this.index === 1 && this.#config.genesis.automatic && this.#allReachable()) await this.#leadGenesis();
        if (complete()) break;
      } catch (error) {
        this.log.warn('not up yet', { ...errorFields(error), retryMs: wait });
      }
      // The genesis of another leader may end while this one waits: then there is nothing to wait for.
      const until = this.#clock.now() + wait;
      while (this.#clock.now() < until && !complete()) if (!(await this.#wait(100))) return;
      wait = Math.min(2 * wait, retryMs.most);
    }
    if (this.#stopSignal.signal.aborted) return;
    this.#phase = 'serving';
    this.#statusNow = undefined;
    this.log.info('serving');
    this.#inBackground('learning evidence', () => this.#learnEvidence());
    this.#tellHealth();
    keeper.start();
  }

  /** One at a time, whoever asks for it. */
  #leadGenesis(): Promise<void> {
    const { validator } = this.#parts as Parts;
    this.#genesis ??= inTrace('genesis', {}, async () => {
      this.log.info('leading the genesis of the network');
      await validator.leadGenesis();
    }).finally(() => {
      this.#genesis = undefined;
    });
    return this.#genesis;
  }

  /** In a trace of its own: it can be followed through all validators. */
  #leadPresigns(validator: Validator, batch: number): Promise<void> {
    return inTrace('presigns', {}, () => validator.leadPresigns(batch));
  }

  // Watching ------------------------------------------------------------------------------------------------------------------------

  /** Each line by itself: one validator that hangs does not hide what the others do. */
  async #watchPeers(): Promise<void> {
    const { peers, validator } = this.#parts as Parts;
    const look = async (of: ValidatorId): Promise<void> => {
      const deadline = performance.now() + helloWaitMs;
      let why: LogFields = {};
      const answered = await withRequestContext({ traceId: newTraceId(), deadline }, async () => {
        try {
          await peers.peers.get(of)?.hello();
          return true;
        } catch (error) {
          why = errorFields(error);
          return false;
        }
      });
      const before = this.#reachable.get(of);
      if (this.#stopSignal.signal.aborted || before === answered) return;
      this.#reachable.set(of, answered);
      if (answered) this.log.info(`validator ${of} is reachable`);
      else this.log.warn(`validator ${of} cannot be reached`, why);
      // Whoever comes back may have certified something meanwhile, or this one may have been the one that was away.
      if (answered && before === false && this.#phase === 'serving')
        this.#inBackground('catching up', () => validator.catchUp([of]));
    };
    const watch = async (of: ValidatorId): Promise<void> => {
      do {
        await look(of);
        this.#tellHealth();
      } while (await this.#wait(helloEveryMs));
    };
    await Promise.all([...peers.peers.keys()].map(watch));
  }

  /** Who is blamed anywhere is blamed here: what others found is judged and kept, too. */
  async #learnEvidence(): Promise<void> {
    const { validator } = this.#parts as Parts;
    do {
      try {
        await validator.learnEvidence();
      } catch (error) {
        this.log.warn('evidence of the others cannot be kept', errorFields(error));
      }
    } while (await this.#wait(evidenceEveryMs));
  }

  /** Nobody else renews them, and all lines end on the day that they expire. */
  async #watchCertificates(): Promise<void> {
    do this.#lookAtCertificates();
    while (await this.#wait(dayMs));
  }

  #lookAtCertificates(): void {
    for (const [side, seconds] of this.#certificateSeconds()) {
      const days = Math.floor((1000 * seconds) / dayMs);
      if (days >= renewalDays) continue;
      const text = days < 0 ? 'has expired' : `expires in ${days} days`;
      this.log.warn(`the certificate of tls.${side} ${text}: replace it and send SIGHUP`);
    }
  }

  /** How long the certificates in use are good for. */
  #certificateSeconds(): ReadonlyMap<'clients' | 'peers', number> {
    const [clients, peers] = this.#parts?.tls ?? [];
    if (clients === undefined || peers === undefined) return new Map();
    const now = (this.#options.now ?? Date.now)();
    const left = ({ expiresAt }: TlsIdentity): number => (expiresAt - now) / 1000;
    return new Map([
      ['clients', left(clients)],
      ['peers', left(peers)],
    ]);
  }

  #allReachable(): boolean {
    return [...(this.#parts?.peers.peers.keys() ?? [])].every((of) => this.#reachable.get(of) === true);
  }

  /** Whether this validator can serve a client: every condition by name. */
  readiness(): Record<string, boolean> {
    const { access } = this.#set.committee;
    const reached = [this.index, ...[...this.#reachable].flatMap(([of, yes]) => (yes ? [of] : []))];
    const status = this.#status();
    return {
      serving: this.#phase === 'serving',
      store: this.#parts !== undefined && this.#parts.store.failure === undefined,
      networkKey: status?.hasKey === true && status.hasSetup,
      quorum: access.isAuthorized(reached),
      pool: (this.#depth()?.available ?? 0) >= this.#config.pool.floor,
      workers: this.#parts !== undefined && this.#workersAlive(),
      ...zonesReady(this.#parts?.validator),
    };
  }

  #workersAlive(): boolean {
    const load = this.#computeLoad();
    return this.#parts?.compute === undefined || load === undefined || load.workers > 0 || load.depth === 0;
  }

  /** For people: who this is and how it does. */
  facts(): Record<string, string | number | boolean> {
    const depth = this.#depth();
    return {
      validator: this.index,
      name: this.#set.entry(this.index).name,
      network: this.#config.network.name,
      profile: this.#config.network.profile,
      networkId: Buffer.from(this.networkId).toString('hex'),
      phase: this.#phase,
      pid: process.pid,
      version: softwareVersion,
      presigns: depth?.available ?? 0,
      ownPresigns: depth?.own ?? 0,
      pool: this.#parts?.keeper.state ?? 'stopped',
      reachable: [...this.#reachable.values()].filter(Boolean).length,
      sessions: this.#metrics.activeSessions,
      ...(this.#computeLoad()?.remoteWorkers === undefined
        ? {}
        : {
            remoteWorkers: this.#computeLoad()?.remoteWorkers ?? 0,
            computeDegraded: this.#computeLoad()?.degraded ?? false,
          }),
      evidence: this.#status()?.evidence.length ?? 0,
      lockedDWallets: this.#status()?.lockedDWallets.length ?? 0,
      restored: this.#parts?.store.generation.restored ?? false,
      ...zoneFacts(this.#parts?.validator),
    };
  }

  #tellHealth(): void {
    const ready = this.#phase === 'serving' && Object.values(this.readiness()).every(Boolean);
    const { api } = this.#parts ?? {};
    const status = ready ? 'SERVING' : 'NOT_SERVING';
    if (api === undefined || api.serving === status) return;
    api.setServing(status);
    this.log.info(`health: ${status}`, this.readiness());
  }

  /** Counting them reads all names in the store, so it is not done for everybody who asks. */
  #status(): ValidatorStatus | undefined {
    if (this.#parts === undefined || this.#phase === 'stopped' || this.#parts.store.failure !== undefined)
      return this.#statusNow;
    const now = this.#clock.now();
    if (this.#statusNow === undefined || now - this.#statusAt > statusAgeMs) {
      this.#statusAt = now;
      try {
        this.#statusNow = this.#parts.validator.status();
      } catch (error) {
        // Whoever watches asks for it from timers and HTTP handlers: a store that cannot be read must not end the process there.
        this.#metrics.skipped('status');
        this.log.once('status', 'the store cannot be read', errorFields(error));
      }
    }
    return this.#statusNow;
  }

  #depth(): { readonly available: number; readonly own: number } | undefined {
    const status = this.#status();
    return status?.hasSetup === true ? { available: status.availablePresigns, own: status.ownPresigns } : undefined;
  }

  #computeLoad(): ComputeLoad | undefined {
    const compute = this.#parts?.compute;
    if (compute === undefined) return undefined;
    const { queued, workers, hung, oldestMs } = compute.statistics();
    const load = { depth: queued, oldestSeconds: oldestMs / 1000, workers, hung };
    if (!('degraded' in compute)) return load;
    const { degraded, remoteWorkers } = compute.statistics();
    return { ...load, degraded, remoteWorkers };
  }

  /** Why background work should wait. */
  #busy(): string | undefined {
    const signing = this.#metrics.active('sign') + this.#metrics.active('take-presign');
    if (signing > this.#config.pool.maxInFlight) return `${signing} signatures are under way`;
    const late = this.#loop.mean / 1e6;
    this.#loop.reset();
    if (late > busyLoopMs) return `the main thread is ${Math.round(late)} ms late`;
    const load = this.#computeLoad();
    if (load !== undefined && load.depth > 4 * Math.max(1, load.workers)) return `${load.depth} compute jobs wait`;
    return undefined;
  }

  /** Metrics, and whatever else listens to the sessions. */
  #observer(): Observer {
    const metrics = this.#metrics;
    const { spans } = this.#config.tracing;
    return {
      sessionStarted: (protocol) => {
        metrics.sessionStarted(protocol);
        this.log.debug('session begins', { protocol });
      },
      sessionEnded: (protocol, outcome) => {
        metrics.sessionEnded(protocol, outcome);
        this.log.info('session ended', { protocol, outcome });
      },
      step: (name, role, seconds) => {
        metrics.step(name, role, seconds);
        // A member's round of a session that another validator leads.
        if (role === 'member' && name.startsWith('ecdsa-presign/') && metrics.active('presign') === 0)
          this.#parts?.keeper.sawForeignSession();
        if (spans) this.log.info('step', { step: name, role, seconds });
      },
      voted: (kind) => metrics.voted(kind),
      refused: (what, code) => {
        metrics.refused(what, code);
        this.log.debug('refused', { what, code });
      },
      blamed: (party, check) => {
        metrics.blamed(party, check);
        this.log.warn(`validator ${party} is at fault`, { party, check });
      },
      skipped: (what) => {
        metrics.skipped(what);
        this.log.once(`skipped/${what}`, `left out: ${what}`);
      },
    };
  }

  #apiObserver(): ApiObserver {
    const metrics = this.#metrics;
    return {
      callStarted() {},
      callFinished: (side, rpc, code, seconds) => metrics.called(`${side}/${rpc}`, code, seconds),
      limited: (_side, _rpc, limit) => metrics.rejected(limit),
      operations: (rpc, running, queued) => metrics.operations(rpc, running, queued),
      replayed: (_rpc, how) => metrics.replayed(how),
    };
  }

  // Operator ------------------------------------------------------------------------------------------------------------------------

  /** What the operator's own commands can ask of the running validator. */
  #commands(): AdminCommands {
    const parts = (): Parts => {
      if (this.#parts === undefined) throw new AdminError('NOT_READY', 'the validator is starting');
      return this.#parts;
    };
    const text = (input: Readonly<Record<string, unknown>>, field: string): string => {
      const value = input[field];
      if (typeof value !== 'string' || value === '') throw new AdminError('INPUT', `${field} must be a text`);
      return value;
    };
    const running = (): Zones => {
      const { zones } = parts().validator;
      if (zones === undefined) throw new AdminError('NOT_FOUND', 'this validator is not set up for zones');
      return zones;
    };
    return {
      status: () => ({
        facts: this.facts(),
        conditions: this.readiness(),
        evidence: parts().validator.status().evidence,
      }),
      genesis: async () => {
        parts();
        if (!this.#allReachable())
          throw new AdminError('UNAVAILABLE', 'the genesis needs all validators, and some cannot be reached');
        await this.#leadGenesis();
        return this.facts();
      },
      presigns: async (input) => {
        const { batch } = input;
        if (!Number.isInteger(batch) || (batch as number) < 1 || (batch as number) > maxBatch)
          throw new AdminError('INPUT', `batch must be an integer from 1 to ${maxBatch}`);
        await this.#leadPresigns(parts().validator, batch as number);
        this.#statusNow = undefined;
        return this.facts();
      },
      backup: (input) => this.#backup(parts(), text(input, 'folder')),
      release: (input) => {
        const id = text(input, 'dwallet');
        if (!/^[0-9a-f]{64}$/.test(id)) throw new AdminError('INPUT', 'dwallet must be 64 hex characters');
        const released = parts().validator.releaseDWallet(new Uint8Array(Buffer.from(id, 'hex')));
        this.log.warn('the operator released a dWallet', { dwallet: id, released });
        return { released };
      },
      'evidence-list': () => ({
        evidence: listEvidence(parts().store).map(({ session, digest, ...rest }) => ({
          ...rest,
          session: Buffer.from(session).toString('hex'),
          digest: Buffer.from(digest).toString('hex'),
        })),
      }),
      'evidence-export': (input) => {
        const bytes = exportEvidence(parts().store, text(input, 'id'));
        if (bytes === undefined) throw new AdminError('NOT_FOUND', 'there is no evidence of this id');
        return { evidence: Buffer.from(bytes).toString('base64') };
      },
      'zone-faults': () => ({
        faults: running().faults().map(describeFault),
        watchers: [...running().watchers].map(([chain, watcher]) => ({ chain, status: watcher.status().kind })),
      }),
      'zone-acknowledge': (input) => {
        const [chain, track, block] = [text(input, 'chain'), text(input, 'track'), text(input, 'block')];
        const fault = running().acknowledge(chain, track, block);
        this.log.warn('the operator acknowledged a safety fault', describeFault(fault));
        return { acknowledged: describeFault(fault) };
      },
      'evidence-judge': async (input) => {
        const bytes = new Uint8Array(Buffer.from(text(input, 'evidence'), 'base64'));
        const { valid, faults, problem } = await parts().validator.judgeEvidence(bytes);
        return { valid, faults, problem };
      },
    };
  }

  async #backup({ store }: Parts, folder: string): Promise<object> {
    await store.backup(folder);
    return { folder };
  }

  /**
   * Certificates and keys from their files again: connections from now on use the new ones.
   * @throws ConfigError when one of them cannot be used; all old ones stay then.
   */
  reload(): void {
    const [clients, peers] = this.#parts?.tls ?? [];
    if (clients === undefined || peers === undefined) throw new AdminError('NOT_READY', 'the validator is starting');
    // Both sides are right before one is replaced.
    const [newClients, newPeers] = [this.#readTls('clients'), this.#readTls('peers')];
    if (pinOf(newPeers.certificate) !== peers.pin)
      throw new ConfigError(this.#config.tls.peers.certificate, [
        'tls.peers: the key is not the pinned one, a new key needs a new validator set',
      ]);
    clients.replace(newClients);
    peers.replace(newPeers);
    this.log.info('certificates are loaded again');
    this.#lookAtCertificates();
  }

  // Ending --------------------------------------------------------------------------------------------------------------------------

  /**
   * Ends the service: takes nothing new, finishes what runs within `timeouts.shutdownMs`, then closes everything, the store last.
   * @returns the exit code: {@link exitCodes}.done, or cutOff when something still ran.
   */
  stop(): Promise<number> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<number> {
    const begin = this.#clock.now();
    const { shutdownMs } = this.#config.timeouts;
    this.#phase = 'stopping';
    this.log.info('stopping: running sessions are finished first', { sessions: this.#metrics.activeSessions });
    this.#stopSignal.abort();
    // Nothing that is made from here on would be ended by anybody.
    await this.#building?.catch(() => {});
    const parts = this.#parts;
    let finished = true;
    if (parts !== undefined) {
      const left = Math.max(0, shutdownMs - (this.#clock.now() - begin));
      await parts.api.close(left, Promise.allSettled([parts.keeper.stop(), this.#genesis]));
      finished = this.#metrics.activeSessions === 0 && parts.api.load.operations === 0;
    }
    await this.#endAll();
    const seconds = Math.round(this.#clock.now() - begin) / 1000;
    if (finished) this.log.info('stopped', { seconds });
    else this.log.warn('stopped, and cut off what still ran: others can lead it', { seconds });
    this.log.flush();
    return finished ? exitCodes.done : exitCodes.cutOff;
  }

  async #endAll(): Promise<void> {
    this.#phase = 'stopped';
    for (const end of this.#ending.splice(0).reverse()) {
      try {
        await end();
      } catch (error) {
        this.log.error('while stopping', errorFields(error));
      }
    }
  }

  /** Something that nobody handled: counted and said. The process ends after it, as nobody knows what is still right. */
  unforeseen(kind: 'unhandledRejection' | 'uncaughtException', error: unknown): void {
    this.#metrics.unforeseen(kind);
    this.log.fatal(kind, errorFields(error));
    this.log.flush();
  }
}

/** The server for pages, if the configuration has one. */
function browserOptions({ browser }: ValidatorConfig, tls: TlsIdentity): Pick<ApiServerOptions, 'browser'> {
  const { listen, allowedOrigins, plainHttp } = browser;
  return listen === undefined ? {} : { browser: { address: listen, allowedOrigins, tls: plainHttp ? undefined : tls } };
}

/** Whether nothing in the zone log contradicts itself. Single zones and clusters that fail keep no client from the others (ZONE:3). */
const zonesReady = (validator: Validator | undefined): Record<string, boolean> =>
  validator?.zones === undefined ? {} : { zoneLog: !validator.zones.state.isClosed };

/** Why nothing about zones is signed or certified any more, which chains took back what was final, and which run what their cluster has not approved. */
function zoneFacts(validator: Validator | undefined): Record<string, string> {
  const { zones } = validator ?? {};
  if (zones === undefined) return {};
  const faults = zones.faults().map(({ chain, track }) => `${chain} (${track})`);
  const unapproved = zones.configurations().flatMap(({ chain }) => {
    const problem = configurationProblem(zones, chain);
    return problem === '' ? [] : [`${chain}: ${problem}`];
  });
  return {
    zoneLog: zones.state.closed ?? 'open',
    ...(faults.length === 0 ? {} : { zoneFaults: faults.join(', ') }),
    ...(unapproved.length === 0 ? {} : { zonesUnapproved: unapproved.join('; ') }),
  };
}

/** The store as sessions see it, with the time of its durable writes. */
function timedStore(store: RecordStore, metrics: Metrics): RecordStore {
  const timed = <T>(write: () => T): T => {
    const begin = performance.now();
    try {
      return write();
    } finally {
      metrics.wrote((performance.now() - begin) / 1000);
    }
  };
  return {
    get: (kind, id) => store.get(kind, id),
    put: (kind, id, value) => timed(() => store.put(kind, id, value)),
    putOnce: (kind, id, value) => timed(() => store.putOnce(kind, id, value)),
    list: (kind) => store.list(kind),
    delete: (kind, id) => timed(() => store.delete(kind, id)),
    transaction: (work) => timed(() => store.transaction(work)),
    get generation() {
      return store.generation;
    },
  };
}

/** The single-use markers with the time of their durable writes. */
function timedMarkers(markers: SingleUseStore, metrics: Metrics): SingleUseStore {
  const timed = async <T>(write: () => Promise<T>): Promise<T> => {
    const begin = performance.now();
    try {
      return await write();
    } finally {
      metrics.wrote((performance.now() - begin) / 1000);
    }
  };
  return {
    mark: (id, digest) => timed(() => markers.mark(id, digest)),
    markVoid: (id) => timed(() => markers.markVoid(id)),
    lookup: (id) => markers.lookup(id),
  };
}

/** How often the service has started on this store, with this time. */
function countStart(store: RecordStore): number {
  const stored = store.get('service', 'starts');
  const starts = (stored === undefined ? 0 : Number(new TextDecoder().decode(stored))) + 1;
  store.put('service', 'starts', encodeText(String(starts)));
  return starts;
}
