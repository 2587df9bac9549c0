// @ts-nocheck: generated.
import type { Zone as _dwallet_v1_Zone, Zone__Output as _dwallet_v1_Zone__Output } from '../../dwallet/v1/Zone.ts';

export interface ListZonesResponse {
  'zones'?: (_dwallet_v1_Zone)[];
}

export interface ListZonesResponse__Output {
  'zones': (_dwallet_v1_Zone__Output)[];
}
