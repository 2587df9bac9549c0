/**
 * Operations: what clients' requests that change something have become. One per account, request id and bytes; stored before its work starts, and
 * worked on whether or not its client still waits. The same request attaches to the operation that runs, gets the result of the one that is
 * done, and starts one again that was interrupted: sessions are idempotent on the same bytes, so that is safe.
 *
 * @module
 */
import { type SigningMethod, isSigningMethod, signingRpcs } from '@dwallet/proto';
import {
  Reader,
  concat,
  digestTagged,
  encodeBytes,
  encodeList,
  encodeText,
  encodeUint32,
  encodeUint64,
  encodeUint8,
} from '@dwallet/sigma';
import { RemoteError, decodeReply, encodeFailure, maxBodyBytes, operationIdOf } from '@dwallet/two-pc-mpc/network';
import { newTraceId, requestContext } from '../request-context.ts';
import { inTrace } from '../tracing.ts';
import { type RecordStore, expiringKinds } from '../store/record-store.ts';
import type { ApiObserver } from './api-observer.ts';
import { ApiError, errorRow } from './errors.ts';
import type { ApiLimits } from './limits.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export type OperationState = 'PENDING' | 'COMPLETED' | 'FAILED';

export interface OperationEvent {
  /** Grows, also across restarts. */
  readonly sequence: number;
  readonly state: OperationState;
  readonly step: string;
  /** Milliseconds of the Unix epoch. */
  readonly at: number;
}

/** An operation as it is now. */
export interface OperationView {
  readonly id: string;
  readonly method: SigningMethod;
  readonly requestId: string;
  /** Account key, 32 bytes. */
  readonly account: Uint8Array;
  readonly state: OperationState;
  /** Milliseconds of the Unix epoch. */
  readonly createdAt: number;
  readonly events: readonly OperationEvent[];
  /** The validator's reply, when it is over: a result or a failure. */
  readonly reply: Uint8Array;
}

/** A request whose envelope was opened and verified. */
export interface OperationRequest {
  readonly account: Uint8Array;
  readonly requestId: string;
  readonly method: SigningMethod;
  readonly envelope: Uint8Array;
  readonly traceId: string;
}

/** What operations need of a store. */
export type OperationStore = Pick<RecordStore, 'get' | 'put' | 'list' | 'delete' | 'transaction'>;

export interface OperationsOptions {
  readonly store: OperationStore;
  /** Answers encoded calls: the validator. Refusals are replies; it rejects only when nothing can be said. */
  readonly run: (method: SigningMethod, envelope: Uint8Array) => Promise<Uint8Array>;
  /** Milliseconds of the Unix epoch. */
  readonly now: () => number;
  readonly limits: Pick<ApiLimits, 'running' | 'queued' | 'maxStoredOperations'>;
  readonly observer: ApiObserver;
  /** How long finished operations are kept; a day at least. */
  readonly keepMs?: number;
}

const dayMs = 86_400_000;
const { operation: kindOperation, reply: kindReply, requestKey: kindKey } = expiringKinds;
/** Numbers of events per attempt: the next attempt starts above all of them. */
const sequencesPerAttempt = 4096;
const maxEvents = 256;
/** Operations that are forgotten in one transaction: whoever asks meanwhile waits for it. */
const maxSwept = 1024;

const keyOf = (account: Uint8Array, requestId: string): string =>
  hex(digestTagged('api-request-key', [account, encodeText(requestId)]));

interface Stored extends OperationView {
  /** How often its work was started. */
  readonly attempt: number;
  /** Of a pending one: what to work on again after a restart. */
  readonly envelope: Uint8Array;
}

const states: readonly OperationState[] = ['PENDING', 'COMPLETED', 'FAILED'];
const header = Uint8Array.of(1, 0x4f);

function encodeOperation(operation: Stored): Uint8Array {
  return concat(
    header,
    encodeUint8(states.indexOf(operation.state)),
    encodeUint32(operation.attempt),
    encodeUint64(BigInt(operation.createdAt)),
    operation.account,
    encodeBytes(encodeText(operation.method)),
    encodeBytes(encodeText(operation.requestId)),
    encodeList(
      operation.events.map(({ sequence, state, step, at }) =>
        concat(
          encodeUint64(BigInt(sequence)),
          encodeUint64(BigInt(at)),
          encodeUint8(states.indexOf(state)),
          encodeBytes(encodeText(step)),
        ),
      ),
    ),
    encodeBytes(operation.envelope),
  );
}

