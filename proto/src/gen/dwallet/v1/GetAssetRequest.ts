// @ts-nocheck: generated.
export interface GetAssetRequest {
  /**
   * CAIP-19 on its OwnerChain.
   */
  'asset'?: (string);
}

export interface GetAssetRequest__Output {
  /**
   * CAIP-19 on its OwnerChain.
   */
  'asset': (string);
}
