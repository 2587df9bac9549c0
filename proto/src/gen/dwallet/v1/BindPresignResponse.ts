// @ts-nocheck: generated.
export interface BindPresignResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface BindPresignResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
