/**
 * What the network alone and the user alone can do, tried for real with everything that each of them holds.
 *
 * The network's attempt pools the key shares of all validators and ignores every rule. It never decrypts a key share of the network: the
 * best forgery that their half allows is a signature under X_B, which is made here on one presign that is spent for it.
 *
 * @module
 */
import {
  type DecryptionShares,
  combineOptimistic,
  createDecryptionRequest,
  createDecryptionSetup,
  declareDecryptable,
  linearCombinationVartime,
  partialDecrypt,
} from '@dwallet/class-groups';
import {
  type Point,
  type Secret,
  bytesToInteger,
  digestTagged,
  mod,
  secp256k1Curve,
  sessionId,
  virtualId,
} from '@dwallet/sigma';
import {
  type DWalletRecord,
  type EcdsaSignature,
  type NetworkSetup,
  type Presign,
  completeSignature,
  hashMessage,
  targetPresign,
} from '@dwallet/two-pc-mpc/network';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { NetworkKeyRecord } from '@dwallet/validator';
import { networkName, systemRandom } from './system.ts';

/** Everything that all validators together have. */
export interface ColludingNetwork {
  readonly setup: NetworkSetup;
  readonly key: NetworkKeyRecord;
  readonly record: DWalletRecord;
  /** Spent by the attempt. */
  readonly presign: Presign;
  /** d_j of every validator. */
  readonly shares: ReadonlyMap<number, Secret<bigint>>;
}

/**
 * The network signs without the user: k_A = 1, x_A = 0, so ct_A = m ct_gamma + r ct_gamma x and ct_alphabeta = ct_gamma k.
 * @returns a signature that verifies under X_B; the caller shows that it is worth nothing under X.
 */
export function networkAlone(network: ColludingNetwork, message: Uint8Array): EcdsaSignature | undefined {
  const { setup, key, record, shares } = network;
  const { parameters } = setup;
  const curve = secp256k1Curve;
  const presign = targetPresign(setup, network.presign, record);
  const messageDigest = hashMessage('keccak256', message);
  const m = bytesToInteger(messageDigest);
  const publicNonce: Point = presign.publicNonces[0];
  const r = mod(bytesToInteger(curve.encodePoint(publicNonce).subarray(1)), curve.q);
  const numerator = linearCombinationVartime(parameters, [
    { ciphertext: presign.mask, coefficient: mod(m, curve.q) },
    { ciphertext: presign.maskedShare, coefficient: r },
  ]);
  const decryption = createDecryptionSetup(parameters, key.sharing);
  const { access } = key.sharing;
  const request = createDecryptionRequest(decryption, {
    session: {
      network: networkName,
      protocol: 'attack',
      protocolVersion: 1,
      profile: parameters.profile.id,
      epoch: 0n,
      session: sessionId(digestTagged('attack', [record.digest])),
      committee: digestTagged('attack-committee', []),
      totalWeight: access.totalWeight,
      threshold: access.threshold,
    },
    ciphertexts: [numerator, presign.maskedNonces[0]].map((ct) =>
      declareDecryptable(parameters, ct, 'public-combination'),
    ),
  });
  const answers: DecryptionShares[] = access.validators.map((validator) =>
    partialDecrypt(
      request,
      access.virtualIdsOf(validator).map((j) => ({ virtualId: virtualId(j), share: shares.get(j) as Secret<bigint> })),
      systemRandom,
    ),
  );
  const combination = combineOptimistic(request, answers);
  if (!combination.ok) return undefined;
  const [top, bottom] = combination.plaintexts as readonly [bigint, bigint];
  // Under X_B the equation holds; under X, which is what a chain checks, it does not.
  return completeSignature({ curve, publicKey: record.networkPublicShare, messageDigest, publicNonce }, top, bottom);
}

/** The user signs without the network: an ordinary ECDSA signature with x_A, which is a key of its own and not the wallet's. */
export function userAlone(userShare: Secret<bigint>, message: Uint8Array): EcdsaSignature {
  const digest = hashMessage('keccak256', message);
  const key = Uint8Array.from(Buffer.from(userShare.expose().toString(16).padStart(64, '0'), 'hex'));
  const bytes = secp256k1.sign(digest, key, { prehash: false, lowS: true, format: 'recovered' });
  key.fill(0);
  return {
    recoveryId: bytes[0] as number,
    r: bytesToInteger(bytes.subarray(1, 33)),
    s: bytesToInteger(bytes.subarray(33)),
  };
}
