// @ts-nocheck: generated.
export interface VoteDWalletRequest {
  /**
   * Envelope of the calling validator.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * 32 bytes.
   */
  'dwalletId'?: (Buffer | Uint8Array | string);
}

export interface VoteDWalletRequest__Output {
  /**
   * Envelope of the calling validator.
   */
  'envelope': (Buffer);
  /**
   * 32 bytes.
   */
  'dwalletId': (Buffer);
}
