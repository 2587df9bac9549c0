// @ts-nocheck: generated.
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.ts';

/**
 * When trying again makes sense.
 */
export interface RetryInfo {
  /**
   * How long to wait at least.
   */
  'retryDelay'?: (_google_protobuf_Duration | null);
}

/**
 * When trying again makes sense.
 */
export interface RetryInfo__Output {
  /**
   * How long to wait at least.
   */
  'retryDelay': (_google_protobuf_Duration__Output | null);
}
