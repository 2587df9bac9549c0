/**
 * The wallet in Node with everything made for it: lines to validators over gRPC, parameters on the WebAssembly kernel, tables on disk, threads.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type PublicParameters, createPublicParameters } from '@dwallet/class-groups';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { InvalidArgumentsError, type Random, secp256k1Curve } from '@dwallet/sigma';
import type { ConnectOptions } from './client.ts';
import { WalletThreadPool } from './compute/thread-pool.ts';
import { openKeystore, tableSealKeyOf } from './keystore.ts';
import { OwningClient, type OwningConnectOptions, profileOf } from './owning-client.ts';
import { EncryptedFileKeystore } from './store/encrypted-file-keystore.ts';
import { FileTableCache } from './store/file-table-cache.ts';
import { GrpcPeer, type GrpcPeerOptions } from './transport/grpc-peer.ts';

export interface NodeConnectOptions extends OwningConnectOptions {
  /** `host:port` of validators in order of preference, or more about each. */
  readonly endpoints: readonly (string | GrpcPeerOptions)[];
  /** PEM of the authorities of a development network; default: those of the platform. */
  readonly ca?: string;
  /** Folder of precomputed tables of this wallet. Default: `tables` in the folder of an encrypted file keystore; otherwise none. */
  readonly tables?: string | false;
}

const systemRandom: Random = (length) => new Uint8Array(randomBytes(length));

export class DWalletClient extends OwningClient {
  /**
   * Connects to a network: fetches its parameters, verifies their certificates and pins them in the keystore on first use (MPC:V1).
   * @throws RemoteError UNAVAILABLE when no endpoint answers; CheckError MPC:V1; KeystoreError; CancelledError.
   */
  static override async connect(options: NodeConnectOptions | ConnectOptions): Promise<DWalletClient> {
    if (!('endpoints' in options)) return (await super.connect(options)) as DWalletClient;
    const { endpoints, ca } = options;
    if (endpoints.length === 0) throw new InvalidArgumentsError('endpoints', 'at least one');
    return this.connectOwning(options, {
      random: systemRandom,
      parameters: (random) => defaultParameters(options, random),
      peers: () =>
        endpoints.map((endpoint) => {
          const own = typeof endpoint === 'string' ? { endpoint } : endpoint;
          return new GrpcPeer({ ...(ca === undefined ? {} : { ca }), ...own });
        }),
      pool: (parameters) => new WalletThreadPool({ parameters, curve: secp256k1Curve }),
    });
  }
}

async function defaultParameters(options: NodeConnectOptions, random: Random): Promise<PublicParameters> {
  const { keystore, tables, log } = options;
  const folder = tables ?? (keystore instanceof EncryptedFileKeystore && join(keystore.folder, 'tables'));
  if (folder === false) return createPublicParameters(wasmKernel, profileOf(options));
  const sealKey = tableSealKeyOf(await openKeystore(keystore, random));
  const onProblem = ({ message }: Error): void => log?.(message);
  const tableCache = new FileTableCache(folder, { sealKey, onProblem });
  return createPublicParameters(wasmKernel, profileOf(options), { tableCache, shortTables: true });
}
