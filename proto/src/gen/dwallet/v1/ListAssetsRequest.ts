// @ts-nocheck: generated.
export interface ListAssetsRequest {
}

export interface ListAssetsRequest__Output {
}
