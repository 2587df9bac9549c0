// @ts-nocheck: generated.
import type { Long } from '@grpc/proto-loader';

export interface GetMessageRequest {
  'cluster'?: (string);
  'from'?: (string);
  'to'?: (string);
  'nonce'?: (number | string | Long);
}

export interface GetMessageRequest__Output {
  'cluster': (string);
  'from': (string);
  'to': (string);
  'nonce': (number);
}
