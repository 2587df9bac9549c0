/**
 * The wire contract: types made from the .proto files, service definitions for gRPC, which rpc is which method, and the codec
 * of rich errors. Node only.
 *
 * @module
 */
export * from './definitions.ts';
export * from './methods.ts';
export * from './rich-status.ts';
export type { SigningServiceClient } from './gen/dwallet/v1/SigningService.ts';
export type { PeerServiceClient } from './gen/dwallet/v1/PeerService.ts';
export type { HelloRequest__Output as HelloRequest } from './gen/dwallet/v1/HelloRequest.ts';
export type { HelloResponse, HelloResponse__Output } from './gen/dwallet/v1/HelloResponse.ts';
export type { GetNetworkResponse, GetNetworkResponse__Output } from './gen/dwallet/v1/GetNetworkResponse.ts';
export type {
  CreateDWalletResponse,
  CreateDWalletResponse__Output,
} from './gen/dwallet/v1/CreateDWalletResponse.ts';
export type { TakePresignResponse, TakePresignResponse__Output } from './gen/dwallet/v1/TakePresignResponse.ts';
export type { SignResponse, SignResponse__Output } from './gen/dwallet/v1/SignResponse.ts';
export type { DWallet as DWalletMessage, DWallet__Output as DWalletMessage__Output } from './gen/dwallet/v1/DWallet.ts';
export type { ListDWalletsResponse__Output } from './gen/dwallet/v1/ListDWalletsResponse.ts';
export type { GetPresignStatusResponse__Output } from './gen/dwallet/v1/GetPresignStatusResponse.ts';
export type { GetSignatureResponse__Output } from './gen/dwallet/v1/GetSignatureResponse.ts';
export type {
  Operation as OperationMessage,
  Operation__Output as OperationMessage__Output,
} from './gen/dwallet/v1/Operation.ts';
export type { OperationState as OperationStateName } from './gen/dwallet/v1/OperationState.ts';
export type {
  WatchOperationResponse as OperationEventMessage,
  WatchOperationResponse__Output as OperationEventMessage__Output,
} from './gen/dwallet/v1/WatchOperationResponse.ts';
export type { Status as StatusMessage } from './gen/google/rpc/Status.ts';
