// @ts-nocheck: generated.
export interface FetchSlotsResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface FetchSlotsResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
