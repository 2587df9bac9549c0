// @ts-nocheck: generated.
/**
 * A validator's provable fault on the way to a result.
 */
export interface Fault {
  /**
   * Number of the validator, 1..n.
   */
  'validator'?: (number);
  /**
   * Failed check, such as CG:O6.
   */
  'check'?: (string);
  /**
   * In a sentence.
   */
  'reason'?: (string);
}

/**
 * A validator's provable fault on the way to a result.
 */
export interface Fault__Output {
  /**
   * Number of the validator, 1..n.
   */
  'validator': (number);
  /**
   * Failed check, such as CG:O6.
   */
  'check': (string);
  /**
   * In a sentence.
   */
  'reason': (string);
}
