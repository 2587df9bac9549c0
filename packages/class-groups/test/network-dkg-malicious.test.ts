/** Malicious dealers and complainers, one deviation each (CG:T21, CG:T22, CG:T23), replays and equivocation. */
import {
  type Blame,
  CheckError,
  DecodeError,
  InvalidArgumentsError,
  Secret,
  ThresholdNotReachedError,
  type ValidatorId,
  concat,
  encodeUint16,
  encodeUint32,
  digestTagged,
  sessionId,
  validatorId,
} from '@dwallet/sigma';
import { describe, expect, test } from 'vitest';
import {
  type PolynomialCommitments,
  coefficientRanges,
  knowledgeOfExponent,
  networkDkg,
  samplePolynomial,
  shareBits,
} from '../src/index.ts';
import { checkBody } from '../src/network-dkg/check-shares.ts';
import { openShares } from '../src/network-dkg/kem.ts';
import {
  decodeRistretto,
  encodeRistretto,
  multiplyRistretto,
  ristrettoBase,
  sampleRistrettoScalar,
} from '../src/network-dkg/ristretto-proofs.ts';
import { proveDeal } from '../src/network-dkg/round-1-deal.ts';
import { complain } from '../src/network-dkg/round-2-acknowledge.ts';
import { contextBytes, shapeOf, shareBytes } from '../src/network-dkg/session.ts';
import { type Deviation, craftDeal, dyadicDeal, orderTwo } from './helpers/malicious-dealer.ts';
import { acknowledgeOne, completeDkg, dealOne, dkgInput, dkgRandom, registerAll } from './helpers/run-network-dkg.ts';
import { decryptWithQuorums } from './helpers/threshold-decrypt.ts';
import { toyParameters as parameters } from './helpers/toy.ts';

const { group } = parameters;
const v = validatorId;
const message = 0xfeedn;
const stage = registerAll(dkgInput(parameters, [1, 1, 1, 1]));
const { input, committee, access } = stage;
const language = knowledgeOfExponent(parameters);
type Entry = networkDkg.InboxEntry;
const honestDeals: readonly Entry[] = access.validators.map((from) => ({
  from,
  message: dealOne(stage, from).message,
}));
const honestDeal = (i: number): Uint8Array => (honestDeals[i - 1] as Entry).message;
/** The honest inbox with one message replaced. */
const withDeal = (dealer: number, replaced: Uint8Array): Entry[] =>
  honestDeals.map(({ from, message: honest }) => ({ from, message: from === dealer ? replaced : honest }));
const verify = (
  inbox: readonly Entry[],
  of: networkDkg.NetworkDkgInput = input,
): ReturnType<typeof networkDkg.verifyDeals> => networkDkg.verifyDeals({ ...of, committee, inbox });
const judge = (deals: networkDkg.DealSet, inbox: readonly Entry[]): networkDkg.Judgement =>
  networkDkg.judgeAcknowledgements({ ...input, committee, deals, inbox });
const parties = (blamed: readonly Blame[]): number[] => blamed.map(({ party }) => party);
const kemSecret = (i: number): networkDkg.KemSecret => stage.kemSecrets.get(v(i)) as networkDkg.KemSecret;

const honestSet = verify(honestDeals);
const honestAnswers: readonly Entry[] = access.validators.map((from) => ({
  from,
  message: acknowledgeOne(stage, honestSet, from).message,
}));

/** One deviating dealer 2: who rejects it, what the judges say. */
function faceDeal(deviation: Deviation): {
  deals: networkDkg.DealSet;
  rejecting: number[];
  judgement: networkDkg.Judgement;
} {
  const deals = verify(withDeal(2, craftDeal(stage, v(2), deviation)));
  expect(deals.blamed).toEqual([]);
  const inbox = access.validators.map((from) => ({ from, message: acknowledgeOne(stage, deals, from).message }));
  const rejecting = inbox
    .filter(({ message: m }) => networkDkg.decodeAcknowledge(input, deals, m).rejected.includes(v(2)))
    .map(({ from }) => from);
  return { deals, rejecting, judgement: judge(deals, inbox) };
}

const shiftCoefficient =
  (k: number, factor: Parameters<typeof group.compose>[1]) =>
  ({ constant, coefficients }: PolynomialCommitments): PolynomialCommitments => ({
    constant,
    coefficients: coefficients.map((c, i) => (i === k ? group.compose(c, factor) : c)),
  });

