// @ts-nocheck: generated.
import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Asset as _dwallet_v1_Asset, Asset__Output as _dwallet_v1_Asset__Output } from './dwallet/v1/Asset.ts';
import type { AssetServiceClient as _dwallet_v1_AssetServiceClient, AssetServiceDefinition as _dwallet_v1_AssetServiceDefinition } from './dwallet/v1/AssetService.ts';
import type { Balance as _dwallet_v1_Balance, Balance__Output as _dwallet_v1_Balance__Output } from './dwallet/v1/Balance.ts';
import type { Cluster as _dwallet_v1_Cluster, Cluster__Output as _dwallet_v1_Cluster__Output } from './dwallet/v1/Cluster.ts';
import type { ClusterMemberStatus as _dwallet_v1_ClusterMemberStatus, ClusterMemberStatus__Output as _dwallet_v1_ClusterMemberStatus__Output } from './dwallet/v1/ClusterMemberStatus.ts';
import type { ClusterServiceClient as _dwallet_v1_ClusterServiceClient, ClusterServiceDefinition as _dwallet_v1_ClusterServiceDefinition } from './dwallet/v1/ClusterService.ts';
import type { Entry as _dwallet_v1_Entry, Entry__Output as _dwallet_v1_Entry__Output } from './dwallet/v1/Entry.ts';
import type { GetAssetRequest as _dwallet_v1_GetAssetRequest, GetAssetRequest__Output as _dwallet_v1_GetAssetRequest__Output } from './dwallet/v1/GetAssetRequest.ts';
import type { GetAssetResponse as _dwallet_v1_GetAssetResponse, GetAssetResponse__Output as _dwallet_v1_GetAssetResponse__Output } from './dwallet/v1/GetAssetResponse.ts';
import type { GetClusterRequest as _dwallet_v1_GetClusterRequest, GetClusterRequest__Output as _dwallet_v1_GetClusterRequest__Output } from './dwallet/v1/GetClusterRequest.ts';
import type { GetClusterResponse as _dwallet_v1_GetClusterResponse, GetClusterResponse__Output as _dwallet_v1_GetClusterResponse__Output } from './dwallet/v1/GetClusterResponse.ts';
import type { GetDWalletPolicyRequest as _dwallet_v1_GetDWalletPolicyRequest, GetDWalletPolicyRequest__Output as _dwallet_v1_GetDWalletPolicyRequest__Output } from './dwallet/v1/GetDWalletPolicyRequest.ts';
import type { GetDWalletPolicyResponse as _dwallet_v1_GetDWalletPolicyResponse, GetDWalletPolicyResponse__Output as _dwallet_v1_GetDWalletPolicyResponse__Output } from './dwallet/v1/GetDWalletPolicyResponse.ts';
import type { GetEntryRequest as _dwallet_v1_GetEntryRequest, GetEntryRequest__Output as _dwallet_v1_GetEntryRequest__Output } from './dwallet/v1/GetEntryRequest.ts';
import type { GetEntryResponse as _dwallet_v1_GetEntryResponse, GetEntryResponse__Output as _dwallet_v1_GetEntryResponse__Output } from './dwallet/v1/GetEntryResponse.ts';
import type { GetEventRequest as _dwallet_v1_GetEventRequest, GetEventRequest__Output as _dwallet_v1_GetEventRequest__Output } from './dwallet/v1/GetEventRequest.ts';
import type { GetEventResponse as _dwallet_v1_GetEventResponse, GetEventResponse__Output as _dwallet_v1_GetEventResponse__Output } from './dwallet/v1/GetEventResponse.ts';
import type { GetMessageRequest as _dwallet_v1_GetMessageRequest, GetMessageRequest__Output as _dwallet_v1_GetMessageRequest__Output } from './dwallet/v1/GetMessageRequest.ts';
import type { GetMessageResponse as _dwallet_v1_GetMessageResponse, GetMessageResponse__Output as _dwallet_v1_GetMessageResponse__Output } from './dwallet/v1/GetMessageResponse.ts';
import type { GetSettlementRequest as _dwallet_v1_GetSettlementRequest, GetSettlementRequest__Output as _dwallet_v1_GetSettlementRequest__Output } from './dwallet/v1/GetSettlementRequest.ts';
import type { GetSettlementResponse as _dwallet_v1_GetSettlementResponse, GetSettlementResponse__Output as _dwallet_v1_GetSettlementResponse__Output } from './dwallet/v1/GetSettlementResponse.ts';
import type { GetZoneRequest as _dwallet_v1_GetZoneRequest, GetZoneRequest__Output as _dwallet_v1_GetZoneRequest__Output } from './dwallet/v1/GetZoneRequest.ts';
import type { GetZoneResponse as _dwallet_v1_GetZoneResponse, GetZoneResponse__Output as _dwallet_v1_GetZoneResponse__Output } from './dwallet/v1/GetZoneResponse.ts';
import type { Leg as _dwallet_v1_Leg, Leg__Output as _dwallet_v1_Leg__Output } from './dwallet/v1/Leg.ts';
import type { ListAssetsRequest as _dwallet_v1_ListAssetsRequest, ListAssetsRequest__Output as _dwallet_v1_ListAssetsRequest__Output } from './dwallet/v1/ListAssetsRequest.ts';
import type { ListAssetsResponse as _dwallet_v1_ListAssetsResponse, ListAssetsResponse__Output as _dwallet_v1_ListAssetsResponse__Output } from './dwallet/v1/ListAssetsResponse.ts';
import type { ListClustersRequest as _dwallet_v1_ListClustersRequest, ListClustersRequest__Output as _dwallet_v1_ListClustersRequest__Output } from './dwallet/v1/ListClustersRequest.ts';
import type { ListClustersResponse as _dwallet_v1_ListClustersResponse, ListClustersResponse__Output as _dwallet_v1_ListClustersResponse__Output } from './dwallet/v1/ListClustersResponse.ts';
import type { ListEntriesRequest as _dwallet_v1_ListEntriesRequest, ListEntriesRequest__Output as _dwallet_v1_ListEntriesRequest__Output } from './dwallet/v1/ListEntriesRequest.ts';
import type { ListEntriesResponse as _dwallet_v1_ListEntriesResponse, ListEntriesResponse__Output as _dwallet_v1_ListEntriesResponse__Output } from './dwallet/v1/ListEntriesResponse.ts';
import type { ListZonesRequest as _dwallet_v1_ListZonesRequest, ListZonesRequest__Output as _dwallet_v1_ListZonesRequest__Output } from './dwallet/v1/ListZonesRequest.ts';
import type { ListZonesResponse as _dwallet_v1_ListZonesResponse, ListZonesResponse__Output as _dwallet_v1_ListZonesResponse__Output } from './dwallet/v1/ListZonesResponse.ts';
import type { Message as _dwallet_v1_Message, Message__Output as _dwallet_v1_Message__Output } from './dwallet/v1/Message.ts';
import type { MessageInDoubt as _dwallet_v1_MessageInDoubt, MessageInDoubt__Output as _dwallet_v1_MessageInDoubt__Output } from './dwallet/v1/MessageInDoubt.ts';
import type { RuleRefusal as _dwallet_v1_RuleRefusal, RuleRefusal__Output as _dwallet_v1_RuleRefusal__Output } from './dwallet/v1/RuleRefusal.ts';
import type { SubmitRecordRequest as _dwallet_v1_SubmitRecordRequest, SubmitRecordRequest__Output as _dwallet_v1_SubmitRecordRequest__Output } from './dwallet/v1/SubmitRecordRequest.ts';
import type { SubmitRecordResponse as _dwallet_v1_SubmitRecordResponse, SubmitRecordResponse__Output as _dwallet_v1_SubmitRecordResponse__Output } from './dwallet/v1/SubmitRecordResponse.ts';
import type { WatchClusterRequest as _dwallet_v1_WatchClusterRequest, WatchClusterRequest__Output as _dwallet_v1_WatchClusterRequest__Output } from './dwallet/v1/WatchClusterRequest.ts';
import type { WatchClusterResponse as _dwallet_v1_WatchClusterResponse, WatchClusterResponse__Output as _dwallet_v1_WatchClusterResponse__Output } from './dwallet/v1/WatchClusterResponse.ts';
import type { WatchEntriesRequest as _dwallet_v1_WatchEntriesRequest, WatchEntriesRequest__Output as _dwallet_v1_WatchEntriesRequest__Output } from './dwallet/v1/WatchEntriesRequest.ts';
import type { WatchEntriesResponse as _dwallet_v1_WatchEntriesResponse, WatchEntriesResponse__Output as _dwallet_v1_WatchEntriesResponse__Output } from './dwallet/v1/WatchEntriesResponse.ts';
import type { WatchMessagesRequest as _dwallet_v1_WatchMessagesRequest, WatchMessagesRequest__Output as _dwallet_v1_WatchMessagesRequest__Output } from './dwallet/v1/WatchMessagesRequest.ts';
import type { WatchMessagesResponse as _dwallet_v1_WatchMessagesResponse, WatchMessagesResponse__Output as _dwallet_v1_WatchMessagesResponse__Output } from './dwallet/v1/WatchMessagesResponse.ts';
import type { WatchZoneRequest as _dwallet_v1_WatchZoneRequest, WatchZoneRequest__Output as _dwallet_v1_WatchZoneRequest__Output } from './dwallet/v1/WatchZoneRequest.ts';
import type { WatchZoneResponse as _dwallet_v1_WatchZoneResponse, WatchZoneResponse__Output as _dwallet_v1_WatchZoneResponse__Output } from './dwallet/v1/WatchZoneResponse.ts';
import type { Zone as _dwallet_v1_Zone, Zone__Output as _dwallet_v1_Zone__Output } from './dwallet/v1/Zone.ts';
import type { ZoneServiceClient as _dwallet_v1_ZoneServiceClient, ZoneServiceDefinition as _dwallet_v1_ZoneServiceDefinition } from './dwallet/v1/ZoneService.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  dwallet: {
    v1: {
      Asset: MessageTypeDefinition<_dwallet_v1_Asset, _dwallet_v1_Asset__Output>
      AssetService: SubtypeConstructor<typeof grpc.Client, _dwallet_v1_AssetServiceClient> & { service: _dwallet_v1_AssetServiceDefinition }
      Balance: MessageTypeDefinition<_dwallet_v1_Balance, _dwallet_v1_Balance__Output>
      Cluster: MessageTypeDefinition<_dwallet_v1_Cluster, _dwallet_v1_Cluster__Output>
      ClusterMemberStatus: MessageTypeDefinition<_dwallet_v1_ClusterMemberStatus, _dwallet_v1_ClusterMemberStatus__Output>
      ClusterService: SubtypeConstructor<typeof grpc.Client, _dwallet_v1_ClusterServiceClient> & { service: _dwallet_v1_ClusterServiceDefinition }
      Entry: MessageTypeDefinition<_dwallet_v1_Entry, _dwallet_v1_Entry__Output>
      GetAssetRequest: MessageTypeDefinition<_dwallet_v1_GetAssetRequest, _dwallet_v1_GetAssetRequest__Output>
      GetAssetResponse: MessageTypeDefinition<_dwallet_v1_GetAssetResponse, _dwallet_v1_GetAssetResponse__Output>
      GetClusterRequest: MessageTypeDefinition<_dwallet_v1_GetClusterRequest, _dwallet_v1_GetClusterRequest__Output>
      GetClusterResponse: MessageTypeDefinition<_dwallet_v1_GetClusterResponse, _dwallet_v1_GetClusterResponse__Output>
      GetDWalletPolicyRequest: MessageTypeDefinition<_dwallet_v1_GetDWalletPolicyRequest, _dwallet_v1_GetDWalletPolicyRequest__Output>
      GetDWalletPolicyResponse: MessageTypeDefinition<_dwallet_v1_GetDWalletPolicyResponse, _dwallet_v1_GetDWalletPolicyResponse__Output>
      GetEntryRequest: MessageTypeDefinition<_dwallet_v1_GetEntryRequest, _dwallet_v1_GetEntryRequest__Output>
      GetEntryResponse: MessageTypeDefinition<_dwallet_v1_GetEntryResponse, _dwallet_v1_GetEntryResponse__Output>
      GetEventRequest: MessageTypeDefinition<_dwallet_v1_GetEventRequest, _dwallet_v1_GetEventRequest__Output>
      GetEventResponse: MessageTypeDefinition<_dwallet_v1_GetEventResponse, _dwallet_v1_GetEventResponse__Output>
      GetMessageRequest: MessageTypeDefinition<_dwallet_v1_GetMessageRequest, _dwallet_v1_GetMessageRequest__Output>
      GetMessageResponse: MessageTypeDefinition<_dwallet_v1_GetMessageResponse, _dwallet_v1_GetMessageResponse__Output>
      GetSettlementRequest: MessageTypeDefinition<_dwallet_v1_GetSettlementRequest, _dwallet_v1_GetSettlementRequest__Output>
      GetSettlementResponse: MessageTypeDefinition<_dwallet_v1_GetSettlementResponse, _dwallet_v1_GetSettlementResponse__Output>
      GetZoneRequest: MessageTypeDefinition<_dwallet_v1_GetZoneRequest, _dwallet_v1_GetZoneRequest__Output>
      GetZoneResponse: MessageTypeDefinition<_dwallet_v1_GetZoneResponse, _dwallet_v1_GetZoneResponse__Output>
      Leg: MessageTypeDefinition<_dwallet_v1_Leg, _dwallet_v1_Leg__Output>
      ListAssetsRequest: MessageTypeDefinition<_dwallet_v1_ListAssetsRequest, _dwallet_v1_ListAssetsRequest__Output>
      ListAssetsResponse: MessageTypeDefinition<_dwallet_v1_ListAssetsResponse, _dwallet_v1_ListAssetsResponse__Output>
      ListClustersRequest: MessageTypeDefinition<_dwallet_v1_ListClustersRequest, _dwallet_v1_ListClustersRequest__Output>
      ListClustersResponse: MessageTypeDefinition<_dwallet_v1_ListClustersResponse, _dwallet_v1_ListClustersResponse__Output>
      ListEntriesRequest: MessageTypeDefinition<_dwallet_v1_ListEntriesRequest, _dwallet_v1_ListEntriesRequest__Output>
      ListEntriesResponse: MessageTypeDefinition<_dwallet_v1_ListEntriesResponse, _dwallet_v1_ListEntriesResponse__Output>
      ListZonesRequest: MessageTypeDefinition<_dwallet_v1_ListZonesRequest, _dwallet_v1_ListZonesRequest__Output>
      ListZonesResponse: MessageTypeDefinition<_dwallet_v1_ListZonesResponse, _dwallet_v1_ListZonesResponse__Output>
      Message: MessageTypeDefinition<_dwallet_v1_Message, _dwallet_v1_Message__Output>
      MessageInDoubt: MessageTypeDefinition<_dwallet_v1_MessageInDoubt, _dwallet_v1_MessageInDoubt__Output>
      RuleRefusal: MessageTypeDefinition<_dwallet_v1_RuleRefusal, _dwallet_v1_RuleRefusal__Output>
      SubmitRecordRequest: MessageTypeDefinition<_dwallet_v1_SubmitRecordRequest, _dwallet_v1_SubmitRecordRequest__Output>
      SubmitRecordResponse: MessageTypeDefinition<_dwallet_v1_SubmitRecordResponse, _dwallet_v1_SubmitRecordResponse__Output>
      WatchClusterRequest: MessageTypeDefinition<_dwallet_v1_WatchClusterRequest, _dwallet_v1_WatchClusterRequest__Output>
      WatchClusterResponse: MessageTypeDefinition<_dwallet_v1_WatchClusterResponse, _dwallet_v1_WatchClusterResponse__Output>
      WatchEntriesRequest: MessageTypeDefinition<_dwallet_v1_WatchEntriesRequest, _dwallet_v1_WatchEntriesRequest__Output>
      WatchEntriesResponse: MessageTypeDefinition<_dwallet_v1_WatchEntriesResponse, _dwallet_v1_WatchEntriesResponse__Output>
      WatchMessagesRequest: MessageTypeDefinition<_dwallet_v1_WatchMessagesRequest, _dwallet_v1_WatchMessagesRequest__Output>
      WatchMessagesResponse: MessageTypeDefinition<_dwallet_v1_WatchMessagesResponse, _dwallet_v1_WatchMessagesResponse__Output>
      WatchZoneRequest: MessageTypeDefinition<_dwallet_v1_WatchZoneRequest, _dwallet_v1_WatchZoneRequest__Output>
      WatchZoneResponse: MessageTypeDefinition<_dwallet_v1_WatchZoneResponse, _dwallet_v1_WatchZoneResponse__Output>
      Zone: MessageTypeDefinition<_dwallet_v1_Zone, _dwallet_v1_Zone__Output>
      ZoneService: SubtypeConstructor<typeof grpc.Client, _dwallet_v1_ZoneServiceClient> & { service: _dwallet_v1_ZoneServiceDefinition }
      ZoneStatus: EnumTypeDefinition
    }
  }
}

