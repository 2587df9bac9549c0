// @ts-nocheck: generated.
import type { OperationState as _dwallet_v1_OperationState, OperationState__Output as _dwallet_v1_OperationState__Output } from '../../dwallet/v1/OperationState.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface WatchOperationResponse {
  /**
   * Grows with every event of the operation, also across restarts of the validator; not always by one.
   */
  'sequence'?: (number | string | Long);
  'state'?: (_dwallet_v1_OperationState);
  /**
   * What begins now: `accepted`, a step between validators such as `sign/share`, `completed`, `failed`.
   */
  'step'?: (string);
  'time'?: (_google_protobuf_Timestamp | null);
}

export interface WatchOperationResponse__Output {
  /**
   * Grows with every event of the operation, also across restarts of the validator; not always by one.
   */
  'sequence': (number);
  'state': (_dwallet_v1_OperationState__Output);
  /**
   * What begins now: `accepted`, a step between validators such as `sign/share`, `completed`, `failed`.
   */
  'step': (string);
  'time': (_google_protobuf_Timestamp__Output | null);
}
