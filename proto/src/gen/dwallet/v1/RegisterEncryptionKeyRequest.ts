// @ts-nocheck: generated.
export interface RegisterEncryptionKeyRequest {
  /**
   * Idempotency key of the caller's choice, 1..64 characters of [0-9A-Za-z._-].
   */
  'requestId'?: (string);
  /**
   * Envelope of kind client/register-user-key.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * Ed25519 public key of the account, 32 bytes; the signer of the envelope.
   */
  'account'?: (Buffer | Uint8Array | string);
}

export interface RegisterEncryptionKeyRequest__Output {
  /**
   * Idempotency key of the caller's choice, 1..64 characters of [0-9A-Za-z._-].
   */
  'requestId': (string);
  /**
   * Envelope of kind client/register-user-key.
   */
  'envelope': (Buffer);
  /**
   * Ed25519 public key of the account, 32 bytes; the signer of the envelope.
   */
  'account': (Buffer);
}
