/** OpenTelemetry: one signature's spans across four validators share one trace, nest as the calls do, and say nothing that is secret. */
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { GrpcPeer } from '@dwallet/client-sdk/node';
import { clientKind, encodeCall } from '@dwallet/two-pc-mpc/network';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { requestContext } from '../src/request-context.ts';
import { currentTraceparent, inTrace, parseTraceparent, withSpan } from '../src/tracing.ts';
import { GrpcNetwork } from './helpers/grpc-network.ts';
import { RawClient } from './helpers/raw-client.ts';
import { fixture, hex } from './helpers/toy-network.ts';

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

const spans = (): ReadableSpan[] => exporter.getFinishedSpans();
const named = (name: string): ReadableSpan[] => spans().filter((span) => span.name === name);
const idOf = (span: ReadableSpan): string => span.spanContext().spanId;

beforeAll(() => {
  trace.setGlobalTracerProvider(provider);
});
afterEach(() => exporter.reset());
afterAll(async () => {
  trace.disable();
  await provider.shutdown();
});

describe('with an SDK', () => {
  test('one signature is one trace over the client, four validators and their jobs', async () => {
    const network = await GrpcNetwork.start({ from: fixture(), label: 'tracing' });
    const traceId = 'ab'.repeat(16);
    const client = `00-${traceId}-${'cd'.repeat(8)}-01`;
    const line = new GrpcPeer({
      endpoint: network.clientEndpoint(2),
      ca: network.authority.certificate,
      tlsName: 'validator-2',
      traceparent: () => client,
    });
    let secrets: string[] = [];
    let presign = '';
    try {
      const raw = new RawClient(network.toy);
      const taken = await raw.take(2, 'traced');
      presign = hex(taken.presign.presignId);
      const message = await raw.signMessage(taken);
      exporter.reset();
      await line.call(encodeCall(clientKind.sign, raw.signRequest(taken, message)));
      secrets = [hex(message), hex(message.subarray(0, 64)), ...network.toy.keystores.map((k) => hex(k.root.expose()))];
    } finally {
      line.close();
      // What others still do for this signature has ended then.
      await network.close();
    }
    expect(new Set(spans().map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));

    const [server] = named('dwallet.v1.SigningService/Sign');
    expect(server?.kind).toBe(SpanKind.SERVER);
    expect(server?.parentSpanContext).toMatchObject({ spanId: 'cd'.repeat(8), isRemote: true });
    // Call, operation, session, step of the leader, call to a member, its call, its step, its job: each under the one before.
    const byId = new Map(spans().map((span) => [idOf(span), span]));
    const path = (span: ReadableSpan | undefined): string[] =>
      span === undefined ? [] : [...path(byId.get(span.parentSpanContext?.spanId ?? '')), span.name];
    const member = named('step sign/bind').filter(({ attributes }) => attributes['dwallet.role'] === 'member');
    const remote = member.find(({ attributes }) => attributes['dwallet.validator'] !== 2);
    const above = [
      'dwallet.v1.SigningService/Sign',
      'operation Sign',
      'session sign',
      'step sign/bind',
      'dwallet.v1.PeerService/BindPresign',
      'dwallet.v1.PeerService/BindPresign',
      'step sign/bind',
    ];
    expect(path(remote)).toEqual(above);
    const job = named('compute sign/verify').find(
      (span) => span.parentSpanContext?.spanId === idOf(remote as ReadableSpan),
    );
    expect(job?.attributes).toEqual({ 'dwallet.job': 'sign/verify' });
    // All four took part, each in the session of this presign.
    expect(new Set(member.map(({ attributes }) => attributes['dwallet.validator']))).toEqual(new Set([1, 2, 3, 4]));
    const [call] = named('dwallet.v1.PeerService/BindPresign').filter(({ kind }) => kind === SpanKind.SERVER);
    expect(remote?.attributes['dwallet.session']).toBe(presign);
    expect(call?.attributes).toMatchObject({ 'rpc.system': 'grpc', 'rpc.grpc.status_code': 0 });

    // Names and numbers only: nothing longer than an id, and nothing of a key or a message.
    const said = spans().flatMap(({ name, attributes, status, events }) => [
      name,
      ...Object.values(attributes).map(String),
      status.message ?? '',
      ...events.map((event) => event.name),
    ]);
    for (const text of said) {
      expect(text.length).toBeLessThanOrEqual(64);
      for (const secret of secrets) expect(text).not.toContain(secret.slice(0, 32));
    }
  });

  test('a failure leaves its code, not its message', async () => {
    const secret = 'quotes an input';
    await inTrace('outer', {}, () =>
      expect(withSpan('inner', {}, () => Promise.reject(new TypeError(secret)))).rejects.toThrow(secret),
    );
    const [inner] = named('inner');
    expect(inner?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'TypeError' });
    expect(inner?.events).toEqual([]);
    expect(named('outer')[0]?.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('the trace of the logs is that of the spans, and goes out over the lines', async () => {
    const seen = await inTrace('root', {}, () =>
      withSpan('inner', {}, () => ({ log: requestContext()?.traceId, line: parseTraceparent(currentTraceparent()) })),
    );
    const [inner] = named('inner');
    expect(seen.log).toBe(inner?.spanContext().traceId);
    expect(seen.line).toEqual({ traceId: seen.log, spanId: idOf(inner as ReadableSpan), sampled: true });
  });

  test('what the caller does not sample is not recorded here', async () => {
    const parent = parseTraceparent(`00-${'12'.repeat(16)}-${'34'.repeat(8)}-00`);
    const line = await inTrace('unsampled', { parent }, () => currentTraceparent());
    expect(line).toMatch(new RegExp(`^00-${'12'.repeat(16)}-[0-9a-f]{16}-00$`));
    expect(spans()).toEqual([]);
  });
});
