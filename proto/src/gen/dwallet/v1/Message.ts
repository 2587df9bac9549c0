// @ts-nocheck: generated.
import type { Long } from '@grpc/proto-loader';

export interface Message {
  'cluster'?: (string);
  'from'?: (string);
  'to'?: (string);
  'nonce'?: (number | string | Long);
  'sentAt'?: (number | string | Long);
  'payload'?: (Buffer | Uint8Array | string);
  /**
   * Canonical bytes.
   */
  'record'?: (Buffer | Uint8Array | string);
}

export interface Message__Output {
  'cluster': (string);
  'from': (string);
  'to': (string);
  'nonce': (number);
  'sentAt': (number);
  'payload': (Buffer);
  /**
   * Canonical bytes.
   */
  'record': (Buffer);
}
