// @ts-nocheck: generated.
export interface FixSlotRequest {
  /**
   * Envelope of the calling validator.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * 8 bytes, big-endian.
   */
  'slot'?: (Buffer | Uint8Array | string);
}

export interface FixSlotRequest__Output {
  /**
   * Envelope of the calling validator.
   */
  'envelope': (Buffer);
  /**
   * 8 bytes, big-endian.
   */
  'slot': (Buffer);
}
