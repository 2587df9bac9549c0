// @ts-nocheck: generated.
export interface ProveSharesResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface ProveSharesResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
