/**
 * A validator over gRPC, for wallets in Node.
 *
 * @module
 */
import {
  type ChannelOptions,
  type ClientReadableStream,
  Metadata,
  type ServiceError,
  credentials,
  status,
} from '@grpc/grpc-js';
import {
  type OperationEventMessage__Output,
  type OperationMessage__Output,
  SigningService,
  type SigningServiceClient,
  decodeRichStatus,
  statusHeader,
  traceHeader,
} from '@dwallet/proto';
import {
  type Bounds,
  PeerCallError,
  SigningPeer,
  type SigningPeerOptions,
  type UnaryRpc,
  defaultMaxMessageBytes,
} from './signing-peer.ts';

export interface GrpcPeerOptions extends SigningPeerOptions {
  /** `host:port`. */
  readonly endpoint: string;
  /** PEM of the authorities that sign the validator's certificate; default: those of the platform. */
  readonly ca?: string;
  /** Name in the certificate, when it is not the host of the endpoint; on loopback addresses `localhost`. */
  readonly tlsName?: string;
  /**
   * The W3C `traceparent` of the caller's current span, asked at every call, so that what validators do for it belongs to the same trace. Default: validators
   * begin a trace per call.
   */
  readonly traceparent?: () => string | undefined;
}

/** Addresses without a name that TLS could ask for. */
const loopback = /^(127(\.\d+){3}|\[::1\]):\d+$/;

type Method = (
  request: object,
  metadata: Metadata,
  options: { readonly deadline: number },
  callback: (error: ServiceError | null, response?: object) => void,
) => { cancel(): void };

function callError(error: ServiceError): PeerCallError {
  const trailer = error.metadata?.get(statusHeader)[0];
  const rich = trailer instanceof Uint8Array ? decodeRichStatus(trailer) : undefined;
  return new PeerCallError(error.code, status[error.code] ?? 'UNKNOWN', error.details, rich);
}

export class GrpcPeer extends SigningPeer<OperationMessage__Output, OperationEventMessage__Output> {
  readonly #client: SigningServiceClient;
  readonly #traceparent: () => string | undefined;

  constructor(options: GrpcPeerOptions) {
    super(options);
    this.#traceparent = options.traceparent ?? (() => undefined);
    const maxBytes = options.maxMessageBytes ?? defaultMaxMessageBytes;
    const tlsName = options.tlsName ?? (loopback.test(options.endpoint) ? 'localhost' : undefined);
    const channel: ChannelOptions = {
      'grpc.max_receive_message_length': maxBytes,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      ...(tlsName === undefined ? {} : { 'grpc.ssl_target_name_override': tlsName, 'grpc.default_authority': tlsName }),
    };
    const tls = credentials.createSsl(options.ca === undefined ? null : Buffer.from(options.ca));
    this.#client = new SigningService(options.endpoint, tls, channel);
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    const trace = this.#traceparent();
    if (trace !== undefined) metadata.set(traceHeader, trace);
    return metadata;
  }

  protected async *events(
    operationId: string,
    afterSequence: number,
    { until, signal }: Bounds,
  ): AsyncGenerator<OperationEventMessage__Output, void> {
    const stream: ClientReadableStream<OperationEventMessage__Output> = this.#client.watchOperation(
      { operationId, afterSequence },
      this.#metadata(),
      { deadline: until },
    );
    const cancel = (): void => stream.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      yield* stream as AsyncIterable<OperationEventMessage__Output>;
    } catch (error) {
      throw callError(error as ServiceError);
    } finally {
      signal?.removeEventListener('abort', cancel);
      stream.cancel();
    }
  }

  protected once<Response>(rpc: UnaryRpc, request: object, { until, signal }: Bounds): Promise<Response> {
    const method = (this.#client as unknown as Record<string, Method>)[rpc] as Method;
    return new Promise((resolve, reject) => {
      const call = method.call(this.#client, request, this.#metadata(), { deadline: until }, (error, response) => {
        signal?.removeEventListener('abort', cancel);
        if (error === null) resolve(response as Response);
        else reject(callError(error));
      });
      const cancel = (): void => call.cancel();
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** A line to one validator. */
export const grpcPeer = (options: GrpcPeerOptions): GrpcPeer => new GrpcPeer(options);
