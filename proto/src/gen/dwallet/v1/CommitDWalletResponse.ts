// @ts-nocheck: generated.
export interface CommitDWalletResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface CommitDWalletResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
