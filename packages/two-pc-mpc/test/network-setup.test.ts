/** Network setup (MPC 2): checks N1 to N6, the rows of MPC 11.5, the record and MPC:V1. */
import { createAccessStructure, encodeCiphertext, encryptWith } from '@dwallet/class-groups';
import {
  ThresholdNotReachedError,
  type ValidatorId,
  concat,
  encodeContext,
  mod,
  mpcChallenges,
  prove,
  encodeProof,
  languageTranscript,
  encodeStatement,
} from '@dwallet/sigma';
import { describe, expect, test } from 'vitest';
import { assembleCertificate, encodeCertificate, signFact } from '../src/certificates.ts';
import { aggregateSetup } from '../src/network-setup/aggregate.ts';
import {
  contributeToSetup,
  decodeSetupContribution,
  encodeSetupContribution,
  setupProofContext,
} from '../src/network-setup/round-1-contribute.ts';
import { createNetworkSetup, setupCommitment, withSetupTables } from '../src/network-setup/setup-commitment.ts';
import {
  decodeSetupRecord,
  encodeSetupRecord,
  openNetworkSetup,
  setupFact,
} from '../src/network-setup/setup-record.ts';
import { encryptedDiscreteLog, encryptionOfDiscreteLog } from '../src/proofs/encryption-of-discrete-log.ts';
import { createNetworkFixture, curve, orderTwo, q, randomFor, secretKeyFor, v } from './helpers/network-fixture.ts';
import { expectCheck, thrown } from './helpers/throws.ts';

const fixture = createNetworkFixture();
const { access, setupContext: context, setupInbox, parameters, setup } = fixture;
const { group } = parameters;
const aggregate = (inbox: ReadonlyMap<ValidatorId, Uint8Array>, structure = access) =>
  aggregateSetup({ ...context, access: structure, inbox, random: randomFor('weights') });
/** The honest inbox with one message replaced. */
const withMessage = (validator: number, bytes: Uint8Array) => new Map(setupInbox).set(v(validator), bytes);
const messageOf = (validator: number) => setupInbox.get(v(validator)) as Uint8Array;
const decoded = (validator: number) => decodeSetupContribution(context, messageOf(validator));
const expectBlame = (inbox: ReadonlyMap<ValidatorId, Uint8Array>, party: number, check: string) => {
  const result = aggregate(inbox);
  expect(result.blamed.map(({ party: p, check: c }) => [p, c])).toEqual([[party, check]]);
  expect(result.accepted).toEqual(access.validators.filter((validator) => validator !== party));
  // The protocol completes without the culprit, and the sums belong together.
  expect(
    curve.multiply(curve.G, fixture.open(result.setup.shareCiphertexts[0])).equals(result.setup.publicShares[0]),
  ).toBe(true);
};

describe('aggregation', () => {
  test('ct_j encrypts x_B,j and X_B,j = x_B,j G', () => {
    for (const j of [0, 1] as const) {
      const x = fixture.open(setup.shareCiphertexts[j]);
      expect(curve.multiply(curve.G, x).equals(setup.publicShares[j])).toBe(true);
    }
    expect(aggregate(setupInbox).blamed).toEqual([]);
  });

  test('MPC:T5 the order of messages does not matter', () => {
    const reversed = new Map([...setupInbox].reverse());
    expect(aggregate(reversed).setup.commitment).toEqual(setup.commitment);
  });

  test('a message is encoded canonically', () => {
    expect(encodeSetupContribution(context, decoded(2))).toEqual(messageOf(2));
  });
});

