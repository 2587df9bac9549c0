/** dWallet DKG (MPC 3): checks K1 to K8 and A1 to A4, the Dkg.* rows of MPC 11.4, T1, T10. */
import { deriveTestParameters, encrypt, encryptWith, generateKey } from '@dwallet/class-groups';
import { testKernel } from '../../kernel/test/test-kernel.ts';
import {
  type Proof,
  Secret,
  type Statement,
  bytesToInteger,
  concat,
  digestTagged,
  discreteLog,
  encodeFischlin,
  encodeProof,
  encodeStatement,
  encodeText,
  languageTranscript,
  mpcChallenges,
  prove,
  proveFischlin,
  verifyExact,
} from '@dwallet/sigma';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import { encodeCertificate } from '../src/certificates.ts';
import { acceptDWallet, recoverUserShare, verifyAcceptance } from '../src/dwallet-dkg/client-accept.ts';
import { createDWallet } from '../src/dwallet-dkg/client-create.ts';
import {
  type DkgMessage,
  decodeDkgMessage,
  dlogProofContext,
  encodeDkgMessage,
  encodeUnsignedDkgMessage,
  shareProofContext,
} from '../src/dwallet-dkg/dkg-message.ts';
import { deriveNetworkShareCiphertext, derivePublicKey, keyRandomizers } from '../src/dwallet-dkg/randomizers.ts';
import { decodeDWalletRecord, deriveRecord, dwalletFact, encodeDWalletRecord } from '../src/dwallet-dkg/record.ts';
import { encryptedDiscreteLog, encryptionOfDiscreteLog } from '../src/proofs/encryption-of-discrete-log.ts';
import { signItems, signingPublicKey } from '../src/signatures.ts';
import type { UserEncryptionKey } from '../src/types.ts';
import { deriveUserKey, registerUserKey, userKeyId, verifyUserKeyRegistration } from '../src/user-encryption-key.ts';
import { Registry, create, createUser } from './helpers/dwallet-fixture.ts';
import { createNetworkFixture, curve, orderTwo, q, randomFor, secretKeyFor } from './helpers/network-fixture.ts';
import { expectCheck, expectError, thrown } from './helpers/throws.ts';

const network = createNetworkFixture();
const { setup, parameters, committee } = network;
const { group } = parameters;
const registry = new Registry();
const alice = createUser(setup, 'alice');
const bob = createUser(setup, 'bob');
registry.userKeys.set(bob.userKey.id.join(), bob.userKey);

const encrypted = create(setup, registry, alice, 'encrypted', 'encrypted');
const open = create(setup, registry, alice, 'public', 'public');
const bare = create(setup, registry, alice, 'none', 'none');
const foreign = create(setup, registry, bob, 'none', 'bob');
const verify = (message: Uint8Array) => registry.verify(setup, message);
const record = verify(encrypted.pending.message);

/** Changes fields of a message, recomputes the claimed digest (unless given) and signs again as Alice: the strongest cheating client. */
function forge(from: Uint8Array, changes: Partial<DkgMessage>, as = alice): Uint8Array {
  const { signature: _old, ...message } = { ...decodeDkgMessage(setup, from), ...changes };
  const outputDigest = changes.outputDigest ?? deriveRecord(setup, message)?.digest ?? message.outputDigest;
  const bytes = encodeUnsignedDkgMessage(setup, { ...message, outputDigest });
  return concat(bytes, signItems(as.accountKey, 'dkg', [bytes]));
}
/** Overwrites bytes of the message, then signs again. */
function overwrite(from: Uint8Array, offset: number, bytes: Uint8Array): Uint8Array {
  const unsigned = from.slice(0, -64);
  unsigned.set(bytes, offset);
  return concat(unsigned, signItems(alice.accountKey, 'dkg', [unsigned]));
}
const offsets = { setup: 35, X_A: 67, piDL: 100, mode: 100 + 16 * 69 } as const;

