/** Every decoder on mutated, truncated and spliced messages: a typed error, or a value that encodes to exactly the same bytes. */
import { DWalletError, type Random, bytesToInteger } from '@dwallet/sigma';
import { describe, expect, test } from 'vitest';
import { decodeCertificate, encodeCertificate } from '../src/certificates.ts';
import { decodeDkgMessage, encodeDkgMessage } from '../src/dwallet-dkg/dkg-message.ts';
import { acceptDWallet, verifyAcceptance } from '../src/dwallet-dkg/client-accept.ts';
import { decodeDWalletRecord, dwalletFact, encodeDWalletRecord } from '../src/dwallet-dkg/record.ts';
import { finalizePresigns } from '../src/ecdsa/presign/finalize.ts';
import { decodePresign, encodePresign } from '../src/ecdsa/presign/presign-record.ts';
import { decodePresignRound1, encodePresignRound1, encryptMask } from '../src/ecdsa/presign/round-1-encrypt-mask.ts';
import { agreeOnMasks, decodeMaskVote, encodeMaskVote } from '../src/ecdsa/presign/round-2-agree.ts';
import {
  decodePresignRound3,
  encodePresignRound3,
  encryptNonces,
  nonceLanguage,
} from '../src/ecdsa/presign/round-3-encrypt-nonces.ts';
import { decodeSetupContribution, encodeSetupContribution } from '../src/network-setup/round-1-contribute.ts';
import { decodeSetupRecord, encodeSetupRecord, setupFact } from '../src/network-setup/setup-record.ts';
import { verifyUserKeyRegistration } from '../src/user-encryption-key.ts';
import { Registry, create, createUser } from './helpers/dwallet-fixture.ts';
import { createNetworkFixture, curve, randomFor, sessionFor, v } from './helpers/network-fixture.ts';

const network = createNetworkFixture();
const { setup, parameters, access, setupContext } = network;
const registry = new Registry();
const user = createUser(setup, 'decoders');
const made = (['encrypted', 'public', 'none'] as const).map((mode) =>
  create(setup, registry, user, mode, `decoders/${mode}`),
);
const records = made.map(({ pending }) => registry.verify(setup, pending.message));
const session = { setup, sessionId: sessionFor('decoders').sessionId, batch: 1 };
const round1 = new Map(
  access.validators.map((validator) => [
    validator,
    encryptMask({ ...session, validator, random: randomFor(`d1/${validator}`) }),
  ]),
);
const {
  aggregate,
  digest: agreed,
  vote,
} = agreeOnMasks({ ...session, access, inbox: round1, random: randomFor('d2') });
const round3 = new Map(
  access.validators.map((validator) => [
    validator,
    encryptNonces({ ...session, validator, aggregate, agreed, random: randomFor(`d3/${validator}`) }),
  ]),
);
const { presigns } = finalizePresigns({
  ...session,
  access,
  aggregate,
  agreed,
  inbox: round3,
  random: randomFor('d4'),
});
const languages = aggregate.map(({ mask }) => nonceLanguage(setup, mask));
const [encryptedDWallet] = made as [(typeof made)[number]];
const [encryptedRecord] = records as [(typeof records)[number]];
const { acceptance } = acceptDWallet({
  setup,
  pending: encryptedDWallet.pending,
  output: encodeDWalletRecord(setup, encryptedRecord),
  certificate: encodeCertificate(network.certify(dwalletFact(encryptedRecord))),
  committee: network.committee,
  userSecretKey: user.userSecretKey,
  accountKey: user.accountKey,
});

