/**
 * Signatures: the client's message, its verification, partial decryption by the expected set, combination; and the proved variant that a
 * validator computes after somebody's bad share.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import {
  type DecryptionSetup,
  type PreparedKeyShare,
  createDecryptionSetup,
  encodeProvedShares,
  encodeShares,
  expectedValidators,
  prepareKeyShare,
  receiveProvedShares,
  receiveShares,
  shareProofInstance,
} from '@dwallet/class-groups';
import { type ValidatorId, encodeText, verifyExact } from '@dwallet/sigma';
import {
  type ApprovedRequest,
  type EcdsaSignature,
  MemorySignMessageStore,
  MemorySingleUseStore,
  type Presign,
  type SharePermit,
  type SigningDecryption,
  abortRequest,
  combineSignature,
  createSigningDecryption,
  decodeCertificate,
  decodePresign,
  decryptOptimistic,
  decryptWithProof,
  encodeCompactSignature,
  encodePresign,
  permitShares,
  signOnce,
  presignRequestDigest,
  rawMessageRequest,
  rawOrder,
  signOrderDigest,
  verifySignMessage,
} from '@dwallet/two-pc-mpc';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { type BenchContext, curve, defined, networkName, random, requireWitness } from './context.ts';
import type { NetworkKey } from './network-dkg.ts';
import type { Setups } from './network-setup.ts';
import type { PresignPool } from './presign.ts';
import type { User } from './user-dkg.ts';

/** The decryption side of the quorum, as its validators hold it. */
interface Quorum {
  readonly decryption: DecryptionSetup;
  readonly keyShares: ReadonlyMap<ValidatorId, readonly PreparedKeyShare[]>;
}

function prepareQuorum(context: BenchContext, { sharing, shares }: NetworkKey): Quorum {
  const { parameters, recorder, progress, quorum } = context;
  const decryption = createDecryptionSetup(parameters, sharing);
  const keyShares = new Map(
    quorum.map((validator) => {
      progress.step(`table of the verification key, validator ${validator} of ${quorum.length}`);
      const own = defined(shares.get(validator), 'key shares');
      return [validator, recorder.time('table-share', () => own.map((share) => prepareKeyShare(decryption, share)))];
    }),
  );
  return { decryption, keyShares };
}

/** @noble/curves and nothing of ours: low-s ECDSA over SHA-256 under the dWallet's key. */
export function verifiesUnderNoble(publicKey: Uint8Array, message: Uint8Array, signature: EcdsaSignature): boolean {
  const digest = createHash('sha256').update(message).digest();
  const options = { prehash: false, lowS: true, format: 'compact' } as const;
  return secp256k1.verify(encodeCompactSignature(signature), digest, publicKey, options);
}

/** Signs `count` messages, each with its own presign. @returns how many signatures verified. */
export async function runSignatures(
  context: BenchContext,
  parts: {
    readonly key: NetworkKey;
    readonly setups: Setups;
    readonly pool: PresignPool;
    readonly user: User;
    readonly count: number;
  },
): Promise<number> {
  const { progress } = context;
  const { pool, user, count } = parts;
  const quorum = prepareQuorum(context, parts.key);
  requireWitness(pool.presigns.length >= count, `${count} presigns`);
  const publicKey = curve.encodePoint(user.record.publicKey);
  let valid = 0;
  for (const [index, presign] of pool.presigns.slice(0, count).entries()) {
    const message = encodeText(`bench message ${index}`);
    const part = (detail: string): void => progress.step(`signature ${index + 1} of ${count}: ${detail}`);
    const signature = await signOne(context, { ...parts, quorum, presign, message, proved: index === 0, part });
    requireWitness(verifiesUnderNoble(publicKey, message, signature), 'a signature that verifies under @noble/curves');
    requireWitness(!verifiesUnderNoble(publicKey, encodeText('another message'), signature), 'a verifier that refuses');
    valid++;
    context.samplePower();
  }
  return valid;
}