function decodeOperation(id: string, bytes: Uint8Array, reply: Uint8Array): Stored {
  const reader = new Reader(bytes, 'Operation');
  const text = (from: Reader, field: string): string => new TextDecoder().decode(from.bytes(field, 256));
  const stateOf = (index: number): OperationState => {
    const state = states[index];
    if (state === undefined) throw new Error('an operation of an unknown state is stored');
    return state;
  };
  const uint64 = (from: Reader, field: string): number => Number(from.uint(field, 8, 1n << 53n));
  reader.constant('version', header[0] as number);
  reader.constant('type', header[1] as number);
  const state = stateOf(reader.uint8('state'));
  const attempt = reader.uint32('attempt');
  const createdAt = uint64(reader, 'createdAt');
  const account = reader.fixed('account', 32);
  const method = text(reader, 'method');
  if (!isSigningMethod(method)) throw new Error('an operation of an unknown method is stored');
  const requestId = text(reader, 'requestId');
  const count = reader.count('events', 0, 2 * maxEvents);
  const events = Array.from({ length: count }, (_, i): OperationEvent => {
    const event = new Reader(reader.bytes(`events[${i}]`, 512), `Operation.events[${i}]`);
    const sequence = uint64(event, 'sequence');
    const at = uint64(event, 'at');
    const eventState = stateOf(event.uint8('state'));
    const read = { sequence, state: eventState, step: text(event, 'step'), at };
    event.end();
    return read;
  });
  const envelope = reader.bytes('envelope', 2 * maxBodyBytes);
  reader.end();
  return { id, state, attempt, createdAt, account, method, requestId, events, envelope, reply };
}

