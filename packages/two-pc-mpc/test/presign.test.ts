/** ECDSA presign (MPC 4): checks P1 to P7, the presign rows of MPC 11.5, T2, T5, T6, E7, MPC:V3. */
import {
  type Ciphertext,
  addCiphertexts,
  createAccessStructure,
  encryptWith,
  evaluateSecret,
  trivialEncryption,
} from '@dwallet/class-groups';
import {
  type Blame,
  type Proof,
  ThresholdNotReachedError,
  type ValidatorId,
  bitLength,
  concat,
  digestTagged,
  encodeContext,
  encodeStatement,
  encodeText,
  hashToScalars,
  languageTranscript,
  mod,
  mpcChallenges,
  prove,
  roundRandom,
  verifyExact,
} from '@dwallet/sigma';
import { describe, expect, test } from 'vitest';
import { finalizePresigns } from '../src/ecdsa/presign/finalize.ts';
import {
  createPresign,
  decodePresign,
  derivePresignId,
  encodePresign,
  presignBatchFact,
  verifyPresignCertificate,
} from '../src/ecdsa/presign/presign-record.ts';
import {
  type MaskAggregate,
  type MaskedShares,
  type PresignSession,
  maskAggregateDigest,
  maskProofContext,
  nonceProofContext,
} from '../src/ecdsa/presign/presign-session.ts';
import {
  decodePresignRound1,
  encodePresignRound1,
  encryptMask,
  maskLanguage,
  maskStatement,
} from '../src/ecdsa/presign/round-1-encrypt-mask.ts';
import { agreeOnMasks, encodeMaskVote, tallyMaskVotes } from '../src/ecdsa/presign/round-2-agree.ts';
import {
  type NonceContribution,
  decodePresignRound3,
  encodePresignRound3,
  encryptNonces,
  nonceLanguage,
} from '../src/ecdsa/presign/round-3-encrypt-nonces.ts';
import { targetPresign } from '../src/ecdsa/presign/target.ts';
import { openInbox, roundInputs } from '../src/inbox.ts';
import { scaledDiscreteLog } from '../src/proofs/scaled-ciphertext-with-discrete-log.ts';
import type { Presign } from '../src/types.ts';
import { createNetworkFixture, curve, orderTwo, q, randomFor, sessionFor, v } from './helpers/network-fixture.ts';
import { expectCheck, expectError, thrown } from './helpers/throws.ts';

type Messages = Map<ValidatorId, Uint8Array>;

const network = createNetworkFixture();
const { setup, parameters, access, committee } = network;
const { group } = parameters;
const batch = 2;
const session: PresignSession = { setup, sessionId: sessionFor('presign').sessionId, batch };
const otherSession: PresignSession = { ...session, sessionId: sessionFor('another presign').sessionId };
const weights = () => randomFor('batch weights');

const round1: Messages = new Map(
  access.validators.map((validator) => [
    validator,
    encryptMask({ ...session, validator, random: randomFor(`mask/${validator}`) }),
  ]),
);
const agree = (inbox: Messages, structure = access) =>
  agreeOnMasks({ ...session, access: structure, inbox, random: weights() });
const agreement = agree(round1);
const { aggregate, digest: agreed } = agreement;
const round3: Messages = new Map(
  access.validators.map((validator) => [
    validator,
    encryptNonces({ ...session, validator, aggregate, agreed, random: randomFor(`nonce/${validator}`) }),
  ]),
);
const finalize = (inbox: Messages, structure = access) =>
  finalizePresigns({ ...session, access: structure, aggregate, agreed, inbox, random: weights() });
const finalized = finalize(round3);
const presigns = finalized.presigns;
const [presign] = presigns as [Presign];

const messageOf = (messages: Messages, n: number) => messages.get(v(n)) as Uint8Array;
const without = (messages: Messages, ...numbers: number[]): Messages =>
  new Map([...messages].filter(([validator]) => !numbers.includes(validator)));
const replaced = (messages: Messages, n: number, bytes: Uint8Array): Messages => new Map(messages).set(v(n), bytes);
const namesOf = (blamed: readonly Blame[]) => blamed.map(({ party, check }) => [party, check]);
const flip = (bytes: Uint8Array, offset: number, mask = 1): Uint8Array => {
  const out = bytes.slice();
  out[offset] = (out[offset] as number) ^ mask;
  return out;
};
const enc = (m: bigint, eta: bigint): Ciphertext => encryptWith(parameters, setup.encryptionKey, m, eta);
const scale = (input: Ciphertext, factor: bigint, eta: bigint): Ciphertext =>
  evaluateSecret(parameters, setup.encryptionKey, [{ ciphertext: input, coefficient: factor }], bitLength(q), eta);

