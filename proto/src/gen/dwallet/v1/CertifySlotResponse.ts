// @ts-nocheck: generated.
export interface CertifySlotResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface CertifySlotResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
