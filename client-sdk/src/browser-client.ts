/**
 * The wallet in a browser with everything made for it: lines to validators over Connect, parameters on the WebAssembly kernel, Web Workers. Runs in a
 * page and, better, in a worker of it: then nothing at all is computed in the page.
 *
 * @module
 */
import { createPublicParameters } from '@dwallet/class-groups';
import { loadWasmKernel } from '@dwallet/kernel/wasm';
import { InvalidArgumentsError, secp256k1Curve } from '@dwallet/sigma';
import type { ConnectOptions } from './client.ts';
import { WebWorkerPool, type WebWorkerPoolOptions } from './compute/web-worker-pool.ts';
import { hex } from './hex.ts';
import { OwningClient, type OwningConnectOptions, profileOf } from './owning-client.ts';
import { orCancelled } from './progress.ts';
import { browserRandom } from './store/indexed-db-keystore.ts';
import { ConnectPeer, type ConnectPeerOptions } from './transport/connect-peer.ts';

export interface BrowserConnectOptions extends OwningConnectOptions {
  /** `https://host:port` of validators in order of preference, or more about each. `http://` for loopback addresses only. */
  readonly endpoints: readonly (string | ConnectPeerOptions)[];
  /** Starts a worker whose entry is `@dwallet/client-sdk/compute-worker`; default: `web-worker.js` beside the bundle. */
  readonly createWorker?: NonNullable<WebWorkerPoolOptions['create']>;
}

/** The part of the Web Locks API that is used here. */
interface Locks {
  request<T>(name: string, options: { readonly signal?: AbortSignal }, work: () => Promise<T>): Promise<T>;
}

export class DWalletClient extends OwningClient {
  /**
   * Connects to a network: fetches its parameters, verifies their certificates and pins them in the keystore on first use (MPC:V1).
   * @throws RemoteError UNAVAILABLE when no endpoint answers; CheckError MPC:V1; KeystoreError; CancelledError.
   */
  static override async connect(options: BrowserConnectOptions | ConnectOptions): Promise<DWalletClient> {
    if (!('endpoints' in options)) return (await super.connect(options)) as DWalletClient;
    const { endpoints, createWorker } = options;
    if (endpoints.length === 0) throw new InvalidArgumentsError('endpoints', 'at least one');
    return this.connectOwning(options, {
      random: browserRandom,
      parameters: async () => createPublicParameters(await loadWasmKernel(), profileOf(options)),
      peers: () => endpoints.map((endpoint) => new ConnectPeer(typeof endpoint === 'string' ? { endpoint } : endpoint)),
      pool: (parameters) =>
        new WebWorkerPool({
          parameters,
          curve: secp256k1Curve,
          ...(createWorker === undefined ? {} : { create: createWorker }),
        }),
    });
  }

  /**
   * As everywhere, and one signature of a dWallet at a time among all tabs of the origin: none of them makes a message for a presign that another one
   * is about to use. What decides is the message store all the same (MPC:V4).
   */
  override sign(...args: Parameters<OwningClient['sign']>): ReturnType<OwningClient['sign']> {
    const { locks } = (globalThis as { readonly navigator?: { readonly locks?: Locks } }).navigator ?? {};
    const work = (): ReturnType<OwningClient['sign']> => super.sign(...args);
    if (locks === undefined) return work();
    const [record, , , call] = args;
    const signal = call?.signal;
    const options = signal === undefined ? {} : { signal };
    return orCancelled(locks.request(`dwallet-sign/${hex(record.sessionId)}`, options, work), signal);
  }
}
