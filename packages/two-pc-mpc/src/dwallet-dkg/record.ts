/**
 * The dWallet record (MPC 3.6): deterministic from the client's message and the setup, the same at every validator and at the client.
 *
 * @module
 */
import { type Ciphertext, encodeCiphertext, readCiphertext } from '@dwallet/class-groups';
import {
  CheckError,
  DecodeError,
  type Point,
  Reader,
  type SessionId,
  concat,
  digestTagged,
  discreteLog,
  encodeFischlin,
  encodeScalar,
  encodeUint8,
  readPoint,
  readScalar,
  sessionId,
} from '@dwallet/sigma';
import type { Fact } from '../certificates.ts';
import { requireSameSetup } from '../network-setup/setup-commitment.ts';
import { decodePublicKey, publicKeyBytes } from '../signatures.ts';
import type { DWalletRecord, NetworkSetup, Randomizers, ShareMode } from '../types.ts';
import { bytesEqual, header, messageType, readCurveId, readDigest, readHeader } from '../wire/format.ts';
import { type DkgMessage, shareModeId } from './dkg-message.ts';
import { deriveNetworkShareCiphertext, derivePublicKey, keyRandomizers } from './randomizers.ts';

function encodeShareMode({ curve, parameters }: NetworkSetup, share: ShareMode): Uint8Array {
  const mode = encodeUint8(shareModeId[share.mode]);
  switch (share.mode) {
    case 'encrypted':
      return concat(mode, share.userKeyId, encodeCiphertext(parameters, share.shareCiphertext));
    case 'public':
      return concat(mode, encodeScalar(curve, share.userShare));
    case 'none':
      return mode;
  }
}

interface RecordSeed {
  readonly sessionId: SessionId;
  readonly userPublicShare: Point;
  readonly randomizers: Randomizers;
  readonly share: ShareMode;
  readonly owner: Uint8Array;
}

/** @returns undefined when X or X_B is the identity (MPC:K4). */
function buildRecord(setup: NetworkSetup, seed: RecordSeed): DWalletRecord | undefined {
  const { curve } = setup;
  const { networkPublicShare, publicKey } = derivePublicKey(setup, seed.userPublicShare, seed.randomizers);
  if (networkPublicShare.is0() || publicKey.is0()) return undefined;
  // ct_key covers nothing that the digest does not: it is a function of mu's and of ct_0, ct_1, which G_com fixes.
  const digest = digestTagged('dkg-output', [
    encodeUint8(curve.id),
    seed.sessionId,
    setup.commitment,
    curve.encodePoint(publicKey),
    curve.encodePoint(seed.userPublicShare),
    curve.encodePoint(networkPublicShare),
    ...seed.randomizers.map((mu) => encodeScalar(curve, mu)),
    encodeShareMode(setup, seed.share),
    seed.owner,
  ]);
  let ciphertext: Ciphertext | undefined;
  return {
    sessionId: seed.sessionId,
    setup: setup.commitment,
    curve,
    publicKey,
    userPublicShare: seed.userPublicShare,
    networkPublicShare,
    /** Computed on first use: clients never need it. */
    get networkShareCiphertext() {
      return (ciphertext ??= deriveNetworkShareCiphertext(setup, seed.randomizers));
    },
    randomizers: seed.randomizers,
    share: seed.share,
    owner: seed.owner,
    digest,
  };
}

/** What of a message its output depends on. */
export type RecordInputs = Pick<DkgMessage, 'sessionId' | 'userPublicShare' | 'proof' | 'share' | 'account'>;

/**
 * The record that a message leads to; checks nothing but X and X_B.
 * @returns undefined when X or X_B is the identity (MPC:K4): the client resamples, the network refuses.
 */
export function deriveRecord(setup: NetworkSetup, message: RecordInputs): DWalletRecord | undefined {
  const { sessionId: session, userPublicShare, share } = message;
  const proof = encodeFischlin(discreteLog(setup.curve), message.proof);
  return buildRecord(setup, {
    sessionId: session,
    userPublicShare,
    randomizers: keyRandomizers(setup, session, userPublicShare, proof),
    share:
      share.mode === 'encrypted'
        ? { mode: 'encrypted', userKeyId: share.userKeyId, shareCiphertext: share.shareCiphertext }
        : share,
    owner: message.account,
  });
}

