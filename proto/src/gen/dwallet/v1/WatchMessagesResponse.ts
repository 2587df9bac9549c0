// @ts-nocheck: generated.
import type { Message as _dwallet_v1_Message, Message__Output as _dwallet_v1_Message__Output } from '../../dwallet/v1/Message.ts';

export interface WatchMessagesResponse {
  'message'?: (_dwallet_v1_Message | null);
}

export interface WatchMessagesResponse__Output {
  'message': (_dwallet_v1_Message__Output | null);
}
