/**
 * SignatureRecord: what the network keeps and hands out of a finished signature (MPC 5.7, Appendix C). Layout of the signature: v || r || s.
 *
 * @module
 */
import {
  type Digest,
  InvalidArgumentsError,
  type PresignId,
  Reader,
  type ValidatorId,
  concat,
  encodeUint,
  encodeUint16,
  encodeUint8,
  presignId,
  validatorId,
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
  /** Validators with a proven fault in this signature, ascending. */
  readonly flagged: readonly ValidatorId[];
}

/** 65 bytes: v || r || s, v in 0..3. */
export const encodeRecoverableSignature = ({ r, s, recoveryId }: EcdsaSignature): Uint8Array =>
  concat(encodeUint8(recoveryId), encodeUint(r, 32), encodeUint(s, 32));

/** version, type, presign id, D, v || r || s, u16 count, u16 numbers ascending. */
export function encodeSignatureRecord(record: SignatureRecord): Uint8Array {
  const flagged = [...record.flagged].sort((x, y) => x - y);
  if (new Set(flagged).size !== flagged.length) throw new InvalidArgumentsError('flagged', 'numbers must be distinct');
  return concat(
    header(signMessageType.signatureRecord),
    record.presignId,
    record.digest,
    encodeRecoverableSignature(record.signature),
    encodeUint16(flagged.length),
    ...flagged.map((v) => encodeUint16(v)),
  );
}

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
  const count = reader.uint16('flagged');
  if (count > 128) throw new DecodeError(reader.path('flagged'), 'more than 128 validators');
  const flagged: ValidatorId[] = [];
  for (let i = 0, last = 0; i < count; i++) {
    const number = reader.uint16(`flagged[${i}]`);
    if (number <= last) throw new DecodeError(reader.path(`flagged[${i}]`), 'numbers are not distinct and ascending');
    last = number;
    flagged.push(validatorId(number));
  }
  reader.end();
  return { presignId: id, digest, signature: { r, s, recoveryId }, flagged };
}
