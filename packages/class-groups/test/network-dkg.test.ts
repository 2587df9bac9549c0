/** The network DKG among honest and silent validators (CG 8.1): outcome, reveal budget, thresholds, rehearsal, erasure. */
import { testKernel } from '../../kernel/test/test-kernel.ts';
import {
  AbortError,
  BugError,
  CheckError,
  InvalidArgumentsError,
  Secret,
  ThresholdNotReachedError,
  type ValidatorId,
  digest,
  validatorId,
  virtualId,
} from '@dwallet/sigma';
import { describe, expect, test } from 'vitest';
import {
  type DecryptionKeyShare,
  clg112,
  createPublicParameters,
  factorial,
  finalShareBits,
  lagrangeAtZero,
  networkDkg,
  shareBits,
  sharingScale,
} from '../src/index.ts';
import { shapeOf } from '../src/network-dkg/session.ts';
import { subsets } from './helpers/committee.ts';
import {
  type NetworkDkgRun,
  acknowledgeOne,
  completeDkg,
  dealOne,
  dkgInput,
  dkgRandom,
  registerAll,
  runNetworkDkg,
} from './helpers/run-network-dkg.ts';
import { decryptWithQuorums } from './helpers/threshold-decrypt.ts';
import { toyParameters as parameters } from './helpers/toy.ts';

const { group } = parameters;
const message = 0x1234567890abcdefn;
const v = validatorId;

/** Relations that every outcome must satisfy, checked with the shares of all validators. */
function expectSound({ input, access, state, shares, deals, outcome }: NetworkDkgRun): void {
  const { parameters: p } = input;
  const n = access.totalWeight;
  const all = [...shares.values()].flat();
  for (const { virtualId: j, share } of all) {
    const key = state.verificationKeys.get(j);
    expect(key !== undefined && p.group.equals(p.group.powerVartime(p.h, share.expose()), key)).toBe(true);
    expect(share.expose() >> BigInt(finalShareBits(n, access.threshold, p.randomnessBits))).toBe(0n);
  }
  // PK^E = h^(n! F(0)) with F through any t shares.
  const chosen = all.slice(-access.threshold);
  const set = chosen.map(({ virtualId: j }) => j);
  const scaled = chosen.reduce((sum, { virtualId: j, share }) => sum + lagrangeAtZero(n, set, j) * share.expose(), 0n);
  const left = p.group.powerVartime(state.encryptionKey.element, sharingScale(n));
  expect(p.group.equals(left, p.group.powerVartime(p.h, scaled))).toBe(true);
  // n! F(0) = (n!)^2 2^kappa b: all honest contributions are integers.
  expect(scaled % ((factorial(n) ** 2n) << 128n)).toBe(0n);
  const product = outcome.qualified.reduce((pk, dealer) => {
    const deal = deals.deals.get(dealer);
    return p.group.compose(pk, deal?.commitments.constant ?? p.h);
  }, p.group.identity);
  expect(p.group.equals(product, state.encryptionKey.element)).toBe(true);
}

const run = runNetworkDkg(parameters, [1, 1, 1, 1]);

