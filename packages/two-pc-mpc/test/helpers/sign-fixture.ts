/**
 * Trusted dealer for tests of signing: every secret is known, so that tests can look at plaintexts and play any party. Toy profile by
 * default. Nothing here is reachable from production code.
 */
import {
  type AccessStructure,
  type Ciphertext,
  type DecryptionSetup,
  type PreparedKeyShare,
  type PublicParameters,
  createAccessStructure,
  createDecryptionSetup,
  decrypt,
  encrypt,
  linearCombinationVartime,
  addCiphertexts,
  prepareKeyShare,
  withTable,
} from '@dwallet/class-groups';
import { testParameters } from '../../../class-groups/test/helpers/test-profile.ts';
import {
  type Curve,
  type Digest,
  type Random,
  Secret,
  type ValidatorId,
  digestTagged,
  encodeText,
  hashTagged,
  mod,
  secp256k1Curve,
  seededRandom,
  sessionId,
  uniformBelow,
  uniformNonZero,
} from '@dwallet/sigma';
import { evaluatePolynomial, samplePolynomial } from '../../../class-groups/src/sharing/polynomial.ts';
import { deriveNetworkShareCiphertext, derivePublicKey, keyRandomizers } from '../../src/dwallet-dkg/randomizers.ts';
import { type Committee, createCommittee, signFact } from '../../src/certificates.ts';
import { type PresignCertificate, createPresign, presignBatchFact } from '../../src/ecdsa/presign/presign-record.ts';
import { signingPublicKey } from '../../src/signatures.ts';
import type { ApprovedRequest } from '../../src/ecdsa/sign/network-verify.ts';
import type { DecryptionPlace } from '../../src/ecdsa/sign/network-decrypt.ts';
import type { PresignState } from '../../src/ecdsa/single-use.ts';
import { createNetworkSetup } from '../../src/network-setup/setup-commitment.ts';
import type { DWalletRecord, HashScheme, NetworkSetup, Presign } from '../../src/types.ts';

export const curve: Curve = secp256k1Curve;
export const { q } = curve;

/** Deterministic randomness for a named purpose. */
export const randomFor = (label: string): Random => seededRandom(hashTagged('test-random', [encodeText(label)], 32));
export const digestOf = (label: string): Digest => digestTagged('test-digest', [encodeText(label)]);

let toy: PublicParameters | undefined;
/** Delta_q of about 1033 bits unless a full-size profile is asked for. Built once per test file. */
export const toyParameters = (): PublicParameters => (toy ??= testParameters());

export interface TestDWallet {
  readonly record: DWalletRecord;
  /** x_A. */
  readonly userShare: Secret<bigint>;
  /** x_B and x. */
  readonly networkShare: bigint;
  readonly secretKey: bigint;
}

export interface TestPresign {
  readonly presign: Presign;
  readonly gamma: bigint;
  readonly k: readonly [bigint, bigint];
}

export interface SignFixture {
  readonly parameters: PublicParameters;
  readonly setup: NetworkSetup;
  readonly access: AccessStructure;
  readonly decryption: DecryptionSetup;
  readonly place: DecryptionPlace;
  /** sk of the network: nobody has it outside of tests. */
  readonly networkKey: Secret<bigint>;
  readonly x: readonly [bigint, bigint];
  keySharesOf(validator: ValidatorId): readonly PreparedKeyShare[];
  dwallet(label: string): TestDWallet;
  presign(label: string): TestPresign;
  readonly committee: Committee;
  /** Certificate of a batch of one. */
  certify(presign: Presign): PresignCertificate;
  /** Plaintext under the network key. @throws if the ciphertext does not decrypt. */
  open(ciphertext: Ciphertext): bigint;
  approve(label: string, hashScheme?: HashScheme): ApprovedRequest;
}

/** The state of a presign that is assigned to this dWallet and request. */
export const assigned = (record: DWalletRecord, approved: ApprovedRequest): PresignState => ({
  kind: 'assigned',
  assignment: { publicKey: record.publicKey, request: approved.request },
});