/** The failure that a reply says, if it is one. */
export function failureOf(reply: Uint8Array): Error | undefined {
  try {
    decodeReply(reply, 2 * maxBodyBytes);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** One that is being worked on, or waits for it. */
interface Running {
  operation: Stored;
  done: Promise<Stored>;
  readonly listeners: Set<(event: OperationEvent) => void>;
}

/** Starts work in the order of arrival, so many at once. */
class Lane {
  running = 0;
  readonly waiting: (() => void)[] = [];
  /** Of the recent ones, in milliseconds: how long a caller waits for a place. */
  typicalMs = 500;
}

export class Operations {
  readonly #options: OperationsOptions;
  readonly #keepMs: number;
  readonly #running = new Map<string, Running>();
  readonly #lanes = new Map<string, Lane>();
  /** Stored ones by the time of their creation, oldest first. */
  readonly #kept = new Map<string, number>();

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.#keepMs = Math.max(options.keepMs ?? dayMs, dayMs);
    const { store } = options;
    const ids = store.list(kindOperation);
    const stored = ids.flatMap((id) => this.#readStored(id, false) ?? []).sort((a, b) => a.createdAt - b.createdAt);
    for (const { id, createdAt } of stored) this.#kept.set(id, createdAt);
    const empty = ids.filter((id) => !this.#kept.has(id));
    if (empty.length === 0) return;
    store.transaction(() => {
      for (const id of empty) for (const kind of [kindReply, kindOperation]) store.delete(kind, id);
    });
  }

  /** Goes on with what was interrupted when the process ended. To be called when the validator can work. */
  resume(): void {
    for (const id of this.#kept.keys()) {
      const stored = this.#running.has(id) ? undefined : this.#readStored(id, false);
      if (stored?.state !== 'PENDING') continue;
      const operation = this.#attempt(stored, stored.envelope);
      this.#options.store.put(kindOperation, id, encodeOperation(operation));
      void this.#start(operation, newTraceId());
    }
  }

  get pending(): number {
    return this.#running.size;
  }

  /** Resolves when nothing is being worked on any more. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled([...this.#running.values()].map(({ done }) => done));
  }

  /**
   * The operation of a request: the one that there is, or a new one, which is durable when this returns.
   * @returns its id, and a promise of its end, which never rejects.
   * @throws ApiError REQUEST_ID_REUSED, OVERLOADED
   */
  submit(request: OperationRequest): { readonly id: string; readonly done: Promise<OperationView> } {
    const { store, observer, now } = this.#options;
    const rpc = signingRpcs[request.method];
    const id = hex(operationIdOf(request.account, request.requestId, request.envelope));
    const running = this.#running.get(id);
    if (running !== undefined) {
      observer.replayed(rpc, 'attached');
      return { id, done: running.done };
    }
    const key = keyOf(request.account, request.requestId);
    const holder = this.#holderOf(key);
    if (holder !== undefined && holder !== id)
      throw new ApiError('REQUEST_ID_REUSED', 'was used for another request', { field: 'request_id' });
    const stored = this.#read(id);
    if (stored !== undefined && this.#isFinal(stored)) {
      observer.replayed(rpc, 'answered');
      return { id, done: Promise.resolve(stored) };
    }
    this.#requirePlace(rpc);
    this.sweep();
    if (stored === undefined && this.#kept.size >= this.#options.limits.maxStoredOperations)
      throw new ApiError('OVERLOADED', 'too many operations are kept', {
        retryAfterMs: 60_000,
        quota: { subject: 'service', description: 'stored operations' },
      });
    if (stored !== undefined) observer.replayed(rpc, 'run again');
    const operation = this.#attempt(
      stored ?? {
        id,
        state: 'PENDING',
        attempt: 0,
        createdAt: now(),
        account: request.account,
        method: request.method,
        requestId: request.requestId,
        events: [],
        envelope: request.envelope,
        reply: new Uint8Array(0),
      },
      request.envelope,
    );
    // Both are durable before anything is done. A key whose operation is not stored, after a crash between the two, is free.
    store.transaction(() => {
      if (holder === undefined) store.put(kindKey, key, Buffer.from(id, 'hex'));
      store.put(kindOperation, id, encodeOperation(operation));
    });
    return { id, done: this.#start(operation, request.traceId) };
  }

  /** An operation that is known here and not expired. */
  get(id: string): OperationView | undefined {
    return this.#running.get(id)?.operation ?? this.#read(id);
  }

  /**
   * Tells the events after a sequence number, and those to come. `end` is called after the last one.
   * @returns stops it. undefined: there is no such operation.
   */
  watch(id: string, after: number, listen: (event: OperationEvent) => void, end: () => void): (() => void) | undefined {
    const running = this.#running.get(id);
    const operation = running?.operation ?? this.#read(id);
    if (operation === undefined) return undefined;
    for (const event of operation.events) if (event.sequence > after) listen(event);
    if (running === undefined) {
      end();
      return () => {};
    }
    const hear = (event: OperationEvent): void => {
      if (event.sequence > after) listen(event);
      if (event.state !== 'PENDING') end();
    };
    running.listeners.add(hear);
    return () => running.listeners.delete(hear);
  }

  /** Forgets what was created longer ago than is kept, oldest first; what is too much at once, the next time. */
  sweep(): void {
    const { store, now } = this.#options;
    const before = now() - this.#keepMs;
    const expired: string[] = [];
    for (const [id, createdAt] of this.#kept) {
      if (createdAt >= before || expired.length >= maxSwept) break;
      if (!this.#running.has(id)) expired.push(id);
    }
    if (expired.length === 0) return;
    store.transaction(() => {
      for (const id of expired) {
        const stored = this.#readStored(id, false);
        const key = stored === undefined ? undefined : keyOf(stored.account, stored.requestId);
        if (key !== undefined && this.#holderOf(key, true) === id) store.delete(kindKey, key);
        store.delete(kindReply, id);
        store.delete(kindOperation, id);
      }
    });
    for (const id of expired) this.#kept.delete(id);
  }

  #readStored(id: string, withReply = true): Stored | undefined {
    if (!/^[0-9a-f]{64}$/.test(id)) return undefined;
    const { store } = this.#options;
    const bytes = store.get(kindOperation, id);
    // Earlier versions could not delete: what had expired became empty.
    if (bytes === undefined || bytes.length === 0) return undefined;
    const reply = withReply ? store.get(kindReply, id) : undefined;
    return decodeOperation(id, bytes, reply ?? new Uint8Array(0));
  }

  #read(id: string): Stored | undefined {
    const stored = this.#readStored(id);
    if (stored === undefined) return undefined;
    const expired = stored.state !== 'PENDING' && stored.createdAt < this.#options.now() - this.#keepMs;
    return expired ? undefined : stored;
  }

  /** The operation that holds an idempotency key. */
  #holderOf(key: string, expiredToo = false): string | undefined {
    const bytes = this.#options.store.get(kindKey, key);
    if (bytes === undefined) return undefined;
    const id = hex(bytes);
    return expiredToo || this.#read(id) !== undefined ? id : undefined;
  }

  /** Whether the same request gets what is stored. */
  #isFinal({ state, reply }: Stored): boolean {
    if (state === 'COMPLETED') return true;
    if (state === 'PENDING') return false;
    const failure = failureOf(reply);
    return failure !== undefined && 'code' in failure && errorRow(String(failure.code)).key === 'answered';
  }

  // Working -------------------------------------------------------------------------------------------------------------------------

  #lane(rpc: string): Lane {
    const lane = this.#lanes.get(rpc) ?? new Lane();
    this.#lanes.set(rpc, lane);
    return lane;
  }

  #requirePlace(rpc: string): void {
    const lane = this.#lane(rpc);
    const { running, queued } = this.#options.limits;
    const places = running[rpc] ?? 1;
    if (lane.running < places || lane.waiting.length < (queued[rpc] ?? 0)) return;
    const retryAfterMs = Math.round(Math.min(30_000, Math.max(100, (lane.typicalMs * lane.waiting.length) / places)));
    throw new ApiError('OVERLOADED', 'the queue is full', {
      retryAfterMs,
      quota: { subject: 'service', description: `queued ${rpc} operations` },
    });
  }

  /** The operation as it is when its work is about to start (again). */
  #attempt(from: Stored, envelope: Uint8Array): Stored {
    const attempt = from.attempt + 1;
    const first: OperationEvent = {
      sequence: attempt * sequencesPerAttempt,
      state: 'PENDING',
      step: 'accepted',
      at: this.#options.now(),
    };
    return { ...from, state: 'PENDING', attempt, envelope, events: [first], reply: new Uint8Array(0) };
  }

  /** Works on an operation that is stored. */
  #start(operation: Stored, traceId: string): Promise<Stored> {
    const running: Running = { operation, listeners: new Set(), done: Promise.resolve(operation) };
    this.#kept.set(operation.id, operation.createdAt);
    this.#running.set(operation.id, running);
    running.done = this.#inTurn(operation, traceId).then((reply) => this.#finish(running, reply));
    return running.done;
  }

  #emit(running: Running, state: OperationState, step: string): void {
    const { operation } = running;
    const last = operation.events.at(-1);
    if (state === 'PENDING' && operation.events.length >= maxEvents) return;
    const event: OperationEvent = { sequence: (last?.sequence ?? 0) + 1, state, step, at: this.#options.now() };
    running.operation = { ...operation, events: [...operation.events, event] };
    if (state === 'PENDING') for (const listener of running.listeners) listener(event);
  }

  /** Waits for a place, works, and gives the reply. Never rejects. */
  async #inTurn({ id, method, envelope, account }: Stored, traceId: string): Promise<Uint8Array> {
    const { limits, observer, run } = this.#options;
    // Of the call that starts it. Nothing of its deadline: the operation outlives that call.
    const parent = requestContext()?.span;
    const rpc = signingRpcs[method];
    const lane = this.#lane(rpc);
    const tell = (): void => observer.operations(rpc, lane.running, lane.waiting.length);
    if (lane.running < (limits.running[rpc] ?? 1)) lane.running++;
    else {
      const turn = new Promise<void>((resolve) => lane.waiting.push(resolve));
      tell();
      await turn;
    }
    tell();
    const begin = performance.now();
    const progress = (step: string): void => {
      const running = this.#running.get(id);
      if (running !== undefined) this.#emit(running, 'PENDING', step);
    };
    try {
      const request = { account: hex(account), session: {}, progress };
      const options = { parent, traceId, request, attributes: { 'dwallet.operation': id } };
      return await inTrace(`operation ${rpc}`, options, () => run(method, envelope));
    } catch (error) {
      return encodeFailure(error);
    } finally {
      lane.typicalMs = 0.8 * lane.typicalMs + 0.2 * (performance.now() - begin);
      const next = lane.waiting.shift();
      // The place goes to the next one, so that nobody overtakes it.
      if (next === undefined) lane.running--;
      else next();
      tell();
    }
  }

  #finish(running: Running, given: Uint8Array): Stored {
    const { store } = this.#options;
    const { id } = running.operation;
    let reply = given;
    const failure = failureOf(reply);
    const state = failure === undefined ? 'COMPLETED' : 'FAILED';
    this.#emit(running, state, failure === undefined ? 'completed' : 'failed');
    const over = (fields: Pick<Stored, 'state' | 'reply'>): Stored => ({
      ...running.operation,
      ...fields,
      envelope: new Uint8Array(0),
    });
    let operation = over({ state, reply });
    try {
      store.transaction(() => {
        store.put(kindReply, id, reply);
        store.put(kindOperation, id, encodeOperation(operation));
        if (failure === undefined || !('code' in failure) || errorRow(String(failure.code)).key !== 'released') return;
        const key = keyOf(operation.account, operation.requestId);
        if (this.#holderOf(key, true) === id) store.delete(kindKey, key);
      });
    } catch {
      // What is not stored is not answered. The operation is still pending on disk, and the same request tries again.
      reply = encodeFailure(new RemoteError('INTERNAL', undefined, 'internal error'));
      operation = over({ state: 'FAILED', reply });
      const last = operation.events.at(-1) as OperationEvent;
      operation = {
        ...operation,
        events: [...operation.events.slice(0, -1), { ...last, state: 'FAILED', step: 'failed' }],
      };
    }
    running.operation = operation;
    this.#running.delete(id);
    const event = operation.events.at(-1);
    if (event !== undefined) for (const listener of running.listeners) listener(event);
    return operation;
  }
}
