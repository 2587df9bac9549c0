// @ts-nocheck: generated.
export interface TakePresignResponse {
  /**
   * 64 hex characters, for GetOperation.
   */
  'operationId'?: (string);
  /**
   * Presign record.
   */
  'presign'?: (Buffer | Uint8Array | string);
  /**
   * Identifiers of its batch and the quorum certificate over the batch.
   */
  'batch'?: (Buffer | Uint8Array | string);
  'batchCertificate'?: (Buffer | Uint8Array | string);
  /**
   * Quorum certificate that gives the presign to this request. The body of every Sign envelope for it shows these bytes.
   */
  'assignmentCertificate'?: (Buffer | Uint8Array | string);
}

export interface TakePresignResponse__Output {
  /**
   * 64 hex characters, for GetOperation.
   */
  'operationId': (string);
  /**
   * Presign record.
   */
  'presign': (Buffer);
  /**
   * Identifiers of its batch and the quorum certificate over the batch.
   */
  'batch': (Buffer);
  'batchCertificate': (Buffer);
  /**
   * Quorum certificate that gives the presign to this request. The body of every Sign envelope for it shows these bytes.
   */
  'assignmentCertificate': (Buffer);
}
