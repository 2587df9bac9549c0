// @ts-nocheck: generated.
export interface SubmitRecordResponse {
}

export interface SubmitRecordResponse__Output {
}
