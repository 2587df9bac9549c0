// @ts-nocheck: generated.
export interface FetchRecordResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface FetchRecordResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
