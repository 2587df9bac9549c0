// @ts-nocheck: generated.
/**
 * Why a call failed, for programs.
 */
export interface ErrorInfo {
  /**
   * Stable reason in UPPER_SNAKE_CASE, such as NOT_OWNER.
   */
  'reason'?: (string);
  /**
   * Whose reasons these are: `dwallet`.
   */
  'domain'?: (string);
  /**
   * `field`, `check`, `operation_id`, `retryable`, `presign_may_be_burnt`, `signature_may_exist`.
   */
  'metadata'?: ({[key: string]: string});
}

/**
 * Why a call failed, for programs.
 */
export interface ErrorInfo__Output {
  /**
   * Stable reason in UPPER_SNAKE_CASE, such as NOT_OWNER.
   */
  'reason': (string);
  /**
   * Whose reasons these are: `dwallet`.
   */
  'domain': (string);
  /**
   * `field`, `check`, `operation_id`, `retryable`, `presign_may_be_burnt`, `signature_may_exist`.
   */
  'metadata': ({[key: string]: string});
}