describe('faulty contributions are named and left out', () => {
  test.each([1, 3])('MPC:N1 a batch of %i', (count) => {
    const language = encryptionOfDiscreteLog(curve, parameters, context.encryptionKey);
    const random = randomFor(`N1/${count}`);
    const contributions = Array.from({ length: count }, (_, i) => {
      const witness = [BigInt(i + 1), BigInt(i + 7)];
      const ciphertext = encryptWith(parameters, context.encryptionKey, BigInt(i + 1), BigInt(i + 7));
      return { witness, ciphertext, point: curve.multiply(curve.G, BigInt(i + 1)) };
    });
    const proof = prove(
      language,
      setupProofContext(context, v(2)),
      contributions.map(({ ciphertext, point }) => encryptedDiscreteLog(ciphertext, point)),
      contributions.map(({ witness }) => witness),
      random,
    );
    const bytes = concat(
      messageOf(2).slice(0, 35),
      Uint8Array.of(count),
      ...contributions.flatMap(({ ciphertext, point }) => [
        encodeCiphertext(parameters, ciphertext),
        curve.encodePoint(point),
      ]),
      encodeProof(language, count, proof),
    );
    expectBlame(withMessage(2, bytes), 2, 'MPC:N1');
  });

  test('MPC:N2 an element off the group, a point off the curve, a wrong length, another curve', () => {
    const at = (offset: number) => {
      const bytes = messageOf(3).slice();
      bytes[offset] = (bytes[offset] as number) ^ 1;
      return bytes;
    };
    expectBlame(withMessage(3, at(36 + group.elementBytes - 1)), 3, 'MPC:N2');
    expectBlame(withMessage(3, messageOf(3).slice(0, -1)), 3, 'MPC:N2');
    expectBlame(withMessage(3, concat(messageOf(3), Uint8Array.of(0))), 3, 'MPC:N2');
    expectBlame(withMessage(3, at(2)), 3, 'MPC:N2');
    expectBlame(withMessage(3, new Uint8Array(0)), 3, 'MPC:N2');
    const point = messageOf(3).slice();
    point.fill(0xff, 36 + 2 * group.elementBytes + 1, 36 + 2 * group.elementBytes + 33);
    expectBlame(withMessage(3, point), 3, 'MPC:N2');
  });

  test('MPC:N2 an order-2 twist whose proof was re-ground until it verifies', () => {
    const language = encryptionOfDiscreteLog(curve, parameters, context.encryptionKey);
    const ctx = setupProofContext(context, v(4));
    const [x, eta] = [11n, 12n];
    const honest = encryptWith(parameters, context.encryptionKey, x, eta);
    const twisted = { c1: honest.c1, c2: group.compose(honest.c2, orderTwo(parameters)) };
    const statements = [
      encryptedDiscreteLog(twisted, curve.multiply(curve.G, x)),
      encryptedDiscreteLog(honest, curve.multiply(curve.G, x)),
    ];
    for (let attempt = 0; ; attempt++) {
      const proof = prove(
        language,
        ctx,
        statements,
        [
          [x, eta],
          [x, eta],
        ],
        randomFor(`twist/${attempt}`),
      );
      const [e] = mpcChallenges(
        {
          context: ctx,
          parameters: languageTranscript(language),
          statements: statements.flatMap((s) => encodeStatement(language, s)),
          mask: encodeStatement(language, proof.mask),
        },
        2,
      );
      if ((e as bigint) % 2n === 1n) continue;
      const bytes = encodeSetupContribution(context, {
        sessionId: context.sessionId,
        ciphertexts: [twisted, honest],
        publicShares: [curve.multiply(curve.G, x), curve.multiply(curve.G, x)],
        proof,
      });
      const result = aggregate(withMessage(4, bytes));
      expect(result.blamed[0]).toMatchObject({ party: 4, check: 'MPC:N2' });
      expect(result.blamed[0]?.reason).toContain('CG:P7');
      return;
    }
  });

  test('MPC:N3 ciphertext and point encode different values', () => {
    const message = decoded(1);
    const [first, second] = message.publicShares;
    const swapped = encodeSetupContribution(context, { ...message, publicShares: [second, first] });
    expectBlame(withMessage(1, swapped), 1, 'MPC:N3');
  });

  test("MPC:N3 a copy of another validator's message", () => {
    expectBlame(withMessage(2, messageOf(1)), 2, 'MPC:N3');
  });

  test('MPC:N3 a message of another session', () => {
    const other = { ...context, sessionId: fixture.setup.commitment as unknown as typeof context.sessionId };
    const bytes = contributeToSetup({ ...other, validator: v(2), random: randomFor('other session') });
    expectBlame(withMessage(2, bytes), 2, 'MPC:N3');
    expect(aggregate(withMessage(2, bytes)).blamed[0]?.reason).toContain('another session');
    // And with the session id rewritten to ours, the proof's context gives it away.
    const rewritten = bytes.slice();
    rewritten.set(context.sessionId, 3);
    expectBlame(withMessage(2, rewritten), 2, 'MPC:N3');
  });

  test('MPC:N3 a contribution under another network key', () => {
    const otherKey = { ...context, encryptionKey: { element: setup.shareCiphertexts[0].c1 } };
    const bytes = contributeToSetup({ ...otherKey, validator: v(2), random: randomFor('other key') });
    expectBlame(withMessage(2, bytes), 2, 'MPC:N3');
  });
});

