/**
 * The two gRPC servers of a validator: one for clients (TLS), one for the other validators (mutual TLS with pinned keys). Each has the standard
 * health service; the one for clients has reflection when that is asked for. Beside them, when it is asked for, the server for pages.
 *
 * @module
 */
import {
  Server,
  type ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import {
  AssetService as AssetServiceContract,
  ClusterService as ClusterServiceContract,
  PeerService as PeerServiceContract,
  SigningService as SigningServiceContract,
  ZoneService as ZoneServiceContract,
  serviceNames,
  signingPackageDefinition,
} from '@dwallet/proto';
import { DWalletError, type Digest, type ValidatorId } from '@dwallet/sigma';
import { type Committee, type Peer, encodeCall } from '@dwallet/two-pc-mpc/network';
import { HealthImplementation } from 'grpc-health-check';
import { type TlsIdentity, serverCredentials } from '../tls/credentials.ts';
import type { TlsPin } from '../tls/pins.ts';
import { ZoneApi, type Zones } from '../zones/index.ts';
import { type ApiObserver, silentApiObserver } from './api-observer.ts';
import { type BrowserOptions, BrowserServer } from './browser-server.ts';
import { type ApiLimits, defaultApiLimits } from './limits.ts';
import { type OperationStore, Operations } from './operations.ts';
import { type HelloFacts, PeerService } from './peer-service.ts';
import { type PresignDepth, SigningService, type ValidatorReads } from './signing-service.ts';

export type ServingStatus = 'SERVING' | 'NOT_SERVING';

export interface ApiServerOptions {
  readonly index: ValidatorId;
  readonly networkId: Digest;
  readonly committee: Committee;
  /** Answers encoded calls: the validator. */
  readonly serve: Peer;
  readonly reads: ValidatorReads;
  /** Where operations are kept. */
  readonly store: OperationStore;
  readonly presigns: () => PresignDepth;
  /** Serves ZoneService, AssetService and ClusterService to clients. */
  readonly zones?: Zones | undefined;
  readonly hello: () => HelloFacts;
  readonly peers: {
    /** `host:port`; port 0 takes a free one. */
    readonly address: string;
    readonly tls: TlsIdentity;
    /** Pin of every member's certificate, validator 1 first. */
    readonly pins: readonly TlsPin[];
  };
  readonly clients: { readonly address: string; readonly tls: TlsIdentity; readonly reflection?: boolean };
  /** Serves clients in pages, too. */
  readonly browser?: BrowserOptions;
  readonly limits?: Partial<ApiLimits>;
  readonly observer?: ApiObserver;
  readonly log?: (text: string) => void;
  /** Milliseconds of the Unix epoch. */
  readonly now?: () => number;
  /** How long finished operations are kept; at least, and by default, a day. */
  readonly keepMs?: number;
}

const sweepMs = 600_000;

export class ApiServer {
  readonly #clients: Server;
  readonly #peers: Server;
  #browser: BrowserServer | undefined;
  readonly #health: { readonly clients: HealthImplementation; readonly peers: HealthImplementation };
  readonly #signing: SigningService;
  readonly #peer: PeerService;
  readonly operations: Operations;
  readonly #sweeper: NodeJS.Timeout;
  readonly #log: (text: string) => void;
  #closing = false;
  #resumed = false;
  #clientStatus: ServingStatus = 'NOT_SERVING';
  /** Where the servers listen. */
  readonly ports: { readonly clients: number; readonly peers: number; readonly browser?: number };

  private constructor(options: ApiServerOptions, servers: Servers, ports: ApiServer['ports']) {
    const limits = { ...defaultApiLimits, ...options.limits };
    const observer = options.observer ?? silentApiObserver;
    const common = { observer, limits, log: options.log ?? (() => {}) };
    const { networkId, committee, serve, reads, presigns } = options;
    this.#clients = servers.clients;
    this.#peers = servers.peers;
    this.ports = ports;
    this.operations = new Operations({
      store: options.store,
      run: (method, envelope) => serve.call(encodeCall(method, envelope)),
      now: options.now ?? Date.now,
      limits,
      observer,
      ...(options.keepMs === undefined ? {} : { keepMs: options.keepMs }),
    });
    this.#signing = new SigningService({
      ...common,
      maxDeadlineMs: limits.maxDeadlineMs,
      networkId,
      committee,
      serve,
      reads,
      presigns,
      operations: this.operations,
      closing: () => this.#closing,
    });
    this.#peer = new PeerService({
      ...common,
      maxDeadlineMs: limits.maxPeerDeadlineMs,
      index: options.index,
      networkId,
      committee,
      pins: options.peers.pins,
      serve,
      hello: options.hello,
    });
    this.#health = {
      clients: new HealthImplementation({ '': 'NOT_SERVING', [serviceNames.signing]: 'NOT_SERVING' }),
      peers: new HealthImplementation({ '': 'SERVING', [serviceNames.peer]: 'SERVING' }),
    };
    const addTo = (server: Server) => ({
      addService: (definition: object, handlers: object): void =>
        server.addService(definition as ServiceDefinition, handlers as UntypedServiceImplementation),
    });
    this.#clients.addService(SigningServiceContract.service, this.#signing.handlers());
    if (options.zones !== undefined) {
      const { zones } = options;
      const { maxDeadlineMs } = limits;
      const api = new ZoneApi({ ...common, maxDeadlineMs, zones, closing: () => this.#closing });
      this.#clients.addService(ZoneServiceContract.service, api.zoneHandlers());
      this.#clients.addService(AssetServiceContract.service, api.assetHandlers());
      this.#clients.addService(ClusterServiceContract.service, api.clusterHandlers());
    }
    this.#peers.addService(PeerServiceContract.service, this.#peer.handlers());
    this.#health.clients.addToServer(addTo(this.#clients));
    this.#health.peers.addToServer(addTo(this.#peers));
    if (options.clients.reflection === true)
      new ReflectionService(signingPackageDefinition()).addToServer(this.#clients);
    this.#log = common.log;
    this.#sweeper = setInterval(
      () => this.#try('expired operations are still kept', () => this.operations.sweep()),
      sweepMs,
    );
    this.#sweeper.unref();
  }

  /**
   * Starts both servers. Clients are told NOT_SERVING until {@link setServing} says otherwise.
   * @throws Error when an address cannot be bound.
   */
  static async start(options: ApiServerOptions): Promise<ApiServer> {
    const limits = { ...defaultApiLimits, ...options.limits };
    const servers = openServers(limits);
    // Handlers are there before the first connection; the ports are known only when the servers listen.
    const ports: { clients: number; peers: number; browser?: number } = { clients: 0, peers: 0 };
    const api = new ApiServer(options, servers, ports);
    try {
      ports.peers = await bind(servers.peers, options.peers.address, serverCredentials(options.peers.tls, 'required'));
      ports.clients = await bind(
        servers.clients,
        options.clients.address,
        serverCredentials(options.clients.tls, 'anonymous'),
      );
      if (options.browser !== undefined) {
        const { browser, log = () => {} } = options;
        api.#browser = await BrowserServer.start({ ...browser, handlers: api.#signing.handlers(), limits, log });
        ports.browser = api.#browser.port;
      }
    } catch (error) {
      clearInterval(api.#sweeper);
      servers.peers.forceShutdown();
      servers.clients.forceShutdown();
      throw error;
    }
    return api;
  }

  /**
   * What the health service tells clients: whether a quorum can be reached and the pool is deep enough. When that is so for the first time, the
   * operations that an earlier process left behind go on.
   */
  setServing(serving: ServingStatus): void {
    this.#clientStatus = serving;
    this.#tell();
    if (serving !== 'SERVING' || this.#resumed || this.#closing) return;
    // Whoever tells it does so from a timer: what cannot be written now goes on the next time.
    this.#resumed = this.#try('interrupted operations do not go on yet', () => this.operations.resume());
  }

  get serving(): ServingStatus {
    return this.#closing ? 'NOT_SERVING' : this.#clientStatus;
  }

  /** In a timer, where a disk that is full must not end the process. @returns whether it was done. */
  #try(failure: string, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#log(`${failure} (${error instanceof DWalletError ? error.code : 'INTERNAL'})`);
      return false;
    }
  }

  #tell(): void {
    for (const service of ['', serviceNames.signing]) this.#health.clients.setStatus(service, this.serving);
  }

  /** Requests under way, and operations that are not over. */
  get load(): { readonly clients: number; readonly peers: number; readonly operations: number } {
    return {
      clients: this.#signing.inFlight.total,
      peers: this.#peer.inFlight.total,
      operations: this.operations.pending,
    };
  }

  /**
   * Stops: takes nothing new from clients, waits for what runs, then closes both servers. What still runs after `graceMs` is cut off; it is stored
   * and goes on after the next start.
   * @param also - work of the validator itself that is waited for while the others are still served.
   */
  async close(graceMs: number, also?: Promise<unknown>): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearInterval(this.#sweeper);
    this.#tell();
    const until = performance.now() + graceMs;
    // The others may need this validator for what they lead, and it needs them for its own: peers are served until the end.
    await within(Promise.allSettled([this.operations.drain(), also]), until);
    await within(this.#signing.inFlight.idle(), until);
    await within(Promise.all([shutDown(this.#clients), this.#browser?.close()]), soon(until));
    this.#browser?.destroy();
    for (const service of ['', serviceNames.peer]) this.#health.peers.setStatus(service, 'NOT_SERVING');
    await within(this.#peer.inFlight.idle(), until);
    await within(shutDown(this.#peers), soon(until));
    this.#clients.forceShutdown();
    this.#peers.forceShutdown();
  }
}

interface Servers {
  readonly clients: Server;
  readonly peers: Server;
}

function openServers(limits: ApiLimits): Servers {
  const alive = {
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.keepalive_permit_without_calls': 1,
  };
  return {
    clients: new Server({
      ...alive,
      'grpc.max_receive_message_length': limits.maxRequestBytes,
      'grpc.max_send_message_length': 4 * limits.maxPeerMessageBytes,
      'grpc.max_concurrent_streams': limits.maxInFlight,
    }),
    peers: new Server({
      ...alive,
      'grpc.max_receive_message_length': limits.maxPeerMessageBytes,
      'grpc.max_send_message_length': limits.maxPeerMessageBytes,
      'grpc.max_concurrent_streams': limits.maxInFlightPerPeer,
      'grpc-node.flow_control_window': 4 * 1024 * 1024,
    }),
  };
}

const bind = (server: Server, address: string, credentials: ServerCredentials): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(new Error(`cannot listen at ${address}`, { cause: error }));
    });
  });

const shutDown = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.tryShutdown(() => resolve());
  });

/** Whoever only watches this validator's health does not hold it up. */
const lastAnswersMs = 500;
const soon = (until: number): number => Math.min(until, performance.now() + lastAnswersMs);

/** @returns when the work is over, or the time is. @param until - on the clock of `performance.now()`. */
async function within(work: Promise<unknown>, until: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, Math.max(0, until - performance.now()));
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
