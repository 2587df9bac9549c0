/**
 * What all rounds of a presign session share: its inputs, its contexts and the shapes that pass between rounds (MPC 4).
 *
 * @module
 */
import type { Ciphertext } from '@dwallet/class-groups';
import {
  type Digest,
  InvalidArgumentsError,
  type SessionId,
  type ValidatorId,
  digestTagged,
  encodeContext,
  encodeUint16,
  encodeUint8,
} from '@dwallet/sigma';
import type { NetworkSetup } from '../../types.ts';
import { encodeCiphertexts } from '../../wire/format.ts';

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

/** What validators vote on in round 2: all aggregated ciphertexts of the session. */
export const maskAggregateDigest = ({ setup, sessionId, batch }: PresignSession, aggregate: MaskAggregate): Digest =>
  digestTagged('presign/mask-aggregate', [
    sessionId,
    setup.commitment,
    encodeUint8(presignKind.universal),
    encodeUint16(batch),
    ...aggregate.flatMap(({ mask, maskedShares }) => encodeCiphertexts(setup.parameters, [mask, ...maskedShares])),
  ]);
