// @ts-nocheck: generated.
export interface DecideSlotResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface DecideSlotResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
