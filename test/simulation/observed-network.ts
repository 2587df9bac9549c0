/**
 * What the validators of the simulation import as `@dwallet/two-pc-mpc/network`: the package itself, with a listener where something that must
 * be consistent is signed or believed, and with switches that take one guard away (mutations.ts). With no switch on, it changes nothing.
 *
 * @module
 */
import type { ValidatorId } from '@dwallet/sigma';
import * as inner from '@dwallet/two-pc-mpc/network';
import type { Fact, QuorumCertificate } from '@dwallet/two-pc-mpc/network';

export * from '@dwallet/two-pc-mpc/network';

export interface Listener {
  /** A validator signed a fact: a vote, if the signature ever leaves. */
  signed(validator: ValidatorId, fact: Fact, signature: Uint8Array): void;
  /** A certificate was made or believed by somebody. */
  certified(fact: Fact): void;
}

/** Guards that are off. Set between schedules only. */
export const broken = { bindings: false, assignments: false, shownAssignments: false, unseenAssignments: false };

let listener: Listener | undefined;
export const listen = (next: Listener | undefined): void => void (listener = next);

export const signFact: typeof inner.signFact = (committee, fact, validator, identityKey) => {
  const vote = inner.signFact(committee, fact, validator, identityKey);
  listener?.signed(validator, fact, vote.signature);
  return vote;
};

export const assembleCertificate: typeof inner.assembleCertificate = (committee, fact, votes) => {
  const assembled = inner.assembleCertificate(committee, fact, votes);
  listener?.certified(fact);
  return assembled;
};

export const verifyCertificate = (
  committee: inner.Committee,
  certificate: QuorumCertificate,
  expected: Fact,
  check: string,
): void => {
  if (broken.bindings && expected.kind === 'presign-binding') return;
  if (broken.shownAssignments && expected.kind === 'presign-assignment') return;
  inner.verifyCertificate(committee, certificate, expected, check);
  listener?.certified(expected);
};

export const decodeSignRequest: typeof inner.decodeSignRequest = (bytes) => {
  const { assignment, ...request } = inner.decodeSignRequest(bytes);
  return broken.unseenAssignments || assignment === undefined ? request : { ...request, assignment };
};

/** The state of a presign as a validator would see it that does not compare assignments. */
function unassigned(args: inner.OpenSignMessageArguments): inner.PresignState {
  const { state, record, approved } = args;
  const assignment = { publicKey: record.publicKey, request: approved.request };
  if (!broken.assignments || state.kind === 'destroyed') return state;
  return state.kind === 'available' ? { kind: 'assigned', assignment } : { ...state, assignment };
}

export const verifySignMessage: typeof inner.verifySignMessage = (args) =>
  inner.verifySignMessage({ ...args, state: unassigned(args) });

export const verifySignMessageIn: typeof inner.verifySignMessageIn = (pool, args, options) =>
  inner.verifySignMessageIn(pool, { ...args, state: unassigned(args) }, options);
