/** Requests of clients on the wire: what a presign is assigned to, what a sign request asks for, and what it claims it was assigned to. */
import { concat, digest, encodeBytes, encodeUint16, presignId, sessionId } from '@dwallet/sigma';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxCertificateBytes } from '../src/certificates.ts';
import { hashMessage } from '../src/ecdsa/sign/message-hash.ts';
import {
  type MessageToSign,
  type PresignRequest,
  type SignContent,
  type SignOrder,
  type SignRequest,
  assignedRequestOf,
  decodeSignRequest,
  decodeTakePresign,
  encodeSignRequest,
  encodeTakePresign,
  maxAuthorityBytes,
  maxChainRequestBytes,
  messageRequest,
  presignRequestDigest,
  rawMessageRequest,
  rawOrder,
  signOrderDigest,
} from '../src/wire/client-requests.ts';

const filled = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const id = sessionId(filled(1));
const nonce = filled(2);
const message = filled(3, 5);
const signed: MessageToSign = { hashScheme: 'keccak256', message };
const reservation: PresignRequest = { kind: 'reservation', nonce };
const known = rawMessageRequest('sha256', message, nonce);
const chainContent: SignContent = { kind: 'request', request: filled(7, 9), payload: 3 };
const signRequest: SignRequest = {
  id,
  presignId: presignId(filled(4)),
  assignedTo: 'reservation',
  nonce,
  content: chainContent,
  authority: filled(5, 3),
  signMessage: filled(6, 7),
};

/** Orders that differ from each other in one thing each. */
const orders: readonly SignOrder[] = [
  rawOrder('sha256', message),
  rawOrder('keccak256', message),
  rawOrder('sha256', filled(3, 6)),
  rawOrder('sha256', message, filled(1, 1)),
  { content: chainContent, authority: new Uint8Array(0) },
  { content: chainContent, authority: filled(0, 1) },
  { content: { ...chainContent, payload: 2 }, authority: new Uint8Array(0) },
  { content: { ...chainContent, request: filled(7, 10) }, authority: new Uint8Array(0) },
  // The same bytes after the kind, moved between the fields.
  { content: { kind: 'request', request: message, payload: 1 }, authority: new Uint8Array(0) },
];

describe('an order', () => {
  it('has a digest of everything in it: two that differ in anything are two requests', () => {
    expect(new Set(orders.map((order) => hex(signOrderDigest(order)))).size).toBe(orders.length);
    // Assigned for one of them, however equal the message, is not assigned for the other.
    const assigned = orders.map((order) => hex(presignRequestDigest(id, messageRequest(order, signed, nonce))));
    expect(new Set(assigned).size).toBe(orders.length);
  });
});

describe('take-presign', () => {
  it('the validator derives the digest, by kind', () => {
    for (const request of [reservation, known]) {
      expect(decodeTakePresign(encodeTakePresign(id, request))).toEqual({
        id,
        kind: request.kind,
        request: presignRequestDigest(id, request),
      });
    }
  });

  it('the digests of the two kinds, and of everything in them, differ', () => {
    const digests = [
      presignRequestDigest(id, reservation),
      presignRequestDigest(sessionId(filled(9)), reservation),
      presignRequestDigest(id, { ...reservation, nonce: filled(9) }),
      presignRequestDigest(id, known),
      presignRequestDigest(id, rawMessageRequest('keccak256', message, nonce)),
      presignRequestDigest(id, rawMessageRequest('sha256', filled(9), nonce)),
      presignRequestDigest(id, rawMessageRequest('sha256', message, filled(9))),
      presignRequestDigest(sessionId(filled(9)), known),
      // What the order says and what was read in it both count.
      presignRequestDigest(id, messageRequest(rawOrder('sha256', message), signed, nonce)),
    ];
    expect(new Set(digests.map(hex)).size).toBe(digests.length);
  });

  it.each([
    ['nothing', new Uint8Array(0), 'TakePresign.id'],
    ['no kind', id, 'TakePresign.kind'],
    ['kind 2', concat(id, Uint8Array.of(2), nonce), 'TakePresign.kind'],
    ['kind 255', concat(id, Uint8Array.of(255), nonce), 'TakePresign.kind'],
    ['a short nonce', concat(id, Uint8Array.of(1), filled(2, 31)), 'TakePresign.nonce'],
    ['a long nonce', concat(id, Uint8Array.of(1), filled(2, 33)), 'TakePresign'],
    ['the request digest of older clients', concat(id, filled(1)), 'TakePresign'],
    ['an unknown hash', concat(id, Uint8Array.of(0, 200), filled(2, 96)), 'TakePresign.hashScheme'],
    ['a message request without its order', concat(id, Uint8Array.of(0, 0), filled(2, 64)), 'TakePresign.nonce'],
    ['more than a message request', concat(encodeTakePresign(id, known), Uint8Array.of(0)), 'TakePresign'],
  ])('%s is refused', (_what, bytes, field) => {
    expect(() => decodeTakePresign(bytes)).toThrow(field);
  });
});