describe('CG:T20 honest validators', () => {
  test('n = 4: nobody is blamed, V_j = h^(d_j), every quorum decrypts, fewer do not', () => {
    expect(run.blamed).toEqual([]);
    expect(run.networkKey.qualified).toEqual([1, 2, 3, 4]);
    expect(run.networkKey.rehearsedBy).toEqual([1, 2, 3, 4]);
    expect(run.outcome.servedWeight).toBe(4);
    expectSound(run);
    const quorums = subsets(run.access.validators, 3);
    const plaintexts = decryptWithQuorums(parameters, run.state, run.shares, quorums, message);
    expect(plaintexts).toEqual(quorums.map(() => message));
    expect(() => decryptWithQuorums(parameters, run.state, run.shares, [[v(1), v(2)]], message)).toThrow(
      ThresholdNotReachedError,
    );
  });

  test('every validator computes the same outcome from the same inboxes', () => {
    const { input, committee, messages } = run;
    const again = networkDkg.verifyDeals({ ...input, committee, inbox: messages.deal });
    expect(again.digest).toEqual(run.deals.digest);
    const judged = networkDkg.judgeAcknowledgements({ ...input, committee, deals: again, inbox: messages.acknowledge });
    expect(judged.digest).toEqual(run.judgement.digest);
    const outcome = networkDkg.finalize({ ...input, committee, deals: again, judgement: judged });
    expect(outcome.digest).toEqual(run.outcome.digest);
  });

  test('a deterministic run: the same seed gives the same messages, another seed another key', () => {
    const stage = registerAll(dkgInput(parameters, [1, 1, 1, 1]));
    expect(stage.inbox).toEqual(run.messages.register);
    expect(dealOne(stage, v(2)).message).toEqual(run.messages.deal[1]?.message);
    const other = registerAll(dkgInput(parameters, [1, 1, 1, 1], { seed: 'other' }), 'other');
    expect(dealOne(other, v(2)).message).not.toEqual(run.messages.deal[1]?.message);
  });

  test('weights 1, 2, 3: several numbers per validator, authorised by weight', () => {
    const weighted = runNetworkDkg(parameters, [1, 2, 3]);
    expect(weighted.blamed).toEqual([]);
    expect(weighted.access.threshold).toBe(5);
    expect(weighted.shares.get(v(3))?.map(({ virtualId: j }) => j)).toEqual([4, 5, 6]);
    expectSound(weighted);
    expect(decryptWithQuorums(parameters, weighted.state, weighted.shares, [[v(2), v(3)]], message)).toEqual([message]);
    expect(() => decryptWithQuorums(parameters, weighted.state, weighted.shares, [[v(1), v(3)]], message)).toThrow(
      ThresholdNotReachedError,
    );
  });

  test('n = 7 with a table', () => {
    const seven = runNetworkDkg(parameters, [1, 1, 1, 1, 1, 1, 1], { shareTable: true });
    expect(seven.blamed).toEqual([]);
    expectSound(seven);
    const quorums = [[1, 3, 4, 6, 7].map(v), [2, 3, 4, 5, 6].map(v)];
    expect(decryptWithQuorums(parameters, seven.state, seven.shares, quorums, message)).toEqual([message, message]);
  });

  test('n = 4 at full size, CLG-112', () => {
    const full = runNetworkDkg(createPublicParameters(testKernel, clg112), [1, 1, 1, 1]);
    expect(full.blamed).toEqual([]);
    expect(full.networkKey.rehearsedBy).toEqual([1, 2, 3, 4]);
    expect((full.messages.deal[0]?.message.length ?? 0) < 2048).toBe(true);
  });

  test('secrets do not print themselves', () => {
    const { secrets } = dealOne(registerAll(dkgInput(parameters, [1, 1, 1, 1])), v(1));
    expect(JSON.stringify(secrets.polynomial)).not.toMatch(/\d{10}/u);
    expect(JSON.stringify([...run.shares.values()])).not.toMatch(/\d{10}/u);
  });
});

