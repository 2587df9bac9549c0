// @ts-nocheck: generated.
export interface ContributeResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface ContributeResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
