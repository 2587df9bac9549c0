// @ts-nocheck: generated.
export interface CreateDWalletRequest {
  /**
   * Idempotency key of the caller's choice, 1..64 characters of [0-9A-Za-z._-].
   */
  'requestId'?: (string);
  /**
   * Envelope of kind client/create-dwallet. Its session id commits to the generations of the validators' stores; those that were restored from a backup
   * vote only where their present one is named.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * 32 bytes: the session of the envelope.
   */
  'dwalletId'?: (Buffer | Uint8Array | string);
}

export interface CreateDWalletRequest__Output {
  /**
   * Idempotency key of the caller's choice, 1..64 characters of [0-9A-Za-z._-].
   */
  'requestId': (string);
  /**
   * Envelope of kind client/create-dwallet. Its session id commits to the generations of the validators' stores; those that were restored from a backup
   * vote only where their present one is named.
   */
  'envelope': (Buffer);
  /**
   * 32 bytes: the session of the envelope.
   */
  'dwalletId': (Buffer);
}
