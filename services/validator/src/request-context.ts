/**
 * What belongs to the request that is being served, wherever in this process: its trace, its deadline, its account, and who hears of its
 * progress. Follows the asynchronous calls by itself; never part of what is computed or stored.
 *
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { CancelSignal } from '@dwallet/two-pc-mpc/network';
import { type Context, trace } from '@opentelemetry/api';

export interface RequestContext {
  /** W3C trace id: 32 hex characters, the same at every validator that works on the request. */
  readonly traceId: string;
  /** OpenTelemetry's context with the current span (tracing.ts). */
  readonly span?: Context;
  /** When the caller stops waiting, on the clock of `performance.now()`; undefined for work that outlives its caller. */
  readonly deadline?: number;
  /**
   * Aborted when nobody waits for the answer any more. Only where stopping is safe: what is verified may be left half way; nothing that
   * stores, marks or gives a share has it (validator.ts).
   */
  readonly gone?: CancelSignal;
  /** Account key in hex, of a client's request. */
  readonly account?: string;
  /** Which session of the protocol this is about, once that is known; filled in by {@link noteSession}. */
  readonly session?: { id?: string };
  /** Hears what begins now. Never throws. */
  readonly progress?: (step: string) => void;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Of the request that is being served here; undefined outside of any. */
export const requestContext = (): RequestContext | undefined => storage.getStore();

/** Runs `work`, and everything asynchronous that it starts, in a context. */
export const withRequestContext = <T>(context: RequestContext, work: () => T): T => storage.run(context, work);

/** Runs `work` in the same context, but to its end: also when nobody waits for it any more. */
export function toTheEnd<T>(work: () => T): T {
  const { gone, ...context } = storage.getStore() ?? { traceId: newTraceId() };
  return gone === undefined ? work() : storage.run(context, work);
}

/** Tells whoever watches the operation which step begins. */
export const noteProgress = (step: string): void => storage.getStore()?.progress?.(step);

/** Says which session the request is about, for the current span and the lines that are logged from now on. @param id - 32 bytes. */
export function noteSession(id: Uint8Array): void {
  const { session, span } = storage.getStore() ?? {};
  const text = Buffer.from(id).toString('hex');
  if (session !== undefined) session.id = text;
  if (span !== undefined) trace.getSpan(span)?.setAttribute('dwallet.session', text);
}

export const newTraceId = (): string => randomBytes(16).toString('hex');
