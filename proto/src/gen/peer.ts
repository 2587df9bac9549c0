// @ts-nocheck: generated.
import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AssignPresignRequest as _dwallet_v1_AssignPresignRequest, AssignPresignRequest__Output as _dwallet_v1_AssignPresignRequest__Output } from './dwallet/v1/AssignPresignRequest.ts';
import type { AssignPresignResponse as _dwallet_v1_AssignPresignResponse, AssignPresignResponse__Output as _dwallet_v1_AssignPresignResponse__Output } from './dwallet/v1/AssignPresignResponse.ts';
import type { BindPresignRequest as _dwallet_v1_BindPresignRequest, BindPresignRequest__Output as _dwallet_v1_BindPresignRequest__Output } from './dwallet/v1/BindPresignRequest.ts';
import type { BindPresignResponse as _dwallet_v1_BindPresignResponse, BindPresignResponse__Output as _dwallet_v1_BindPresignResponse__Output } from './dwallet/v1/BindPresignResponse.ts';
import type { CertifySlotRequest as _dwallet_v1_CertifySlotRequest, CertifySlotRequest__Output as _dwallet_v1_CertifySlotRequest__Output } from './dwallet/v1/CertifySlotRequest.ts';
import type { CertifySlotResponse as _dwallet_v1_CertifySlotResponse, CertifySlotResponse__Output as _dwallet_v1_CertifySlotResponse__Output } from './dwallet/v1/CertifySlotResponse.ts';
import type { CommitDWalletRequest as _dwallet_v1_CommitDWalletRequest, CommitDWalletRequest__Output as _dwallet_v1_CommitDWalletRequest__Output } from './dwallet/v1/CommitDWalletRequest.ts';
import type { CommitDWalletResponse as _dwallet_v1_CommitDWalletResponse, CommitDWalletResponse__Output as _dwallet_v1_CommitDWalletResponse__Output } from './dwallet/v1/CommitDWalletResponse.ts';
import type { CommitSessionRequest as _dwallet_v1_CommitSessionRequest, CommitSessionRequest__Output as _dwallet_v1_CommitSessionRequest__Output } from './dwallet/v1/CommitSessionRequest.ts';
import type { CommitSessionResponse as _dwallet_v1_CommitSessionResponse, CommitSessionResponse__Output as _dwallet_v1_CommitSessionResponse__Output } from './dwallet/v1/CommitSessionResponse.ts';
import type { ContributeRequest as _dwallet_v1_ContributeRequest, ContributeRequest__Output as _dwallet_v1_ContributeRequest__Output } from './dwallet/v1/ContributeRequest.ts';
import type { ContributeResponse as _dwallet_v1_ContributeResponse, ContributeResponse__Output as _dwallet_v1_ContributeResponse__Output } from './dwallet/v1/ContributeResponse.ts';
import type { DecideSlotRequest as _dwallet_v1_DecideSlotRequest, DecideSlotRequest__Output as _dwallet_v1_DecideSlotRequest__Output } from './dwallet/v1/DecideSlotRequest.ts';
import type { DecideSlotResponse as _dwallet_v1_DecideSlotResponse, DecideSlotResponse__Output as _dwallet_v1_DecideSlotResponse__Output } from './dwallet/v1/DecideSlotResponse.ts';
import type { FetchRecordRequest as _dwallet_v1_FetchRecordRequest, FetchRecordRequest__Output as _dwallet_v1_FetchRecordRequest__Output } from './dwallet/v1/FetchRecordRequest.ts';
import type { FetchRecordResponse as _dwallet_v1_FetchRecordResponse, FetchRecordResponse__Output as _dwallet_v1_FetchRecordResponse__Output } from './dwallet/v1/FetchRecordResponse.ts';
import type { FetchSlotsRequest as _dwallet_v1_FetchSlotsRequest, FetchSlotsRequest__Output as _dwallet_v1_FetchSlotsRequest__Output } from './dwallet/v1/FetchSlotsRequest.ts';
import type { FetchSlotsResponse as _dwallet_v1_FetchSlotsResponse, FetchSlotsResponse__Output as _dwallet_v1_FetchSlotsResponse__Output } from './dwallet/v1/FetchSlotsResponse.ts';
import type { FixInboxRequest as _dwallet_v1_FixInboxRequest, FixInboxRequest__Output as _dwallet_v1_FixInboxRequest__Output } from './dwallet/v1/FixInboxRequest.ts';
import type { FixInboxResponse as _dwallet_v1_FixInboxResponse, FixInboxResponse__Output as _dwallet_v1_FixInboxResponse__Output } from './dwallet/v1/FixInboxResponse.ts';
import type { FixSlotRequest as _dwallet_v1_FixSlotRequest, FixSlotRequest__Output as _dwallet_v1_FixSlotRequest__Output } from './dwallet/v1/FixSlotRequest.ts';
import type { FixSlotResponse as _dwallet_v1_FixSlotResponse, FixSlotResponse__Output as _dwallet_v1_FixSlotResponse__Output } from './dwallet/v1/FixSlotResponse.ts';
import type { HelloRequest as _dwallet_v1_HelloRequest, HelloRequest__Output as _dwallet_v1_HelloRequest__Output } from './dwallet/v1/HelloRequest.ts';
import type { HelloResponse as _dwallet_v1_HelloResponse, HelloResponse__Output as _dwallet_v1_HelloResponse__Output } from './dwallet/v1/HelloResponse.ts';
import type { InboxStatusRequest as _dwallet_v1_InboxStatusRequest, InboxStatusRequest__Output as _dwallet_v1_InboxStatusRequest__Output } from './dwallet/v1/InboxStatusRequest.ts';
import type { InboxStatusResponse as _dwallet_v1_InboxStatusResponse, InboxStatusResponse__Output as _dwallet_v1_InboxStatusResponse__Output } from './dwallet/v1/InboxStatusResponse.ts';
import type { ListRecordsRequest as _dwallet_v1_ListRecordsRequest, ListRecordsRequest__Output as _dwallet_v1_ListRecordsRequest__Output } from './dwallet/v1/ListRecordsRequest.ts';
import type { ListRecordsResponse as _dwallet_v1_ListRecordsResponse, ListRecordsResponse__Output as _dwallet_v1_ListRecordsResponse__Output } from './dwallet/v1/ListRecordsResponse.ts';
import type { OfferRecordRequest as _dwallet_v1_OfferRecordRequest, OfferRecordRequest__Output as _dwallet_v1_OfferRecordRequest__Output } from './dwallet/v1/OfferRecordRequest.ts';
import type { OfferRecordResponse as _dwallet_v1_OfferRecordResponse, OfferRecordResponse__Output as _dwallet_v1_OfferRecordResponse__Output } from './dwallet/v1/OfferRecordResponse.ts';
import type { PeerServiceClient as _dwallet_v1_PeerServiceClient, PeerServiceDefinition as _dwallet_v1_PeerServiceDefinition } from './dwallet/v1/PeerService.ts';
import type { PeerServiceAcceptDWalletRequest as _dwallet_v1_PeerServiceAcceptDWalletRequest, PeerServiceAcceptDWalletRequest__Output as _dwallet_v1_PeerServiceAcceptDWalletRequest__Output } from './dwallet/v1/PeerServiceAcceptDWalletRequest.ts';
import type { PeerServiceAcceptDWalletResponse as _dwallet_v1_PeerServiceAcceptDWalletResponse, PeerServiceAcceptDWalletResponse__Output as _dwallet_v1_PeerServiceAcceptDWalletResponse__Output } from './dwallet/v1/PeerServiceAcceptDWalletResponse.ts';
import type { ProposeInboxRequest as _dwallet_v1_ProposeInboxRequest, ProposeInboxRequest__Output as _dwallet_v1_ProposeInboxRequest__Output } from './dwallet/v1/ProposeInboxRequest.ts';
import type { ProposeInboxResponse as _dwallet_v1_ProposeInboxResponse, ProposeInboxResponse__Output as _dwallet_v1_ProposeInboxResponse__Output } from './dwallet/v1/ProposeInboxResponse.ts';
import type { ProposeSlotRequest as _dwallet_v1_ProposeSlotRequest, ProposeSlotRequest__Output as _dwallet_v1_ProposeSlotRequest__Output } from './dwallet/v1/ProposeSlotRequest.ts';
import type { ProposeSlotResponse as _dwallet_v1_ProposeSlotResponse, ProposeSlotResponse__Output as _dwallet_v1_ProposeSlotResponse__Output } from './dwallet/v1/ProposeSlotResponse.ts';
import type { ProveSharesRequest as _dwallet_v1_ProveSharesRequest, ProveSharesRequest__Output as _dwallet_v1_ProveSharesRequest__Output } from './dwallet/v1/ProveSharesRequest.ts';
import type { ProveSharesResponse as _dwallet_v1_ProveSharesResponse, ProveSharesResponse__Output as _dwallet_v1_ProveSharesResponse__Output } from './dwallet/v1/ProveSharesResponse.ts';
import type { RaiseAlarmRequest as _dwallet_v1_RaiseAlarmRequest, RaiseAlarmRequest__Output as _dwallet_v1_RaiseAlarmRequest__Output } from './dwallet/v1/RaiseAlarmRequest.ts';
import type { RaiseAlarmResponse as _dwallet_v1_RaiseAlarmResponse, RaiseAlarmResponse__Output as _dwallet_v1_RaiseAlarmResponse__Output } from './dwallet/v1/RaiseAlarmResponse.ts';
import type { RecordSignatureRequest as _dwallet_v1_RecordSignatureRequest, RecordSignatureRequest__Output as _dwallet_v1_RecordSignatureRequest__Output } from './dwallet/v1/RecordSignatureRequest.ts';
import type { RecordSignatureResponse as _dwallet_v1_RecordSignatureResponse, RecordSignatureResponse__Output as _dwallet_v1_RecordSignatureResponse__Output } from './dwallet/v1/RecordSignatureResponse.ts';
import type { RegisterUserKeyRequest as _dwallet_v1_RegisterUserKeyRequest, RegisterUserKeyRequest__Output as _dwallet_v1_RegisterUserKeyRequest__Output } from './dwallet/v1/RegisterUserKeyRequest.ts';
import type { RegisterUserKeyResponse as _dwallet_v1_RegisterUserKeyResponse, RegisterUserKeyResponse__Output as _dwallet_v1_RegisterUserKeyResponse__Output } from './dwallet/v1/RegisterUserKeyResponse.ts';
import type { ReleaseSharesRequest as _dwallet_v1_ReleaseSharesRequest, ReleaseSharesRequest__Output as _dwallet_v1_ReleaseSharesRequest__Output } from './dwallet/v1/ReleaseSharesRequest.ts';
import type { ReleaseSharesResponse as _dwallet_v1_ReleaseSharesResponse, ReleaseSharesResponse__Output as _dwallet_v1_ReleaseSharesResponse__Output } from './dwallet/v1/ReleaseSharesResponse.ts';
import type { VoteDWalletRequest as _dwallet_v1_VoteDWalletRequest, VoteDWalletRequest__Output as _dwallet_v1_VoteDWalletRequest__Output } from './dwallet/v1/VoteDWalletRequest.ts';
import type { VoteDWalletResponse as _dwallet_v1_VoteDWalletResponse, VoteDWalletResponse__Output as _dwallet_v1_VoteDWalletResponse__Output } from './dwallet/v1/VoteDWalletResponse.ts';
import type { VoteSessionRequest as _dwallet_v1_VoteSessionRequest, VoteSessionRequest__Output as _dwallet_v1_VoteSessionRequest__Output } from './dwallet/v1/VoteSessionRequest.ts';
import type { VoteSessionResponse as _dwallet_v1_VoteSessionResponse, VoteSessionResponse__Output as _dwallet_v1_VoteSessionResponse__Output } from './dwallet/v1/VoteSessionResponse.ts';
import type { ZoneLogStatusRequest as _dwallet_v1_ZoneLogStatusRequest, ZoneLogStatusRequest__Output as _dwallet_v1_ZoneLogStatusRequest__Output } from './dwallet/v1/ZoneLogStatusRequest.ts';
import type { ZoneLogStatusResponse as _dwallet_v1_ZoneLogStatusResponse, ZoneLogStatusResponse__Output as _dwallet_v1_ZoneLogStatusResponse__Output } from './dwallet/v1/ZoneLogStatusResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  dwallet: {
    v1: {
      AssignPresignRequest: MessageTypeDefinition<_dwallet_v1_AssignPresignRequest, _dwallet_v1_AssignPresignRequest__Output>
      AssignPresignResponse: MessageTypeDefinition<_dwallet_v1_AssignPresignResponse, _dwallet_v1_AssignPresignResponse__Output>
      BindPresignRequest: MessageTypeDefinition<_dwallet_v1_BindPresignRequest, _dwallet_v1_BindPresignRequest__Output>
      BindPresignResponse: MessageTypeDefinition<_dwallet_v1_BindPresignResponse, _dwallet_v1_BindPresignResponse__Output>
      CertifySlotRequest: MessageTypeDefinition<_dwallet_v1_CertifySlotRequest, _dwallet_v1_CertifySlotRequest__Output>
      CertifySlotResponse: MessageTypeDefinition<_dwallet_v1_CertifySlotResponse, _dwallet_v1_CertifySlotResponse__Output>
      CommitDWalletRequest: MessageTypeDefinition<_dwallet_v1_CommitDWalletRequest, _dwallet_v1_CommitDWalletRequest__Output>
      CommitDWalletResponse: MessageTypeDefinition<_dwallet_v1_CommitDWalletResponse, _dwallet_v1_CommitDWalletResponse__Output>
      CommitSessionRequest: MessageTypeDefinition<_dwallet_v1_CommitSessionRequest, _dwallet_v1_CommitSessionRequest__Output>
      CommitSessionResponse: MessageTypeDefinition<_dwallet_v1_CommitSessionResponse, _dwallet_v1_CommitSessionResponse__Output>
      ContributeRequest: MessageTypeDefinition<_dwallet_v1_ContributeRequest, _dwallet_v1_ContributeRequest__Output>
      ContributeResponse: MessageTypeDefinition<_dwallet_v1_ContributeResponse, _dwallet_v1_ContributeResponse__Output>
      DecideSlotRequest: MessageTypeDefinition<_dwallet_v1_DecideSlotRequest, _dwallet_v1_DecideSlotRequest__Output>
      DecideSlotResponse: MessageTypeDefinition<_dwallet_v1_DecideSlotResponse, _dwallet_v1_DecideSlotResponse__Output>
      FetchRecordRequest: MessageTypeDefinition<_dwallet_v1_FetchRecordRequest, _dwallet_v1_FetchRecordRequest__Output>
      FetchRecordResponse: MessageTypeDefinition<_dwallet_v1_FetchRecordResponse, _dwallet_v1_FetchRecordResponse__Output>
      FetchSlotsRequest: MessageTypeDefinition<_dwallet_v1_FetchSlotsRequest, _dwallet_v1_FetchSlotsRequest__Output>
      FetchSlotsResponse: MessageTypeDefinition<_dwallet_v1_FetchSlotsResponse, _dwallet_v1_FetchSlotsResponse__Output>
      FixInboxRequest: MessageTypeDefinition<_dwallet_v1_FixInboxRequest, _dwallet_v1_FixInboxRequest__Output>
      FixInboxResponse: MessageTypeDefinition<_dwallet_v1_FixInboxResponse, _dwallet_v1_FixInboxResponse__Output>
      FixSlotRequest: MessageTypeDefinition<_dwallet_v1_FixSlotRequest, _dwallet_v1_FixSlotRequest__Output>
      FixSlotResponse: MessageTypeDefinition<_dwallet_v1_FixSlotResponse, _dwallet_v1_FixSlotResponse__Output>
      HelloRequest: MessageTypeDefinition<_dwallet_v1_HelloRequest, _dwallet_v1_HelloRequest__Output>
      HelloResponse: MessageTypeDefinition<_dwallet_v1_HelloResponse, _dwallet_v1_HelloResponse__Output>
      InboxStatusRequest: MessageTypeDefinition<_dwallet_v1_InboxStatusRequest, _dwallet_v1_InboxStatusRequest__Output>
      InboxStatusResponse: MessageTypeDefinition<_dwallet_v1_InboxStatusResponse, _dwallet_v1_InboxStatusResponse__Output>
      ListRecordsRequest: MessageTypeDefinition<_dwallet_v1_ListRecordsRequest, _dwallet_v1_ListRecordsRequest__Output>
      ListRecordsResponse: MessageTypeDefinition<_dwallet_v1_ListRecordsResponse, _dwallet_v1_ListRecordsResponse__Output>
      OfferRecordRequest: MessageTypeDefinition<_dwallet_v1_OfferRecordRequest, _dwallet_v1_OfferRecordRequest__Output>
      OfferRecordResponse: MessageTypeDefinition<_dwallet_v1_OfferRecordResponse, _dwallet_v1_OfferRecordResponse__Output>
      PeerService: SubtypeConstructor<typeof grpc.Client, _dwallet_v1_PeerServiceClient> & { service: _dwallet_v1_PeerServiceDefinition }
      PeerServiceAcceptDWalletRequest: MessageTypeDefinition<_dwallet_v1_PeerServiceAcceptDWalletRequest, _dwallet_v1_PeerServiceAcceptDWalletRequest__Output>
      PeerServiceAcceptDWalletResponse: MessageTypeDefinition<_dwallet_v1_PeerServiceAcceptDWalletResponse, _dwallet_v1_PeerServiceAcceptDWalletResponse__Output>
      ProposeInboxRequest: MessageTypeDefinition<_dwallet_v1_ProposeInboxRequest, _dwallet_v1_ProposeInboxRequest__Output>
      ProposeInboxResponse: MessageTypeDefinition<_dwallet_v1_ProposeInboxResponse, _dwallet_v1_ProposeInboxResponse__Output>
      ProposeSlotRequest: MessageTypeDefinition<_dwallet_v1_ProposeSlotRequest, _dwallet_v1_ProposeSlotRequest__Output>
      ProposeSlotResponse: MessageTypeDefinition<_dwallet_v1_ProposeSlotResponse, _dwallet_v1_ProposeSlotResponse__Output>
      ProveSharesRequest: MessageTypeDefinition<_dwallet_v1_ProveSharesRequest, _dwallet_v1_ProveSharesRequest__Output>
      ProveSharesResponse: MessageTypeDefinition<_dwallet_v1_ProveSharesResponse, _dwallet_v1_ProveSharesResponse__Output>
      RaiseAlarmRequest: MessageTypeDefinition<_dwallet_v1_RaiseAlarmRequest, _dwallet_v1_RaiseAlarmRequest__Output>
      RaiseAlarmResponse: MessageTypeDefinition<_dwallet_v1_RaiseAlarmResponse, _dwallet_v1_RaiseAlarmResponse__Output>
      RecordSignatureRequest: MessageTypeDefinition<_dwallet_v1_RecordSignatureRequest, _dwallet_v1_RecordSignatureRequest__Output>
      RecordSignatureResponse: MessageTypeDefinition<_dwallet_v1_RecordSignatureResponse, _dwallet_v1_RecordSignatureResponse__Output>
      RegisterUserKeyRequest: MessageTypeDefinition<_dwallet_v1_RegisterUserKeyRequest, _dwallet_v1_RegisterUserKeyRequest__Output>
      RegisterUserKeyResponse: MessageTypeDefinition<_dwallet_v1_RegisterUserKeyResponse, _dwallet_v1_RegisterUserKeyResponse__Output>
      ReleaseSharesRequest: MessageTypeDefinition<_dwallet_v1_ReleaseSharesRequest, _dwallet_v1_ReleaseSharesRequest__Output>
      ReleaseSharesResponse: MessageTypeDefinition<_dwallet_v1_ReleaseSharesResponse, _dwallet_v1_ReleaseSharesResponse__Output>
      VoteDWalletRequest: MessageTypeDefinition<_dwallet_v1_VoteDWalletRequest, _dwallet_v1_VoteDWalletRequest__Output>
      VoteDWalletResponse: MessageTypeDefinition<_dwallet_v1_VoteDWalletResponse, _dwallet_v1_VoteDWalletResponse__Output>
      VoteSessionRequest: MessageTypeDefinition<_dwallet_v1_VoteSessionRequest, _dwallet_v1_VoteSessionRequest__Output>
      VoteSessionResponse: MessageTypeDefinition<_dwallet_v1_VoteSessionResponse, _dwallet_v1_VoteSessionResponse__Output>
      ZoneLogStatusRequest: MessageTypeDefinition<_dwallet_v1_ZoneLogStatusRequest, _dwallet_v1_ZoneLogStatusRequest__Output>
      ZoneLogStatusResponse: MessageTypeDefinition<_dwallet_v1_ZoneLogStatusResponse, _dwallet_v1_ZoneLogStatusResponse__Output>
    }
  }
}

