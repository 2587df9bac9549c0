import type { Element } from '@dwallet/kernel';
import { testKernel } from '../../kernel/test/test-kernel.ts';
import {
  InvalidArgumentsError,
  Secret,
  ThresholdNotReachedError,
  type ValidatorId,
  type VirtualId,
  mod,
  uniformBelow,
  validatorId,
  virtualId,
} from '@dwallet/sigma';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DecryptionRequest,
  clg128,
  combineOptimistic,
  combineShares,
  createAccessStructure,
  createDecryptionRequest,
  createDecryptionSetup,
  createExpectedSet,
  createPublicParameters,
  equalWeights,
  expectedValidators,
  factorial,
  generalSet,
  keyShareBytes,
  kappa,
  partialDecrypt,
  prepareKeyShare,
  selectShares,
} from '../src/index.ts';
import { type TestCommittee, createTestCommittee, subsets } from './helpers/committee.ts';
import { testRandom, testSession, toyParameters } from './helpers/toy.ts';

const parameters = toyParameters;
const { group, q } = parameters;
const messages = [0n, q - 123456789n];

type Shares = Map<VirtualId, readonly Element[]>;

/** Every validator's shares in one map. */
function allShares(committee: TestCommittee, request: DecryptionRequest): Shares {
  const shares: Shares = new Map();
  for (const v of committee.access.validators)
    for (const [j, powers] of committee.answer(request, v).shares) shares.set(j, powers);
  return shares;
}
const pick = (shares: Shares, set: readonly VirtualId[]): Shares =>
  new Map(set.map((j) => [j, shares.get(j) as readonly Element[]]));

