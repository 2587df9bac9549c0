// @ts-nocheck: generated.
export interface RecordSignatureResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface RecordSignatureResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
