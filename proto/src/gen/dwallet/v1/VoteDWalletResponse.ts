// @ts-nocheck: generated.
export interface VoteDWalletResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface VoteDWalletResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
