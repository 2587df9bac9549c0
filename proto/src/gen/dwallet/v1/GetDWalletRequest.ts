// @ts-nocheck: generated.
export interface GetDWalletRequest {
  /**
   * 32 bytes.
   */
  'dwalletId'?: (Buffer | Uint8Array | string);
}

export interface GetDWalletRequest__Output {
  /**
   * 32 bytes.
   */
  'dwalletId': (Buffer);
}