describe('honest runs', () => {
  test('plaintexts: gamma, gamma x_B,j, gamma k_j and R_B,j = k_j G', () => {
    const [x0, x1] = setup.shareCiphertexts.map((ct) => network.open(ct)) as [bigint, bigint];
    expect(presigns).toHaveLength(batch);
    for (const entry of presigns) {
      const gamma = network.open(entry.mask);
      expect(network.open(entry.maskedShares[0])).toBe(mod(gamma * x0, q));
      expect(network.open(entry.maskedShares[1])).toBe(mod(gamma * x1, q));
      for (const j of [0, 1] as const) {
        const k = mod(network.open(entry.maskedNonces[j]) * inverse(gamma), q);
        expect(curve.multiply(curve.G, k).equals(entry.publicNonces[j])).toBe(true);
      }
    }
    const [first, second] = presigns as [Presign, Presign];
    expect(network.open(first.mask)).not.toBe(network.open(second.mask));
    expect(first.publicNonces[0].equals(second.publicNonces[0])).toBe(false);
  });

  test('MPC:T2 a targeted presign decrypts to gamma x_B, also with mu_0 = mu_1 = 0', () => {
    const gamma = network.open(presign.mask);
    const [x0, x1] = setup.shareCiphertexts.map((ct) => network.open(ct)) as [bigint, bigint];
    for (const randomizers of [
      [3n, 5n, 7n],
      [q - 1n, 1n << 200n, 12345n],
      [0n, 0n, 9n],
    ] as const) {
      const dwallet = { setup: setup.commitment, publicKey: curve.H, randomizers };
      const targeted = targetPresign(setup, presign, dwallet);
      const xB = randomizers[0] * x0 + randomizers[1] * x1 + randomizers[2];
      expect(network.open(targeted.maskedShare)).toBe(mod(gamma * xB, q));
    }
    const dwallet = { setup: setup.commitment, publicKey: curve.H, randomizers: [3n, 5n, 7n] as const };
    const foreign = digestTagged('test', [encodeText('foreign')]);
    expectCheck('MPC:S1', () => targetPresign(setup, { ...presign, setup: foreign }, dwallet));
    expectCheck('MPC:S1', () => targetPresign(setup, presign, { ...dwallet, setup: foreign }));
    const digests = [
      targetPresign(setup, presign, dwallet),
      targetPresign(setup, presign, { ...dwallet, publicKey: curve.G }),
      targetPresign(setup, presign, { ...dwallet, randomizers: [3n, 5n, 8n] }),
      targetPresign(setup, presigns[1] as Presign, dwallet),
    ].map(({ digest }) => digest.join());
    expect(new Set(digests).size).toBe(4);
  });

  test('MPC:T5 no round depends on the order of messages', () => {
    const reverse = (messages: Messages): Messages => new Map([...messages].reverse());
    expect(agree(reverse(round1)).digest).toEqual(agreed);
    expect(finalize(reverse(round3)).presigns.map(({ presignId }) => presignId)).toEqual(
      presigns.map(({ presignId }) => presignId),
    );
  });

  test('messages are encoded canonically', () => {
    for (const bytes of round1.values()) {
      expect(encodePresignRound1(setup, decodePresignRound1(session, bytes))).toEqual(bytes);
    }
    const languages = aggregate.map(({ mask }) => nonceLanguage(setup, mask));
    for (const bytes of round3.values()) {
      const message = decodePresignRound3(session, languages, agreed, bytes);
      expect(encodePresignRound3(session, aggregate, message)).toEqual(bytes);
    }
  });

  test('MPC:T6 every set of weight t completes, none below; S_3 need not be S_1', () => {
    const agreedWithout4 = agree(without(round1, 4));
    expect(agreedWithout4.accepted).toEqual([1, 2, 3]);
    expect(finalize(without(round3, 1)).accepted).toEqual([2, 3, 4]);
    const weighted = createAccessStructure([3, 1, 1, 1]);
    expect(agree(without(round1, 4), weighted).accepted).toEqual([1, 2, 3]);
    expect(thrown(() => agree(without(round1, 1), weighted))).toBeInstanceOf(ThresholdNotReachedError);
    expect(thrown(() => finalize(without(round3, 1), weighted))).toBeInstanceOf(ThresholdNotReachedError);
  });

  test("batch sizes out of 1..64 are the caller's error", () => {
    for (const size of [0, 65, 1.5]) {
      expectError('InvalidArgumentsError', () =>
        encryptMask({ ...session, batch: size, validator: v(1), random: randomFor('batch') }),
      );
      expectError('InvalidArgumentsError', () =>
        agreeOnMasks({ ...session, batch: size, access, inbox: round1, random: weights() }),
      );
    }
  });
});

function inverse(value: bigint): bigint {
  let [result, base, exponent] = [1n, mod(value, q), q - 2n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % q;
    base = (base * base) % q;
  }
  return result;
}

/** A batch of contributions that a cheating validator makes from chosen plaintexts, with the best proof it can make. */
function cheatRound1(
  n: number,
  make: (index: number) => { contribution: MaskedShares; witness: readonly bigint[] },
  options: { context?: Uint8Array; language?: ReturnType<typeof maskLanguage>; label?: string } = {},
): Uint8Array {
  const made = Array.from({ length: batch }, (_, i) => make(i));
  const proof = prove(
    options.language ?? maskLanguage(setup),
    options.context ?? maskProofContext(session, v(n)),
    made.map(({ contribution }) => maskStatement(contribution)),
    made.map(({ witness }) => witness),
    randomFor(options.label ?? 'cheat'),
  );
  return encodePresignRound1(setup, {
    sessionId: session.sessionId,
    contributions: made.map(({ contribution }) => contribution),
    proof,
  });
}
const honestContribution = (gamma: bigint) => ({
  contribution: {
    mask: enc(gamma, 3n),
    maskedShares: [scale(setup.shareCiphertexts[0], gamma, 4n), scale(setup.shareCiphertexts[1], gamma, 5n)] as const,
  },
  witness: [gamma, 3n, 4n, 5n],
});