describe('honest runs', () => {
  test.each([
    ['encrypted', encrypted],
    ['public', open],
    ['none', bare],
  ] as const)('mode %s: the network derives a record, messages and record are canonical', (mode, made) => {
    const derived = verify(made.pending.message);
    expect(derived.share.mode).toBe(mode);
    expect(derived.publicKey.equals(derived.userPublicShare.add(derived.networkPublicShare))).toBe(true);
    expect(curve.multiply(curve.G, made.pending.userShare.expose()).equals(derived.userPublicShare)).toBe(true);
    expect(encodeDkgMessage(setup, decodeDkgMessage(setup, made.pending.message))).toEqual(made.pending.message);
    const bytes = encodeDWalletRecord(setup, derived);
    const again = decodeDWalletRecord(setup, bytes);
    expect(encodeDWalletRecord(setup, again)).toEqual(bytes);
    expect(again.digest).toEqual(derived.digest);
    // Two validators, two runs: the same record.
    expect(encodeDWalletRecord(setup, verify(made.pending.message))).toEqual(bytes);
  });

  test('MPC:T1 ct_key decrypts to x_B and x_B G = X_B', () => {
    const xB = network.open(record.networkShareCiphertext);
    expect(curve.multiply(curve.G, xB).equals(record.networkPublicShare)).toBe(true);
    const x = (xB + encrypted.pending.userShare.expose()) % q;
    expect(curve.multiply(curve.G, x).equals(record.publicKey)).toBe(true);
    // The formula, term by term, on plaintexts.
    const [x0, x1] = setup.shareCiphertexts.map((ct) => network.open(ct)) as [bigint, bigint];
    const [mu0, mu1, muG] = record.randomizers;
    expect(xB).toBe((mu0 * x0 + mu1 * x1 + muG) % q);
    expect(network.open(deriveNetworkShareCiphertext(setup, [0n, 0n, 7n]))).toBe(7n);
  });

  test('MPC:T10 client and network derive the same mu, X and digest; every input of the randomizer hash matters', () => {
    const message = decodeDkgMessage(setup, encrypted.pending.message);
    const proof = encodeFischlin(discreteLog(curve), message.proof);
    expect(keyRandomizers(setup, message.sessionId, message.userPublicShare, proof)).toEqual(record.randomizers);
    const other = digestTagged('test', [encodeText('other')]);
    const [X0, X1] = setup.publicShares;
    const variants = [
      keyRandomizers(setup, other as never, message.userPublicShare, proof),
      keyRandomizers({ ...setup, commitment: other }, message.sessionId, message.userPublicShare, proof),
      keyRandomizers({ ...setup, publicShares: [X1, X1] }, message.sessionId, message.userPublicShare, proof),
      keyRandomizers({ ...setup, publicShares: [X0, X0] }, message.sessionId, message.userPublicShare, proof),
      keyRandomizers({ ...setup, curve: { ...curve, id: 1 } }, message.sessionId, message.userPublicShare, proof),
      keyRandomizers(setup, message.sessionId, curve.G, proof),
      keyRandomizers(setup, message.sessionId, message.userPublicShare, proof.slice(1)),
      record.randomizers,
    ];
    expect(new Set(variants.map((mu) => mu.join())).size).toBe(variants.length);
    expect(variants.every((mu) => new Set(mu).size === 3 && mu.every((value) => value >= 0n && value < q))).toBe(true);
  });

  test('known answers of MPC A.1: X_A, X_B and X from labelled scalars', () => {
    const lab = (label: string): bigint => bytesToInteger(sha512(encodeText(`2pcmpc-kat/${label}`))) % q;
    const times = (label: string) => curve.multiply(curve.G, lab(label));
    const parts = { curve, publicShares: [times('xB0'), times('xB1')] as const };
    const { networkPublicShare, publicKey } = derivePublicKey(parts, times('xA'), [lab('mu0'), lab('mu1'), lab('muG')]);
    expect(times('xA').toHex()).toBe('02650b7256c234fb38e409a2dc8cdb2f370b1ebb97c009b452ae2dda0040354415');
    expect(networkPublicShare.toHex()).toBe('035c22720b2baab79419990cac7a6b89fddd02c94fd05e0bb17fa4497357816d25');
    expect(publicKey.toHex()).toBe('03b6413ca57ff08c29ad73cfb551c1f2b836386985fb5e2cba070c0a3bd3a99d19');
  });

  test('shares are fresh per dWallet', () => {
    const shares = [encrypted, open, bare, foreign].map(({ pending }) => pending.userShare.expose());
    expect(new Set(shares).size).toBe(4);
  });
});

