// @ts-nocheck: generated.
export interface GetPresignStatusRequest {
}

export interface GetPresignStatusRequest__Output {
}
