/**
 * OpenTelemetry: spans of calls, operations, sessions, steps and compute jobs, through the API package alone. Without an SDK, which an operator
 * registers before this program starts (docs/operators.md), all of it does nothing. The trace id of a request is the same here, in the logs
 * and on the lines (W3C Trace Context).
 *
 * Attributes say which rpc, step, job, session and validator, never what is in a message: no bytes, no keys, and of errors only their code.
 *
 * @module
 */
import {
  type Attributes,
  type Context,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  context as active,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';
import { randomBytes } from 'node:crypto';
import { DWalletError } from '@dwallet/sigma';
import { softwareVersion } from './exit-codes.ts';
import { type RequestContext, newTraceId, requestContext, withRequestContext } from './request-context.ts';

export { SpanKind } from '@opentelemetry/api';

const tracer = trace.getTracer('@dwallet/validator', softwareVersion);

/** A span of another process, as it came over the line. */
export interface TraceParent {
  /** 32 hex characters. */
  readonly traceId: string;
  /** 16 hex characters. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** A `traceparent` header; undefined when it is missing or not valid, for then a new trace begins. */
export function parseTraceparent(header: unknown): TraceParent | undefined {
  const [, traceId, spanId, flags] = (typeof header === 'string' ? pattern.exec(header) : null) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (!isSpanContextValid({ traceId, spanId, traceFlags: 0 })) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & TraceFlags.SAMPLED) !== 0 };
}

/** `traceparent` of what this process asks others for now; of a new trace outside of any request. */
export function currentTraceparent(): string {
  const request = requestContext();
  const span = request?.span === undefined ? undefined : trace.getSpanContext(request.span);
  if (span === undefined || !isSpanContextValid(span))
    return `00-${request?.traceId ?? newTraceId()}-${randomBytes(8).toString('hex')}-01`;
  return `00-${span.traceId}-${span.spanId}-${(span.traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0')}`;
}

export interface SpanOptions {
  /** Default: internal. */
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
}

export interface TraceOptions extends SpanOptions {
  /** Default: a new trace. */
  readonly parent?: Context | TraceParent | undefined;
  /** Of the trace, when nobody records spans and no parent names one. Default: a new one. */
  readonly traceId?: string;
  /** No span is recorded; the trace is passed on. */
  readonly silent?: boolean;
}

/** A span that is ended by whoever opened it. */
export interface OpenSpan {
  readonly traceId: string;
  /** For {@link RequestContext}. */
  readonly span: Context;
  set(attributes: Attributes): void;
  /** @param failure - code of the failure, if it failed. */
  end(failure?: string): void;
}

/** Opens a span without making it the current one. */
export function openSpan(name: string, options: TraceOptions): OpenSpan {
  const { parent, kind = SpanKind.INTERNAL, attributes = {} } = options;
  const under = parent === undefined ? ROOT_CONTEXT : 'traceId' in parent ? remote(parent) : parent;
  const span =
    options.silent === true
      ? trace.wrapSpanContext(trace.getSpanContext(under) ?? INVALID_SPAN_CONTEXT)
      : tracer.startSpan(name, { kind, attributes }, under);
  const own = span.spanContext();
  return {
    traceId: isSpanContextValid(own) ? own.traceId : (options.traceId ?? newTraceId()),
    span: trace.setSpan(under, span),
    set: (more) => void span.setAttributes(more),
    end: (failure) => endSpan(span, failure),
  };
}

const remote = ({ traceId, spanId, sampled }: TraceParent): Context =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  });

function endSpan(span: Span, failure: string | undefined): void {
  if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
  span.end();
}

/** What a span says of an error: the code of ours, the class of others, whose message might quote anything. */
const failureOf = (error: unknown): string =>
  error instanceof DWalletError && 'code' in error ? error.code : error instanceof Error ? error.name : typeof error;

async function ending<T>(span: Pick<OpenSpan, 'end'>, work: () => T | Promise<T>): Promise<T> {
  try {
    const result = await work();
    span.end();
    return result;
  } catch (error) {
    span.end(failureOf(error));
    throw error;
  }
}

/** `work` in a request context whose span is also the current one of other instrumentation in this process. */
const within = <T>(request: RequestContext, span: Context, work: () => T): T =>
  withRequestContext(request, () => active.with(span, work));

/** Runs `work` in a span of the current request. Begins it before this returns. */
export function withSpan<T>(name: string, options: SpanOptions, work: () => T | Promise<T>): Promise<T> {
  const request = requestContext();
  // Outside of any request there is no trace that the span would belong to.
  if (request === undefined) return (async () => work())();
  const opened = openSpan(name, { ...options, parent: request.span ?? active.active() });
  return within({ ...request, span: opened.span }, opened.span, () => ending(opened, work));
}

/**
 * Runs `work` as a request of its own: in a new trace, or under a span that began elsewhere.
 * @param options - `request`: what else is known of it.
 */
export function inTrace<T>(
  name: string,
  options: TraceOptions & { readonly request?: Omit<RequestContext, 'traceId' | 'span'> },
  work: () => T | Promise<T>,
): Promise<T> {
  const opened = openSpan(name, options);
  const { traceId, span } = opened;
  return within({ ...options.request, traceId, span }, span, () => ending(opened, work));
}
