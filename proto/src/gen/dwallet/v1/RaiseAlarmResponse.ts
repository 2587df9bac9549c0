// @ts-nocheck: generated.
export interface RaiseAlarmResponse {
  /**
   * Canonical bytes of the answer.
   */
  'body'?: (Buffer | Uint8Array | string);
}

export interface RaiseAlarmResponse__Output {
  /**
   * Canonical bytes of the answer.
   */
  'body': (Buffer);
}
