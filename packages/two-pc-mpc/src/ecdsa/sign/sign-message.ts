/**
 * SignMsg: the one message of the client in a signature (MPC 5.4, Appendix C). Exact size for a profile, independent of n.
 *
 * @module
 */
import { type Ciphertext, type PublicParameters, encodeCiphertext, readCiphertext } from '@dwallet/class-groups';
import {
  type Curve,
  DecodeError,
  type Digest,
  type Point,
  type PresignId,
  type Proof,
  Reader,
  concat,
  digest,
  digestTagged,
  encodeFischlin,
  encodeProof,
  encodeUint8,
  fischlinRepetitions,
  presignId,
  proofBytes,
  readFischlin,
  readPoint,
  readProof,
} from '@dwallet/sigma';
import type { HashScheme } from '../../types.ts';
import { header as wireHeader, readDigest, readHeader as readWireHeader, requireLength } from '../../wire/format.ts';
import { hashSchemeId, hashSchemes } from './message-hash.ts';
import type { FirstStage } from './nonce-randomizers.ts';
import { proofShapes } from './sign-proofs.ts';

/** Type bytes of the messages of signing (`wire.ts`: from 32); 33 and 34 are the decryption shares of class-groups. Never reuse a number. */
export const signMessageType = { signMessage: 32, signatureRecord: 35 } as const;

/** The part that names what is signed and with which presign. 100 bytes. */
export interface SignMessageHeader {
  readonly presignId: PresignId;
  /** X, 33 bytes on the wire. */
  readonly publicKey: Point;
  readonly hashScheme: HashScheme;
  /** 32-byte digest of the message under the hash scheme. */
  readonly messageDigest: Digest;
}

export interface SignMessage extends SignMessageHeader, FirstStage {
  /** R. */
  readonly publicNonce: Point;
  /** R_B: sent because neither pi_R nor pi_RB can do without it (MPC 5.4). */
  readonly networkNonce: Point;
  /** ct_A: encryption of gamma k_A (m + r x). */
  readonly numerator: Ciphertext;
  /** ct_alphabeta: encryption of gamma k_B. */
  readonly denominator: Ciphertext;
  /** pi_kx. */
  readonly proofKx: Proof;
  /** pi_R. */
  readonly proofPublicNonce: Proof;
  /** pi_RB. */
  readonly proofNetworkNonce: Proof;
  /** pi_ctA. */
  readonly proofNumerator: Proof;
  /** pi_ctalphabeta. */
  readonly proofDenominator: Proof;
}

/** Bytes of the part that {@link decodeSignMessageHeader} reads. */
export const signMessageHeaderBytes = (curve: Curve): number => 2 + 32 + curve.pointBytes + 1 + 32;

/** Exact size of SignMsg in bytes: depends on the profile only. */
export function signMessageBytes(parameters: PublicParameters, curve: Curve): number {
  const s = proofShapes(parameters, curve);
  return (
    signMessageHeaderBytes(curve) +
    6 * curve.pointBytes +
    4 * parameters.group.elementBytes +
    2 * proofBytes(s.k, 1) +
    fischlinRepetitions * (curve.pointBytes + 4 + 2 * 32) +
    proofBytes(s.kx, 1) +
    proofBytes(s.publicNonce, 1) +
    proofBytes(s.networkNonce, 1) +
    2 * proofBytes(s.evaluation, 1)
  );
}

function encodeHeader(curve: Curve, header: SignMessageHeader): Uint8Array {
  return concat(
    wireHeader(signMessageType.signMessage),
    header.presignId,
    curve.encodePoint(header.publicKey),
    encodeUint8(hashSchemeId(header.hashScheme)),
    digest(header.messageDigest),
  );
}

