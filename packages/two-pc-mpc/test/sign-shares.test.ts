/**
 * MPC 11.5, rows of the optimistic and the abort share; MPC 5.7 and the local marker of MPC 5.8.
 */
import { orderTwo as orderTwoOf } from '../../class-groups/test/helpers/order-two.ts';
import {
  type DecryptionShares,
  type ProvedDecryptionShares,
  createExpectedSet,
  decodeProvedShares,
  decodeShares,
  encodeProvedShares,
  encodeShares,
  expectedValidators,
  receiveProvedShares,
  receiveShares,
} from '@dwallet/class-groups';
import type { Element } from '@dwallet/kernel';
import {
  BugError,
  CheckError,
  ThresholdNotReachedError,
  type ValidatorId,
  concat,
  validatorId,
  virtualId,
} from '@dwallet/sigma';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFinalSignature } from '../src/client/check-signature.ts';
import { createPresign } from '../src/ecdsa/presign/presign-record.ts';
import { targetPresign } from '../src/ecdsa/presign/target.ts';
import { partialDecryptionBinding } from '../src/ecdsa/sign/contexts.ts';
import { abortRequest, decryptWithProof, resolveAbort } from '../src/ecdsa/sign/identifiable-abort.ts';
import {
  type SharePermit,
  type SigningDecryption,
  combineSignature,
  createSigningDecryption,
  decryptOptimistic,
  permitShares,
} from '../src/ecdsa/sign/network-decrypt.ts';
import { type VerifiedSignMessage, verifySignMessage } from '../src/ecdsa/sign/network-verify.ts';
import { MemorySingleUseStore } from '../src/ecdsa/single-use.ts';
import type { EcdsaSignature, Presign } from '../src/types.ts';
import { craftMessage } from './helpers/craft-message.ts';
import { type SignFixture, assigned, createFixture, digestOf, randomFor } from './helpers/sign-fixture.ts';

interface Signing {
  readonly fixture: SignFixture;
  readonly verified: VerifiedSignMessage;
  readonly decryption: SigningDecryption;
  readonly permit: SharePermit;
  readonly check: (signature: EcdsaSignature) => void;
}

async function startSigning(
  fixture: SignFixture,
  label: string,
  presign: Presign = fixture.presign(label).presign,
): Promise<Signing> {
  const wallet = fixture.dwallet(label);
  const approved = fixture.approve(label);
  const { bytes } = craftMessage({
    setup: fixture.setup,
    record: wallet.record,
    presign: targetPresign(fixture.setup, presign, wallet.record),
    userShare: wallet.userShare.expose(),
    hashScheme: approved.hashScheme,
    message: approved.message,
    seed: label,
  });
  const verified = verifySignMessage({
    setup: fixture.setup,
    record: wallet.record,
    presign,
    state: assigned(wallet.record, approved),
    approved,
    bytes,
    random: randomFor('verifier'),
  });
  return {
    fixture,
    verified,
    decryption: createSigningDecryption(verified, fixture.place),
    permit: await permitShares(new MemorySingleUseStore(), verified),
    check: (signature) => checkFinalSignature(wallet.record, approved.hashScheme, approved.message, signature),
  };
}

const fixture = createFixture({ seed: 'shares' });
const { group } = fixture.parameters;
const signing = await startSigning(fixture, 'one');
const { decryption, permit } = signing;
const { request } = decryption;
const [v1, v2, v3, v4] = fixture.access.validators as [ValidatorId, ValidatorId, ValidatorId, ValidatorId];

const answer = (validator: ValidatorId, at: Signing = signing): DecryptionShares =>
  decryptOptimistic(at.permit, at.decryption, at.fixture.keySharesOf(validator), randomFor(`share ${validator}`));
const prove = (validator: ValidatorId, at: Signing = signing): ProvedDecryptionShares =>
  decryptWithProof(at.permit, at.decryption, at.fixture.keySharesOf(validator), randomFor(`proof ${validator}`));

