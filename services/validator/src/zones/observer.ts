/**
 * What zones tell whoever watches this validator: counts and durations. An observer never throws and nothing waits for it.
 *
 * @module
 */
import type { EventScope, WorldEvent } from '@dwallet/zones';

/** Kinds of events as operators see them. */
export type ObservedEventKind =
  | Exclude<WorldEvent['kind'], 'cluster'>
  | 'message'
  | 'delivery'
  | 'heartbeat'
  | 'head'
  | 'conflict'
  | 'settlement'
  | 'configuration'
  | 'amendment';

export interface ZonesObserver {
  /** An event is in the log. @param seconds - since this validator first saw it, where it did. */
  decided(kind: ObservedEventKind, seconds: number | undefined): void;
  /** Something was refused by a rule: an event of others or of this validator's, or a signature. */
  refused(what: 'event' | 'signature', rule: string): void;
  /** One sign request was judged. */
  judged(seconds: number): void;
  /** More than f validators are at fault. */
  alarm(scope: EventScope | undefined): void;
  /** Drafting or leading failed. */
  proposerFailed(why: ProposerFailure): void;
}

/** Why a proposer could not go on: others did not agree or answer, this validator's own store fails, or nobody foresaw it. */
export type ProposerFailure = 'agreement' | 'store' | 'unforeseen';

export const silentZonesObserver: ZonesObserver = {
  decided() {},
  refused() {},
  judged() {},
  alarm() {},
  proposerFailed() {},
};

export const eventKind = (event: WorldEvent): ObservedEventKind =>
  event.kind === 'cluster' ? event.event.kind : event.kind;
