// @ts-nocheck: generated.
import type { ClusterMemberStatus as _dwallet_v1_ClusterMemberStatus, ClusterMemberStatus__Output as _dwallet_v1_ClusterMemberStatus__Output } from '../../dwallet/v1/ClusterMemberStatus.ts';
import type { MessageInDoubt as _dwallet_v1_MessageInDoubt, MessageInDoubt__Output as _dwallet_v1_MessageInDoubt__Output } from '../../dwallet/v1/MessageInDoubt.ts';
import type { Long } from '@grpc/proto-loader';

export interface Cluster {
  'cluster'?: (string);
  'version'?: (number | string | Long);
  'record'?: (Buffer | Uint8Array | string);
  /**
   * running, halted or quarantined.
   */
  'status'?: (string);
  /**
   * Since when, and by which members, unless it is running.
   */
  'since'?: (number | string | Long);
  'by'?: (string)[];
  'members'?: (_dwallet_v1_ClusterMemberStatus)[];
  /**
   * Next interval to settle.
   */
  'interval'?: (number | string | Long);
  /**
   * After a safety fault: exactly the causal closure of the guilty member's messages.
   */
  'inDoubt'?: (_dwallet_v1_MessageInDoubt)[];
  /**
   * Why this validator abstains for the cluster; empty if it does not.
   */
  'abstains'?: (string);
  'deltaMs'?: (number | string | Long);
}

export interface Cluster__Output {
  'cluster': (string);
  'version': (number);
  'record': (Buffer);
  /**
   * running, halted or quarantined.
   */
  'status': (string);
  /**
   * Since when, and by which members, unless it is running.
   */
  'since': (number);
  'by': (string)[];
  'members': (_dwallet_v1_ClusterMemberStatus__Output)[];
  /**
   * Next interval to settle.
   */
  'interval': (number);
  /**
   * After a safety fault: exactly the causal closure of the guilty member's messages.
   */
  'inDoubt': (_dwallet_v1_MessageInDoubt__Output)[];
  /**
   * Why this validator abstains for the cluster; empty if it does not.
   */
  'abstains': (string);
  'deltaMs': (number);
}