describe('CG:8.1.4 silent validators', () => {
  const policy = { maxRevealedWeight: 1 };

  test('within the budget: their shares are opened, and they can decrypt with them', () => {
    const silent = runNetworkDkg(parameters, [1, 1, 1, 1], { seed: 'silent', policy, silent: [4] });
    expect(silent.blamed).toEqual([]);
    expect(silent.judgement.silent).toEqual([4]);
    // The silent dealer does not reveal: it is dropped, without blame.
    expect(silent.networkKey.qualified).toEqual([1, 2, 3]);
    expect([...(silent.reveals?.revealed.keys() ?? [])]).toEqual([1, 2, 3]);
    expect(silent.outcome.servedWeight).toBe(4);
    expectSound(silent);
    const quorums = [[1, 2, 4].map(v), [2, 3, 4].map(v)];
    expect(decryptWithQuorums(parameters, silent.state, silent.shares, quorums, message)).toEqual([message, message]);
  });

  test('over the budget: refused at every step', () => {
    const stage = registerAll(dkgInput(parameters, [1, 1, 1, 1], { seed: 'budget' }), 'budget');
    const { input, committee } = stage;
    const dealings = stage.access.validators.map((from) => ({ from, ...dealOne(stage, from) }));
    const deals = networkDkg.verifyDeals({ ...input, committee, inbox: dealings });
    const inbox = [1, 2, 3].map((i) => ({ from: v(i), message: acknowledgeOne(stage, deals, v(i)).message }));
    const judgement = networkDkg.judgeAcknowledgements({ ...input, committee, deals, inbox });
    const secrets = (dealings[0] as (typeof dealings)[number]).secrets;
    for (const step of [
      () => networkDkg.decideReveal({ ...input, judgement }),
      () => networkDkg.reveal({ ...input, deals, judgement, secrets }),
      () => networkDkg.verifyReveals({ ...input, committee, deals, judgement, inbox: [] }),
      () => networkDkg.finalize({ ...input, committee, deals, judgement }),
    ]) {
      expect(step).toThrow(ThresholdNotReachedError);
    }
    try {
      networkDkg.decideReveal({ ...input, judgement });
    } catch (error) {
      expect(error).toMatchObject({ have: 3, need: 4 });
    }
    // The late one answers after all: the same deals, a longer inbox, no reveal.
    const complete = [...inbox, { from: v(4), message: acknowledgeOne(stage, deals, v(4)).message }];
    const late = networkDkg.judgeAcknowledgements({ ...input, committee, deals, inbox: complete });
    expect(networkDkg.decideReveal({ ...input, judgement: late })).toEqual({ kind: 'none' });
    expect(() => networkDkg.reveal({ ...input, deals, judgement: late, secrets })).toThrow(InvalidArgumentsError);
    expect(networkDkg.finalize({ ...input, committee, deals, judgement: late }).qualified).toEqual([1, 2, 3, 4]);
  });

  test('pitfall 38: one global list; a second list is refused by the dealer', () => {
    const input = dkgInput(parameters, [1, 1, 1, 1], { seed: 'lists', policy });
    const stage = registerAll(input, 'lists');
    const { committee } = stage;
    const dealings = stage.access.validators.map((from) => ({ from, ...dealOne(stage, from) }));
    const deals = networkDkg.verifyDeals({ ...input, committee, inbox: dealings });
    const answers = stage.access.validators.map((from) => ({
      from,
      message: acknowledgeOne(stage, deals, from).message,
    }));
    const without = (missing: number): networkDkg.Judgement =>
      networkDkg.judgeAcknowledgements({
        ...input,
        committee,
        deals,
        inbox: answers.filter(({ from }) => from !== missing),
      });
    const { secrets } = dealings[0] as (typeof dealings)[number];
    const first = networkDkg.reveal({ ...input, deals, judgement: without(4), secrets });
    expect(networkDkg.reveal({ ...input, deals, judgement: without(4), secrets })).toEqual(first);
    expect(() => networkDkg.reveal({ ...input, deals, judgement: without(3), secrets })).toThrow(InvalidArgumentsError);
    // A dealer that is out reveals nothing.
    const excluded = { ...without(4), qualified: [v(2), v(3), v(4)] };
    expect(() => networkDkg.reveal({ ...input, deals, judgement: excluded, secrets })).toThrow(
      'not a qualified dealer',
    );
    // A reveal made for one list is not accepted for another.
    const judgement = without(3);
    const outcome = networkDkg.verifyReveals({
      ...input,
      committee,
      deals,
      judgement,
      inbox: [{ from: v(1), message: first.message }],
    });
    expect(outcome.qualified).toEqual([]);
    expect(outcome.blamed).toMatchObject([{ party: 1, check: 'CG:8.1.4' }]);
    // Secrets of another deal never leave.
    const foreign = networkDkg.deal({ ...input, committee, dealer: v(1) }, dkgRandom('foreign')).secrets;
    expect(() => networkDkg.reveal({ ...input, deals, judgement, secrets: foreign })).toThrow(InvalidArgumentsError);
  });

  test('a wrong reveal drops and blames its dealer; a missing one drops it; what others send is ignored', () => {
    const input = dkgInput(parameters, [1, 1, 1, 1, 1], {
      seed: 'reveals',
      policy: { maxRevealedWeight: 1, dealerWeight: 3 },
    });
    const stage = registerAll(input, 'reveals');
    const dealInbox = stage.access.validators.map((from) => ({ from, message: dealOne(stage, from).message }));
    const bits = shareBits(shapeOf(input));
    const result = completeDkg(stage, dealInbox, {
      silent: [5],
      reveals: (inbox, judgement) =>
        inbox.map(({ from, message: honest }) => {
          if (from !== 2) return { from, message: honest };
          const share = networkDkg.decodeReveal({ ...input, judgement }, honest).get(virtualId(5)) as bigint;
          return {
            from,
            message: networkDkg.encodeReveal({ ...input, judgement }, new Map([[virtualId(5), share ^ 1n]])),
          };
        }),
    });
    expect(result.networkKey.qualified).toEqual([1, 3, 4]);
    expect(result.blamed).toMatchObject([{ party: 2, check: 'CG:8.1.4' }]);
    expectSound(result);
    const { committee, deals, judgement, messages } = result;
    // Out of range is a decoding error even where h^x would not be looked at.
    const wide = networkDkg.encodeReveal({ ...input, judgement }, new Map([[virtualId(5), 1n << BigInt(bits)]]));
    const noise = networkDkg.verifyReveals({
      ...input,
      committee,
      deals,
      judgement: { ...judgement, qualified: [v(1), v(3)] },
      inbox: [{ from: v(1), message: wide }, ...messages.reveal.slice(1), { from: v(5), message: wide }],
    });
    expect(noise.qualified).toEqual([3]);
    expect(noise.blamed.map(({ party }) => party)).toEqual([1]);
    // The outcome needs the reveals, and those of this very judgement.
    const base = { ...input, committee, deals, judgement };
    expect(() => networkDkg.finalize(base)).toThrow(InvalidArgumentsError);
    const reveals = result.reveals as networkDkg.RevealOutcome;
    const other = { ...reveals, judgement: digest(new Uint8Array(32)) };
    expect(() => networkDkg.finalize({ ...base, reveals: other })).toThrow(InvalidArgumentsError);
    expect(() => networkDkg.finalize({ ...base, reveals: { ...reveals, qualified: [v(1), v(3)] } })).toThrow(
      ThresholdNotReachedError,
    );
  });
});