describe('round 1, field by field', () => {
  const expectBlame = (bytes: Uint8Array, check: string, reason?: string) => {
    const result = agree(replaced(round1, 2, bytes));
    expect(namesOf(result.blamed)).toEqual([[2, check]]);
    expect(result.accepted).toEqual([1, 3, 4]);
    if (reason !== undefined) expect(result.blamed[0]?.reason).toContain(reason);
  };
  const own = messageOf(round1, 2);
  /** The parsing half of the round alone, for many variants. */
  const expectUnparsable = (bytes: Uint8Array, reason = '') => {
    const { messages, blamed } = openInbox(access, new Map([[v(2), bytes]]), 'MPC:P1', (b) =>
      decodePresignRound1(session, b),
    );
    expect(messages).toEqual([]);
    expect(namesOf(blamed)).toEqual([[2, 'MPC:P1']]);
    expect(blamed[0]?.reason).toContain(reason);
  };

  test('the cheating prover below passes when it does not cheat', () => {
    expect(
      agree(
        replaced(
          round1,
          2,
          cheatRound1(2, (i) => honestContribution(BigInt(i + 7))),
        ),
      ).blamed,
    ).toEqual([]);
  });

  test('MPC:P1 session, kind, batch, lengths', () => {
    expectBlame(flip(own, 2), 'MPC:P1');
    expectUnparsable(flip(own, 34));
    expectUnparsable(flip(own, 36, 3));
    expectUnparsable(flip(own, 0));
    expectUnparsable(flip(own, 1));
    expectUnparsable(own.slice(0, -1));
    expectUnparsable(concat(own, Uint8Array.of(0)));
    expectUnparsable(new Uint8Array(0));
    expectUnparsable(encryptMask({ ...session, batch: 1, validator: v(2), random: randomFor('short') }));
    expectUnparsable(encryptMask({ ...session, batch: 3, validator: v(2), random: randomFor('long') }));
    // A targeted message in a universal session: another kind byte, another shape.
    expectUnparsable(concat(own.slice(0, 34), Uint8Array.of(1), own.slice(35)));
  });

  test('MPC:P1 elements: not reduced, zero, not primitive; responses out of range', () => {
    const width = group.elementBytes;
    for (let element = 0; element < 6 * batch + 6; element += 5) {
      const at = 37 + element * width;
      expectUnparsable(flip(own, at + width / 2 - 1));
      const zero = own.slice();
      zero.fill(0, at, at + width);
      expectUnparsable(zero, 'CG:P2');
    }
    const over = own.slice();
    // z_gamma is the first response: 61 bytes for 482 bits at a batch of two; three responses for eta follow.
    const eta = Math.ceil((parameters.randomnessBits + 96 + 128 + 1 + 1) / 8);
    over[own.length - 3 * eta - 61] = 0xff;
    expectUnparsable(over);
  });

  test('MPC:P1 order-2 twist with a re-ground proof: the equations accept, the parser does not', () => {
    const twist = (ciphertext: Ciphertext): Ciphertext => ({
      c1: group.compose(ciphertext.c1, orderTwo(parameters)),
      c2: ciphertext.c2,
    });
    const language = maskLanguage(setup);
    const context = maskProofContext(session, v(2));
    for (let attempt = 0; ; attempt++) {
      const make = (i: number) => {
        const { contribution, witness } = honestContribution(BigInt(i + 7));
        return { contribution: i === 0 ? { ...contribution, mask: twist(contribution.mask) } : contribution, witness };
      };
      const made = Array.from({ length: batch }, (_, i) => make(i));
      const statements = made.map(({ contribution }) => maskStatement(contribution));
      const proof = prove(
        language,
        context,
        statements,
        made.map(({ witness }) => witness),
        randomFor(`R1 twist/${attempt}`),
      );
      const [e] = challenges(language, context, statements, proof);
      if ((e as bigint) % 2n === 1n) continue;
      expect(verifyExact({ language, context, statements, proof })).toBe(true);
      const bytes = encodePresignRound1(setup, {
        sessionId: session.sessionId,
        contributions: made.map(({ contribution }) => contribution),
        proof,
      });
      expectBlame(bytes, 'MPC:P1', 'CG:P7');
      return;
    }
  });

  test('MPC:P2 gamma differs between ct_gamma and the scaled shares, or between the two shares', () => {
    const other = (change: (honest: MaskedShares) => MaskedShares) =>
      cheatRound1(2, (i) => {
        const made = honestContribution(BigInt(i + 7));
        return i === 0 ? { ...made, contribution: change(made.contribution) } : made;
      });
    expectBlame(
      other((c) => ({ ...c, mask: enc(8n, 3n) })),
      'MPC:P2',
    );
    expectBlame(
      other((c) => ({ ...c, maskedShares: [scale(setup.shareCiphertexts[0], 8n, 4n), c.maskedShares[1]] })),
      'MPC:P2',
    );
    expectBlame(
      other((c) => ({ ...c, maskedShares: [c.maskedShares[0], scale(setup.shareCiphertexts[1], 8n, 5n)] })),
      'MPC:P2',
    );
    expectBlame(
      other((c) => ({ ...c, maskedShares: [c.maskedShares[1], c.maskedShares[0]] })),
      'MPC:P2',
    );
    // A chosen relation: ct_gamma x encrypts gamma x_B + 1.
    expectBlame(
      other((c) => ({
        ...c,
        maskedShares: [
          addCiphertexts(parameters, c.maskedShares[0], trivialEncryption(parameters, 1n)),
          c.maskedShares[1],
        ],
      })),
      'MPC:P2',
    );
  });

  test('MPC:P2 scaled against ct_key of a wallet instead of ct_0', () => {
    const wrong = addCiphertexts(parameters, setup.shareCiphertexts[0], setup.shareCiphertexts[1]);
    const wrongSetup = { ...setup, shareCiphertexts: [wrong, setup.shareCiphertexts[1]] as const };
    const bytes = cheatRound1(
      2,
      (i) => {
        const gamma = BigInt(i + 7);
        return {
          contribution: {
            mask: enc(gamma, 3n),
            maskedShares: [scale(wrong, gamma, 4n), scale(setup.shareCiphertexts[1], gamma, 5n)],
          },
          witness: [gamma, 3n, 4n, 5n],
        };
      },
      { language: maskLanguage(wrongSetup) },
    );
    expectBlame(bytes, 'MPC:P2');
  });

  test("MPC:P2 a copy of another validator's message; contributions of the batch exchanged", () => {
    expectBlame(messageOf(round1, 1), 'MPC:P2');
    const message = decodePresignRound1(session, own);
    const exchanged = encodePresignRound1(setup, { ...message, contributions: [...message.contributions].reverse() });
    expectBlame(exchanged, 'MPC:P2');
  });

  test.each([
    ['session', maskProofContext(otherSession, v(2))],
    ['party', maskProofContext(session, v(3))],
    ['batch', maskProofContext({ ...session, batch: 3 }, v(2))],
    ['setup', maskProofContext({ ...session, setup: { ...setup, commitment: agreed } }, v(2))],
    ['round', nonceProofContext(session, v(2), 0)],
    ['empty', new Uint8Array(0)],
  ])('MPC:P2 a proof under another context: %s', (_name, context) => {
    expectBlame(
      cheatRound1(2, (i) => honestContribution(BigInt(i + 7)), { context }),
      'MPC:P2',
    );
  });

  test('the context is that of MPC 4.1', () => {
    expect(maskProofContext(session, v(2))).toEqual(
      encodeContext({
        role: 'validator',
        party: 2,
        session: session.sessionId,
        protocol: 'ecdsa-presign',
        round: '1',
        proof: 'EncDH',
        setup: setup.commitment,
        extra: [Uint8Array.of(0), Uint8Array.of(0, batch)],
      }),
    );
  });

  test('MPC:P3 fewer than t valid contributions: retryable, names the faulty', () => {
    const inbox = without(replaced(round1, 2, messageOf(round1, 1)), 4);
    expect(thrown(() => agree(inbox))).toMatchObject({
      name: 'ThresholdNotReachedError',
      have: 2,
      need: 3,
      blamed: [{ party: 2, check: 'MPC:P2' }],
    });
  });
});

