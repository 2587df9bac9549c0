// @ts-nocheck: generated.
import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { AcceptDWalletRequest as _dwallet_v1_AcceptDWalletRequest, AcceptDWalletRequest__Output as _dwallet_v1_AcceptDWalletRequest__Output } from './dwallet/v1/AcceptDWalletRequest.ts';
import type { AcceptDWalletResponse as _dwallet_v1_AcceptDWalletResponse, AcceptDWalletResponse__Output as _dwallet_v1_AcceptDWalletResponse__Output } from './dwallet/v1/AcceptDWalletResponse.ts';
import type { CreateDWalletRequest as _dwallet_v1_CreateDWalletRequest, CreateDWalletRequest__Output as _dwallet_v1_CreateDWalletRequest__Output } from './dwallet/v1/CreateDWalletRequest.ts';
import type { CreateDWalletResponse as _dwallet_v1_CreateDWalletResponse, CreateDWalletResponse__Output as _dwallet_v1_CreateDWalletResponse__Output } from './dwallet/v1/CreateDWalletResponse.ts';
import type { DWallet as _dwallet_v1_DWallet, DWallet__Output as _dwallet_v1_DWallet__Output } from './dwallet/v1/DWallet.ts';
import type { Fault as _dwallet_v1_Fault, Fault__Output as _dwallet_v1_Fault__Output } from './dwallet/v1/Fault.ts';
import type { GetDWalletRequest as _dwallet_v1_GetDWalletRequest, GetDWalletRequest__Output as _dwallet_v1_GetDWalletRequest__Output } from './dwallet/v1/GetDWalletRequest.ts';
import type { GetDWalletResponse as _dwallet_v1_GetDWalletResponse, GetDWalletResponse__Output as _dwallet_v1_GetDWalletResponse__Output } from './dwallet/v1/GetDWalletResponse.ts';
import type { GetNetworkRequest as _dwallet_v1_GetNetworkRequest, GetNetworkRequest__Output as _dwallet_v1_GetNetworkRequest__Output } from './dwallet/v1/GetNetworkRequest.ts';
import type { GetNetworkResponse as _dwallet_v1_GetNetworkResponse, GetNetworkResponse__Output as _dwallet_v1_GetNetworkResponse__Output } from './dwallet/v1/GetNetworkResponse.ts';
import type { GetOperationRequest as _dwallet_v1_GetOperationRequest, GetOperationRequest__Output as _dwallet_v1_GetOperationRequest__Output } from './dwallet/v1/GetOperationRequest.ts';
import type { GetOperationResponse as _dwallet_v1_GetOperationResponse, GetOperationResponse__Output as _dwallet_v1_GetOperationResponse__Output } from './dwallet/v1/GetOperationResponse.ts';
import type { GetPresignStatusRequest as _dwallet_v1_GetPresignStatusRequest, GetPresignStatusRequest__Output as _dwallet_v1_GetPresignStatusRequest__Output } from './dwallet/v1/GetPresignStatusRequest.ts';
import type { GetPresignStatusResponse as _dwallet_v1_GetPresignStatusResponse, GetPresignStatusResponse__Output as _dwallet_v1_GetPresignStatusResponse__Output } from './dwallet/v1/GetPresignStatusResponse.ts';
import type { GetSignatureRequest as _dwallet_v1_GetSignatureRequest, GetSignatureRequest__Output as _dwallet_v1_GetSignatureRequest__Output } from './dwallet/v1/GetSignatureRequest.ts';
import type { GetSignatureResponse as _dwallet_v1_GetSignatureResponse, GetSignatureResponse__Output as _dwallet_v1_GetSignatureResponse__Output } from './dwallet/v1/GetSignatureResponse.ts';
import type { ListDWalletsRequest as _dwallet_v1_ListDWalletsRequest, ListDWalletsRequest__Output as _dwallet_v1_ListDWalletsRequest__Output } from './dwallet/v1/ListDWalletsRequest.ts';
import type { ListDWalletsResponse as _dwallet_v1_ListDWalletsResponse, ListDWalletsResponse__Output as _dwallet_v1_ListDWalletsResponse__Output } from './dwallet/v1/ListDWalletsResponse.ts';
import type { Operation as _dwallet_v1_Operation, Operation__Output as _dwallet_v1_Operation__Output } from './dwallet/v1/Operation.ts';
import type { RegisterEncryptionKeyRequest as _dwallet_v1_RegisterEncryptionKeyRequest, RegisterEncryptionKeyRequest__Output as _dwallet_v1_RegisterEncryptionKeyRequest__Output } from './dwallet/v1/RegisterEncryptionKeyRequest.ts';
import type { RegisterEncryptionKeyResponse as _dwallet_v1_RegisterEncryptionKeyResponse, RegisterEncryptionKeyResponse__Output as _dwallet_v1_RegisterEncryptionKeyResponse__Output } from './dwallet/v1/RegisterEncryptionKeyResponse.ts';
import type { SignRequest as _dwallet_v1_SignRequest, SignRequest__Output as _dwallet_v1_SignRequest__Output } from './dwallet/v1/SignRequest.ts';
import type { SignResponse as _dwallet_v1_SignResponse, SignResponse__Output as _dwallet_v1_SignResponse__Output } from './dwallet/v1/SignResponse.ts';
import type { SigningServiceClient as _dwallet_v1_SigningServiceClient, SigningServiceDefinition as _dwallet_v1_SigningServiceDefinition } from './dwallet/v1/SigningService.ts';
import type { TakePresignRequest as _dwallet_v1_TakePresignRequest, TakePresignRequest__Output as _dwallet_v1_TakePresignRequest__Output } from './dwallet/v1/TakePresignRequest.ts';
import type { TakePresignResponse as _dwallet_v1_TakePresignResponse, TakePresignResponse__Output as _dwallet_v1_TakePresignResponse__Output } from './dwallet/v1/TakePresignResponse.ts';
import type { WatchOperationRequest as _dwallet_v1_WatchOperationRequest, WatchOperationRequest__Output as _dwallet_v1_WatchOperationRequest__Output } from './dwallet/v1/WatchOperationRequest.ts';
import type { WatchOperationResponse as _dwallet_v1_WatchOperationResponse, WatchOperationResponse__Output as _dwallet_v1_WatchOperationResponse__Output } from './dwallet/v1/WatchOperationResponse.ts';
import type { Any as _google_protobuf_Any, Any__Output as _google_protobuf_Any__Output } from './google/protobuf/Any.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { Status as _google_rpc_Status, Status__Output as _google_rpc_Status__Output } from './google/rpc/Status.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  dwallet: {
    v1: {
      AcceptDWalletRequest: MessageTypeDefinition<_dwallet_v1_AcceptDWalletRequest, _dwallet_v1_AcceptDWalletRequest__Output>
      AcceptDWalletResponse: MessageTypeDefinition<_dwallet_v1_AcceptDWalletResponse, _dwallet_v1_AcceptDWalletResponse__Output>
      CreateDWalletRequest: MessageTypeDefinition<_dwallet_v1_CreateDWalletRequest, _dwallet_v1_CreateDWalletRequest__Output>
      CreateDWalletResponse: MessageTypeDefinition<_dwallet_v1_CreateDWalletResponse, _dwallet_v1_CreateDWalletResponse__Output>
      DWallet: MessageTypeDefinition<_dwallet_v1_DWallet, _dwallet_v1_DWallet__Output>
      Fault: MessageTypeDefinition<_dwallet_v1_Fault, _dwallet_v1_Fault__Output>
      GetDWalletRequest: MessageTypeDefinition<_dwallet_v1_GetDWalletRequest, _dwallet_v1_GetDWalletRequest__Output>
      GetDWalletResponse: MessageTypeDefinition<_dwallet_v1_GetDWalletResponse, _dwallet_v1_GetDWalletResponse__Output>
      GetNetworkRequest: MessageTypeDefinition<_dwallet_v1_GetNetworkRequest, _dwallet_v1_GetNetworkRequest__Output>
      GetNetworkResponse: MessageTypeDefinition<_dwallet_v1_GetNetworkResponse, _dwallet_v1_GetNetworkResponse__Output>
      GetOperationRequest: MessageTypeDefinition<_dwallet_v1_GetOperationRequest, _dwallet_v1_GetOperationRequest__Output>
      GetOperationResponse: MessageTypeDefinition<_dwallet_v1_GetOperationResponse, _dwallet_v1_GetOperationResponse__Output>
      GetPresignStatusRequest: MessageTypeDefinition<_dwallet_v1_GetPresignStatusRequest, _dwallet_v1_GetPresignStatusRequest__Output>
      GetPresignStatusResponse: MessageTypeDefinition<_dwallet_v1_GetPresignStatusResponse, _dwallet_v1_GetPresignStatusResponse__Output>
      GetSignatureRequest: MessageTypeDefinition<_dwallet_v1_GetSignatureRequest, _dwallet_v1_GetSignatureRequest__Output>
      GetSignatureResponse: MessageTypeDefinition<_dwallet_v1_GetSignatureResponse, _dwallet_v1_GetSignatureResponse__Output>
      ListDWalletsRequest: MessageTypeDefinition<_dwallet_v1_ListDWalletsRequest, _dwallet_v1_ListDWalletsRequest__Output>
      ListDWalletsResponse: MessageTypeDefinition<_dwallet_v1_ListDWalletsResponse, _dwallet_v1_ListDWalletsResponse__Output>
      Operation: MessageTypeDefinition<_dwallet_v1_Operation, _dwallet_v1_Operation__Output>
      OperationState: EnumTypeDefinition
      RegisterEncryptionKeyRequest: MessageTypeDefinition<_dwallet_v1_RegisterEncryptionKeyRequest, _dwallet_v1_RegisterEncryptionKeyRequest__Output>
      RegisterEncryptionKeyResponse: MessageTypeDefinition<_dwallet_v1_RegisterEncryptionKeyResponse, _dwallet_v1_RegisterEncryptionKeyResponse__Output>
      SignRequest: MessageTypeDefinition<_dwallet_v1_SignRequest, _dwallet_v1_SignRequest__Output>
      SignResponse: MessageTypeDefinition<_dwallet_v1_SignResponse, _dwallet_v1_SignResponse__Output>
      SigningPolicy: EnumTypeDefinition
      SigningService: SubtypeConstructor<typeof grpc.Client, _dwallet_v1_SigningServiceClient> & { service: _dwallet_v1_SigningServiceDefinition }
      TakePresignRequest: MessageTypeDefinition<_dwallet_v1_TakePresignRequest, _dwallet_v1_TakePresignRequest__Output>
      TakePresignResponse: MessageTypeDefinition<_dwallet_v1_TakePresignResponse, _dwallet_v1_TakePresignResponse__Output>
      WatchOperationRequest: MessageTypeDefinition<_dwallet_v1_WatchOperationRequest, _dwallet_v1_WatchOperationRequest__Output>
      WatchOperationResponse: MessageTypeDefinition<_dwallet_v1_WatchOperationResponse, _dwallet_v1_WatchOperationResponse__Output>
    }
  }
  google: {
    protobuf: {
      Any: MessageTypeDefinition<_google_protobuf_Any, _google_protobuf_Any__Output>
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
    }
    rpc: {
      Status: MessageTypeDefinition<_google_rpc_Status, _google_rpc_Status__Output>
    }
  }
}