describe('sign', () => {
  const kindAt = 64;
  const contentAt = kindAt + 1 + 32;

  it('goes there and back, whatever is asked for and however the presign was assigned', () => {
    for (const assignedTo of ['message', 'reservation'] as const)
      for (const order of orders) {
        const bytes = encodeSignRequest({ ...signRequest, ...order, assignedTo });
        expect(bytes[kindAt]).toBe(assignedTo === 'message' ? 0 : 1);
        expect(bytes[contentAt]).toBe(order.content.kind === 'raw' ? 0 : 1);
        expect(decodeSignRequest(bytes)).toEqual({ ...signRequest, ...order, assignedTo });
      }
  });

  it('shows the certificate of the assignment at its end, or nothing at all', () => {
    const bare = encodeSignRequest(signRequest);
    for (const length of [1, 311, maxCertificateBytes]) {
      const shown = encodeSignRequest({ ...signRequest, assignment: filled(8, length) });
      expect(hex(shown)).toBe(hex(concat(bare, encodeBytes(filled(8, length)))));
      expect(decodeSignRequest(shown)).toEqual({ ...signRequest, assignment: filled(8, length) });
    }
    expect(decodeSignRequest(bare)).toEqual(signRequest);
    const largest = encodeBytes(filled(8, maxCertificateBytes));
    for (const end of [
      encodeBytes(new Uint8Array(0)),
      encodeBytes(filled(8, maxCertificateBytes + 1)),
      Uint8Array.of(0),
      largest.subarray(0, -1),
    ])
      expect(() => decodeSignRequest(concat(bare, end))).toThrow('SignRequest.assignment');
    expect(() => decodeSignRequest(concat(bare, largest, Uint8Array.of(0)))).toThrow('SignRequest.end');
    // It is about the request and no part of it: the presign serves the same digest with and without it.
    const asked = { ...signRequest, assignment: filled(8, 9) };
    expect(signOrderDigest(asked)).toEqual(signOrderDigest(signRequest));
    expect(assignedRequestOf(asked, signed)).toEqual(assignedRequestOf(signRequest, signed));
  });

  it('any other kind of assignment or content is refused', () => {
    for (const [at, field] of [
      [kindAt, 'SignRequest.assignedTo'],
      [contentAt, 'SignRequest.content'],
    ] as const)
      for (const value of [2, 3, 128, 255]) {
        const bytes = encodeSignRequest(signRequest);
        bytes[at] = value;
        expect(() => decodeSignRequest(bytes)).toThrow(field);
      }
  });

  it('is bounded in every part', () => {
    const head = encodeSignRequest(signRequest).subarray(0, contentAt);
    const content = (request: Uint8Array): Uint8Array =>
      concat(Uint8Array.of(1), encodeUint16(0), encodeBytes(request));
    const rest = (authority: Uint8Array): Uint8Array => concat(encodeBytes(authority), encodeBytes(filled(6, 7)));
    const most = concat(head, content(filled(1, maxChainRequestBytes)), rest(filled(1, maxAuthorityBytes)));
    expect(decodeSignRequest(most).authority).toHaveLength(maxAuthorityBytes);
    const [long, longer] = [filled(1, maxAuthorityBytes + 1), filled(1, maxChainRequestBytes + 1)];
    expect(() => decodeSignRequest(concat(head, content(message), rest(long)))).toThrow('SignRequest.authority');
    expect(() => decodeSignRequest(concat(head, content(longer), rest(message)))).toThrow('SignRequest.request');
    const raw = concat(head, Uint8Array.of(0, 1), encodeBytes(longer), rest(message));
    expect(() => decodeSignRequest(raw)).toThrow('SignRequest.message');
  });

  it('what decodes is the one encoding of what it decodes to; nothing but a typed refusal otherwise', () => {
    const shown = [{}, { assignment: filled(8, 9) }];
    const honest = orders.flatMap((order) =>
      shown.map((end) => encodeSignRequest({ ...signRequest, ...order, ...end })),
    );
    const mutated = fc
      .tuple(fc.constantFrom(...honest), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), fc.nat(4))
      .map(([bytes, changes, cut]) => {
        const copy = bytes.slice(0, bytes.length - cut);
        for (const [at, value] of changes) copy[at % copy.length] = value;
        return copy;
      });
    fc.assert(
      fc.property(mutated, (bytes) => {
        let request: SignRequest;
        try {
          request = decodeSignRequest(bytes);
        } catch (error) {
          expect(error).toHaveProperty('code', 'DECODE');
          return;
        }
        expect(encodeSignRequest(request)).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });

  it('names the digest that validators must have assigned (MPC:S1): without the order for a reservation, with it otherwise', () => {
    const other = rawOrder('sha256', filled(8, 5));
    const of = (change: Partial<SignRequest>, read: MessageToSign = signed): string =>
      hex(assignedRequestOf({ ...signRequest, ...change }, read));
    expect(of({})).toBe(hex(presignRequestDigest(id, reservation)));
    expect(of(other)).toBe(of({}));
    expect(of({ nonce: filled(9) })).not.toBe(of({}));
    const asMessage = of({ assignedTo: 'message' });
    const messageDigest = digest(hashMessage('keccak256', message));
    const order = signOrderDigest(signRequest);
    expect(asMessage).toBe(
      hex(presignRequestDigest(id, { kind: 'message', hashScheme: 'keccak256', messageDigest, order, nonce })),
    );
    const changes: Partial<SignRequest>[] = [
      other,
      { authority: filled(5, 4) },
      { content: { ...chainContent, payload: 4 } },
    ];
    for (const change of changes) expect(of({ assignedTo: 'message', ...change })).not.toBe(asMessage);
    for (const read of [
      { ...signed, message: filled(8, 5) },
      { ...signed, hashScheme: 'sha256' as const },
    ])
      expect(of({ assignedTo: 'message' }, read)).not.toBe(asMessage);
  });
});
