// @ts-nocheck: generated.
export interface PeerServiceAcceptDWalletRequest {
  /**
   * Envelope of the calling validator.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * 32 bytes.
   */
  'dwalletId'?: (Buffer | Uint8Array | string);
}

export interface PeerServiceAcceptDWalletRequest__Output {
  /**
   * Envelope of the calling validator.
   */
  'envelope': (Buffer);
  /**
   * 32 bytes.
   */
  'dwalletId': (Buffer);
}
