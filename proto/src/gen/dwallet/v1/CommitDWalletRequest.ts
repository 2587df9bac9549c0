// @ts-nocheck: generated.
export interface CommitDWalletRequest {
  /**
   * Envelope of the calling validator.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * 32 bytes.
   */
  'dwalletId'?: (Buffer | Uint8Array | string);
}

export interface CommitDWalletRequest__Output {
  /**
   * Envelope of the calling validator.
   */
  'envelope': (Buffer);
  /**
   * 32 bytes.
   */
  'dwalletId': (Buffer);
}
