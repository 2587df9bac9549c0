// @ts-nocheck: generated.
export interface PeerServiceAcceptDWalletResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface PeerServiceAcceptDWalletResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
