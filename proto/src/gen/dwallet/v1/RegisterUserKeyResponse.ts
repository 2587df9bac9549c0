// @ts-nocheck: generated.
export interface RegisterUserKeyResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface RegisterUserKeyResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
