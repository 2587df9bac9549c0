// @ts-nocheck: generated.
export interface OfferRecordResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface OfferRecordResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
