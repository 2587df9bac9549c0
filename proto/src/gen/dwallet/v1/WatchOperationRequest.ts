// @ts-nocheck: generated.
import type { Long } from '@grpc/proto-loader';

export interface WatchOperationRequest {
  /**
   * 64 hex characters.
   */
  'operationId'?: (string);
  /**
   * Only events with a greater sequence number; 0 for all. The resume token after a broken stream.
   */
  'afterSequence'?: (number | string | Long);
}

export interface WatchOperationRequest__Output {
  /**
   * 64 hex characters.
   */
  'operationId': (string);
  /**
   * Only events with a greater sequence number; 0 for all. The resume token after a broken stream.
   */
  'afterSequence': (number);
}