describe('CG:8.1.5 finalise', () => {
  const { input, committee, deals, judgement } = run;
  const base = { ...input, committee, deals };

  test('theta: too few served validators', () => {
    const silent = { ...judgement, silent: [v(4)] };
    expect(() => networkDkg.finalize({ ...base, judgement: silent })).toThrow(ThresholdNotReachedError);
    // A policy with theta = 3 does without the silent one, and reveals nothing.
    const relaxed = { ...base, policy: { servedWeight: 3 } };
    expect(networkDkg.decideReveal({ ...relaxed, judgement: silent })).toEqual({ kind: 'none' });
    expect(networkDkg.finalize({ ...relaxed, judgement: silent }).servedWeight).toBe(3);
    const two = { ...judgement, silent: [v(3), v(4)] };
    expect(() => networkDkg.finalize({ ...relaxed, judgement: two })).toThrow(ThresholdNotReachedError);
    // Revealed validators do not need theta's help: it is checked on top.
    expect(() =>
      networkDkg.finalize({ ...base, judgement, reveals: { ...emptyReveals, judgement: judgement.digest } }),
    ).toThrow(InvalidArgumentsError);
  });

  test('W: too few qualified dealers, too few deals', () => {
    expect(() => networkDkg.finalize({ ...base, judgement: { ...judgement, qualified: [v(1), v(2)] } })).toThrow(
      ThresholdNotReachedError,
    );
    expect(
      networkDkg.finalize({
        ...base,
        policy: { dealerWeight: 2 },
        judgement: { ...judgement, qualified: [v(1), v(2)] },
      }).qualified,
    ).toEqual([1, 2]);
    const stage = registerAll(dkgInput(parameters, [1, 1, 1, 1]));
    const few = networkDkg.verifyDeals({ ...input, committee, inbox: run.messages.deal.slice(0, 2) });
    expect(() => acknowledgeOne(stage, few, v(1))).toThrow(ThresholdNotReachedError);
  });

  test('a judgement of another set of deals is refused', () => {
    const few = networkDkg.verifyDeals({ ...input, committee, inbox: run.messages.deal.slice(0, 3) });
    expect(() => networkDkg.finalize({ ...base, deals: few, judgement })).toThrow(InvalidArgumentsError);
    expect(() =>
      networkDkg.verifyReveals({ ...base, deals: few, judgement: { ...judgement, silent: [v(4)] }, inbox: [] }),
    ).toThrow(InvalidArgumentsError);
  });

  test('contributions that cancel give no key', () => {
    const [first] = [...deals.deals.values()];
    if (first === undefined) throw new Error('no deal');
    const inverse = {
      ...first,
      commitments: { ...first.commitments, constant: group.invert(first.commitments.constant) },
    };
    const cancelling = {
      ...deals,
      deals: new Map([
        [v(1), first],
        [v(2), inverse],
      ]),
    };
    expect(() =>
      networkDkg.finalize({
        ...base,
        policy: { dealerWeight: 2 },
        deals: cancelling,
        judgement: { ...judgement, qualified: [v(1), v(2)] },
      }),
    ).toThrow(AbortError);
  });

  test('each validator checks h^(d_j) = V_j; missing, foreign and wrong shares are refused', () => {
    const stage = registerAll(dkgInput(parameters, [1, 1, 1, 1]));
    const { received } = acknowledgeOne(stage, deals, v(1));
    const of = { ...input, outcome: run.outcome, validator: v(1) };
    expect(networkDkg.finalizeShares({ ...of, received })).toHaveLength(1);
    expect(() => networkDkg.finalizeShares(of)).toThrow(InvalidArgumentsError);
    expect(() => networkDkg.finalizeShares({ ...of, validator: v(2), received })).toThrow('shares of validator 1');
    const without = { ...received, shares: new Map([...received.shares].slice(1)) };
    expect(() => networkDkg.finalizeShares({ ...of, received: without })).toThrow(InvalidArgumentsError);
    const one = received.shares.get(v(2))?.get(virtualId(1))?.expose() as bigint;
    const shifted = {
      ...received,
      shares: new Map([...received.shares, [v(2), new Map([[virtualId(1), new Secret(one + 1n)]])]]),
    };
    expect(() => networkDkg.finalizeShares({ ...of, received: shifted })).toThrow(CheckError);
    // Pitfall 37 at the end of the line: two errors that cancel are harmless here, since every deal was checked on its own before.
    expect(() => networkDkg.finalizeShares({ ...of, received: shifted })).toThrow(/CG:8.1.5/u);
  });

  test('erasure: k_v, the polynomial and the received shares are gone', () => {
    const stage = registerAll(dkgInput(parameters, [1, 1, 1, 1]));
    const { secrets } = dealOne(stage, v(1));
    const { received } = acknowledgeOne(stage, deals, v(1));
    const kemSecret = stage.kemSecrets.get(v(1)) as networkDkg.KemSecret;
    networkDkg.eraseSecrets({ kemSecret, dealSecrets: secrets, received });
    expect(kemSecret.scalar.destroyed).toBe(true);
    expect([secrets.polynomial.secret, ...secrets.polynomial.coefficients].every((s) => s.destroyed)).toBe(true);
    expect([...received.shares.values()].every((m) => [...m.values()].every((s) => s.destroyed))).toBe(true);
    expect(() => networkDkg.finalizeShares({ ...input, outcome: run.outcome, validator: v(1), received })).toThrow(
      BugError,
    );
  });
});