describe('MPC:K1 session', () => {
  test('not registered, used, of a system session, registered by someone else', () => {
    const { message } = bare.pending;
    const key = bare.sessionId.join();
    const entry = registry.sessions.get(key);
    if (entry === undefined) throw new Error('fixture');
    const withEntry = (value: typeof entry | undefined) => {
      const own = new Registry();
      if (value !== undefined) own.sessions.set(key, value);
      return () => own.verify(setup, message);
    };
    withEntry(entry)();
    expectCheck('MPC:K1', withEntry(undefined));
    expectCheck('MPC:K1', withEntry({ ...entry, used: true }));
    expectCheck('MPC:K1', withEntry({ ...entry, opening: { ...entry.opening, type: 'SYSTEM' } }));
    expectCheck('MPC:K1', withEntry({ ...entry, opening: { ...entry.opening, type: 'INTERNAL_PRESIGN' } }));
    expectCheck('MPC:K1', withEntry({ ...entry, opening: { ...entry.opening, sender: bob.account } }));
    expectCheck('MPC:K1', withEntry({ ...entry, opening: { ...entry.opening, fresh: new Uint8Array(32) } }));
  });

  test('a session id of the system, registered by the same sender', () => {
    const systemSession = registry.register('system', alice.account, 'SYSTEM');
    const message = createDWallet({ ...bare.args, sessionId: systemSession, random: randomFor('system') });
    expectCheck('MPC:K1', () => verify(message.message));
  });

  test('a session that another user registered', () => {
    // Alice makes an honest message for Bob's session, under her own account.
    const stolen = createDWallet({ ...bare.args, sessionId: foreign.sessionId, random: randomFor('stolen') });
    expectCheck('MPC:K1', () => verify(stolen.message));
    // Or claims to be Bob without his signature.
    expectCheck('MPC:K1', () => verify(forge(stolen.message, { account: bob.account })));
  });

  test('signature of the account over every byte', () => {
    const { message } = bare.pending;
    for (const offset of [3, offsets.X_A + 5, offsets.piDL + 40, message.length - 70, message.length - 1]) {
      const mutated = message.slice();
      mutated[offset] = (mutated[offset] as number) ^ 1;
      expect(['CheckError', 'DecodeError']).toContain(thrown(() => verify(mutated)).name);
    }
    const resigned = concat(message.slice(0, -64), signItems(bob.accountKey, 'dkg', [message.slice(0, -64)]));
    expectCheck('MPC:K1', () => verify(resigned));
    const otherPurpose = concat(
      message.slice(0, -64),
      signItems(alice.accountKey, 'accept-dwallet', [message.slice(0, -64)]),
    );
    expectCheck('MPC:K1', () => verify(otherPurpose));
  });

  test('another curve, an account key of small order', () => {
    expectCheck('MPC:K1', () => verify(overwrite(bare.pending.message, 2, Uint8Array.of(1))));
    const at = bare.pending.message.length - 64 - 32;
    expectCheck('MPC:K1', () => verify(overwrite(bare.pending.message, at, ed25519.Point.ZERO.toBytes())));
  });
});