describe('CG:T15 any t shares decrypt', () => {
  const committee = createTestCommittee(parameters, equalWeights(4), 'T15 n=4');
  const ids = committee.access.virtualIds;

  test('n = 4: every expected set of 3 and 4 numbers with every t-subset of it, several ciphertexts at once', () => {
    for (const expected of [ids, ...subsets(ids, 3)]) {
      const request = committee.request(messages, { expectedSet: createExpectedSet(committee.access, expected) });
      const shares = allShares(committee, request);
      for (const set of subsets(expected, 3)) {
        expect(combineShares(request, pick(shares, set))).toEqual({ ok: true, plaintexts: messages });
        // The order of the shares does not matter.
        expect(combineShares(request, pick(shares, [...set].reverse()))).toEqual({ ok: true, plaintexts: messages });
      }
    }
  });

  test('n = 16: random expected sets and subsets', () => {
    const large = createTestCommittee(parameters, equalWeights(16), 'T15 n=16');
    const all = large.access.virtualIds;
    expect(large.access.threshold).toBe(11);
    const random = testRandom('T15 choices');
    const sample = (from: readonly VirtualId[], size: number): VirtualId[] => {
      const rest = [...from];
      return Array.from(
        { length: size },
        () => rest.splice(Number(uniformBelow(random, BigInt(rest.length))), 1)[0] as VirtualId,
      );
    };
    for (const size of [16, 12]) {
      const expected = size === 16 ? all : sample(all, size);
      const request = large.request([42n], { expectedSet: createExpectedSet(large.access, expected) });
      const shares = allShares(large, request);
      for (let i = 0; i < 3; i++) {
        expect(combineShares(request, pick(shares, sample(expected, 11)))).toEqual({ ok: true, plaintexts: [42n] });
      }
    }
  });

  test('a party outside the expected set uses the same formula but is never combined (pitfall 22)', () => {
    const request = committee.request([5n], {
      expectedSet: expectedValidators(committee.access, [1, 2, 3].map(validatorId)),
    });
    const shares = allShares(committee, request);
    expect(shares.has(virtualId(4))).toBe(true);
    expect(() => combineShares(request, pick(shares, [1, 2, 4].map(virtualId)))).toThrow(/not in the expected set/);
    expect(() =>
      combineOptimistic(
        request,
        [1, 2, 4].map((v) => committee.answer(request, v)),
      ),
    ).toThrow(ThresholdNotReachedError);
  });

  test('wrong counts of shares or elements are refused', () => {
    const request = committee.request([5n, 6n]);
    const shares = allShares(committee, request);
    expect(() => combineShares(request, shares)).toThrow(/exactly 3/);
    expect(() => combineShares(request, pick(shares, [1, 2].map(virtualId)))).toThrow(/exactly 3/);
    const short = pick(shares, [1, 2, 3].map(virtualId)).set(virtualId(3), [group.identity]);
    expect(() => combineShares(request, short)).toThrow(/one element per ciphertext/);
    const answers = [1, 2, 3].map((v) => committee.answer(request, v));
    expect(selectShares(request, [...answers, committee.answer(request, 4)]).size).toBe(3);
    expect(() => selectShares(request, [...answers, ...answers])).toThrow(/two of validator 1/);
    expect(() => selectShares(request, answers.slice(1))).toThrow(ThresholdNotReachedError);
  });

  test('property: any quorum decrypts and no smaller set does', () => {
    const committees = [
      createTestCommittee(parameters, equalWeights(5), 'property 5'),
      createTestCommittee(parameters, createAccessStructure([1, 2, 1, 3]), 'property weighted'),
    ];
    for (const one of committees) {
      const { access } = one;
      fc.assert(
        fc.property(
          fc.bigInt({ min: 0n, max: q - 1n }),
          fc.shuffledSubarray([...access.validators], { minLength: 1 }),
          (message, validators) => {
            const request = one.request([message]);
            const answers = validators.map((v) => one.answer(request, v));
            if (access.isAuthorized(validators)) {
              expect(combineOptimistic(request, answers)).toEqual({ ok: true, plaintexts: [message] });
              return;
            }
            expect(() => combineOptimistic(request, answers)).toThrow(ThresholdNotReachedError);
            // Nor by treating the smaller set as if it were enough: interpolation through fewer points misses F(0).
            const set = answers.flatMap(({ shares }) => [...shares.keys()]).sort((x, y) => x - y);
            const n = access.totalWeight;
            const W = group.multiPowerVartime(
              set.map((j) => {
                let [numerator, denominator] = [factorial(n), 1n];
                for (const i of set)
                  if (i !== j) [numerator, denominator] = [numerator * -BigInt(i), denominator * BigInt(j - i)];
                const u = one.setup.factorial / (factorial(j) * factorial(n - j));
                const base = answers.find(({ shares }) => shares.has(j))?.shares.get(j)?.[0] as Element;
                // base already holds C(n, j); multiply the statement by all binomials to stay integral.
                return { base, exponent: (numerator / denominator) * (factorial(n) / u) };
              }),
            );
            const c2 = request.ciphertexts[0]?.c2 as Element;
            const M = group.multiPowerVartime([
              { base: c2, exponent: one.setup.scale * factorial(n) },
              { base: W, exponent: -1n },
            ]);
            expect(parameters.logF(M)).toBeUndefined();
          },
        ),
        { numRuns: 5 },
      );
    }
  });

  test('property: any t - 1 shares fit every secret (CG 3.2), so they say nothing about it', () => {
    const { access, dealing } = committee;
    const n = access.totalWeight;
    for (const set of subsets(access.virtualIds, access.threshold - 1)) {
      // S_A(X) = n! prod (1 - X/j) has integer coefficients, is n! at 0 and 0 on A: F + 2^kappa (b' - b) S_A shares b' with the same shares.
      const at = (x: bigint): bigint => {
        let [numerator, denominator] = [factorial(n), 1n];
        for (const j of set) [numerator, denominator] = [numerator * (BigInt(j) - x), denominator * BigInt(j)];
        expect(numerator % denominator).toBe(0n);
        return numerator / denominator;
      };
      expect(at(0n)).toBe(factorial(n));
      const other = 987654321n;
      for (const j of set) {
        const share = dealing.shares.get(j)?.share.expose() as bigint;
        expect(share + ((other - dealing.secret) << BigInt(kappa)) * at(BigInt(j))).toBe(share);
      }
    }
  });
});

describe('CG:T17 negative shares (pitfall 23)', () => {
  const committee = createTestCommittee(parameters, equalWeights(4), 'T17', { negative: true });
  test('shares below zero decrypt in every subset and prove', () => {
    for (const { share } of committee.dealing.shares.values()) expect(share.expose() < 0n).toBe(true);
    const request = committee.request(messages);
    const shares = allShares(committee, request);
    for (const set of subsets(committee.access.virtualIds, 3))
      expect(combineShares(request, pick(shares, set))).toEqual({ ok: true, plaintexts: messages });
  });
});

