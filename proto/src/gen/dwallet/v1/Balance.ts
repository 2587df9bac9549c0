// @ts-nocheck: generated.
export interface Balance {
  /**
   * CAIP-2.
   */
  'chain'?: (string);
  'amount'?: (string);
}

export interface Balance__Output {
  /**
   * CAIP-2.
   */
  'chain': (string);
  'amount': (string);
}
