/**
 * A validator as a wallet calls it, whatever carries the calls (gRPC in Node, Connect in pages): the client's encoded calls as rpcs of SigningService, and
 * the reads that need no wallet.
 *
 * Refusals become replies, as from any {@link Peer}; a validator that cannot be reached or does not answer in time rejects, so that the client goes
 * on to another one with the same bytes. The idempotency key is a digest of the envelope: the same request is the same operation everywhere.
 *
 * @module
 */
import {
  type CreateDWalletResponse,
  type GetDWalletResponse,
  type GetNetworkResponse,
  type GetPresignStatusResponse,
  type GetSignatureResponse,
  type ListDWalletsResponse,
  type RichStatus,
  type SignResponse,
  type TakePresignResponse,
  isSigningMethod,
  networkMethod,
  signingRpcs,
} from '@dwallet/proto/es';
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

/** What every transport takes. */
export interface SigningPeerOptions {
  /** Longest wait for an answer, in milliseconds. The operation goes on after it. Default: 110 000. */
  readonly deadlineMs?: number;
  /**
   * Whether a call that met a limit (RATE_LIMITED, TOO_MANY_IN_FLIGHT, OVERLOADED) waits as long as the validator says and is sent again, as long
   * as its deadline lasts. Default: yes. Off for whoever wants to see the limits.
   */
  readonly waitWhenLimited?: boolean;
  /** Largest answer, in bytes. Default: 16 MiB. */
  readonly maxMessageBytes?: number;
  /** Ends every call of this peer. Operations that have begun go on. */
  readonly signal?: AbortSignal;
}

/** Per call, over what the peer was made with. */
export interface PeerCallOptions {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** One event of an operation. */
export interface OperationEvent {
  readonly sequence: number;
  /** Such as `OPERATION_STATE_PENDING`. */
  readonly state: string;
  /** What begins now. */
  readonly step: string;
}

/** Rpcs with one answer. */
export type UnaryRpc =
  | (typeof signingRpcs)[keyof typeof signingRpcs]
  | 'GetNetwork'
  | 'GetDWallet'
  | 'ListDWallets'
  | 'GetPresignStatus'
  | 'GetSignature'
  | 'GetOperation';

/** Until when a call waits, in milliseconds of the Unix epoch, and what ends it before. */
export interface Bounds {
  readonly until: number;
  readonly signal: AbortSignal | undefined;
}

type Fields<Response> = Omit<Response, '$typeName' | '$unknown'>;

/** Network parameters of a large committee stay well below. */
export const defaultMaxMessageBytes = 16 * 1024 * 1024;
const defaultDeadlineMs = 110_000;
const leastWaitMs = 100;
const resumeMs = 250;
/** Of up to 100 dWallets each. */
const maxPages = 100;

/** The key under which a request is one operation, whoever is asked. 64 hex characters. */
export const requestIdOf = (envelope: Uint8Array): string => hex(sha256(envelope));

/** Id of the operation that a request of these transports is, the same at every validator. 64 hex characters. */
export const operationOf = (envelope: Uint8Array): string =>
  hex(operationIdOf(peekEnvelope(envelope).sender, requestIdOf(envelope), envelope));

/** Codes of calls that ended without an answer of the validator to the request, as gRPC names and numbers them. */
const callCodes = {
  CANCELLED: 1,
  UNKNOWN: 2,
  DEADLINE_EXCEEDED: 4,
  UNAVAILABLE: 14,
} as const;

/**
 * A refusal or failure as a call ended: code (the reason of the error table), check, field, wait.
 * `details` says the rest, such as whether a presign may be used up.
 */
export class PeerCallError extends RemoteError {
  /** gRPC status code. */
  readonly status: number;
  /** What the validator said; undefined when the line failed. */
  readonly details: RichStatus | undefined;
  /** @param name - of the status code, for calls that ended without details of ours. */
  constructor(status: number, name: string, text: string, details: RichStatus | undefined) {
    super(details?.reason ?? name, details?.metadata['check'], details?.message ?? text, {
      field: details?.metadata['field'],
      retryAfterMs: details?.retryAfterMs,
    });
    this.status = status;
    this.details = details;
  }
}

/** Failures of the line or of this one validator, after which another one is asked. */
const elsewhere: ReadonlySet<string> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED', 'SHUTTING_DOWN']);
/** Limits that are over after a while. */
const limits: ReadonlySet<string> = new Set(['RATE_LIMITED', 'TOO_MANY_IN_FLIGHT', 'OVERLOADED']);
/** How a stream ends when its line does: a validator that stops cancels its streams. */
const brokenLine: ReadonlySet<number> = new Set([callCodes.UNAVAILABLE, callCodes.CANCELLED]);

/** @typeParam Operation - an operation as the transport has it. @typeParam Event - an event as it has it. */
export abstract class SigningPeer<Operation extends object, Event extends OperationEvent> implements Peer {
  readonly #options: SigningPeerOptions;

  constructor(options: SigningPeerOptions) {
    this.#options = options;
  }

  /** One call, once. @throws PeerCallError */
  protected abstract once<Response>(rpc: UnaryRpc, request: object, bounds: Bounds): Promise<Response>;
  /** Events of an operation until its end. @throws PeerCallError */
  protected abstract events(operationId: string, afterSequence: number, bounds: Bounds): AsyncIterable<Event>;
  /** Ends the line. */
  abstract close(): void;

