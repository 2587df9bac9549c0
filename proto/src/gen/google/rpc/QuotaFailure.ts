// @ts-nocheck: generated.
/**
 * One limit.
 */
export interface _google_rpc_QuotaFailure_Violation {
  /**
   * Who met it, such as `account:<hex>` or `service`.
   */
  'subject'?: (string);
  /**
   * Which limit, such as `requests per second`.
   */
  'description'?: (string);
}

/**
 * One limit.
 */
export interface _google_rpc_QuotaFailure_Violation__Output {
  /**
   * Who met it, such as `account:<hex>` or `service`.
   */
  'subject': (string);
  /**
   * Which limit, such as `requests per second`.
   */
  'description': (string);
}

/**
 * Which limit was met.
 */
export interface QuotaFailure {
  /**
   * At least one.
   */
  'violations'?: (_google_rpc_QuotaFailure_Violation)[];
}

/**
 * Which limit was met.
 */
export interface QuotaFailure__Output {
  /**
   * At least one.
   */
  'violations': (_google_rpc_QuotaFailure_Violation__Output)[];
}
