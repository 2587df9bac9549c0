// @ts-nocheck: generated.
export interface VoteSessionResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface VoteSessionResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
