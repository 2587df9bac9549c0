// @ts-nocheck: generated.
import type { Balance as _dwallet_v1_Balance, Balance__Output as _dwallet_v1_Balance__Output } from '../../dwallet/v1/Balance.ts';
import type { Long } from '@grpc/proto-loader';

export interface Asset {
  /**
   * CAIP-19 on its OwnerChain.
   */
  'asset'?: (string);
  'version'?: (number | string | Long);
  'record'?: (Buffer | Uint8Array | string);
  /**
   * Height of the next entry.
   */
  'height'?: (number | string | Long);
  /**
   * Minted and not burnt.
   */
  'supply'?: (string);
  /**
   * Ascending by chain.
   */
  'balances'?: (_dwallet_v1_Balance)[];
  /**
   * Set when a quorum certified what the rules refuse: nothing is signed about this asset any more.
   */
  'closed'?: (string);
}

export interface Asset__Output {
  /**
   * CAIP-19 on its OwnerChain.
   */
  'asset': (string);
  'version': (number);
  'record': (Buffer);
  /**
   * Height of the next entry.
   */
  'height': (number);
  /**
   * Minted and not burnt.
   */
  'supply': (string);
  /**
   * Ascending by chain.
   */
  'balances': (_dwallet_v1_Balance__Output)[];
  /**
   * Set when a quorum certified what the rules refuse: nothing is signed about this asset any more.
   */
  'closed': (string);
}
