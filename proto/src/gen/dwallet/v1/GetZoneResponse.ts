// @ts-nocheck: generated.
import type { Zone as _dwallet_v1_Zone, Zone__Output as _dwallet_v1_Zone__Output } from '../../dwallet/v1/Zone.ts';

export interface GetZoneResponse {
  'zone'?: (_dwallet_v1_Zone | null);
  /**
   * Quorum certificate over the record.
   */
  'certificate'?: (Buffer | Uint8Array | string);
}

export interface GetZoneResponse__Output {
  'zone': (_dwallet_v1_Zone__Output | null);
  /**
   * Quorum certificate over the record.
   */
  'certificate': (Buffer);
}
