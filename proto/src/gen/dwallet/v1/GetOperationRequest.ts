// @ts-nocheck: generated.
export interface GetOperationRequest {
  /**
   * 64 hex characters.
   */
  'operationId'?: (string);
}

export interface GetOperationRequest__Output {
  /**
   * 64 hex characters.
   */
  'operationId': (string);
}