describe('thresholds', () => {
  test('MPC:N4 fewer than t valid contributions: retryable, and names who was faulty', () => {
    const inbox = withMessage(3, messageOf(1));
    inbox.delete(v(4));
    const error = thrown(() => aggregate(inbox));
    expect(error).toBeInstanceOf(ThresholdNotReachedError);
    expect(error).toMatchObject({ have: 2, need: 3, blamed: [{ party: 3, check: 'MPC:N3' }] });
  });

  test('MPC:T6 weights count, not heads', () => {
    const weighted = createAccessStructure([3, 1, 1, 1]);
    const only = (...numbers: number[]) =>
      new Map([...setupInbox].filter(([validator]) => numbers.includes(validator)));
    expect(weighted.threshold).toBe(5);
    expect(aggregate(only(1, 2, 3), weighted).accepted).toEqual([1, 2, 3]);
    expect(thrown(() => aggregate(only(2, 3, 4), weighted))).toBeInstanceOf(ThresholdNotReachedError);
    expect(thrown(() => aggregate(only(1, 2), weighted))).toBeInstanceOf(ThresholdNotReachedError);
  });

  test("a sender outside of the committee is this side's bug", () => {
    expect(thrown(() => aggregate(new Map([[v(9), messageOf(1)]]))).name).toBe('InvalidArgumentsError');
  });

  test('MPC:N5 two accepted sets give two setups; votes for them do not make one certificate', () => {
    const subset = new Map(setupInbox);
    subset.delete(v(4));
    const other = aggregate(subset).setup;
    expect(other.commitment).not.toEqual(setup.commitment);
    const keyOf = (n: number) => secretKeyFor(`network/validator/${n}`);
    const fact = setupFact(setup);
    const votes = [
      ...[1, 2].map((n) => signFact(fixture.committee, fact, v(n), keyOf(n))),
      ...[3, 4].map((n) => signFact(fixture.committee, setupFact(other), v(n), keyOf(n))),
    ];
    // Same kind, id and version: an honest validator signs one of the two.
    expect(setupFact(other).id).toEqual(fact.id);
    expect(thrown(() => assembleCertificate(fixture.committee, fact, votes))).toBeInstanceOf(ThresholdNotReachedError);
    expect(thrown(() => assembleCertificate(fixture.committee, setupFact(other), votes))).toBeInstanceOf(
      ThresholdNotReachedError,
    );
  });

  test('MPC:N6 degenerate sums', () => {
    const [X0, X1] = setup.publicShares;
    for (const publicShares of [
      [curve.identity, X1],
      [X0, curve.identity],
      [X0, X0],
      [X0, X0.negate()],
    ] as const) {
      expectCheck('MPC:N6', () => createNetworkSetup({ ...setup, publicShares }));
    }
  });

  test('MPC:N6 contributions that cancel are caught at the sum', () => {
    // Colluding validators that know each other's shares: x, x and -2x, so that X_B,0 = O.
    const shares = [5n, 5n, q - 10n];
    const language = encryptionOfDiscreteLog(curve, parameters, context.encryptionKey);
    const inbox = new Map(
      shares.map((x, i) => {
        const statement = (value: bigint, eta: bigint) => ({
          ciphertext: encryptWith(parameters, context.encryptionKey, value, eta),
          point: curve.multiply(curve.G, value),
          witness: [value, eta],
        });
        const both = [statement(x, 3n), statement(BigInt(i + 20), 4n)] as const;
        const proof = prove(
          language,
          setupProofContext(context, v(i + 1)),
          both.map(({ ciphertext, point }) => encryptedDiscreteLog(ciphertext, point)),
          both.map(({ witness }) => witness),
          randomFor(`N6/${i}`),
        );
        return [
          v(i + 1),
          encodeSetupContribution(context, {
            sessionId: context.sessionId,
            ciphertexts: [both[0].ciphertext, both[1].ciphertext],
            publicShares: [both[0].point, both[1].point],
            proof,
          }),
        ] as const;
      }),
    );
    expect(
      mod(
        shares.reduce((sum, x) => sum + x, 0n),
        q,
      ),
    ).toBe(0n);
    expectCheck('MPC:N6', () => aggregate(inbox));
  });
});

