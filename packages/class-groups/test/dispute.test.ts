import type { Element } from '@dwallet/kernel';
import { testKernel } from '../../kernel/test/test-kernel.ts';
import { type Proof, type VirtualId, validatorId, virtualId } from '@dwallet/sigma';
import { describe, expect, test } from 'vitest';
import {
  type DecryptionRequest,
  type DecryptionShares,
  type DisputeOutcome,
  type ProvedDecryptionShares,
  clg112,
  combineOptimistic,
  createAccessStructure,
  createExpectedSet,
  createPublicParameters,
  encodeProvedShares,
  encodeShares,
  equalWeights,
  generalRequest,
  receiveProvedShares,
  receiveShares,
  resolveDispute,
} from '../src/index.ts';
import { type TestCommittee, createTestCommittee } from './helpers/committee.ts';
import { orderTwo } from './helpers/order-two.ts';
import { testRandom, toyParameters } from './helpers/toy.ts';

const parameters = toyParameters;
const { group, q } = parameters;
/** The element of order 2: public, not a square (CG 1.5). */
const u = orderTwo(parameters);

const messages = [11n, q - 7n];
const random = testRandom('dispute weights');

/** The same answer with one element of one number replaced. */
const replace = (
  answer: DecryptionShares,
  share: VirtualId,
  change: (power: Element) => Element,
  ciphertext = 0,
): DecryptionShares => ({
  ...answer,
  shares: new Map(
    [...answer.shares].map(([j, powers]) => [
      j,
      j === share ? powers.map((power, l) => (l === ciphertext ? change(power) : power)) : powers,
    ]),
  ),
});

const parties = (outcome: DisputeOutcome): number[] => [...new Set(outcome.blamed.map(({ party }) => party))];
const decrypted = { ok: true, plaintexts: messages };

