// @ts-nocheck: generated.
import type { Long } from '@grpc/proto-loader';

export interface Entry {
  'asset'?: (string);
  'height'?: (number | string | Long);
  /**
   * mint, burn or transfer.
   */
  'kind'?: (string);
  'from'?: (string);
  'to'?: (string);
  'amount'?: (string);
  'recipient'?: (string);
  /**
   * Chain and reference of the source event.
   */
  'sourceChain'?: (string);
  'sourceReference'?: (string);
  'time'?: (number | string | Long);
  'record'?: (Buffer | Uint8Array | string);
}

export interface Entry__Output {
  'asset': (string);
  'height': (number);
  /**
   * mint, burn or transfer.
   */
  'kind': (string);
  'from': (string);
  'to': (string);
  'amount': (string);
  'recipient': (string);
  /**
   * Chain and reference of the source event.
   */
  'sourceChain': (string);
  'sourceReference': (string);
  'time': (number);
  'record': (Buffer);
}
