// @ts-nocheck: generated.
export interface ProposeSlotResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface ProposeSlotResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