describe('MPC:K2 and MPC:K3: X_A and pi_DL', () => {
  test('MPC:K2 X_A = O, off the curve, not canonical', () => {
    const at = (bytes: Uint8Array) => () => verify(overwrite(bare.pending.message, offsets.X_A, bytes));
    expectCheck('MPC:K2', at(new Uint8Array(33)));
    const offCurve = curve.encodePoint(curve.G);
    for (let i = 0; ; i++) {
      offCurve[32] = i;
      try {
        curve.decodePoint(offCurve, 'probe');
      } catch {
        break;
      }
    }
    expectCheck('MPC:K2', at(offCurve));
    expectCheck('MPC:K2', at(Uint8Array.of(2, ...new Uint8Array(32).fill(0xff))));
    expectCheck('MPC:K2', at(Uint8Array.of(4, ...curve.encodePoint(curve.G).slice(1))));
  });

  test("MPC:K3 -X_A, another X_A, another user's X_A with its proof", () => {
    const own = decodeDkgMessage(setup, bare.pending.message);
    const theirs = decodeDkgMessage(setup, foreign.pending.message);
    expectCheck('MPC:K3', () => verify(forge(bare.pending.message, { userPublicShare: own.userPublicShare.negate() })));
    expectCheck('MPC:K3', () => verify(forge(bare.pending.message, { userPublicShare: curve.H })));
    expectCheck('MPC:K3', () =>
      verify(forge(bare.pending.message, { userPublicShare: theirs.userPublicShare, proof: theirs.proof })),
    );
  });

  test('MPC:K3 proof of another session, another setup, another protocol, another curve, or in Fiat-Shamir form', () => {
    const x = bare.pending.userShare.expose();
    const { userPublicShare } = decodeDkgMessage(setup, bare.pending.message);
    const language = discreteLog(curve);
    const proveUnder = (context: Uint8Array, statement = language) =>
      forge(bare.pending.message, {
        proof: proveFischlin(statement, context, [userPublicShare], [x], randomFor('K3')),
      });
    verify(proveUnder(dlogProofContext(setup.commitment, bare.sessionId)));
    expectCheck('MPC:K3', () => verify(proveUnder(dlogProofContext(setup.commitment, open.sessionId))));
    expectCheck('MPC:K3', () => verify(proveUnder(dlogProofContext(record.digest, bare.sessionId))));
    expectCheck('MPC:K3', () => verify(proveUnder(new Uint8Array(0))));
    const otherCurve = discreteLog({ ...curve, parameters: [Uint8Array.of(1), ...curve.parameters.slice(1)] });
    expectCheck('MPC:K3', () => verify(proveUnder(dlogProofContext(setup.commitment, bare.sessionId), otherCurve)));
    // One Fiat-Shamir proof, sixteen times, in Fischlin framing: no hash condition holds.
    const context = dlogProofContext(setup.commitment, bare.sessionId);
    const fs = prove(language, context, [[userPublicShare]], [[x]], randomFor('fs'));
    const framed = Array.from({ length: 16 }, () => ({ mask: fs.mask, challenge: 7, responses: fs.responses }));
    expectCheck('MPC:K3', () => verify(forge(bare.pending.message, { proof: framed })));
    // The proof alone, in its own size: not a DkgMsg.
    const short = concat(bare.pending.message.slice(0, offsets.piDL), encodeProof(language, 1, fs));
    expectError('DecodeError', () => verify(short));
  });

  test('MPC:K3 one repetition broken, or two exchanged', () => {
    const { proof } = decodeDkgMessage(setup, bare.pending.message);
    const broken = proof.map((entry, i) => (i === 9 ? { ...entry, challenge: (entry.challenge + 1) >>> 0 } : entry));
    expectCheck('MPC:K3', () => verify(forge(bare.pending.message, { proof: broken })));
    const exchanged = proof.map((entry, i) => (i === 2 ? proof[3] : i === 3 ? proof[2] : entry)) as typeof proof;
    expectCheck('MPC:K3', () => verify(forge(bare.pending.message, { proof: exchanged })));
    expectCheck('MPC:K3', () =>
      verify(overwrite(bare.pending.message, offsets.piDL + 37, new Uint8Array(32).fill(0xff))),
    );
  });
});

