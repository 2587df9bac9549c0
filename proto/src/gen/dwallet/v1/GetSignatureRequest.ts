// @ts-nocheck: generated.
export interface GetSignatureRequest {
  /**
   * 32 bytes.
   */
  'presignId'?: (Buffer | Uint8Array | string);
}

export interface GetSignatureRequest__Output {
  /**
   * 32 bytes.
   */
  'presignId': (Buffer);
}
