// @ts-nocheck: generated.
import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AssignPresignRequest as _dwallet_v1_AssignPresignRequest, AssignPresignRequest__Output as _dwallet_v1_AssignPresignRequest__Output } from '../../dwallet/v1/AssignPresignRequest.ts';
import type { AssignPresignResponse as _dwallet_v1_AssignPresignResponse, AssignPresignResponse__Output as _dwallet_v1_AssignPresignResponse__Output } from '../../dwallet/v1/AssignPresignResponse.ts';
import type { BindPresignRequest as _dwallet_v1_BindPresignRequest, BindPresignRequest__Output as _dwallet_v1_BindPresignRequest__Output } from '../../dwallet/v1/BindPresignRequest.ts';
import type { BindPresignResponse as _dwallet_v1_BindPresignResponse, BindPresignResponse__Output as _dwallet_v1_BindPresignResponse__Output } from '../../dwallet/v1/BindPresignResponse.ts';
import type { CertifySlotRequest as _dwallet_v1_CertifySlotRequest, CertifySlotRequest__Output as _dwallet_v1_CertifySlotRequest__Output } from '../../dwallet/v1/CertifySlotRequest.ts';
import type { CertifySlotResponse as _dwallet_v1_CertifySlotResponse, CertifySlotResponse__Output as _dwallet_v1_CertifySlotResponse__Output } from '../../dwallet/v1/CertifySlotResponse.ts';
import type { CommitDWalletRequest as _dwallet_v1_CommitDWalletRequest, CommitDWalletRequest__Output as _dwallet_v1_CommitDWalletRequest__Output } from '../../dwallet/v1/CommitDWalletRequest.ts';
import type { CommitDWalletResponse as _dwallet_v1_CommitDWalletResponse, CommitDWalletResponse__Output as _dwallet_v1_CommitDWalletResponse__Output } from '../../dwallet/v1/CommitDWalletResponse.ts';
import type { CommitSessionRequest as _dwallet_v1_CommitSessionRequest, CommitSessionRequest__Output as _dwallet_v1_CommitSessionRequest__Output } from '../../dwallet/v1/CommitSessionRequest.ts';
import type { CommitSessionResponse as _dwallet_v1_CommitSessionResponse, CommitSessionResponse__Output as _dwallet_v1_CommitSessionResponse__Output } from '../../dwallet/v1/CommitSessionResponse.ts';
import type { ContributeRequest as _dwallet_v1_ContributeRequest, ContributeRequest__Output as _dwallet_v1_ContributeRequest__Output } from '../../dwallet/v1/ContributeRequest.ts';
import type { ContributeResponse as _dwallet_v1_ContributeResponse, ContributeResponse__Output as _dwallet_v1_ContributeResponse__Output } from '../../dwallet/v1/ContributeResponse.ts';
import type { DecideSlotRequest as _dwallet_v1_DecideSlotRequest, DecideSlotRequest__Output as _dwallet_v1_DecideSlotRequest__Output } from '../../dwallet/v1/DecideSlotRequest.ts';
import type { DecideSlotResponse as _dwallet_v1_DecideSlotResponse, DecideSlotResponse__Output as _dwallet_v1_DecideSlotResponse__Output } from '../../dwallet/v1/DecideSlotResponse.ts';
import type { FetchRecordRequest as _dwallet_v1_FetchRecordRequest, FetchRecordRequest__Output as _dwallet_v1_FetchRecordRequest__Output } from '../../dwallet/v1/FetchRecordRequest.ts';
import type { FetchRecordResponse as _dwallet_v1_FetchRecordResponse, FetchRecordResponse__Output as _dwallet_v1_FetchRecordResponse__Output } from '../../dwallet/v1/FetchRecordResponse.ts';
import type { FetchSlotsRequest as _dwallet_v1_FetchSlotsRequest, FetchSlotsRequest__Output as _dwallet_v1_FetchSlotsRequest__Output } from '../../dwallet/v1/FetchSlotsRequest.ts';
import type { FetchSlotsResponse as _dwallet_v1_FetchSlotsResponse, FetchSlotsResponse__Output as _dwallet_v1_FetchSlotsResponse__Output } from '../../dwallet/v1/FetchSlotsResponse.ts';
import type { FixInboxRequest as _dwallet_v1_FixInboxRequest, FixInboxRequest__Output as _dwallet_v1_FixInboxRequest__Output } from '../../dwallet/v1/FixInboxRequest.ts';
import type { FixInboxResponse as _dwallet_v1_FixInboxResponse, FixInboxResponse__Output as _dwallet_v1_FixInboxResponse__Output } from '../../dwallet/v1/FixInboxResponse.ts';
import type { FixSlotRequest as _dwallet_v1_FixSlotRequest, FixSlotRequest__Output as _dwallet_v1_FixSlotRequest__Output } from '../../dwallet/v1/FixSlotRequest.ts';
import type { FixSlotResponse as _dwallet_v1_FixSlotResponse, FixSlotResponse__Output as _dwallet_v1_FixSlotResponse__Output } from '../../dwallet/v1/FixSlotResponse.ts';
import type { HelloRequest as _dwallet_v1_HelloRequest, HelloRequest__Output as _dwallet_v1_HelloRequest__Output } from '../../dwallet/v1/HelloRequest.ts';
import type { HelloResponse as _dwallet_v1_HelloResponse, HelloResponse__Output as _dwallet_v1_HelloResponse__Output } from '../../dwallet/v1/HelloResponse.ts';
import type { InboxStatusRequest as _dwallet_v1_InboxStatusRequest, InboxStatusRequest__Output as _dwallet_v1_InboxStatusRequest__Output } from '../../dwallet/v1/InboxStatusRequest.ts';
import type { InboxStatusResponse as _dwallet_v1_InboxStatusResponse, InboxStatusResponse__Output as _dwallet_v1_InboxStatusResponse__Output } from '../../dwallet/v1/InboxStatusResponse.ts';
import type { ListRecordsRequest as _dwallet_v1_ListRecordsRequest, ListRecordsRequest__Output as _dwallet_v1_ListRecordsRequest__Output } from '../../dwallet/v1/ListRecordsRequest.ts';
import type { ListRecordsResponse as _dwallet_v1_ListRecordsResponse, ListRecordsResponse__Output as _dwallet_v1_ListRecordsResponse__Output } from '../../dwallet/v1/ListRecordsResponse.ts';
import type { OfferRecordRequest as _dwallet_v1_OfferRecordRequest, OfferRecordRequest__Output as _dwallet_v1_OfferRecordRequest__Output } from '../../dwallet/v1/OfferRecordRequest.ts';
import type { OfferRecordResponse as _dwallet_v1_OfferRecordResponse, OfferRecordResponse__Output as _dwallet_v1_OfferRecordResponse__Output } from '../../dwallet/v1/OfferRecordResponse.ts';
import type { PeerServiceAcceptDWalletRequest as _dwallet_v1_PeerServiceAcceptDWalletRequest, PeerServiceAcceptDWalletRequest__Output as _dwallet_v1_PeerServiceAcceptDWalletRequest__Output } from '../../dwallet/v1/PeerServiceAcceptDWalletRequest.ts';
import type { PeerServiceAcceptDWalletResponse as _dwallet_v1_PeerServiceAcceptDWalletResponse, PeerServiceAcceptDWalletResponse__Output as _dwallet_v1_PeerServiceAcceptDWalletResponse__Output } from '../../dwallet/v1/PeerServiceAcceptDWalletResponse.ts';
import type { ProposeInboxRequest as _dwallet_v1_ProposeInboxRequest, ProposeInboxRequest__Output as _dwallet_v1_ProposeInboxRequest__Output } from '../../dwallet/v1/ProposeInboxRequest.ts';
import type { ProposeInboxResponse as _dwallet_v1_ProposeInboxResponse, ProposeInboxResponse__Output as _dwallet_v1_ProposeInboxResponse__Output } from '../../dwallet/v1/ProposeInboxResponse.ts';
import type { ProposeSlotRequest as _dwallet_v1_ProposeSlotRequest, ProposeSlotRequest__Output as _dwallet_v1_ProposeSlotRequest__Output } from '../../dwallet/v1/ProposeSlotRequest.ts';
import type { ProposeSlotResponse as _dwallet_v1_ProposeSlotResponse, ProposeSlotResponse__Output as _dwallet_v1_ProposeSlotResponse__Output } from '../../dwallet/v1/ProposeSlotResponse.ts';
import type { ProveSharesRequest as _dwallet_v1_ProveSharesRequest, ProveSharesRequest__Output as _dwallet_v1_ProveSharesRequest__Output } from '../../dwallet/v1/ProveSharesRequest.ts';
import type { ProveSharesResponse as _dwallet_v1_ProveSharesResponse, ProveSharesResponse__Output as _dwallet_v1_ProveSharesResponse__Output } from '../../dwallet/v1/ProveSharesResponse.ts';
import type { RaiseAlarmRequest as _dwallet_v1_RaiseAlarmRequest, RaiseAlarmRequest__Output as _dwallet_v1_RaiseAlarmRequest__Output } from '../../dwallet/v1/RaiseAlarmRequest.ts';
import type { RaiseAlarmResponse as _dwallet_v1_RaiseAlarmResponse, RaiseAlarmResponse__Output as _dwallet_v1_RaiseAlarmResponse__Output } from '../../dwallet/v1/RaiseAlarmResponse.ts';
import type { RecordSignatureRequest as _dwallet_v1_RecordSignatureRequest, RecordSignatureRequest__Output as _dwallet_v1_RecordSignatureRequest__Output } from '../../dwallet/v1/RecordSignatureRequest.ts';
import type { RecordSignatureResponse as _dwallet_v1_RecordSignatureResponse, RecordSignatureResponse__Output as _dwallet_v1_RecordSignatureResponse__Output } from '../../dwallet/v1/RecordSignatureResponse.ts';
import type { RegisterUserKeyRequest as _dwallet_v1_RegisterUserKeyRequest, RegisterUserKeyRequest__Output as _dwallet_v1_RegisterUserKeyRequest__Output } from '../../dwallet/v1/RegisterUserKeyRequest.ts';
import type { RegisterUserKeyResponse as _dwallet_v1_RegisterUserKeyResponse, RegisterUserKeyResponse__Output as _dwallet_v1_RegisterUserKeyResponse__Output } from '../../dwallet/v1/RegisterUserKeyResponse.ts';
import type { ReleaseSharesRequest as _dwallet_v1_ReleaseSharesRequest, ReleaseSharesRequest__Output as _dwallet_v1_ReleaseSharesRequest__Output } from '../../dwallet/v1/ReleaseSharesRequest.ts';
import type { ReleaseSharesResponse as _dwallet_v1_ReleaseSharesResponse, ReleaseSharesResponse__Output as _dwallet_v1_ReleaseSharesResponse__Output } from '../../dwallet/v1/ReleaseSharesResponse.ts';
import type { VoteDWalletRequest as _dwallet_v1_VoteDWalletRequest, VoteDWalletRequest__Output as _dwallet_v1_VoteDWalletRequest__Output } from '../../dwallet/v1/VoteDWalletRequest.ts';
import type { VoteDWalletResponse as _dwallet_v1_VoteDWalletResponse, VoteDWalletResponse__Output as _dwallet_v1_VoteDWalletResponse__Output } from '../../dwallet/v1/VoteDWalletResponse.ts';
import type { VoteSessionRequest as _dwallet_v1_VoteSessionRequest, VoteSessionRequest__Output as _dwallet_v1_VoteSessionRequest__Output } from '../../dwallet/v1/VoteSessionRequest.ts';
import type { VoteSessionResponse as _dwallet_v1_VoteSessionResponse, VoteSessionResponse__Output as _dwallet_v1_VoteSessionResponse__Output } from '../../dwallet/v1/VoteSessionResponse.ts';
import type { ZoneLogStatusRequest as _dwallet_v1_ZoneLogStatusRequest, ZoneLogStatusRequest__Output as _dwallet_v1_ZoneLogStatusRequest__Output } from '../../dwallet/v1/ZoneLogStatusRequest.ts';
import type { ZoneLogStatusResponse as _dwallet_v1_ZoneLogStatusResponse, ZoneLogStatusResponse__Output as _dwallet_v1_ZoneLogStatusResponse__Output } from '../../dwallet/v1/ZoneLogStatusResponse.ts';

