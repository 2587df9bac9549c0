// @ts-nocheck: generated.
import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetAssetRequest as _dwallet_v1_GetAssetRequest, GetAssetRequest__Output as _dwallet_v1_GetAssetRequest__Output } from '../../dwallet/v1/GetAssetRequest.ts';
import type { GetAssetResponse as _dwallet_v1_GetAssetResponse, GetAssetResponse__Output as _dwallet_v1_GetAssetResponse__Output } from '../../dwallet/v1/GetAssetResponse.ts';
import type { GetEntryRequest as _dwallet_v1_GetEntryRequest, GetEntryRequest__Output as _dwallet_v1_GetEntryRequest__Output } from '../../dwallet/v1/GetEntryRequest.ts';
import type { GetEntryResponse as _dwallet_v1_GetEntryResponse, GetEntryResponse__Output as _dwallet_v1_GetEntryResponse__Output } from '../../dwallet/v1/GetEntryResponse.ts';
import type { ListAssetsRequest as _dwallet_v1_ListAssetsRequest, ListAssetsRequest__Output as _dwallet_v1_ListAssetsRequest__Output } from '../../dwallet/v1/ListAssetsRequest.ts';
import type { ListAssetsResponse as _dwallet_v1_ListAssetsResponse, ListAssetsResponse__Output as _dwallet_v1_ListAssetsResponse__Output } from '../../dwallet/v1/ListAssetsResponse.ts';
import type { ListEntriesRequest as _dwallet_v1_ListEntriesRequest, ListEntriesRequest__Output as _dwallet_v1_ListEntriesRequest__Output } from '../../dwallet/v1/ListEntriesRequest.ts';
import type { ListEntriesResponse as _dwallet_v1_ListEntriesResponse, ListEntriesResponse__Output as _dwallet_v1_ListEntriesResponse__Output } from '../../dwallet/v1/ListEntriesResponse.ts';
import type { WatchEntriesRequest as _dwallet_v1_WatchEntriesRequest, WatchEntriesRequest__Output as _dwallet_v1_WatchEntriesRequest__Output } from '../../dwallet/v1/WatchEntriesRequest.ts';
import type { WatchEntriesResponse as _dwallet_v1_WatchEntriesResponse, WatchEntriesResponse__Output as _dwallet_v1_WatchEntriesResponse__Output } from '../../dwallet/v1/WatchEntriesResponse.ts';