/** Message, and a round trip through its decoder. `accepts: false`: signed as a whole, so that no mutation may pass. */
const messages: [name: string, bytes: Uint8Array, roundTrip: (bytes: Uint8Array) => Uint8Array | 'refuses all'][] = [
  [
    'SetupContribution',
    network.setupInbox.get(v(1)) as Uint8Array,
    (b) => encodeSetupContribution(setupContext, decodeSetupContribution(setupContext, b)),
  ],
  ['SetupRecord', encodeSetupRecord(setup), (b) => encodeSetupRecord(decodeSetupRecord(curve, parameters, b))],
  [
    'QuorumCertificate',
    encodeCertificate(network.certify(setupFact(setup))),
    (b) => encodeCertificate(decodeCertificate(b)),
  ],
  [
    'RegisterUpk',
    user.registration,
    (b) => {
      verifyUserKeyRegistration(curve, parameters, b);
      return 'refuses all';
    },
  ],
  ...made.map(({ pending }, i): (typeof messages)[number] => [
    `DkgMsg ${i}`,
    pending.message,
    (b) => encodeDkgMessage(setup, decodeDkgMessage(setup, b)),
  ]),
  ...records.map((record, i): (typeof messages)[number] => [
    `DWalletRecord ${i}`,
    encodeDWalletRecord(setup, record),
    (b) => encodeDWalletRecord(setup, decodeDWalletRecord(setup, b)),
  ]),
  [
    'AcceptMsg',
    acceptance,
    (b) => {
      verifyAcceptance(encryptedRecord, b);
      return 'refuses all';
    },
  ],
  ['PresignR1', round1.get(v(1)) as Uint8Array, (b) => encodePresignRound1(setup, decodePresignRound1(session, b))],
  ['PresignR2', vote, (b) => encodeMaskVote(session.sessionId, decodeMaskVote(session.sessionId, b))],
  [
    'PresignR3',
    round3.get(v(1)) as Uint8Array,
    (b) => encodePresignRound3(session, aggregate, decodePresignRound3(session, languages, agreed, b)),
  ],
  ['Presign', encodePresign(setup, presigns[0] as never), (b) => encodePresign(setup, decodePresign(setup, b))],
];

const below = (random: Random, bound: number): number => Number(bytesToInteger(random(6)) % BigInt(bound));

function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const out = bytes.slice();
  const position = below(random, out.length);
  switch (below(random, 7)) {
    case 0:
      out[position] = (out[position] as number) ^ (1 << below(random, 8));
      return out;
    case 1:
      out[position] = below(random, 256);
      return out;
    case 2:
      return out.slice(0, position);
    case 3:
      return Uint8Array.of(...out, ...random(1 + below(random, 40)));
    case 4: {
      const end = Math.min(out.length, position + 1 + below(random, 80));
      out.fill([0, 0xff, 0x80][below(random, 3)] as number, position, end);
      return out;
    }
    case 5: {
      const from = below(random, out.length);
      const length = Math.min(out.length - from, out.length - position, 1 + below(random, 120));
      out.set(bytes.slice(from, from + length), position);
      return out;
    }
    default: {
      const length = Math.min(out.length - position, 1 + below(random, 32));
      out.set(random(length), position);
      return out;
    }
  }
}

describe('decoders', () => {
  // Three modes of DkgMsg and DWalletRecord: together more than 2000 each.
  const count = (name: string): number => (/^(DkgMsg|DWalletRecord)/.test(name) ? 800 : 2000);

  test.each(messages)('%s: thousands of mutations', (name, bytes, roundTrip) => {
    expect([bytes, 'refuses all']).toContainEqual(roundTrip(bytes));
    const random = randomFor(`fuzz/${name}`);
    let refused = 0;
    for (let i = 0; i < count(name); i++) {
      const mutated = mutate(bytes, random);
      if (mutated.length === bytes.length && mutated.every((byte, k) => byte === bytes[k])) continue;
      try {
        expect(roundTrip(mutated), `mutation ${i}`).toEqual(mutated);
      } catch (error) {
        if (!(error instanceof DWalletError)) throw error;
        expect(['DecodeError', 'CheckError'], error.message).toContain(error.name);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(300);
  });

  test.each(messages)('%s: every truncation is refused', (_name, bytes, roundTrip) => {
    const step = Math.max(1, Math.floor(bytes.length / 200));
    for (let length = 0; length < bytes.length; length += step) {
      expect(() => roundTrip(bytes.slice(0, length))).toThrow();
    }
  });

  test.each(messages)('%s: every other version and type is refused', (_name, bytes, roundTrip) => {
    for (let value = 0; value < 256; value++) {
      for (const offset of [0, 1]) {
        if (bytes[offset] === value) continue;
        const mutated = bytes.slice();
        mutated[offset] = value;
        expect(() => roundTrip(mutated)).toThrow();
      }
    }
  });
});
