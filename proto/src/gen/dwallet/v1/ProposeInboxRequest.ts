// @ts-nocheck: generated.
export interface ProposeInboxRequest {
  /**
   * Envelope of the calling validator.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * Name of the protocol, such as `presign`.
   */
  'protocol'?: (string);
  /**
   * 32 bytes.
   */
  'sessionId'?: (Buffer | Uint8Array | string);
  /**
   * Step of the protocol, such as `round-1`.
   */
  'step'?: (string);
}

export interface ProposeInboxRequest__Output {
  /**
   * Envelope of the calling validator.
   */
  'envelope': (Buffer);
  /**
   * Name of the protocol, such as `presign`.
   */
  'protocol': (string);
  /**
   * 32 bytes.
   */
  'sessionId': (Buffer);
  /**
   * Step of the protocol, such as `round-1`.
   */
  'step': (string);
}
