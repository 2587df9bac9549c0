// @ts-nocheck: generated.
export interface GetDWalletPolicyRequest {
  /**
   * 33 bytes, compressed.
   */
  'publicKey'?: (Buffer | Uint8Array | string);
}

export interface GetDWalletPolicyRequest__Output {
  /**
   * 33 bytes, compressed.
   */
  'publicKey': (Buffer);
}
