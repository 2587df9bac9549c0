/**
 * What sessions tell whoever watches this validator: counts and durations for operators. Nothing secret, nothing that a session waits for or
 * depends on; an observer never throws.
 *
 * @module
 */

/** A protocol as operators see it. */
export type ObservedProtocol =
  | 'genesis'
  | 'presign'
  | 'register-user-key'
  | 'create-dwallet'
  | 'accept-dwallet'
  | 'take-presign'
  | 'sign';

export type SessionOutcome = 'succeeded' | 'refused' | 'failed';

export interface Observer {
  /** This validator leads a session. */
  sessionStarted(protocol: ObservedProtocol): void;
  sessionEnded(protocol: ObservedProtocol, outcome: SessionOutcome): void;
  /** One step took this long. `role`: gathering the answers as leader, or giving one's own as member. */
  step(name: string, role: 'leader' | 'member', seconds: number): void;
  /** A vote for one fact of this kind left. */
  voted(kind: string): void;
  /** A vote, a contribution or a request was refused. */
  refused(what: string, code: string): void;
  /** A validator was shown to be faulty by this check. */
  blamed(party: number, check: string): void;
  /** Something that should not happen did, and nothing broke: said once per entity in the log, counted always. */
  skipped(what: string): void;
}

export const silentObserver: Observer = {
  sessionStarted() {},
  sessionEnded() {},
  step() {},
  voted() {},
  refused() {},
  blamed() {},
  skipped() {},
};
