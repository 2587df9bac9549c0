/** gRPC calls as a test makes them: any rpc, any request, and the whole of the answer. */
import { type Client, type ClientOptions, Metadata, type ServiceError, credentials, status } from '@grpc/grpc-js';
import { PeerService, type RichStatus, SigningService, decodeRichStatus, statusHeader } from '@dwallet/proto';

export interface Answer {
  /** Name of the gRPC code. */
  readonly code: string;
  /** Of a call that succeeded. */
  readonly response: Record<string, unknown>;
  /** Of one that failed with details of ours. */
  readonly rich: RichStatus | undefined;
  /** What gRPC says in words. */
  readonly text: string;
}

export interface CallOptions {
  readonly deadlineMs?: number;
  readonly metadata?: Record<string, string>;
  readonly signal?: AbortSignal;
}

type Method = (
  request: object,
  metadata: Metadata,
  options: object,
  callback: (error: ServiceError | null, response?: object) => void,
) => { cancel(): void };

export class RawGrpc {
  readonly #client: Client;

  constructor(service: 'signing' | 'peer', endpoint: string, tls: RawTls, channel: ClientOptions = {}) {
    const made = credentials.createSsl(
      Buffer.from(tls.ca),
      tls.key === undefined ? null : Buffer.from(tls.key),
      tls.certificate === undefined ? null : Buffer.from(tls.certificate),
    );
    const Service = service === 'signing' ? SigningService : PeerService;
    this.#client = new Service(endpoint, made, {
      'grpc.ssl_target_name_override': tls.name,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': 64 * 1024 * 1024,
      'grpc.max_send_message_length': -1,
      'grpc.enable_retries': 0,
      ...channel,
    });
  }

  call(rpc: string, request: object, options: CallOptions = {}): Promise<Answer> {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value);
    const deadline = Date.now() + (options.deadlineMs ?? 60_000);
    const method = (this.#client as unknown as Record<string, Method>)[rpc] as Method;
    return new Promise((resolve) => {
      const call = method.call(this.#client, request, metadata, { deadline }, (error, response) => {
        const trailer = error?.metadata.get(statusHeader)[0];
        resolve({
          code: status[error?.code ?? status.OK],
          response: (response ?? {}) as Record<string, unknown>,
          rich: trailer instanceof Uint8Array ? decodeRichStatus(trailer) : undefined,
          text: error?.details ?? '',
        });
      });
      options.signal?.addEventListener('abort', () => call.cancel());
    });
  }

  close(): void {
    this.#client.close();
  }
}

export interface RawTls {
  readonly ca: string;
  readonly name: string;
  readonly key?: string;
  readonly certificate?: string;
}

/** A promise and what settles it. */
export function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
