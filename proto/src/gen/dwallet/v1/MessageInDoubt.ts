// @ts-nocheck: generated.
import type { Long } from '@grpc/proto-loader';

export interface MessageInDoubt {
  'from'?: (string);
  'to'?: (string);
  'nonce'?: (number | string | Long);
  /**
   * Hex.
   */
  'digest'?: (string);
}

export interface MessageInDoubt__Output {
  'from': (string);
  'to': (string);
  'nonce': (number);
  /**
   * Hex.
   */
  'digest': (string);
}
