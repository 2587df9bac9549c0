// @ts-nocheck: generated.
import type { SigningPolicy as _dwallet_v1_SigningPolicy, SigningPolicy__Output as _dwallet_v1_SigningPolicy__Output } from '../../dwallet/v1/SigningPolicy.ts';

export interface DWallet {
  /**
   * 32 bytes.
   */
  'dwalletId'?: (Buffer | Uint8Array | string);
  /**
   * dWallet record and the quorum certificate over it.
   */
  'record'?: (Buffer | Uint8Array | string);
  'certificate'?: (Buffer | Uint8Array | string);
  /**
   * The owner's signed acceptance; empty before it.
   */
  'acceptance'?: (Buffer | Uint8Array | string);
  /**
   * As the acceptance says.
   */
  'signingPolicy'?: (_dwallet_v1_SigningPolicy);
}

export interface DWallet__Output {
  /**
   * 32 bytes.
   */
  'dwalletId': (Buffer);
  /**
   * dWallet record and the quorum certificate over it.
   */
  'record': (Buffer);
  'certificate': (Buffer);
  /**
   * The owner's signed acceptance; empty before it.
   */
  'acceptance': (Buffer);
  /**
   * As the acceptance says.
   */
  'signingPolicy': (_dwallet_v1_SigningPolicy__Output);
}
