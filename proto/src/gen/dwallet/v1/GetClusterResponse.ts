// @ts-nocheck: generated.
import type { Cluster as _dwallet_v1_Cluster, Cluster__Output as _dwallet_v1_Cluster__Output } from '../../dwallet/v1/Cluster.ts';

export interface GetClusterResponse {
  'cluster'?: (_dwallet_v1_Cluster | null);
  /**
   * Quorum certificate over the record.
   */
  'certificate'?: (Buffer | Uint8Array | string);
}

export interface GetClusterResponse__Output {
  'cluster': (_dwallet_v1_Cluster__Output | null);
  /**
   * Quorum certificate over the record.
   */
  'certificate': (Buffer);
}
