// @ts-nocheck: generated.
export interface FixInboxResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface FixInboxResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