describe('CG:T19 weights 1, 2, 3', () => {
  const access = createAccessStructure([1, 2, 3]);
  const committee = createTestCommittee(parameters, access, 'T19');

  test('virtual numbering; n is the total weight, not the number of validators (pitfalls 25, 26)', () => {
    expect([access.totalWeight, access.maxFaulty, access.threshold]).toEqual([6, 1, 5]);
    expect(access.validators.map((v) => access.virtualIdsOf(v))).toEqual([[1], [2, 3], [4, 5, 6]]);
    expect([1, 2, 3, 4, 5, 6].map((j) => access.holderOf(virtualId(j)))).toEqual([1, 2, 2, 3, 3, 3]);
    expect(committee.setup.factorial).toBe(720n);
  });

  test('validators 2 and 3 (weight 5) decrypt; 1 and 3 (weight 4), 1 and 2 do not', () => {
    const request = committee.request(messages);
    const answers = access.validators.map((v) => committee.answer(request, v)) as [never, never, never];
    expect(combineOptimistic(request, [answers[1], answers[2]])).toEqual({ ok: true, plaintexts: messages });
    expect(combineOptimistic(request, answers)).toEqual({ ok: true, plaintexts: messages });
    expect(() => combineOptimistic(request, [answers[0], answers[2]])).toThrow(ThresholdNotReachedError);
    expect(() => combineOptimistic(request, [answers[0], answers[1]])).toThrow(ThresholdNotReachedError);
  });

  test('a validator answers with all of its shares, and only its own', () => {
    const request = committee.request([1n]);
    const own = committee.dealing.sharesOf(validatorId(3));
    const random = testRandom('own');
    expect([...partialDecrypt(request, [...own].reverse(), random).shares.keys()]).toEqual([4, 5, 6]);
    expect(() => partialDecrypt(request, own.slice(1), random)).toThrow(/all shares of one validator/);
    expect(() => partialDecrypt(request, [...own, ...committee.dealing.sharesOf(validatorId(1))], random)).toThrow(
      InvalidArgumentsError,
    );
    expect(() => partialDecrypt(request, [own[0], own[0], own[1]] as never, random)).toThrow(InvalidArgumentsError);
    expect(() => partialDecrypt(request, [], random)).toThrow(/at least one/);
  });
});

