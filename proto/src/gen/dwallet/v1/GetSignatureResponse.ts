// @ts-nocheck: generated.
export interface GetSignatureResponse {
  /**
   * As in SignResponse.
   */
  'signatureRecord'?: (Buffer | Uint8Array | string);
  /**
   * ECDSA as v || r || s: 1 + 32 + 32 bytes, v in 0..3, low s.
   */
  'signature'?: (Buffer | Uint8Array | string);
}

export interface GetSignatureResponse__Output {
  /**
   * As in SignResponse.
   */
  'signatureRecord': (Buffer);
  /**
   * ECDSA as v || r || s: 1 + 32 + 32 bytes, v in 0..3, low s.
   */
  'signature': (Buffer);
}
