// @ts-nocheck: generated.
export interface ZoneLogStatusResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface ZoneLogStatusResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
