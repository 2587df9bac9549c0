// @ts-nocheck: generated.
export interface ListDWalletsRequest {
  /**
   * Envelope of kind client/list-dwallets with an empty body: its signer is the account.
   */
  'envelope'?: (Buffer | Uint8Array | string);
  /**
   * At most this many, 1..100; 0 is 100.
   */
  'pageSize'?: (number);
  /**
   * `next_page_token` of the page before; empty for the first one.
   */
  'pageToken'?: (string);
}

export interface ListDWalletsRequest__Output {
  /**
   * Envelope of kind client/list-dwallets with an empty body: its signer is the account.
   */
  'envelope': (Buffer);
  /**
   * At most this many, 1..100; 0 is 100.
   */
  'pageSize': (number);
  /**
   * `next_page_token` of the page before; empty for the first one.
   */
  'pageToken': (string);
}