describe('CG:T16 one wrong share: the dispute names exactly its sender', () => {
  const committee = createTestCommittee(parameters, equalWeights(4), 'T16');
  const request = committee.request(messages);
  const honest = [1, 2, 3, 4].map((v) => committee.answer(request, v));
  const proofs = honest.map((answer) => committee.prove(request, answer));
  const other = honest[0]?.shares.get(virtualId(1))?.[0] as Element;
  const faults: [string, (power: Element) => Element][] = [
    ['multiplied by f', (power) => group.compose(power, parameters.powerOfF(1n))],
    ['multiplied by h', (power) => group.compose(power, parameters.h)],
    ["replaced by another party's", () => other],
    ['replaced by the identity', () => group.identity],
    ['inverted', (power) => group.invert(power)],
  ];
  const culprit = 3;
  const others = [1, 2, 4];

  test('honest everybody: nobody is blamed and the result is proven', () => {
    const outcome = resolveDispute({ request, published: honest, proved: proofs }, random);
    expect(outcome).toMatchObject({ blamed: [], silent: [], undecided: [], combination: decrypted, unexplained: true });
    expect(outcome.proven.map(({ sender }) => sender)).toEqual([1, 2, 3, 4]);
  });

  describe.each(faults)('%s', (name, change) => {
    for (const ciphertext of name === 'multiplied by f' ? [0, 1] : [0]) {
      const bad = replace(honest[culprit - 1] as DecryptionShares, virtualId(culprit), change, ciphertext);
      const published = honest.map((answer, i) => (i === culprit - 1 ? bad : answer));
      const good = proofs.filter((_p, i) => i !== culprit - 1);
      const at = `ciphertext ${ciphertext}`;

      test(`${at}: the optimistic result is wrong or fails`, () => {
        const answers = [culprit, ...others].map((v) => published[v - 1] as DecryptionShares);
        expect(combineOptimistic(request, answers)).not.toEqual(decrypted);
      });

      test(`${at}: the culprit insists with a proof of its bad share`, () => {
        const insisting = committee.prove(request, bad);
        const outcome = resolveDispute({ request, published, proved: [insisting, ...good] }, random);
        expect(parties(outcome)).toEqual([culprit]);
        expect(outcome.blamed.every(({ check }) => check === 'CG:3.9')).toBe(true);
        expect(outcome.combination).toEqual(decrypted);
        // First in line, and still not among the shares that are combined.
        expect(outcome.proven.map(({ sender }) => sender)).toEqual(others);
        expect(outcome.unexplained).toBe(false);
      });

      test(`${at}: the culprit proves the right share instead of the published one`, () => {
        const outcome = resolveDispute({ request, published, proved: proofs }, random);
        expect(parties(outcome)).toEqual([culprit]);
        expect(outcome.blamed.every(({ check }) => check === 'CG:3.10')).toBe(true);
        expect(outcome.proven.map(({ sender }) => sender)).toEqual(others);
        expect(outcome.combination).toEqual(decrypted);
      });

      test(`${at}: the culprit stays silent and the equation of step 5 convicts it`, () => {
        const outcome = resolveDispute({ request, published, proved: good }, random);
        expect(parties(outcome)).toEqual([culprit]);
        expect(outcome.blamed.every(({ check }) => check === 'CG:3.10')).toBe(true);
        expect(outcome.silent).toEqual([culprit]);
        expect(outcome.combination).toEqual(decrypted);
      });
    }
  });

  test('multiplied by u: refused by the parser as a non-square (MPC:S13, CG:P7), blamed at once', () => {
    const bad = replace(honest[2] as DecryptionShares, virtualId(3), (power) => group.compose(power, u));
    const received = receiveShares(request, validatorId(3), encodeShares(request, bad));
    expect(received).toMatchObject({ status: 'blamed', blame: { party: 3, check: 'MPC:S13' } });
    expect(received.status === 'blamed' && received.blame.reason).toContain('CG:P7');
    const proved = { ...bad, proofs: (proofs[2] as ProvedDecryptionShares).proofs };
    expect(receiveProvedShares(request, validatorId(3), encodeProvedShares(request, proved))).toMatchObject({
      status: 'blamed',
      blame: { party: 3, check: 'MPC:S13' },
    });
  });

  test('a silent party with right shares is suspended, not blamed', () => {
    const outcome = resolveDispute({ request, published: honest, proved: proofs.slice(0, 3) }, random);
    expect(outcome).toMatchObject({ blamed: [], silent: [4], undecided: [], combination: decrypted });
  });

  test('with fewer than t proven shares nobody silent is judged and nothing is combined', () => {
    const bad = replace(honest[2] as DecryptionShares, virtualId(3), () => group.identity);
    const published = honest.map((answer, i) => (i === 2 ? bad : answer));
    const outcome = resolveDispute({ request, published, proved: proofs.slice(0, 2) }, random);
    expect(outcome).toMatchObject({ blamed: [], silent: [3, 4], undecided: [3, 4], unexplained: false });
    expect(outcome.combination).toBeUndefined();
  });

  test('a failing proof never counts towards t', () => {
    const bad = replace(honest[2] as DecryptionShares, virtualId(3), (x) => group.compose(x, parameters.powerOfF(1n)));
    const insisting = committee.prove(request, bad);
    const outcome = resolveDispute({ request, published: honest, proved: [insisting, ...proofs.slice(0, 2)] }, random);
    expect(parties(outcome)).toEqual([3]);
    expect(outcome.proven.map(({ sender }) => sender)).toEqual([1, 2]);
    expect(outcome.combination).toBeUndefined();
  });

  test('28: each altered proof blames its own sender only; honest proofs in the same batch stand', () => {
    const altered = proofs.map((answer, i): ProvedDecryptionShares => {
      if (i !== 1) return answer;
      const proof = answer.proofs.get(virtualId(2)) as Proof;
      return {
        ...answer,
        proofs: new Map([[virtualId(2), { ...proof, responses: [(proof.responses[0] as bigint) + 1n] }]]),
      };
    });
    const outcome = resolveDispute({ request, published: honest, proved: altered }, random);
    expect(outcome.blamed.map(({ party, check }) => ({ party, check }))).toEqual([{ party: 2, check: 'CG:3.9' }]);
    expect(outcome.combination).toEqual(decrypted);
  });

  test("a proof copied from another party or another request is its sender's fault", () => {
    const stolen: ProvedDecryptionShares = {
      ...(proofs[3] as ProvedDecryptionShares),
      proofs: new Map([[virtualId(4), (proofs[0] as ProvedDecryptionShares).proofs.get(virtualId(1)) as Proof]]),
    };
    const elsewhere = committee.request(messages);
    const replayed: ProvedDecryptionShares = {
      ...(honest[2] as DecryptionShares),
      sender: validatorId(3),
      proofs: committee.prove(elsewhere, committee.answer(elsewhere, 3)).proofs,
    };
    const outcome = resolveDispute(
      { request, published: honest, proved: [...proofs.slice(0, 2), replayed, stolen] },
      random,
    );
    expect(parties(outcome)).toEqual([3, 4]);
    expect(outcome.combination).toBeUndefined();
  });

  test('two culprits of different kinds are both named (n = 7)', () => {
    const large = createTestCommittee(parameters, equalWeights(7), 'T16 n=7');
    const one = large.request(messages);
    const answers = [1, 2, 3, 4, 5, 6, 7].map((v) => large.answer(one, v));
    const bad2 = replace(answers[1] as DecryptionShares, virtualId(2), (x) =>
      group.compose(x, parameters.powerOfF(5n)),
    );
    const bad6 = replace(answers[5] as DecryptionShares, virtualId(6), (x) => group.square(x), 1);
    const published = answers.map((answer, i) => (i === 1 ? bad2 : i === 5 ? bad6 : answer));
    const proved = [1, 2, 3, 4, 5, 7].map((v) => large.prove(one, published[v - 1] as DecryptionShares));
    const outcome = resolveDispute({ request: one, published, proved }, random);
    expect(outcome.blamed.map(({ party, check }) => [party, check])).toEqual([
      [2, 'CG:3.9'],
      [6, 'CG:3.10'],
    ]);
    expect(outcome.combination).toEqual(decrypted);
  });

  test('an unpublished party may help with a proved share', () => {
    const published = honest
      .slice(0, 3)
      .map((answer, i) => (i === 0 ? replace(answer, virtualId(1), (x) => group.compose(x, parameters.h)) : answer));
    const outcome = resolveDispute({ request, published, proved: proofs.slice(1) }, random);
    expect(parties(outcome)).toEqual([1]);
    expect(outcome.combination).toEqual(decrypted);
  });

  test('two answers of one validator, or proofs about other ciphertexts, are a misuse', () => {
    const input = { request, published: honest, proved: proofs };
    expect(() =>
      resolveDispute({ ...input, proved: [...proofs, proofs[0] as ProvedDecryptionShares] }, random),
    ).toThrow(/proved/);
    expect(() => resolveDispute({ ...input, published: [...honest, honest[0] as DecryptionShares] }, random)).toThrow(
      /published/,
    );
    expect(() => resolveDispute({ ...input, proofRequest: committee.request(messages) }, random)).toThrow(
      /other ciphertexts/,
    );
  });
});