const challenges = (
  language: ReturnType<typeof maskLanguage>,
  context: Uint8Array,
  statements: Parameters<typeof prove>[2],
  proof: Proof,
): bigint[] =>
  mpcChallenges(
    {
      context,
      parameters: languageTranscript(language),
      statements: statements.flatMap((statement) => encodeStatement(language, statement)),
      mask: encodeStatement(language, proof.mask),
    },
    statements.length,
  );

describe('round 2, the vote', () => {
  const wrong = digestTagged('test', [encodeText('wrong aggregate')]);
  const voteFor = (...digests: (Uint8Array | undefined)[]): Messages =>
    new Map(
      digests.flatMap((digest, i) =>
        digest === undefined ? [] : [[v(i + 1), encodeMaskVote(session.sessionId, digest as typeof agreed)] as const],
      ),
    );
  const tally = (inbox: Messages, structure = access) =>
    tallyMaskVotes({ sessionId: session.sessionId, access: structure, inbox });

  test('unanimous, and with one absent', () => {
    expect(agreement.vote).toEqual(encodeMaskVote(session.sessionId, agreed));
    expect(tally(voteFor(agreed, agreed, agreed, agreed))).toEqual({
      digest: agreed,
      supporters: [1, 2, 3, 4],
      blamed: [],
    });
    expect(tally(voteFor(agreed, undefined, agreed, agreed)).digest).toEqual(agreed);
  });

  test('a dissenter within f is outvoted and flagged', () => {
    const result = tally(voteFor(agreed, wrong, agreed, agreed));
    expect(result.digest).toEqual(agreed);
    expect(namesOf(result.blamed)).toEqual([[2, 'MPC:4.2']]);
  });

  test('dissent above f: no value reaches t, the session fails safely', () => {
    expect(thrown(() => tally(voteFor(agreed, wrong, wrong, agreed)))).toBeInstanceOf(ThresholdNotReachedError);
    expect(thrown(() => tally(voteFor(agreed, agreed)))).toBeInstanceOf(ThresholdNotReachedError);
    expect(thrown(() => tally(new Map()))).toBeInstanceOf(ThresholdNotReachedError);
  });

  test('malformed votes and votes of another session are blamed', () => {
    const inbox = voteFor(agreed, agreed, agreed, agreed);
    inbox.set(v(4), encodeMaskVote(otherSession.sessionId, agreed));
    expect(namesOf(tally(inbox).blamed)).toEqual([[4, 'MPC:P1']]);
    inbox.set(v(4), agreement.vote.slice(0, -1));
    expect(namesOf(tally(inbox).blamed)).toEqual([[4, 'MPC:P1']]);
  });

  test('MPC:T6 the majority is by weight', () => {
    const weighted = createAccessStructure([3, 1, 1, 1]);
    expect(tally(voteFor(agreed, agreed, agreed), weighted).digest).toEqual(agreed);
    expect(thrown(() => tally(voteFor(undefined, agreed, agreed, agreed), weighted))).toBeInstanceOf(
      ThresholdNotReachedError,
    );
  });

  test('what is voted on covers every ciphertext, the session and the setup', () => {
    const [first, second] = aggregate as unknown as [MaskedShares, MaskedShares];
    const variants: Uint8Array[] = [
      agreed,
      maskAggregateDigest(otherSession, aggregate),
      maskAggregateDigest({ ...session, setup: { ...setup, commitment: wrong } }, aggregate),
      maskAggregateDigest(session, [second, first]),
      maskAggregateDigest(session, [{ ...first, mask: second.mask }, second]),
      maskAggregateDigest(session, [
        { ...first, maskedShares: [second.maskedShares[0], first.maskedShares[1]] },
        second,
      ]),
      maskAggregateDigest(session, [
        { ...first, maskedShares: [first.maskedShares[0], second.maskedShares[1]] },
        second,
      ]),
    ];
    expect(new Set(variants.map((entry) => entry.join())).size).toBe(variants.length);
  });

  test('a validator whose own aggregate is not the agreed one sits the session out', () => {
    const other = agree(without(round1, 4));
    expect(other.digest).not.toEqual(agreed);
    const random = randomFor('sit out');
    const run = (list: MaskAggregate) => () =>
      encryptNonces({ ...session, validator: v(1), aggregate: list, agreed, random });
    expectError('InvalidArgumentsError', run(other.aggregate));
    expectError('InvalidArgumentsError', run(aggregate.slice(1)));
    expectError('InvalidArgumentsError', () =>
      finalizePresigns({ ...session, access, aggregate: other.aggregate, agreed, inbox: round3, random }),
    );
  });
});