  /** @throws PeerCallError when the validator cannot be reached or does not answer in time. */
  async call(bytes: Uint8Array, options: PeerCallOptions = {}): Promise<Uint8Array> {
    const { method, body } = decodeCall(bytes, maxBodyBytes + 1024);
    try {
      return encodeResult(await this.#answer(method, body, options));
    } catch (error) {
      // Only what the validator said about the request is a refusal of it.
      if (error instanceof PeerCallError && error.details !== undefined && !elsewhere.has(error.code))
        return encodeFailure(error);
      throw error;
    }
  }

  async #answer(method: string, envelope: Uint8Array, options: PeerCallOptions): Promise<Uint8Array> {
    if (method === networkMethod) return networkReply(await this.network(options));
    if (!isSigningMethod(method)) throw new InvalidArgumentsError('method', `no rpc carries ${method}`);
    const request = { requestId: requestIdOf(envelope), envelope, ...clientRouting(peekEnvelope(envelope)) };
    const response = await this.#unary<object>(signingRpcs[method], request, options);
    switch (method) {
      case 'client/create-dwallet': {
        const { record, certificate } = response as CreateDWalletResponse;
        return encodeParts([record, certificate]);
      }
      case 'client/take-presign': {
        const taken = response as TakePresignResponse;
        return encodeParts([taken.presign, taken.batch, taken.batchCertificate, taken.assignmentCertificate]);
      }
      case 'client/sign': {
        const { signatureRecord, faults } = response as SignResponse;
        const blamed = faults.map(({ validator, check, reason }) => ({ party: validator, check, reason }));
        return encodeParts([signatureRecord, encodeBlame(blamed)]);
      }
      default:
        return new Uint8Array(0);
    }
  }

  // Reads ---------------------------------------------------------------------------------------------------------------------------

  /** Name, committee, key and setup of the network; unverified until a client opens it. */
  network(options: PeerCallOptions = {}): Promise<Fields<GetNetworkResponse>> {
    return this.#unary('GetNetwork', {}, options);
  }
  /** @param dwalletId - 32 bytes. @throws PeerCallError NOT_FOUND */
  async dwallet(dwalletId: Uint8Array, options: PeerCallOptions = {}): Promise<ListedDWallet> {
    const { dwallet } = await this.#unary<Fields<GetDWalletResponse>>('GetDWallet', { dwalletId }, options);
    if (dwallet === undefined || dwallet === null)
      throw new RemoteError('UNAVAILABLE', undefined, 'the answer has no dWallet');
    return dwallet;
  }
  /** One page of the dWallets of an account. @param envelope - kind `client/list-dwallets`, empty body, signed by the account. */
  dwallets(
    page: { readonly envelope: Uint8Array; readonly pageSize?: number; readonly pageToken?: string },
    options: PeerCallOptions = {},
  ): Promise<Fields<ListDWalletsResponse>> {
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
  presignStatus(options: PeerCallOptions = {}): Promise<Fields<GetPresignStatusResponse>> {
    return this.#unary('GetPresignStatus', {}, options);
  }
  /** @param presignId - 32 bytes. @throws PeerCallError NOT_FOUND */
  signature(presignId: Uint8Array, options: PeerCallOptions = {}): Promise<Fields<GetSignatureResponse>> {
    return this.#unary('GetSignature', { presignId }, options);
  }
  /** @param operationId - 64 hex characters. @throws PeerCallError OPERATION_NOT_FOUND */
  async operation(operationId: string, options: PeerCallOptions = {}): Promise<Operation> {
    const { operation } = await this.#unary<{ readonly operation: Operation }>(
      'GetOperation',
      { operationId },
      options,
    );
    return operation;
  }

  /**
   * Events of an operation after a sequence number, until its end. A stream that breaks is resumed where it broke, as long as there is time.
   * @throws PeerCallError
   */
  async *watchOperation(
    operationId: string,
    afterSequence = 0,
    options: PeerCallOptions = {},
  ): AsyncGenerator<Event, void> {
    const bounds = this.#bounds(options);
    let after = afterSequence;
    for (;;) {
      try {
        for await (const event of this.events(operationId, after, bounds)) {
          // At least once: what was told before the break is not told again.
          if (event.sequence <= after) continue;
          after = event.sequence;
          yield event;
        }
        return;
      } catch (error) {
        const broken = error instanceof PeerCallError && brokenLine.has(error.status);
        if (!broken || Date.now() + resumeMs >= bounds.until || bounds.signal?.aborted === true) throw error;
        await pause(resumeMs, bounds.signal);
      }
    }
  }

  #bounds(options: PeerCallOptions): Bounds {
    const deadlineMs = options.deadlineMs ?? this.#options.deadlineMs ?? defaultDeadlineMs;
    const signals = [options.signal, this.#options.signal].filter((signal) => signal !== undefined);
    const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    return { until: Date.now() + deadlineMs, signal };
  }

  async #unary<Response extends object>(rpc: UnaryRpc, request: object, options: PeerCallOptions): Promise<Response> {
    const bounds = this.#bounds(options);
    for (;;) {
      try {
        if (bounds.signal?.aborted === true) throw new RemoteError('CANCELLED', undefined, 'the caller has given up');
        return await this.once<Response>(rpc, request, bounds);
      } catch (error) {
        const limited =
          error instanceof PeerCallError && limits.has(error.code) && this.#options.waitWhenLimited !== false;
        // A little more than was said, and not everybody at once.
        const waitMs = limited
          ? (error.retryAfterMs ?? leastWaitMs) * (1 + Math.random() / 4)
          : Number.POSITIVE_INFINITY;
        if (Date.now() + waitMs >= bounds.until) throw error;
        await pause(waitMs, bounds.signal);
      }
    }
  }
}

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

/** The reply as the validator encoded it. */
const networkReply = (network: Fields<GetNetworkResponse>): Uint8Array =>
  encodeParts([
    encodeText(network.name),
    network.accessStructure,
    encodeParts(network.identityKeys),
    network.keyRecord,
    network.keyCertificate,
    network.setupRecord,
    network.setupCertificate,
    network.generation,
  ]);
