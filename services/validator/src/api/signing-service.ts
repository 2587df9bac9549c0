/**
 * SigningService: what clients ask. Requests that change something are envelopes signed by an account; everything that a caller is limited by is
 * counted for that account, and before its signature was verified for the address that it comes from.
 *
 * @module
 */
import type { ServerWritableStream, UntypedHandleCall, handleUnaryCall } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import {
  type OperationEventMessage,
  type OperationMessage,
  type OperationStateName,
  type SigningMethod,
  type SigningRpc,
  listDWalletsKind,
  networkMethod,
  richStatusMessage,
  signingRpcs,
} from '@dwallet/proto';
import { DecodeError, type Digest } from '@dwallet/sigma';
import {
  type Committee,
  type Envelope,
  type Peer,
  clientRouting,
  decodeReply,
  encodeCall,
  maxBodyBytes,
  openEnvelope,
  peekEnvelope,
} from '@dwallet/two-pc-mpc/network';
import type { StoredDWallet } from '../network-state.ts';
import { type Call, type CallOptions, endCall, observeFailure, openCall, serviceError, unary } from './calls.ts';
import { ApiError, richStatusOf } from './errors.ts';
import { type ApiLimits, InFlight, TokenBuckets } from './limits.ts';
import { type OperationEvent, type OperationView, type Operations, failureOf } from './operations.ts';
import { dwalletMessage, mutatingResponse, networkResponse, signatureOf } from './replies.ts';
import { routingMismatch } from './routing.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What a validator tells of its own store. */
export interface ValidatorReads {
  dwallet(id: Uint8Array): StoredDWallet | undefined;
  dwalletIdsOf(account: Uint8Array): string[];
  signature(presign: Uint8Array): Uint8Array | undefined;
}

/** Depth of the presign pool, and the marks between which it is kept. */
export interface PresignDepth {
  readonly available: number;
  readonly lowMark: number;
  readonly highMark: number;
}

export interface SigningServiceOptions extends CallOptions {
  readonly networkId: Digest;
  readonly committee: Committee;
  /** Answers encoded calls: the validator. */
  readonly serve: Peer;
  readonly reads: ValidatorReads;
  readonly presigns: () => PresignDepth;
  readonly operations: Operations;
  readonly limits: ApiLimits;
  /** New requests are refused when it says so. */
  readonly closing: () => boolean;
}

const requestIdPattern = /^[0-9A-Za-z._-]{1,64}$/;
const operationIdPattern = /^[0-9a-f]{64}$/;
const maxPageSize = 100;

interface MutatingRequest {
  readonly requestId: string;
  readonly envelope: Buffer;
}

export class SigningService {
  readonly #options: SigningServiceOptions;
  readonly #inFlight: InFlight;
  readonly #watchers: InFlight;
  readonly #addresses: TokenBuckets;
  readonly #accounts: TokenBuckets;
  readonly #byAccount: InFlight;

  constructor(options: SigningServiceOptions) {
    const { limits } = options;
    this.#options = options;
    const now = (): number => performance.now();
    this.#inFlight = new InFlight(limits.maxInFlight, limits.maxInFlightPerAddress);
    this.#watchers = new InFlight(limits.maxWatchers, limits.maxWatchersPerAddress);
    this.#byAccount = new InFlight(Number.POSITIVE_INFINITY, limits.maxInFlightPerAccount);
    this.#addresses = new TokenBuckets(limits.address, now);
    this.#accounts = new TokenBuckets(limits.account, now);
  }

  get inFlight(): InFlight {
    return this.#inFlight;
  }