describe('round 3, field by field', () => {
  const own = messageOf(round3, 3);
  const languages = aggregate.map(({ mask }) => nonceLanguage(setup, mask));
  const decoded = decodePresignRound3(session, languages, agreed, own);
  const expectBlame = (bytes: Uint8Array, check: string, reason?: string) => {
    const result = finalize(replaced(round3, 3, bytes));
    expect(namesOf(result.blamed)).toEqual([[3, check]]);
    expect(result.accepted).toEqual([1, 2, 4]);
    if (reason !== undefined) expect(result.blamed[0]?.reason).toContain(reason);
    // Left out of every presign of the batch, and the rest completes.
    expect(result.presigns).toHaveLength(batch);
    const [first] = result.presigns as [Presign];
    const k = mod(network.open(first.maskedNonces[0]) * inverse(network.open(first.mask)), q);
    expect(curve.multiply(curve.G, k).equals(first.publicNonces[0])).toBe(true);
  };
  const cheat = (
    options: {
      k?: readonly [bigint, bigint];
      input?: (index: number) => Ciphertext;
      language?: (index: number) => (typeof languages)[number];
      context?: (index: number) => Uint8Array;
      alter?: (contribution: NonceContribution) => Omit<NonceContribution, 'proof'>;
      label?: string;
    } = {},
  ): Uint8Array => {
    const contributions = aggregate.map(({ mask }, index): NonceContribution => {
      const k = options.k ?? [11n, 13n];
      const input = options.input?.(index) ?? mask;
      const base: Omit<NonceContribution, 'proof'> = {
        maskedNonces: [scale(input, k[0], 21n), scale(input, k[1], 22n)],
        publicNonces: [curve.multiply(curve.G, k[0]), curve.multiply(curve.G, k[1])],
      };
      const sent = options.alter?.(base as NonceContribution) ?? base;
      const proof = prove(
        options.language?.(index) ?? (languages[index] as (typeof languages)[number]),
        options.context?.(index) ?? nonceProofContext(session, v(3), index),
        [
          scaledDiscreteLog(sent.maskedNonces[0], sent.publicNonces[0]),
          scaledDiscreteLog(sent.maskedNonces[1], sent.publicNonces[1]),
        ],
        [
          [k[0], 21n],
          [k[1], 22n],
        ],
        randomFor(options.label ?? 'cheat 3'),
      );
      return { ...sent, proof };
    });
    return encodePresignRound3(session, aggregate, { sessionId: session.sessionId, aggregate: agreed, contributions });
  };

  const expectUnparsable = (bytes: Uint8Array) => {
    const { messages, blamed } = openInbox(access, new Map([[v(3), bytes]]), 'MPC:P4', (b) =>
      decodePresignRound3(session, languages, agreed, b),
    );
    expect(messages).toEqual([]);
    expect(namesOf(blamed)).toEqual([[3, 'MPC:P4']]);
  };

  test('the cheating prover below passes when it does not cheat', () => {
    expect(finalize(replaced(round3, 3, cheat())).blamed).toEqual([]);
  });

  test('MPC:P4 session, kind, aggregate, batch, lengths', () => {
    expectBlame(flip(own, 2), 'MPC:P4');
    expectUnparsable(flip(own, 34));
    expectUnparsable(flip(own, 35));
    expectUnparsable(flip(own, 68));
    expectUnparsable(own.slice(0, -1));
    expectUnparsable(concat(own, Uint8Array.of(0)));
    expectUnparsable(new Uint8Array(0));
    expectUnparsable(messageOf(round1, 3));
  });

  test('MPC:P4 elements and points: off the group, the identity point, not a square', () => {
    const width = group.elementBytes;
    expectUnparsable(flip(own, 69 + width - 1));
    const identity = own.slice();
    // A nonce of 0 would be harmless; its point has no encoding, so it is refused like any malformed point.
    identity.fill(0, 69 + 2 * width, 69 + 2 * width + 33);
    expectUnparsable(identity);
    const twistedPoint = own.slice();
    twistedPoint.fill(0xff, 69 + 2 * width + 1, 69 + 2 * width + 33);
    expectUnparsable(twistedPoint);
  });

  test('MPC:P4 order-2 twist with a re-ground proof: the equations accept, the parser does not', () => {
    const language = languages[0] as (typeof languages)[number];
    const context = nonceProofContext(session, v(3), 0);
    const mask = (aggregate[0] as MaskedShares).mask;
    const honest = scale(mask, 11n, 21n);
    const twisted = { c1: honest.c1, c2: group.compose(honest.c2, orderTwo(parameters)) };
    const statements = [
      scaledDiscreteLog(twisted, curve.multiply(curve.G, 11n)),
      scaledDiscreteLog(honest, curve.multiply(curve.G, 11n)),
    ];
    for (let attempt = 0; ; attempt++) {
      const witness = [11n, 21n];
      const proof = prove(language, context, statements, [witness, witness], randomFor(`R3 twist/${attempt}`));
      if ((challenges(language, context, statements, proof)[0] as bigint) % 2n === 1n) continue;
      expect(verifyExact({ language, context, statements, proof })).toBe(true);
      const contributions = decoded.contributions.map(
        (entry, i): NonceContribution =>
          i === 0
            ? {
                maskedNonces: [twisted, honest],
                publicNonces: [curve.multiply(curve.G, 11n), curve.multiply(curve.G, 11n)],
                proof,
              }
            : entry,
      );
      const bytes = encodePresignRound3(session, aggregate, { ...decoded, contributions });
      expectBlame(bytes, 'MPC:P4', 'CG:P7');
      return;
    }
  });

  test('MPC:P5 R_j is not k G, nonces swapped, another multiple', () => {
    expectBlame(cheat({ alter: (c) => ({ ...c, publicNonces: [curve.H, c.publicNonces[1]] }) }), 'MPC:P5');
    expectBlame(
      cheat({ alter: (c) => ({ ...c, publicNonces: [c.publicNonces[0].negate(), c.publicNonces[1]] }) }),
      'MPC:P5',
    );
    expectBlame(cheat({ alter: (c) => ({ ...c, publicNonces: [c.publicNonces[1], c.publicNonces[0]] }) }), 'MPC:P5');
    expectBlame(cheat({ alter: (c) => ({ ...c, maskedNonces: [c.maskedNonces[1], c.maskedNonces[0]] }) }), 'MPC:P5');
  });

  test("MPC:P5 scaled against the validator's own aggregate, or against another presign of the batch", () => {
    const other = agree(without(round1, 4)).aggregate;
    const input = (index: number) => (other[index] as MaskedShares).mask;
    expectBlame(cheat({ input, language: (index) => nonceLanguage(setup, input(index)) }), 'MPC:P5');
    const swapped = (index: number) => (aggregate[1 - index] as MaskedShares).mask;
    expectBlame(cheat({ input: swapped, language: (index) => nonceLanguage(setup, swapped(index)) }), 'MPC:P5');
  });

  test('MPC:P5 one bad proof among the batch is enough; a copy; contributions exchanged', () => {
    const [first, second] = decoded.contributions as unknown as [NonceContribution, NonceContribution];
    const encode = (contributions: readonly NonceContribution[]) =>
      encodePresignRound3(session, aggregate, { ...decoded, contributions });
    expectBlame(encode([first, { ...second, proof: first.proof }]), 'MPC:P5');
    expectBlame(encode([second, first]), 'MPC:P5');
    expectBlame(messageOf(round3, 4), 'MPC:P5');
  });

  test.each([
    ['session', (i: number) => nonceProofContext(otherSession, v(3), i)],
    ['party', (i: number) => nonceProofContext(session, v(4), i)],
    ['index', (i: number) => nonceProofContext(session, v(3), 1 - i)],
    ['batch', (i: number) => nonceProofContext({ ...session, batch: 3 }, v(3), i)],
    ['setup', (i: number) => nonceProofContext({ ...session, setup: { ...setup, commitment: agreed } }, v(3), i)],
    ['round', () => maskProofContext(session, v(3))],
  ])('MPC:P5 a proof under another context: %s', (_name, context) => {
    expectBlame(cheat({ context }), 'MPC:P5');
  });

  test('MPC:P6 fewer than t valid contributions: retryable, names the faulty', () => {
    const inbox = without(replaced(round3, 3, messageOf(round3, 4)), 1);
    expect(thrown(() => finalize(inbox))).toMatchObject({
      name: 'ThresholdNotReachedError',
      have: 2,
      need: 3,
      blamed: [{ party: 3, check: 'MPC:P5' }],
    });
  });

  test('MPC:P7 nonces that cancel are caught at the sum', () => {
    const ks: readonly (readonly [bigint, bigint])[] = [
      [5n, 1n],
      [6n, 2n],
      [q - 11n, 3n],
    ];
    const inbox: Messages = new Map(
      ks.map((k, i) => [
        v(i + 1),
        cheat({ k, label: `P7/${i}`, context: (index) => nonceProofContext(session, v(i + 1), index) }),
      ]),
    );
    expectCheck('MPC:P7', () => finalize(inbox));
  });

  test('a rushing validator that steers R_B,0 does not steer the signing nonce', () => {
    // The adversary sees the honest sum S and picks k so that R_B,0 = S + k G is what it wants, up to its own share.
    const samples = 256;
    const buckets = Array.from({ length: 16 }, () => 0);
    const target = curve.multiply(curve.G, 42n);
    for (let i = 0; i < samples; i++) {
      const [nu0, nu1, nuG] = hashToScalars('test/nonce-randomizers', [Uint8Array.of(i & 0xff, i >> 8)], 3, q) as [
        bigint,
        bigint,
        bigint,
      ];
      const R = curve.multiScalarVartime([
        { point: target, scalar: nu0 },
        { point: presign.publicNonces[1], scalar: nu1 },
        { point: curve.G, scalar: nuG },
      ]);
      const bucket = (R.toBytes(true)[32] as number) & 15;
      buckets[bucket] = (buckets[bucket] as number) + 1;
    }
    const expected = samples / 16;
    const chiSquare = buckets.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 15 degrees of freedom: above 45 with probability 10^-4 (fixed inputs, so the test does not flicker).
    expect(chiSquare).toBeLessThan(45);
  });
});

