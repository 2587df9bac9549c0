// @ts-nocheck: generated.
export interface GetZoneRequest {
  /**
   * CAIP-2.
   */
  'chain'?: (string);
}

export interface GetZoneRequest__Output {
  /**
   * CAIP-2.
   */
  'chain': (string);
}
