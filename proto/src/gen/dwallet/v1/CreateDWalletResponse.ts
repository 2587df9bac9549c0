// @ts-nocheck: generated.
export interface CreateDWalletResponse {
  /**
   * 64 hex characters, for GetOperation.
   */
  'operationId'?: (string);
  /**
   * dWallet record and the quorum certificate over it.
   */
  'record'?: (Buffer | Uint8Array | string);
  'certificate'?: (Buffer | Uint8Array | string);
}

export interface CreateDWalletResponse__Output {
  /**
   * 64 hex characters, for GetOperation.
   */
  'operationId': (string);
  /**
   * dWallet record and the quorum certificate over it.
   */
  'record': (Buffer);
  'certificate': (Buffer);
}