describe('MPC:E7 proof masks are never reused', () => {
  const root = new Uint8Array(32).fill(7);
  const maskOf = (inputs: readonly Uint8Array[], attempt = 0) => {
    const random = roundRandom(root, session.sessionId, 'presign/1', attempt, inputs);
    const { proof } = decodePresignRound1(
      { ...session, batch: 1 },
      encryptMask({ ...session, batch: 1, validator: v(1), random }),
    );
    return encodeStatement(maskLanguage(setup), proof.mask)
      .map((bytes) => bytes.join())
      .join(';');
  };

  test('same inputs: the same bytes; other inputs, attempt or committee: another T', () => {
    const inputs = (...inboxes: Messages[]) => roundInputs(access, [setup.commitment], ...inboxes);
    const base = inputs();
    expect(maskOf(base)).toBe(maskOf(base));
    const weighted = createAccessStructure([1, 1, 1, 2]);
    const masks = [
      maskOf(base),
      maskOf(base, 1),
      maskOf(roundInputs(weighted, [setup.commitment])),
      maskOf(roundInputs(access, [agreed])),
      maskOf(inputs(round1)),
      maskOf(inputs(without(round1, 4))),
      maskOf(inputs(replaced(round1, 4, flip(messageOf(round1, 4), 60)))),
    ];
    expect(new Set(masks).size).toBe(masks.length);
  });

  test('the canonical input list is injective in senders and boundaries, not in map order', () => {
    const key = (...inboxes: Messages[]) =>
      roundInputs(access, [], ...inboxes)
        .map((bytes) => bytes.join())
        .join(';');
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
    expect(
      key(
        new Map([
          [v(1), a],
          [v(2), b],
        ]),
      ),
    ).toBe(
      key(
        new Map([
          [v(2), b],
          [v(1), a],
        ]),
      ),
    );
    const different = [
      key(
        new Map([
          [v(1), a],
          [v(2), b],
        ]),
      ),
      key(
        new Map([
          [v(1), b],
          [v(2), a],
        ]),
      ),
      key(new Map([[v(1), a]]), new Map([[v(2), b]])),
      key(
        new Map([
          [v(1), a],
          [v(2), b],
        ]),
        new Map(),
      ),
      key(new Map([[v(1), a]])),
    ];
    expect(new Set(different).size).toBe(different.length);
  });
});

