// @ts-nocheck: generated.
import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AcceptDWalletRequest as _dwallet_v1_AcceptDWalletRequest, AcceptDWalletRequest__Output as _dwallet_v1_AcceptDWalletRequest__Output } from '../../dwallet/v1/AcceptDWalletRequest.ts';
import type { AcceptDWalletResponse as _dwallet_v1_AcceptDWalletResponse, AcceptDWalletResponse__Output as _dwallet_v1_AcceptDWalletResponse__Output } from '../../dwallet/v1/AcceptDWalletResponse.ts';
import type { CreateDWalletRequest as _dwallet_v1_CreateDWalletRequest, CreateDWalletRequest__Output as _dwallet_v1_CreateDWalletRequest__Output } from '../../dwallet/v1/CreateDWalletRequest.ts';
import type { CreateDWalletResponse as _dwallet_v1_CreateDWalletResponse, CreateDWalletResponse__Output as _dwallet_v1_CreateDWalletResponse__Output } from '../../dwallet/v1/CreateDWalletResponse.ts';
import type { GetDWalletRequest as _dwallet_v1_GetDWalletRequest, GetDWalletRequest__Output as _dwallet_v1_GetDWalletRequest__Output } from '../../dwallet/v1/GetDWalletRequest.ts';
import type { GetDWalletResponse as _dwallet_v1_GetDWalletResponse, GetDWalletResponse__Output as _dwallet_v1_GetDWalletResponse__Output } from '../../dwallet/v1/GetDWalletResponse.ts';
import type { GetNetworkRequest as _dwallet_v1_GetNetworkRequest, GetNetworkRequest__Output as _dwallet_v1_GetNetworkRequest__Output } from '../../dwallet/v1/GetNetworkRequest.ts';
import type { GetNetworkResponse as _dwallet_v1_GetNetworkResponse, GetNetworkResponse__Output as _dwallet_v1_GetNetworkResponse__Output } from '../../dwallet/v1/GetNetworkResponse.ts';
import type { GetOperationRequest as _dwallet_v1_GetOperationRequest, GetOperationRequest__Output as _dwallet_v1_GetOperationRequest__Output } from '../../dwallet/v1/GetOperationRequest.ts';
import type { GetOperationResponse as _dwallet_v1_GetOperationResponse, GetOperationResponse__Output as _dwallet_v1_GetOperationResponse__Output } from '../../dwallet/v1/GetOperationResponse.ts';
import type { GetPresignStatusRequest as _dwallet_v1_GetPresignStatusRequest, GetPresignStatusRequest__Output as _dwallet_v1_GetPresignStatusRequest__Output } from '../../dwallet/v1/GetPresignStatusRequest.ts';
import type { GetPresignStatusResponse as _dwallet_v1_GetPresignStatusResponse, GetPresignStatusResponse__Output as _dwallet_v1_GetPresignStatusResponse__Output } from '../../dwallet/v1/GetPresignStatusResponse.ts';
import type { GetSignatureRequest as _dwallet_v1_GetSignatureRequest, GetSignatureRequest__Output as _dwallet_v1_GetSignatureRequest__Output } from '../../dwallet/v1/GetSignatureRequest.ts';
import type { GetSignatureResponse as _dwallet_v1_GetSignatureResponse, GetSignatureResponse__Output as _dwallet_v1_GetSignatureResponse__Output } from '../../dwallet/v1/GetSignatureResponse.ts';
import type { ListDWalletsRequest as _dwallet_v1_ListDWalletsRequest, ListDWalletsRequest__Output as _dwallet_v1_ListDWalletsRequest__Output } from '../../dwallet/v1/ListDWalletsRequest.ts';
import type { ListDWalletsResponse as _dwallet_v1_ListDWalletsResponse, ListDWalletsResponse__Output as _dwallet_v1_ListDWalletsResponse__Output } from '../../dwallet/v1/ListDWalletsResponse.ts';
import type { RegisterEncryptionKeyRequest as _dwallet_v1_RegisterEncryptionKeyRequest, RegisterEncryptionKeyRequest__Output as _dwallet_v1_RegisterEncryptionKeyRequest__Output } from '../../dwallet/v1/RegisterEncryptionKeyRequest.ts';
import type { RegisterEncryptionKeyResponse as _dwallet_v1_RegisterEncryptionKeyResponse, RegisterEncryptionKeyResponse__Output as _dwallet_v1_RegisterEncryptionKeyResponse__Output } from '../../dwallet/v1/RegisterEncryptionKeyResponse.ts';
import type { SignRequest as _dwallet_v1_SignRequest, SignRequest__Output as _dwallet_v1_SignRequest__Output } from '../../dwallet/v1/SignRequest.ts';
import type { SignResponse as _dwallet_v1_SignResponse, SignResponse__Output as _dwallet_v1_SignResponse__Output } from '../../dwallet/v1/SignResponse.ts';
import type { TakePresignRequest as _dwallet_v1_TakePresignRequest, TakePresignRequest__Output as _dwallet_v1_TakePresignRequest__Output } from '../../dwallet/v1/TakePresignRequest.ts';
import type { TakePresignResponse as _dwallet_v1_TakePresignResponse, TakePresignResponse__Output as _dwallet_v1_TakePresignResponse__Output } from '../../dwallet/v1/TakePresignResponse.ts';
import type { WatchOperationRequest as _dwallet_v1_WatchOperationRequest, WatchOperationRequest__Output as _dwallet_v1_WatchOperationRequest__Output } from '../../dwallet/v1/WatchOperationRequest.ts';
import type { WatchOperationResponse as _dwallet_v1_WatchOperationResponse, WatchOperationResponse__Output as _dwallet_v1_WatchOperationResponse__Output } from '../../dwallet/v1/WatchOperationResponse.ts';

