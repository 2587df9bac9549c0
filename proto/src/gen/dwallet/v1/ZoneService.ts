// @ts-nocheck: generated.
import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetDWalletPolicyRequest as _dwallet_v1_GetDWalletPolicyRequest, GetDWalletPolicyRequest__Output as _dwallet_v1_GetDWalletPolicyRequest__Output } from '../../dwallet/v1/GetDWalletPolicyRequest.ts';
import type { GetDWalletPolicyResponse as _dwallet_v1_GetDWalletPolicyResponse, GetDWalletPolicyResponse__Output as _dwallet_v1_GetDWalletPolicyResponse__Output } from '../../dwallet/v1/GetDWalletPolicyResponse.ts';
import type { GetEventRequest as _dwallet_v1_GetEventRequest, GetEventRequest__Output as _dwallet_v1_GetEventRequest__Output } from '../../dwallet/v1/GetEventRequest.ts';
import type { GetEventResponse as _dwallet_v1_GetEventResponse, GetEventResponse__Output as _dwallet_v1_GetEventResponse__Output } from '../../dwallet/v1/GetEventResponse.ts';
import type { GetZoneRequest as _dwallet_v1_GetZoneRequest, GetZoneRequest__Output as _dwallet_v1_GetZoneRequest__Output } from '../../dwallet/v1/GetZoneRequest.ts';
import type { GetZoneResponse as _dwallet_v1_GetZoneResponse, GetZoneResponse__Output as _dwallet_v1_GetZoneResponse__Output } from '../../dwallet/v1/GetZoneResponse.ts';
import type { ListZonesRequest as _dwallet_v1_ListZonesRequest, ListZonesRequest__Output as _dwallet_v1_ListZonesRequest__Output } from '../../dwallet/v1/ListZonesRequest.ts';
import type { ListZonesResponse as _dwallet_v1_ListZonesResponse, ListZonesResponse__Output as _dwallet_v1_ListZonesResponse__Output } from '../../dwallet/v1/ListZonesResponse.ts';
import type { SubmitRecordRequest as _dwallet_v1_SubmitRecordRequest, SubmitRecordRequest__Output as _dwallet_v1_SubmitRecordRequest__Output } from '../../dwallet/v1/SubmitRecordRequest.ts';
import type { SubmitRecordResponse as _dwallet_v1_SubmitRecordResponse, SubmitRecordResponse__Output as _dwallet_v1_SubmitRecordResponse__Output } from '../../dwallet/v1/SubmitRecordResponse.ts';
import type { WatchZoneRequest as _dwallet_v1_WatchZoneRequest, WatchZoneRequest__Output as _dwallet_v1_WatchZoneRequest__Output } from '../../dwallet/v1/WatchZoneRequest.ts';
import type { WatchZoneResponse as _dwallet_v1_WatchZoneResponse, WatchZoneResponse__Output as _dwallet_v1_WatchZoneResponse__Output } from '../../dwallet/v1/WatchZoneResponse.ts';

