/**
 * The context of every Fiat-Shamir proof of the class-group layer (CG 4.2 item 1): a proof that is valid in one place is valid
 * nowhere else.
 *
 * @module
 */
import {
  type Digest,
  InvalidArgumentsError,
  type SessionId,
  type ValidatorId,
  type VirtualId,
  concat,
  digestTagged,
  encodeList,
  encodeText,
  encodeUint16,
  encodeUint64,
} from '@dwallet/sigma';
import type { AccessStructure } from '../sharing/access-structure.ts';

/** What all proofs of one protocol execution share. */
export interface ClgSession {
  /** Chain or network id. */
  readonly network: string;
  /** Protocol name, such as `network-dkg` or `threshold-decryption`. */
  readonly protocol: string;
  readonly protocolVersion: number;
  /** Id of the profile, such as `CLG-128`. */
  readonly profile: string;
  /** Epoch of the committee, an unsigned 64-bit number. */
  readonly epoch: bigint;
  readonly session: SessionId;
  /** {@link committeeDigest}. */
  readonly committee: Digest;
  /** n. */
  readonly totalWeight: number;
  /** t. */
  readonly threshold: number;
}

/** One proof's place: its session, round, prover and name. */
export interface ClgContext extends ClgSession {
  readonly round: string;
  /** Tangible number of the prover. */
  readonly prover: ValidatorId;
  /** The share that the proof is about; absent in proofs about the validator itself, such as a dealer's. */
  readonly virtualId?: VirtualId;
  /** Name of the proof within the round, such as `constant-term`. */
  readonly proof: string;
  /** Further items that the protocol binds, such as the digest of a dealer's complete message (CG 8.1.2). */
  readonly extra?: readonly Uint8Array[];
}

/**
 * Digest of the committee list: ordered validator ids, weights and encryption keys.
 * @param keys - canonical bytes of each validator's encryption (KEM) key, in committee order.
 * @throws InvalidArgumentsError unless there is one key per validator.
 */
export function committeeDigest(access: AccessStructure, keys: readonly Uint8Array[]): Digest {
  if (keys.length !== access.validators.length) throw new InvalidArgumentsError('keys', 'one key per validator');
  return digestTagged(
    'clg/committee',
    access.validators.map((validator, i) =>
      encodeList([encodeUint16(validator), encodeUint16(access.weightOf(validator)), keys[i] as Uint8Array]),
    ),
  );
}

function bytes32(field: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 32) throw new InvalidArgumentsError(field, 'must be 32 bytes');
  return bytes;
}

/** Injective encoding of {@link ClgSession}: a list with one length-prefixed item per field. */
export function encodeClgSession(session: ClgSession): Uint8Array {
  return encodeList([
    encodeText(session.network),
    encodeText(session.protocol),
    encodeUint16(session.protocolVersion),
    encodeText(session.profile),
    encodeUint64(session.epoch),
    bytes32('session', session.session),
    bytes32('committee', session.committee),
    encodeUint16(session.totalWeight),
    encodeUint16(session.threshold),
  ]);
}

/** Injective encoding of {@link ClgContext}; every field is in it, and an absent virtual number differs from every present one. */
export function encodeClgContext(context: ClgContext): Uint8Array {
  return encodeList([
    encodeClgSession(context),
    encodeText(context.round),
    encodeUint16(context.prover),
    context.virtualId === undefined ? Uint8Array.of(0) : concat(Uint8Array.of(1), encodeUint16(context.virtualId)),
    encodeText(context.proof),
    encodeList(context.extra ?? []),
  ]);
}
