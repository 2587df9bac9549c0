// @ts-nocheck: generated.
import type { Message as _dwallet_v1_Message, Message__Output as _dwallet_v1_Message__Output } from '../../dwallet/v1/Message.ts';

export interface GetMessageResponse {
  'message'?: (_dwallet_v1_Message | null);
  /**
   * Quorum certificate over it.
   */
  'certificate'?: (Buffer | Uint8Array | string);
}

export interface GetMessageResponse__Output {
  'message': (_dwallet_v1_Message__Output | null);
  /**
   * Quorum certificate over it.
   */
  'certificate': (Buffer);
}
