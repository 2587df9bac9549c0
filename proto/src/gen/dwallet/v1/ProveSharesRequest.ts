// @ts-nocheck: generated.
export interface ProveSharesRequest {
  /**
   * Envelope of the calling validator.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * 32 bytes.
   */
  'presignId'?: (Buffer | Uint8Array | string);
}

export interface ProveSharesRequest__Output {
  /**
   * Envelope of the calling validator.
   */
  'envelope': (Buffer);
  /**
   * 32 bytes.
   */
  'presignId': (Buffer);
}