  /** Handlers by rpc. */
  handlers(): Record<string, UntypedHandleCall> {
    const mutating = (Object.entries(signingRpcs) as [SigningMethod, SigningRpc][]).map(
      ([method, rpc]) =>
        [
          rpc,
          this.#unary<MutatingRequest, object>(rpc, (request, call) => this.#mutate(method, request, call)),
        ] as const,
    );
    return {
      ...Object.fromEntries<UntypedHandleCall>(mutating),
      GetNetwork: this.#unary('GetNetwork', () => this.#getNetwork()),
      GetDWallet: this.#unary('GetDWallet', (request: { dwalletId: Buffer }) => this.#getDWallet(request.dwalletId)),
      ListDWallets: this.#unary('ListDWallets', (request: ListRequest) => this.#listDWallets(request)),
      GetPresignStatus: this.#unary('GetPresignStatus', async () => this.#options.presigns()),
      GetSignature: this.#unary('GetSignature', (request: { presignId: Buffer }) =>
        this.#getSignature(request.presignId),
      ),
      GetOperation: this.#unary('GetOperation', async (request: { operationId: string }) => ({
        operation: this.#operationMessage(this.#requireOperation(request.operationId)),
      })),
      WatchOperation: (stream: ServerWritableStream<WatchRequest, OperationEventMessage>) => this.#watch(stream),
    };
  }

  /** A unary rpc under the limits that hold before anybody is known. */
  #unary<Request, Response>(
    rpc: string,
    handler: (request: Request, call: Call) => Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return unary('client', rpc, this.#options, async (request: Request, call) => {
      const leave = this.#enter(call, this.#inFlight);
      try {
        return await handler(request, call);
      } finally {
        leave();
      }
    });
  }

  #enter({ address }: Call, places: InFlight): () => void {
    if (this.#options.closing()) throw new ApiError('SHUTTING_DOWN', 'this validator is about to stop');
    const subject = `address:${address}`;
    const leave = places.enter(subject);
    try {
      this.#addresses.require(subject);
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  // Requests that change something ----------------------------------------------------------------------------------------------------

  async #mutate(method: SigningMethod, request: MutatingRequest, call: Call): Promise<object> {
    const { operations } = this.#options;
    if (!requestIdPattern.test(request.requestId))
      throw new ApiError('REQUEST_ID_INVALID', 'must be 1..64 characters of [0-9A-Za-z._-]', { field: 'request_id' });
    const envelope = this.#open(request.envelope, method, signingRpcs[method]);
    const field = routingMismatch({ ...clientRouting(envelope) }, request);
    if (field !== undefined) throw new ApiError('ROUTING_MISMATCH', 'is not what the envelope says', { field });
    const leave = this.#account(envelope.sender);
    try {
      const { id, done } = operations.submit({
        account: envelope.sender,
        requestId: request.requestId,
        method,
        envelope: request.envelope,
        traceId: call.traceId,
      });
      call.operationId = id;
      // The operation goes on when nobody waits for it any longer; its place among the requests under way is free then.
      const outcome = await unlessGone(done, call.gone);
      if (outcome === undefined) throw new ApiError('DEADLINE_EXCEEDED', 'the operation goes on');
      return mutatingResponse(method, id, decodeReply(outcome.reply, 2 * maxBodyBytes));
    } finally {
      leave();
    }
  }

  /** @throws DecodeError; ApiError MESSAGE_TOO_LARGE */
  #open(bytes: Uint8Array, kind: string, rpc: string): Envelope {
    const { networkId, limits } = this.#options;
    const max = limits.maxEnvelopeBytes[rpc] ?? 0;
    if (bytes.length > max) throw new ApiError('MESSAGE_TOO_LARGE', `more than ${max} bytes`, { field: 'envelope' });
    // The cheap look first: no signature is verified for what is of another kind.
    const peeked = peekEnvelope(bytes);
    if (peeked.kind !== kind) throw new DecodeError('Envelope.kind', `must be ${kind}`);
    return openEnvelope(bytes, networkId);
  }

  /** Counts a signed request for its account. */
  #account(sender: Uint8Array): () => void {
    const subject = `account:${hex(sender)}`;
    this.#accounts.require(subject);
    return this.#byAccount.enter(subject);
  }

  // Reading ---------------------------------------------------------------------------------------------------------------------------

  async #getNetwork(): Promise<object> {
    const { networkId, committee, serve } = this.#options;
    const reply = await serve.call(encodeCall(networkMethod, new Uint8Array(0)));
    return networkResponse(networkId, committee.identityKeys.length, decodeReply(reply, maxBodyBytes));
  }

  async #getDWallet(id: Buffer): Promise<object> {
    requireBytes(id, 32, 'dwallet_id');
    const stored = this.#options.reads.dwallet(id);
    if (stored === undefined) throw new ApiError('NOT_FOUND', 'there is no such dWallet here');
    return { dwallet: dwalletMessage(id, stored) };
  }

  async #listDWallets({ envelope: bytes, pageSize, pageToken }: ListRequest): Promise<object> {
    const envelope = this.#open(bytes, listDWalletsKind, 'ListDWallets');
    if (envelope.body.length > 0) throw new DecodeError('Envelope.body', 'must be empty');
    if (pageSize > maxPageSize) throw new DecodeError('page_size', `must be at most ${maxPageSize}`);
    if (pageToken !== '' && !operationIdPattern.test(pageToken)) throw new DecodeError('page_token', 'is none of ours');
    const leave = this.#account(envelope.sender);
    try {
      const { reads } = this.#options;
      const size = pageSize === 0 ? maxPageSize : pageSize;
      const ids = reads.dwalletIdsOf(envelope.sender).filter((id) => id > pageToken);
      const page = ids.slice(0, size);
      const dwallets = page.flatMap((id) => {
        const key = Buffer.from(id, 'hex');
        const stored = reads.dwallet(key);
        return stored === undefined ? [] : [dwalletMessage(key, stored)];
      });
      return { dwallets, nextPageToken: ids.length > size ? page.at(-1) : '' };
    } finally {
      leave();
    }
  }

  async #getSignature(presign: Buffer): Promise<object> {
    requireBytes(presign, 32, 'presign_id');
    const signatureRecord = this.#options.reads.signature(presign);
    if (signatureRecord === undefined) throw new ApiError('NOT_FOUND', 'there is no such signature here');
    return { signatureRecord, signature: signatureOf(signatureRecord) };
  }

  // Operations ------------------------------------------------------------------------------------------------------------------------

  #requireOperation(id: string): OperationView {
    if (!operationIdPattern.test(id)) throw new DecodeError('operation_id', 'must be 64 hex characters');
    const operation = this.#options.operations.get(id);
    if (operation === undefined) throw new ApiError('OPERATION_NOT_FOUND', 'there is no such operation here');
    return operation;
  }

  #operationMessage(operation: OperationView): OperationMessage {
    const { id, method, requestId, state, createdAt, events, reply } = operation;
    const rpc = signingRpcs[method];
    const failure = state === 'FAILED' ? failureOf(reply) : undefined;
    const message: OperationMessage = {
      operationId: id,
      state: stateName(state),
      rpc,
      requestId,
      createTime: timestamp(createdAt),
      lastSequence: events.at(-1)?.sequence ?? 0,
      ...(failure === undefined ? {} : { error: richStatusMessage(richStatusOf(failure, rpc, id)) }),
    };
    if (state !== 'COMPLETED') return message;
    const result = mutatingResponse(method, id, decodeReply(reply, 2 * maxBodyBytes));
    return { ...message, [resultField[method]]: result };
  }

  #watch(stream: ServerWritableStream<WatchRequest, OperationEventMessage>): void {
    const rpc = 'WatchOperation';
    const { observer, limits, operations } = this.#options;
    const call = openCall('client', rpc, stream, limits.maxDeadlineMs, neverGone);
    const begin = performance.now();
    observer.callStarted('client', rpc);
    let leave: (() => void) | undefined;
    let stop: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    let over = false;
    const finish = (code: number): boolean => {
      if (over) return false;
      over = true;
      clearTimeout(timer);
      stop?.();
      leave?.();
      endCall(call, code);
      observer.callFinished('client', rpc, status[code] ?? 'UNKNOWN', (performance.now() - begin) / 1000);
      return true;
    };
    const fail = (error: unknown): void => {
      observeFailure(this.#options, call, error);
      const answer = serviceError(error, call);
      if (finish(answer.code)) stream.emit('error', answer);
    };
    stream.on('cancelled', () => finish(status.CANCELLED));
    try {
      const { operationId, afterSequence } = stream.request;
      leave = this.#enter(call, this.#watchers);
      this.#requireOperation(operationId);
      call.operationId = operationId;
      const tell = (event: OperationEvent): void => {
        if (!over) stream.write(eventMessage(event));
      };
      const end = (): void => {
        if (finish(status.OK)) stream.end();
      };
      stop = operations.watch(operationId, afterSequence, tell, end);
      // The end may have come at once, before there was anything to stop.
      if (over) stop?.();
      else
        timer = setTimeout(
          () => fail(new ApiError('DEADLINE_EXCEEDED', 'watch again from the last sequence number')),
          Math.min(call.deadline - begin, 2 ** 31 - 1),
        );
    } catch (error) {
      fail(error);
    }
  }
}

