/**
 * What all handlers share: deadline, trace, observer, and errors as rich statuses.
 *
 * @module
 */
import { Metadata, type ServerUnaryCall, type handleUnaryCall, status } from '@grpc/grpc-js';
import { encodeRichStatus, serviceNames, statusHeader, traceHeader } from '@dwallet/proto';
import { DWalletError } from '@dwallet/sigma';
import { withRequestContext } from '../request-context.ts';
import { type OpenSpan, SpanKind, openSpan, parseTraceparent } from '../tracing.ts';
import type { ApiObserver, ApiSide } from './api-observer.ts';
import { ApiError, richStatusOf } from './errors.ts';

/** One call as its handler sees it. */
export interface Call {
  readonly side: ApiSide;
  readonly rpc: string;
  readonly traceId: string;
  readonly span: OpenSpan;
  /** When the caller has its answer at the latest, on the clock of `performance.now()`. */
  readonly deadline: number;
  /** Address of the other end, without its port. */
  readonly address: string;
  /** Aborted when nobody waits for the answer any more: the deadline is over, or the caller has gone. What runs goes on. */
  readonly gone: AbortSignal;
  /** Set by the handler, for error details. */
  operationId: string | undefined;
}

export interface CallOptions {
  readonly observer: ApiObserver;
  /** For people and operators; never secrets. */
  readonly log: (text: string) => void;
  /** Calls wait no longer than this, whatever their own deadline. */
  readonly maxDeadlineMs: number;
}

/** The answer leaves this much before the caller stops waiting, so that it learns which operation goes on; at most a tenth of the time. */
const leadMs = 250;

/** Time left for a call that arrives now. @param deadline - as gRPC has it: a date, or milliseconds of the Unix epoch, or Infinity. */
export function remainingMs(deadline: Date | number, maxDeadlineMs: number): number {
  const left = Number(deadline) - Date.now();
  const own = left - Math.min(leadMs, left / 10);
  return Math.max(0, Math.min(Number.isNaN(own) ? Number.POSITIVE_INFINITY : own, maxDeadlineMs));
}

/** `ipv4:port` or `[ipv6]:port` without its port. */
export const addressOf = (peer: string): string => peer.replace(/:\d+$/, '');

/** An error as gRPC sends it. */
export function serviceError(
  error: unknown,
  call: Pick<Call, 'rpc' | 'operationId'>,
): { readonly code: number; readonly details: string; readonly metadata: Metadata } {
  const rich = richStatusOf(error, call.rpc, call.operationId);
  const metadata = new Metadata();
  metadata.set(statusHeader, Buffer.from(encodeRichStatus(rich)));
  return { code: rich.code, details: rich.message, metadata };
}

/** Asked every second by every validator: no spans. */
const helloRpc = 'Hello';

export const openCall = (
  side: ApiSide,
  rpc: string,
  call: { readonly metadata: Metadata; getDeadline(): Date | number; getPeer(): string },
  maxDeadlineMs: number,
  gone: AbortSignal,
): Call => {
  const service = serviceNames[side === 'client' ? 'signing' : 'peer'];
  const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': rpc };
  const parent = parseTraceparent(call.metadata.get(traceHeader)[0]);
  const span = openSpan(`${service}/${rpc}`, {
    parent,
    kind: SpanKind.SERVER,
    attributes,
    silent: rpc === helloRpc,
  });
  return {
    side,
    rpc,
    traceId: span.traceId,
    span,
    deadline: performance.now() + remainingMs(call.getDeadline(), maxDeadlineMs),
    address: addressOf(call.getPeer()),
    gone,
    operationId: undefined,
  };
};

/** Ends the span of a call. @param code - of gRPC. */
export function endCall({ span }: Call, code: number): void {
  span.set({ 'rpc.grpc.status_code': code });
  const name = status[code] ?? 'UNKNOWN';
  span.end(name === 'OK' ? undefined : name);
}

const limitCodes: ReadonlySet<string> = new Set([
  'RATE_LIMITED',
  'TOO_MANY_IN_FLIGHT',
  'OVERLOADED',
  'MESSAGE_TOO_LARGE',
]);

/** Tells observer and log about a failed call. What nobody foresaw is named by its class only: its message might quote anything. */
export function observeFailure({ observer, log }: CallOptions, { side, rpc, traceId }: Call, error: unknown): void {
  if (error instanceof ApiError && limitCodes.has(error.code)) observer.limited(side, rpc, error.code);
  if (!(error instanceof DWalletError)) {
    const at = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
    const name = error instanceof Error ? error.name : typeof error;
    log(`internal error in ${rpc} (${name}), trace ${traceId}\n${at.slice(0, 6).join('\n')}`);
  }
}

/** A unary handler: the answer, or an error, or DEADLINE_EXCEEDED, whichever is first. */
export const unary =
  <Request, Response>(
    side: ApiSide,
    rpc: string,
    options: CallOptions,
    handler: (request: Request, call: Call, raw: ServerUnaryCall<Request, Response>) => Promise<Response>,
  ): handleUnaryCall<Request, Response> =>
  (raw, callback) => {
    const gone = new AbortController();
    const call = openCall(side, rpc, raw, options.maxDeadlineMs, gone.signal);
    const begin = performance.now();
    options.observer.callStarted(side, rpc);
    let done = false;
    const finish = (code: number, send: () => void): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      gone.abort();
      endCall(call, code);
      options.observer.callFinished(side, rpc, status[code] ?? 'UNKNOWN', (performance.now() - begin) / 1000);
      send();
    };
    const fail = (error: unknown): void => {
      if (done) return;
      observeFailure(options, call, error);
      const answer = serviceError(error, call);
      finish(answer.code, () => callback(answer));
    };
    const timer = setTimeout(
      () => fail(new ApiError('DEADLINE_EXCEEDED', 'the answer is not there yet')),
      Math.min(call.deadline - begin, 2 ** 31 - 1),
    );
    raw.on('cancelled', () => finish(status.CANCELLED, () => {}));
    const answer = async (): Promise<void> => {
      try {
        const { traceId, span, deadline } = call;
        const context = { traceId, span: span.span, deadline, gone: gone.signal, session: {} };
        const response = await withRequestContext(context, () => handler(raw.request, call, raw));
        finish(status.OK, () => callback(null, response));
      } catch (error) {
        fail(error);
      }
    };
    void answer();
  };
