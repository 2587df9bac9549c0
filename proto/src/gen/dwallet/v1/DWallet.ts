// @ts-nocheck: generated.
export interface DWallet {
  /**
   * 32 bytes.
   */
  'dwalletId'?: (Buffer | Uint8Array | string);
  /**
   * dWallet record and the quorum certificate over it.
   */
  'record'?: (Buffer | Uint8Array | string);
  'certificate'?: (Buffer | Uint8Array | string);
  /**
   * The owner's signed acceptance; empty before it.
   */
  'acceptance'?: (Buffer | Uint8Array | string);
}

export interface DWallet__Output {
  /**
   * 32 bytes.
   */
  'dwalletId': (Buffer);
  /**
   * dWallet record and the quorum certificate over it.
   */
  'record': (Buffer);
  'certificate': (Buffer);
  /**
   * The owner's signed acceptance; empty before it.
   */
  'acceptance': (Buffer);
}
