/**
 * How a leader opens a session, and to which generations of stores its id commits (two-pc-mpc/src/session-generations.ts).
 *
 * A validator that was restored from a backup answers in sessions that name its present generation only, and about presigns of those only. Whoever opens
 * a session and names wrong ones is answered less, nothing else.
 *
 * Input of such a session: nonce (32 bytes), batch size (2 bytes), generations.
 *
 * @module
 */
import { Reader, type SessionId, concat, encodeUint16 } from '@dwallet/sigma';
import {
  type NamedGenerations,
  encodeGenerations,
  namingSession,
  nonceBytes,
  readGenerations,
} from '@dwallet/two-pc-mpc/network';
import type { StoreGeneration } from '../store/record-store.ts';

interface Opening extends NamedGenerations {
  /** Presigns that the session makes. */
  readonly count: number;
}

const idOf = (sender: Uint8Array, opening: Opening): SessionId => namingSession('INTERNAL_PRESIGN', sender, opening);

/**
 * A new session.
 * @param sender - identity key of the leader, 32 bytes.
 * @param opening - 32 random bytes, the batch size, and the generations that the leader knows.
 */
export const openSessionWith = (
  sender: Uint8Array,
  opening: Opening,
): { readonly session: SessionId; readonly input: Uint8Array } => ({
  session: idOf(sender, opening),
  input: concat(opening.nonce, encodeUint16(opening.count), encodeGenerations(opening.generations)),
});

/** @throws DecodeError */
export function decodeOpening(input: Uint8Array): Opening {
  const reader = new Reader(input, 'SessionRequest.input');
  const nonce = reader.fixed('nonce', nonceBytes).slice();
  const count = reader.uint16('count');
  const generations = readGenerations(reader);
  reader.end();
  return { nonce, count, generations };
}

/** The session that a leader's input opens. @throws DecodeError */
export const sessionOf = (sender: Uint8Array, input: Uint8Array): SessionId => idOf(sender, decodeOpening(input));

/**
 * The restore rule: may a validator whose store is of this generation answer in a session that commits to `named` as its generation?
 * One that was never restored may, unless it is named as another one: then the session was opened for a copy of it. One that was restored may
 * only where its present generation is named.
 */
export const takesPart = (generation: StoreGeneration, named: Uint8Array | undefined): boolean =>
  named === undefined ? !generation.restored : Buffer.from(named).equals(generation.id);