const emptyReveals: networkDkg.RevealOutcome = {
  judgement: digest(new Uint8Array(32)),
  qualified: [],
  revealed: new Map(),
  blamed: [],
};

describe('CG:8.1.5 rehearsal', () => {
  const { input, committee, outcome, shares, messages } = run;
  const base = { ...input, committee, outcome };
  const sharesOf = (i: number): readonly DecryptionKeyShare[] => shares.get(v(i)) as readonly DecryptionKeyShare[];
  const rehearsal = (i: number): networkDkg.InboxEntry => messages.rehearse[i - 1] as networkDkg.InboxEntry;

  test('weight t suffices, less waits', () => {
    expect(networkDkg.confirmRehearsal({ ...base, inbox: [2, 3, 4].map(rehearsal) })).toMatchObject({
      kind: 'usable',
      blamed: [],
      networkKey: { rehearsedBy: [2, 3, 4] },
    });
    expect(networkDkg.confirmRehearsal({ ...base, inbox: [2, 3].map(rehearsal) })).toEqual({
      kind: 'waiting',
      have: 2,
      need: 3,
      blamed: [],
    });
    // Repetitions and strangers add no weight (lessons row 11).
    const padded = [rehearsal(2), rehearsal(2), rehearsal(3), { from: v(7), message: rehearsal(4).message }];
    expect(networkDkg.confirmRehearsal({ ...base, inbox: padded })).toMatchObject({
      kind: 'waiting',
      have: 2,
      blamed: [{ party: 7 }],
    });
  });

  test('a wrong share is named, and the rehearsal waits for others', () => {
    const [own] = sharesOf(1) as readonly [DecryptionKeyShare];
    const wrong = [{ ...own, share: new Secret(own.share.expose() + 1n) }];
    const bad = networkDkg.rehearse({ ...base, shares: wrong }, dkgRandom('wrong'));
    const badEntry = { from: v(1), message: bad.message };
    expect(networkDkg.confirmRehearsal({ ...base, inbox: [badEntry, rehearsal(2), rehearsal(3)] })).toMatchObject({
      kind: 'waiting',
      have: 2,
      need: 3,
      blamed: [{ party: 1, check: 'CG:8.1.5' }],
    });
    expect(networkDkg.confirmRehearsal({ ...base, inbox: [badEntry, ...[2, 3, 4].map(rehearsal)] })).toMatchObject({
      kind: 'usable',
      blamed: [{ party: 1 }],
      networkKey: { rehearsedBy: [2, 3, 4] },
    });
    const repeated = [...[1, 2, 3].map(rehearsal), badEntry];
    expect(networkDkg.confirmRehearsal({ ...base, inbox: repeated })).toMatchObject({ kind: 'usable', blamed: [] });
    // The same validator may repair it: the first valid message counts.
    expect(networkDkg.confirmRehearsal({ ...base, inbox: [badEntry, ...[1, 2, 3].map(rehearsal)] })).toMatchObject({
      kind: 'usable',
      blamed: [{ party: 1 }],
    });
  });

  test("another validator's message does not count (lessons row 14)", () => {
    const stolen = { from: v(1), message: rehearsal(4).message };
    expect(networkDkg.confirmRehearsal({ ...base, inbox: [stolen, rehearsal(2), rehearsal(3)] })).toMatchObject({
      kind: 'waiting',
      blamed: [{ party: 1 }],
    });
  });

  test('a message for another outcome is ignored', () => {
    const foreign = { ...base, outcome: { ...outcome, digest: digest(new Uint8Array(32).fill(1)) } };
    const other = networkDkg.rehearse({ ...foreign, shares: sharesOf(1) }, dkgRandom('foreign'));
    expect(
      networkDkg.confirmRehearsal({ ...base, inbox: [{ from: v(1), message: other.message }, rehearsal(2)] }),
    ).toEqual({ kind: 'waiting', have: 1, need: 3, blamed: [] });
  });

  test('a key that does not decrypt is never announced', () => {
    const { unrehearsed } = outcome;
    const broken = {
      ...base,
      outcome: {
        ...outcome,
        unrehearsed: { ...unrehearsed, encryptionKey: { element: group.square(unrehearsed.encryptionKey.element) } },
      },
    };
    const inbox = [1, 2, 3].map((i) => ({
      from: v(i),
      message: networkDkg.rehearse({ ...broken, shares: sharesOf(i) }, dkgRandom('broken', i)).message,
    }));
    expect(() => networkDkg.confirmRehearsal({ ...broken, inbox })).toThrow(AbortError);
  });
});

describe('share growth (CG 3.4)', () => {
  test('d_j of honest dealers stays n times below ell_d', () => {
    for (const { share } of [...run.shares.values()].flat()) {
      const bits = share.expose().toString(2).length;
      expect(bits).toBeLessThanOrEqual(shareBits(shapeOf(run.input)) + 2);
      expect(bits).toBeLessThan(finalShareBits(4, 3, parameters.randomnessBits));
    }
    const ids: ValidatorId[] = [...run.shares.keys()];
    expect(ids).toEqual([1, 2, 3, 4]);
  });
});
