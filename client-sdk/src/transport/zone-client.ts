/**
 * What validators know about zones, assets and clusters, over gRPC: queries, submissions, streams. One validator; whoever must not believe it verifies the
 * certificates.
 *
 * @module
 */
import {
  type ChannelOptions,
  type Client,
  type ClientReadableStream,
  Metadata,
  type ServiceError,
  credentials,
  status,
} from '@grpc/grpc-js';
import { AssetService, ClusterService, ZoneService, decodeRichStatus, statusHeader } from '@dwallet/proto';
import { RemoteError } from '@dwallet/two-pc-mpc/client';

export interface ZoneClientOptions {
  /** `host:port`. */
  readonly endpoint: string;
  /** PEM of the authorities that sign the validator's certificate; default: those of the platform. */
  readonly ca?: string;
  /** Name in the certificate, when it is not the host of the endpoint; on loopback addresses `localhost`. */
  readonly tlsName?: string;
  /** Longest wait for an answer, ms; default a minute. */
  readonly timeoutMs?: number;
}

/** Messages of the services: plain objects as `zones.proto` has them, names in camelCase. */
export type ZoneMessage = Readonly<Record<string, unknown>>;

/** rpcs that answer once. */
const unaryRpcs = {
  SubmitRecord: 'zone',
  ListZones: 'zone',
  GetZone: 'zone',
  GetEvent: 'zone',
  GetDWalletPolicy: 'zone',
  ListAssets: 'asset',
  GetAsset: 'asset',
  ListEntries: 'asset',
  GetEntry: 'asset',
  ListClusters: 'cluster',
  GetCluster: 'cluster',
  GetMessage: 'cluster',
  GetSettlement: 'cluster',
} as const;
/** rpcs that answer again and again. */
const streamRpcs = {
  WatchZone: 'zone',
  WatchEntries: 'asset',
  WatchMessages: 'cluster',
  WatchCluster: 'cluster',
} as const;

export type ZoneRpc = keyof typeof unaryRpcs;
export type ZoneStreamRpc = keyof typeof streamRpcs;

const loopback = /^(127(\.\d+){3}|\[::1\]):\d+$/;

type Unary = (
  request: object,
  metadata: Metadata,
  options: { readonly deadline: number },
  callback: (error: ServiceError | null, response?: object) => void,
) => unknown;
type Stream = (request: object, metadata: Metadata) => ClientReadableStream<object>;

/** The refusal of a validator with its rule; or UNAVAILABLE where none answered. */
function zoneError(error: ServiceError): RemoteError {
  const trailer = error.metadata?.get(statusHeader)[0];
  const rich = trailer instanceof Uint8Array ? decodeRichStatus(trailer) : undefined;
  if (rich === undefined) return new RemoteError('UNAVAILABLE', undefined, `${status[error.code]}: ${error.details}`);
  return new RemoteError(rich.reason, rich.metadata['check'], rich.message);
}

export class ZoneClient {
  readonly #clients: { readonly zone: Client; readonly asset: Client; readonly cluster: Client };
  readonly #timeoutMs: number;

  constructor({ endpoint, ca, tlsName, timeoutMs = 60_000 }: ZoneClientOptions) {
    const name = tlsName ?? (loopback.test(endpoint) ? 'localhost' : undefined);
    const channel = credentials.createSsl(ca === undefined ? null : Buffer.from(ca));
    const options: ChannelOptions = {
      'grpc.enable_http_proxy': 0,
      ...(name === undefined ? {} : { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name }),
    };
    this.#clients = {
      zone: new ZoneService(endpoint, channel, options),
      asset: new AssetService(endpoint, channel, options),
      cluster: new ClusterService(endpoint, channel, options),
    };
    this.#timeoutMs = timeoutMs;
  }

  /** One question. @throws RemoteError: code and rule of the refusal, UNAVAILABLE when the validator is not there. */
  call(rpc: ZoneRpc, request: ZoneMessage = {}): Promise<ZoneMessage> {
    const client = this.#clients[unaryRpcs[rpc]];
    const method = (client as unknown as Record<string, Unary>)[rpc] as Unary;
    return new Promise((resolve, reject) => {
      method.call(client, request, new Metadata(), { deadline: Date.now() + this.#timeoutMs }, (error, response) => {
        if (error === null) resolve(response as ZoneMessage);
        else reject(zoneError(error));
      });
    });
  }

  /** Submits a record or an order (`encodeSubmission` of `@dwallet/zones`), and waits for its certificate. @throws RemoteError */
  async submit(submission: Uint8Array): Promise<void> {
    await this.call('SubmitRecord', { submission: Buffer.from(submission) });
  }

  /** Answers as they come, until the caller stops reading. @throws RemoteError */
  async *watch(rpc: ZoneStreamRpc, request: ZoneMessage): AsyncGenerator<ZoneMessage, void, undefined> {
    const client = this.#clients[streamRpcs[rpc]];
    const stream = ((client as unknown as Record<string, Stream>)[rpc] as Stream).call(client, request, new Metadata());
    try {
      for await (const message of stream) yield message as ZoneMessage;
    } catch (error) {
      throw error instanceof Error && 'metadata' in error ? zoneError(error as ServiceError) : error;
    } finally {
      stream.cancel();
    }
  }

  close(): void {
    for (const client of Object.values(this.#clients)) client.close();
  }
}