export interface SigningServiceClient extends grpc.Client {
  /**
   * The owner accepts a dWallet; before that it signs nothing.
   */
  AcceptDWallet(argument: _dwallet_v1_AcceptDWalletRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_AcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  AcceptDWallet(argument: _dwallet_v1_AcceptDWalletRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_AcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  AcceptDWallet(argument: _dwallet_v1_AcceptDWalletRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_AcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  AcceptDWallet(argument: _dwallet_v1_AcceptDWalletRequest, callback: grpc.requestCallback<_dwallet_v1_AcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  /**
   * The owner accepts a dWallet; before that it signs nothing.
   */
  acceptDWallet(argument: _dwallet_v1_AcceptDWalletRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_AcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  acceptDWallet(argument: _dwallet_v1_AcceptDWalletRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_AcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  acceptDWallet(argument: _dwallet_v1_AcceptDWalletRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_AcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  acceptDWallet(argument: _dwallet_v1_AcceptDWalletRequest, callback: grpc.requestCallback<_dwallet_v1_AcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Makes a dWallet from the client's DKG message.
   */
  CreateDWallet(argument: _dwallet_v1_CreateDWalletRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CreateDWalletResponse__Output>): grpc.ClientUnaryCall;
  CreateDWallet(argument: _dwallet_v1_CreateDWalletRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_CreateDWalletResponse__Output>): grpc.ClientUnaryCall;
  CreateDWallet(argument: _dwallet_v1_CreateDWalletRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CreateDWalletResponse__Output>): grpc.ClientUnaryCall;
  CreateDWallet(argument: _dwallet_v1_CreateDWalletRequest, callback: grpc.requestCallback<_dwallet_v1_CreateDWalletResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Makes a dWallet from the client's DKG message.
   */
  createDWallet(argument: _dwallet_v1_CreateDWalletRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CreateDWalletResponse__Output>): grpc.ClientUnaryCall;
  createDWallet(argument: _dwallet_v1_CreateDWalletRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_CreateDWalletResponse__Output>): grpc.ClientUnaryCall;
  createDWallet(argument: _dwallet_v1_CreateDWalletRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CreateDWalletResponse__Output>): grpc.ClientUnaryCall;
  createDWallet(argument: _dwallet_v1_CreateDWalletRequest, callback: grpc.requestCallback<_dwallet_v1_CreateDWalletResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * One dWallet by its id.
   */
  GetDWallet(argument: _dwallet_v1_GetDWalletRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetDWalletResponse__Output>): grpc.ClientUnaryCall;
  GetDWallet(argument: _dwallet_v1_GetDWalletRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetDWalletResponse__Output>): grpc.ClientUnaryCall;
  GetDWallet(argument: _dwallet_v1_GetDWalletRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetDWalletResponse__Output>): grpc.ClientUnaryCall;
  GetDWallet(argument: _dwallet_v1_GetDWalletRequest, callback: grpc.requestCallback<_dwallet_v1_GetDWalletResponse__Output>): grpc.ClientUnaryCall;
  /**
   * One dWallet by its id.
   */
  getDWallet(argument: _dwallet_v1_GetDWalletRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetDWalletResponse__Output>): grpc.ClientUnaryCall;
  getDWallet(argument: _dwallet_v1_GetDWalletRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetDWalletResponse__Output>): grpc.ClientUnaryCall;
  getDWallet(argument: _dwallet_v1_GetDWalletRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetDWalletResponse__Output>): grpc.ClientUnaryCall;
  getDWallet(argument: _dwallet_v1_GetDWalletRequest, callback: grpc.requestCallback<_dwallet_v1_GetDWalletResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Name, committee, key and setup of the network with their certificates: what a client needs to check everything itself.
   */
  GetNetwork(argument: _dwallet_v1_GetNetworkRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  GetNetwork(argument: _dwallet_v1_GetNetworkRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  GetNetwork(argument: _dwallet_v1_GetNetworkRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  GetNetwork(argument: _dwallet_v1_GetNetworkRequest, callback: grpc.requestCallback<_dwallet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Name, committee, key and setup of the network with their certificates: what a client needs to check everything itself.
   */
  getNetwork(argument: _dwallet_v1_GetNetworkRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  getNetwork(argument: _dwallet_v1_GetNetworkRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  getNetwork(argument: _dwallet_v1_GetNetworkRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  getNetwork(argument: _dwallet_v1_GetNetworkRequest, callback: grpc.requestCallback<_dwallet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * State and result of an operation, from any call that changes something.
   */
  GetOperation(argument: _dwallet_v1_GetOperationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetOperationResponse__Output>): grpc.ClientUnaryCall;
  GetOperation(argument: _dwallet_v1_GetOperationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetOperationResponse__Output>): grpc.ClientUnaryCall;
  GetOperation(argument: _dwallet_v1_GetOperationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetOperationResponse__Output>): grpc.ClientUnaryCall;
  GetOperation(argument: _dwallet_v1_GetOperationRequest, callback: grpc.requestCallback<_dwallet_v1_GetOperationResponse__Output>): grpc.ClientUnaryCall;
  /**
   * State and result of an operation, from any call that changes something.
   */
  getOperation(argument: _dwallet_v1_GetOperationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetOperationResponse__Output>): grpc.ClientUnaryCall;
  getOperation(argument: _dwallet_v1_GetOperationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetOperationResponse__Output>): grpc.ClientUnaryCall;
  getOperation(argument: _dwallet_v1_GetOperationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetOperationResponse__Output>): grpc.ClientUnaryCall;
  getOperation(argument: _dwallet_v1_GetOperationRequest, callback: grpc.requestCallback<_dwallet_v1_GetOperationResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Depth of this validator's presign pool.
   */
  GetPresignStatus(argument: _dwallet_v1_GetPresignStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetPresignStatusResponse__Output>): grpc.ClientUnaryCall;
  GetPresignStatus(argument: _dwallet_v1_GetPresignStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetPresignStatusResponse__Output>): grpc.ClientUnaryCall;
  GetPresignStatus(argument: _dwallet_v1_GetPresignStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetPresignStatusResponse__Output>): grpc.ClientUnaryCall;
  GetPresignStatus(argument: _dwallet_v1_GetPresignStatusRequest, callback: grpc.requestCallback<_dwallet_v1_GetPresignStatusResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Depth of this validator's presign pool.
   */
  getPresignStatus(argument: _dwallet_v1_GetPresignStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetPresignStatusResponse__Output>): grpc.ClientUnaryCall;
  getPresignStatus(argument: _dwallet_v1_GetPresignStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetPresignStatusResponse__Output>): grpc.ClientUnaryCall;
  getPresignStatus(argument: _dwallet_v1_GetPresignStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetPresignStatusResponse__Output>): grpc.ClientUnaryCall;
  getPresignStatus(argument: _dwallet_v1_GetPresignStatusRequest, callback: grpc.requestCallback<_dwallet_v1_GetPresignStatusResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A finished signature by its presign.
   */
  GetSignature(argument: _dwallet_v1_GetSignatureRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetSignatureResponse__Output>): grpc.ClientUnaryCall;
  GetSignature(argument: _dwallet_v1_GetSignatureRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetSignatureResponse__Output>): grpc.ClientUnaryCall;
  GetSignature(argument: _dwallet_v1_GetSignatureRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetSignatureResponse__Output>): grpc.ClientUnaryCall;
  GetSignature(argument: _dwallet_v1_GetSignatureRequest, callback: grpc.requestCallback<_dwallet_v1_GetSignatureResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A finished signature by its presign.
   */
  getSignature(argument: _dwallet_v1_GetSignatureRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetSignatureResponse__Output>): grpc.ClientUnaryCall;
  getSignature(argument: _dwallet_v1_GetSignatureRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetSignatureResponse__Output>): grpc.ClientUnaryCall;
  getSignature(argument: _dwallet_v1_GetSignatureRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetSignatureResponse__Output>): grpc.ClientUnaryCall;
  getSignature(argument: _dwallet_v1_GetSignatureRequest, callback: grpc.requestCallback<_dwallet_v1_GetSignatureResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * The dWallets of the calling account.
   */
  ListDWallets(argument: _dwallet_v1_ListDWalletsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListDWalletsResponse__Output>): grpc.ClientUnaryCall;
  ListDWallets(argument: _dwallet_v1_ListDWalletsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ListDWalletsResponse__Output>): grpc.ClientUnaryCall;
  ListDWallets(argument: _dwallet_v1_ListDWalletsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListDWalletsResponse__Output>): grpc.ClientUnaryCall;
  ListDWallets(argument: _dwallet_v1_ListDWalletsRequest, callback: grpc.requestCallback<_dwallet_v1_ListDWalletsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * The dWallets of the calling account.
   */
  listDWallets(argument: _dwallet_v1_ListDWalletsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListDWalletsResponse__Output>): grpc.ClientUnaryCall;
  listDWallets(argument: _dwallet_v1_ListDWalletsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ListDWalletsResponse__Output>): grpc.ClientUnaryCall;
  listDWallets(argument: _dwallet_v1_ListDWalletsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListDWalletsResponse__Output>): grpc.ClientUnaryCall;
  listDWallets(argument: _dwallet_v1_ListDWalletsRequest, callback: grpc.requestCallback<_dwallet_v1_ListDWalletsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Registers the account's class-group encryption key. Once per account; again is harmless.
   */
  RegisterEncryptionKey(argument: _dwallet_v1_RegisterEncryptionKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RegisterEncryptionKeyResponse__Output>): grpc.ClientUnaryCall;
  RegisterEncryptionKey(argument: _dwallet_v1_RegisterEncryptionKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_RegisterEncryptionKeyResponse__Output>): grpc.ClientUnaryCall;
  RegisterEncryptionKey(argument: _dwallet_v1_RegisterEncryptionKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RegisterEncryptionKeyResponse__Output>): grpc.ClientUnaryCall;
  RegisterEncryptionKey(argument: _dwallet_v1_RegisterEncryptionKeyRequest, callback: grpc.requestCallback<_dwallet_v1_RegisterEncryptionKeyResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Registers the account's class-group encryption key. Once per account; again is harmless.
   */
  registerEncryptionKey(argument: _dwallet_v1_RegisterEncryptionKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RegisterEncryptionKeyResponse__Output>): grpc.ClientUnaryCall;
  registerEncryptionKey(argument: _dwallet_v1_RegisterEncryptionKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_RegisterEncryptionKeyResponse__Output>): grpc.ClientUnaryCall;
  registerEncryptionKey(argument: _dwallet_v1_RegisterEncryptionKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RegisterEncryptionKeyResponse__Output>): grpc.ClientUnaryCall;
  registerEncryptionKey(argument: _dwallet_v1_RegisterEncryptionKeyRequest, callback: grpc.requestCallback<_dwallet_v1_RegisterEncryptionKeyResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Signs. Waits up to the call's deadline; the operation goes on after it.
   */
  Sign(argument: _dwallet_v1_SignRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_SignResponse__Output>): grpc.ClientUnaryCall;
  Sign(argument: _dwallet_v1_SignRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_SignResponse__Output>): grpc.ClientUnaryCall;
  Sign(argument: _dwallet_v1_SignRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_SignResponse__Output>): grpc.ClientUnaryCall;
  Sign(argument: _dwallet_v1_SignRequest, callback: grpc.requestCallback<_dwallet_v1_SignResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Signs. Waits up to the call's deadline; the operation goes on after it.
   */
  sign(argument: _dwallet_v1_SignRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_SignResponse__Output>): grpc.ClientUnaryCall;
  sign(argument: _dwallet_v1_SignRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_SignResponse__Output>): grpc.ClientUnaryCall;
  sign(argument: _dwallet_v1_SignRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_SignResponse__Output>): grpc.ClientUnaryCall;
  sign(argument: _dwallet_v1_SignRequest, callback: grpc.requestCallback<_dwallet_v1_SignResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Assigns a presign to one request, irrevocably.
   */
  TakePresign(argument: _dwallet_v1_TakePresignRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_TakePresignResponse__Output>): grpc.ClientUnaryCall;
  TakePresign(argument: _dwallet_v1_TakePresignRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_TakePresignResponse__Output>): grpc.ClientUnaryCall;
  TakePresign(argument: _dwallet_v1_TakePresignRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_TakePresignResponse__Output>): grpc.ClientUnaryCall;
  TakePresign(argument: _dwallet_v1_TakePresignRequest, callback: grpc.requestCallback<_dwallet_v1_TakePresignResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Assigns a presign to one request, irrevocably.
   */
  takePresign(argument: _dwallet_v1_TakePresignRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_TakePresignResponse__Output>): grpc.ClientUnaryCall;
  takePresign(argument: _dwallet_v1_TakePresignRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_TakePresignResponse__Output>): grpc.ClientUnaryCall;
  takePresign(argument: _dwallet_v1_TakePresignRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_TakePresignResponse__Output>): grpc.ClientUnaryCall;
  takePresign(argument: _dwallet_v1_TakePresignRequest, callback: grpc.requestCallback<_dwallet_v1_TakePresignResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Events of an operation from a sequence number on; ends after the last one. At least once: go by the sequence number.
   */
  WatchOperation(argument: _dwallet_v1_WatchOperationRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchOperationResponse__Output>;
  WatchOperation(argument: _dwallet_v1_WatchOperationRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchOperationResponse__Output>;
  /**
   * Events of an operation from a sequence number on; ends after the last one. At least once: go by the sequence number.
   */
  watchOperation(argument: _dwallet_v1_WatchOperationRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchOperationResponse__Output>;
  watchOperation(argument: _dwallet_v1_WatchOperationRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchOperationResponse__Output>;
  
}

export interface SigningServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * The owner accepts a dWallet; before that it signs nothing.
   */
  AcceptDWallet: grpc.handleUnaryCall<_dwallet_v1_AcceptDWalletRequest__Output, _dwallet_v1_AcceptDWalletResponse>;
  
  /**
   * Makes a dWallet from the client's DKG message.
   */
  CreateDWallet: grpc.handleUnaryCall<_dwallet_v1_CreateDWalletRequest__Output, _dwallet_v1_CreateDWalletResponse>;
  
  /**
   * One dWallet by its id.
   */
  GetDWallet: grpc.handleUnaryCall<_dwallet_v1_GetDWalletRequest__Output, _dwallet_v1_GetDWalletResponse>;
  
  /**
   * Name, committee, key and setup of the network with their certificates: what a client needs to check everything itself.
   */
  GetNetwork: grpc.handleUnaryCall<_dwallet_v1_GetNetworkRequest__Output, _dwallet_v1_GetNetworkResponse>;
  
  /**
   * State and result of an operation, from any call that changes something.
   */
  GetOperation: grpc.handleUnaryCall<_dwallet_v1_GetOperationRequest__Output, _dwallet_v1_GetOperationResponse>;
  
  /**
   * Depth of this validator's presign pool.
   */
  GetPresignStatus: grpc.handleUnaryCall<_dwallet_v1_GetPresignStatusRequest__Output, _dwallet_v1_GetPresignStatusResponse>;
  
  /**
   * A finished signature by its presign.
   */
  GetSignature: grpc.handleUnaryCall<_dwallet_v1_GetSignatureRequest__Output, _dwallet_v1_GetSignatureResponse>;
  
  /**
   * The dWallets of the calling account.
   */
  ListDWallets: grpc.handleUnaryCall<_dwallet_v1_ListDWalletsRequest__Output, _dwallet_v1_ListDWalletsResponse>;
  
  /**
   * Registers the account's class-group encryption key. Once per account; again is harmless.
   */
  RegisterEncryptionKey: grpc.handleUnaryCall<_dwallet_v1_RegisterEncryptionKeyRequest__Output, _dwallet_v1_RegisterEncryptionKeyResponse>;
  
  /**
   * Signs. Waits up to the call's deadline; the operation goes on after it.
   */
  Sign: grpc.handleUnaryCall<_dwallet_v1_SignRequest__Output, _dwallet_v1_SignResponse>;
  
  /**
   * Assigns a presign to one request, irrevocably.
   */
  TakePresign: grpc.handleUnaryCall<_dwallet_v1_TakePresignRequest__Output, _dwallet_v1_TakePresignResponse>;
  
  /**
   * Events of an operation from a sequence number on; ends after the last one. At least once: go by the sequence number.
   */
  WatchOperation: grpc.handleServerStreamingCall<_dwallet_v1_WatchOperationRequest__Output, _dwallet_v1_WatchOperationResponse>;
  
}

export interface SigningServiceDefinition extends grpc.ServiceDefinition {
  AcceptDWallet: MethodDefinition<_dwallet_v1_AcceptDWalletRequest, _dwallet_v1_AcceptDWalletResponse, _dwallet_v1_AcceptDWalletRequest__Output, _dwallet_v1_AcceptDWalletResponse__Output>
  CreateDWallet: MethodDefinition<_dwallet_v1_CreateDWalletRequest, _dwallet_v1_CreateDWalletResponse, _dwallet_v1_CreateDWalletRequest__Output, _dwallet_v1_CreateDWalletResponse__Output>
  GetDWallet: MethodDefinition<_dwallet_v1_GetDWalletRequest, _dwallet_v1_GetDWalletResponse, _dwallet_v1_GetDWalletRequest__Output, _dwallet_v1_GetDWalletResponse__Output>
  GetNetwork: MethodDefinition<_dwallet_v1_GetNetworkRequest, _dwallet_v1_GetNetworkResponse, _dwallet_v1_GetNetworkRequest__Output, _dwallet_v1_GetNetworkResponse__Output>
  GetOperation: MethodDefinition<_dwallet_v1_GetOperationRequest, _dwallet_v1_GetOperationResponse, _dwallet_v1_GetOperationRequest__Output, _dwallet_v1_GetOperationResponse__Output>
  GetPresignStatus: MethodDefinition<_dwallet_v1_GetPresignStatusRequest, _dwallet_v1_GetPresignStatusResponse, _dwallet_v1_GetPresignStatusRequest__Output, _dwallet_v1_GetPresignStatusResponse__Output>
  GetSignature: MethodDefinition<_dwallet_v1_GetSignatureRequest, _dwallet_v1_GetSignatureResponse, _dwallet_v1_GetSignatureRequest__Output, _dwallet_v1_GetSignatureResponse__Output>
  ListDWallets: MethodDefinition<_dwallet_v1_ListDWalletsRequest, _dwallet_v1_ListDWalletsResponse, _dwallet_v1_ListDWalletsRequest__Output, _dwallet_v1_ListDWalletsResponse__Output>
  RegisterEncryptionKey: MethodDefinition<_dwallet_v1_RegisterEncryptionKeyRequest, _dwallet_v1_RegisterEncryptionKeyResponse, _dwallet_v1_RegisterEncryptionKeyRequest__Output, _dwallet_v1_RegisterEncryptionKeyResponse__Output>
  Sign: MethodDefinition<_dwallet_v1_SignRequest, _dwallet_v1_SignResponse, _dwallet_v1_SignRequest__Output, _dwallet_v1_SignResponse__Output>
  TakePresign: MethodDefinition<_dwallet_v1_TakePresignRequest, _dwallet_v1_TakePresignResponse, _dwallet_v1_TakePresignRequest__Output, _dwallet_v1_TakePresignResponse__Output>
  WatchOperation: MethodDefinition<_dwallet_v1_WatchOperationRequest, _dwallet_v1_WatchOperationResponse, _dwallet_v1_WatchOperationRequest__Output, _dwallet_v1_WatchOperationResponse__Output>
}
