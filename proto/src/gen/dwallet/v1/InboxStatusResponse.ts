// @ts-nocheck: generated.
export interface InboxStatusResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface InboxStatusResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
