// @ts-nocheck: generated.
export interface WatchMessagesRequest {
  'cluster'?: (string);
  /**
   * Only what is certified from now on.
   */
  'newOnly'?: (boolean);
}

export interface WatchMessagesRequest__Output {
  'cluster': (string);
  /**
   * Only what is certified from now on.
   */
  'newOnly': (boolean);
}
