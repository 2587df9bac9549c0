// @ts-nocheck: generated.
export interface RegisterEncryptionKeyResponse {
  /**
   * 64 hex characters, for GetOperation.
   */
  'operationId'?: (string);
}

export interface RegisterEncryptionKeyResponse__Output {
  /**
   * 64 hex characters, for GetOperation.
   */
  'operationId': (string);
}
