/**
 * What goes wrong with a node. Messages name the node as the configuration does, never its address: that may hold a key.
 *
 * @module
 */
import { DWalletError } from '@dwallet/sigma';
import type { InconsistencyCheck } from './watcher.ts';

/** No useful answer: nothing can be concluded, so it is asked again. */
export class SilentNodeError extends DWalletError {
  override readonly name = 'SilentNodeError';
  readonly code = 'NODE_SILENT';
  readonly node: string;
  /** `too-large` and `refused` may go away when less is asked for at once. */
  readonly reason: 'timeout' | 'unreachable' | 'refused' | 'too-large' | 'unsupported';
  constructor(node: string, reason: SilentNodeError['reason'], detail: string, options?: ErrorOptions) {
    super(`node ${node}: ${detail}`, options);
    this.node = node;
    this.reason = reason;
  }
}

/** Answers that cannot all be true. */
export class InconsistentNodeError extends DWalletError {
  override readonly name = 'InconsistentNodeError';
  readonly code = 'NODE_INCONSISTENT';
  readonly node: string;
  readonly check: InconsistencyCheck;
  constructor(node: string, check: InconsistencyCheck, detail: string, options?: ErrorOptions) {
    super(`node ${node}: ${detail} (${check})`, options);
    this.node = node;
    this.check = check;
  }
}

/** The chain moved between two questions, as it may near its tip. `check` is what it means if that never ends. */
export class MovedError extends DWalletError {
  override readonly name = 'MovedError';
  readonly code = 'CHAIN_MOVED';
  readonly node: string;
  readonly check: InconsistencyCheck;
  constructor(node: string, check: InconsistencyCheck, detail: string) {
    super(`node ${node}: ${detail}`);
    this.node = node;
    this.check = check;
  }
}

/** Two nodes of one operator answer differently. */
export class DisagreementError extends DWalletError {
  override readonly name = 'DisagreementError';
  readonly code = 'NODES_DISAGREE';
  readonly height: number;
  constructor(height: number, detail: string) {
    super(`nodes disagree at height ${height}: ${detail}`);
    this.height = height;
  }
}
