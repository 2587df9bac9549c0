// @ts-nocheck: generated.
import type { Long } from '@grpc/proto-loader';

export interface GetEntryRequest {
  'asset'?: (string);
  'height'?: (number | string | Long);
}

export interface GetEntryRequest__Output {
  'asset': (string);
  'height': (number);
}
