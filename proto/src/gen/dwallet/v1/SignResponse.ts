// @ts-nocheck: generated.
import type { Fault as _dwallet_v1_Fault, Fault__Output as _dwallet_v1_Fault__Output } from '../../dwallet/v1/Fault.ts';

export interface SignResponse {
  /**
   * 64 hex characters, for GetOperation.
   */
  'operationId'?: (string);
  /**
   * Signature record: presign, digest of the client's bytes, signature.
   */
  'signatureRecord'?: (Buffer | Uint8Array | string);
  /**
   * ECDSA as v || r || s: 1 + 32 + 32 bytes, v in 0..3, low s.
   */
  'signature'?: (Buffer | Uint8Array | string);
  /**
   * Faults of validators on the way.
   */
  'faults'?: (_dwallet_v1_Fault)[];
}

export interface SignResponse__Output {
  /**
   * 64 hex characters, for GetOperation.
   */
  'operationId': (string);
  /**
   * Signature record: presign, digest of the client's bytes, signature.
   */
  'signatureRecord': (Buffer);
  /**
   * ECDSA as v || r || s: 1 + 32 + 32 bytes, v in 0..3, low s.
   */
  'signature': (Buffer);
  /**
   * Faults of validators on the way.
   */
  'faults': (_dwallet_v1_Fault__Output)[];
}
