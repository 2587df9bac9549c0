/**
 * A validator over gRPC, for wallets in Node: the client's encoded calls as calls of SigningService, and the reads that need no wallet.
 *
 * Refusals become replies, as from any {@link Peer}; a validator that cannot be reached or does not answer in time rejects, so that the client goes
 * on to another one with the same bytes. The idempotency key is a digest of the envelope: the same request is the same operation everywhere.
 *
 * @module
 */
import {
  type ChannelOptions,
  Metadata,
  type ServiceError,
  credentials,
  type ClientReadableStream,
  status,
} from '@grpc/grpc-js';
import {
  type CreateDWalletResponse__Output,
  type DWalletMessage__Output,
  type GetNetworkResponse__Output,
  type GetPresignStatusResponse__Output,
  type GetSignatureResponse__Output,
  type ListDWalletsResponse__Output,
  type OperationEventMessage__Output,
  type OperationMessage__Output,
  type RichStatus,
  type SignResponse__Output,
  SigningService,
  type SigningServiceClient,
  type TakePresignResponse__Output,
  decodeRichStatus,
  isSigningMethod,
  networkMethod,
  signingRpcs,
  statusHeader,
} from '@dwallet/proto';
import { InvalidArgumentsError, encodeText } from '@dwallet/sigma';
import {
  type Peer,
  RemoteError,
  clientRouting,
  decodeCall,
  encodeBlame,
  encodeFailure,
  encodeParts,
  encodeResult,
  maxBodyBytes,
  operationIdOf,
  peekEnvelope,
} from '@dwallet/two-pc-mpc/client';
import { sha256 } from '@noble/hashes/sha2.js';
import { hex } from '../hex.ts';
import type { ListRequest, ListedDWallet } from '../recovery.ts';

export interface GrpcPeerOptions {
  /** `host:port`. */
  readonly endpoint: string;
  /** PEM of the authorities that sign the validator's certificate; default: those of the platform. */
  readonly ca?: string;
  /** Name in the certificate, when it is not the host of the endpoint; on loopback addresses `localhost`. */
  readonly tlsName?: string;
  /** Longest wait for an answer, in milliseconds. The operation goes on after it. */
  readonly deadlineMs?: number;
  /**
   * Whether a call that met a limit (RATE_LIMITED, TOO_MANY_IN_FLIGHT, OVERLOADED) waits as long as the validator says and is sent again, as long
   * as its deadline lasts. Default: yes. Off for whoever wants to see the limits.
   */
  readonly waitWhenLimited?: boolean;
  /** Largest answer, in bytes. */
  readonly maxMessageBytes?: number;
  /** Ends every call of this peer. Operations that have begun go on. */
  readonly signal?: AbortSignal;
}

/** Per call, over what the peer was made with. */
export interface GrpcCallOptions {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

const defaultDeadlineMs = 110_000;
/** Addresses without a name that TLS could ask for. */
const loopback = /^(127(\.\d+){3}|\[::1\]):\d+$/;
/** Network parameters of a large committee stay well below. */
const defaultMaxMessageBytes = 16 * 1024 * 1024;

type Method = (
  request: object,
  metadata: Metadata,
  options: { readonly deadline: number },
  callback: (error: ServiceError | null, response?: object) => void,
) => { cancel(): void };

/** The key under which a request is one operation, whoever is asked. 64 hex characters. */
export const requestIdOf = (envelope: Uint8Array): string => hex(sha256(envelope));

/** Id of the operation that a request of this transport is, for {@link GrpcPeer.operation}: the same at every validator. 64 hex characters. */
export const operationOf = (envelope: Uint8Array): string =>
  hex(operationIdOf(peekEnvelope(envelope).sender, requestIdOf(envelope), envelope));

/**
 * A refusal or failure as a gRPC call ended: code (the reason of the error table), check, field, wait.
 * `details` says the rest, such as whether a presign may be used up.
 */
export class GrpcCallError extends RemoteError {
  /** gRPC status code. */
  readonly status: number;
  /** What the validator said; undefined when the line failed. */
  readonly details: RichStatus | undefined;
  constructor(error: ServiceError) {
    const trailer = error.metadata?.get(statusHeader)[0];
    const rich = trailer instanceof Uint8Array ? decodeRichStatus(trailer) : undefined;
    super(rich?.reason ?? status[error.code] ?? 'UNKNOWN', rich?.metadata['check'], rich?.message ?? error.details, {
      field: rich?.metadata['field'],
      retryAfterMs: rich?.retryAfterMs,
    });
    this.status = error.code;
    this.details = rich;
  }
}

/** Failures of the line or of this one validator, after which another one is asked. */
const elsewhere: ReadonlySet<string> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED', 'SHUTTING_DOWN']);

export class GrpcPeer implements Peer {
  readonly #client: SigningServiceClient;
  readonly #options: GrpcPeerOptions;

