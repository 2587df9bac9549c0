/**
 * Lines to the other validators: gRPC over mutual TLS with the other end's key pinned. Two connections per validator, so that no vote waits
 * behind the messages of a whole round; keep-alive and reconnection are the channel's.
 *
 * @module
 */
import { type ChannelOptions, type Client, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import {
  type HelloResponse__Output,
  PeerService,
  type PeerServiceClient,
  type RichStatus,
  decodeRichStatus,
  isPeerMethod,
  peerMethods,
  protocolVersion,
  serviceNames,
  statusHeader,
  traceHeader,
} from '@dwallet/proto';
import { BugError, DWalletError, type Digest, type ValidatorId } from '@dwallet/sigma';
import {
  type Peer,
  RemoteError,
  decodeCall,
  encodeFailure,
  encodeResult,
  maxBodyBytes,
  peekEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { errorRow } from '../api/errors.ts';
import { type RoutingFields, peerRouting } from '../api/routing.ts';
import { requestContext } from '../request-context.ts';
import { type TlsIdentity, peerCredentials } from '../tls/credentials.ts';
import type { TlsPin } from '../tls/pins.ts';
import { SpanKind, currentTraceparent, withSpan } from '../tracing.ts';

/** A validator that cannot be reached, or did not answer in time. No refusal, so it has no code: that nobody answers is not an answer. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

export interface PeerEndpoint {
  readonly validator: ValidatorId;
  /** `host:port`. */
  readonly endpoint: string;
  /** A DNS name in its certificate, such as `validator-2`. */
  readonly tlsName: string;
  readonly pin: TlsPin;
}

export interface GrpcPeersOptions {
  readonly self: ValidatorId;
  readonly networkId: Digest;
  /** The other validators; an entry for this one is passed over. */
  readonly validators: readonly PeerEndpoint[];
  readonly tls: TlsIdentity;
  /** Longest wait for an answer, in milliseconds. */
  readonly callMs?: number;
  /** Hears how large the envelopes of each rpc are, without frame and TLS. */
  readonly onBytes?: (rpc: string, direction: 'sent' | 'received', bytes: number) => void;
}

/** More than the body of the largest session message: envelope, frame, routing fields. */
const maxMessageBytes = maxBodyBytes + 1024 * 1024;
/** One try and two more, only when the line was not there or a limit was met: every act is idempotent. */
const maxTries = 3;
const firstBackoffMs = 50;

type Method = (
  request: object,
  metadata: Metadata,
  options: { readonly deadline: number },
  callback: (error: ServiceError | null, response?: { readonly body: Buffer }) => void,
) => unknown;

/** One validator as another one reaches it. */
export class GrpcPeer implements Peer {
  readonly #lanes: { readonly quick: PeerServiceClient; readonly bulk: PeerServiceClient };
  readonly #endpoint: PeerEndpoint;
  readonly #options: GrpcPeersOptions;

  constructor(endpoint: PeerEndpoint, options: GrpcPeersOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    const credentials = peerCredentials(options.tls, endpoint.pin, endpoint.tlsName);
    const channel: ChannelOptions = {
      'grpc.ssl_target_name_override': endpoint.tlsName,
      'grpc.default_authority': endpoint.tlsName,
      'grpc.max_receive_message_length': maxMessageBytes,
      'grpc.max_send_message_length': maxMessageBytes,
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      'grpc.enable_retries': 0,
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      // Each lane has a connection of its own.
      'grpc.use_local_subchannel_pool': 1,
      'grpc-node.flow_control_window': 4 * 1024 * 1024,
    };
    const open = (): PeerServiceClient => new PeerService(endpoint.endpoint, credentials, channel);
    this.#lanes = { quick: open(), bulk: open() };
  }

  async call(bytes: Uint8Array): Promise<Uint8Array> {
    const { method, body: envelope } = decodeCall(bytes, maxBodyBytes + 1024);
    if (!isPeerMethod(method)) throw new BugError(`no rpc carries ${method}`);
    const { rpc, lane } = peerMethods[method];
    const request = { envelope, ...routingOf(() => peerRouting(method, peekEnvelope(envelope))) };
    try {
      const { onBytes } = this.#options;
      onBytes?.(rpc, 'sent', envelope.length);
      const { body } = await this.#traced(rpc, () =>
        this.#send<{ readonly body: Buffer }>(this.#lanes[lane], rpc, request),
      );
      onBytes?.(rpc, 'received', body.length);
      return encodeResult(body);
    } catch (error) {
      if (error instanceof RemoteError) return encodeFailure(error);
      throw error;
    }
  }

  #traced<T>(rpc: string, work: () => Promise<T>): Promise<T> {
    const attributes = {
      'rpc.system': 'grpc',
      'rpc.service': serviceNames.peer,
      'rpc.method': rpc,
      'dwallet.peer': this.#endpoint.validator,
    };
    return withSpan(`${serviceNames.peer}/${rpc}`, { kind: SpanKind.CLIENT, attributes }, work);
  }

  /** Who is there. Retries nothing: for watching lines. Without a span: it is asked every second. */
  async hello(): Promise<HelloResponse__Output> {
    const { self, networkId } = this.#options;
    const request = { validator: self, networkId, protocolVersion };
    const answer = await this.#send<HelloResponse__Output>(this.#lanes.quick, 'Hello', request, 1);
    if (answer.protocolVersion !== protocolVersion)
      throw new RemoteError(
        'PROTOCOL_VERSION',
        undefined,
        `validator ${this.#endpoint.validator} has ${answer.protocolVersion}, validator ${self} ${protocolVersion}`,
        { field: 'protocol_version' },
      );
    return answer;
  }

  async #send<Response>(client: Client, rpc: string, request: object, tries = maxTries): Promise<Response> {
    const deadline = performance.now() + (this.#options.callMs ?? 600_000);
    const until = Math.min(deadline, requestContext()?.deadline ?? Number.POSITIVE_INFINITY);
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#try<Response>(client, rpc, request, until);
      if ('response' in outcome) return outcome.response;
      const { error } = outcome;
      const rich = richStatusOf(error);
      // Anything else refuses the call and not the request: a limit or a line says nothing about what was asked.
      if (rich !== undefined && errorRow(rich.reason).key !== 'not taken') throw refusalOf(rich);
      const backoffMs = Math.max(firstBackoffMs * 4 ** (attempt - 1), rich?.retryAfterMs ?? 0);
      const again = error.code === status.UNAVAILABLE || rich?.retryAfterMs !== undefined;
      if (!again || attempt >= tries || performance.now() + backoffMs >= until) {
        const why = status[error.code] ?? 'UNKNOWN';
        throw new UnreachableError(`validator ${this.#endpoint.validator} cannot be reached: ${why}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, backoffMs));
    }
  }

  #try<Response>(
    client: Client,
    rpc: string,
    request: object,
    until: number,
  ): Promise<{ readonly response: Response } | { readonly error: ServiceError }> {
    const metadata = new Metadata();
    metadata.set(traceHeader, currentTraceparent());
    const deadline = Date.now() + Math.max(0, until - performance.now());
    const method = (client as unknown as Record<string, Method>)[rpc] as Method;
    return new Promise((resolve) => {
      method.call(client, request, metadata, { deadline }, (error, response) => {
        resolve(error === null ? { response: response as Response } : { error });
      });
    });
  }

  close(): void {
    this.#lanes.quick.close();
    this.#lanes.bulk.close();
  }
}

/** What cannot be routed is sent without routing: whoever gets it says what is wrong with it. */
function routingOf(read: () => RoutingFields): RoutingFields {
  try {
    return read();
  } catch (error) {
    if (error instanceof DWalletError) return {};
    throw error;
  }
}

/** What the other validator said; undefined when nobody of ours said anything. */
function richStatusOf(error: ServiceError): RichStatus | undefined {
  const trailer = error.metadata.get(statusHeader)[0];
  return trailer instanceof Uint8Array ? decodeRichStatus(trailer) : undefined;
}

const refusalOf = ({ reason, message, retryAfterMs, metadata }: RichStatus): RemoteError =>
  new RemoteError(reason, metadata['check'], message, { field: metadata['field'], retryAfterMs });

/** Lines to all other validators. */
export class GrpcPeers {
  readonly peers: ReadonlyMap<ValidatorId, GrpcPeer>;

  constructor(options: GrpcPeersOptions) {
    this.peers = new Map(
      options.validators
        .filter(({ validator }) => validator !== options.self)
        .map((endpoint) => [endpoint.validator, new GrpcPeer(endpoint, options)]),
    );
  }

  close(): void {
    for (const peer of this.peers.values()) peer.close();
  }
}
