// @ts-nocheck: generated.
export interface AcceptDWalletRequest {
  /**
   * Idempotency key of the caller's choice, 1..64 characters of [0-9A-Za-z._-].
   */
  'requestId'?: (string);
  /**
   * Envelope of kind client/accept-dwallet.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * 32 bytes: the session of the envelope.
   */
  'dwalletId'?: (Buffer | Uint8Array | string);
}

export interface AcceptDWalletRequest__Output {
  /**
   * Idempotency key of the caller's choice, 1..64 characters of [0-9A-Za-z._-].
   */
  'requestId': (string);
  /**
   * Envelope of kind client/accept-dwallet.
   */
  'envelope': (Buffer);
  /**
   * 32 bytes: the session of the envelope.
   */
  'dwalletId': (Buffer);
}