export interface ZoneServiceClient extends grpc.Client {
  /**
   * What a dWallet may sign.
   */
  GetDWalletPolicy(argument: _dwallet_v1_GetDWalletPolicyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetDWalletPolicyResponse__Output>): grpc.ClientUnaryCall;
  GetDWalletPolicy(argument: _dwallet_v1_GetDWalletPolicyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetDWalletPolicyResponse__Output>): grpc.ClientUnaryCall;
  GetDWalletPolicy(argument: _dwallet_v1_GetDWalletPolicyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetDWalletPolicyResponse__Output>): grpc.ClientUnaryCall;
  GetDWalletPolicy(argument: _dwallet_v1_GetDWalletPolicyRequest, callback: grpc.requestCallback<_dwallet_v1_GetDWalletPolicyResponse__Output>): grpc.ClientUnaryCall;
  /**
   * What a dWallet may sign.
   */
  getDWalletPolicy(argument: _dwallet_v1_GetDWalletPolicyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetDWalletPolicyResponse__Output>): grpc.ClientUnaryCall;
  getDWalletPolicy(argument: _dwallet_v1_GetDWalletPolicyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetDWalletPolicyResponse__Output>): grpc.ClientUnaryCall;
  getDWalletPolicy(argument: _dwallet_v1_GetDWalletPolicyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetDWalletPolicyResponse__Output>): grpc.ClientUnaryCall;
  getDWalletPolicy(argument: _dwallet_v1_GetDWalletPolicyRequest, callback: grpc.requestCallback<_dwallet_v1_GetDWalletPolicyResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * What became of an event on a chain: the entry that it made, or the rule that refuses it.
   */
  GetEvent(argument: _dwallet_v1_GetEventRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetEventResponse__Output>): grpc.ClientUnaryCall;
  GetEvent(argument: _dwallet_v1_GetEventRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetEventResponse__Output>): grpc.ClientUnaryCall;
  GetEvent(argument: _dwallet_v1_GetEventRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetEventResponse__Output>): grpc.ClientUnaryCall;
  GetEvent(argument: _dwallet_v1_GetEventRequest, callback: grpc.requestCallback<_dwallet_v1_GetEventResponse__Output>): grpc.ClientUnaryCall;
  /**
   * What became of an event on a chain: the entry that it made, or the rule that refuses it.
   */
  getEvent(argument: _dwallet_v1_GetEventRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetEventResponse__Output>): grpc.ClientUnaryCall;
  getEvent(argument: _dwallet_v1_GetEventRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetEventResponse__Output>): grpc.ClientUnaryCall;
  getEvent(argument: _dwallet_v1_GetEventRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetEventResponse__Output>): grpc.ClientUnaryCall;
  getEvent(argument: _dwallet_v1_GetEventRequest, callback: grpc.requestCallback<_dwallet_v1_GetEventResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * One zone with the certificate over its record.
   */
  GetZone(argument: _dwallet_v1_GetZoneRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetZoneResponse__Output>): grpc.ClientUnaryCall;
  GetZone(argument: _dwallet_v1_GetZoneRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetZoneResponse__Output>): grpc.ClientUnaryCall;
  GetZone(argument: _dwallet_v1_GetZoneRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetZoneResponse__Output>): grpc.ClientUnaryCall;
  GetZone(argument: _dwallet_v1_GetZoneRequest, callback: grpc.requestCallback<_dwallet_v1_GetZoneResponse__Output>): grpc.ClientUnaryCall;
  /**
   * One zone with the certificate over its record.
   */
  getZone(argument: _dwallet_v1_GetZoneRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetZoneResponse__Output>): grpc.ClientUnaryCall;
  getZone(argument: _dwallet_v1_GetZoneRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_GetZoneResponse__Output>): grpc.ClientUnaryCall;
  getZone(argument: _dwallet_v1_GetZoneRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_GetZoneResponse__Output>): grpc.ClientUnaryCall;
  getZone(argument: _dwallet_v1_GetZoneRequest, callback: grpc.requestCallback<_dwallet_v1_GetZoneResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * All zones, ascending by chain.
   */
  ListZones(argument: _dwallet_v1_ListZonesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListZonesResponse__Output>): grpc.ClientUnaryCall;
  ListZones(argument: _dwallet_v1_ListZonesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ListZonesResponse__Output>): grpc.ClientUnaryCall;
  ListZones(argument: _dwallet_v1_ListZonesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListZonesResponse__Output>): grpc.ClientUnaryCall;
  ListZones(argument: _dwallet_v1_ListZonesRequest, callback: grpc.requestCallback<_dwallet_v1_ListZonesResponse__Output>): grpc.ClientUnaryCall;
  /**
   * All zones, ascending by chain.
   */
  listZones(argument: _dwallet_v1_ListZonesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListZonesResponse__Output>): grpc.ClientUnaryCall;
  listZones(argument: _dwallet_v1_ListZonesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_ListZonesResponse__Output>): grpc.ClientUnaryCall;
  listZones(argument: _dwallet_v1_ListZonesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_ListZonesResponse__Output>): grpc.ClientUnaryCall;
  listZones(argument: _dwallet_v1_ListZonesRequest, callback: grpc.requestCallback<_dwallet_v1_ListZonesResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Submits a record with the approvals of its governance (zone, asset, dWallet policy, cluster), or an order to mint. Answers when it is certified.
   * The same again changes nothing.
   */
  SubmitRecord(argument: _dwallet_v1_SubmitRecordRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_SubmitRecordResponse__Output>): grpc.ClientUnaryCall;
  SubmitRecord(argument: _dwallet_v1_SubmitRecordRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_SubmitRecordResponse__Output>): grpc.ClientUnaryCall;
  SubmitRecord(argument: _dwallet_v1_SubmitRecordRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_SubmitRecordResponse__Output>): grpc.ClientUnaryCall;
  SubmitRecord(argument: _dwallet_v1_SubmitRecordRequest, callback: grpc.requestCallback<_dwallet_v1_SubmitRecordResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Submits a record with the approvals of its governance (zone, asset, dWallet policy, cluster), or an order to mint. Answers when it is certified.
   * The same again changes nothing.
   */
  submitRecord(argument: _dwallet_v1_SubmitRecordRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_SubmitRecordResponse__Output>): grpc.ClientUnaryCall;
  submitRecord(argument: _dwallet_v1_SubmitRecordRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dwallet_v1_SubmitRecordResponse__Output>): grpc.ClientUnaryCall;
  submitRecord(argument: _dwallet_v1_SubmitRecordRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dwallet_v1_SubmitRecordResponse__Output>): grpc.ClientUnaryCall;
  submitRecord(argument: _dwallet_v1_SubmitRecordRequest, callback: grpc.requestCallback<_dwallet_v1_SubmitRecordResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A zone whenever its record or status changes; the first message is what holds now.
   */
  WatchZone(argument: _dwallet_v1_WatchZoneRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchZoneResponse__Output>;
  WatchZone(argument: _dwallet_v1_WatchZoneRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchZoneResponse__Output>;
  /**
   * A zone whenever its record or status changes; the first message is what holds now.
   */
  watchZone(argument: _dwallet_v1_WatchZoneRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchZoneResponse__Output>;
  watchZone(argument: _dwallet_v1_WatchZoneRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_dwallet_v1_WatchZoneResponse__Output>;
  
}

export interface ZoneServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * What a dWallet may sign.
   */
  GetDWalletPolicy: grpc.handleUnaryCall<_dwallet_v1_GetDWalletPolicyRequest__Output, _dwallet_v1_GetDWalletPolicyResponse>;
  
  /**
   * What became of an event on a chain: the entry that it made, or the rule that refuses it.
   */
  GetEvent: grpc.handleUnaryCall<_dwallet_v1_GetEventRequest__Output, _dwallet_v1_GetEventResponse>;
  
  /**
   * One zone with the certificate over its record.
   */
  GetZone: grpc.handleUnaryCall<_dwallet_v1_GetZoneRequest__Output, _dwallet_v1_GetZoneResponse>;
  
  /**
   * All zones, ascending by chain.
   */
  ListZones: grpc.handleUnaryCall<_dwallet_v1_ListZonesRequest__Output, _dwallet_v1_ListZonesResponse>;
  
  /**
   * Submits a record with the approvals of its governance (zone, asset, dWallet policy, cluster), or an order to mint. Answers when it is certified.
   * The same again changes nothing.
   */
  SubmitRecord: grpc.handleUnaryCall<_dwallet_v1_SubmitRecordRequest__Output, _dwallet_v1_SubmitRecordResponse>;
  
  /**
   * A zone whenever its record or status changes; the first message is what holds now.
   */
  WatchZone: grpc.handleServerStreamingCall<_dwallet_v1_WatchZoneRequest__Output, _dwallet_v1_WatchZoneResponse>;
  
}

export interface ZoneServiceDefinition extends grpc.ServiceDefinition {
  GetDWalletPolicy: MethodDefinition<_dwallet_v1_GetDWalletPolicyRequest, _dwallet_v1_GetDWalletPolicyResponse, _dwallet_v1_GetDWalletPolicyRequest__Output, _dwallet_v1_GetDWalletPolicyResponse__Output>
  GetEvent: MethodDefinition<_dwallet_v1_GetEventRequest, _dwallet_v1_GetEventResponse, _dwallet_v1_GetEventRequest__Output, _dwallet_v1_GetEventResponse__Output>
  GetZone: MethodDefinition<_dwallet_v1_GetZoneRequest, _dwallet_v1_GetZoneResponse, _dwallet_v1_GetZoneRequest__Output, _dwallet_v1_GetZoneResponse__Output>
  ListZones: MethodDefinition<_dwallet_v1_ListZonesRequest, _dwallet_v1_ListZonesResponse, _dwallet_v1_ListZonesRequest__Output, _dwallet_v1_ListZonesResponse__Output>
  SubmitRecord: MethodDefinition<_dwallet_v1_SubmitRecordRequest, _dwallet_v1_SubmitRecordResponse, _dwallet_v1_SubmitRecordRequest__Output, _dwallet_v1_SubmitRecordResponse__Output>
  WatchZone: MethodDefinition<_dwallet_v1_WatchZoneRequest, _dwallet_v1_WatchZoneResponse, _dwallet_v1_WatchZoneRequest__Output, _dwallet_v1_WatchZoneResponse__Output>
}