/** curve, sid, G_com, X_A, X_B, X, mu's, mode fields, owner, digest. ct_key is derived, not sent. */
export function encodeDWalletRecord(setup: NetworkSetup, record: DWalletRecord): Uint8Array {
  const { curve } = setup;
  requireSameSetup(setup, record.setup, 'MPC:K8', 'DWalletRecord.setup');
  return concat(
    header(messageType.dwalletRecord),
    encodeUint8(curve.id),
    record.sessionId,
    record.setup,
    curve.encodePoint(record.userPublicShare),
    curve.encodePoint(record.networkPublicShare),
    curve.encodePoint(record.publicKey),
    ...record.randomizers.map((mu) => encodeScalar(curve, mu)),
    encodeShareMode(setup, record.share),
    record.owner,
    record.digest,
  );
}

/** The owner in an encoded record, without a look at the rest: for indexes over records that were verified before. 32 bytes. */
export function dwalletOwnerOf(record: Uint8Array): Uint8Array {
  // The owner's key and the digest come last.
  if (record.length < 64) throw new DecodeError('DWalletRecord.owner', 'is missing');
  return record.slice(-64, -32);
}

function readShareMode(reader: Reader, { curve, parameters }: NetworkSetup): ShareMode {
  const mode = reader.uint8('mode');
  switch (mode) {
    case shareModeId.encrypted:
      return {
        mode: 'encrypted',
        userKeyId: readDigest(reader, 'upk_id'),
        shareCiphertext: readCiphertext(reader, parameters, 'ct_U'),
      };
    case shareModeId.public:
      return { mode: 'public', userShare: readScalar(reader, curve, 'x_A') };
    case shareModeId.none:
      return { mode: 'none' };
    default:
      throw new DecodeError(reader.path('mode'), 'is unknown');
  }
}

/**
 * Strict; X_B, X and the digest are recomputed and compared, so that a decoded record is consistent in itself. Whether it is the right
 * record is for a certificate (network) or for the client's own values (MPC:A1) to say.
 * @throws DecodeError; CheckError MPC:K8 for a record of another setup.
 */
export function decodeDWalletRecord(setup: NetworkSetup, bytes: Uint8Array): DWalletRecord {
  const { curve } = setup;
  const reader = new Reader(bytes, 'DWalletRecord');
  readHeader(reader, messageType.dwalletRecord);
  readCurveId(reader, curve, 'curve');
  const session = sessionId(reader.fixed('sessionId', 32));
  requireSameSetup(setup, readDigest(reader, 'setup'), 'MPC:K8', reader.path('setup'));
  const userPublicShare = readPoint(reader, curve, 'X_A');
  const networkPublicShare = readPoint(reader, curve, 'X_B');
  const publicKey = readPoint(reader, curve, 'X');
  const randomizers: Randomizers = [
    readScalar(reader, curve, 'mu_0'),
    readScalar(reader, curve, 'mu_1'),
    readScalar(reader, curve, 'mu_G'),
  ];
  const share = readShareMode(reader, setup);
  const owner = decodePublicKey(reader.fixed('owner', publicKeyBytes), reader.path('owner'));
  const digest = readDigest(reader, 'digest');
  reader.end();
  const record = buildRecord(setup, { sessionId: session, userPublicShare, randomizers, share, owner });
  if (
    record === undefined ||
    !record.networkPublicShare.equals(networkPublicShare) ||
    !record.publicKey.equals(publicKey) ||
    !bytesEqual(record.digest, digest)
  ) {
    throw new DecodeError(reader.path('digest'), 'the fields do not belong together');
  }
  if (share.mode === 'public' && !curve.multiplyVartime(curve.G, share.userShare).equals(userPublicShare)) {
    throw new CheckError('MPC:K6', reader.path('x_A'), 'is not the logarithm of X_A');
  }
  return record;
}

/** What validators certify: one output per session. */
export const dwalletFact = (record: Pick<DWalletRecord, 'sessionId' | 'digest'>): Fact => ({
  kind: 'dwallet',
  id: record.sessionId,
  version: 0n,
  digest: record.digest,
});
