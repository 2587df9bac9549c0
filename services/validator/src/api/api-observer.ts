/**
 * What the gRPC servers tell whoever watches them, for metrics. An observer never throws and nothing waits for it.
 *
 * @module
 */

/** Which of a validator's two servers. */
export type ApiSide = 'client' | 'peer';

export interface ApiObserver {
  callStarted(side: ApiSide, rpc: string): void;
  /** @param code - name of the gRPC code, such as OK or NOT_FOUND. @param seconds - since the handler had the request. */
  callFinished(side: ApiSide, rpc: string, code: string, seconds: number): void;
  /** A request was refused by a limit. @param limit - reason of the error table, such as RATE_LIMITED. */
  limited(side: ApiSide, rpc: string, limit: string): void;
  /** Operations of one rpc that run and that wait, whenever that changes. */
  operations(rpc: string, running: number, queued: number): void;
  /** An idempotency key was met again. */
  replayed(rpc: string, how: 'attached' | 'answered' | 'run again'): void;
}

export const silentApiObserver: ApiObserver = {
  callStarted() {},
  callFinished() {},
  limited() {},
  operations() {},
  replayed() {},
};
