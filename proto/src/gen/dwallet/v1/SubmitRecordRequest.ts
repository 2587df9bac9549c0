// @ts-nocheck: generated.
export interface SubmitRecordRequest {
  /**
   * Canonical bytes of the submission.
   */
  'submission'?: (Buffer | Uint8Array | string);
}

export interface SubmitRecordRequest__Output {
  /**
   * Canonical bytes of the submission.
   */
  'submission': (Buffer);
}
