// @ts-nocheck: generated.
import type { Long } from '@grpc/proto-loader';

export interface ListEntriesRequest {
  'asset'?: (string);
  'fromHeight'?: (number | string | Long);
  /**
   * At most this many, 1..256; 0 is 256.
   */
  'pageSize'?: (number);
}

export interface ListEntriesRequest__Output {
  'asset': (string);
  'fromHeight': (number);
  /**
   * At most this many, 1..256; 0 is 256.
   */
  'pageSize': (number);
}
