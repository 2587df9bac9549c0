/**
 * How a leader opens a session, and to which generations of stores its id commits.
 *
 * A validator that was restored from a backup does not know what it answered after that backup. Its store has a new generation, 32 random
 * bytes that nobody can have named before the restore (store/record-store.ts). The id of a session that a leader opens commits to the
 * generations that the leader knows, so a restored validator can tell sessions that are certainly younger than its restore from all
 * others. It answers in those only, and about presigns of those only. A leader that names wrong ones is answered less, nothing else.
 *
 * Input of such a session: nonce (32 bytes), batch size (2 bytes), then the generations: count (2 bytes) and, in ascending order, validator (2
 * bytes) and generation (32 bytes). The fresh bytes of MPC 1.2 are the digest of nonce and generations.
 *
 * @module
 */
import {
  DecodeError,
  Reader,
  type SessionId,
  type ValidatorId,
  concat,
  digestTagged,
  encodeUint16,
  validatorId,
} from '@dwallet/sigma';
import { deriveSessionId } from '@dwallet/two-pc-mpc/network';
import type { StoreGeneration } from '../store/record-store.ts';

/** Validator -> generation of its store. */
export type Generations = ReadonlyMap<ValidatorId, Uint8Array>;

const nonceBytes = 32;
const generationBytes = 32;
const maxValidators = 1024;

const encodeGenerations = (generations: Generations): Uint8Array =>
  concat(
    encodeUint16(generations.size),
    ...[...generations].sort(([a], [b]) => a - b).flatMap(([validator, id]) => [encodeUint16(validator), id]),
  );

interface Opening {
  readonly nonce: Uint8Array;
  readonly count: number;
  readonly generations: Generations;
}

const idOf = (sender: Uint8Array, { nonce, generations }: Opening): SessionId =>
  deriveSessionId({
    version: 1n,
    type: 'INTERNAL_PRESIGN',
    sender,
    fresh: digestTagged('session-opening', [nonce, encodeGenerations(generations)]),
  });

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
  const size = reader.uint16('generations');
  if (size > maxValidators) throw new DecodeError(reader.path('generations'), 'are too many');
  const generations = new Map<ValidatorId, Uint8Array>();
  let last = 0;
  for (let i = 0; i < size; i++) {
    const number = reader.uint16(`generations[${i}]`);
    if (number <= last) throw new DecodeError(reader.path(`generations[${i}]`), 'is not in ascending order');
    last = number;
    generations.set(validatorId(number), reader.fixed(`generations[${i}]`, generationBytes).slice());
  }
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
