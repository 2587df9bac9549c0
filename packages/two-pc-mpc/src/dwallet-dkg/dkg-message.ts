/**
 * DkgMsg: the one message of the client in a dWallet DKG (MPC 3.1 step 6, Appendix C), and the proof contexts of MPC 3.1.
 *
 * @module
 */
import { type Ciphertext, type EncryptionKey, encodeCiphertext, readCiphertext } from '@dwallet/class-groups';
import {
  DecodeError,
  type Digest,
  type FischlinProof,
  type Point,
  type Proof,
  Reader,
  type SessionId,
  concat,
  discreteLog,
  encodeContext,
  encodeFischlin,
  encodeProof,
  encodeScalar,
  encodeUint8,
  fischlinRepetitions,
  proofBytes,
  readFischlin,
  readPoint,
  readProof,
  readScalar,
  sessionId,
} from '@dwallet/sigma';
import { encryptionOfDiscreteLog } from '../proofs/encryption-of-discrete-log.ts';
import { decodePublicKey, publicKeyBytes, signatureBytes } from '../signatures.ts';
import type { NetworkSetup } from '../types.ts';
import { header, messageType, readCurveId, readDigest, readHeader, requireLength, underCheck } from '../wire/format.ts';

/** How the message says that the user's share is kept (MPC 3.1 step 5). */
export type DkgShare =
  | {
      readonly mode: 'encrypted';
      readonly userKeyId: Digest;
      readonly shareCiphertext: Ciphertext;
      readonly proof: Proof;
    }
  | { readonly mode: 'public'; readonly userShare: bigint }
  | { readonly mode: 'none' };

/** Byte that stands for each mode. */
export const shareModeId = { encrypted: 1, public: 2, none: 3 } as const;

export interface DkgMessage {
  readonly sessionId: SessionId;
  /** G_com that the client used; compared, never taken over (MPC:K8). */
  readonly setup: Digest;
  /** X_A. */
  readonly userPublicShare: Point;
  /** pi_DL, Fischlin. */
  readonly proof: FischlinProof;
  readonly share: DkgShare;
  /** Digest of the output as the client computed it; compared, never taken over (MPC:K7). */
  readonly outputDigest: Digest;
  /** Ed25519 key of the owner's account. */
  readonly account: Uint8Array;
  /** Account signature over everything before it. */
  readonly signature: Uint8Array;
}

/** (A, 0, sid, "dkg", "1", "pi_DL", -, G_com). */
export const dlogProofContext = (setup: Digest, session: SessionId): Uint8Array =>
  encodeContext({ role: 'client', party: 0, session, protocol: 'dkg', round: '1', proof: 'pi_DL', setup });

/** (A, 0, sid, "share-encryption", "1", "pi_U", X, G_com; upk). */
export const shareProofContext = (
  setup: NetworkSetup,
  session: SessionId,
  publicKey: Point,
  userKey: EncryptionKey,
): Uint8Array =>
  encodeContext({
    role: 'client',
    party: 0,
    session,
    protocol: 'share-encryption',
    round: '1',
    proof: 'pi_U',
    publicKey: setup.curve.encodePoint(publicKey),
    setup: setup.commitment,
    extra: [setup.parameters.group.encode(userKey.element)],
  });

/** Widths of pi_U do not depend on the key; this language is for encoding only, never for verification. */
const shareProofShape = ({ curve, parameters, encryptionKey }: NetworkSetup) =>
  encryptionOfDiscreteLog(curve, parameters, encryptionKey);

function encodeShare(setup: NetworkSetup, share: DkgShare): Uint8Array {
  const mode = encodeUint8(shareModeId[share.mode]);
  switch (share.mode) {
    case 'encrypted':
      return concat(
        mode,
        share.userKeyId,
        encodeCiphertext(setup.parameters, share.shareCiphertext),
        encodeProof(shareProofShape(setup), 1, share.proof),
      );
    case 'public':
      return concat(mode, encodeScalar(setup.curve, share.userShare));
    case 'none':
      return mode;
  }
}

/** Everything that the account key signs: the message without its signature. */
export function encodeUnsignedDkgMessage(setup: NetworkSetup, message: Omit<DkgMessage, 'signature'>): Uint8Array {
  const { curve } = setup;
  return concat(
    header(messageType.dkgMessage),
    encodeUint8(curve.id),
    message.sessionId,
    message.setup,
    curve.encodePoint(message.userPublicShare),
    encodeFischlin(discreteLog(curve), message.proof),
    encodeShare(setup, message.share),
    message.outputDigest,
    message.account,
  );
}

export const encodeDkgMessage = (setup: NetworkSetup, message: DkgMessage): Uint8Array =>
  concat(encodeUnsignedDkgMessage(setup, message), message.signature);

/** The three possible sizes: encrypted, public, none. */
function messageLengths(setup: NetworkSetup): readonly number[] {
  const { curve, parameters } = setup;
  const fischlin = fischlinRepetitions * (curve.pointBytes + 4 + 32);
  const fixed = 3 + 32 + 32 + curve.pointBytes + fischlin + 1 + 32 + publicKeyBytes + signatureBytes;
  const encrypted = 32 + 2 * parameters.group.elementBytes + proofBytes(shareProofShape(setup), 1);
  return [fixed + encrypted, fixed + 32, fixed];
}

function readShare(reader: Reader, setup: NetworkSetup): DkgShare {
  const mode = reader.uint8('mode');
  switch (mode) {
    case shareModeId.encrypted:
      return {
        mode: 'encrypted',
        userKeyId: readDigest(reader, 'upk_id'),
        shareCiphertext: underCheck('MPC:K5', () => readCiphertext(reader, setup.parameters, 'ct_U')),
        proof: underCheck('MPC:K5', () => readProof(reader, shareProofShape(setup), 1, 'pi_U')),
      };
    case shareModeId.public:
      return { mode: 'public', userShare: underCheck('MPC:K6', () => readScalar(reader, setup.curve, 'x_A')) };
    case shareModeId.none:
      return { mode: 'none' };
    default:
      throw new DecodeError(reader.path('mode'), 'is unknown');
  }
}

/**
 * Strict. Refusals of X_A carry MPC:K2, of pi_DL MPC:K3, of the encrypted share MPC:K5, of a public share MPC:K6.
 * @throws DecodeError naming the field.
 */
export function decodeDkgMessage(setup: NetworkSetup, bytes: Uint8Array): DkgMessage {
  const { curve } = setup;
  requireLength(bytes, messageLengths(setup), 'DkgMsg');
  const reader = new Reader(bytes, 'DkgMsg');
  readHeader(reader, messageType.dkgMessage);
  underCheck('MPC:K1', () => readCurveId(reader, curve, 'curve'));
  const message: DkgMessage = {
    sessionId: sessionId(reader.fixed('sessionId', 32)),
    setup: readDigest(reader, 'setup'),
    userPublicShare: underCheck('MPC:K2', () => readPoint(reader, curve, 'X_A')),
    proof: underCheck('MPC:K3', () => readFischlin(reader, discreteLog(curve), 'pi_DL')),
    share: readShare(reader, setup),
    outputDigest: readDigest(reader, 'output'),
    account: underCheck('MPC:K1', () =>
      decodePublicKey(reader.fixed('account', publicKeyBytes), reader.path('account')),
    ),
    signature: reader.fixed('signature', signatureBytes),
  };
  reader.end();
  return message;
}
