/**
 * Fixed seeds -> hash of every message and record of setup, dWallet DKG and presign on the toy profile. A change here is a protocol change: bump
 * the wire version, and say so in the change log. `vectors/make-vectors.ts` writes the file.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { encodeCertificate } from '../../src/certificates.ts';
import { acceptDWallet } from '../../src/dwallet-dkg/client-accept.ts';
import { dwalletFact, encodeDWalletRecord } from '../../src/dwallet-dkg/record.ts';
import { finalizePresigns } from '../../src/ecdsa/presign/finalize.ts';
import { encodePresign, presignBatchFact } from '../../src/ecdsa/presign/presign-record.ts';
import { encryptMask } from '../../src/ecdsa/presign/round-1-encrypt-mask.ts';
import { agreeOnMasks } from '../../src/ecdsa/presign/round-2-agree.ts';
import { encryptNonces } from '../../src/ecdsa/presign/round-3-encrypt-nonces.ts';
import { targetPresign } from '../../src/ecdsa/presign/target.ts';
import { encodeSetupRecord, setupFact } from '../../src/network-setup/setup-record.ts';
import { Registry, create, createUser } from './dwallet-fixture.ts';
import { createNetworkFixture, randomFor, sessionFor, toyParameters } from './network-fixture.ts';

const hash = (bytes: Uint8Array): string => `${bytes.length} ${bytesToHex(sha256(bytes))}`;

export function computeVectors(): Record<string, string> {
  const out: Record<string, string> = {};
  out['parameters.digest'] = bytesToHex(toyParameters().digest);
  const network = createNetworkFixture({ seed: 'stability' });
  const { setup, access } = network;
  for (const [validator, bytes] of network.setupInbox) out[`setup.contribution.${validator}`] = hash(bytes);
  out['setup.record'] = hash(encodeSetupRecord(setup));
  out['setup.G_com'] = bytesToHex(setup.commitment);
  out['setup.certificate'] = hash(encodeCertificate(network.certify(setupFact(setup))));

  const registry = new Registry();
  const user = createUser(setup, 'stability');
  out['user.registration'] = hash(user.registration);
  for (const mode of ['encrypted', 'public', 'none'] as const) {
    const made = create(setup, registry, user, mode, `stability/${mode}`);
    const record = registry.verify(setup, made.pending.message);
    const output = encodeDWalletRecord(setup, record);
    const certificate = encodeCertificate(network.certify(dwalletFact(record)));
    const accepted = acceptDWallet({
      setup,
      pending: made.pending,
      output,
      certificate,
      committee: network.committee,
      userSecretKey: user.userSecretKey,
      accountKey: user.accountKey,
    });
    out[`dkg.${mode}.session`] = bytesToHex(made.sessionId);
    out[`dkg.${mode}.message`] = hash(made.pending.message);
    out[`dkg.${mode}.record`] = hash(output);
    out[`dkg.${mode}.digest`] = bytesToHex(record.digest);
    out[`dkg.${mode}.publicKey`] = bytesToHex(setup.curve.encodePoint(record.publicKey));
    const { c1, c2 } = record.networkShareCiphertext;
    out[`dkg.${mode}.ct_key`] = hash(
      Uint8Array.of(...setup.parameters.group.encode(c1), ...setup.parameters.group.encode(c2)),
    );
    out[`dkg.${mode}.acceptance`] = hash(accepted.acceptance);
  }

  const session = { setup, sessionId: sessionFor('stability/presign').sessionId, batch: 2 };
  const random = (round: string, validator: number) => randomFor(`stability/${round}/${validator}`);
  const round1 = new Map(
    access.validators.map((validator) => [
      validator,
      encryptMask({ ...session, validator, random: random('1', validator) }),
    ]),
  );
  const agreement = agreeOnMasks({ ...session, access, inbox: round1, random: random('2', 0) });
  const { aggregate, digest: agreed } = agreement;
  const round3 = new Map(
    access.validators.map((validator) => [
      validator,
      encryptNonces({ ...session, validator, aggregate, agreed, random: random('3', validator) }),
    ]),
  );
  const { presigns } = finalizePresigns({
    ...session,
    access,
    aggregate,
    agreed,
    inbox: round3,
    random: random('4', 0),
  });
  for (const validator of access.validators) {
    out[`presign.round1.${validator}`] = hash(round1.get(validator) as Uint8Array);
    out[`presign.round3.${validator}`] = hash(round3.get(validator) as Uint8Array);
  }
  out['presign.vote'] = hash(agreement.vote);
  const dwallet = registry.verify(setup, create(setup, registry, user, 'none', 'stability/none').pending.message);
  for (const presign of presigns) {
    out[`presign.${presign.index}.record`] = hash(encodePresign(setup, presign));
    out[`presign.${presign.index}.id`] = bytesToHex(presign.presignId);
    out[`presign.${presign.index}.targeted`] = bytesToHex(targetPresign(setup, presign, dwallet).digest);
  }
  const ids = presigns.map(({ presignId }) => presignId);
  out['presign.certificate'] = hash(encodeCertificate(network.certify(presignBatchFact(session.sessionId, ids))));
  return out;
}