interface ListRequest {
  readonly envelope: Buffer;
  readonly pageSize: number;
  readonly pageToken: string;
}
interface WatchRequest {
  readonly operationId: string;
  readonly afterSequence: number;
}

const resultField = {
  'client/register-user-key': 'registerEncryptionKey',
  'client/create-dwallet': 'createDwallet',
  'client/accept-dwallet': 'acceptDwallet',
  'client/take-presign': 'takePresign',
  'client/sign': 'sign',
} as const satisfies Record<SigningMethod, keyof OperationMessage>;

const stateName = (state: OperationView['state']): OperationStateName => `OPERATION_STATE_${state}`;

const timestamp = (ms: number): { readonly seconds: number; readonly nanos: number } => ({
  seconds: Math.floor(ms / 1000),
  nanos: Math.round((ms % 1000) * 1e6),
});

const eventMessage = ({ sequence, state, step, at }: OperationEvent): OperationEventMessage => ({
  sequence,
  state: stateName(state),
  step,
  time: timestamp(at),
});

function requireBytes(bytes: Uint8Array, length: number, field: string): void {
  if (bytes.length !== length) throw new DecodeError(field, `must be ${length} bytes`);
}

/** A stream sees for itself how it ends. */
const neverGone = new AbortController().signal;

/** @returns undefined when nobody waits any more. */
async function unlessGone<T>(work: Promise<T>, gone: AbortSignal): Promise<T | undefined> {
  let leave = (): void => {};
  const left = new Promise<undefined>((resolve) => {
    leave = () => resolve(undefined);
    gone.addEventListener('abort', leave, { once: true });
  });
  try {
    return gone.aborted ? undefined : await Promise.race([work, left]);
  } finally {
    gone.removeEventListener('abort', leave);
  }
}
