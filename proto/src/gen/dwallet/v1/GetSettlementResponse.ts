// @ts-nocheck: generated.
export interface GetSettlementResponse {
  /**
   * Canonical bytes, and the quorum certificate over them.
   */
  'record'?: (Buffer | Uint8Array | string);
  'certificate'?: (Buffer | Uint8Array | string);
  /**
   * 32 bytes: what `settle(bytes32)` is called with.
   */
  'digest'?: (Buffer | Uint8Array | string);
}

export interface GetSettlementResponse__Output {
  /**
   * Canonical bytes, and the quorum certificate over them.
   */
  'record': (Buffer);
  'certificate': (Buffer);
  /**
   * 32 bytes: what `settle(bytes32)` is called with.
   */
  'digest': (Buffer);
}