describe('presign record', () => {
  const bytes = encodePresign(setup, presign);
  const ids = presigns.map(({ presignId }) => presignId);
  const certificate = network.certify(presignBatchFact(session.sessionId, ids));
  const verify = (entry: Presign, list = ids, cert = certificate) =>
    verifyPresignCertificate(setup, committee, entry, { ids: list, certificate: cert });

  test('round trip; the identifier is derived', () => {
    for (const entry of presigns) {
      const again = decodePresign(setup, encodePresign(setup, entry));
      expect(again.presignId).toEqual(entry.presignId);
      expect(encodePresign(setup, again)).toEqual(encodePresign(setup, entry));
    }
  });

  test('MPC:T10 presign_id covers every field', () => {
    const other = presigns[1] as Presign;
    const foreign = digestTagged('test', [encodeText('foreign')]);
    const variants: Presign[] = [
      presign,
      { ...presign, sessionId: otherSession.sessionId },
      { ...presign, index: 1 },
      { ...presign, setup: foreign },
      { ...presign, mask: other.mask },
      { ...presign, maskedShares: [other.maskedShares[0], presign.maskedShares[1]] },
      { ...presign, maskedShares: [presign.maskedShares[0], other.maskedShares[1]] },
      { ...presign, maskedNonces: [other.maskedNonces[0], presign.maskedNonces[1]] },
      { ...presign, maskedNonces: [presign.maskedNonces[0], other.maskedNonces[1]] },
      { ...presign, publicNonces: [other.publicNonces[0], presign.publicNonces[1]] },
      { ...presign, publicNonces: [presign.publicNonces[0], other.publicNonces[1]] },
    ];
    const derived = [
      ...variants.map((entry) => derivePresignId(setup, entry).join()),
      derivePresignId({ ...setup, curve: { ...curve, id: 1 } }, presign).join(),
    ];
    expect(new Set(derived).size).toBe(derived.length);
  });

  test('MPC:V3 certified presigns pass; anything else does not', () => {
    presigns.forEach((entry) => verify(entry));
    const [first, second] = presigns as [Presign, Presign];
    expectCheck('MPC:V3', () => verify({ ...first, presignId: second.presignId }));
    expectCheck('MPC:V3', () => verify(createPresign(setup, { ...first, index: 1 })));
    expectCheck('MPC:V3', () => verify(createPresign(setup, { ...first, mask: second.mask })));
    expectCheck('MPC:V3', () => verify(createPresign(setup, { ...first, sessionId: otherSession.sessionId })));
    expectCheck('MPC:V3', () => verify(first, [...ids].reverse()));
    expectCheck('MPC:V3', () => verify(first, ids.slice(0, 1)));
    expectCheck('MPC:V3', () => verify(first, [...ids, ids[0] as (typeof ids)[0]]));
    expectCheck('MPC:V3', () => verify(second, ids.slice(0, 1)));
    expectCheck('MPC:V3', () => verify(first, ids, { ...certificate, votes: certificate.votes.slice(0, 2) }));
    const foreign = digestTagged('test', [encodeText('foreign')]);
    expectCheck('MPC:V3', () => verify({ ...first, setup: foreign }));
  });

  test('MPC:V3 MPC:V6 decoding: other setup, other kind, index out of range, bad point, non-square', () => {
    expectCheck('MPC:V3', () => decodePresign(setup, flip(bytes, 38)));
    expectError('DecodeError', () => decodePresign(setup, flip(bytes, 2)));
    expectError('DecodeError', () => decodePresign(setup, flip(bytes, 36, 64)));
    expectError('DecodeError', () => decodePresign(setup, flip(bytes, bytes.length - 33, 0xff)));
    const twisted = {
      ...presign,
      mask: { c1: group.compose(presign.mask.c1, orderTwo(parameters)), c2: presign.mask.c2 },
    };
    expect(thrown(() => decodePresign(setup, encodePresign(setup, twisted))).check).toBe('CG:P7');
  });
});

