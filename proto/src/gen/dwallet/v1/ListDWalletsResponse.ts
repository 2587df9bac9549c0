// @ts-nocheck: generated.
import type { DWallet as _dwallet_v1_DWallet, DWallet__Output as _dwallet_v1_DWallet__Output } from '../../dwallet/v1/DWallet.ts';

export interface ListDWalletsResponse {
  /**
   * In ascending order of their ids.
   */
  'dwallets'?: (_dwallet_v1_DWallet)[];
  /**
   * Empty after the last page.
   */
  'nextPageToken'?: (string);
}

export interface ListDWalletsResponse__Output {
  /**
   * In ascending order of their ids.
   */
  'dwallets': (_dwallet_v1_DWallet__Output)[];
  /**
   * Empty after the last page.
   */
  'nextPageToken': (string);
}
