// @ts-nocheck: generated.
import type { Long } from '@grpc/proto-loader';

export interface GetDWalletPolicyResponse {
  /**
   * Canonical bytes of the policy, and the quorum certificate over it.
   */
  'record'?: (Buffer | Uint8Array | string);
  'certificate'?: (Buffer | Uint8Array | string);
  /**
   * ordinary, vault or cluster.
   */
  'purpose'?: (string);
  /**
   * Asset or cluster that it serves.
   */
  'subject'?: (string);
  'version'?: (number | string | Long);
}

export interface GetDWalletPolicyResponse__Output {
  /**
   * Canonical bytes of the policy, and the quorum certificate over it.
   */
  'record': (Buffer);
  'certificate': (Buffer);
  /**
   * ordinary, vault or cluster.
   */
  'purpose': (string);
  /**
   * Asset or cluster that it serves.
   */
  'subject': (string);
  'version': (number);
}
