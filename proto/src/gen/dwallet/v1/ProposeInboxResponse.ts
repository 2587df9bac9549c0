// @ts-nocheck: generated.
export interface ProposeInboxResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface ProposeInboxResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
