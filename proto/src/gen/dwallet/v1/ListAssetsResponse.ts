// @ts-nocheck: generated.
import type { Asset as _dwallet_v1_Asset, Asset__Output as _dwallet_v1_Asset__Output } from '../../dwallet/v1/Asset.ts';

export interface ListAssetsResponse {
  'assets'?: (_dwallet_v1_Asset)[];
}

export interface ListAssetsResponse__Output {
  'assets': (_dwallet_v1_Asset__Output)[];
}
