// @ts-nocheck: generated.
export interface SignRequest {
  /**
   * Idempotency key of the caller's choice, 1..64 characters of [0-9A-Za-z._-].
   */
  'requestId'?: (string);
  /**
   * Envelope of kind client/sign. Its body shows the assignment_certificate of TakePresign; without it, validators ask each other for one.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * 32 bytes: the dWallet in the envelope.
   */
  'dwalletId'?: (Buffer | Uint8Array | string);
  /**
   * 32 bytes: the presign in the envelope, and its session.
   */
  'presignId'?: (Buffer | Uint8Array | string);
}

export interface SignRequest__Output {
  /**
   * Idempotency key of the caller's choice, 1..64 characters of [0-9A-Za-z._-].
   */
  'requestId': (string);
  /**
   * Envelope of kind client/sign. Its body shows the assignment_certificate of TakePresign; without it, validators ask each other for one.
   */
  'envelope': (Buffer);
  /**
   * 32 bytes: the dWallet in the envelope.
   */
  'dwalletId': (Buffer);
  /**
   * 32 bytes: the presign in the envelope, and its session.
   */
  'presignId': (Buffer);
}