describe('MPC:K5 encrypted share', () => {
  const message = decodeDkgMessage(setup, encrypted.pending.message);
  const share = message.share as Extract<DkgMessage['share'], { mode: 'encrypted' }>;
  const x = encrypted.pending.userShare.expose();
  const key = alice.userKey.key;
  const language = encryptionOfDiscreteLog(curve, parameters, key);
  const context = shareProofContext(setup, encrypted.sessionId, record.publicKey, key);
  const withShare = (changes: Partial<typeof share>) =>
    forge(encrypted.pending.message, { share: { ...share, ...changes } });
  const eta = 77777n;
  const proofFor = (statement: Statement, ctx = context, of = language): Proof =>
    prove(of, ctx, [statement], [[x, eta]], randomFor('K5'));

  test('MPC:K5 an honest replacement passes, so the refusals below are about what they change', () => {
    const shareCiphertext = encryptWith(parameters, key, x, eta);
    const proof = proofFor(encryptedDiscreteLog(shareCiphertext, message.userPublicShare));
    expect(verify(withShare({ shareCiphertext, proof })).share.mode).toBe('encrypted');
  });

  test("MPC:K5 encrypts x_A + 1, is random, has its components swapped, is under the network's key", () => {
    const attempt = (shareCiphertext: typeof share.shareCiphertext) => () =>
      verify(
        withShare({
          shareCiphertext,
          proof: proofFor(encryptedDiscreteLog(shareCiphertext, message.userPublicShare)),
        }),
      );
    expectCheck('MPC:K5', attempt(encryptWith(parameters, key, x + 1n, eta)));
    expectCheck('MPC:K5', attempt(encrypt(parameters, key, 5n, randomFor('random ct')).ciphertext));
    const { c1, c2 } = encryptWith(parameters, key, x, eta);
    expectCheck('MPC:K5', attempt({ c1: c2, c2: c1 }));
    expectCheck('MPC:K5', attempt(encryptWith(parameters, setup.encryptionKey, x, eta)));
    // With a proof that is valid for the network's key, but claimed for upk.
    const underNetworkKey = encryptWith(parameters, setup.encryptionKey, x, eta);
    const proof = proofFor(
      encryptedDiscreteLog(underNetworkKey, message.userPublicShare),
      context,
      encryptionOfDiscreteLog(curve, parameters, setup.encryptionKey),
    );
    expectCheck('MPC:K5', () => verify(withShare({ shareCiphertext: underNetworkKey, proof })));
  });

  test('MPC:K5 an order-2 twist with a re-ground proof: the equations accept, the parser does not, and the owner could decode anyway', () => {
    const honest = encryptWith(parameters, key, x, eta);
    const twisted = { c1: honest.c1, c2: group.compose(honest.c2, orderTwo(parameters)) };
    const statement = encryptedDiscreteLog(twisted, message.userPublicShare);
    for (let attempt = 0; ; attempt++) {
      const proof = prove(language, context, [statement], [[x, eta]], randomFor(`K5 twist/${attempt}`));
      const [e] = mpcChallenges(
        {
          context,
          parameters: languageTranscript(language),
          statements: encodeStatement(language, statement),
          mask: encodeStatement(language, proof.mask),
        },
        1,
      );
      if ((e as bigint) % 2n === 1n) continue;
      expect(verifyExact({ language, context, statements: [statement], proof })).toBe(true);
      const error = thrown(() => verify(withShare({ shareCiphertext: twisted, proof })));
      expect(error.check).toBe('MPC:K5');
      expect(error.message).toContain('CG:P7');
      break;
    }
    // decryptSquared of A2 clears the twist even if such a ciphertext had been certified.
    const certified = { ...record, share: { ...record.share, shareCiphertext: twisted } } as typeof record;
    expect(recoverUserShare(setup, certified, alice.userSecretKey).expose()).toBe(x);
  });

  test('MPC:K5 each part of the context of pi_U: session, X, G_com, upk', () => {
    const statement = encryptedDiscreteLog(encryptWith(parameters, key, x, eta), message.userPublicShare);
    const attempt = (ctx: Uint8Array) => () =>
      verify(withShare({ shareCiphertext: encryptWith(parameters, key, x, eta), proof: proofFor(statement, ctx) }));
    attempt(context)();
    expectCheck('MPC:K5', attempt(shareProofContext(setup, bare.sessionId, record.publicKey, key)));
    expectCheck('MPC:K5', attempt(shareProofContext(setup, encrypted.sessionId, curve.G, key)));
    expectCheck('MPC:K5', attempt(shareProofContext(setup, encrypted.sessionId, record.publicKey, bob.userKey.key)));
    const otherSetup = { ...setup, commitment: record.digest };
    expectCheck('MPC:K5', attempt(shareProofContext(otherSetup, encrypted.sessionId, record.publicKey, key)));
  });

  test("MPC:K5 upk: not registered, another user's, registered for another curve", () => {
    expectCheck('MPC:K5', () => verify(withShare({ userKeyId: record.digest })));
    expectCheck('MPC:K5', () => verify(withShare({ userKeyId: bob.userKey.id })));
    // The store answers with a key under an id that is not the key's own: pi_U verifies, the id does not.
    const mislabelled = new Registry();
    for (const [id, entry] of registry.sessions) mislabelled.sessions.set(id, entry);
    mislabelled.userKeys.set(record.digest.join(), alice.userKey);
    expectCheck('MPC:K5', () => mislabelled.verify(setup, withShare({ userKeyId: record.digest })));
    // The store answers with a key whose own digest is another one.
    const lying = new Registry();
    for (const [id, entry] of registry.sessions) lying.sessions.set(id, entry);
    lying.userKeys.set(alice.userKey.id.join(), { ...bob.userKey, id: alice.userKey.id });
    expectCheck('MPC:K5', () => lying.verify(setup, encrypted.pending.message));
    expect(userKeyId({ ...curve, id: 1 }, parameters, key, alice.account)).not.toEqual(alice.userKey.id);
  });

  test('MPC:K5 pi_U: responses out of range are refused by the parser', () => {
    const bytes = encrypted.pending.message;
    // z_eta is the last field of pi_U, before digest (32), account (32) and signature (64).
    const width = Math.ceil((parameters.randomnessBits + 96 + 128 + 1) / 8);
    const at = bytes.length - 128 - width;
    const over = new Uint8Array(width).fill(0xff);
    expectCheck('MPC:K5', () => verify(overwrite(bytes, at, over)));
    // z_x = q
    expectCheck('MPC:K5', () => verify(overwrite(bytes, at - 32, new Uint8Array(32).fill(0xff))));
  });
});

