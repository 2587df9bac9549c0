// @ts-nocheck: generated.
export interface TakePresignRequest {
  /**
   * Idempotency key of the caller's choice, 1..64 characters of [0-9A-Za-z._-].
   */
  'requestId'?: (string);
  /**
   * Envelope of kind client/take-presign.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * 32 bytes: the session of the envelope.
   */
  'dwalletId'?: (Buffer | Uint8Array | string);
}

export interface TakePresignRequest__Output {
  /**
   * Idempotency key of the caller's choice, 1..64 characters of [0-9A-Za-z._-].
   */
  'requestId': (string);
  /**
   * Envelope of kind client/take-presign.
   */
  'envelope': (Buffer);
  /**
   * 32 bytes: the session of the envelope.
   */
  'dwalletId': (Buffer);
}