describe('CG:T21 malicious dealers, found by the receivers', () => {
  test('a wrong share to one receiver: one valid complaint, the dealer is out, the rest completes', () => {
    const deal = craftDeal(stage, v(2), { share: (j, x) => (j === 3 ? x + 1n : x) });
    const result = completeDkg(stage, withDeal(2, deal));
    expect(result.judgement.qualified).toEqual([1, 3, 4]);
    expect(result.networkKey.qualified).toEqual([1, 3, 4]);
    expect(result.blamed).toMatchObject([
      { party: 2, check: 'CG:8.1.3', reason: expect.stringContaining('complaint of validator 3') as string },
    ]);
    expect(result.blamed[0]?.reason).not.toMatch(/\d{5}/u);
    expect(decryptWithQuorums(parameters, result.state, result.shares, [[v(1), v(2), v(3)]], message)).toEqual([
      message,
    ]);
  });

  test('a share out of range that satisfies h^x = Y: only the range check sees it', () => {
    const shape = shapeOf(input);
    const bits = shareBits(shape);
    // Where the bound is a whole number of bytes, nothing above it can be written and the check is idle.
    if (8 * shareBytes(input) === bits) return;
    const honest = samplePolynomial(shape, dkgRandom('wide'));
    const slope = new Secret((1n << BigInt(bits)) / 3n);
    const polynomial = { ...honest, coefficients: [slope, ...honest.coefficients.slice(1)] };
    expect(slope.expose()).toBeGreaterThan(coefficientRanges(shape)[0] as bigint);
    const deviation: Deviation = {
      polynomial: { ...polynomial, coefficients: [new Secret(0n), ...honest.coefficients.slice(1)] },
      commitments: ({ constant, coefficients }) => ({
        constant,
        coefficients: [group.powerVartime(parameters.h, slope.expose()), ...coefficients.slice(1)],
      }),
      share: (j, x) => x + slope.expose() * BigInt(j),
    };
    const { rejecting, judgement } = faceDeal(deviation);
    // f(j) exceeds 2^ell_sh for j = 3 and 4 only.
    expect(rejecting).toEqual([3, 4]);
    expect(judgement.qualified).toEqual([1, 3, 4]);
    expect(judgement.blamed).toMatchObject([
      { party: 2, reason: expect.stringContaining('share 3 is out of range') as string },
      { party: 2, reason: expect.stringContaining('share 4 is out of range') as string },
    ]);
  });

  test('a garbage body, a body for another receiver', () => {
    for (const bodies of [
      (honest: Uint8Array[]) => honest.map((body, i) => (i === 0 ? body.map((b) => b ^ 0x5a) : body)),
      (honest: Uint8Array[]) => honest.map((body, i) => (i === 0 ? (honest[1] as Uint8Array) : body)),
    ]) {
      const { rejecting, judgement } = faceDeal({ bodies });
      expect(rejecting).toEqual([1]);
      expect(judgement.qualified).toEqual([1, 3, 4]);
      expect(judgement.blamed).toMatchObject([
        { party: 2, reason: expect.stringContaining('does not open') as string },
      ]);
    }
  });

  test('f-shifted commitments C_k f^x and B f^x: every honest receiver rejects', () => {
    for (const k of [0, 1]) {
      const { rejecting, judgement } = faceDeal({ commitments: shiftCoefficient(k, parameters.powerOfF(5n)) });
      expect(rejecting).toEqual([1, 2, 3, 4]);
      expect(judgement.qualified).toEqual([1, 3, 4]);
      expect(parties(judgement.blamed)).toEqual([2, 2, 2, 2]);
    }
    // B f^x has no KDL proof at all.
    const shifted = craftDeal(stage, v(2), {
      commitments: ({ constant, coefficients }) => ({
        constant: group.compose(constant, parameters.powerOfF(5n)),
        coefficients,
      }),
    });
    expect(verify(withDeal(2, shifted)).blamed).toMatchObject([
      { party: 2, check: 'CG:8.1.2', reason: expect.stringContaining('constantProof') as string },
    ]);
  });

  test('pitfall 37: errors of two dealers that cancel in the sum are found deal by deal', () => {
    const inbox = withDeal(2, craftDeal(stage, v(2), { share: (j, x) => (j === 3 ? x + 1n : x) })).map((entry) =>
      entry.from === 4
        ? { from: v(4), message: craftDeal(stage, v(4), { share: (j, x) => (j === 3 ? x - 1n : x) }) }
        : entry,
    );
    const deals = verify(inbox);
    const answer = acknowledgeOne(stage, deals, v(3));
    expect(networkDkg.decodeAcknowledge(input, deals, answer.message).rejected).toEqual([2, 4]);
    const judgement = judge(deals, [
      ...[1, 2, 4].map((i) => ({ from: v(i), message: acknowledgeOne(stage, deals, v(i)).message })),
      { from: v(3), message: answer.message },
    ]);
    expect(judgement.qualified).toEqual([1, 3]);
    expect(() => networkDkg.finalize({ ...input, committee, deals, judgement })).toThrow(ThresholdNotReachedError);
  });
});

