// @ts-nocheck: generated.
export interface DecideSlotRequest {
  /**
   * Envelope of the calling validator.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * 8 bytes, big-endian.
   */
  'slot'?: (Buffer | Uint8Array | string);
}

export interface DecideSlotRequest__Output {
  /**
   * Envelope of the calling validator.
   */
  'envelope': (Buffer);
  /**
   * 8 bytes, big-endian.
   */
  'slot': (Buffer);
}