describe('MPC:K6 to MPC:K8', () => {
  test('MPC:K6 public share: x_A + 1, x_A + q, 0', () => {
    const x = open.pending.userShare.expose();
    expectCheck('MPC:K6', () => verify(forge(open.pending.message, { share: { mode: 'public', userShare: x + 1n } })));
    expectCheck('MPC:K6', () => verify(forge(open.pending.message, { share: { mode: 'public', userShare: 0n } })));
    const at = offsets.mode + 1;
    expectCheck('MPC:K6', () => verify(overwrite(open.pending.message, at, new Uint8Array(32).fill(0xff))));
    // x + q fits 32 bytes for a small x only: it must be refused as an encoding, before any comparison.
    const small = createDWallet({
      ...open.args,
      random: (() => {
        const random = randomFor('small x');
        let first = true;
        return (length: number) => {
          if (!first) return random(length);
          first = false;
          return new Uint8Array(length).fill(0, 0, length - 1).fill(4, length - 1);
        };
      })(),
    });
    expect(small.userShare.expose()).toBe(5n);
    verify(small.message);
    const encodedSum = new Uint8Array(32);
    let sum = 5n + q;
    for (let i = 31; i >= 0; i--, sum >>= 8n) encodedSum[i] = Number(sum & 0xffn);
    expectCheck('MPC:K6', () => verify(overwrite(small.message, at, encodedSum)));
  });

  test('MPC:K7 another claimed digest', () => {
    expectCheck('MPC:K7', () => verify(forge(bare.pending.message, { outputDigest: record.digest })));
  });

  test('MPC:K7 the digest covers mode, share and owner', () => {
    const base = verify(bare.pending.message);
    const message = decodeDkgMessage(setup, bare.pending.message);
    const x = bare.pending.userShare.expose();
    const digests = [
      base,
      deriveRecord(setup, { ...message, share: { mode: 'public', userShare: x } }),
      deriveRecord(setup, { ...message, account: bob.account }),
      record,
    ].map((entry) => entry?.digest.join());
    expect(new Set(digests).size).toBe(4);
  });

  test('MPC:K8 another setup', () => {
    expectCheck('MPC:K8', () => verify(overwrite(bare.pending.message, offsets.setup, record.digest)));
    const other = { ...setup, commitment: record.digest };
    expectCheck('MPC:K8', () => registry.verify(other, bare.pending.message));
    expectCheck('MPC:K8', () => encodeDWalletRecord(other, record));
    expectCheck('MPC:K8', () => decodeDWalletRecord(other, encodeDWalletRecord(setup, record)));
  });
});

