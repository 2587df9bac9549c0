// @ts-nocheck: generated.
import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetClusterRequest as _dwallet_v1_GetClusterRequest, GetClusterRequest__Output as _dwallet_v1_GetClusterRequest__Output } from '../../dwallet/v1/GetClusterRequest.ts';
import type { GetClusterResponse as _dwallet_v1_GetClusterResponse, GetClusterResponse__Output as _dwallet_v1_GetClusterResponse__Output } from '../../dwallet/v1/GetClusterResponse.ts';
import type { GetMessageRequest as _dwallet_v1_GetMessageRequest, GetMessageRequest__Output as _dwallet_v1_GetMessageRequest__Output } from '../../dwallet/v1/GetMessageRequest.ts';
import type { GetMessageResponse as _dwallet_v1_GetMessageResponse, GetMessageResponse__Output as _dwallet_v1_GetMessageResponse__Output } from '../../dwallet/v1/GetMessageResponse.ts';
import type { GetSettlementRequest as _dwallet_v1_GetSettlementRequest, GetSettlementRequest__Output as _dwallet_v1_GetSettlementRequest__Output } from '../../dwallet/v1/GetSettlementRequest.ts';
import type { GetSettlementResponse as _dwallet_v1_GetSettlementResponse, GetSettlementResponse__Output as _dwallet_v1_GetSettlementResponse__Output } from '../../dwallet/v1/GetSettlementResponse.ts';
import type { ListClustersRequest as _dwallet_v1_ListClustersRequest, ListClustersRequest__Output as _dwallet_v1_ListClustersRequest__Output } from '../../dwallet/v1/ListClustersRequest.ts';
import type { ListClustersResponse as _dwallet_v1_ListClustersResponse, ListClustersResponse__Output as _dwallet_v1_ListClustersResponse__Output } from '../../dwallet/v1/ListClustersResponse.ts';
import type { WatchClusterRequest as _dwallet_v1_WatchClusterRequest, WatchClusterRequest__Output as _dwallet_v1_WatchClusterRequest__Output } from '../../dwallet/v1/WatchClusterRequest.ts';
import type { WatchClusterResponse as _dwallet_v1_WatchClusterResponse, WatchClusterResponse__Output as _dwallet_v1_WatchClusterResponse__Output } from '../../dwallet/v1/WatchClusterResponse.ts';
import type { WatchMessagesRequest as _dwallet_v1_WatchMessagesRequest, WatchMessagesRequest__Output as _dwallet_v1_WatchMessagesRequest__Output } from '../../dwallet/v1/WatchMessagesRequest.ts';
import type { WatchMessagesResponse as _dwallet_v1_WatchMessagesResponse, WatchMessagesResponse__Output as _dwallet_v1_WatchMessagesResponse__Output } from '../../dwallet/v1/WatchMessagesResponse.ts';

