// @ts-nocheck: generated.
/**
 * One field.
 */
export interface _google_rpc_BadRequest_FieldViolation {
  /**
   * Path of the field, such as `dwallet_id` or `SignMsg.ctA.c1`.
   */
  'field'?: (string);
  /**
   * What it must be.
   */
  'description'?: (string);
}

/**
 * One field.
 */
export interface _google_rpc_BadRequest_FieldViolation__Output {
  /**
   * Path of the field, such as `dwallet_id` or `SignMsg.ctA.c1`.
   */
  'field': (string);
  /**
   * What it must be.
   */
  'description': (string);
}

/**
 * What is wrong with the request itself.
 */
export interface BadRequest {
  /**
   * At least one.
   */
  'fieldViolations'?: (_google_rpc_BadRequest_FieldViolation)[];
}

/**
 * What is wrong with the request itself.
 */
export interface BadRequest__Output {
  /**
   * At least one.
   */
  'fieldViolations': (_google_rpc_BadRequest_FieldViolation__Output)[];
}