/** Canonical bytes, in the order of Appendix C. */
export function encodeSignMessage(parameters: PublicParameters, curve: Curve, message: SignMessage): Uint8Array {
  const s = proofShapes(parameters, curve);
  return concat(
    encodeHeader(curve, message),
    curve.encodePoint(message.publicNonce),
    curve.encodePoint(message.networkNonce),
    curve.encodePoint(message.commitmentK),
    curve.encodePoint(message.commitmentAlpha),
    curve.encodePoint(message.commitmentBeta),
    curve.encodePoint(message.commitmentKx),
    encodeCiphertext(parameters, message.numerator),
    encodeCiphertext(parameters, message.denominator),
    encodeProof(s.k, 1, message.proofK),
    encodeProof(s.k, 1, message.proofAlpha),
    encodeFischlin(s.beta, message.proofBeta),
    encodeProof(s.kx, 1, message.proofKx),
    encodeProof(s.publicNonce, 1, message.proofPublicNonce),
    encodeProof(s.networkNonce, 1, message.proofNetworkNonce),
    encodeProof(s.evaluation, 1, message.proofNumerator),
    encodeProof(s.evaluation, 1, message.proofDenominator),
  );
}

function readHeader(reader: Reader, curve: Curve): SignMessageHeader {
  readWireHeader(reader, signMessageType.signMessage);
  const id = presignId(reader.fixed('presignId', 32));
  const publicKey = readPoint(reader, curve, 'publicKey');
  const hashScheme = hashSchemes[reader.uint8('hashScheme')];
  if (hashScheme === undefined) throw new DecodeError(reader.path('hashScheme'), 'is unknown');
  return { presignId: id, publicKey, hashScheme, messageDigest: readDigest(reader, 'messageDigest') };
}

/** The first 100 bytes only, for routing and for the checks that need no arithmetic. @throws DecodeError naming the field. */
export const decodeSignMessageHeader = (curve: Curve, bytes: Uint8Array): SignMessageHeader =>
  readHeader(new Reader(bytes, 'SignMsg'), curve);

/**
 * Strict counterpart of {@link encodeSignMessage}: every point on the curve and not O, every class-group element with CG:P1 to CG:P7, every scalar
 * below q, every integer response within its bits (MPC:S3), no trailing bytes.
 * @throws DecodeError naming the field.
 */
export function decodeSignMessage(parameters: PublicParameters, curve: Curve, bytes: Uint8Array): SignMessage {
  requireLength(bytes, [signMessageBytes(parameters, curve)], 'SignMsg');
  const s = proofShapes(parameters, curve);
  const reader = new Reader(bytes, 'SignMsg');
  const message: SignMessage = {
    ...readHeader(reader, curve),
    publicNonce: readPoint(reader, curve, 'R'),
    networkNonce: readPoint(reader, curve, 'R_B'),
    commitmentK: readPoint(reader, curve, 'C_k'),
    commitmentAlpha: readPoint(reader, curve, 'C_alpha'),
    commitmentBeta: readPoint(reader, curve, 'C_beta'),
    commitmentKx: readPoint(reader, curve, 'C_kx'),
    numerator: readCiphertext(reader, parameters, 'ct_A'),
    denominator: readCiphertext(reader, parameters, 'ct_alphabeta'),
    proofK: readProof(reader, s.k, 1, 'pi_k'),
    proofAlpha: readProof(reader, s.k, 1, 'pi_alpha'),
    proofBeta: readFischlin(reader, s.beta, 'pi_beta'),
    proofKx: readProof(reader, s.kx, 1, 'pi_kx'),
    proofPublicNonce: readProof(reader, s.publicNonce, 1, 'pi_R'),
    proofNetworkNonce: readProof(reader, s.networkNonce, 1, 'pi_RB'),
    proofNumerator: readProof(reader, s.evaluation, 1, 'pi_ctA'),
    proofDenominator: readProof(reader, s.evaluation, 1, 'pi_ctalphabeta'),
  };
  reader.end();
  return message;
}

/**
 * D = H_T("sign-bind", [X, hash scheme, message digest, order, SignMsg], 32): what a presign is bound to, once (MPC 5.8). The order is more than
 * the document has in D.
 * @param order - names what the owner asked for beyond the message (`signOrderDigest`).
 */
export const bindingDigest = (curve: Curve, header: SignMessageHeader, order: Digest, bytes: Uint8Array): Digest =>
  digestTagged('sign-bind', [
    curve.encodePoint(header.publicKey),
    encodeUint8(hashSchemeId(header.hashScheme)),
    header.messageDigest,
    order,
    bytes,
  ]);
