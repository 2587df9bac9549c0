// @ts-nocheck: generated.
import type { Cluster as _dwallet_v1_Cluster, Cluster__Output as _dwallet_v1_Cluster__Output } from '../../dwallet/v1/Cluster.ts';

export interface WatchClusterResponse {
  'cluster'?: (_dwallet_v1_Cluster | null);
}

export interface WatchClusterResponse__Output {
  'cluster': (_dwallet_v1_Cluster__Output | null);
}
