/**
 * The wallet in Node with everything made for it: lines to validators over gRPC, parameters on the WebAssembly kernel, tables on disk, threads.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type PublicParameters, clg128, createPublicParameters } from '@dwallet/class-groups';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { InvalidArgumentsError, type Random, secp256k1Curve } from '@dwallet/sigma';
import type { ComputePool } from '@dwallet/two-pc-mpc/client';
import { DWalletClient as BaseClient, type CallOptions, type ConnectOptions } from './client.ts';
import { WalletThreadPool } from './compute/thread-pool.ts';
import { type Keystore, openKeystore, tableSealKeyOf } from './keystore.ts';
import { EncryptedFileKeystore } from './store/encrypted-file-keystore.ts';
import { FileTableCache } from './store/file-table-cache.ts';
import { GrpcPeer, type GrpcPeerOptions } from './transport/grpc-peer.ts';

export interface NodeConnectOptions extends CallOptions {
  /** `host:port` of validators in order of preference, or more about each. */
  readonly endpoints: readonly (string | GrpcPeerOptions)[];
  readonly keystore: Keystore;
  /** PEM of the authorities of a development network; default: those of the platform. */
  readonly ca?: string;
  /** Network id in hex, if it is known from elsewhere; otherwise the first one seen is pinned. */
  readonly networkId?: string;
  /** Default: the profile CLG-128 on the WebAssembly kernel. */
  readonly parameters?: PublicParameters;
  /** Folder of precomputed tables of this wallet. Default: `tables` in the folder of an encrypted file keystore; otherwise none. */
  readonly tables?: string | false;
  /** How many presigns are prepared ahead (see `ConnectOptions.prepare`). */
  readonly prepare?: boolean | number;
  /** Where heavy steps are computed. Default: two threads of its own; `false`: in this thread; a pool of the caller's is the caller's to close. */
  readonly compute?: ComputePool | false;
  /** How long a signature waits for a presign while validators have none. Default: 120 000 ms. */
  readonly patienceMs?: number;
  readonly random?: Random;
  readonly log?: (text: string) => void;
  readonly allowTestProfile?: boolean;
}

const defaultPatienceMs = 120_000;
const systemRandom: Random = (length) => new Uint8Array(randomBytes(length));

export class DWalletClient extends BaseClient {
  readonly #release: (() => void)[] = [];

  /**
   * Connects to a network: fetches its parameters, verifies their certificates and pins them in the keystore on first use (MPC:V1).
   * @throws RemoteError UNAVAILABLE when no endpoint answers; CheckError MPC:V1; KeystoreError; CancelledError.
   */
  static override async connect(options: NodeConnectOptions | ConnectOptions): Promise<DWalletClient> {
    if (!('endpoints' in options)) return (await super.connect(options)) as DWalletClient;
    const { endpoints, keystore, ca, log, signal, onProgress, networkId, prepare, allowTestProfile } = options;
    if (endpoints.length === 0) throw new InvalidArgumentsError('endpoints', 'at least one');
    const random = options.random ?? systemRandom;
    const release: (() => void)[] = [];
    try {
      const parameters = options.parameters ?? (await defaultParameters(options, random));
      const peers = endpoints.map((endpoint) => {
        const own = typeof endpoint === 'string' ? { endpoint } : endpoint;
        const peer = new GrpcPeer({ ...(ca === undefined ? {} : { ca }), ...own });
        release.push(() => peer.close());
        return peer;
      });
      let compute = options.compute === false ? undefined : options.compute;
      if (options.compute === undefined) {
        const threads = new WalletThreadPool({ parameters, curve: secp256k1Curve });
        release.push(() => void threads.close());
        compute = threads;
      }
      const client = (await super.connect({
        peers,
        parameters,
        curve: secp256k1Curve,
        store: keystore,
        messages: keystore.messages,
        random,
        patienceMs: options.patienceMs ?? defaultPatienceMs,
        ...(compute === undefined ? {} : { compute }),
        ...(networkId === undefined ? {} : { networkId }),
        ...(log === undefined ? {} : { log }),
        ...(prepare === undefined ? {} : { prepare }),
        ...(allowTestProfile === undefined ? {} : { allowTestProfile }),
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined ? {} : { onProgress }),
      })) as DWalletClient;
      client.#release.push(...release);
      return client;
    } catch (error) {
      for (const each of release) each();
      throw error;
    }
  }

  /** Ends lines, threads and preparation. The keystore stays open. */
  override close(): void {
    super.close();
    for (const each of this.#release.splice(0)) each();
  }
}

async function defaultParameters(
  { keystore, tables, log }: NodeConnectOptions,
  random: Random,
): Promise<PublicParameters> {
  const folder = tables ?? (keystore instanceof EncryptedFileKeystore && join(keystore.folder, 'tables'));
  if (folder === false) return createPublicParameters(wasmKernel, clg128);
  const sealKey = tableSealKeyOf(await openKeystore(keystore, random));
  const onProblem = ({ message }: Error): void => log?.(message);
  const tableCache = new FileTableCache(folder, { sealKey, onProblem });
  return createPublicParameters(wasmKernel, clg128, { tableCache, shortTables: true });
}
