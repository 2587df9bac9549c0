// @ts-nocheck: generated.
import type { Cluster as _dwallet_v1_Cluster, Cluster__Output as _dwallet_v1_Cluster__Output } from '../../dwallet/v1/Cluster.ts';

export interface ListClustersResponse {
  'clusters'?: (_dwallet_v1_Cluster)[];
}

export interface ListClustersResponse__Output {
  'clusters': (_dwallet_v1_Cluster__Output)[];
}
