// @ts-nocheck: generated.
import type { Long } from '@grpc/proto-loader';

export interface ClusterMemberStatus {
  /**
   * CAIP-2.
   */
  'chain'?: (string);
  /**
   * It has said everything that it will ever say with a time up to this one.
   */
  'word'?: (number | string | Long);
  'fastPath'?: (boolean);
  /**
   * Heads of it that are certified; the settled one included.
   */
  'heads'?: (number | string | Long);
}

export interface ClusterMemberStatus__Output {
  /**
   * CAIP-2.
   */
  'chain': (string);
  /**
   * It has said everything that it will ever say with a time up to this one.
   */
  'word': (number);
  'fastPath': (boolean);
  /**
   * Heads of it that are certified; the settled one included.
   */
  'heads': (number);
}
