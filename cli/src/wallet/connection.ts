/**
 * How a wallet reaches its network. What `wallet create` and `wallet recover` were given is kept beside the keystore, so that no later command needs
 * it again. It is no secret and nothing rests on it: the network itself is pinned inside the keystore.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { defaultLocalNetwork, localNetwork } from '@dwallet/client-sdk/node';
import { CommandError } from '../network/layout.ts';
import { UsageError } from './errors.ts';

export interface ConnectionOptions {
  /** Folder of a local network. */
  readonly network?: string;
  /** `host:port`, separated by commas. */
  readonly endpoints?: string;
  /** File with certificates in PEM. */
  readonly ca?: string;
  readonly networkId?: string;
  readonly profile?: '112' | '128';
}

/** A network on this machine, found again by its folder (its ports may change), or endpoints. */
type Stored =
  | { readonly version: 1; readonly local: string }
  | {
      readonly version: 1;
      readonly endpoints: readonly string[];
      readonly ca?: string;
      readonly networkId?: string;
      readonly profile: '112' | '128';
    };

export interface Connection {
  readonly endpoints: readonly string[];
  readonly ca?: string;
  readonly networkId?: string;
  readonly profile: '112' | '128';
}

const pathOf = (wallet: string): string => join(wallet, 'connection.json');

function fromOptions(options: ConnectionOptions): Stored | undefined {
  const { network, endpoints, ca, networkId, profile } = options;
  if (networkId !== undefined && !/^[0-9a-f]{64}$/.test(networkId))
    throw new UsageError('--network-id: must be 64 hex characters');
  if (network !== undefined) {
    if (endpoints !== undefined || ca !== undefined || profile !== undefined)
      throw new UsageError('--network is a folder that knows endpoints, certificates and profile by itself');
    return { version: 1, local: resolve(network) };
  }
  if (endpoints !== undefined) {
    const list = endpoints.split(',').map((one) => one.trim());
    if (!list.every((one) => /^([^\s:[\]]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/.test(one)))
      throw new UsageError('--endpoints: must be host:port,host:port,...');
    let pem: string | undefined;
    try {
      pem = ca === undefined ? undefined : readFileSync(ca, 'utf8');
    } catch {
      throw new UsageError(`--ca: ${ca} cannot be read`);
    }
    return {
      version: 1,
      endpoints: list,
      profile: profile ?? '128',
      ...(pem === undefined ? {} : { ca: pem }),
      ...(networkId === undefined ? {} : { networkId }),
    };
  }
  if (ca !== undefined || networkId !== undefined || profile !== undefined)
    throw new UsageError('--ca, --network-id and --profile belong to --endpoints');
  return undefined;
}

function readStored(wallet: string): Stored | undefined {
  const path = pathOf(wallet);
  if (!existsSync(path)) return undefined;
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Record<string, unknown>> | null;
    const isText = (given: unknown): boolean => given === undefined || typeof given === 'string';
    const known =
      value?.['version'] === 1 &&
      (typeof value['local'] === 'string' ||
        (Array.isArray(value['endpoints']) &&
          value['endpoints'].every((one) => typeof one === 'string') &&
          (value['profile'] === '112' || value['profile'] === '128') &&
          isText(value['ca']) &&
          isText(value['networkId'])));
    if (known) return value as unknown as Stored;
  } catch {
    // Refused below.
  }
  throw new CommandError(`${path} is not a file that this version reads: give --network or --endpoints`);
}

function opened(stored: Stored): Connection {
  if ('local' in stored) return localNetwork(stored.local);
  const { version: _, ...connection } = stored;
  return connection;
}

/** @throws UsageError when nothing says where the network is. */
export function connectionOf(wallet: string, options: ConnectionOptions): Connection {
  const given = fromOptions(options) ?? readStored(wallet);
  if (given !== undefined) return opened(given);
  if (existsSync(join(defaultLocalNetwork, 'network.json'))) return localNetwork();
  throw new UsageError('which network? --endpoints host:port,..., or --network FOLDER of "dwallet network up"');
}

/** Folder of the local network that a wallet is connected to; undefined for another network. */
export function localNetworkOf(wallet: string, options: ConnectionOptions): string | undefined {
  const given = fromOptions(options) ?? readStored(wallet);
  return given !== undefined && 'local' in given ? given.local : undefined;
}

/** Keeps how the network is reached. Does nothing where nothing was said and something is kept. */
export function keepConnection(wallet: string, options: ConnectionOptions): void {
  const stored =
    fromOptions(options) ??
    (existsSync(pathOf(wallet)) ? undefined : ({ version: 1, local: resolve(defaultLocalNetwork) } as const));
  if (stored === undefined) return;
  mkdirSync(wallet, { recursive: true, mode: 0o700 });
  writeFileSync(`${pathOf(wallet)}.tmp`, `${JSON.stringify(stored, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${pathOf(wallet)}.tmp`, pathOf(wallet));
}
