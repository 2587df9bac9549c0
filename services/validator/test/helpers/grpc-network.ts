/**
 * The toy network behind real gRPC servers with real TLS on loopback: every call between validators, and every call of a client, goes through a
 * socket.
 */
import { join } from 'node:path';
import { GrpcPeer as ClientPeer, type GrpcPeerOptions } from '@dwallet/client-sdk/node';
import type { ValidatorId } from '@dwallet/sigma';
import { isSigningMethod, signingRpcs } from '@dwallet/proto';
import {
  type ClientRouting,
  type Peer,
  clientRouting,
  decodeCall,
  maxBodyBytes,
  peekEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { ApiServer, type ApiServerOptions } from '../../src/api/server.ts';
import { GrpcPeers } from '../../src/peers/grpc-peers.ts';
import { TlsIdentity } from '../../src/tls/credentials.ts';
import { DevelopmentAuthority } from '../../src/tls/development-authority.ts';
import { RawGrpc, type RawTls } from './grpc-call.ts';
import { ToyNetwork, type ToyOptions, v } from './toy-network.ts';

export type ServerChange = Partial<Omit<ApiServerOptions, 'clients'>> & { readonly reflection?: boolean };

export interface GrpcNetworkOptions extends ToyOptions {
  /** What one validator's servers do otherwise. */
  readonly change?: (index: ValidatorId, options: ApiServerOptions) => ServerChange;
  /** What answers the calls of one validator. */
  readonly serve?: (index: ValidatorId, validator: Peer) => Peer;
}

/** A client's request to change something, as it went over the line. */
export interface ClientRequest {
  readonly rpc: string;
  readonly envelope: Uint8Array;
  readonly routing: ClientRouting;
}

export class GrpcNetwork {
  readonly toy: ToyNetwork;
  readonly authority: DevelopmentAuthority;
  readonly identities: readonly TlsIdentity[];
  readonly servers: ApiServer[] = [];
  readonly lines: GrpcPeers[] = [];
  readonly #clients: { close(): void }[] = [];
  readonly #options: GrpcNetworkOptions;
  readonly logs: string[] = [];

  private constructor(options: GrpcNetworkOptions) {
    this.#options = options;
    // Nobody is taken for silent because a machine is busy.
    this.toy = new ToyNetwork({ timeouts: { sharesMs: 60_000, fetchMs: 30_000 }, ...options });
    this.authority = DevelopmentAuthority.open(join(this.toy.folder, 'tls'));
    this.identities = this.toy.access.validators.map((i) => new TlsIdentity(this.authority.issue(`validator-${i}`)));
  }

  static async start(options: GrpcNetworkOptions = {}): Promise<GrpcNetwork> {
    const network = new GrpcNetwork(options);
    for (const i of network.toy.access.validators) await network.startServer(i);
    network.connect();
    return network;
  }

  identity(index: number): TlsIdentity {
    return this.identities[index - 1] as TlsIdentity;
  }
  server(index: number): ApiServer {
    return this.servers[index - 1] as ApiServer;
  }
  peerEndpoint(index: number): string {
    return `127.0.0.1:${this.server(index).ports.peers}`;
  }
  clientEndpoint(index: number): string {
    return `127.0.0.1:${this.server(index).ports.clients}`;
  }

  /** Starts the servers of one validator, on the ports that they had before. */
  async startServer(index: ValidatorId): Promise<void> {
    const { toy } = this;
    const validator: Peer = { call: (bytes) => toy.validator(index).call(bytes) };
    const { ports } = this.servers[index - 1] ?? { ports: { peers: 0, clients: 0 } };
    const options: ApiServerOptions = {
      index,
      networkId: toy.networkId,
      committee: toy.committee,
      serve: this.#options.serve?.(index, validator) ?? validator,
      reads: {
        dwallet: (id) => toy.validator(index).dwallet(id),
        dwalletIdsOf: (account) => toy.validator(index).dwalletIdsOf(account),
        signature: (id) => toy.validator(index).signature(id),
      },
      store: toy.store(index),
      presigns: () => ({ available: toy.validator(index).status().availablePresigns, lowMark: 0, highMark: 0 }),
      hello: () => ({ generation: 1, hasKey: true, hasSetup: true, availablePresigns: 0, softwareVersion: 'test' }),
      peers: {
        address: `127.0.0.1:${ports.peers}`,
        tls: this.identity(index),
        pins: this.identities.map(({ pin }) => pin),
      },
      clients: { address: `127.0.0.1:${ports.clients}`, tls: this.identity(index) },
      log: (text) => this.logs.push(text),
    };
    const { reflection = false, ...change } = this.#options.change?.(index, options) ?? {};
    this.servers[index - 1] = await ApiServer.start({
      ...options,
      ...change,
      clients: { ...options.clients, reflection },
    });
  }

  /** Lines from every validator to every other one, in place of those of the toy network. */
  connect(): void {
    const { toy } = this;
    for (const i of toy.access.validators)
      this.lines[i - 1] = new GrpcPeers({
        self: i,
        networkId: toy.networkId,
        validators: toy.access.validators.map((validator) => ({
          validator,
          endpoint: this.peerEndpoint(validator),
          tlsName: `validator-${validator}`,
          pin: this.identity(validator).pin,
        })),
        tls: this.identity(i),
      });
    const clients = new Map(toy.access.validators.map((i) => [i, this.client(i)]));
    toy.line = ({ from, to, bytes }) => {
      const line = from === undefined ? clients.get(to) : this.lines[from - 1]?.peers.get(to);
      return (line as Peer).call(bytes);
    };
  }

  /** A client's line to one validator. */
  client(index: number, options: Partial<GrpcPeerOptions> = {}): ClientPeer {
    const peer = new ClientPeer({
      endpoint: this.clientEndpoint(index),
      ca: this.authority.certificate,
      tlsName: `validator-${v(index)}`,
      ...options,
    });
    this.#clients.push(peer);
    return peer;
  }

  /** Calls of SigningService at one validator, as a test makes them. */
  signing(index: number): RawGrpc {
    const raw = new RawGrpc('signing', this.clientEndpoint(index), {
      ca: this.authority.certificate,
      name: `validator-${index}`,
    });
    this.#clients.push(raw);
    return raw;
  }
  /** Calls of PeerService at one validator, with any certificate. */
  peer(index: number, tls: Omit<RawTls, 'name'>): RawGrpc {
    const raw = new RawGrpc('peer', this.peerEndpoint(index), { ...tls, name: `validator-${index}` });
    this.#clients.push(raw);
    return raw;
  }

  /** Records what a client sends to validators while `work` runs: rpc and envelope of each request. */
  async requestsOf(work: () => Promise<unknown>): Promise<ClientRequest[]> {
    const seen: ClientRequest[] = [];
    const line = this.toy.line;
    this.toy.line = (call) => {
      if (call.from === undefined && isSigningMethod(call.method)) {
        const envelope = decodeCall(call.bytes, 2 * maxBodyBytes).body;
        seen.push({ rpc: signingRpcs[call.method], envelope, routing: clientRouting(peekEnvelope(envelope)) });
      }
      return line(call);
    };
    try {
      await work();
    } finally {
      this.toy.line = line;
    }
    return seen;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    for (const lines of this.lines) lines.close();
    await Promise.all(this.servers.map((server) => server.close(2000)));
    this.toy.close();
  }
}
