/** Setup, dWallet DKG and presign once at each full size, from wire bytes to plaintexts. */
import { clg112, clg128, createPublicParameters } from '@dwallet/class-groups';
import { testKernel } from '../../kernel/test/test-kernel.ts';
import { mod } from '@dwallet/sigma';
import { expect, test } from 'vitest';
import { encodeCertificate } from '../src/certificates.ts';
import { acceptDWallet, recoverUserShare, verifyAcceptance } from '../src/dwallet-dkg/client-accept.ts';
import { dwalletFact, encodeDWalletRecord } from '../src/dwallet-dkg/record.ts';
import { finalizePresigns } from '../src/ecdsa/presign/finalize.ts';
import { encryptMask } from '../src/ecdsa/presign/round-1-encrypt-mask.ts';
import { agreeOnMasks } from '../src/ecdsa/presign/round-2-agree.ts';
import { encryptNonces } from '../src/ecdsa/presign/round-3-encrypt-nonces.ts';
import { targetPresign } from '../src/ecdsa/presign/target.ts';
import { Registry, create, createUser } from './helpers/dwallet-fixture.ts';
import { createNetworkFixture, curve, q, randomFor, sessionFor } from './helpers/network-fixture.ts';

test.each([clg112, clg128])(
  'MPC:T1 MPC:T2 at $id: setup, encrypted dWallet, a presign and its targeting',
  (profile) => {
    const parameters = createPublicParameters(testKernel, profile);
    const network = createNetworkFixture({ parameters, weights: [1, 1] });
    const { setup, access } = network;
    const registry = new Registry();
    const user = createUser(setup, 'full size');
    const made = create(setup, registry, user, 'encrypted', 'full size');
    const record = registry.verify(setup, made.pending.message);
    const { acceptance } = acceptDWallet({
      setup,
      pending: made.pending,
      output: encodeDWalletRecord(setup, record),
      certificate: encodeCertificate(network.certify(dwalletFact(record))),
      committee: network.committee,
      userSecretKey: user.userSecretKey,
      accountKey: user.accountKey,
    });
    verifyAcceptance(record, acceptance);
    const xA = recoverUserShare(setup, record, user.userSecretKey).expose();
    const xB = network.open(record.networkShareCiphertext);
    expect(curve.multiply(curve.G, xA + xB).equals(record.publicKey)).toBe(true);

    const session = { setup, sessionId: sessionFor('full size presign').sessionId, batch: 1 };
    const round1 = new Map(
      access.validators.map((validator) => [
        validator,
        encryptMask({ ...session, validator, random: randomFor(`f1/${validator}`) }),
      ]),
    );
    const {
      aggregate,
      digest: agreed,
      blamed,
    } = agreeOnMasks({ ...session, access, inbox: round1, random: randomFor('f2') });
    const round3 = new Map(
      access.validators.map((validator) => [
        validator,
        encryptNonces({ ...session, validator, aggregate, agreed, random: randomFor(`f3/${validator}`) }),
      ]),
    );
    const finalized = finalizePresigns({
      ...session,
      access,
      aggregate,
      agreed,
      inbox: round3,
      random: randomFor('f4'),
    });
    expect([blamed, finalized.blamed]).toEqual([[], []]);
    const [presign] = finalized.presigns;
    if (presign === undefined) throw new Error('no presign');
    const gamma = network.open(presign.mask);
    expect(network.open(targetPresign(setup, presign, record).maskedShare)).toBe(mod(gamma * xB, q));
    expect(made.pending.message.length).toBeLessThan(3200);
  },
);
