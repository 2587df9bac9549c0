// @ts-nocheck: generated.
import type { Entry as _dwallet_v1_Entry, Entry__Output as _dwallet_v1_Entry__Output } from '../../dwallet/v1/Entry.ts';

export interface ListEntriesResponse {
  'entries'?: (_dwallet_v1_Entry)[];
}

export interface ListEntriesResponse__Output {
  'entries': (_dwallet_v1_Entry__Output)[];
}
