// @ts-nocheck: generated.
import type { Entry as _dwallet_v1_Entry, Entry__Output as _dwallet_v1_Entry__Output } from '../../dwallet/v1/Entry.ts';

export interface GetEntryResponse {
  'entry'?: (_dwallet_v1_Entry | null);
  /**
   * Quorum certificate over the entry at its height.
   */
  'certificate'?: (Buffer | Uint8Array | string);
}

export interface GetEntryResponse__Output {
  'entry': (_dwallet_v1_Entry__Output | null);
  /**
   * Quorum certificate over the entry at its height.
   */
  'certificate': (Buffer);
}
