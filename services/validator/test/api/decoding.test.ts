/** What strangers write is read strictly: bytes are what they should be, or an error names the field. Nothing else comes out. */
import { type PeerMethodName, decodeRichStatus, encodeRichStatus, peerMethods } from '@dwallet/proto';
import { DWalletError, Secret } from '@dwallet/sigma';
import {
  clientKind,
  clientRouting,
  encodeEnvelope,
  encodeParts,
  openEnvelope,
  peekEnvelope,
  sealEnvelope,
} from '@dwallet/two-pc-mpc/network';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { protoFieldName, peerRouting, routingMismatch } from '../../src/api/routing.ts';
import { addressOf } from '../../src/api/calls.ts';
import { newTraceId } from '../../src/request-context.ts';
import { currentTraceparent, inTrace, parseTraceparent } from '../../src/tracing.ts';
import { hex } from '../helpers/toy-network.ts';

const networkId = new Uint8Array(32).fill(4) as Parameters<typeof openEnvelope>[1];
const account = (): Secret<Uint8Array> => new Secret(new Uint8Array(32).fill(1));
const seal = (kind: string, body: Uint8Array, session = new Uint8Array(32).fill(2)): Uint8Array =>
  encodeEnvelope(sealEnvelope(account(), { networkId, session, kind, body }));

/** Runs `read`: a result, or a typed error. Anything else fails the test. */
function strict(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(DWalletError);
  }
}

describe('a look at an envelope', () => {
  test('says what opening it says', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), fc.uint8Array({ maxLength: 300 }), (kind, body) => {
        const bytes = seal(kind, body);
        const opened = openEnvelope(bytes, networkId);
        const peeked = peekEnvelope(bytes);
        expect([hex(peeked.sender), hex(peeked.session), peeked.kind, hex(peeked.body)]).toEqual([
          hex(opened.sender),
          hex(opened.session),
          opened.kind,
          hex(opened.body),
        ]);
      }),
      { numRuns: 30 },
    );
  });

  test('refuses what is cut, longer, or anything else', () => {
    const bytes = seal('client/sign', new Uint8Array(70));
    for (const changed of [bytes.subarray(1), bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.of(0)])])
      expect(() => peekEnvelope(changed)).toThrow(DWalletError);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (any) => strict(() => peekEnvelope(any))));
  });
});

test('routing of any body is a field or a typed error', () => {
  const methods = Object.keys(peerMethods) as PeerMethodName[];
  fc.assert(
    fc.property(fc.constantFrom(...methods), fc.uint8Array({ maxLength: 300 }), (method, body) =>
      strict(() => peerRouting(method, peekEnvelope(seal('x', body)))),
    ),
    { numRuns: 200 },
  );
  const inner = seal(clientKind.sign, new Uint8Array(200).fill(3));
  for (const body of [inner, encodeParts([inner, new Uint8Array(32)]), encodeParts([inner, inner, inner])])
    for (const method of methods)
      for (const cut of [0, 1, 7, 8, 9, 100, body.length - 1])
        strict(() => peerRouting(method, peekEnvelope(seal('x', body.subarray(0, cut)))));
  for (const kind of [...Object.values(clientKind), 'client/other', ''])
    strict(() => clientRouting(peekEnvelope(seal(kind, new Uint8Array(10)))));
  expect(() => clientRouting(peekEnvelope(seal('presign/round-1', new Uint8Array(100))))).toThrow(DWalletError);
});

test('a field that differs is named as the .proto files name it', () => {
  const id = new Uint8Array(32).fill(1);
  expect(
    routingMismatch({ dwalletId: id, step: 'a' }, { dwalletId: Buffer.from(id), step: 'a', more: 1 }),
  ).toBeUndefined();
  expect(routingMismatch({ dwalletId: id }, { dwalletId: id.subarray(1) })).toBe('dwallet_id');
  expect(routingMismatch({ dwalletId: id }, {})).toBe('dwallet_id');
  expect(routingMismatch({ step: 'a' }, { step: 'b' })).toBe('step');
  expect(protoFieldName('presignId')).toBe('presign_id');
});

test('an error that is read is the one that was written; anything else is none', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 16 }),
      fc.string(),
      fc.string({ minLength: 1 }),
      fc.option(fc.integer({ min: 0, max: 1e9 }), { nil: undefined }),
      (code, message, reason, retryAfterMs) => {
        const status = {
          code,
          message,
          reason,
          metadata: { field: 'a.b', check: 'MPC:S1' },
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
          quota: [{ subject: 's', description: 'd' }],
          fields: [{ field: 'f', description: 'd' }],
        };
        expect(decodeRichStatus(encodeRichStatus(status))).toEqual(status);
      },
    ),
    { numRuns: 50 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (any) => {
      const read = decodeRichStatus(any);
      if (read !== undefined) expect(typeof read.reason).toBe('string');
    }),
  );
});

test('a trace is taken over when it is one', async () => {
  const trace = newTraceId();
  // Nobody records spans here: the trace is passed on all the same.
  expect(await inTrace('test', { traceId: trace }, () => parseTraceparent(currentTraceparent())?.traceId)).toBe(trace);
  const span = 'cd'.repeat(8);
  for (const wrong of [
    undefined,
    7,
    '',
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `01-${trace}-${span}`,
    `00-${trace.toUpperCase()}X-${span}-01`,
  ])
    expect(parseTraceparent(wrong)).toBeUndefined();
});

test('an address is known without its port', () => {
  expect([addressOf('127.0.0.1:3000'), addressOf('[::1]:3000'), addressOf('unix:/x')]).toEqual([
    '127.0.0.1',
    '[::1]',
    'unix:/x',
  ]);
});
