// @ts-nocheck: generated.
import type { Leg as _dwallet_v1_Leg, Leg__Output as _dwallet_v1_Leg__Output } from '../../dwallet/v1/Leg.ts';

/**
 * Why something is not allowed.
 */
export interface RuleRefusal {
  /**
   * Such as ASSET:3.
   */
  'rule'?: (string);
  'reason'?: (string);
  /**
   * The legs to use instead of a direct transfer.
   */
  'legs'?: (_dwallet_v1_Leg)[];
}

/**
 * Why something is not allowed.
 */
export interface RuleRefusal__Output {
  /**
   * Such as ASSET:3.
   */
  'rule': (string);
  'reason': (string);
  /**
   * The legs to use instead of a direct transfer.
   */
  'legs': (_dwallet_v1_Leg__Output)[];
}
