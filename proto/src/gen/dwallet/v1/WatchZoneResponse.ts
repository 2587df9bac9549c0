// @ts-nocheck: generated.
import type { Zone as _dwallet_v1_Zone, Zone__Output as _dwallet_v1_Zone__Output } from '../../dwallet/v1/Zone.ts';

export interface WatchZoneResponse {
  'zone'?: (_dwallet_v1_Zone | null);
}

export interface WatchZoneResponse__Output {
  'zone': (_dwallet_v1_Zone__Output | null);
}
