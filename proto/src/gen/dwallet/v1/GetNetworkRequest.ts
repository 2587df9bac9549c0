// @ts-nocheck: generated.
export interface GetNetworkRequest {
}

export interface GetNetworkRequest__Output {
}