async function signOne(
  context: BenchContext,
  job: {
    readonly setups: Setups;
    readonly pool: PresignPool;
    readonly user: User;
    readonly quorum: Quorum;
    readonly presign: Presign;
    readonly message: Uint8Array;
    /** Whether to measure a proved share too. */
    readonly proved: boolean;
    readonly part: (detail: string) => void;
  },
): Promise<EcdsaSignature> {
  const { access, committee, recorder, quorum: expected } = context;
  const { setups, pool, user, quorum, presign, message, part } = job;
  const { record, userShare } = user;
  const hashScheme = 'sha256' as const;
  const order = signOrderDigest(rawOrder(hashScheme, message));

  part('client message');
  const presignBytes = encodePresign(setups.plain, presign);
  const signMessage = await recorder.timeAsync('sign.client', () =>
    signOnce({
      store: new MemorySignMessageStore(),
      setup: setups.client,
      record,
      presign: decodePresign(setups.client, presignBytes),
      certificate: {
        ids: pool.presigns.map(({ presignId }) => presignId),
        certificate: decodeCertificate(pool.certificate),
      },
      committee,
      userShare,
      hashScheme,
      message,
      order,
      random,
    }),
  );
  recorder.size('sign.client', signMessage.length);

  part('verification by a validator');
  const request = presignRequestDigest(record.sessionId, rawMessageRequest(hashScheme, message, random(32)));
  const approved: ApprovedRequest = { request, order, hashScheme, message };
  const verified = recorder.time('sign.verify', () =>
    verifySignMessage({
      setup: setups.plain,
      record,
      presign,
      state: { kind: 'assigned', assignment: { publicKey: record.publicKey, request } },
      approved,
      bytes: signMessage,
      random,
    }),
  );

  const open = (): SigningDecryption =>
    createSigningDecryption(verified, {
      decryption: quorum.decryption,
      network: networkName,
      epoch: 0n,
      committee: committee.digest,
      expectedSet: expectedValidators(access, expected),
    });
  const permitOf = (): Promise<SharePermit> => permitShares(new MemorySingleUseStore(), verified);
  const messages: { from: ValidatorId; bytes: Uint8Array }[] = [];
  for (const validator of expected) {
    part(`partial decryption, validator ${validator} of ${expected.length}`);
    const permit = await permitOf();
    const keyShares = defined(quorum.keyShares.get(validator), 'key shares');
    const bytes = recorder.time('sign.decrypt', () => {
      // Everybody opens the request for itself: nothing that another validator computed is reused.
      const decryption = open();
      return encodeShares(decryption.request, decryptOptimistic(permit, decryption, keyShares, random));
    });
    recorder.size('sign.decrypt', bytes.length);
    messages.push({ from: validator, bytes });
  }

  part('combination');
  const leader = open();
  const answers = recorder.time('sign.parse', () =>
    messages.map(({ from, bytes }) => {
      const received = receiveShares(leader.request, from, bytes);
      requireWitness(received.status === 'accepted', 'well-formed decryption shares');
      return received.message;
    }),
  );
  requireWitness(answers.length === access.threshold, `${access.threshold} decryption shares`);
  const signature = recorder.time('sign.combine', () => combineSignature(leader, answers));

  if (job.proved) {
    part('proved partial decryption');
    const permit = await permitOf();
    const keyShares = defined(quorum.keyShares.get(context.first), 'key shares');
    const bytes = recorder.time('sign.prove', () => {
      const decryption = open();
      const shares = decryptWithProof(permit, decryption, keyShares, random);
      return encodeProvedShares(abortRequest(decryption), shares);
    });
    recorder.size('sign.prove', bytes.length);
    const everybody = abortRequest(leader);
    const proven = recorder.time('sign.verify-proof', () => {
      const received = receiveProvedShares(everybody, context.first, bytes);
      return (
        received.status === 'accepted' &&
        access
          .virtualIdsOf(context.first)
          .every((share) => verifyExact(shareProofInstance(everybody, received.message, share)))
      );
    });
    requireWitness(proven, 'a decryption share whose proof verifies');
  }
  return defined(signature, 'a signature');
}
