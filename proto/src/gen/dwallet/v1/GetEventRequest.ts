// @ts-nocheck: generated.
export interface GetEventRequest {
  /**
   * CAIP-2.
   */
  'chain'?: (string);
  /**
   * Names the event on its chain.
   */
  'reference'?: (string);
}

export interface GetEventRequest__Output {
  /**
   * CAIP-2.
   */
  'chain': (string);
  /**
   * Names the event on its chain.
   */
  'reference': (string);
}
