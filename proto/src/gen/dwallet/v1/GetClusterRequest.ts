// @ts-nocheck: generated.
export interface GetClusterRequest {
  'cluster'?: (string);
}

export interface GetClusterRequest__Output {
  'cluster': (string);
}