describe('CG:T21 malicious dealers, refused in public', () => {
  /** What everybody sees when dealer 2 sends this. */
  const refusal = (bytes: Uint8Array): Blame => {
    const { deals, blamed } = verify(withDeal(2, bytes));
    expect([...deals.keys()]).toEqual([1, 3, 4]);
    expect(parties(blamed)).toEqual([2]);
    return blamed[0] as Blame;
  };
  const decoded = networkDkg.decodeDeal(input, language, honestDeal(2));
  const { commitments } = decoded;

  test('a non-square commitment, anywhere: CG:P7', () => {
    const u = orderTwo(parameters);
    const encoded = (c: PolynomialCommitments): Uint8Array =>
      networkDkg.encodeDeal(input, language, { ...decoded, commitments: c });
    const twisted = { ...commitments, constant: group.compose(commitments.constant, u) };
    expect(refusal(encoded(twisted)).check).toBe('CG:P7');
    for (const k of [0, 1]) expect(refusal(encoded(shiftCoefficient(k, u)(commitments))).check).toBe('CG:P7');
    const mask = [group.compose(decoded.constantProof.mask[0] as typeof u, u)];
    const proof = { ...decoded.constantProof, mask };
    expect(refusal(networkDkg.encodeDeal(input, language, { ...decoded, constantProof: proof })).check).toBe('CG:P7');
  });

  test('lessons row 12: a commitment vector of another length, also where the message has the right size', () => {
    const { constant, coefficients } = commitments;
    for (const other of [[], coefficients.slice(1), [...coefficients, constant]]) {
      const bytes = networkDkg.encodeDeal(input, language, {
        ...decoded,
        commitments: { constant, coefficients: other },
      });
      expect(refusal(bytes)).toMatchObject({ check: 'CG:8.1.2', reason: expect.stringContaining('length') as string });
    }
    const at = 2 + 32 + group.elementBytes;
    for (const count of [0, 1, 3, 0xffffffff]) {
      const bytes = Uint8Array.from(honestDeal(2));
      bytes.set(encodeUint32(count), at);
      expect(refusal(bytes).reason).toContain('DealMessage.coefficients');
    }
    const bodies = [...decoded.bodies].slice(1);
    expect(refusal(networkDkg.encodeDeal(input, language, { ...decoded, bodies })).check).toBe('CG:8.1.2');
  });

  test('pitfall 36: R copied from another dealer is refused by the proof; without it the copy reads shares', () => {
    const victim = networkDkg.decodeDeal(input, language, honestDeal(1));
    // With the victim's proof of e_1 and with a proof about a scalar of one's own.
    const copied = networkDkg.encodeDeal(input, language, {
      ...decoded,
      ephemeral: victim.ephemeral,
      ephemeralProof: victim.ephemeralProof,
    });
    expect(refusal(copied).reason).toContain('ephemeralProof');
    expect(refusal(craftDeal(stage, v(2), { ephemeral: victim.ephemeral })).reason).toContain('ephemeralProof');
    // The attack that the proof stops: validator 3's honest complaint about the copy opens dealer 1's body.
    const dealsWithoutGuard = {
      dealer: v(2),
      commitments,
      ephemeral: victim.ephemeral,
      bodies: new Map(access.validators.map((receiver, i) => [receiver, decoded.bodies[i] as Uint8Array])),
      digest: digestTagged('copy', []),
    };
    const stolen = complain({ ...input, committee, kemSecret: kemSecret(3) }, dealsWithoutGuard, dkgRandom('oracle'));
    const scope = {
      context: contextBytes(input, committee.session),
      dealer: v(1),
      receiver: v(3),
      ephemeral: encodeRistretto(victim.ephemeral),
      key: committee.keys.get(v(3))?.bytes as Uint8Array,
    };
    const opened = openShares(
      scope,
      stolen.evidence.slice(0, 32),
      victim.bodies[2] as Uint8Array,
      1,
      shareBytes(input),
    );
    const truth = acknowledgeOne(stage, honestSet, v(3)).received.shares.get(v(1));
    expect(opened).toEqual([...(truth?.values() ?? [])].map((share) => share.expose()));
  });

  test('a replayed or copied deal of another dealer', () => {
    expect(refusal(honestDeal(1)).check).toBe('CG:8.1.2');
  });

  test('two proofs bind all content: swap any part of two honest deals of one dealer', () => {
    const other = networkDkg.decodeDeal(
      input,
      language,
      networkDkg.deal({ ...input, committee, dealer: v(2) }, dkgRandom('second deal')).message,
    );
    const parts: Partial<networkDkg.DealMessage>[] = [
      { commitments: other.commitments },
      { commitments: { constant: commitments.constant, coefficients: other.commitments.coefficients } },
      { commitments: { constant: commitments.constant, coefficients: [...commitments.coefficients].reverse() } },
      { constantProof: other.constantProof },
      { commitments: { ...commitments, constant: other.commitments.constant }, constantProof: other.constantProof },
      { ephemeral: other.ephemeral },
      { ephemeralProof: other.ephemeralProof },
      { ephemeral: other.ephemeral, ephemeralProof: other.ephemeralProof },
      { bodies: other.bodies },
      { bodies: decoded.bodies.map((body, i) => (i === 3 ? (other.bodies[3] as Uint8Array) : body)) },
      { bodies: [...decoded.bodies].reverse() },
    ];
    for (const part of parts) {
      expect(refusal(networkDkg.encodeDeal(input, language, { ...decoded, ...part })).check).toBe('CG:8.1.2');
    }
  });

  test('the KDL proof alone binds the content too', () => {
    // A dealer with a correct Schnorr proof over content whose KDL proof was made for other content.
    const spliced = craftDeal(stage, v(2), { proveConstant: () => decoded.constantProof });
    expect(refusal(spliced).reason).toContain('constantProof');
    const moved = craftDeal(stage, v(2), {
      commitments: () => commitments,
      proveConstant: () => decoded.constantProof,
    });
    expect(refusal(moved).reason).toContain('constantProof');
    // Everything the same but R, whose new exponent this dealer knows.
    const exponent = sampleRistrettoScalar(dkgRandom('other R'));
    const ephemeral = multiplyRistretto(ristrettoBase, exponent.expose());
    const dealing = { ...input, committee, dealer: v(2) };
    const renewed = proveDeal(
      dealing,
      { ...decoded, ephemeral },
      exponent,
      () => decoded.constantProof,
      dkgRandom('R'),
    );
    expect(refusal(renewed).reason).toContain('constantProof');
  });

  test('lessons row 9: transcript context swapped: network, epoch, session, identities, policy, committee', () => {
    const other = sessionId(digestTagged('other', []));
    const inbox = honestDeals.slice(0, 1);
    const swapped: readonly networkDkg.NetworkDkgInput[] = [
      { ...input, policy: { maxRevealedWeight: 1 } },
      { ...input, context: { ...input.context, identities: [...input.context.identities].reverse() } },
    ];
    for (const changed of swapped) {
      const { deals, blamed } = verify(inbox, changed);
      expect(deals.size).toBe(0);
      expect(blamed).toMatchObject([{ party: 1, check: 'CG:8.1.2' }]);
    }
    // Network, epoch, committee and session reach the proofs through the registered session.
    const registered = registerAll(dkgInput(parameters, [1, 1, 1, 1], { seed: 'other keys' }), 'other keys').committee;
    for (const session of [
      { ...committee.session, network: 'other' },
      { ...committee.session, epoch: 2n },
      { ...committee.session, session: other },
      { ...committee.session, protocol: 'reconfiguration' },
      { ...committee.session, committee: registered.session.committee },
    ]) {
      const { deals, blamed } = networkDkg.verifyDeals({ ...input, committee: { ...committee, session }, inbox });
      expect(deals.size).toBe(0);
      expect(blamed[0]?.reason).toContain('ephemeralProof');
    }
    const header = Uint8Array.from(honestDeal(1));
    header.set(other, 2);
    expect(verify([{ from: v(1), message: header }]).blamed[0]?.reason).toContain('session');
    expect(() => networkDkg.decodeDeal(input, language, header)).toThrow(CheckError);
  });

  test('lessons row 16: two-faced dealer: the first deal in order counts, the sender is named with evidence', () => {
    const second = networkDkg.deal({ ...input, committee, dealer: v(2) }, dkgRandom('two-faced')).message;
    const inbox = [...honestDeals, { from: v(2), message: second }];
    const deals = verify(inbox);
    expect(deals.digest).toEqual(honestSet.digest);
    expect(deals.blamed).toMatchObject([
      { party: 2, check: 'CG:8.1.2', reason: expect.stringContaining('equivocation') as string },
    ]);
    const reversed = verify([{ from: v(2), message: second }, ...honestDeals]);
    expect(reversed.digest).not.toEqual(honestSet.digest);
    expect(reversed.deals.get(v(2))?.digest).not.toEqual(honestSet.deals.get(v(2))?.digest);
    // A broken first deal is not repaired by a second one; a repetition is no fault.
    const broken = verify([{ from: v(2), message: honestDeal(2).slice(1) }, ...honestDeals]);
    expect([...broken.deals.keys()]).toEqual([1, 3, 4]);
    expect(verify([...honestDeals, ...honestDeals]).blamed).toEqual([]);
    expect(verify([...honestDeals, { from: v(6), message: honestDeal(1) }]).blamed).toMatchObject([{ party: 6 }]);
  });

  test('an answer about one set of deals is no answer about another', () => {
    const second = networkDkg.deal({ ...input, committee, dealer: v(2) }, dkgRandom('two-faced')).message;
    const other = verify(withDeal(2, second));
    const judgement = judge(other, honestAnswers);
    expect(judgement.silent).toEqual([1, 2, 3, 4]);
    expect(parties(judgement.blamed)).toEqual([1, 2, 3, 4]);
  });
});