describe('disputes with a narrow expected set', () => {
  const committee = createTestCommittee(parameters, equalWeights(4), 'narrow');
  const narrow = committee.request(messages, {
    expectedSet: createExpectedSet(committee.access, [1, 2, 3].map(virtualId)),
  });
  const general = generalRequest(narrow);
  const honest = [1, 2, 3, 4].map((v) => committee.answer(narrow, v));
  const again = [1, 2, 3, 4].map((v) => committee.prove(general, committee.answer(general, v)));
  const faulty = (change: (power: Element) => Element, v: number): DecryptionShares[] =>
    honest.map((answer, i) => (i === v - 1 ? replace(answer, virtualId(v), change) : answer));

  test.each([1, 2, 3, 4])(
    'validator %i answers wrongly in narrow mode and rightly, or not at all, in general mode',
    (v) => {
      for (const change of [
        (power: Element) => group.compose(power, parameters.powerOfF(3n)),
        (power: Element) => group.compose(power, parameters.h),
        () => group.identity,
      ]) {
        const published = faulty(change, v);
        for (const proved of [again, again.filter((_a, i) => i !== v - 1)]) {
          const outcome = resolveDispute({ request: narrow, proofRequest: general, published, proved }, random);
          expect(parties(outcome)).toEqual([v]);
          expect(outcome.combination).toEqual(decrypted);
        }
      }
    },
  );

  test('nobody is blamed when all published narrow shares were right', () => {
    for (const proved of [again, again.slice(0, 3), again.slice(1)]) {
      const outcome = resolveDispute({ request: narrow, proofRequest: general, published: honest, proved }, random);
      expect(outcome.blamed).toEqual([]);
      expect(outcome.combination).toEqual(decrypted);
    }
  });

  test('proofs in narrow mode itself: the products run over Sbar, a silent outsider is judged too', () => {
    const proved = honest.slice(0, 3).map((answer) => committee.prove(narrow, answer));
    const clean = resolveDispute({ request: narrow, published: honest, proved }, random);
    expect(clean).toMatchObject({ blamed: [], silent: [4], combination: decrypted });
    const outcome = resolveDispute(
      { request: narrow, published: faulty((x) => group.compose(x, parameters.powerOfF(1n)), 4), proved },
      random,
    );
    expect(parties(outcome)).toEqual([4]);
  });

  test('a proven outsider does not count towards t in narrow mode: ask in general mode', () => {
    const proved = [2, 3, 4].map((v) => committee.prove(narrow, honest[v - 1] as DecryptionShares));
    const outcome = resolveDispute({ request: narrow, published: honest, proved }, random);
    expect(outcome.combination).toBeUndefined();
    expect(outcome.proven.length).toBe(3);
  });
});

