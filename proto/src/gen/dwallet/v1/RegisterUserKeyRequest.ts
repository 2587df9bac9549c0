// @ts-nocheck: generated.
export interface RegisterUserKeyRequest {
  /**
   * Envelope of the calling validator.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * 32 bytes: the client's account key.
   */
  'account'?: (Buffer | Uint8Array | string);
}

export interface RegisterUserKeyRequest__Output {
  /**
   * Envelope of the calling validator.
   */
  'envelope': (Buffer);
  /**
   * 32 bytes: the client's account key.
   */
  'account': (Buffer);
}
