// @ts-nocheck: generated.
import type { Long } from '@grpc/proto-loader';

export interface WatchEntriesRequest {
  'asset'?: (string);
  'fromHeight'?: (number | string | Long);
}

export interface WatchEntriesRequest__Output {
  'asset': (string);
  'fromHeight': (number);
}