describe('CG:T19 blame by tangible validator with weights 1, 2, 3', () => {
  const access = createAccessStructure([1, 2, 3]);
  const committee = createTestCommittee(parameters, access, 'T19 dispute');
  const request = committee.request(messages);
  const honest = [1, 2, 3].map((v) => committee.answer(request, v));
  const prove = (answers: readonly DecryptionShares[]): ProvedDecryptionShares[] =>
    answers.map((answer) => committee.prove(request, answer));

  test('virtual number 3 belongs to validator 2', () => {
    const published = [
      honest[0],
      replace(honest[1] as DecryptionShares, virtualId(3), (x) => group.compose(x, parameters.powerOfF(2n))),
      honest[2],
    ] as DecryptionShares[];
    const outcome = resolveDispute({ request, published, proved: prove(published) }, random);
    expect(outcome.blamed).toEqual([{ party: 2, check: 'CG:3.9', reason: 'proof of decryption share 3 fails' }]);
    // Validators 1 and 3 have weight 4 of 5.
    expect(outcome.combination).toBeUndefined();
  });

  test('the silent validator 1 is judged from validators 2 and 3', () => {
    for (const [change, blamed] of [
      [(x: Element) => x, []],
      [(x: Element) => group.compose(x, parameters.powerOfF(2n)), [1]],
    ] as const) {
      const published = [replace(honest[0] as DecryptionShares, virtualId(1), change), ...honest.slice(1)];
      const outcome = resolveDispute({ request, published, proved: prove(honest.slice(1)) }, random);
      expect(parties(outcome)).toEqual(blamed);
      expect(outcome.silent).toEqual([1]);
      expect(outcome.combination).toEqual(decrypted);
    }
  });
});

describe('negative shares and full size', () => {
  const run = (committee: TestCommittee): void => {
    const request: DecryptionRequest = committee.request([5n]);
    const honest = [1, 2, 3, 4].map((v) => committee.answer(request, v));
    const { group: g } = committee.parameters;
    const bad = replace(honest[1] as DecryptionShares, virtualId(2), (x) =>
      g.compose(x, committee.parameters.powerOfF(1n)),
    );
    const published = honest.map((answer, i) => (i === 1 ? bad : answer));
    const proofs = [0, 2, 3].map((i) => committee.prove(request, honest[i] as DecryptionShares));
    const insisting = committee.prove(request, bad);
    for (const proved of [proofs, [...proofs, insisting]]) {
      const outcome = resolveDispute({ request, published, proved }, random);
      expect(parties(outcome)).toEqual([2]);
      expect(outcome.combination).toEqual({ ok: true, plaintexts: [5n] });
    }
  };
  test('CG:T17 negative shares prove and dispute alike', () => {
    run(createTestCommittee(parameters, equalWeights(4), 'negative dispute', { negative: true }));
  });
  test('CLG-112 at full size', () => {
    run(createTestCommittee(createPublicParameters(testKernel, clg112), equalWeights(4), 'full dispute'));
  });
});
