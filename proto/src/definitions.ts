/**
 * The services as gRPC sees them, loaded from the .proto files, so that what runs is what is documented.
 *
 * @module
 */
import { fileURLToPath } from 'node:url';
import { type GrpcObject, loadPackageDefinition } from '@grpc/grpc-js';
import { type MessageTypeDefinition, type Options, type PackageDefinition, loadSync } from '@grpc/proto-loader';
import type { ProtoGrpcType as ErrorDetailsTypes } from './gen/error_details.ts';
import type { ProtoGrpcType as PeerTypes } from './gen/peer.ts';
import type { ProtoGrpcType as SigningTypes } from './gen/signing.ts';
import type { ProtoGrpcType as StatusTypes } from './gen/status.ts';

const options: Options = {
  includeDirs: [fileURLToPath(new URL('../', import.meta.url))],
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
};

/** Everything, for the reflection service. */
export const packageDefinition: PackageDefinition = loadSync(
  ['dwallet/v1/signing.proto', 'dwallet/v1/peer.proto', 'google/rpc/status.proto', 'google/rpc/error_details.proto'],
  options,
);

/** What clients may see by reflection: nothing of what validators say to each other. */
export const signingPackageDefinition: PackageDefinition = loadSync(
  ['dwallet/v1/signing.proto', 'google/rpc/error_details.proto'],
  options,
);

const loaded: GrpcObject = loadPackageDefinition(packageDefinition);
const { v1 } = (loaded as unknown as SigningTypes & PeerTypes).dwallet;

/** Client constructor and `.service` definition. */
export const SigningService: SigningTypes['dwallet']['v1']['SigningService'] = v1.SigningService;
/** Client constructor and `.service` definition. */
export const PeerService: PeerTypes['dwallet']['v1']['PeerService'] = (loaded as unknown as PeerTypes).dwallet.v1
  .PeerService;

/** Names of the services, as health checks know them. */
export const serviceNames = { signing: 'dwallet.v1.SigningService', peer: 'dwallet.v1.PeerService' } as const;

type Rpc = StatusTypes['google']['rpc'] & ErrorDetailsTypes['google']['rpc'];

/** Codec of one google.rpc message. */
export const rpcMessage = <Name extends 'Status' | 'ErrorInfo' | 'RetryInfo' | 'QuotaFailure' | 'BadRequest'>(
  name: Name,
): Rpc[Name] =>
  packageDefinition[`google.rpc.${name}`] as MessageTypeDefinition<object, object> as unknown as Rpc[Name];
