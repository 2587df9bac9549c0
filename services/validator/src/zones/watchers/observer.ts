/**
 * What watchers tell whoever operates them: numbers for metrics, lines for the log. Nothing that a watcher waits for.
 *
 * @module
 */
import type { InconsistencyCheck, RunningConfiguration, Track, WatcherStatus } from './watcher.ts';

export interface WatcherObserver {
  status(chain: string, kind: WatcherStatus['kind']): void;
  /** Undefined: not known yet, or no such track. */
  heights(chain: string, heights: { readonly tip: number; readonly final?: number; readonly cluster?: number }): void;
  /** One round of questions ended. */
  round(chain: string, seconds: number): void;
  /** One request. @param outcome - `ok` or the reason of a failure. */
  requested(chain: string, node: string, outcome: string, seconds: number): void;
  /** A stream has one more event of this kind. */
  observed(chain: string, kind: string): void;
  /** Something that looks like an event and is none. @param reason - a fixed word. */
  ignored(chain: string, reason: string, reference: string): void;
  /** Blocks that nobody had been told about are gone. */
  reorganised(chain: string, blocks: number): void;
  silent(chain: string, node: string, reason: string): void;
  inconsistent(chain: string, node: string, check: InconsistencyCheck): void;
  disagreed(chain: string, height: number): void;
  forked(chain: string, track: Track): void;
  /** The chain runs something else than before, or this is the first look at it. */
  running(chain: string, running: RunningConfiguration): void;
  /** An error that nobody foresaw. */
  unforeseen(chain: string, error: unknown): void;
}

export const silentWatcherObserver: WatcherObserver = {
  status() {},
  heights() {},
  round() {},
  requested() {},
  observed() {},
  ignored() {},
  reorganised() {},
  silent() {},
  inconsistent() {},
  disagreed() {},
  forked() {},
  running() {},
  unforeseen() {},
};
