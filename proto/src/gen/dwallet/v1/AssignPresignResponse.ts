// @ts-nocheck: generated.
export interface AssignPresignResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface AssignPresignResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
