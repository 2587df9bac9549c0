// @ts-nocheck: generated.
export interface WatchClusterRequest {
  'cluster'?: (string);
}

export interface WatchClusterRequest__Output {
  'cluster': (string);
}
