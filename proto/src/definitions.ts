/**
 * The services as gRPC sees them, loaded from the .proto files, so that what runs is what is documented.
 *
 * @module
 */
import { fileURLToPath } from 'node:url';
import { type GrpcObject, loadPackageDefinition } from '@grpc/grpc-js';
import { type Options, type PackageDefinition, loadSync } from '@grpc/proto-loader';
import type { ProtoGrpcType as PeerTypes } from './gen/peer.ts';
import type { ProtoGrpcType as SigningTypes } from './gen/signing.ts';
import type { ProtoGrpcType as ZonesTypes } from './gen/zones.ts';

const options: Options = {
  includeDirs: [fileURLToPath(new URL('../', import.meta.url))],
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
};

/** Everything that goes over our lines. */
export const packageDefinition: PackageDefinition = loadSync(
  [
    'dwallet/v1/signing.proto',
    'dwallet/v1/peer.proto',
    'dwallet/v1/zones.proto',
    'google/rpc/status.proto',
    'google/rpc/error_details.proto',
  ],
  options,
);

/** What clients may see by reflection: nothing of what validators say to each other. */
export const signingPackageDefinition = (): PackageDefinition =>
  loadSync(['dwallet/v1/signing.proto', 'dwallet/v1/zones.proto', 'google/rpc/error_details.proto'], options);

const loaded: GrpcObject = loadPackageDefinition(packageDefinition);
const { v1 } = (loaded as unknown as SigningTypes & PeerTypes).dwallet;

/** Client constructor and `.service` definition. */
export const SigningService: SigningTypes['dwallet']['v1']['SigningService'] = v1.SigningService;
/** Client constructor and `.service` definition. */
export const PeerService: PeerTypes['dwallet']['v1']['PeerService'] = (loaded as unknown as PeerTypes).dwallet.v1
  .PeerService;

/** Names of the services, as health checks know them. */
export const serviceNames = {
  signing: 'dwallet.v1.SigningService',
  peer: 'dwallet.v1.PeerService',
  zones: 'dwallet.v1.ZoneService',
  assets: 'dwallet.v1.AssetService',
  clusters: 'dwallet.v1.ClusterService',
} as const;

const { ZoneService, AssetService, ClusterService } = (loaded as unknown as ZonesTypes).dwallet.v1;
export { AssetService, ClusterService, ZoneService };
