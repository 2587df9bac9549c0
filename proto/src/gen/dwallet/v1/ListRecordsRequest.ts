// @ts-nocheck: generated.
export interface ListRecordsRequest {
  /**
   * Envelope of the calling validator.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * Kind of the records, such as `dwallet`.
   */
  'kind'?: (string);
}

export interface ListRecordsRequest__Output {
  /**
   * Envelope of the calling validator.
   */
  'envelope': (Buffer);
  /**
   * Kind of the records, such as `dwallet`.
   */
  'kind': (string);
}
