/**
 * What a failed round says about a watcher, and what its operator hears of it.
 *
 * @module
 */
import { DisagreementError, InconsistentNodeError, MovedError, SilentNodeError } from './node-error.ts';
import type { WatcherObserver } from './observer.ts';
import type { WatcherStatus } from './watcher.ts';

export interface FailedRound {
  readonly chain: string;
  /** Name of the node, or of the nodes together. */
  readonly node: string;
  readonly before: WatcherStatus;
  /** Milliseconds since the Unix epoch: now, and when the node last answered. */
  readonly now: number;
  readonly answeredAt: number | undefined;
  readonly observer: WatcherObserver;
}

/** Tells the observer of `error`. @returns the status from now on; a failure that goes on keeps its beginning. */
export function failedStatus(error: unknown, round: FailedRound): WatcherStatus {
  const { chain, before, now, answeredAt, observer } = round;
  const since = (kind: WatcherStatus['kind'], start = now): number =>
    before.kind === kind && 'since' in before ? before.since : start;
  if (error instanceof InconsistentNodeError || error instanceof MovedError) {
    const { node, check } = error;
    observer.inconsistent(chain, node, check);
    return { kind: 'inconsistent', since: since('inconsistent'), node, check };
  }
  if (error instanceof DisagreementError) {
    observer.disagreed(chain, error.height);
    return { kind: 'disagreeing', since: since('disagreeing'), height: error.height };
  }
  const silent = error instanceof SilentNodeError;
  const [node, reason] = silent ? [error.node, error.reason] : [round.node, 'internal'];
  if (!silent) observer.unforeseen(chain, error);
  observer.silent(chain, node, reason);
  return { kind: 'silent', since: since('silent', answeredAt ?? now), node, reason };
}
