// @ts-nocheck: generated.
export interface ZoneLogStatusRequest {
  /**
   * Envelope of the calling validator.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * 8 bytes, big-endian.
   */
  'slot'?: (Buffer | Uint8Array | string);
}

export interface ZoneLogStatusRequest__Output {
  /**
   * Envelope of the calling validator.
   */
  'envelope': (Buffer);
  /**
   * 8 bytes, big-endian.
   */
  'slot': (Buffer);
}
