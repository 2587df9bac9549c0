// @ts-nocheck: generated.
export interface CommitSessionResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface CommitSessionResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
