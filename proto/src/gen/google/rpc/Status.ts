// @ts-nocheck: generated.
import type { Any as _google_protobuf_Any, Any__Output as _google_protobuf_Any__Output } from '../../google/protobuf/Any.ts';

/**
 * What a failed call carries in the trailer `grpc-status-details-bin`.
 */
export interface Status {
  /**
   * gRPC status code, 0..16.
   */
  'code'?: (number);
  /**
   * A sentence for developers, in English. Never holds secrets.
   */
  'message'?: (string);
  /**
   * ErrorInfo always; RetryInfo, QuotaFailure and BadRequest where they apply.
   */
  'details'?: (_google_protobuf_Any)[];
}

/**
 * What a failed call carries in the trailer `grpc-status-details-bin`.
 */
export interface Status__Output {
  /**
   * gRPC status code, 0..16.
   */
  'code': (number);
  /**
   * A sentence for developers, in English. Never holds secrets.
   */
  'message': (string);
  /**
   * ErrorInfo always; RetryInfo, QuotaFailure and BadRequest where they apply.
   */
  'details': (_google_protobuf_Any__Output)[];
}
