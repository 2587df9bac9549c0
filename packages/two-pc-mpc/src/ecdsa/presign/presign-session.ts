/**
 * What all rounds of a presign session share: its inputs, its contexts and the shapes that pass between rounds (MPC 4).
 *
 * @module
 */
import { type Ciphertext, readCiphertext } from '@dwallet/class-groups';
import {
  type Digest,
  InvalidArgumentsError,
  Reader,
  type SessionId,
  type ValidatorId,
  concat,
  digestTagged,
  encodeContext,
  encodeUint16,
  encodeUint8,
} from '@dwallet/sigma';
import type { NetworkSetup } from '../../types.ts';
import { encodeCiphertexts, requireLength } from '../../wire/format.ts';

/** Kind byte of presigns and of their messages. Targeted presigns (MPC 4, imported keys) will be 1. */
export const presignKind = { universal: 0 } as const;

/** Presigns of one session (MPC 4.8). */
export const defaultBatch = 16;
export const maxBatch = 64;

/** What fixes a presign session; the same at every validator. */
export interface PresignSession {
  readonly setup: NetworkSetup;
  readonly sessionId: SessionId;
  /** How many presigns the session makes, 1..64. */
  readonly batch: number;
}

/** A mask and its products with the network's shares: one validator's contribution, or the aggregate. */
export interface MaskedShares {
  /** ct_gamma. */
  readonly mask: Ciphertext;
  /** ct_gamma x,0 and ct_gamma x,1. */
  readonly maskedShares: readonly [Ciphertext, Ciphertext];
}

/** The aggregate of round 1 for every presign of the session. */
export type MaskAggregate = readonly MaskedShares[];

export const requireBatch = (batch: number): void => {
  if (!Number.isInteger(batch) || batch < 1 || batch > maxBatch) {
    throw new InvalidArgumentsError('batch', `must be 1..${maxBatch}`);
  }
};

/** (B_i, i, sid, "ecdsa-presign", "1", "EncDH", -, G_com); the kind and the batch size are bound too. */
export const maskProofContext = ({ setup, sessionId, batch }: PresignSession, validator: ValidatorId): Uint8Array =>
  encodeContext({
    role: 'validator',
    party: validator,
    session: sessionId,
    protocol: 'ecdsa-presign',
    round: '1',
    proof: 'EncDH',
    setup: setup.commitment,
    extra: [encodeUint8(presignKind.universal), encodeUint16(batch)],
  });

/** (B_i, i, sid, "ecdsa-presign", "3", "ScaleDL", -, G_com); the position in the batch is bound too. */
export const nonceProofContext = (
  { setup, sessionId, batch }: PresignSession,
  validator: ValidatorId,
  index: number,
): Uint8Array =>
  encodeContext({
    role: 'validator',
    party: validator,
    session: sessionId,
    protocol: 'ecdsa-presign',
    round: '3',
    proof: 'ScaleDL',
    setup: setup.commitment,
    extra: [encodeUint8(presignKind.universal), encodeUint16(batch), encodeUint16(index)],
  });

/** ct_gamma, ct_gamma x,0, ct_gamma x,1 of every presign: what one process hands to another. */
export const encodeMaskAggregate = ({ parameters }: NetworkSetup, aggregate: MaskAggregate): Uint8Array =>
  concat(...aggregate.flatMap(({ mask, maskedShares }) => encodeCiphertexts(parameters, [mask, ...maskedShares])));

const ciphertextsPerMask = 3;

/** Bytes of one presign in {@link encodeMaskAggregate}. */
export const maskAggregateWidth = ({ parameters: { group } }: NetworkSetup): number =>
  ciphertextsPerMask * 2 * group.elementBytes;

/** Strict. @throws DecodeError unless it is about exactly `count` presigns. */
export function decodeMaskAggregate(setup: NetworkSetup, bytes: Uint8Array, count: number): MaskAggregate {
  requireLength(bytes, [count * maskAggregateWidth(setup)], 'MaskAggregate');
  const reader = new Reader(bytes, 'MaskAggregate');
  const aggregate = Array.from({ length: count }, (_, i) => {
    const read = (field: string): Ciphertext => readCiphertext(reader, setup.parameters, `[${i}].${field}`);
    return { mask: read('ct_gamma'), maskedShares: [read('ct_gammax0'), read('ct_gammax1')] as const };
  });
  reader.end();
  return aggregate;
}

const aggregateDigest = ({ setup, sessionId, batch }: PresignSession, ciphertexts: readonly Uint8Array[]): Digest =>
  digestTagged('presign/mask-aggregate', [
    sessionId,
    setup.commitment,
    encodeUint8(presignKind.universal),
    encodeUint16(batch),
    ...ciphertexts,
  ]);

/** What validators vote on in round 2: all aggregated ciphertexts of the session. */
export const maskAggregateDigest = (session: PresignSession, aggregate: MaskAggregate): Digest =>
  aggregateDigest(
    session,
    aggregate.flatMap(({ mask, maskedShares }) => encodeCiphertexts(session.setup.parameters, [mask, ...maskedShares])),
  );

/** The same of an encoded aggregate. @throws DecodeError unless it is about exactly the presigns of the session. */
export function encodedMaskAggregateDigest(session: PresignSession, bytes: Uint8Array): Digest {
  const width = maskAggregateWidth(session.setup);
  requireLength(bytes, [session.batch * width], 'MaskAggregate');
  const size = width / ciphertextsPerMask;
  return aggregateDigest(
    session,
    Array.from({ length: session.batch * ciphertextsPerMask }, (_, i) => bytes.subarray(i * size, (i + 1) * size)),
  );
}
