/**
 * What a validator signs when it contributes to a session: its message and a digest of everything that the message answers. A contribution
 * shown under another history, other parameters or another session is none, so that no leader can make an honest message look wrong by
 * showing it in another place; and a fault in it is a fault of its sender, whoever looks.
 *
 * @module
 */
import { DecodeError, type Digest, type ValidatorId, digestTagged, encodeList, encodeText } from '@dwallet/sigma';
import type { Committee, Envelope } from '@dwallet/two-pc-mpc/network';
import { type SessionRequest, openMemberEnvelope } from '../core.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Kind of the envelope that carries a contribution. */
export const contributionKind = (protocol: string, step: string): string => `${protocol}/${step}`;

/** Digest of what the contribution `step` of round `round` answers: session, parameters, and the inboxes of all rounds before. 32 bytes. */
export const contributionPlace = (request: SessionRequest, round: number, step: string): Digest =>
  digestTagged('contribution-place', [
    encodeText(contributionKind(request.protocol, step)),
    request.session,
    request.input,
    ...request.history.slice(0, round).map((inbox) => encodeList(inbox)),
  ]);

const placeBytes = 32;

/** Told of every contribution that somebody signed, also of one that stands in a wrong place. */
export type SeeContribution = (from: ValidatorId, envelope: Envelope, bytes: Uint8Array) => void;

/**
 * The message in a contribution of round `round`, by whoever signed it.
 * @throws DecodeError for an envelope of anything else; RefusedError NOT_A_MEMBER.
 */
export function openContribution(
  committee: Committee,
  networkId: Digest,
  request: SessionRequest,
  round: number,
  step: string,
  bytes: Uint8Array,
  see?: SeeContribution,
): { readonly from: ValidatorId; readonly message: Uint8Array } {
  const kind = contributionKind(request.protocol, step);
  const { from, envelope } = openMemberEnvelope(committee, networkId, bytes, kind, request.session);
  see?.(from, envelope, bytes);
  const place = envelope.body.subarray(0, placeBytes);
  if (hex(place) !== hex(contributionPlace(request, round, step)))
    throw new DecodeError('Contribution.place', 'answers another history');
  return { from, message: envelope.body.slice(placeBytes) };
}

/** The inbox of a round opened: one message per member, in ascending order. The sender is who signed. */
export function openContributions(
  committee: Committee,
  networkId: Digest,
  request: SessionRequest,
  round: number,
  step: string,
  see?: SeeContribution,
): Map<ValidatorId, Uint8Array> {
  const inbox = request.history[round];
  if (inbox === undefined) throw new DecodeError('SessionRequest.history', `round ${step} is missing`);
  const messages = new Map<ValidatorId, Uint8Array>();
  let last = 0;
  for (const bytes of inbox) {
    const { from, message } = openContribution(committee, networkId, request, round, step, bytes, see);
    if (messages.has(from)) throw new DecodeError('SessionRequest.history', `validator ${from} is in it twice`);
    if (from < last) throw new DecodeError('SessionRequest.history', 'is not in ascending order');
    last = from;
    messages.set(from, message);
  }
  return messages;
}
