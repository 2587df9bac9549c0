// @ts-nocheck: generated.
import type { Entry as _dwallet_v1_Entry, Entry__Output as _dwallet_v1_Entry__Output } from '../../dwallet/v1/Entry.ts';

export interface WatchEntriesResponse {
  'entry'?: (_dwallet_v1_Entry | null);
}

export interface WatchEntriesResponse__Output {
  'entry': (_dwallet_v1_Entry__Output | null);
}
