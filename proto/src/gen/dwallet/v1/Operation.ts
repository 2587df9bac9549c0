// @ts-nocheck: generated.
import type { OperationState as _dwallet_v1_OperationState, OperationState__Output as _dwallet_v1_OperationState__Output } from '../../dwallet/v1/OperationState.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Status as _google_rpc_Status, Status__Output as _google_rpc_Status__Output } from '../../google/rpc/Status.ts';
import type { RegisterEncryptionKeyResponse as _dwallet_v1_RegisterEncryptionKeyResponse, RegisterEncryptionKeyResponse__Output as _dwallet_v1_RegisterEncryptionKeyResponse__Output } from '../../dwallet/v1/RegisterEncryptionKeyResponse.ts';
import type { CreateDWalletResponse as _dwallet_v1_CreateDWalletResponse, CreateDWalletResponse__Output as _dwallet_v1_CreateDWalletResponse__Output } from '../../dwallet/v1/CreateDWalletResponse.ts';
import type { AcceptDWalletResponse as _dwallet_v1_AcceptDWalletResponse, AcceptDWalletResponse__Output as _dwallet_v1_AcceptDWalletResponse__Output } from '../../dwallet/v1/AcceptDWalletResponse.ts';
import type { TakePresignResponse as _dwallet_v1_TakePresignResponse, TakePresignResponse__Output as _dwallet_v1_TakePresignResponse__Output } from '../../dwallet/v1/TakePresignResponse.ts';
import type { SignResponse as _dwallet_v1_SignResponse, SignResponse__Output as _dwallet_v1_SignResponse__Output } from '../../dwallet/v1/SignResponse.ts';
import type { Long } from '@grpc/proto-loader';

export interface Operation {
  /**
   * 64 hex characters: a digest of account, request_id and envelope, the same at every validator.
   */
  'operationId'?: (string);
  'state'?: (_dwallet_v1_OperationState);
  /**
   * Name of the rpc, such as `Sign`.
   */
  'rpc'?: (string);
  /**
   * Idempotency key of the request.
   */
  'requestId'?: (string);
  'createTime'?: (_google_protobuf_Timestamp | null);
  /**
   * Number of the last event so far.
   */
  'lastSequence'?: (number | string | Long);
  /**
   * When it failed.
   */
  'error'?: (_google_rpc_Status | null);
  'registerEncryptionKey'?: (_dwallet_v1_RegisterEncryptionKeyResponse | null);
  'createDwallet'?: (_dwallet_v1_CreateDWalletResponse | null);
  'acceptDwallet'?: (_dwallet_v1_AcceptDWalletResponse | null);
  'takePresign'?: (_dwallet_v1_TakePresignResponse | null);
  'sign'?: (_dwallet_v1_SignResponse | null);
  /**
   * When it is completed.
   */
  'result'?: "registerEncryptionKey"|"createDwallet"|"acceptDwallet"|"takePresign"|"sign";
}

export interface Operation__Output {
  /**
   * 64 hex characters: a digest of account, request_id and envelope, the same at every validator.
   */
  'operationId': (string);
  'state': (_dwallet_v1_OperationState__Output);
  /**
   * Name of the rpc, such as `Sign`.
   */
  'rpc': (string);
  /**
   * Idempotency key of the request.
   */
  'requestId': (string);
  'createTime': (_google_protobuf_Timestamp__Output | null);
  /**
   * Number of the last event so far.
   */
  'lastSequence': (number);
  /**
   * When it failed.
   */
  'error': (_google_rpc_Status__Output | null);
  'registerEncryptionKey'?: (_dwallet_v1_RegisterEncryptionKeyResponse__Output | null);
  'createDwallet'?: (_dwallet_v1_CreateDWalletResponse__Output | null);
  'acceptDwallet'?: (_dwallet_v1_AcceptDWalletResponse__Output | null);
  'takePresign'?: (_dwallet_v1_TakePresignResponse__Output | null);
  'sign'?: (_dwallet_v1_SignResponse__Output | null);
  /**
   * When it is completed.
   */
  'result'?: "registerEncryptionKey"|"createDwallet"|"acceptDwallet"|"takePresign"|"sign";
}
