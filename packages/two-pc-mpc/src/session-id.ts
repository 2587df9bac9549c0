/**
 * Session identifiers (MPC 1.2): 32 bytes, bound to whoever started the session and to what kind of session it is.
 *
 * @module
 */
import {
  InvalidArgumentsError,
  type Random,
  type SessionId,
  digestTagged,
  encodeText,
  encodeUint64,
  hashTagged,
  sessionId,
} from '@dwallet/sigma';

/** Who starts sessions of a kind. The tag keeps a user from occupying a session id of the system. */
export const sessionTypes = ['USER', 'SYSTEM', 'INTERNAL_PRESIGN', 'NETWORK_OWNED_SIGN'] as const;
export type SessionType = (typeof sessionTypes)[number];

/** What a session id is the hash of. */
export interface SessionOpening {
  /** Version of the session rules, 0 .. 2^64 - 1. */
  readonly version: bigint;
  readonly type: SessionType;
  /** Account or identity key of the sender, 32 bytes. */
  readonly sender: Uint8Array;
  /** 32 fresh bytes. */
  readonly fresh: Uint8Array;
}

/** sid = Hash(u64(version) || TYPE || Hash(sender || fresh)). @throws InvalidArgumentsError for sender or fresh bytes of another size. */
export function deriveSessionId(opening: SessionOpening): SessionId {
  if (opening.sender.length !== 32) throw new InvalidArgumentsError('sender', 'must be 32 bytes');
  if (opening.fresh.length !== 32) throw new InvalidArgumentsError('fresh', 'must be 32 bytes');
  if (!sessionTypes.includes(opening.type)) throw new InvalidArgumentsError('type', 'is not a session type');
  const preimage = hashTagged('session-preimage', [opening.sender, opening.fresh], 32);
  return sessionId(digestTagged('session-id', [encodeUint64(opening.version), encodeText(opening.type), preimage]));
}

/** A new session of `sender`: its id and the opening to register. */
export function openSession(
  type: SessionType,
  sender: Uint8Array,
  random: Random,
  version = 1n,
): { readonly sessionId: SessionId; readonly opening: SessionOpening } {
  const opening = { version, type, sender, fresh: random(32) };
  return { sessionId: deriveSessionId(opening), opening };
}
