/**
 * The fixed inbox of a round: which validator's message bytes the round consumes. The set is fixed (by certificate, in the store) before any
 * round function runs, so all honest validators compute the same.
 *
 * @module
 */
import type { AccessStructure } from '@dwallet/class-groups';
import {
  type Blame,
  DecodeError,
  CheckError,
  InvalidArgumentsError,
  ThresholdNotReachedError,
  type ValidatorId,
  encodeUint16,
} from '@dwallet/sigma';
import { bytesEqual } from './wire/format.ts';

/** One message per sender. The sender is who authenticated the message, never a field of it. */
export type Inbox = ReadonlyMap<ValidatorId, Uint8Array>;

/**
 * The message that this validator made itself and stored before it sent it, as it finds it in its own store. Its proofs are not verified again by
 * its maker: the bytes in the inbox must be exactly these, and they are parsed like all others. Every other validator verifies them. Only for a
 * validator that runs the round; evidence and blame are decided without it.
 */
export interface OwnMessage {
  readonly validator: ValidatorId;
  readonly bytes: Uint8Array;
}

/** Is the message of `validator` in the inbox, byte for byte, the one that this validator made? */
export const isOwnMessage = (inbox: Inbox, own: OwnMessage | undefined, validator: ValidatorId): boolean => {
  if (own === undefined || own.validator !== validator) return false;
  const found = inbox.get(validator);
  return found !== undefined && bytesEqual(found, own.bytes);
};

/** Who took part, and who was found faulty with a check that everybody can repeat. Both ascending. */
export interface RoundOutcome {
  readonly accepted: readonly ValidatorId[];
  readonly blamed: readonly Blame[];
}

export interface OpenedInbox<M> {
  /** Well-formed messages, ascending by sender. */
  readonly messages: readonly { readonly validator: ValidatorId; readonly message: M }[];
  readonly blamed: readonly Blame[];
}

/**
 * Parses every message; a refusal is its sender's fault.
 * @param check - the id under which a malformed message is reported, unless the refusal has its own MPC id.
 * @throws InvalidArgumentsError for a sender outside of the committee: the transport authenticated it, so that is this side's bug.
 */
export function openInbox<M>(
  access: Pick<AccessStructure, 'validators'>,
  inbox: Inbox,
  check: string,
  decode: (bytes: Uint8Array) => M,
): OpenedInbox<M> {
  const messages: { validator: ValidatorId; message: M }[] = [];
  const blamed: Blame[] = [];
  requireMembers(access, inbox);
  for (const [validator, bytes] of sortedEntries(inbox)) {
    try {
      messages.push({ validator, message: decode(bytes) });
    } catch (error) {
      if (!(error instanceof DecodeError || error instanceof CheckError)) throw error;
      const own = error.check?.startsWith('MPC:') === true ? error.check : check;
      blamed.push({ party: validator, check: own, reason: error.message });
    }
  }
  return { messages, blamed };
}

/** @throws InvalidArgumentsError for a sender outside of the committee. */
export function requireMembers(access: Pick<AccessStructure, 'validators'>, inbox: Inbox): void {
  for (const validator of inbox.keys()) {
    if (!access.validators.includes(validator)) {
      throw new InvalidArgumentsError('inbox', `sender ${validator} is not in the committee`);
    }
  }
}

/** Ascending by sender. */
export const sortedEntries = (inbox: Inbox): [ValidatorId, Uint8Array][] => [...inbox].sort(([a], [b]) => a - b);

export const sortBlame = (blamed: readonly Blame[]): Blame[] => [...blamed].sort((a, b) => a.party - b.party);

/** @throws ThresholdNotReachedError if the accepted weigh less than t. */
export function requireThreshold(
  access: AccessStructure,
  accepted: readonly ValidatorId[],
  blamed: readonly Blame[],
  what: string,
): void {
  const weight = access.weight(accepted);
  if (weight < access.threshold) {
    throw new ThresholdNotReachedError(what, weight, access.threshold, sortBlame(blamed));
  }
}

/**
 * Canonical bytes of what a round consumes, for `roundRandom` (MPC 1.5): equal seeds only for equal inputs.
 * @param publicInput - everything else that the round reads: setup commitment, session parameters, digests of earlier rounds.
 */
export const roundInputs = (
  access: AccessStructure,
  publicInput: readonly Uint8Array[],
  ...inboxes: readonly Inbox[]
): Uint8Array[] => [
  access.encoded,
  encodeUint16(publicInput.length),
  ...publicInput,
  ...inboxes.flatMap((inbox) => [
    encodeUint16(inbox.size),
    ...sortedEntries(inbox).flatMap(([validator, bytes]) => [encodeUint16(validator), bytes]),
  ]),
];
