// @ts-nocheck: generated.
export interface AcceptDWalletResponse {
  /**
   * 64 hex characters, for GetOperation.
   */
  'operationId'?: (string);
}

export interface AcceptDWalletResponse__Output {
  /**
   * 64 hex characters, for GetOperation.
   */
  'operationId': (string);
}
