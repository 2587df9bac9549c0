/**
 * A client that makes its own lines, parameters and workers, and ends them with itself: what the entries for Node and for browsers share.
 *
 * @module
 */
import { type PublicParameters, clg112, clg128 } from '@dwallet/class-groups';
import { type Random, secp256k1Curve } from '@dwallet/sigma';
import type { ComputePool } from '@dwallet/two-pc-mpc/client';
import { type CallOptions, type ClientPeer, type ConnectOptions, DWalletClient } from './client.ts';
import type { Keystore } from './keystore.ts';

/** What `connect` takes beside endpoints, wherever it runs. */
export interface OwningConnectOptions extends CallOptions {
  readonly keystore: Keystore;
  /** Network id in hex, if it is known from elsewhere; otherwise the first one seen is pinned. */
  readonly networkId?: string;
  /** Security of the network's class group in bits. Default: `128`. */
  readonly profile?: '112' | '128';
  /** Default: those of the profile, on the WebAssembly kernel. */
  readonly parameters?: PublicParameters;
  /** How many presigns are prepared ahead (see `ConnectOptions.prepare`). */
  readonly prepare?: boolean | number;
  /** Where heavy steps are computed. Default: two workers of its own; `false`: in this thread; a pool of the caller's is the caller's to close. */
  readonly compute?: ComputePool | false;
  /** How long a signature waits for a presign while validators have none. Default: 120 000 ms. */
  readonly patienceMs?: number;
  readonly random?: Random;
  readonly log?: (text: string) => void;
  readonly allowTestProfile?: boolean;
}

/** What a platform brings. */
export interface PlatformParts {
  readonly random: Random;
  readonly parameters: (random: Random) => PublicParameters | Promise<PublicParameters>;
  readonly peers: () => readonly (ClientPeer & { close(): void })[];
  readonly pool: (parameters: PublicParameters) => ComputePool;
}

const defaultPatienceMs = 120_000;

export const profileOf = ({ profile }: Pick<OwningConnectOptions, 'profile'>) => (profile === '112' ? clg112 : clg128);

export class OwningClient extends DWalletClient {
  readonly #release: (() => void)[] = [];

  /** @throws as `DWalletClient.connect`; what was made is ended then. */
  protected static async connectOwning(options: OwningConnectOptions, parts: PlatformParts): Promise<OwningClient> {
    const { keystore, log, signal, onProgress, networkId, prepare, allowTestProfile } = options;
    const random = options.random ?? parts.random;
    const release: (() => void)[] = [];
    try {
      const parameters = options.parameters ?? (await parts.parameters(random));
      const peers = parts.peers();
      release.push(...peers.map((peer) => () => peer.close()));
      let compute = options.compute === false ? undefined : options.compute;
      if (options.compute === undefined) {
        const own = parts.pool(parameters);
        release.push(() => void own.close());
        compute = own;
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
      } satisfies ConnectOptions)) as OwningClient;
      client.#release.push(...release);
      return client;
    } catch (error) {
      for (const each of release) each();
      throw error;
    }
  }

  /** Ends lines, workers and preparation. The keystore stays open. */
  override close(): void {
    super.close();
    for (const each of this.#release.splice(0)) each();
  }
}
