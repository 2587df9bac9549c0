// @ts-nocheck: generated.
export interface FixSlotResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface FixSlotResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
