// @ts-nocheck: generated.
export interface WatchZoneRequest {
  /**
   * CAIP-2.
   */
  'chain'?: (string);
}

export interface WatchZoneRequest__Output {
  /**
   * CAIP-2.
   */
  'chain': (string);
}