export function createFixture(
  options: {
    readonly parameters?: PublicParameters;
    readonly weights?: readonly number[];
    readonly seed?: string;
  } = {},
): SignFixture {
  const parameters = options.parameters ?? toyParameters();
  const seed = options.seed ?? 'fixture';
  const random = randomFor(seed);
  const access = createAccessStructure(options.weights ?? [1, 1, 1, 1]);

  const polynomial = samplePolynomial(
    { totalWeight: access.totalWeight, threshold: access.threshold, secretBits: parameters.randomnessBits },
    random,
  );
  const networkKey = new Secret(polynomial.secret.expose());
  const encryptionKey = withTable(parameters, {
    element: parameters.powerOfH(networkKey.expose(), parameters.randomnessBits),
  });
  const rawShares = access.virtualIds.map((virtualId) => ({
    virtualId,
    share: new Secret(evaluatePolynomial(polynomial, virtualId)),
  }));
  const shareLength = (value: bigint): number => value.toString(2).length;
  const verificationKeys = new Map(
    rawShares.map(({ virtualId, share }) => [
      virtualId,
      parameters.group.power(parameters.h, share.expose(), shareLength(share.expose())),
    ]),
  );
  const decryption = createDecryptionSetup(parameters, { access, encryptionKey, verificationKeys });
  const prepared = rawShares.map((share) => prepareKeyShare(decryption, share));

  const identityKeys = access.validators.map((v) => new Secret<Uint8Array>(digestOf(`${seed}/identity/${v}`)));
  const committee = createCommittee(identityKeys.map(signingPublicKey), access);
  const certify = (presign: Presign): PresignCertificate => {
    const ids = [presign.presignId];
    const fact = presignBatchFact(presign.sessionId, ids);
    const votes = access.validators.map((v, i) => signFact(committee, fact, v, identityKeys[i] as Secret<Uint8Array>));
    return { ids, certificate: { committee: committee.digest, fact, votes } };
  };

  const x: readonly [bigint, bigint] = [uniformBelow(random, q), uniformBelow(random, q)];
  const setup = createNetworkSetup({
    curve,
    parameters,
    encryptionKey,
    publicShares: [curve.multiply(curve.G, x[0]), curve.multiply(curve.G, x[1])],
    shareCiphertexts: [
      encrypt(parameters, encryptionKey, x[0], random).ciphertext,
      encrypt(parameters, encryptionKey, x[1], random).ciphertext,
    ],
  });

  const dwallet = (label: string): TestDWallet => {
    const own = randomFor(`${seed}/dwallet/${label}`);
    const xA = uniformNonZero(own, q);
    const userPublicShare = curve.multiply(curve.G, xA);
    const sid = sessionId(own(32));
    const randomizers = keyRandomizers(setup, sid, userPublicShare, encodeText('proof is not needed here'));
    const { networkPublicShare, publicKey } = derivePublicKey(setup, userPublicShare, randomizers);
    const networkShare = mod(randomizers[0] * x[0] + randomizers[1] * x[1] + randomizers[2], q);
    return {
      userShare: new Secret(xA),
      networkShare,
      secretKey: mod(xA + networkShare, q),
      record: {
        sessionId: sid,
        setup: setup.commitment,
        curve,
        publicKey,
        userPublicShare,
        networkPublicShare,
        networkShareCiphertext: deriveNetworkShareCiphertext(setup, randomizers),
        randomizers,
        share: { mode: 'none' },
        owner: own(32),
        digest: digestOf(`dwallet/${label}`),
      },
    };
  };

  const presign = (label: string): TestPresign => {
    const own = randomFor(`${seed}/presign/${label}`);
    const gamma = uniformNonZero(own, q);
    const k: readonly [bigint, bigint] = [uniformNonZero(own, q), uniformNonZero(own, q)];
    const mask = encrypt(parameters, encryptionKey, gamma, own).ciphertext;
    const scaled = (ciphertext: Ciphertext, scalar: bigint): Ciphertext =>
      addCiphertexts(
        parameters,
        linearCombinationVartime(parameters, [{ ciphertext, coefficient: scalar }]),
        encrypt(parameters, encryptionKey, 0n, own).ciphertext,
      );
    return {
      gamma,
      k,
      presign: createPresign(setup, {
        // One session for all: presigns of one batch differ in their identifiers only.
        sessionId: sessionId(digestOf(`${seed}/presign-session`)),
        index: 0,
        setup: setup.commitment,
        mask,
        maskedShares: [scaled(setup.shareCiphertexts[0], gamma), scaled(setup.shareCiphertexts[1], gamma)],
        maskedNonces: [scaled(mask, k[0]), scaled(mask, k[1])],
        publicNonces: [curve.multiply(curve.G, k[0]), curve.multiply(curve.G, k[1])],
      }),
    };
  };

  return {
    parameters,
    setup,
    access,
    decryption,
    place: { decryption, network: 'test', epoch: 1n, committee: digestOf(`${seed}/committee`) },
    networkKey,
    committee,
    certify,
    x,
    keySharesOf: (validator) => {
      const own = new Set(access.virtualIdsOf(validator));
      return prepared.filter(({ virtualId }) => own.has(virtualId));
    },
    dwallet,
    presign,
    open(ciphertext) {
      const plaintext = decrypt(parameters, networkKey, ciphertext);
      if (plaintext === undefined) throw new Error('ciphertext does not decrypt');
      return plaintext;
    },
    approve: (label, hashScheme = 'sha256') => ({
      request: digestOf(`request/${label}`),
      order: digestOf(`order/${label}`),
      hashScheme,
      message: encodeText(`message ${label}`),
    }),
  };
}