describe('CG:T22 false complaints', () => {
  const replaceAnswer = (from: number, bytes: Uint8Array): Entry[] =>
    honestAnswers.map((entry) => (entry.from === from ? { from: v(from), message: bytes } : entry));
  const dealOf = (i: number): networkDkg.Deal => honestSet.deals.get(v(i)) as networkDkg.Deal;
  const about = (complaints: readonly networkDkg.Complaint[], rejected: readonly number[]): Uint8Array =>
    networkDkg.encodeAcknowledge(input, honestSet, { deals: honestSet.digest, rejected: rejected.map(v), complaints });
  const own = complain({ ...input, committee, kemSecret: kemSecret(3) }, dealOf(1), dkgRandom('false'));

  const cases: readonly (readonly [string, string, () => Uint8Array])[] = [
    ['right shares, revealed for nothing', 'the shares are right', () => about([own], [1])],
    ['no evidence', 'without evidence', () => about([], [1])],
    ['garbage', 'Complaint.shared', () => about([{ dealer: v(1), evidence: new Uint8Array(128).fill(0xff) }], [1])],
    ['the identity as S', 'is the identity', () => about([{ dealer: v(1), evidence: new Uint8Array(128) }], [1])],
    [
      'another S with the proof of the right one',
      'its proof does not verify',
      () => {
        const evidence = Uint8Array.from(own.evidence);
        evidence.set(encodeRistretto(decodeRistretto(own.evidence.slice(0, 32), 'S').add(ristrettoBase)));
        return about([{ dealer: v(1), evidence }], [1]);
      },
    ],
    [
      'a wrong S with a proof under another key',
      'its proof does not verify',
      () => {
        const scalar = sampleRistrettoScalar(dkgRandom('other key'));
        const liar = {
          ...committee,
          keys: new Map([
            ...committee.keys,
            [v(3), { point: multiplyRistretto(ristrettoBase, scalar.expose()), bytes: new Uint8Array(32) }],
          ]),
        };
        const forged = complain(
          { ...input, committee: liar, kemSecret: { validator: v(3), scalar } },
          dealOf(1),
          dkgRandom('forged'),
        );
        return about([forged], [1]);
      },
    ],
    [
      "validator 4's complaint",
      'its proof does not verify',
      () => about([complain({ ...input, committee, kemSecret: kemSecret(4) }, dealOf(1), dkgRandom('copy'))], [1]),
    ],
    [
      'a complaint about another dealer',
      'its proof does not verify',
      () => {
        const other = complain({ ...input, committee, kemSecret: kemSecret(3) }, dealOf(2), dkgRandom('dealer'));
        return about([{ dealer: v(1), evidence: other.evidence }], [1]);
      },
    ],
    [
      'a complaint about another deal of this dealer with the same R',
      'its proof does not verify',
      () => {
        const other = { ...dealOf(1), digest: digestTagged('another deal', []) };
        return about([complain({ ...input, committee, kemSecret: kemSecret(3) }, other, dkgRandom('deal'))], [1]);
      },
    ],
    [
      'a complaint of another session',
      'its proof does not verify',
      () => {
        const session = { ...committee.session, session: sessionId(digestTagged('replay', [])) };
        const replayed = complain(
          { ...input, committee: { ...committee, session }, kemSecret: kemSecret(3) },
          dealOf(1),
          dkgRandom('replay'),
        );
        return about([replayed], [1]);
      },
    ],
  ];
  test.each(cases)('%s: the complainer is blamed, the dealer kept, nobody is silent', (_, why, make) => {
    const judgement = judge(honestSet, replaceAnswer(3, make()));
    expect(judgement.qualified).toEqual([1, 2, 3, 4]);
    expect(judgement.silent).toEqual([]);
    expect(judgement.blamed).toMatchObject([
      { party: 3, check: 'CG:8.1.3', reason: expect.stringContaining('false complaint about validator 1') as string },
    ]);
    expect(judgement.blamed[0]?.reason).toContain(why);
  });

  test('pitfall 38: a lying complainer about everybody does not stop the setup', () => {
    const result = completeDkg(stage, honestDeals, {
      acknowledgements: (inbox, deals) =>
        inbox.map((entry) =>
          entry.from === 4
            ? {
                from: v(4),
                message: networkDkg.encodeAcknowledge(input, deals, {
                  deals: deals.digest,
                  rejected: [1, 2, 3].map(v),
                  complaints: [{ dealer: v(1), evidence: own.evidence }],
                }),
              }
            : entry,
        ),
    });
    expect(result.networkKey.qualified).toEqual([1, 2, 3, 4]);
    expect(parties(result.blamed)).toEqual([4, 4, 4]);
  });

  test('lessons row 11: complaints twice, out of order, or about accepted deals do not decode', () => {
    const second = complain({ ...input, committee, kemSecret: kemSecret(3) }, dealOf(2), dkgRandom('false 2'));
    for (const [complaints, rejected] of [
      [
        [own, own],
        [1, 2],
      ],
      [
        [second, own],
        [1, 2],
      ],
      [[own], [2]],
      [[own], []],
    ] as const) {
      expect(() => networkDkg.decodeAcknowledge(input, honestSet, about(complaints, rejected))).toThrow(DecodeError);
    }
    expect(networkDkg.decodeAcknowledge(input, honestSet, about([own, second], [1, 2])).complaints).toHaveLength(2);
    // A padding bit is not a verdict.
    const padded = about([], []);
    const at = 2 + 32 + 32 + 4;
    padded[at] = (padded[at] as number) | 1;
    expect(() => networkDkg.decodeAcknowledge(input, honestSet, padded)).toThrow(DecodeError);
    const counted = about([], []);
    counted.set(encodeUint32(3), at - 4);
    expect(() => networkDkg.decodeAcknowledge(input, honestSet, counted)).toThrow(DecodeError);
  });

  test('an unreadable answer is silence with blame; a readable one after it counts', () => {
    const broken = { from: v(3), message: (honestAnswers[2] as Entry).message.slice(1) };
    const judgement = judge(honestSet, [...honestAnswers.filter(({ from }) => from !== 3), broken]);
    expect(judgement.silent).toEqual([3]);
    expect(parties(judgement.blamed)).toEqual([3]);
    const repaired = judge(honestSet, [broken, ...honestAnswers]);
    expect(repaired.silent).toEqual([]);
    expect(parties(repaired.blamed)).toEqual([3, 3]);
    // Of two readable ones the first counts.
    const twice = judge(honestSet, [...honestAnswers, { from: v(3), message: about([own], [1]) }]);
    expect(twice.digest).toEqual(judge(honestSet, honestAnswers).digest);
    expect(twice.blamed).toMatchObject([{ party: 3, reason: expect.stringContaining('equivocation') as string }]);
  });

  test('a true complaint is upheld whoever else lies, and blames only the dealer', () => {
    const deal = craftDeal(stage, v(2), { share: (j, x) => (j === 3 ? x + 1n : x) });
    const deals = verify(withDeal(2, deal));
    const inbox = access.validators.map((from) => ({ from, message: acknowledgeOne(stage, deals, from).message }));
    const lying = networkDkg.encodeAcknowledge(input, deals, {
      deals: deals.digest,
      rejected: [v(1), v(2)],
      complaints: [{ dealer: v(1), evidence: new Uint8Array(128) }],
    });
    const judgement = judge(
      deals,
      inbox.map((entry) => (entry.from === 4 ? { from: v(4), message: lying } : entry)),
    );
    expect(judgement.qualified).toEqual([1, 3, 4]);
    expect(parties(judgement.blamed).sort((a, b) => a - b)).toEqual([2, 4, 4]);
  });

  test('a validator with a wrong k_v refuses to answer instead of blaming everybody', () => {
    const wrong = { validator: v(3), scalar: kemSecret(4).scalar };
    expect(() =>
      networkDkg.acknowledge({ ...input, committee, deals: honestSet, kemSecret: wrong }, dkgRandom('wrong key')),
    ).toThrow(InvalidArgumentsError);
  });

  test('receiver and judge decide alike', () => {
    for (const i of [1, 3]) {
      const shared = multiplyRistretto(dealOf(1).ephemeral, kemSecret(i).scalar.expose());
      expect(checkBody({ ...input, committee }, dealOf(1), v(i), shared).ok).toBe(true);
      const other = shared.add(ristrettoBase);
      expect(checkBody({ ...input, committee }, dealOf(1), v(i), other)).toMatchObject({ ok: false });
    }
  });
});

