// @ts-nocheck: generated.
export interface RecordSignatureRequest {
  /**
   * Envelope of the calling validator.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * 32 bytes.
   */
  'presignId'?: (Buffer | Uint8Array | string);
}

export interface RecordSignatureRequest__Output {
  /**
   * Envelope of the calling validator.
   */
  'envelope': (Buffer);
  /**
   * 32 bytes.
   */
  'presignId': (Buffer);
}
