/**
 * Sessions whose ids commit to the generations of the validators' stores.
 *
 * A store has a generation: 32 random bytes, drawn anew when it is restored from a backup, so that nobody can have named them before. A validator that was
 * restored may have answered anything in sessions that it no longer knows; a session id that names its present generation is certainly younger.
 * The fresh bytes of such an id (MPC 1.2) are the digest of a nonce and of the generations.
 *
 * @module
 */
import {
  DecodeError,
  type Digest,
  type Reader,
  type SessionId,
  type ValidatorId,
  concat,
  digestTagged,
  encodeUint16,
  validatorId,
} from '@dwallet/sigma';
import type { Committee } from './certificates.ts';
import { type SessionOpening, type SessionType, deriveSessionId } from './session-id.ts';
import { openEnvelope } from './wire/envelope.ts';
import { bytesEqual } from './wire/format.ts';

/** Validator -> generation of its store, 32 bytes. Whoever opens a session names those that it knows. */
export type Generations = ReadonlyMap<ValidatorId, Uint8Array>;

/** What the fresh bytes of a session id are the digest of. */
export interface NamedGenerations {
  /** 32 random bytes. */
  readonly nonce: Uint8Array;
  readonly generations: Generations;
}

export const nonceBytes = 32;
const generationBytes = 32;
const maxValidators = 1024;

/** Count (2 bytes), then validator (2 bytes) and generation (32 bytes), in ascending order of validators. */
export const encodeGenerations = (generations: Generations): Uint8Array =>
  concat(
    encodeUint16(generations.size),
    ...[...generations].sort(([a], [b]) => a - b).flatMap(([validator, id]) => [encodeUint16(validator), id]),
  );

/** Reads what {@link encodeGenerations} wrote. @throws DecodeError */
export function readGenerations(reader: Reader): Generations {
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
  return generations;
}

/** A session of `sender` (32 bytes) whose id names these generations. */
export const namingOpening = (
  type: SessionType,
  sender: Uint8Array,
  { nonce, generations }: NamedGenerations,
): SessionOpening => ({
  version: 1n,
  type,
  sender,
  fresh: digestTagged('session-opening', [nonce, encodeGenerations(generations)]),
});

/** The id of {@link namingOpening}. */
export const namingSession = (type: SessionType, sender: Uint8Array, named: NamedGenerations): SessionId =>
  deriveSessionId(namingOpening(type, sender, named));

/** Kind of the envelope in which a validator states the generation of its store; the body is the generation. */
export const generationKind = 'generation';
/** Session of that envelope. A statement answers nobody in particular: an old one names a generation that is gone, which costs its sender a session. */
export const generationSession: Digest = digestTagged('generation-statement', []);

/**
 * Opens a validator's statement about its own store.
 * @throws DecodeError for anything else, or one of somebody who is not in the committee.
 */
export function openGeneration(
  { identityKeys, access }: Committee,
  networkId: Digest,
  bytes: Uint8Array,
): { readonly from: ValidatorId; readonly generation: Uint8Array } {
  const { kind, session, sender, body } = openEnvelope(bytes, networkId);
  if (kind !== generationKind) throw new DecodeError('Envelope.kind', `is ${kind}, must be ${generationKind}`);
  if (!bytesEqual(session, generationSession)) throw new DecodeError('Envelope.session', 'is another session');
  const from = access.validators[identityKeys.findIndex((key) => bytesEqual(key, sender))];
  if (from === undefined) throw new DecodeError('Envelope.sender', 'is not in the committee');
  if (body.length !== generationBytes) throw new DecodeError('Generation', `must be ${generationBytes} bytes`);
  return { from, generation: body };
}
