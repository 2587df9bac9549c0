/** Quorum certificates: below t, duplicate signer, wrong digest, unsorted, strangers. */
import { createAccessStructure } from '@dwallet/class-groups';
import { ThresholdNotReachedError, digestTagged, encodeText, hashTagged } from '@dwallet/sigma';
import { describe, expect, test } from 'vitest';
import {
  type Fact,
  type QuorumCertificate,
  assembleCertificate,
  createCommittee,
  decodeCertificate,
  encodeCertificate,
  signFact,
  verifyCertificate,
  verifyFactVote,
} from '../src/certificates.ts';
import { signItems, signingPublicKey, verifyItems } from '../src/signatures.ts';
import { deriveSessionId, openSession } from '../src/session-id.ts';
import { randomFor, secretKeyFor, v } from './helpers/network-fixture.ts';
import { expectCheck, expectError, thrown } from './helpers/throws.ts';

const keys = [1, 2, 3, 4].map((n) => secretKeyFor(`certificates/${n}`));
const publicKeys = keys.map(signingPublicKey);
const committee = createCommittee(publicKeys, createAccessStructure([1, 1, 1, 1]));
const digest = (label: string) => digestTagged('test', [encodeText(label)]);
const fact: Fact = {
  kind: 'dwallet',
  id: hashTagged('test', [encodeText('id')], 32),
  version: 3n,
  digest: digest('a'),
};
const vote = (n: number, about: Fact = fact) => signFact(committee, about, v(n), keys[n - 1] as (typeof keys)[number]);
const full: QuorumCertificate = assembleCertificate(
  committee,
  fact,
  [1, 2, 3, 4].map((n) => vote(n)),
).certificate;
const check = (certificate: QuorumCertificate, expected = fact, by = committee) =>
  verifyCertificate(by, certificate, expected, 'MPC:V3');

describe('assembling', () => {
  test('weight t is enough, votes are sorted', () => {
    const { certificate, blamed } = assembleCertificate(committee, fact, [vote(4), vote(1), vote(3)]);
    expect(certificate.votes.map(({ validator }) => validator)).toEqual([1, 3, 4]);
    expect(blamed).toEqual([]);
    check(certificate);
  });

  test('below t: retryable', () => {
    expect(thrown(() => assembleCertificate(committee, fact, [vote(1), vote(2)]))).toBeInstanceOf(
      ThresholdNotReachedError,
    );
  });

  test('a vote for another digest is blamed and does not count', () => {
    const other = vote(3, { ...fact, digest: digest('b') });
    const error = thrown(() => assembleCertificate(committee, fact, [vote(1), vote(2), other]));
    expect(error).toMatchObject({ have: 2, blamed: [{ party: 3 }] });
    const { certificate, blamed } = assembleCertificate(committee, fact, [vote(1), vote(2), other, vote(4)]);
    expect(blamed.map(({ party }) => party)).toEqual([3]);
    expect(certificate.votes).toHaveLength(3);
  });

  test("two votes of one validator are the caller's error", () => {
    expectError('InvalidArgumentsError', () => assembleCertificate(committee, fact, [vote(1), vote(1), vote(2)]));
  });

  test("a vote in another validator's name does not verify", () => {
    expect(verifyFactVote(committee, fact, { ...vote(1), validator: v(2) })).toBe(false);
    expect(verifyFactVote(committee, fact, { ...vote(1), validator: v(5) })).toBe(false);
  });
});

describe('verifying', () => {
  test('each field of the fact is signed', () => {
    for (const [field, other] of [
      ['kind', { ...fact, kind: 'presign-batch' as const }],
      ['id', { ...fact, id: digest('other id') }],
      ['version', { ...fact, version: 4n }],
      ['digest', { ...fact, digest: digest('b') }],
    ] as const) {
      expectCheck('MPC:V3', () => check(full, other));
      expect(thrown(() => check(full, other)).message).toContain(`certificate.${field}:`);
      // And a certificate that merely claims it does not verify either.
      expectCheck('MPC:V3', () => check({ ...full, fact: other }, other));
    }
  });

  test('below t', () => {
    expectCheck('MPC:V3', () => check({ ...full, votes: full.votes.slice(0, 2) }));
    expectCheck('MPC:V3', () => check({ ...full, votes: [] }));
  });

  test('a duplicate signer does not reach t', () => {
    const [first, second] = full.votes as [(typeof full.votes)[0], (typeof full.votes)[0]];
    expectCheck('MPC:V3', () => check({ ...full, votes: [first, first, second] }));
    expectCheck('MPC:V3', () => check({ ...full, votes: [first, second, second] }));
    // Nor is it tolerated above t.
    expectCheck('MPC:V3', () => check({ ...full, votes: [first, ...full.votes] }));
  });

  test('unsorted signers', () => {
    expectCheck('MPC:V3', () => check({ ...full, votes: [...full.votes].reverse() }));
  });

  test('one invalid signature spoils it, even above t', () => {
    const votes = full.votes.map((entry, i) =>
      i === 3 ? { ...entry, signature: entry.signature.map((byte, k) => (k === 5 ? byte ^ 1 : byte)) } : entry,
    );
    expectCheck('MPC:V3', () => check({ ...full, votes }));
  });

  test("a stranger's signature, another committee", () => {
    const strangers = [5, 6, 7, 8].map((n) => secretKeyFor(`certificates/${n}`));
    const others = createCommittee(strangers.map(signingPublicKey), committee.access);
    const forged = assembleCertificate(
      others,
      fact,
      [1, 2, 3].map((n) => signFact(others, fact, v(n), strangers[n - 1] as never)),
    ).certificate;
    check(forged, fact, others);
    expectCheck('MPC:V3', () => check(forged));
    expectCheck('MPC:V3', () => check({ ...forged, committee: committee.digest }));
    expectCheck('MPC:V3', () =>
      check({ ...full, votes: [...full.votes.slice(0, 3), { ...vote(4), validator: v(5) }] }),
    );
  });

  test('same keys with other weights are another committee', () => {
    const reweighted = createCommittee(publicKeys, createAccessStructure([1, 1, 1, 2]));
    expect(reweighted.digest).not.toEqual(committee.digest);
    expect(thrown(() => check(full, fact, reweighted)).message).toContain('another committee');
    // The signatures themselves are bound to the committee.
    expectCheck('MPC:V3', () => check({ ...full, committee: reweighted.digest }, fact, reweighted));
  });

  test('MPC:T6 weights count', () => {
    const weighted = createCommittee(publicKeys, createAccessStructure([3, 1, 1, 1]));
    const by =
      (...numbers: number[]) =>
      () =>
        assembleCertificate(
          weighted,
          fact,
          numbers.map((n) => signFact(weighted, fact, v(n), keys[n - 1] as never)),
        );
    expect(by(1, 2, 3)().certificate.votes).toHaveLength(3);
    expect(thrown(by(2, 3, 4))).toBeInstanceOf(ThresholdNotReachedError);
  });
});

