// @ts-nocheck: generated.
export interface FetchRecordRequest {
  /**
   * Envelope of the calling validator.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * Kind of the record, such as `dwallet`.
   */
  'kind'?: (string);
}

export interface FetchRecordRequest__Output {
  /**
   * Envelope of the calling validator.
   */
  'envelope': (Buffer);
  /**
   * Kind of the record, such as `dwallet`.
   */
  'kind': (string);
}