  constructor(options: GrpcPeerOptions) {
    this.#options = options;
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

  /** @throws GrpcCallError when the validator cannot be reached or does not answer in time. */
  async call(bytes: Uint8Array, options: GrpcCallOptions = {}): Promise<Uint8Array> {
    const { method, body } = decodeCall(bytes, maxBodyBytes + 1024);
    try {
      return encodeResult(await this.#answer(method, body, options));
    } catch (error) {
      // Only what the validator said about the request is a refusal of it.
      if (error instanceof GrpcCallError && error.details !== undefined && !elsewhere.has(error.code))
        return encodeFailure(error);
      throw error;
    }
  }

  async #answer(method: string, envelope: Uint8Array, options: GrpcCallOptions): Promise<Uint8Array> {
    if (method === networkMethod) return networkReply(await this.network(options));
    if (!isSigningMethod(method)) throw new InvalidArgumentsError('method', `no rpc carries ${method}`);
    const request = { requestId: requestIdOf(envelope), envelope, ...clientRouting(peekEnvelope(envelope)) };
    const response = await this.#unary<object>(signingRpcs[method], request, options);
    switch (method) {
      case 'client/create-dwallet': {
        const { record, certificate } = response as CreateDWalletResponse__Output;
        return encodeParts([record, certificate]);
      }
      case 'client/take-presign': {
        const taken = response as TakePresignResponse__Output;
        return encodeParts([taken.presign, taken.batch, taken.batchCertificate, taken.assignmentCertificate]);
      }
      case 'client/sign': {
        const { signatureRecord, faults } = response as SignResponse__Output;
        const blamed = faults.map(({ validator, check, reason }) => ({ party: validator, check, reason }));
        return encodeParts([signatureRecord, encodeBlame(blamed)]);
      }
      default:
        return new Uint8Array(0);
    }
  }

  // Reads ---------------------------------------------------------------------------------------------------------------------------

  /** Name, committee, key and setup of the network; unverified until a client opens it. */
  network(options: GrpcCallOptions = {}): Promise<GetNetworkResponse__Output> {
    return this.#unary('GetNetwork', {}, options);
  }
  /** @param dwalletId - 32 bytes. @throws GrpcCallError NOT_FOUND */
  async dwallet(dwalletId: Uint8Array, options: GrpcCallOptions = {}): Promise<DWalletMessage__Output> {
    const { dwallet } = await this.#unary<{ readonly dwallet: DWalletMessage__Output }>(
      'GetDWallet',
      { dwalletId },
      options,
    );
    return dwallet;
  }
  /** One page of the dWallets of an account. @param envelope - kind `client/list-dwallets`, empty body, signed by the account. */
  dwallets(
    page: { readonly envelope: Uint8Array; readonly pageSize?: number; readonly pageToken?: string },
    options: GrpcCallOptions = {},
  ): Promise<ListDWalletsResponse__Output> {
    return this.#unary('ListDWallets', page, options);
  }
  /** Every page of {@link dwallets}. @param request - its envelope serves for all pages. */
  async listDWallets({ envelope, signal }: ListRequest): Promise<readonly ListedDWallet[]> {
    const found: ListedDWallet[] = [];
    let pageToken = '';
    for (let page = 0; page < maxPages; page++) {
      const options = signal === undefined ? {} : { signal };
      const { dwallets, nextPageToken } = await this.dwallets({ envelope, pageToken }, options);
      found.push(...dwallets);
      if (nextPageToken === '') return found;
      pageToken = nextPageToken;
    }
    throw new RemoteError('UNAVAILABLE', undefined, `more than ${maxPages} pages of dWallets`);
  }
  presignStatus(options: GrpcCallOptions = {}): Promise<GetPresignStatusResponse__Output> {
    return this.#unary('GetPresignStatus', {}, options);
  }
  /** @param presignId - 32 bytes. @throws GrpcCallError NOT_FOUND */
  signature(presignId: Uint8Array, options: GrpcCallOptions = {}): Promise<GetSignatureResponse__Output> {
    return this.#unary('GetSignature', { presignId }, options);
  }
  /** @param operationId - 64 hex characters. @throws GrpcCallError OPERATION_NOT_FOUND */
  async operation(operationId: string, options: GrpcCallOptions = {}): Promise<OperationMessage__Output> {
    const { operation } = await this.#unary<{ readonly operation: OperationMessage__Output }>(
      'GetOperation',
      { operationId },
      options,
    );
    return operation;
  }

