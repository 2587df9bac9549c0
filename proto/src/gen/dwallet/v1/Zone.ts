// @ts-nocheck: generated.
import type { ZoneStatus as _dwallet_v1_ZoneStatus, ZoneStatus__Output as _dwallet_v1_ZoneStatus__Output } from '../../dwallet/v1/ZoneStatus.ts';
import type { Long } from '@grpc/proto-loader';

export interface Zone {
  /**
   * CAIP-2.
   */
  'chain'?: (string);
  /**
   * owner, dapp, defi or connector.
   */
  'role'?: (string);
  'status'?: (_dwallet_v1_ZoneStatus);
  /**
   * Why it is not active.
   */
  'reason'?: (string);
  'version'?: (number | string | Long);
  'record'?: (Buffer | Uint8Array | string);
  /**
   * What this validator's own nodes of the chain do: following, silent, inconsistent, disagreeing, forked, starting, stopped, or none.
   */
  'watcher'?: (string);
  /**
   * Newest block that this validator has seen final, and when it was made; 0 before the first.
   */
  'finalHeight'?: (number | string | Long);
  'finalTime'?: (number | string | Long);
}

export interface Zone__Output {
  /**
   * CAIP-2.
   */
  'chain': (string);
  /**
   * owner, dapp, defi or connector.
   */
  'role': (string);
  'status': (_dwallet_v1_ZoneStatus__Output);
  /**
   * Why it is not active.
   */
  'reason': (string);
  'version': (number);
  'record': (Buffer);
  /**
   * What this validator's own nodes of the chain do: following, silent, inconsistent, disagreeing, forked, starting, stopped, or none.
   */
  'watcher': (string);
  /**
   * Newest block that this validator has seen final, and when it was made; 0 before the first.
   */
  'finalHeight': (number);
  'finalTime': (number);
}
