/**
 * SignatureRecord: what the network keeps and hands out of a finished signature (MPC 5.7). Layout of the signature: v || r || s.
 *
 * The list of flagged parties of MPC Appendix C is not in it: nobody certifies the record, so the list would be the word of whoever led. Faults are
 * proven by evidence; without the list, all correct records of one signature are the same bytes.
 *
 * @module
 */
import {
  type Digest,
  type PresignId,
  Reader,
  concat,
  encodeUint,
  encodeUint8,
  presignId,
  DecodeError,
  type Curve,
} from '@dwallet/sigma';
import type { EcdsaSignature } from '../../types.ts';
import { header, readDigest, readHeader } from '../../wire/format.ts';
import { signMessageType } from './sign-message.ts';

export interface SignatureRecord {
  readonly presignId: PresignId;
  /** D of MPC 5.8. */
  readonly digest: Digest;
  readonly signature: EcdsaSignature;
}

/** 65 bytes: v || r || s, v in 0..3. */
export const encodeRecoverableSignature = ({ r, s, recoveryId }: EcdsaSignature): Uint8Array =>
  concat(encodeUint8(recoveryId), encodeUint(r, 32), encodeUint(s, 32));

/** version, type, presign id, D, v || r || s: 131 bytes. */
export const encodeSignatureRecord = (record: SignatureRecord): Uint8Array =>
  concat(
    header(signMessageType.signatureRecord),
    record.presignId,
    record.digest,
    encodeRecoverableSignature(record.signature),
  );

/** Strict; low s only. Whether the signature verifies is for `checkFinalSignature`. @throws DecodeError */
export function decodeSignatureRecord(curve: Curve, bytes: Uint8Array): SignatureRecord {
  const reader = new Reader(bytes, 'SignatureRecord');
  readHeader(reader, signMessageType.signatureRecord);
  const id = presignId(reader.fixed('presignId', 32));
  const digest = readDigest(reader, 'digest');
  const recoveryId = reader.uint8('signature.v');
  if (recoveryId > 3) throw new DecodeError(reader.path('signature.v'), 'is not in 0..3');
  const r = reader.uint('signature.r', 32, curve.q);
  const s = reader.uint('signature.s', 32, (curve.q >> 1n) + 1n);
  if (r === 0n) throw new DecodeError(reader.path('signature.r'), 'is zero');
  if (s === 0n) throw new DecodeError(reader.path('signature.s'), 'is zero');
  reader.end();
  return { presignId: id, digest, signature: { r, s, recoveryId } };
}
