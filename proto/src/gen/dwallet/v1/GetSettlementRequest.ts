// @ts-nocheck: generated.
import type { Long } from '@grpc/proto-loader';

export interface GetSettlementRequest {
  'cluster'?: (string);
  'interval'?: (number | string | Long);
}

export interface GetSettlementRequest__Output {
  'cluster': (string);
  'interval': (number);
}