export interface AssetServiceClient extends grpc.Client {
  /**
   * One asset: its record with certificate, and its balances.
   */
  GetAsset(argument: _dwallet_v1_GetAssetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetAssetResponse__Output>): grpc.ClientUnaryCall;
  GetAsset(argument: _dwallet_v1_GetAssetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetAssetResponse__Output>): grpc.ClientUnaryCall;
  GetAsset(argument: _dwallet_v1_GetAssetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetAssetResponse__Output>): grpc.ClientUnaryCall;
  GetAsset(argument: _dwallet_v1_GetAssetRequest, callback: grpc.requestCallback<_dwallet_v1_GetAssetResponse__Output>): grpc.ClientUnaryCall;
  /**
   * One asset: its record with certificate, and its balances.
   */
  getAsset(argument: _dwallet_v1_GetAssetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetAssetResponse__Output>): grpc.ClientUnaryCall;
  getAsset(argument: _dwallet_v1_GetAssetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetAssetResponse__Output>): grpc.ClientUnaryCall;
  getAsset(argument: _dwallet_v1_GetAssetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetAssetResponse__Output>): grpc.ClientUnaryCall;
  getAsset(argument: _dwallet_v1_GetAssetRequest, callback: grpc.requestCallback<_dwallet_v1_GetAssetResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * One entry with the certificate over it at its height.
   */
  GetEntry(argument: _dwallet_v1_GetEntryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetEntryResponse__Output>): grpc.ClientUnaryCall;
  GetEntry(argument: _dwallet_v1_GetEntryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetEntryResponse__Output>): grpc.ClientUnaryCall;
  GetEntry(argument: _dwallet_v1_GetEntryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetEntryResponse__Output>): grpc.ClientUnaryCall;
  GetEntry(argument: _dwallet_v1_GetEntryRequest, callback: grpc.requestCallback<_dwallet_v1_GetEntryResponse__Output>): grpc.ClientUnaryCall;
  /**
   * One entry with the certificate over it at its height.
   */
  getEntry(argument: _dwallet_v1_GetEntryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetEntryResponse__Output>): grpc.ClientUnaryCall;
  getEntry(argument: _dwallet_v1_GetEntryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetEntryResponse__Output>): grpc.ClientUnaryCall;
  getEntry(argument: _dwallet_v1_GetEntryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetEntryResponse__Output>): grpc.ClientUnaryCall;
  getEntry(argument: _dwallet_v1_GetEntryRequest, callback: grpc.requestCallback<_dwallet_v1_GetEntryResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * All assets, ascending by id.
   */
  ListAssets(argument: _dwallet_v1_ListAssetsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListAssetsResponse__Output>): grpc.ClientUnaryCall;
  ListAssets(argument: _dwallet_v1_ListAssetsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ListAssetsResponse__Output>): grpc.ClientUnaryCall;
  ListAssets(argument: _dwallet_v1_ListAssetsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListAssetsResponse__Output>): grpc.ClientUnaryCall;
  ListAssets(argument: _dwallet_v1_ListAssetsRequest, callback: grpc.requestCallback<_dwallet_v1_ListAssetsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * All assets, ascending by id.
   */
  listAssets(argument: _dwallet_v1_ListAssetsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListAssetsResponse__Output>): grpc.ClientUnaryCall;
  listAssets(argument: _dwallet_v1_ListAssetsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ListAssetsResponse__Output>): grpc.ClientUnaryCall;
  listAssets(argument: _dwallet_v1_ListAssetsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListAssetsResponse__Output>): grpc.ClientUnaryCall;
  listAssets(argument: _dwallet_v1_ListAssetsRequest, callback: grpc.requestCallback<_dwallet_v1_ListAssetsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Ledger entries from a height on.
   */
  ListEntries(argument: _dwallet_v1_ListEntriesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListEntriesResponse__Output>): grpc.ClientUnaryCall;
  ListEntries(argument: _dwallet_v1_ListEntriesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ListEntriesResponse__Output>): grpc.ClientUnaryCall;
  ListEntries(argument: _dwallet_v1_ListEntriesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListEntriesResponse__Output>): grpc.ClientUnaryCall;
  ListEntries(argument: _dwallet_v1_ListEntriesRequest, callback: grpc.requestCallback<_dwallet_v1_ListEntriesResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Ledger entries from a height on.
   */
  listEntries(argument: _dwallet_v1_ListEntriesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListEntriesResponse__Output>): grpc.ClientUnaryCall;
  listEntries(argument: _dwallet_v1_ListEntriesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ListEntriesResponse__Output>): grpc.ClientUnaryCall;
  listEntries(argument: _dwallet_v1_ListEntriesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListEntriesResponse__Output>): grpc.ClientUnaryCall;
  listEntries(argument: _dwallet_v1_ListEntriesRequest, callback: grpc.requestCallback<_dwallet_v1_ListEntriesResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Entries from a height on, as they are certified. Without gaps.
   */
  WatchEntries(argument: _dwallet_v1_WatchEntriesRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchEntriesResponse__Output>;
  WatchEntries(argument: _dwallet_v1_WatchEntriesRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchEntriesResponse__Output>;
  /**
   * Entries from a height on, as they are certified. Without gaps.
   */
  watchEntries(argument: _dwallet_v1_WatchEntriesRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchEntriesResponse__Output>;
  watchEntries(argument: _dwallet_v1_WatchEntriesRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchEntriesResponse__Output>;
  
}

export interface AssetServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * One asset: its record with certificate, and its balances.
   */
  GetAsset: grpc.handleUnaryCall<_dwallet_v1_GetAssetRequest__Output, _dwallet_v1_GetAssetResponse>;
  
  /**
   * One entry with the certificate over it at its height.
   */
  GetEntry: grpc.handleUnaryCall<_dwallet_v1_GetEntryRequest__Output, _dwallet_v1_GetEntryResponse>;
  
  /**
   * All assets, ascending by id.
   */
  ListAssets: grpc.handleUnaryCall<_dwallet_v1_ListAssetsRequest__Output, _dwallet_v1_ListAssetsResponse>;
  
  /**
   * Ledger entries from a height on.
   */
  ListEntries: grpc.handleUnaryCall<_dwallet_v1_ListEntriesRequest__Output, _dwallet_v1_ListEntriesResponse>;
  
  /**
   * Entries from a height on, as they are certified. Without gaps.
   */
  WatchEntries: grpc.handleServerStreamingCall<_dwallet_v1_WatchEntriesRequest__Output, _dwallet_v1_WatchEntriesResponse>;
  
}

export interface AssetServiceDefinition extends grpc.ServiceDefinition {
  GetAsset: MethodDefinition<_dwallet_v1_GetAssetRequest, _dwallet_v1_GetAssetResponse, _dwallet_v1_GetAssetRequest__Output, _dwallet_v1_GetAssetResponse__Output>
  GetEntry: MethodDefinition<_dwallet_v1_GetEntryRequest, _dwallet_v1_GetEntryResponse, _dwallet_v1_GetEntryRequest__Output, _dwallet_v1_GetEntryResponse__Output>
  ListAssets: MethodDefinition<_dwallet_v1_ListAssetsRequest, _dwallet_v1_ListAssetsResponse, _dwallet_v1_ListAssetsRequest__Output, _dwallet_v1_ListAssetsResponse__Output>
  ListEntries: MethodDefinition<_dwallet_v1_ListEntriesRequest, _dwallet_v1_ListEntriesResponse, _dwallet_v1_ListEntriesRequest__Output, _dwallet_v1_ListEntriesResponse__Output>
  WatchEntries: MethodDefinition<_dwallet_v1_WatchEntriesRequest, _dwallet_v1_WatchEntriesResponse, _dwallet_v1_WatchEntriesRequest__Output, _dwallet_v1_WatchEntriesResponse__Output>
}