describe('acceptance by the client', () => {
  const output = encodeDWalletRecord(setup, record);
  const certificate = encodeCertificate(network.certify(dwalletFact(record)));
  const accept = (changes: Partial<Parameters<typeof acceptDWallet>[0]> = {}) =>
    acceptDWallet({
      setup,
      pending: encrypted.pending,
      output,
      certificate,
      committee,
      userSecretKey: alice.userSecretKey,
      accountKey: alice.accountKey,
      ...changes,
    });

  test('an honest output is accepted; MPC:A3 the network verifies the signature', () => {
    const accepted = accept();
    expect(accepted.record.digest).toEqual(record.digest);
    verifyAcceptance(record, accepted.acceptance);
    const other = verify(bare.pending.message);
    expectCheck('MPC:A3', () => verifyAcceptance(other, accepted.acceptance));
    const mutated = accepted.acceptance.slice();
    mutated[40] = (mutated[40] as number) ^ 1;
    expectCheck('MPC:A3', () => verifyAcceptance(record, mutated));
    expectCheck('MPC:A3', () => verifyAcceptance({ ...record, owner: bob.account }, accepted.acceptance));
    expectError('DecodeError', () => verifyAcceptance(record, accepted.acceptance.slice(1)));
  });

  test('MPC:A1 every byte of the output is compared', () => {
    for (let i = 0; i < output.length; i += 7) {
      const mutated = output.slice();
      mutated[i] = (mutated[i] as number) ^ 1;
      expectCheck('MPC:A1', () => accept({ output: mutated }));
    }
    expectCheck('MPC:A1', () => accept({ output: output.slice(0, -1) }));
    expectCheck('MPC:A1', () => accept({ output: encodeDWalletRecord(setup, verify(bare.pending.message)) }));
  });

  test('MPC:A1 an output without a quorum behind it', () => {
    const otherFact = dwalletFact({ sessionId: record.sessionId, digest: verify(bare.pending.message).digest });
    expectCheck('MPC:A1', () => accept({ certificate: encodeCertificate(network.certify(otherFact)) }));
    const weak = network.certify(dwalletFact(record));
    expectCheck('MPC:A1', () => accept({ certificate: encodeCertificate({ ...weak, votes: weak.votes.slice(0, 2) }) }));
    expectCheck('MPC:A1', () => accept({ setup: { ...setup, commitment: record.digest } }));
  });

  test("MPC:A1 a share that is not the message's, an account that is not its owner", () => {
    expectCheck('MPC:A1', () => accept({ pending: { ...encrypted.pending, userShare: new Secret(3n) } }));
    expectCheck('MPC:A1', () => accept({ accountKey: bob.accountKey }));
  });

  test('MPC:A2 the ciphertext must decrypt to x_A under the own key', () => {
    expectCheck('MPC:A2', () => accept({ userSecretKey: bob.userSecretKey }));
    expectCheck('MPC:A2', () =>
      acceptDWallet({
        setup,
        pending: encrypted.pending,
        output,
        certificate,
        committee,
        accountKey: alice.accountKey,
      }),
    );
  });

  test('MPC:A2 recovery from the seed alone', () => {
    const { secretKey } = deriveUserKey(curve, parameters, alice.seed);
    const certified = decodeDWalletRecord(setup, output);
    expect(recoverUserShare(setup, certified, secretKey).expose()).toBe(encrypted.pending.userShare.expose());
    const wrong = {
      ...certified,
      share: { ...certified.share, shareCiphertext: setup.shareCiphertexts[0] },
    } as typeof record;
    expectCheck('MPC:A2', () => recoverUserShare(setup, wrong, secretKey));
    // Decrypts well, to another share.
    const shareCiphertext = encryptWith(parameters, alice.userKey.key, encrypted.pending.userShare.expose() + 1n, 5n);
    const other = { ...certified, share: { ...certified.share, shareCiphertext } } as typeof record;
    expectCheck('MPC:A2', () => recoverUserShare(setup, other, secretKey));
    expectCheck('MPC:A2', () => recoverUserShare(setup, verify(bare.pending.message), secretKey));
  });

  test('MPC:A4 nothing before acceptance carries a public key or an address', () => {
    expect(Object.keys(encrypted.pending).sort()).toEqual(['message', 'userShare']);
    expect(accept().record.publicKey.equals(record.publicKey)).toBe(true);
  });

  test('secrets do not print', () => {
    const printed = `${JSON.stringify(encrypted.pending)} ${String(encrypted.pending.userShare)}`;
    expect(printed).not.toContain(encrypted.pending.userShare.expose().toString());
    expect(printed).toContain('[secret]');
  });
});