  /**
   * Events of an operation after a sequence number, until its end. A stream that breaks is resumed where it broke, as long as there is time.
   * @throws GrpcCallError
   */
  async *watchOperation(
    operationId: string,
    afterSequence = 0,
    options: GrpcCallOptions = {},
  ): AsyncGenerator<OperationEventMessage__Output, void> {
    const { until, signal } = this.#bounds(options);
    let after = afterSequence;
    for (;;) {
      const stream: ClientReadableStream<OperationEventMessage__Output> = this.#client.watchOperation(
        { operationId, afterSequence: after },
        new Metadata(),
        { deadline: until },
      );
      const cancel = (): void => stream.cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        for await (const event of stream as AsyncIterable<OperationEventMessage__Output>) {
          // At least once: what was told before the break is not told again.
          if (event.sequence <= after) continue;
          after = event.sequence;
          yield event;
        }
        return;
      } catch (error) {
        const failure = new GrpcCallError(error as ServiceError);
        // A validator that stops cancels its streams.
        const broken = brokenLine.has(failure.status);
        if (!broken || Date.now() + resumeMs >= until || signal?.aborted === true) throw failure;
        await new Promise((resolve) => setTimeout(resolve, resumeMs));
      } finally {
        signal?.removeEventListener('abort', cancel);
        stream.cancel();
      }
    }
  }

  #bounds(options: GrpcCallOptions): { readonly until: number; readonly signal: AbortSignal | undefined } {
    const deadlineMs = options.deadlineMs ?? this.#options.deadlineMs ?? defaultDeadlineMs;
    const signals = [options.signal, this.#options.signal].filter((signal) => signal !== undefined);
    const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    return { until: Date.now() + deadlineMs, signal };
  }

  async #unary<Response extends object>(rpc: string, request: object, options: GrpcCallOptions): Promise<Response> {
    const { until, signal } = this.#bounds(options);
    for (;;) {
      try {
        return await this.#once<Response>(rpc, request, until, signal);
      } catch (error) {
        const limited =
          error instanceof GrpcCallError && limits.has(error.code) && this.#options.waitWhenLimited !== false;
        // A little more than was said, and not everybody at once.
        const waitMs = limited
          ? (error.retryAfterMs ?? leastWaitMs) * (1 + Math.random() / 4)
          : Number.POSITIVE_INFINITY;
        if (Date.now() + waitMs >= until) throw error;
        await pause(waitMs, signal);
      }
    }
  }

  #once<Response extends object>(
    rpc: string,
    request: object,
    until: number,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    const method = (this.#client as unknown as Record<string, Method>)[rpc] as Method;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(new RemoteError('CANCELLED', undefined, 'the caller has given up'));
        return;
      }
      const call = method.call(this.#client, request, new Metadata(), { deadline: until }, (error, response) => {
        signal?.removeEventListener('abort', cancel);
        if (error === null) resolve(response as Response);
        else reject(new GrpcCallError(error));
      });
      const cancel = (): void => call.cancel();
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** Limits that are over after a while. */
const limits: ReadonlySet<string> = new Set(['RATE_LIMITED', 'TOO_MANY_IN_FLIGHT', 'OVERLOADED']);
const leastWaitMs = 100;
const resumeMs = 250;
/** Of up to 100 dWallets each. */
const maxPages = 100;
/** How a stream ends when its line does. */
const brokenLine: ReadonlySet<number> = new Set([status.UNAVAILABLE, status.CANCELLED]);

/** @returns when the time is over, or the caller gives up. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/** A line to one validator. */
export const grpcPeer = (options: GrpcPeerOptions): GrpcPeer => new GrpcPeer(options);

/** The reply as the validator encoded it. */
const networkReply = (network: GetNetworkResponse__Output): Uint8Array =>
  encodeParts([
    encodeText(network.name),
    network.accessStructure,
    encodeParts(network.identityKeys),
    network.keyRecord,
    network.keyCertificate,
    network.setupRecord,
    network.setupCertificate,
  ]);
