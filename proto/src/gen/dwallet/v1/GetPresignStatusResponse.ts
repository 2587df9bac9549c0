// @ts-nocheck: generated.
export interface GetPresignStatusResponse {
  /**
   * Presigns that are certified and assigned to nobody, as this validator knows.
   */
  'available'?: (number);
  /**
   * Marks between which the pool is kept; 0 when this validator keeps none.
   */
  'lowMark'?: (number);
  'highMark'?: (number);
}

export interface GetPresignStatusResponse__Output {
  /**
   * Presigns that are certified and assigned to nobody, as this validator knows.
   */
  'available': (number);
  /**
   * Marks between which the pool is kept; 0 when this validator keeps none.
   */
  'lowMark': (number);
  'highMark': (number);
}