describe('pitfalls of the threshold layer', () => {
  const committee = createTestCommittee(parameters, equalWeights(4), 'pitfalls');
  const { dealing, setup, access } = committee;

  test('18: success is not integrity: f^x on one share shifts the plaintext unnoticed', () => {
    const request = committee.request([1000n]);
    const shares = pick(allShares(committee, request), [1, 2, 3].map(virtualId));
    const [power] = shares.get(virtualId(1)) as readonly [Element];
    shares.set(virtualId(1), [group.compose(power, parameters.powerOfF(17n))]);
    const combination = combineShares(request, shares);
    expect(combination.ok).toBe(true);
    expect(combination).not.toEqual({ ok: true, plaintexts: [1000n] });
  });

  test('a share outside the right coset is a typed failure that names the ciphertext', () => {
    const request = committee.request([1n, 2n, 3n]);
    const shares = pick(allShares(committee, request), [1, 2, 3].map(virtualId));
    const powers = shares.get(virtualId(2)) as readonly Element[];
    shares.set(virtualId(2), [
      powers[0] as Element,
      group.compose(powers[1] as Element, parameters.h),
      powers[2] as Element,
    ]);
    expect(combineShares(request, shares)).toEqual({ ok: false, failed: [1] });
  });

  test('21: without the n! in gamma, or with another scale, the plaintext is wrong', () => {
    const request = committee.request([1000n]);
    const [{ c1, c2 }] = request.ciphertexts as unknown as [{ c1: Element; c2: Element }];
    const set = [1, 2, 3].map(virtualId);
    const shares: Shares = new Map(
      set.map((j) => {
        const d = dealing.shares.get(j)?.share.expose() as bigint;
        const u = setup.factorial / (factorial(j) * factorial(4 - j));
        return [j, [group.powerVartime(c1, u * d)]];
      }),
    );
    expect(combineShares(request, shares)).not.toEqual({ ok: true, plaintexts: [1000n] });
    expect(setup.scale).toBe(2n ** 128n * factorial(4) ** 3n);
    expect(mod(setup.scale * setup.scaleInverse, q)).toBe(1n);
    expect(group.isIdentity(c2)).toBe(false);
  });

  test('27: shares for different expected sets or ciphertexts do not combine to the plaintext', () => {
    const [x, y] = [committee.request([1000n]), committee.request([2000n])];
    const narrow = createDecryptionRequest(setup, {
      session: x.session,
      ciphertexts: x.ciphertexts,
      expectedSet: createExpectedSet(access, [1, 2, 4].map(virtualId)),
    });
    const mix = (other: DecryptionRequest): Shares =>
      pick(allShares(committee, x), [1, 2, 4].map(virtualId)).set(
        virtualId(1),
        committee.answer(other, 1).shares.get(virtualId(1)) as readonly Element[],
      );
    expect(combineShares(x, mix(x))).toEqual({ ok: true, plaintexts: [1000n] });
    expect(combineShares(x, mix(narrow))).toEqual({ ok: false, failed: [0] });
    expect(combineShares(x, mix(y))).toEqual({ ok: false, failed: [0] });
    const digests = [x, y, narrow].map((r) => Buffer.from(r.digest).toString('hex'));
    expect(new Set(digests).size).toBe(3);
  });

  test('the request digest depends on session, set, ciphertexts and binding', () => {
    const ciphertexts = committee.encryptAll([1n, 2n]);
    const session = testSession(parameters, access);
    const make = (input: Partial<Parameters<typeof createDecryptionRequest>[1]>): string =>
      Buffer.from(createDecryptionRequest(setup, { session, ciphertexts, ...input }).digest).toString('hex');
    const all = [
      make({}),
      make({ session: { ...session, epoch: 8n } }),
      make({ expectedSet: createExpectedSet(access, [1, 2, 3].map(virtualId)) }),
      make({ ciphertexts: [...ciphertexts].reverse() }),
      make({ ciphertexts: ciphertexts.slice(1) }),
      make({ binding: [Uint8Array.of(1)] }),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(make({ expectedSet: generalSet(access) })).toBe(all[0]);
  });

  test('requests of another committee, profile or size are refused', () => {
    const session = testSession(parameters, access);
    const ciphertexts = committee.encryptAll([1n]);
    const make = (input: object) => () => createDecryptionRequest(setup, { session, ciphertexts, ...input });
    expect(make({ session: { ...session, threshold: 2 } })).toThrow(/n and t/);
    expect(make({ session: { ...session, totalWeight: 5 } })).toThrow(/n and t/);
    expect(make({ session: { ...session, profile: 'CLG-128' } })).toThrow(/profile/);
    expect(make({ ciphertexts: [] })).toThrow(/ciphertexts/);
    expect(make({ expectedSet: generalSet(equalWeights(4)) })).toThrow(/another committee/);
    const keys = new Map(dealing.state.verificationKeys);
    keys.delete(virtualId(4));
    expect(() => createDecryptionSetup(parameters, { ...dealing.state, verificationKeys: keys })).toThrow(
      /verificationKeys/,
    );
  });

  test('8, 24: a share over its declared bound is an error, never truncated', () => {
    const request = committee.request([1n]);
    const over = { virtualId: virtualId(1), share: new Secret(1n << BigInt(setup.exponentBits)) };
    expect(() => partialDecrypt(request, [over], testRandom('over'))).toThrow(/bits/);
    expect(keyShareBytes(setup)).toBe(Math.ceil((setup.exponentBits + 1) / 8));
  });

  test('blinding changes nothing in the result and is fresh: tables, other randomness, same share (CG 1.10)', () => {
    const request = committee.request([1n, 2n]);
    const [share] = dealing.sharesOf(validatorId(1)) as [never];
    const prepared = prepareKeyShare(setup, share);
    const x = partialDecrypt(request, [share], testRandom('a'));
    const y = partialDecrypt(request, [prepared], testRandom('b'));
    const exact = request
      .basesOf(virtualId(1))
      .map((base) => group.powerVartime(base, dealing.shares.get(virtualId(1))?.share.expose() as bigint));
    for (const [l, expected] of exact.entries()) {
      expect(group.equals(x.shares.get(virtualId(1))?.[l] as Element, expected)).toBe(true);
      expect(group.equals(y.shares.get(virtualId(1))?.[l] as Element, expected)).toBe(true);
    }
    // One blinding exponent of R bits per share and ciphertext is drawn.
    const lengths: number[] = [];
    const spy = (length: number): Uint8Array => {
      lengths.push(length);
      return testRandom('spy')(length);
    };
    partialDecrypt(request, [share], spy);
    expect(lengths).toEqual([0, 1].map(() => Math.ceil(parameters.randomnessBits / 8)));
  });

  test('a committee share of a validator id outside the committee is refused', () => {
    expect(() => dealing.sharesOf(9 as ValidatorId)).toThrow(/not in the committee/);
  });
});

describe('full size', () => {
  test('CLG-128, n = 4: two ciphertexts decrypt from any three validators', () => {
    const full = createPublicParameters(testKernel, clg128);
    const committee = createTestCommittee(full, equalWeights(4), 'full size');
    const request = committee.request([1n, full.q - 5n]);
    const answers = [4, 2, 1].map((v) => committee.answer(request, v));
    expect(combineOptimistic(request, answers)).toEqual({ ok: true, plaintexts: [1n, full.q - 5n] });
  });
});
