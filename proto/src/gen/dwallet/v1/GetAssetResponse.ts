// @ts-nocheck: generated.
import type { Asset as _dwallet_v1_Asset, Asset__Output as _dwallet_v1_Asset__Output } from '../../dwallet/v1/Asset.ts';

export interface GetAssetResponse {
  'asset'?: (_dwallet_v1_Asset | null);
  /**
   * Quorum certificate over the record.
   */
  'certificate'?: (Buffer | Uint8Array | string);
}

export interface GetAssetResponse__Output {
  'asset': (_dwallet_v1_Asset__Output | null);
  /**
   * Quorum certificate over the record.
   */
  'certificate': (Buffer);
}
