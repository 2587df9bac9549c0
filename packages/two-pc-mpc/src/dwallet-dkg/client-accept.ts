/**
 * dWallet DKG, acceptance by the client (MPC 3.5), and recovery of the user's share from its ciphertext.
 *
 * @module
 */
import { decryptSquared } from '@dwallet/class-groups';
import { CheckError, DecodeError, type Digest, Reader, Secret, concat, encodeUint8 } from '@dwallet/sigma';
import { type Committee, decodeCertificate, verifyCertificate } from '../certificates.ts';
import { signItems, signatureBytes, signingPublicKey, verifyItems } from '../signatures.ts';
import type { DWalletRecord, NetworkSetup } from '../types.ts';
import { bytesEqual, header, messageType, readDigest, readHeader, requireLength } from '../wire/format.ts';
import type { PendingDWallet } from './client-create.ts';
import { decodeDkgMessage } from './dkg-message.ts';
import { deriveRecord, dwalletFact, encodeDWalletRecord } from './record.ts';

export interface AcceptDWalletArgs {
  readonly setup: NetworkSetup;
  readonly pending: PendingDWallet;
  /** Record bytes as published by the network. */
  readonly output: Uint8Array;
  /** Certificate bytes over the output. */
  readonly certificate: Uint8Array;
  /** Pinned by the client. */
  readonly committee: Committee;
  /** usk; needed in encrypted mode. */
  readonly userSecretKey?: Secret<bigint>;
  readonly accountKey: Secret<Uint8Array>;
  /** Default: `transactions`. */
  readonly signingPolicy?: OwnerSigningPolicy;
}

/**
 * What the owner lets validators sign with a dWallet, once for ever: only requests that each validator reads by itself, or raw bytes, which
 * nobody can judge, as well.
 */
export type OwnerSigningPolicy = 'transactions' | 'raw-digests';

/** On the wire: the index. */
const signingPolicies: readonly OwnerSigningPolicy[] = ['transactions', 'raw-digests'];

export interface AcceptedDWallet {
  readonly record: DWalletRecord;
  /** x_A. */
  readonly userShare: Secret<bigint>;
  /** AcceptMsg; the dWallet signs nothing before the network has it. */
  readonly acceptance: Uint8Array;
}

/**
 * MPC:A1 to MPC:A4. Only the result has a public key, so no address can be shown earlier (MPC:A4).
 * @throws DecodeError, CheckError MPC:A1 or MPC:A2: the network's output is not ours; do not fund, keep the evidence.
 */
export function acceptDWallet(args: AcceptDWalletArgs): AcceptedDWallet {
  const { setup, pending, output, accountKey } = args;
  const { curve } = setup;
  const own = deriveRecord(setup, decodeDkgMessage(setup, pending.message));
  if (own === undefined) throw new CheckError('MPC:A1', 'pending.message', 'leads to no key');
  const x = pending.userShare.expose();
  if (!curve.multiply(curve.G, x).equals(own.userPublicShare)) {
    throw new CheckError('MPC:A1', 'pending.userShare', 'is not the share of this message');
  }
  if (!bytesEqual(own.owner, signingPublicKey(accountKey))) {
    throw new CheckError('MPC:A1', 'pending.message', 'was made by another account');
  }
  // MPC:A1: X, X_A, X_B, mu's, G_com, share and owner, byte for byte.
  if (!bytesEqual(encodeDWalletRecord(setup, own), output)) {
    throw new CheckError('MPC:A1', 'output', 'differs from what this client computed');
  }
  verifyCertificate(args.committee, decodeCertificate(args.certificate), dwalletFact(own), 'MPC:A1');
  // MPC:A2: the stored ciphertext gives back exactly x_A.
  if (own.share.mode === 'encrypted') {
    if (args.userSecretKey === undefined) throw new CheckError('MPC:A2', 'userSecretKey', 'is needed');
    const recovered = recoverUserShare(setup, own, args.userSecretKey);
    if (recovered.expose() !== x) throw new CheckError('MPC:A2', 'ct_U', 'encrypts another share');
    recovered.destroy();
  }
  const acceptance = signAcceptance(own, args.signingPolicy ?? 'transactions', accountKey);
  return { record: own, userShare: pending.userShare, acceptance };
}

/** What the owner signs in AcceptMsg: the policy is in it, so nobody else chooses it. */
const acceptedItems = (digest: Digest, policy: OwnerSigningPolicy): Uint8Array[] => [
  digest,
  encodeUint8(signingPolicies.indexOf(policy)),
];

/** MPC:A3: AcceptMsg = (digest of the output, signing policy, account signature over both). The policy is more than the document has. */
export function signAcceptance(
  record: DWalletRecord,
  policy: OwnerSigningPolicy,
  accountKey: Secret<Uint8Array>,
): Uint8Array {
  const items = acceptedItems(record.digest, policy);
  return concat(header(messageType.acceptMessage), ...items, signItems(accountKey, 'accept-dwallet', items));
}

function readAcceptance(bytes: Uint8Array) {
  requireLength(bytes, [2 + 32 + 1 + signatureBytes], 'AcceptMsg');
  const reader = new Reader(bytes, 'AcceptMsg');
  readHeader(reader, messageType.acceptMessage);
  const digest = readDigest(reader, 'digest');
  const signingPolicy = signingPolicies[reader.uint8('signingPolicy')];
  if (signingPolicy === undefined) throw new DecodeError(reader.path('signingPolicy'), 'is unknown');
  const signature = reader.fixed('signature', signatureBytes);
  reader.end();
  return { digest, signingPolicy, signature };
}

/** Of an acceptance that {@link verifyAcceptance} has passed. @throws DecodeError */
export const acceptedSigningPolicy = (bytes: Uint8Array): OwnerSigningPolicy => readAcceptance(bytes).signingPolicy;

/**
 * MPC:A3 at the network, and at the owner's other devices: the owner verified this output.
 * @returns what the owner lets validators sign.
 * @throws DecodeError, CheckError MPC:A3.
 */
export function verifyAcceptance(record: DWalletRecord, bytes: Uint8Array): OwnerSigningPolicy {
  const { digest, signingPolicy, signature } = readAcceptance(bytes);
  if (!bytesEqual(digest, record.digest)) {
    throw new CheckError('MPC:A3', 'AcceptMsg.digest', 'is of another output');
  }
  if (!verifyItems(record.owner, 'accept-dwallet', acceptedItems(digest, signingPolicy), signature)) {
    throw new CheckError('MPC:A3', 'AcceptMsg.signature', "is not the owner's");
  }
  return signingPolicy;
}

/**
 * x_A from ct_U with usk: decodes the square and halves, so that no certified ciphertext is undecodable (MPC 6.9), and compares with X_A.
 * @param record - a certified record (or the client's own).
 * @throws CheckError MPC:A2.
 */
export function recoverUserShare(
  setup: NetworkSetup,
  record: DWalletRecord,
  userSecretKey: Secret<bigint>,
): Secret<bigint> {
  const { curve, parameters } = setup;
  if (record.share.mode !== 'encrypted') throw new CheckError('MPC:A2', 'share', 'is not kept encrypted');
  const x = decryptSquared(parameters, userSecretKey, record.share.shareCiphertext);
  if (x === undefined || !curve.multiply(curve.G, x).equals(record.userPublicShare)) {
    throw new CheckError('MPC:A2', 'ct_U', 'does not decrypt to the share of X_A with this key');
  }
  return new Secret(x);
}
