/**
 * What belongs to the request that is being served, wherever in this process: its trace, its deadline, its account, and who hears of its
 * progress. Follows the asynchronous calls by itself; never part of what is computed or stored.
 *
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

export interface RequestContext {
  /** W3C trace id: 32 hex characters, the same at every validator that works on the request. */
  readonly traceId: string;
  /** When the caller stops waiting, on the clock of `performance.now()`; undefined for work that outlives its caller. */
  readonly deadline?: number;
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

/** Tells whoever watches the operation which step begins. */
export const noteProgress = (step: string): void => storage.getStore()?.progress?.(step);

/** Says which session the request is about, for the lines that are logged from now on. @param id - 32 bytes. */
export function noteSession(id: Uint8Array): void {
  const session = storage.getStore()?.session;
  if (session !== undefined) session.id = Buffer.from(id).toString('hex');
}

export const newTraceId = (): string => randomBytes(16).toString('hex');

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
const zeros = /^0+$/;

/** Trace id of a `traceparent` header; undefined when it is missing or not valid, for then a new trace begins. */
export function parseTraceparent(header: unknown): string | undefined {
  const [, trace, span] = (typeof header === 'string' ? pattern.exec(header) : null) ?? [];
  return trace === undefined || span === undefined || zeros.test(trace) || zeros.test(span) ? undefined : trace;
}

/** `traceparent` of a call that belongs to a trace. */
export const formatTraceparent = (traceId: string): string => `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