describe('codec', () => {
  const bytes = encodeCertificate(full);
  test('round trip', () => {
    const again = decodeCertificate(bytes);
    check(again);
    expect(encodeCertificate(again)).toEqual(bytes);
  });
  test('unsorted, duplicate, empty, trailing, truncated, unknown kind', () => {
    const at = bytes.length - 4 * 66;
    const swapped = bytes.slice();
    swapped.set(bytes.subarray(at, at + 66), at + 66);
    swapped.set(bytes.subarray(at + 66, at + 132), at);
    expectError('DecodeError', () => decodeCertificate(swapped));
    const duplicate = bytes.slice();
    duplicate.set(bytes.subarray(at, at + 66), at + 66);
    expectError('DecodeError', () => decodeCertificate(duplicate));
    expectError('DecodeError', () => decodeCertificate(encodeCertificate({ ...full, votes: [] })));
    expectError('DecodeError', () => decodeCertificate(Uint8Array.of(...bytes, 0)));
    expectError('DecodeError', () => decodeCertificate(bytes.slice(0, -1)));
    const kind = bytes.slice();
    kind[34] = 99;
    expectError('DecodeError', () => decodeCertificate(kind));
  });
});

describe('committees, keys, sessions', () => {
  test('duplicate, malformed and small-order keys are refused', () => {
    const [a, b, c] = publicKeys as [Uint8Array, Uint8Array, Uint8Array];
    const refused = (list: Uint8Array[]) =>
      expectError('InvalidArgumentsError', () => createCommittee(list, committee.access));
    refused([a, b, c]);
    refused([a, b, c, a]);
    refused([a, b, c, new Uint8Array(31)]);
    refused([a, b, c, new Uint8Array(32)]);
    refused([a, b, c, Uint8Array.of(1, ...new Uint8Array(31))]);
    refused([a, b, c, new Uint8Array(32).fill(0xff)]);
  });

  test('a signature serves one purpose', () => {
    const key = secretKeyFor('purpose');
    const signature = signItems(key, 'dkg', [digest('x')]);
    expect(verifyItems(signingPublicKey(key), 'dkg', [digest('x')], signature)).toBe(true);
    expect(verifyItems(signingPublicKey(key), 'accept-dwallet', [digest('x')], signature)).toBe(false);
    expect(verifyItems(signingPublicKey(key), 'dkg', [digest('x'), digest('x')], signature)).toBe(false);
    expect(verifyItems(new Uint8Array(32), 'dkg', [digest('x')], signature)).toBe(false);
    expect(verifyItems(signingPublicKey(key), 'dkg', [digest('x')], signature.slice(1))).toBe(false);
  });

  test('MPC:T10 session ids: every part of the opening matters', () => {
    const [sender] = publicKeys as [Uint8Array];
    const { sessionId, opening } = openSession('USER', sender, randomFor('sid'));
    expect(deriveSessionId(opening)).toEqual(sessionId);
    const others = [
      { ...opening, version: 2n },
      { ...opening, type: 'SYSTEM' as const },
      { ...opening, sender: publicKeys[1] as Uint8Array },
      { ...opening, fresh: new Uint8Array(32) },
    ].map((other) => deriveSessionId(other).join());
    expect(new Set([...others, sessionId.join()]).size).toBe(5);
    expectError('InvalidArgumentsError', () => deriveSessionId({ ...opening, fresh: new Uint8Array(31) }));
    expectError('InvalidArgumentsError', () => deriveSessionId({ ...opening, sender: new Uint8Array(33) }));
    expectError('InvalidArgumentsError', () => deriveSessionId({ ...opening, type: 'OTHER' as never }));
  });
});