export interface PeerServiceClient extends grpc.Client {
  /**
   * The owner's acceptance, to be stored.
   */
  AcceptDWallet(argument: _dwallet_v1_PeerServiceAcceptDWalletRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_PeerServiceAcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  AcceptDWallet(argument: _dwallet_v1_PeerServiceAcceptDWalletRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_PeerServiceAcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  AcceptDWallet(argument: _dwallet_v1_PeerServiceAcceptDWalletRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_PeerServiceAcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  AcceptDWallet(argument: _dwallet_v1_PeerServiceAcceptDWalletRequest, callback: grpc.requestCallback<_dwallet_v1_PeerServiceAcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  /**
   * The owner's acceptance, to be stored.
   */
  acceptDWallet(argument: _dwallet_v1_PeerServiceAcceptDWalletRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_PeerServiceAcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  acceptDWallet(argument: _dwallet_v1_PeerServiceAcceptDWalletRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_PeerServiceAcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  acceptDWallet(argument: _dwallet_v1_PeerServiceAcceptDWalletRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_PeerServiceAcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  acceptDWallet(argument: _dwallet_v1_PeerServiceAcceptDWalletRequest, callback: grpc.requestCallback<_dwallet_v1_PeerServiceAcceptDWalletResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A vote that gives a presign to one request, irrevocably.
   */
  AssignPresign(argument: _dwallet_v1_AssignPresignRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_AssignPresignResponse__Output>): grpc.ClientUnaryCall;
  AssignPresign(argument: _dwallet_v1_AssignPresignRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_AssignPresignResponse__Output>): grpc.ClientUnaryCall;
  AssignPresign(argument: _dwallet_v1_AssignPresignRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_AssignPresignResponse__Output>): grpc.ClientUnaryCall;
  AssignPresign(argument: _dwallet_v1_AssignPresignRequest, callback: grpc.requestCallback<_dwallet_v1_AssignPresignResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A vote that gives a presign to one request, irrevocably.
   */
  assignPresign(argument: _dwallet_v1_AssignPresignRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_AssignPresignResponse__Output>): grpc.ClientUnaryCall;
  assignPresign(argument: _dwallet_v1_AssignPresignRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_AssignPresignResponse__Output>): grpc.ClientUnaryCall;
  assignPresign(argument: _dwallet_v1_AssignPresignRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_AssignPresignResponse__Output>): grpc.ClientUnaryCall;
  assignPresign(argument: _dwallet_v1_AssignPresignRequest, callback: grpc.requestCallback<_dwallet_v1_AssignPresignResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A vote that binds a presign to the client's exact bytes, irrevocably.
   */
  BindPresign(argument: _dwallet_v1_BindPresignRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_BindPresignResponse__Output>): grpc.ClientUnaryCall;
  BindPresign(argument: _dwallet_v1_BindPresignRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_BindPresignResponse__Output>): grpc.ClientUnaryCall;
  BindPresign(argument: _dwallet_v1_BindPresignRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_BindPresignResponse__Output>): grpc.ClientUnaryCall;
  BindPresign(argument: _dwallet_v1_BindPresignRequest, callback: grpc.requestCallback<_dwallet_v1_BindPresignResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A vote that binds a presign to the client's exact bytes, irrevocably.
   */
  bindPresign(argument: _dwallet_v1_BindPresignRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_BindPresignResponse__Output>): grpc.ClientUnaryCall;
  bindPresign(argument: _dwallet_v1_BindPresignRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_BindPresignResponse__Output>): grpc.ClientUnaryCall;
  bindPresign(argument: _dwallet_v1_BindPresignRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_BindPresignResponse__Output>): grpc.ClientUnaryCall;
  bindPresign(argument: _dwallet_v1_BindPresignRequest, callback: grpc.requestCallback<_dwallet_v1_BindPresignResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Votes on everything that a decided slot certifies.
   */
  CertifySlot(argument: _dwallet_v1_CertifySlotRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CertifySlotResponse__Output>): grpc.ClientUnaryCall;
  CertifySlot(argument: _dwallet_v1_CertifySlotRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_CertifySlotResponse__Output>): grpc.ClientUnaryCall;
  CertifySlot(argument: _dwallet_v1_CertifySlotRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CertifySlotResponse__Output>): grpc.ClientUnaryCall;
  CertifySlot(argument: _dwallet_v1_CertifySlotRequest, callback: grpc.requestCallback<_dwallet_v1_CertifySlotResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Votes on everything that a decided slot certifies.
   */
  certifySlot(argument: _dwallet_v1_CertifySlotRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CertifySlotResponse__Output>): grpc.ClientUnaryCall;
  certifySlot(argument: _dwallet_v1_CertifySlotRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_CertifySlotResponse__Output>): grpc.ClientUnaryCall;
  certifySlot(argument: _dwallet_v1_CertifySlotRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CertifySlotResponse__Output>): grpc.ClientUnaryCall;
  certifySlot(argument: _dwallet_v1_CertifySlotRequest, callback: grpc.requestCallback<_dwallet_v1_CertifySlotResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A certified dWallet, to be stored.
   */
  CommitDWallet(argument: _dwallet_v1_CommitDWalletRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CommitDWalletResponse__Output>): grpc.ClientUnaryCall;
  CommitDWallet(argument: _dwallet_v1_CommitDWalletRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_CommitDWalletResponse__Output>): grpc.ClientUnaryCall;
  CommitDWallet(argument: _dwallet_v1_CommitDWalletRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CommitDWalletResponse__Output>): grpc.ClientUnaryCall;
  CommitDWallet(argument: _dwallet_v1_CommitDWalletRequest, callback: grpc.requestCallback<_dwallet_v1_CommitDWalletResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A certified dWallet, to be stored.
   */
  commitDWallet(argument: _dwallet_v1_CommitDWalletRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CommitDWalletResponse__Output>): grpc.ClientUnaryCall;
  commitDWallet(argument: _dwallet_v1_CommitDWalletRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_CommitDWalletResponse__Output>): grpc.ClientUnaryCall;
  commitDWallet(argument: _dwallet_v1_CommitDWalletRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CommitDWalletResponse__Output>): grpc.ClientUnaryCall;
  commitDWallet(argument: _dwallet_v1_CommitDWalletRequest, callback: grpc.requestCallback<_dwallet_v1_CommitDWalletResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * The certificate over the result of a session, to be stored.
   */
  CommitSession(argument: _dwallet_v1_CommitSessionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CommitSessionResponse__Output>): grpc.ClientUnaryCall;
  CommitSession(argument: _dwallet_v1_CommitSessionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_CommitSessionResponse__Output>): grpc.ClientUnaryCall;
  CommitSession(argument: _dwallet_v1_CommitSessionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CommitSessionResponse__Output>): grpc.ClientUnaryCall;
  CommitSession(argument: _dwallet_v1_CommitSessionRequest, callback: grpc.requestCallback<_dwallet_v1_CommitSessionResponse__Output>): grpc.ClientUnaryCall;
  /**
   * The certificate over the result of a session, to be stored.
   */
  commitSession(argument: _dwallet_v1_CommitSessionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CommitSessionResponse__Output>): grpc.ClientUnaryCall;
  commitSession(argument: _dwallet_v1_CommitSessionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_CommitSessionResponse__Output>): grpc.ClientUnaryCall;
  commitSession(argument: _dwallet_v1_CommitSessionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_CommitSessionResponse__Output>): grpc.ClientUnaryCall;
  commitSession(argument: _dwallet_v1_CommitSessionRequest, callback: grpc.requestCallback<_dwallet_v1_CommitSessionResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A message of one round of a session, over a fixed history.
   */
  Contribute(argument: _dwallet_v1_ContributeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ContributeResponse__Output>): grpc.ClientUnaryCall;
  Contribute(argument: _dwallet_v1_ContributeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ContributeResponse__Output>): grpc.ClientUnaryCall;
  Contribute(argument: _dwallet_v1_ContributeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ContributeResponse__Output>): grpc.ClientUnaryCall;
  Contribute(argument: _dwallet_v1_ContributeRequest, callback: grpc.requestCallback<_dwallet_v1_ContributeResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A message of one round of a session, over a fixed history.
   */
  contribute(argument: _dwallet_v1_ContributeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ContributeResponse__Output>): grpc.ClientUnaryCall;
  contribute(argument: _dwallet_v1_ContributeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ContributeResponse__Output>): grpc.ClientUnaryCall;
  contribute(argument: _dwallet_v1_ContributeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ContributeResponse__Output>): grpc.ClientUnaryCall;
  contribute(argument: _dwallet_v1_ContributeRequest, callback: grpc.requestCallback<_dwallet_v1_ContributeResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A decided slot, to be stored.
   */
  DecideSlot(argument: _dwallet_v1_DecideSlotRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_DecideSlotResponse__Output>): grpc.ClientUnaryCall;
  DecideSlot(argument: _dwallet_v1_DecideSlotRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_DecideSlotResponse__Output>): grpc.ClientUnaryCall;
  DecideSlot(argument: _dwallet_v1_DecideSlotRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_DecideSlotResponse__Output>): grpc.ClientUnaryCall;
  DecideSlot(argument: _dwallet_v1_DecideSlotRequest, callback: grpc.requestCallback<_dwallet_v1_DecideSlotResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A decided slot, to be stored.
   */
  decideSlot(argument: _dwallet_v1_DecideSlotRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_DecideSlotResponse__Output>): grpc.ClientUnaryCall;
  decideSlot(argument: _dwallet_v1_DecideSlotRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_DecideSlotResponse__Output>): grpc.ClientUnaryCall;
  decideSlot(argument: _dwallet_v1_DecideSlotRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_DecideSlotResponse__Output>): grpc.ClientUnaryCall;
  decideSlot(argument: _dwallet_v1_DecideSlotRequest, callback: grpc.requestCallback<_dwallet_v1_DecideSlotResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A certified record that the caller missed.
   */
  FetchRecord(argument: _dwallet_v1_FetchRecordRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FetchRecordResponse__Output>): grpc.ClientUnaryCall;
  FetchRecord(argument: _dwallet_v1_FetchRecordRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_FetchRecordResponse__Output>): grpc.ClientUnaryCall;
  FetchRecord(argument: _dwallet_v1_FetchRecordRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FetchRecordResponse__Output>): grpc.ClientUnaryCall;
  FetchRecord(argument: _dwallet_v1_FetchRecordRequest, callback: grpc.requestCallback<_dwallet_v1_FetchRecordResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A certified record that the caller missed.
   */
  fetchRecord(argument: _dwallet_v1_FetchRecordRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FetchRecordResponse__Output>): grpc.ClientUnaryCall;
  fetchRecord(argument: _dwallet_v1_FetchRecordRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_FetchRecordResponse__Output>): grpc.ClientUnaryCall;
  fetchRecord(argument: _dwallet_v1_FetchRecordRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FetchRecordResponse__Output>): grpc.ClientUnaryCall;
  fetchRecord(argument: _dwallet_v1_FetchRecordRequest, callback: grpc.requestCallback<_dwallet_v1_FetchRecordResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Decided slots that the caller missed.
   */
  FetchSlots(argument: _dwallet_v1_FetchSlotsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FetchSlotsResponse__Output>): grpc.ClientUnaryCall;
  FetchSlots(argument: _dwallet_v1_FetchSlotsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_FetchSlotsResponse__Output>): grpc.ClientUnaryCall;
  FetchSlots(argument: _dwallet_v1_FetchSlotsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FetchSlotsResponse__Output>): grpc.ClientUnaryCall;
  FetchSlots(argument: _dwallet_v1_FetchSlotsRequest, callback: grpc.requestCallback<_dwallet_v1_FetchSlotsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Decided slots that the caller missed.
   */
  fetchSlots(argument: _dwallet_v1_FetchSlotsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FetchSlotsResponse__Output>): grpc.ClientUnaryCall;
  fetchSlots(argument: _dwallet_v1_FetchSlotsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_FetchSlotsResponse__Output>): grpc.ClientUnaryCall;
  fetchSlots(argument: _dwallet_v1_FetchSlotsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FetchSlotsResponse__Output>): grpc.ClientUnaryCall;
  fetchSlots(argument: _dwallet_v1_FetchSlotsRequest, callback: grpc.requestCallback<_dwallet_v1_FetchSlotsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A vote that fixes the inbox of a round.
   */
  FixInbox(argument: _dwallet_v1_FixInboxRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FixInboxResponse__Output>): grpc.ClientUnaryCall;
  FixInbox(argument: _dwallet_v1_FixInboxRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_FixInboxResponse__Output>): grpc.ClientUnaryCall;
  FixInbox(argument: _dwallet_v1_FixInboxRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FixInboxResponse__Output>): grpc.ClientUnaryCall;
  FixInbox(argument: _dwallet_v1_FixInboxRequest, callback: grpc.requestCallback<_dwallet_v1_FixInboxResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A vote that fixes the inbox of a round.
   */
  fixInbox(argument: _dwallet_v1_FixInboxRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FixInboxResponse__Output>): grpc.ClientUnaryCall;
  fixInbox(argument: _dwallet_v1_FixInboxRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_FixInboxResponse__Output>): grpc.ClientUnaryCall;
  fixInbox(argument: _dwallet_v1_FixInboxRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FixInboxResponse__Output>): grpc.ClientUnaryCall;
  fixInbox(argument: _dwallet_v1_FixInboxRequest, callback: grpc.requestCallback<_dwallet_v1_FixInboxResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A vote that decides the next slot of the zone log.
   */
  FixSlot(argument: _dwallet_v1_FixSlotRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FixSlotResponse__Output>): grpc.ClientUnaryCall;
  FixSlot(argument: _dwallet_v1_FixSlotRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_FixSlotResponse__Output>): grpc.ClientUnaryCall;
  FixSlot(argument: _dwallet_v1_FixSlotRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FixSlotResponse__Output>): grpc.ClientUnaryCall;
  FixSlot(argument: _dwallet_v1_FixSlotRequest, callback: grpc.requestCallback<_dwallet_v1_FixSlotResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A vote that decides the next slot of the zone log.
   */
  fixSlot(argument: _dwallet_v1_FixSlotRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FixSlotResponse__Output>): grpc.ClientUnaryCall;
  fixSlot(argument: _dwallet_v1_FixSlotRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_FixSlotResponse__Output>): grpc.ClientUnaryCall;
  fixSlot(argument: _dwallet_v1_FixSlotRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_FixSlotResponse__Output>): grpc.ClientUnaryCall;
  fixSlot(argument: _dwallet_v1_FixSlotRequest, callback: grpc.requestCallback<_dwallet_v1_FixSlotResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Who is there, on which network, in which state.
   */
  Hello(argument: _dwallet_v1_HelloRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  Hello(argument: _dwallet_v1_HelloRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  Hello(argument: _dwallet_v1_HelloRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  Hello(argument: _dwallet_v1_HelloRequest, callback: grpc.requestCallback<_dwallet_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Who is there, on which network, in which state.
   */
  hello(argument: _dwallet_v1_HelloRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  hello(argument: _dwallet_v1_HelloRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  hello(argument: _dwallet_v1_HelloRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  hello(argument: _dwallet_v1_HelloRequest, callback: grpc.requestCallback<_dwallet_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * What the validator is bound to about the inbox of a round, for whoever leads now.
   */
  InboxStatus(argument: _dwallet_v1_InboxStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_InboxStatusResponse__Output>): grpc.ClientUnaryCall;
  InboxStatus(argument: _dwallet_v1_InboxStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_InboxStatusResponse__Output>): grpc.ClientUnaryCall;
  InboxStatus(argument: _dwallet_v1_InboxStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_InboxStatusResponse__Output>): grpc.ClientUnaryCall;
  InboxStatus(argument: _dwallet_v1_InboxStatusRequest, callback: grpc.requestCallback<_dwallet_v1_InboxStatusResponse__Output>): grpc.ClientUnaryCall;
  /**
   * What the validator is bound to about the inbox of a round, for whoever leads now.
   */
  inboxStatus(argument: _dwallet_v1_InboxStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_InboxStatusResponse__Output>): grpc.ClientUnaryCall;
  inboxStatus(argument: _dwallet_v1_InboxStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_InboxStatusResponse__Output>): grpc.ClientUnaryCall;
  inboxStatus(argument: _dwallet_v1_InboxStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_InboxStatusResponse__Output>): grpc.ClientUnaryCall;
  inboxStatus(argument: _dwallet_v1_InboxStatusRequest, callback: grpc.requestCallback<_dwallet_v1_InboxStatusResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Identifiers of the records of one kind.
   */
  ListRecords(argument: _dwallet_v1_ListRecordsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  ListRecords(argument: _dwallet_v1_ListRecordsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  ListRecords(argument: _dwallet_v1_ListRecordsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  ListRecords(argument: _dwallet_v1_ListRecordsRequest, callback: grpc.requestCallback<_dwallet_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Identifiers of the records of one kind.
   */
  listRecords(argument: _dwallet_v1_ListRecordsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  listRecords(argument: _dwallet_v1_ListRecordsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  listRecords(argument: _dwallet_v1_ListRecordsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  listRecords(argument: _dwallet_v1_ListRecordsRequest, callback: grpc.requestCallback<_dwallet_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * What a client submitted about zones, so that any validator can propose it.
   */
  OfferRecord(argument: _dwallet_v1_OfferRecordRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_OfferRecordResponse__Output>): grpc.ClientUnaryCall;
  OfferRecord(argument: _dwallet_v1_OfferRecordRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_OfferRecordResponse__Output>): grpc.ClientUnaryCall;
  OfferRecord(argument: _dwallet_v1_OfferRecordRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_OfferRecordResponse__Output>): grpc.ClientUnaryCall;
  OfferRecord(argument: _dwallet_v1_OfferRecordRequest, callback: grpc.requestCallback<_dwallet_v1_OfferRecordResponse__Output>): grpc.ClientUnaryCall;
  /**
   * What a client submitted about zones, so that any validator can propose it.
   */
  offerRecord(argument: _dwallet_v1_OfferRecordRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_OfferRecordResponse__Output>): grpc.ClientUnaryCall;
  offerRecord(argument: _dwallet_v1_OfferRecordRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_OfferRecordResponse__Output>): grpc.ClientUnaryCall;
  offerRecord(argument: _dwallet_v1_OfferRecordRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_OfferRecordResponse__Output>): grpc.ClientUnaryCall;
  offerRecord(argument: _dwallet_v1_OfferRecordRequest, callback: grpc.requestCallback<_dwallet_v1_OfferRecordResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A vote for a proposed inbox, in one ballot of its leader.
   */
  ProposeInbox(argument: _dwallet_v1_ProposeInboxRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ProposeInboxResponse__Output>): grpc.ClientUnaryCall;
  ProposeInbox(argument: _dwallet_v1_ProposeInboxRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ProposeInboxResponse__Output>): grpc.ClientUnaryCall;
  ProposeInbox(argument: _dwallet_v1_ProposeInboxRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ProposeInboxResponse__Output>): grpc.ClientUnaryCall;
  ProposeInbox(argument: _dwallet_v1_ProposeInboxRequest, callback: grpc.requestCallback<_dwallet_v1_ProposeInboxResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A vote for a proposed inbox, in one ballot of its leader.
   */
  proposeInbox(argument: _dwallet_v1_ProposeInboxRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ProposeInboxResponse__Output>): grpc.ClientUnaryCall;
  proposeInbox(argument: _dwallet_v1_ProposeInboxRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ProposeInboxResponse__Output>): grpc.ClientUnaryCall;
  proposeInbox(argument: _dwallet_v1_ProposeInboxRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ProposeInboxResponse__Output>): grpc.ClientUnaryCall;
  proposeInbox(argument: _dwallet_v1_ProposeInboxRequest, callback: grpc.requestCallback<_dwallet_v1_ProposeInboxResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A vote for a batch of events in the next slot of the zone log, in one ballot of its leader; or which event it refuses.
   */
  ProposeSlot(argument: _dwallet_v1_ProposeSlotRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ProposeSlotResponse__Output>): grpc.ClientUnaryCall;
  ProposeSlot(argument: _dwallet_v1_ProposeSlotRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ProposeSlotResponse__Output>): grpc.ClientUnaryCall;
  ProposeSlot(argument: _dwallet_v1_ProposeSlotRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ProposeSlotResponse__Output>): grpc.ClientUnaryCall;
  ProposeSlot(argument: _dwallet_v1_ProposeSlotRequest, callback: grpc.requestCallback<_dwallet_v1_ProposeSlotResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A vote for a batch of events in the next slot of the zone log, in one ballot of its leader; or which event it refuses.
   */
  proposeSlot(argument: _dwallet_v1_ProposeSlotRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ProposeSlotResponse__Output>): grpc.ClientUnaryCall;
  proposeSlot(argument: _dwallet_v1_ProposeSlotRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ProposeSlotResponse__Output>): grpc.ClientUnaryCall;
  proposeSlot(argument: _dwallet_v1_ProposeSlotRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ProposeSlotResponse__Output>): grpc.ClientUnaryCall;
  proposeSlot(argument: _dwallet_v1_ProposeSlotRequest, callback: grpc.requestCallback<_dwallet_v1_ProposeSlotResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Decryption shares with proofs, when the optimistic ones do not combine.
   */
  ProveShares(argument: _dwallet_v1_ProveSharesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ProveSharesResponse__Output>): grpc.ClientUnaryCall;
  ProveShares(argument: _dwallet_v1_ProveSharesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ProveSharesResponse__Output>): grpc.ClientUnaryCall;
  ProveShares(argument: _dwallet_v1_ProveSharesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ProveSharesResponse__Output>): grpc.ClientUnaryCall;
  ProveShares(argument: _dwallet_v1_ProveSharesRequest, callback: grpc.requestCallback<_dwallet_v1_ProveSharesResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Decryption shares with proofs, when the optimistic ones do not combine.
   */
  proveShares(argument: _dwallet_v1_ProveSharesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ProveSharesResponse__Output>): grpc.ClientUnaryCall;
  proveShares(argument: _dwallet_v1_ProveSharesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ProveSharesResponse__Output>): grpc.ClientUnaryCall;
  proveShares(argument: _dwallet_v1_ProveSharesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ProveSharesResponse__Output>): grpc.ClientUnaryCall;
  proveShares(argument: _dwallet_v1_ProveSharesRequest, callback: grpc.requestCallback<_dwallet_v1_ProveSharesResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Evidence that a presign gives no signature: the presign is spent and its dWallet locked.
   */
  RaiseAlarm(argument: _dwallet_v1_RaiseAlarmRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RaiseAlarmResponse__Output>): grpc.ClientUnaryCall;
  RaiseAlarm(argument: _dwallet_v1_RaiseAlarmRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_RaiseAlarmResponse__Output>): grpc.ClientUnaryCall;
  RaiseAlarm(argument: _dwallet_v1_RaiseAlarmRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RaiseAlarmResponse__Output>): grpc.ClientUnaryCall;
  RaiseAlarm(argument: _dwallet_v1_RaiseAlarmRequest, callback: grpc.requestCallback<_dwallet_v1_RaiseAlarmResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Evidence that a presign gives no signature: the presign is spent and its dWallet locked.
   */
  raiseAlarm(argument: _dwallet_v1_RaiseAlarmRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RaiseAlarmResponse__Output>): grpc.ClientUnaryCall;
  raiseAlarm(argument: _dwallet_v1_RaiseAlarmRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_RaiseAlarmResponse__Output>): grpc.ClientUnaryCall;
  raiseAlarm(argument: _dwallet_v1_RaiseAlarmRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RaiseAlarmResponse__Output>): grpc.ClientUnaryCall;
  raiseAlarm(argument: _dwallet_v1_RaiseAlarmRequest, callback: grpc.requestCallback<_dwallet_v1_RaiseAlarmResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A finished signature, to be stored.
   */
  RecordSignature(argument: _dwallet_v1_RecordSignatureRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RecordSignatureResponse__Output>): grpc.ClientUnaryCall;
  RecordSignature(argument: _dwallet_v1_RecordSignatureRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_RecordSignatureResponse__Output>): grpc.ClientUnaryCall;
  RecordSignature(argument: _dwallet_v1_RecordSignatureRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RecordSignatureResponse__Output>): grpc.ClientUnaryCall;
  RecordSignature(argument: _dwallet_v1_RecordSignatureRequest, callback: grpc.requestCallback<_dwallet_v1_RecordSignatureResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A finished signature, to be stored.
   */
  recordSignature(argument: _dwallet_v1_RecordSignatureRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RecordSignatureResponse__Output>): grpc.ClientUnaryCall;
  recordSignature(argument: _dwallet_v1_RecordSignatureRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_RecordSignatureResponse__Output>): grpc.ClientUnaryCall;
  recordSignature(argument: _dwallet_v1_RecordSignatureRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RecordSignatureResponse__Output>): grpc.ClientUnaryCall;
  recordSignature(argument: _dwallet_v1_RecordSignatureRequest, callback: grpc.requestCallback<_dwallet_v1_RecordSignatureResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Stores a client's encryption key, from its own signed request.
   */
  RegisterUserKey(argument: _dwallet_v1_RegisterUserKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RegisterUserKeyResponse__Output>): grpc.ClientUnaryCall;
  RegisterUserKey(argument: _dwallet_v1_RegisterUserKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_RegisterUserKeyResponse__Output>): grpc.ClientUnaryCall;
  RegisterUserKey(argument: _dwallet_v1_RegisterUserKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RegisterUserKeyResponse__Output>): grpc.ClientUnaryCall;
  RegisterUserKey(argument: _dwallet_v1_RegisterUserKeyRequest, callback: grpc.requestCallback<_dwallet_v1_RegisterUserKeyResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Stores a client's encryption key, from its own signed request.
   */
  registerUserKey(argument: _dwallet_v1_RegisterUserKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RegisterUserKeyResponse__Output>): grpc.ClientUnaryCall;
  registerUserKey(argument: _dwallet_v1_RegisterUserKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_RegisterUserKeyResponse__Output>): grpc.ClientUnaryCall;
  registerUserKey(argument: _dwallet_v1_RegisterUserKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_RegisterUserKeyResponse__Output>): grpc.ClientUnaryCall;
  registerUserKey(argument: _dwallet_v1_RegisterUserKeyRequest, callback: grpc.requestCallback<_dwallet_v1_RegisterUserKeyResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Decryption shares, against a certified binding.
   */
  ReleaseShares(argument: _dwallet_v1_ReleaseSharesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ReleaseSharesResponse__Output>): grpc.ClientUnaryCall;
  ReleaseShares(argument: _dwallet_v1_ReleaseSharesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ReleaseSharesResponse__Output>): grpc.ClientUnaryCall;
  ReleaseShares(argument: _dwallet_v1_ReleaseSharesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ReleaseSharesResponse__Output>): grpc.ClientUnaryCall;
  ReleaseShares(argument: _dwallet_v1_ReleaseSharesRequest, callback: grpc.requestCallback<_dwallet_v1_ReleaseSharesResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Decryption shares, against a certified binding.
   */
  releaseShares(argument: _dwallet_v1_ReleaseSharesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ReleaseSharesResponse__Output>): grpc.ClientUnaryCall;
  releaseShares(argument: _dwallet_v1_ReleaseSharesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ReleaseSharesResponse__Output>): grpc.ClientUnaryCall;
  releaseShares(argument: _dwallet_v1_ReleaseSharesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ReleaseSharesResponse__Output>): grpc.ClientUnaryCall;
  releaseShares(argument: _dwallet_v1_ReleaseSharesRequest, callback: grpc.requestCallback<_dwallet_v1_ReleaseSharesResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A vote on a new dWallet, from the client's own signed request.
   */
  VoteDWallet(argument: _dwallet_v1_VoteDWalletRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_VoteDWalletResponse__Output>): grpc.ClientUnaryCall;
  VoteDWallet(argument: _dwallet_v1_VoteDWalletRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_VoteDWalletResponse__Output>): grpc.ClientUnaryCall;
  VoteDWallet(argument: _dwallet_v1_VoteDWalletRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_VoteDWalletResponse__Output>): grpc.ClientUnaryCall;
  VoteDWallet(argument: _dwallet_v1_VoteDWalletRequest, callback: grpc.requestCallback<_dwallet_v1_VoteDWalletResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A vote on a new dWallet, from the client's own signed request.
   */
  voteDWallet(argument: _dwallet_v1_VoteDWalletRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_VoteDWalletResponse__Output>): grpc.ClientUnaryCall;
  voteDWallet(argument: _dwallet_v1_VoteDWalletRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_VoteDWalletResponse__Output>): grpc.ClientUnaryCall;
  voteDWallet(argument: _dwallet_v1_VoteDWalletRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_VoteDWalletResponse__Output>): grpc.ClientUnaryCall;
  voteDWallet(argument: _dwallet_v1_VoteDWalletRequest, callback: grpc.requestCallback<_dwallet_v1_VoteDWalletResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A vote on what the messages of a session lead to.
   */
  VoteSession(argument: _dwallet_v1_VoteSessionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_VoteSessionResponse__Output>): grpc.ClientUnaryCall;
  VoteSession(argument: _dwallet_v1_VoteSessionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_VoteSessionResponse__Output>): grpc.ClientUnaryCall;
  VoteSession(argument: _dwallet_v1_VoteSessionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_VoteSessionResponse__Output>): grpc.ClientUnaryCall;
  VoteSession(argument: _dwallet_v1_VoteSessionRequest, callback: grpc.requestCallback<_dwallet_v1_VoteSessionResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A vote on what the messages of a session lead to.
   */
  voteSession(argument: _dwallet_v1_VoteSessionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_VoteSessionResponse__Output>): grpc.ClientUnaryCall;
  voteSession(argument: _dwallet_v1_VoteSessionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_VoteSessionResponse__Output>): grpc.ClientUnaryCall;
  voteSession(argument: _dwallet_v1_VoteSessionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_VoteSessionResponse__Output>): grpc.ClientUnaryCall;
  voteSession(argument: _dwallet_v1_VoteSessionRequest, callback: grpc.requestCallback<_dwallet_v1_VoteSessionResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * What the validator has of the zone log and is bound to in its next slot, for whoever leads now.
   */
  ZoneLogStatus(argument: _dwallet_v1_ZoneLogStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ZoneLogStatusResponse__Output>): grpc.ClientUnaryCall;
  ZoneLogStatus(argument: _dwallet_v1_ZoneLogStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ZoneLogStatusResponse__Output>): grpc.ClientUnaryCall;
  ZoneLogStatus(argument: _dwallet_v1_ZoneLogStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ZoneLogStatusResponse__Output>): grpc.ClientUnaryCall;
  ZoneLogStatus(argument: _dwallet_v1_ZoneLogStatusRequest, callback: grpc.requestCallback<_dwallet_v1_ZoneLogStatusResponse__Output>): grpc.ClientUnaryCall;
  /**
   * What the validator has of the zone log and is bound to in its next slot, for whoever leads now.
   */
  zoneLogStatus(argument: _dwallet_v1_ZoneLogStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ZoneLogStatusResponse__Output>): grpc.ClientUnaryCall;
  zoneLogStatus(argument: _dwallet_v1_ZoneLogStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ZoneLogStatusResponse__Output>): grpc.ClientUnaryCall;
  zoneLogStatus(argument: _dwallet_v1_ZoneLogStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ZoneLogStatusResponse__Output>): grpc.ClientUnaryCall;
  zoneLogStatus(argument: _dwallet_v1_ZoneLogStatusRequest, callback: grpc.requestCallback<_dwallet_v1_ZoneLogStatusResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface PeerServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * The owner's acceptance, to be stored.
   */
  AcceptDWallet: grpc.handleUnaryCall<_dwallet_v1_PeerServiceAcceptDWalletRequest__Output, _dwallet_v1_PeerServiceAcceptDWalletResponse>;
  
  /**
   * A vote that gives a presign to one request, irrevocably.
   */
  AssignPresign: grpc.handleUnaryCall<_dwallet_v1_AssignPresignRequest__Output, _dwallet_v1_AssignPresignResponse>;
  
  /**
   * A vote that binds a presign to the client's exact bytes, irrevocably.
   */
  BindPresign: grpc.handleUnaryCall<_dwallet_v1_BindPresignRequest__Output, _dwallet_v1_BindPresignResponse>;
  
  /**
   * Votes on everything that a decided slot certifies.
   */
  CertifySlot: grpc.handleUnaryCall<_dwallet_v1_CertifySlotRequest__Output, _dwallet_v1_CertifySlotResponse>;
  
  /**
   * A certified dWallet, to be stored.
   */
  CommitDWallet: grpc.handleUnaryCall<_dwallet_v1_CommitDWalletRequest__Output, _dwallet_v1_CommitDWalletResponse>;
  
  /**
   * The certificate over the result of a session, to be stored.
   */
  CommitSession: grpc.handleUnaryCall<_dwallet_v1_CommitSessionRequest__Output, _dwallet_v1_CommitSessionResponse>;
  
  /**
   * A message of one round of a session, over a fixed history.
   */
  Contribute: grpc.handleUnaryCall<_dwallet_v1_ContributeRequest__Output, _dwallet_v1_ContributeResponse>;
  
  /**
   * A decided slot, to be stored.
   */
  DecideSlot: grpc.handleUnaryCall<_dwallet_v1_DecideSlotRequest__Output, _dwallet_v1_DecideSlotResponse>;
  
  /**
   * A certified record that the caller missed.
   */
  FetchRecord: grpc.handleUnaryCall<_dwallet_v1_FetchRecordRequest__Output, _dwallet_v1_FetchRecordResponse>;
  
  /**
   * Decided slots that the caller missed.
   */
  FetchSlots: grpc.handleUnaryCall<_dwallet_v1_FetchSlotsRequest__Output, _dwallet_v1_FetchSlotsResponse>;
  
  /**
   * A vote that fixes the inbox of a round.
   */
  FixInbox: grpc.handleUnaryCall<_dwallet_v1_FixInboxRequest__Output, _dwallet_v1_FixInboxResponse>;
  
  /**
   * A vote that decides the next slot of the zone log.
   */
  FixSlot: grpc.handleUnaryCall<_dwallet_v1_FixSlotRequest__Output, _dwallet_v1_FixSlotResponse>;
  
  /**
   * Who is there, on which network, in which state.
   */
  Hello: grpc.handleUnaryCall<_dwallet_v1_HelloRequest__Output, _dwallet_v1_HelloResponse>;
  
  /**
   * What the validator is bound to about the inbox of a round, for whoever leads now.
   */
  InboxStatus: grpc.handleUnaryCall<_dwallet_v1_InboxStatusRequest__Output, _dwallet_v1_InboxStatusResponse>;
  
  /**
   * Identifiers of the records of one kind.
   */
  ListRecords: grpc.handleUnaryCall<_dwallet_v1_ListRecordsRequest__Output, _dwallet_v1_ListRecordsResponse>;
  
  /**
   * What a client submitted about zones, so that any validator can propose it.
   */
  OfferRecord: grpc.handleUnaryCall<_dwallet_v1_OfferRecordRequest__Output, _dwallet_v1_OfferRecordResponse>;
  
  /**
   * A vote for a proposed inbox, in one ballot of its leader.
   */
  ProposeInbox: grpc.handleUnaryCall<_dwallet_v1_ProposeInboxRequest__Output, _dwallet_v1_ProposeInboxResponse>;
  
  /**
   * A vote for a batch of events in the next slot of the zone log, in one ballot of its leader; or which event it refuses.
   */
  ProposeSlot: grpc.handleUnaryCall<_dwallet_v1_ProposeSlotRequest__Output, _dwallet_v1_ProposeSlotResponse>;
  
  /**
   * Decryption shares with proofs, when the optimistic ones do not combine.
   */
  ProveShares: grpc.handleUnaryCall<_dwallet_v1_ProveSharesRequest__Output, _dwallet_v1_ProveSharesResponse>;
  
  /**
   * Evidence that a presign gives no signature: the presign is spent and its dWallet locked.
   */
  RaiseAlarm: grpc.handleUnaryCall<_dwallet_v1_RaiseAlarmRequest__Output, _dwallet_v1_RaiseAlarmResponse>;
  
  /**
   * A finished signature, to be stored.
   */
  RecordSignature: grpc.handleUnaryCall<_dwallet_v1_RecordSignatureRequest__Output, _dwallet_v1_RecordSignatureResponse>;
  
  /**
   * Stores a client's encryption key, from its own signed request.
   */
  RegisterUserKey: grpc.handleUnaryCall<_dwallet_v1_RegisterUserKeyRequest__Output, _dwallet_v1_RegisterUserKeyResponse>;
  
  /**
   * Decryption shares, against a certified binding.
   */
  ReleaseShares: grpc.handleUnaryCall<_dwallet_v1_ReleaseSharesRequest__Output, _dwallet_v1_ReleaseSharesResponse>;
  
  /**
   * A vote on a new dWallet, from the client's own signed request.
   */
  VoteDWallet: grpc.handleUnaryCall<_dwallet_v1_VoteDWalletRequest__Output, _dwallet_v1_VoteDWalletResponse>;
  
  /**
   * A vote on what the messages of a session lead to.
   */
  VoteSession: grpc.handleUnaryCall<_dwallet_v1_VoteSessionRequest__Output, _dwallet_v1_VoteSessionResponse>;
  
  /**
   * What the validator has of the zone log and is bound to in its next slot, for whoever leads now.
   */
  ZoneLogStatus: grpc.handleUnaryCall<_dwallet_v1_ZoneLogStatusRequest__Output, _dwallet_v1_ZoneLogStatusResponse>;
  
}

export interface PeerServiceDefinition extends grpc.ServiceDefinition {
  AcceptDWallet: MethodDefinition<_dwallet_v1_PeerServiceAcceptDWalletRequest, _dwallet_v1_PeerServiceAcceptDWalletResponse, _dwallet_v1_PeerServiceAcceptDWalletRequest__Output, _dwallet_v1_PeerServiceAcceptDWalletResponse__Output>
  AssignPresign: MethodDefinition<_dwallet_v1_AssignPresignRequest, _dwallet_v1_AssignPresignResponse, _dwallet_v1_AssignPresignRequest__Output, _dwallet_v1_AssignPresignResponse__Output>
  BindPresign: MethodDefinition<_dwallet_v1_BindPresignRequest, _dwallet_v1_BindPresignResponse, _dwallet_v1_BindPresignRequest__Output, _dwallet_v1_BindPresignResponse__Output>
  CertifySlot: MethodDefinition<_dwallet_v1_CertifySlotRequest, _dwallet_v1_CertifySlotResponse, _dwallet_v1_CertifySlotRequest__Output, _dwallet_v1_CertifySlotResponse__Output>
  CommitDWallet: MethodDefinition<_dwallet_v1_CommitDWalletRequest, _dwallet_v1_CommitDWalletResponse, _dwallet_v1_CommitDWalletRequest__Output, _dwallet_v1_CommitDWalletResponse__Output>
  CommitSession: MethodDefinition<_dwallet_v1_CommitSessionRequest, _dwallet_v1_CommitSessionResponse, _dwallet_v1_CommitSessionRequest__Output, _dwallet_v1_CommitSessionResponse__Output>
  Contribute: MethodDefinition<_dwallet_v1_ContributeRequest, _dwallet_v1_ContributeResponse, _dwallet_v1_ContributeRequest__Output, _dwallet_v1_ContributeResponse__Output>
  DecideSlot: MethodDefinition<_dwallet_v1_DecideSlotRequest, _dwallet_v1_DecideSlotResponse, _dwallet_v1_DecideSlotRequest__Output, _dwallet_v1_DecideSlotResponse__Output>
  FetchRecord: MethodDefinition<_dwallet_v1_FetchRecordRequest, _dwallet_v1_FetchRecordResponse, _dwallet_v1_FetchRecordRequest__Output, _dwallet_v1_FetchRecordResponse__Output>
  FetchSlots: MethodDefinition<_dwallet_v1_FetchSlotsRequest, _dwallet_v1_FetchSlotsResponse, _dwallet_v1_FetchSlotsRequest__Output, _dwallet_v1_FetchSlotsResponse__Output>
  FixInbox: MethodDefinition<_dwallet_v1_FixInboxRequest, _dwallet_v1_FixInboxResponse, _dwallet_v1_FixInboxRequest__Output, _dwallet_v1_FixInboxResponse__Output>
  FixSlot: MethodDefinition<_dwallet_v1_FixSlotRequest, _dwallet_v1_FixSlotResponse, _dwallet_v1_FixSlotRequest__Output, _dwallet_v1_FixSlotResponse__Output>
  Hello: MethodDefinition<_dwallet_v1_HelloRequest, _dwallet_v1_HelloResponse, _dwallet_v1_HelloRequest__Output, _dwallet_v1_HelloResponse__Output>
  InboxStatus: MethodDefinition<_dwallet_v1_InboxStatusRequest, _dwallet_v1_InboxStatusResponse, _dwallet_v1_InboxStatusRequest__Output, _dwallet_v1_InboxStatusResponse__Output>
  ListRecords: MethodDefinition<_dwallet_v1_ListRecordsRequest, _dwallet_v1_ListRecordsResponse, _dwallet_v1_ListRecordsRequest__Output, _dwallet_v1_ListRecordsResponse__Output>
  OfferRecord: MethodDefinition<_dwallet_v1_OfferRecordRequest, _dwallet_v1_OfferRecordResponse, _dwallet_v1_OfferRecordRequest__Output, _dwallet_v1_OfferRecordResponse__Output>
  ProposeInbox: MethodDefinition<_dwallet_v1_ProposeInboxRequest, _dwallet_v1_ProposeInboxResponse, _dwallet_v1_ProposeInboxRequest__Output, _dwallet_v1_ProposeInboxResponse__Output>
  ProposeSlot: MethodDefinition<_dwallet_v1_ProposeSlotRequest, _dwallet_v1_ProposeSlotResponse, _dwallet_v1_ProposeSlotRequest__Output, _dwallet_v1_ProposeSlotResponse__Output>
  ProveShares: MethodDefinition<_dwallet_v1_ProveSharesRequest, _dwallet_v1_ProveSharesResponse, _dwallet_v1_ProveSharesRequest__Output, _dwallet_v1_ProveSharesResponse__Output>
  RaiseAlarm: MethodDefinition<_dwallet_v1_RaiseAlarmRequest, _dwallet_v1_RaiseAlarmResponse, _dwallet_v1_RaiseAlarmRequest__Output, _dwallet_v1_RaiseAlarmResponse__Output>
  RecordSignature: MethodDefinition<_dwallet_v1_RecordSignatureRequest, _dwallet_v1_RecordSignatureResponse, _dwallet_v1_RecordSignatureRequest__Output, _dwallet_v1_RecordSignatureResponse__Output>
  RegisterUserKey: MethodDefinition<_dwallet_v1_RegisterUserKeyRequest, _dwallet_v1_RegisterUserKeyResponse, _dwallet_v1_RegisterUserKeyRequest__Output, _dwallet_v1_RegisterUserKeyResponse__Output>
  ReleaseShares: MethodDefinition<_dwallet_v1_ReleaseSharesRequest, _dwallet_v1_ReleaseSharesResponse, _dwallet_v1_ReleaseSharesRequest__Output, _dwallet_v1_ReleaseSharesResponse__Output>
  VoteDWallet: MethodDefinition<_dwallet_v1_VoteDWalletRequest, _dwallet_v1_VoteDWalletResponse, _dwallet_v1_VoteDWalletRequest__Output, _dwallet_v1_VoteDWalletResponse__Output>
  VoteSession: MethodDefinition<_dwallet_v1_VoteSessionRequest, _dwallet_v1_VoteSessionResponse, _dwallet_v1_VoteSessionRequest__Output, _dwallet_v1_VoteSessionResponse__Output>
  ZoneLogStatus: MethodDefinition<_dwallet_v1_ZoneLogStatusRequest, _dwallet_v1_ZoneLogStatusResponse, _dwallet_v1_ZoneLogStatusRequest__Output, _dwallet_v1_ZoneLogStatusResponse__Output>
}
