/** Requests of clients on the wire: what a presign is assigned to, and what a sign request claims it was assigned to. */
import { concat, digest, presignId, sessionId } from '@dwallet/sigma';
import { describe, expect, it } from 'vitest';
import { hashMessage } from '../src/ecdsa/sign/message-hash.ts';
import {
  type PresignRequest,
  type SignRequest,
  assignedRequestOf,
  decodeSignRequest,
  decodeTakePresign,
  encodeSignRequest,
  encodeTakePresign,
  messageRequest,
  presignRequestDigest,
  signRequestDigest,
} from '../src/wire/client-requests.ts';

const filled = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const id = sessionId(filled(1));
const nonce = filled(2);
const message = filled(3, 5);
const reservation: PresignRequest = { kind: 'reservation', nonce };
const known = messageRequest('sha256', message, nonce);
const signRequest: SignRequest = {
  id,
  presignId: presignId(filled(4)),
  assignedTo: 'reservation',
  hashScheme: 'keccak256',
  nonce,
  message,
  signMessage: filled(6, 7),
};

describe('take-presign', () => {
  it('the validator derives the digest, by kind', () => {
    for (const request of [reservation, known]) {
      expect(decodeTakePresign(encodeTakePresign(id, request))).toEqual({
        id,
        kind: request.kind,
        request: presignRequestDigest(id, request),
      });
    }
    expect(presignRequestDigest(id, known)).toEqual(signRequestDigest(id, 'sha256', message, nonce));
  });

  it('the digests of the two kinds, and of everything in them, differ', () => {
    const digests = [
      presignRequestDigest(id, reservation),
      presignRequestDigest(sessionId(filled(9)), reservation),
      presignRequestDigest(id, { ...reservation, nonce: filled(9) }),
      presignRequestDigest(id, known),
      presignRequestDigest(id, messageRequest('keccak256', message, nonce)),
      presignRequestDigest(id, messageRequest('sha256', filled(9), nonce)),
      presignRequestDigest(id, messageRequest('sha256', message, filled(9))),
      presignRequestDigest(sessionId(filled(9)), known),
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
    ['an unknown hash', concat(id, Uint8Array.of(0, 200), filled(2, 64)), 'TakePresign.hashScheme'],
    ['half a message request', concat(id, Uint8Array.of(0, 0), filled(2, 32)), 'TakePresign.nonce'],
    ['more than a message request', concat(encodeTakePresign(id, known), Uint8Array.of(0)), 'TakePresign'],
  ])('%s is refused', (_what, bytes, field) => {
    expect(() => decodeTakePresign(bytes)).toThrow(field);
  });
});

describe('sign', () => {
  const kindAt = 64;

  it('goes there and back, with the byte that says what the presign was assigned to', () => {
    for (const assignedTo of ['message', 'reservation'] as const) {
      const bytes = encodeSignRequest({ ...signRequest, assignedTo });
      expect(bytes[kindAt]).toBe(assignedTo === 'message' ? 0 : 1);
      expect(decodeSignRequest(bytes)).toEqual({ ...signRequest, assignedTo });
    }
  });

  it('any other byte is refused', () => {
    for (const value of [2, 3, 128, 255]) {
      const bytes = encodeSignRequest(signRequest);
      bytes[kindAt] = value;
      expect(() => decodeSignRequest(bytes)).toThrow('SignRequest.assignedTo');
    }
  });

  it('names the digest that validators must have assigned (MPC:S1): without the message for a reservation, with it otherwise', () => {
    const other = filled(8, 5);
    const of = (change: Partial<SignRequest>): string => hex(assignedRequestOf({ ...signRequest, ...change }));
    expect(of({})).toBe(hex(presignRequestDigest(id, reservation)));
    expect(of({ message: other })).toBe(of({}));
    expect(of({ nonce: filled(9) })).not.toBe(of({}));
    const asMessage = of({ assignedTo: 'message' });
    const messageDigest = digest(hashMessage('keccak256', message));
    expect(asMessage).toBe(
      hex(presignRequestDigest(id, { kind: 'message', hashScheme: 'keccak256', messageDigest, nonce })),
    );
    expect(of({ assignedTo: 'message', message: other })).not.toBe(asMessage);
    expect(of({ assignedTo: 'message', hashScheme: 'sha256' })).not.toBe(asMessage);
  });
});
