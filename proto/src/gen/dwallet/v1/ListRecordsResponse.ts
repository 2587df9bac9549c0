// @ts-nocheck: generated.
export interface ListRecordsResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface ListRecordsResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
