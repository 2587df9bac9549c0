// @ts-nocheck: generated.
export interface ReleaseSharesResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface ReleaseSharesResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