describe('records at rest', () => {
  test('MPC:K6 a public share that is not the logarithm of X_A is refused though the digest covers it', () => {
    const message = decodeDkgMessage(setup, open.pending.message);
    const wrong = deriveRecord(setup, { ...message, share: { mode: 'public', userShare: 5n } });
    if (wrong === undefined) throw new Error('fixture');
    expectCheck('MPC:K6', () => decodeDWalletRecord(setup, encodeDWalletRecord(setup, wrong)));
  });

  test('fields that do not belong together are refused', () => {
    const bytes = encodeDWalletRecord(setup, record);
    const X_A = 3 + 32 + 32;
    for (const offset of [X_A, X_A + 33, X_A + 66]) {
      const mutated = bytes.slice();
      mutated.set(curve.encodePoint(curve.G), offset);
      expectError('DecodeError', () => decodeDWalletRecord(setup, mutated));
    }
    const mu = bytes.slice();
    mu[X_A + 99 + 31] = (mu[X_A + 99 + 31] as number) ^ 1;
    expectError('DecodeError', () => decodeDWalletRecord(setup, mu));
    const digest = bytes.slice();
    digest[bytes.length - 1] = (digest[bytes.length - 1] as number) ^ 1;
    expectError('DecodeError', () => decodeDWalletRecord(setup, digest));
  });
});

describe('user encryption keys', () => {
  const verifyRegistration = (bytes: Uint8Array) => verifyUserKeyRegistration(curve, parameters, bytes);

  test('the derivation separates curve, profile and seed', () => {
    const derive = (c = curve, p = parameters, seed = alice.seed) => deriveUserKey(c, p, seed).secretKey.expose();
    const other = { ...parameters, digest: record.digest };
    const keys = [derive(), derive({ ...curve, id: 1 }), derive(curve, other), derive(curve, parameters, bob.seed)];
    expect(new Set(keys).size).toBe(4);
    expect(derive()).toBe(alice.userSecretKey.expose());
    expect(keys.every((key) => key >= 0n && key < 1n << BigInt(parameters.randomnessBits))).toBe(true);
    // Not only the low bits are used.
    expect(keys.some((key) => key >> BigInt(parameters.randomnessBits - 8) !== 0n)).toBe(true);
    expectError('InvalidArgumentsError', () => deriveUserKey(curve, parameters, new Secret(new Uint8Array(31))));
  });

  test('MPC:K5 registration: identity, non-square, other class group, other curve, unsigned', () => {
    const { message } = { message: alice.registration };
    expect(verifyRegistration(message)).toEqual(alice.userKey);
    const identity = registerUserKey(curve, parameters, { element: group.identity }, alice.accountKey);
    expectCheck('MPC:K5', () => verifyRegistration(identity));
    const twisted = { element: group.compose(alice.userKey.key.element, orderTwo(parameters)) };
    const error = thrown(() => verifyRegistration(registerUserKey(curve, parameters, twisted, alice.accountKey)));
    expect(error.check).toBe('MPC:K5');
    expect(error.message).toContain('CG:P7');
    const foreignParameters = deriveTestParameters(testKernel, parameters.profile.fundamentalBits + 1);
    const foreignKey = generateKey(foreignParameters, randomFor('foreign')).encryptionKey;
    expectCheck('MPC:K5', () =>
      verifyRegistration(registerUserKey(curve, foreignParameters, foreignKey, alice.accountKey)),
    );
    const otherCurve = registerUserKey({ ...curve, id: 1 }, parameters, alice.userKey.key, alice.accountKey);
    expectCheck('MPC:K5', () => verifyRegistration(otherCurve));
    const flipped = message.slice();
    flipped[message.length - 1] = (flipped[message.length - 1] as number) ^ 1;
    expectCheck('MPC:K5', () => verifyRegistration(flipped));
    // Bob cannot register Alice's key as his own with her signature.
    const stolen = message.slice();
    stolen.set(bob.account, 3 + group.elementBytes);
    expectCheck('MPC:K5', () => verifyRegistration(stolen));
    const swapped: UserEncryptionKey = { ...alice.userKey, account: bob.account };
    expect(userKeyId(curve, parameters, swapped.key, swapped.account)).not.toEqual(alice.userKey.id);
  });

  test('MPC:K5 the client itself refuses a key that is not of this curve', () => {
    const args = {
      ...encrypted.args,
      share: { mode: 'encrypted', userKey: { ...alice.userKey, account: bob.account } },
    } as const;
    expectCheck('MPC:K5', () => createDWallet(args));
    expect(signingPublicKey(secretKeyFor('account/alice'))).toEqual(alice.account);
  });
});