describe('setup commitment and record', () => {
  const certificate = encodeCertificate(fixture.certify(setupFact(setup)));
  const record = encodeSetupRecord(setup);
  const open = (changes: Partial<Parameters<typeof openNetworkSetup>[0]> = {}) =>
    openNetworkSetup({ curve, parameters, committee: fixture.committee, record, certificate, ...changes });

  test('G_com covers every part', () => {
    const { commitment } = setup;
    const [ct0, ct1] = setup.shareCiphertexts;
    const [X0, X1] = setup.publicShares;
    const other = ct0.c2;
    const variants = [
      { ...setup, encryptionKey: { element: ct0.c1 } },
      { ...setup, publicShares: [X1, X1] as const },
      { ...setup, publicShares: [X0, X0] as const },
      { ...setup, shareCiphertexts: [{ c1: other, c2: ct0.c2 }, ct1] as const },
      { ...setup, shareCiphertexts: [{ c1: ct0.c1, c2: ct0.c1 }, ct1] as const },
      { ...setup, shareCiphertexts: [ct0, { c1: other, c2: ct1.c2 }] as const },
      { ...setup, shareCiphertexts: [ct0, { c1: ct1.c1, c2: ct0.c1 }] as const },
      { ...setup, shareCiphertexts: [ct1, ct0] as const },
      { ...setup, curve: { ...curve, parameters: [Uint8Array.of(1), ...curve.parameters.slice(1)] } },
      { ...setup, curve: { ...curve, H: curve.G } },
      { ...setup, parameters: { ...parameters, group, digest: commitment } },
    ];
    const digests = variants.map((variant) => setupCommitment(variant).join());
    expect(new Set([...digests, commitment.join()]).size).toBe(variants.length + 1);
    expect(setupCommitment(setup)).toEqual(commitment);
  });

  test('tables change nothing', () => {
    expect(withSetupTables(setup).commitment).toEqual(setup.commitment);
    expect(setup.shareCiphertexts[0].table1).toBeDefined();
  });

  test('the record round-trips', () => {
    const again = decodeSetupRecord(curve, parameters, record);
    expect(again.commitment).toEqual(setup.commitment);
    expect(encodeSetupRecord(again)).toEqual(record);
  });

  test('MPC:V1 a certified setup opens; anything else does not', () => {
    expect(open().commitment).toEqual(setup.commitment);
    expect(open({ pinned: setup.commitment }).commitment).toEqual(setup.commitment);
    const subset = new Map(setupInbox);
    subset.delete(v(1));
    const other = aggregate(subset).setup;
    expectCheck('MPC:V1', () => open({ record: encodeSetupRecord(other) }));
    expectCheck('MPC:V1', () => open({ pinned: other.commitment }));
    const stranger = createNetworkFixture({ seed: 'network', weights: [1, 1, 1, 1] }).committee;
    expect(open({ committee: stranger }).commitment).toEqual(setup.commitment);
    expectCheck('MPC:V1', () => open({ committee: { ...stranger, digest: other.commitment } }));
  });

  test('a record for other class-group parameters, with an identity key, or degenerate shares is refused', () => {
    const otherDigest = record.slice();
    otherDigest[3] = (otherDigest[3] as number) ^ 1;
    expectCheck('MPC:V1', () => decodeSetupRecord(curve, parameters, otherDigest));
    const identityKey = record.slice();
    identityKey.set(group.encode(group.identity), 35);
    expectCheck('MPC:V1', () => decodeSetupRecord(curve, parameters, identityKey));
    const equal = record.slice();
    const offset = 35 + group.elementBytes;
    equal.copyWithin(offset + 33, offset, offset + 33);
    expectCheck('MPC:N6', () => decodeSetupRecord(curve, parameters, equal));
  });

  test('the proof context names the curve and the sender', () => {
    expect(setupProofContext(context, v(1))).toEqual(
      encodeContext({
        role: 'validator',
        party: 1,
        session: context.sessionId,
        protocol: 'network-setup',
        round: '1',
        proof: 'EncDL/secp256k1',
      }),
    );
  });
});
