// @ts-nocheck: generated.
import type { Entry as _dwallet_v1_Entry, Entry__Output as _dwallet_v1_Entry__Output } from '../../dwallet/v1/Entry.ts';
import type { RuleRefusal as _dwallet_v1_RuleRefusal, RuleRefusal__Output as _dwallet_v1_RuleRefusal__Output } from '../../dwallet/v1/RuleRefusal.ts';

export interface GetEventResponse {
  /**
   * The entry that spends it.
   */
  'entry'?: (_dwallet_v1_Entry | null);
  /**
   * Not in the ledger, as this validator knows; it may be later.
   */
  'refused'?: (_dwallet_v1_RuleRefusal | null);
  /**
   * This validator has not seen it final.
   */
  'unknown'?: (boolean);
  'outcome'?: "entry"|"refused"|"unknown";
}

export interface GetEventResponse__Output {
  /**
   * The entry that spends it.
   */
  'entry'?: (_dwallet_v1_Entry__Output | null);
  /**
   * Not in the ledger, as this validator knows; it may be later.
   */
  'refused'?: (_dwallet_v1_RuleRefusal__Output | null);
  /**
   * This validator has not seen it final.
   */
  'unknown'?: (boolean);
  'outcome'?: "entry"|"refused"|"unknown";
}