const honest = new Map([v1, v2, v3, v4].map((v) => [v, answer(v)]));
const proven = new Map([v1, v2, v3, v4].map((v) => [v, prove(v)]));
const get = <T>(map: ReadonlyMap<ValidatorId, T>, v: ValidatorId): T => map.get(v) as T;

/** Replaces the elements of one validator. */
const alter = <T extends DecryptionShares>(shares: T, change: (power: Element, l: number) => Element): T => ({
  ...shares,
  shares: new Map([...shares.shares].map(([id, powers]) => [id, powers.map((power, l) => change(power, l))])),
});
const orderTwo = orderTwoOf(fixture.parameters);

describe('optimistic round', () => {
  it('every weight-t subset completes, late and absent validators do not matter', () => {
    for (const absent of [v1, v2, v3, v4]) {
      const signature = combineSignature(
        decryption,
        [v1, v2, v3, v4].filter((v) => v !== absent).map((v) => get(honest, v)),
      );
      signing.check(signature as EcdsaSignature);
    }
    signing.check(combineSignature(decryption, [...honest.values()]) as EcdsaSignature);
  });

  it('fewer than t do not', () => {
    expect(() => combineSignature(decryption, [get(honest, v1), get(honest, v2)])).toThrow(ThresholdNotReachedError);
    expect(() => combineSignature(decryption, [get(honest, v1), get(honest, v1), get(honest, v2)])).toThrow('answers');
  });

  it('an expected set of three: its members complete, and nobody is needed besides', async () => {
    const place = { ...fixture.place, expectedSet: expectedValidators(fixture.access, [v1, v3, v4]) };
    const small = createSigningDecryption(signing.verified, place);
    const shares = [v1, v3, v4].map((v) =>
      decryptOptimistic(permit, small, fixture.keySharesOf(v), randomFor('small')),
    );
    signing.check(combineSignature(small, shares) as EcdsaSignature);
    // Shares for different expected sets never combine: another request digest.
    const bytes = encodeShares(small.request, shares[0] as DecryptionShares);
    expect(receiveShares(request, v1, bytes).status).toBe('ignored');
    expect(() =>
      createSigningDecryption(signing.verified, {
        ...place,
        expectedSet: createExpectedSet(fixture.access, [virtualId(1), virtualId(2)]),
      }),
    ).toThrow('expectedSet');
  });

  it('shares are bound to presign id, D, session, X and both ciphertexts (lessons 1.9)', async () => {
    const other = await startSigning(fixture, 'two');
    expect(other.decryption.request.digest).not.toEqual(request.digest);
    const bytes = encodeShares(other.decryption.request, answer(v1, other));
    expect(receiveShares(request, v1, bytes).status).toBe('ignored');
    for (const change of [{ network: 'other' }, { epoch: 2n }, { committee: digestOf('other committee') }]) {
      const moved = createSigningDecryption(signing.verified, { ...fixture.place, ...change });
      expect(moved.request.digest).not.toEqual(request.digest);
    }
  });

  it('the binding holds X, G_com, presign id and D, whatever the ciphertexts are', () => {
    const { presign, digest: D, publicKey } = signing.verified.facts;
    const bytes = (change: Partial<typeof presign>, d = D): string =>
      String(partialDecryptionBinding(fixture.setup.curve, { ...presign, ...change }, d));
    const all = [
      bytes({}),
      bytes({ presignId: digestOf('p') as never }),
      bytes({ setup: digestOf('s') }),
      bytes({ publicKey: publicKey.negate() }),
      bytes({}, digestOf('D')),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('shares of another network key are refused', () => {
    const foreign = createFixture({ seed: 'another network' });
    expect(() => createSigningDecryption(signing.verified, foreign.place)).toThrow('place.decryption');
  });
});

describe('share messages: MPC:S12, MPC:S13 (lessons 1.12, 1.13)', () => {
  const bytes = encodeShares(request, get(honest, v2));
  const blameOf = (sender: ValidatorId, content: Uint8Array): string => {
    const received = receiveShares(request, sender, content);
    return received.status === 'blamed' ? received.blame.check : received.status;
  };
  const at = { count: 34, index: 36, power: 38 };
  const patch = (offset: number, content: Uint8Array): Uint8Array => {
    const out = bytes.slice();
    out.set(content, offset);
    return out;
  };
  it('round trip, byte for byte', () => {
    expect(encodeShares(request, decodeShares(request, v2, bytes))).toEqual(bytes);
    const proved = encodeProvedShares(abortRequest(decryption), get(proven, v2));
    expect(
      encodeProvedShares(abortRequest(decryption), decodeProvedShares(abortRequest(decryption), v2, proved)),
    ).toEqual(proved);
  });
  it('missing, extra and foreign index: MPC:S12', () => {
    expect(blameOf(v2, patch(at.count, Uint8Array.of(0, 0)).subarray(0, at.index))).toBe('MPC:S12');
    expect(blameOf(v2, concat(patch(at.count, Uint8Array.of(0, 2)), bytes.subarray(at.index)))).toBe('MPC:S12');
    expect(blameOf(v2, patch(at.index, Uint8Array.of(0, 3)))).toBe('MPC:S12');
    expect(blameOf(v2, patch(at.index, Uint8Array.of(0, 0)))).toBe('MPC:S12');
    // v3 sends the message of v2 as its own.
    expect(blameOf(v3, bytes)).toBe('MPC:S12');
  });
  it('order-2 twist, not an element, trailing bytes: MPC:S13', () => {
    const power = group.decode(bytes.slice(at.power, at.power + group.elementBytes));
    expect(blameOf(v2, patch(at.power, group.encode(group.compose(power, orderTwo))))).toBe('MPC:S13');
    expect(blameOf(v2, patch(at.power, new Uint8Array(group.elementBytes)))).toBe('MPC:S13');
    expect(blameOf(v2, concat(bytes, Uint8Array.of(0)))).toBe('MPC:S13');
    expect(blameOf(v2, bytes.subarray(0, bytes.length - 1))).toBe('MPC:S13');
  });
  it('thousands of mutations and truncations: accepted, ignored or blamed on the sender, never a crash', () => {
    const proved = encodeProvedShares(abortRequest(decryption), get(proven, v2));
    for (const [content, receive] of [
      [bytes, (b: Uint8Array) => receiveShares(request, v2, b)],
      [proved, (b: Uint8Array) => receiveProvedShares(abortRequest(decryption), v2, b)],
    ] as const) {
      const judge = (mutated: Uint8Array): void => {
        const received = receive(mutated);
        if (received.status === 'blamed') {
          expect(received.blame.party).toBe(v2);
          expect(['MPC:S12', 'MPC:S13']).toContain(received.blame.check);
        }
      };
      for (let length = 0; length < content.length; length += 1) judge(content.subarray(0, length));
      fc.assert(
        fc.property(fc.nat(content.length - 1), fc.nat(255), (i, value) => {
          const mutated = content.slice();
          mutated[i] = value;
          judge(mutated);
        }),
        { numRuns: 1000 },
      );
    }
  });
});

describe('abort path: a wrong optimistic share is named and the signature completes (11.5)', () => {
  const wrong: readonly (readonly [string, (shares: DecryptionShares) => DecryptionShares])[] = [
    ['random', (s) => alter(s, (power) => group.square(power))],
    [
      'shifted by f: combines without any error',
      (s) => alter(s, (power) => group.compose(power, fixture.parameters.powerOfF(7n))),
    ],
    [
      'for the other ciphertext',
      (s) =>
        alter(s, (_power, l) => (get(honest, v3).shares.get(virtualId(3)) as readonly Element[])[1 - l] as Element),
    ],
    ['identity', (s) => alter(s, () => group.identity)],
    ['only ct_alphabeta wrong', (s) => alter(s, (power, l) => (l === 1 ? group.square(power) : power))],
    [
      "another validator's share",
      (s) => ({
        ...s,
        shares: new Map([[virtualId(3), get(honest, v1).shares.get(virtualId(1)) as readonly Element[]]]),
      }),
    ],
  ];
  it.each(wrong)('%s', (_name, lie) => {
    const published = [get(honest, v1), get(honest, v2), lie(get(honest, v3))];
    expect(combineSignature(decryption, published)).toBeUndefined();
    // The liar proves an honest share now, contradicting what it published.
    const repentant = resolveAbort(
      decryption,
      published,
      [v1, v2, v3].map((v) => get(proven, v)),
      randomFor('judge'),
    );
    expect(repentant.blamed.map(({ party, check }) => [party, check])).toEqual(
      expect.arrayContaining([[v3, 'CG:3.10']]),
    );
    expect(new Set(repentant.blamed.map(({ party }) => party))).toEqual(new Set([v3]));
    // Its own share no longer counts, so the fourth validator is needed and suffices.
    expect(repentant.kind).toBe('incomplete');
    const helped = resolveAbort(decryption, published, [...proven.values()], randomFor('judge'));
    if (helped.kind !== 'signature') throw new Error(helped.kind);
    signing.check(helped.signature);
    expect(new Set(helped.blamed.map(({ party }) => party))).toEqual(new Set([v3]));
    // Or it stays silent: the equation over proven shares names it all the same.
    const silent = resolveAbort(
      decryption,
      published,
      [v1, v2, v4].map((v) => get(proven, v)),
      randomFor('judge'),
    );
    if (silent.kind !== 'signature') throw new Error(silent.kind);
    signing.check(silent.signature);
    expect(silent.silent).toEqual([v3]);
    expect(new Set(silent.blamed.map(({ party, check }) => `${party} ${check}`))).toEqual(new Set([`${v3} CG:3.10`]));
  });

  it('a bad proof is named, the share behind it does not count', () => {
    const published = [get(honest, v1), get(honest, v2), alter(get(honest, v3), (p) => group.square(p))];
    // It proves its wrong share with somebody else's proof.
    const forged: ProvedDecryptionShares = {
      ...alter(get(proven, v3), (p) => group.square(p)),
      proofs: new Map([[virtualId(3), get(proven, v1).proofs.get(virtualId(1))!]]),
    };
    const outcome = resolveAbort(
      decryption,
      published,
      [get(proven, v1), get(proven, v2), forged, get(proven, v4)],
      randomFor('judge'),
    );
    if (outcome.kind !== 'signature') throw new Error(outcome.kind);
    signing.check(outcome.signature);
    expect(outcome.blamed.map(({ party, check }) => [party, check])).toEqual([[v3, 'CG:3.9']]);
  });

  it('an honest validator is never blamed, even if it published nothing before', () => {
    const published = [get(honest, v1), get(honest, v2), alter(get(honest, v3), (p) => group.square(p))];
    const outcome = resolveAbort(
      decryption,
      published,
      [get(proven, v1), get(proven, v2), get(proven, v4)],
      randomFor('judge'),
    );
    expect(outcome.blamed.map(({ party }) => party)).not.toContain(v4);
    expect(outcome.blamed.map(({ party }) => party)).not.toContain(v1);
  });

  it('fewer than t proofs: incomplete, nothing is output', () => {
    const published = [get(honest, v1), get(honest, v2), alter(get(honest, v3), (p) => group.square(p))];
    const outcome = resolveAbort(decryption, published, [get(proven, v1), get(proven, v2)], randomFor('judge'));
    expect(outcome.kind).toBe('incomplete');
  });

  it('proofs are bound to the request: a proof of another signature does not verify (lessons 1.9)', async () => {
    const other = await startSigning(fixture, 'three');
    const foreign = prove(v3, other);
    const replayed: ProvedDecryptionShares = { ...get(proven, v3), proofs: foreign.proofs };
    const published = [get(honest, v1), get(honest, v2), alter(get(honest, v3), (p) => group.square(p))];
    const outcome = resolveAbort(
      decryption,
      published,
      [get(proven, v1), get(proven, v2), replayed, get(proven, v4)],
      randomFor('judge'),
    );
    expect(outcome.blamed.map(({ party, check }) => [party, check])).toContainEqual([v3, 'CG:3.9']);
  });

  it('nobody at fault although the optimistic result failed: a bug, stop and alarm (MPC 5.7, lessons 1.4)', () => {
    expect(() =>
      resolveAbort(
        decryption,
        [v1, v2, v3].map((v) => get(honest, v)),
        [v1, v2, v3].map((v) => get(proven, v)),
        randomFor('judge'),
      ),
    ).toThrow(BugError);
  });

  it('a smaller expected set: the fourth validator helps in the abort round', async () => {
    const small: SigningDecryption = createSigningDecryption(signing.verified, {
      ...fixture.place,
      expectedSet: expectedValidators(fixture.access, [v1, v2, v3]),
    });
    const published = [v1, v2, v3].map((v) =>
      decryptOptimistic(permit, small, fixture.keySharesOf(v), randomFor('small')),
    );
    const lied = [
      published[0],
      published[1],
      alter(published[2] as DecryptionShares, (p) => group.square(p)),
    ] as DecryptionShares[];
    expect(combineSignature(small, lied)).toBeUndefined();
    const proofs = [v1, v2, v4].map((v) =>
      decryptWithProof(permit, small, fixture.keySharesOf(v), randomFor('small proof')),
    );
    const outcome = resolveAbort(small, lied, proofs, randomFor('judge'));
    if (outcome.kind !== 'signature') throw new Error(outcome.kind);
    signing.check(outcome.signature);
    expect(new Set(outcome.blamed.map(({ party }) => party))).toEqual(new Set([v3]));
  });
});

describe('MPC:S14 with a malicious presign', () => {
  it('ct_gammax of another value: no signature, no crash, and the second round is a bug, not an accusation', async () => {
    const { presign } = fixture.presign('inconsistent');
    const { presign: other } = fixture.presign('donor');
    // A quorum that lies: certified presign whose ct_gamma x,0 belongs to another gamma.
    const { presignId: _id, ...fields } = presign;
    const broken = createPresign(fixture.setup, {
      ...fields,
      maskedShares: [other.maskedShares[0], presign.maskedShares[1]],
    });
    const at = await startSigning(fixture, 'inconsistent', broken);
    const published = [v1, v2, v3].map((v) => answer(v, at));
    expect(combineSignature(at.decryption, published)).toBeUndefined();
    const proofs = [v1, v2, v3].map((v) => prove(v, at));
    expect(() => resolveAbort(at.decryption, published, proofs, randomFor('judge'))).toThrow('no valid signature');
  });
});

describe('no share without a verified message and a durable marker', () => {
  it('a forged permit or a permit for another message is refused', async () => {
    const other = await startSigning(fixture, 'four');
    const shares = fixture.keySharesOf(v1);
    for (const bad of [other.permit, {}, null, Object.create(Object.getPrototypeOf(permit) as object)]) {
      expect(() => decryptOptimistic(bad as SharePermit, decryption, shares, randomFor('x'))).toThrow(BugError);
      expect(() => decryptWithProof(bad as SharePermit, decryption, shares, randomFor('x'))).toThrow(BugError);
    }
  });
  it('a message that was not verified opens no gate', () => {
    expect(() => createSigningDecryption({ facts: signing.verified.facts } as never, fixture.place)).toThrow(BugError);
  });
  it('the share is not computed if the marker cannot be written', async () => {
    const failing = {
      mark: async () => {
        throw new Error('disk full');
      },
      markVoid: async () => undefined,
      lookup: async () => undefined,
    };
    await expect(permitShares(failing, signing.verified)).rejects.toThrow('disk full');
  });
  it('a void presign gives no permit (restored from a backup, lessons 1.7)', async () => {
    const store = new MemorySingleUseStore();
    await store.markVoid(signing.verified.facts.presign.presignId);
    await expect(permitShares(store, signing.verified)).rejects.toThrow('MPC:S2');
    await expect(permitShares(store, signing.verified)).rejects.toBeInstanceOf(CheckError);
  });
});

describe('consensus fork: two assignments of one presign to two halves (11.5, lessons 1.8)', () => {
  it('at most one of two messages can gather t shares with f corrupted validators', async () => {
    const { presign } = fixture.presign('fork');
    const one = await startSigning(fixture, 'fork a', presign);
    const two = await startSigning(fixture, 'fork b', presign);
    // Validators 1 and 2 hear of the first, 3 of the second; 4 is corrupted and answers everything.
    const stores = new Map([v1, v2, v3].map((v) => [v, new MemorySingleUseStore()]));
    const order: readonly (readonly [ValidatorId, readonly [Signing, Signing]])[] = [
      [v1, [one, two]],
      [v2, [one, two]],
      [v3, [two, one]],
    ];
    const answers = new Map<Signing, DecryptionShares[]>([
      [one, [answer(v4, one)]],
      [two, [answer(v4, two)]],
    ]);
    for (const [v, sequence] of order) {
      for (const at of sequence) {
        try {
          const own = await permitShares(get(stores, v), at.verified);
          (answers.get(at) as DecryptionShares[]).push(
            decryptOptimistic(own, at.decryption, fixture.keySharesOf(v), randomFor('fork')),
          );
        } catch (error) {
          expect(error).toMatchObject({ check: 'MPC:S2' });
        }
      }
    }
    one.check(combineSignature(one.decryption, answers.get(one) as DecryptionShares[]) as EcdsaSignature);
    expect(() => combineSignature(two.decryption, answers.get(two) as DecryptionShares[])).toThrow(
      ThresholdNotReachedError,
    );
  });
});

describe('weights (MPC:T6): virtual numbers and validators are different things', () => {
  it('weights 2, 1, 1, 1: the heavy validator gives two shares; a lie in one of them is named by validator', async () => {
    const heavy = createFixture({ weights: [2, 1, 1, 1], seed: 'weights' });
    const at = await startSigning(heavy, 'heavy');
    expect(heavy.access.threshold).toBe(4);
    const shares = [v1, v2, v3, v4].map((v) => answer(v, at));
    expect((shares[0] as DecryptionShares).shares.size).toBe(2);
    at.check(combineSignature(at.decryption, shares.slice(0, 3)) as EcdsaSignature);
    expect(() => combineSignature(at.decryption, shares.slice(1))).toThrow(ThresholdNotReachedError);
    const [first] = shares as [DecryptionShares];
    const lied: DecryptionShares = {
      ...first,
      shares: new Map(
        [...first.shares].map(([id, powers]) => [id, id === 2 ? powers.map((p) => group.square(p)) : powers]),
      ),
    };
    const published = [lied, ...shares.slice(1)];
    expect(combineSignature(at.decryption, published)).toBeUndefined();
    const proofs = [v1, v2, v3, v4].map((v) => prove(v, at));
    const outcome = resolveAbort(at.decryption, published, proofs, randomFor('judge'));
    expect(outcome.blamed.map(({ party }) => party)).toEqual([validatorId(1)]);
    // Without the heavy one the rest weighs 3 of 4: the network waits, it does not guess.
    expect(outcome.kind).toBe('incomplete');
  });
});