describe('CG:T23 dyadic dealer', () => {
  test('b = a/2 with a proof ground to an even challenge: accepted, and harmless', () => {
    const deal = dyadicDeal(stage, v(2));
    const result = completeDkg(stage, withDeal(2, deal));
    // Nothing is wrong with its shares: the kappa factor makes its constant term an integer.
    expect(result.blamed).toEqual([]);
    expect(result.networkKey.qualified).toEqual([1, 2, 3, 4]);
    const quorums = [
      [1, 2, 3],
      [2, 3, 4],
      [1, 3, 4],
    ].map((q) => q.map(v));
    expect(decryptWithQuorums(parameters, result.state, result.shares, quorums, message)).toEqual(
      quorums.map(() => message),
    );
  });

  test('with an odd challenge the same dealer is refused: half a response is no integer', () => {
    const { deals, blamed } = verify(withDeal(2, dyadicDeal(stage, v(2), 1n)));
    expect([...deals.keys()]).toEqual([1, 3, 4]);
    expect(blamed).toMatchObject([{ party: 2, reason: expect.stringContaining('constantProof') as string }]);
  });
});

describe('reading order', () => {
  test('the acknowledgement format is the documented one', () => {
    const [first] = honestAnswers as [Entry];
    const expected = concat(
      Uint8Array.of(1, 0x12),
      input.context.session,
      honestSet.digest,
      encodeUint32(4),
      Uint8Array.of(0),
      encodeUint32(0),
    );
    expect(first.message).toEqual(expected);
    const complaint = { dealer: v(2), evidence: new Uint8Array(128).fill(7) };
    const rejecting = networkDkg.encodeAcknowledge(input, honestSet, {
      deals: honestSet.digest,
      rejected: [v(2)],
      complaints: [complaint],
    });
    expect(rejecting.slice(70)).toEqual(
      concat(Uint8Array.of(0x40), encodeUint32(1), encodeUint16(2), complaint.evidence),
    );
    const ids: readonly ValidatorId[] = networkDkg.decodeAcknowledge(input, honestSet, rejecting).rejected;
    expect(ids).toEqual([2]);
  });
});
