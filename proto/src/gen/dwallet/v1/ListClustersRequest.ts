// @ts-nocheck: generated.
export interface ListClustersRequest {
}

export interface ListClustersRequest__Output {
}
