import { CheckError, DecodeError, type ValidatorId, concat, validatorId, virtualId } from '@dwallet/sigma';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createAccessStructure,
  decodeProvedShares,
  decodeShares,
  encodeProvedShares,
  encodeShares,
  provedShareMessageBytes,
  receiveProvedShares,
  receiveShares,
  resolveDispute,
  shareMessageBytes,
} from '../src/index.ts';
import { createTestCommittee } from './helpers/committee.ts';
import { testRandom, toyParameters } from './helpers/toy.ts';

const parameters = toyParameters;
const { group } = parameters;
const access = createAccessStructure([1, 2, 3]);
const committee = createTestCommittee(parameters, access, 'messages');
const request = committee.request([1n, 2n]);
const sender = validatorId(2);
const answer = committee.answer(request, sender);
const proved = committee.prove(request, answer);
const shareBytes = encodeShares(request, answer);
const provedBytes = encodeProvedShares(request, proved);
const entry = 2 + 2 * group.elementBytes;

const checkOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    if (error instanceof CheckError) return error.check;
    throw error;
  }
  return undefined;
};

describe('decryption share messages', () => {
  test('round trip and exact sizes', () => {
    expect(shareBytes.length).toBe(shareMessageBytes(request, 2));
    expect(provedBytes.length).toBe(provedShareMessageBytes(request, 2));
    expect(encodeShares(request, decodeShares(request, sender, shareBytes))).toEqual(shareBytes);
    expect(encodeProvedShares(request, decodeProvedShares(request, sender, provedBytes))).toEqual(provedBytes);
    expect(receiveShares(request, sender, shareBytes)).toMatchObject({ status: 'accepted' });
    expect(receiveProvedShares(request, sender, provedBytes)).toMatchObject({ status: 'accepted' });
  });

  test("MPC:S12 exactly the sender's numbers: missing, foreign, repeated, reordered", () => {
    const header = shareBytes.slice(0, 34);
    const count = (n: number): Uint8Array => Uint8Array.of(0, n);
    const entries = [0, 1].map((i) => shareBytes.slice(36 + i * entry, 36 + (i + 1) * entry)) as [
      Uint8Array,
      Uint8Array,
    ];
    const foreign = entries[1].slice();
    foreign[1] = 4;
    const attempts: [string, Uint8Array][] = [
      ['missing', concat(header, count(1), entries[0])],
      ['none', concat(header, count(0))],
      ['repeated', concat(header, count(2), entries[0], entries[0])],
      ['reordered', concat(header, count(2), entries[1], entries[0])],
      ['foreign', concat(header, count(2), entries[0], foreign)],
      ['additional', concat(header, count(3), entries[0], entries[1], foreign)],
    ];
    for (const [, bytes] of attempts) {
      expect(checkOf(() => decodeShares(request, sender, bytes))).toBe('MPC:S12');
      expect(receiveShares(request, sender, bytes)).toMatchObject({
        status: 'blamed',
        blame: { party: 2, check: 'MPC:S12' },
      });
    }
    // Another validator cannot send these shares as its own: the sender is the authenticated peer (lessons row 14).
    for (const other of [1, 3] as ValidatorId[]) {
      expect(receiveShares(request, other, shareBytes)).toMatchObject({
        status: 'blamed',
        blame: { party: other, check: 'MPC:S12' },
      });
      expect(receiveProvedShares(request, other, provedBytes)).toMatchObject({
        status: 'blamed',
        blame: { check: 'MPC:S12' },
      });
    }
  });

  test('MPC:S13 elements must be canonical and square; truncated and longer messages are refused', () => {
    const broken = shareBytes.slice();
    broken.fill(0, 38, 38 + group.elementBytes / 2);
    for (const bytes of [broken, shareBytes.slice(0, -1), concat(shareBytes, Uint8Array.of(0)), new Uint8Array(0)]) {
      expect(() => decodeShares(request, sender, bytes)).toThrow(DecodeError);
      expect(receiveShares(request, sender, bytes)).toMatchObject({
        status: 'blamed',
        blame: { party: 2, check: 'MPC:S13' },
      });
    }
    expect(() => decodeShares(request, sender, broken)).toThrow(/DecryptionShares\.shares\[0\]\.power\[0\].*CG:P2/);
  });

  test('version and type are checked; one message is never read as the other', () => {
    for (const [i, bytes] of [
      [0, shareBytes],
      [1, shareBytes],
    ] as const) {
      const other = bytes.slice();
      other[i] = 0x7f;
      expect(() => decodeShares(request, sender, other)).toThrow(DecodeError);
    }
    expect(() => decodeShares(request, sender, provedBytes)).toThrow(/type/);
    expect(() => decodeProvedShares(request, sender, shareBytes)).toThrow(/type/);
  });

  test('27: an answer to another request is ignored and nobody is blamed', () => {
    const elsewhere = committee.request([1n, 2n]);
    expect(receiveShares(elsewhere, sender, shareBytes)).toMatchObject({ status: 'ignored' });
    expect(receiveProvedShares(elsewhere, sender, provedBytes)).toMatchObject({ status: 'ignored' });
  });

  test('mutated and truncated messages: a typed refusal, or the same bytes again; never an exception or a wrong accept', () => {
    const cases = [
      { bytes: shareBytes, receive: receiveShares, encode: encodeShares },
      {
        bytes: provedBytes,
        receive: receiveProvedShares,
        encode: (r: typeof request, m: never) => encodeProvedShares(r, m),
      },
    ] as const;
    for (const { bytes, receive, encode } of cases) {
      fc.assert(
        fc.property(
          fc.nat(bytes.length - 1),
          fc.integer({ min: 1, max: 255 }),
          fc.option(fc.nat(bytes.length), { nil: undefined }),
          (position, change, cut) => {
            const mutated = bytes.slice(0, cut ?? bytes.length);
            if (position < mutated.length) mutated[position] = (mutated[position] as number) ^ change;
            const received = receive(request, sender, mutated);
            if (received.status === 'accepted') {
              expect(encode(request, received.message as never)).toEqual(mutated);
              if (cut === undefined) expect(mutated).not.toEqual(bytes);
            } else if (received.status === 'blamed') {
              expect(['MPC:S12', 'MPC:S13']).toContain(received.blame.check);
              expect(received.blame.party).toBe(2);
            }
          },
        ),
        { numRuns: 1500 },
      );
    }
  });

  test('an accepted mutation of a response is caught by the proof', () => {
    const mutated = provedBytes.slice();
    mutated[mutated.length - 1] = (mutated.at(-1) as number) ^ 1;
    const received = receiveProvedShares(request, sender, mutated);
    if (received.status !== 'accepted') throw new Error('the response is still in range');
    const outcome = resolveDispute({ request, published: [answer], proved: [received.message] }, testRandom('w'));
    expect(outcome.blamed).toEqual([{ party: 2, check: 'CG:3.9', reason: 'proof of decryption share 3 fails' }]);
    expect(received.message.proofs.has(virtualId(3))).toBe(true);
  });

  test('no message or error contains a key share', () => {
    const secret = committee.dealing.shares.get(virtualId(2))?.share;
    expect(`${String(secret)}${JSON.stringify(secret)}`).toBe('[secret]"[secret]"');
  });
});