describe('the own message (MPC:P2, MPC:P5)', () => {
  const own = (messages: Messages, n: number) => ({ validator: v(n), bytes: messageOf(messages, n) });
  const agreeAs = (inbox: Messages, mine: ReturnType<typeof own>) =>
    agreeOnMasks({ ...session, access, inbox, own: mine, random: weights() });
  const finalizeAs = (inbox: Messages, mine: ReturnType<typeof own>) =>
    finalizePresigns({ ...session, access, aggregate, agreed, inbox, own: mine, random: weights() });
  /** One bit of the last response. */
  const wrongProof = (messages: Messages, n: number): Uint8Array => {
    const bytes = messageOf(messages, n);
    return flip(bytes, bytes.length - 1);
  };

  test('what it made itself is counted like everything else', () => {
    expect(agreeAs(round1, own(round1, 2))).toEqual(agreement);
    expect(finalizeAs(round3, own(round3, 2))).toEqual(finalized);
  });

  test('its proofs are not verified again: nobody else is spared', () => {
    const mine = replaced(round1, 2, wrongProof(round1, 2));
    expect(namesOf(agree(mine).blamed)).toEqual([[2, 'MPC:P2']]);
    expect(agreeAs(mine, own(mine, 2)).blamed).toEqual([]);
    for (const n of [1, 3, 4]) {
      const theirs = replaced(round1, n, wrongProof(round1, n));
      expect(namesOf(agreeAs(theirs, own(theirs, 2)).blamed)).toEqual([[n, 'MPC:P2']]);
      const nonces = replaced(round3, n, wrongProof(round3, n));
      expect(namesOf(finalizeAs(nonces, own(nonces, 2)).blamed)).toEqual([[n, 'MPC:P5']]);
    }
    const nonces = replaced(round3, 2, wrongProof(round3, 2));
    expect(finalizeAs(nonces, own(nonces, 2)).blamed).toEqual([]);
  });

  test('other bytes under its number, or its bytes under another number, are verified like any others', () => {
    const bent = replaced(round1, 2, wrongProof(round1, 2));
    expect(namesOf(agreeAs(bent, own(round1, 2)).blamed)).toEqual([[2, 'MPC:P2']]);
    const bentNonces = replaced(round3, 2, wrongProof(round3, 2));
    expect(namesOf(finalizeAs(bentNonces, own(round3, 2)).blamed)).toEqual([[2, 'MPC:P5']]);
    const copied = replaced(round1, 3, messageOf(round1, 2));
    expect(namesOf(agreeAs(copied, own(round1, 2)).blamed)).toEqual([[3, 'MPC:P2']]);
    const copiedNonces = replaced(round3, 3, messageOf(round3, 2));
    expect(namesOf(finalizeAs(copiedNonces, own(round3, 2)).blamed)).toEqual([[3, 'MPC:P5']]);
  });

  test('it is parsed all the same (MPC:P1, MPC:P4)', () => {
    const short = replaced(round1, 2, messageOf(round1, 2).subarray(0, -1));
    expect(namesOf(agreeAs(short, own(short, 2)).blamed)).toEqual([[2, 'MPC:P1']]);
    const shortNonces = replaced(round3, 2, messageOf(round3, 2).subarray(0, -1));
    expect(namesOf(finalizeAs(shortNonces, own(shortNonces, 2)).blamed)).toEqual([[2, 'MPC:P4']]);
  });
});