export interface ClusterServiceClient extends grpc.Client {
  /**
   * One cluster: record with certificate, status, members, what is in doubt.
   */
  GetCluster(argument: _dwallet_v1_GetClusterRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetClusterResponse__Output>): grpc.ClientUnaryCall;
  GetCluster(argument: _dwallet_v1_GetClusterRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetClusterResponse__Output>): grpc.ClientUnaryCall;
  GetCluster(argument: _dwallet_v1_GetClusterRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetClusterResponse__Output>): grpc.ClientUnaryCall;
  GetCluster(argument: _dwallet_v1_GetClusterRequest, callback: grpc.requestCallback<_dwallet_v1_GetClusterResponse__Output>): grpc.ClientUnaryCall;
  /**
   * One cluster: record with certificate, status, members, what is in doubt.
   */
  getCluster(argument: _dwallet_v1_GetClusterRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetClusterResponse__Output>): grpc.ClientUnaryCall;
  getCluster(argument: _dwallet_v1_GetClusterRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetClusterResponse__Output>): grpc.ClientUnaryCall;
  getCluster(argument: _dwallet_v1_GetClusterRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetClusterResponse__Output>): grpc.ClientUnaryCall;
  getCluster(argument: _dwallet_v1_GetClusterRequest, callback: grpc.requestCallback<_dwallet_v1_GetClusterResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * One message with its certificate: what its destination accepts.
   */
  GetMessage(argument: _dwallet_v1_GetMessageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  GetMessage(argument: _dwallet_v1_GetMessageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  GetMessage(argument: _dwallet_v1_GetMessageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  GetMessage(argument: _dwallet_v1_GetMessageRequest, callback: grpc.requestCallback<_dwallet_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  /**
   * One message with its certificate: what its destination accepts.
   */
  getMessage(argument: _dwallet_v1_GetMessageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  getMessage(argument: _dwallet_v1_GetMessageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  getMessage(argument: _dwallet_v1_GetMessageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  getMessage(argument: _dwallet_v1_GetMessageRequest, callback: grpc.requestCallback<_dwallet_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * One settlement with its certificate: what the cluster's dWallet may post.
   */
  GetSettlement(argument: _dwallet_v1_GetSettlementRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetSettlementResponse__Output>): grpc.ClientUnaryCall;
  GetSettlement(argument: _dwallet_v1_GetSettlementRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetSettlementResponse__Output>): grpc.ClientUnaryCall;
  GetSettlement(argument: _dwallet_v1_GetSettlementRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetSettlementResponse__Output>): grpc.ClientUnaryCall;
  GetSettlement(argument: _dwallet_v1_GetSettlementRequest, callback: grpc.requestCallback<_dwallet_v1_GetSettlementResponse__Output>): grpc.ClientUnaryCall;
  /**
   * One settlement with its certificate: what the cluster's dWallet may post.
   */
  getSettlement(argument: _dwallet_v1_GetSettlementRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetSettlementResponse__Output>): grpc.ClientUnaryCall;
  getSettlement(argument: _dwallet_v1_GetSettlementRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetSettlementResponse__Output>): grpc.ClientUnaryCall;
  getSettlement(argument: _dwallet_v1_GetSettlementRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetSettlementResponse__Output>): grpc.ClientUnaryCall;
  getSettlement(argument: _dwallet_v1_GetSettlementRequest, callback: grpc.requestCallback<_dwallet_v1_GetSettlementResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * All clusters, ascending by name.
   */
  ListClusters(argument: _dwallet_v1_ListClustersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListClustersResponse__Output>): grpc.ClientUnaryCall;
  ListClusters(argument: _dwallet_v1_ListClustersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ListClustersResponse__Output>): grpc.ClientUnaryCall;
  ListClusters(argument: _dwallet_v1_ListClustersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListClustersResponse__Output>): grpc.ClientUnaryCall;
  ListClusters(argument: _dwallet_v1_ListClustersRequest, callback: grpc.requestCallback<_dwallet_v1_ListClustersResponse__Output>): grpc.ClientUnaryCall;
  /**
   * All clusters, ascending by name.
   */
  listClusters(argument: _dwallet_v1_ListClustersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListClustersResponse__Output>): grpc.ClientUnaryCall;
  listClusters(argument: _dwallet_v1_ListClustersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ListClustersResponse__Output>): grpc.ClientUnaryCall;
  listClusters(argument: _dwallet_v1_ListClustersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListClustersResponse__Output>): grpc.ClientUnaryCall;
  listClusters(argument: _dwallet_v1_ListClustersRequest, callback: grpc.requestCallback<_dwallet_v1_ListClustersResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * The status of a cluster whenever it changes; the first message is what holds now.
   */
  WatchCluster(argument: _dwallet_v1_WatchClusterRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchClusterResponse__Output>;
  WatchCluster(argument: _dwallet_v1_WatchClusterRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchClusterResponse__Output>;
  /**
   * The status of a cluster whenever it changes; the first message is what holds now.
   */
  watchCluster(argument: _dwallet_v1_WatchClusterRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchClusterResponse__Output>;
  watchCluster(argument: _dwallet_v1_WatchClusterRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchClusterResponse__Output>;
  
  /**
   * Messages of a cluster as they are certified; of earlier ones those that are remembered (4096).
   */
  WatchMessages(argument: _dwallet_v1_WatchMessagesRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchMessagesResponse__Output>;
  WatchMessages(argument: _dwallet_v1_WatchMessagesRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchMessagesResponse__Output>;
  /**
   * Messages of a cluster as they are certified; of earlier ones those that are remembered (4096).
   */
  watchMessages(argument: _dwallet_v1_WatchMessagesRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchMessagesResponse__Output>;
  watchMessages(argument: _dwallet_v1_WatchMessagesRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchMessagesResponse__Output>;
  
}

export interface ClusterServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * One cluster: record with certificate, status, members, what is in doubt.
   */
  GetCluster: grpc.handleUnaryCall<_dwallet_v1_GetClusterRequest__Output, _dwallet_v1_GetClusterResponse>;
  
  /**
   * One message with its certificate: what its destination accepts.
   */
  GetMessage: grpc.handleUnaryCall<_dwallet_v1_GetMessageRequest__Output, _dwallet_v1_GetMessageResponse>;
  
  /**
   * One settlement with its certificate: what the cluster's dWallet may post.
   */
  GetSettlement: grpc.handleUnaryCall<_dwallet_v1_GetSettlementRequest__Output, _dwallet_v1_GetSettlementResponse>;
  
  /**
   * All clusters, ascending by name.
   */
  ListClusters: grpc.handleUnaryCall<_dwallet_v1_ListClustersRequest__Output, _dwallet_v1_ListClustersResponse>;
  
  /**
   * The status of a cluster whenever it changes; the first message is what holds now.
   */
  WatchCluster: grpc.handleServerStreamingCall<_dwallet_v1_WatchClusterRequest__Output, _dwallet_v1_WatchClusterResponse>;
  
  /**
   * Messages of a cluster as they are certified; of earlier ones those that are remembered (4096).
   */
  WatchMessages: grpc.handleServerStreamingCall<_dwallet_v1_WatchMessagesRequest__Output, _dwallet_v1_WatchMessagesResponse>;
  
}

export interface ClusterServiceDefinition extends grpc.ServiceDefinition {
  GetCluster: MethodDefinition<_dwallet_v1_GetClusterRequest, _dwallet_v1_GetClusterResponse, _dwallet_v1_GetClusterRequest__Output, _dwallet_v1_GetClusterResponse__Output>
  GetMessage: MethodDefinition<_dwallet_v1_GetMessageRequest, _dwallet_v1_GetMessageResponse, _dwallet_v1_GetMessageRequest__Output, _dwallet_v1_GetMessageResponse__Output>
  GetSettlement: MethodDefinition<_dwallet_v1_GetSettlementRequest, _dwallet_v1_GetSettlementResponse, _dwallet_v1_GetSettlementRequest__Output, _dwallet_v1_GetSettlementResponse__Output>
  ListClusters: MethodDefinition<_dwallet_v1_ListClustersRequest, _dwallet_v1_ListClustersResponse, _dwallet_v1_ListClustersRequest__Output, _dwallet_v1_ListClustersResponse__Output>
  WatchCluster: MethodDefinition<_dwallet_v1_WatchClusterRequest, _dwallet_v1_WatchClusterResponse, _dwallet_v1_WatchClusterRequest__Output, _dwallet_v1_WatchClusterResponse__Output>
  WatchMessages: MethodDefinition<_dwallet_v1_WatchMessagesRequest, _dwallet_v1_WatchMessagesResponse, _dwallet_v1_WatchMessagesRequest__Output, _dwallet_v1_WatchMessagesResponse__Output>
}
