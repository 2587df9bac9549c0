/**
 * The development network of this machine, as `dwallet network up` leaves word of it in its folder. Node only.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentsError } from '@dwallet/sigma';

/** Where `dwallet network up` keeps a network unless it is told otherwise. */
export const defaultLocalNetwork = '.dwallet/network';

/** What `DWalletClient.connect` needs to know of a local network. */
export interface LocalNetwork {
  /** `host:port`, validator 1 first. */
  readonly endpoints: readonly string[];
  /** PEM of its development authority. */
  readonly ca: string;
  readonly profile: '112' | '128';
}

/** The Ethereum chain that runs beside a local network (`dwallet network up --evm`). */
export interface LocalEvm {
  /** URL of its JSON-RPC. */
  readonly rpc: string;
  readonly chainId: number;
}

function readText(path: string, missing: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new InvalidArgumentsError('folder', missing, { cause });
  }
}

function readJson<T>(path: string, missing: string, isValid: (value: Partial<T>) => boolean): T {
  const text = readText(path, missing);
  try {
    const value = JSON.parse(text) as Partial<T> | null;
    if (typeof value === 'object' && value !== null && isValid(value)) return value as T;
  } catch {
    // Refused below.
  }
  throw new InvalidArgumentsError('folder', `${path} is not a file that this version reads`);
}

const isPort = (value: unknown): boolean => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;

/**
 * Endpoints, authority and profile of a network on this machine: `DWalletClient.connect({ ...localNetwork(), keystore })`.
 * @param folder - as given to `dwallet network up --data`.
 * @throws InvalidArgumentsError when there is none.
 */
export function localNetwork(folder: string = defaultLocalNetwork): LocalNetwork {
  const missing = `there is no network in ${folder}: make one with "dwallet network up"`;
  interface File {
    readonly profile: '112' | '128';
    readonly ports: readonly { readonly clients: number }[];
  }
  const { ports, profile } = readJson<File>(
    join(folder, 'network.json'),
    missing,
    (file) =>
      (file.profile === '112' || file.profile === '128') &&
      Array.isArray(file.ports) &&
      file.ports.length > 0 &&
      file.ports.every((port: { readonly clients?: unknown } | null) => isPort(port?.clients)),
  );
  const ca = readText(join(folder, 'authority', 'ca.crt'), missing);
  return { endpoints: ports.map(({ clients }) => `127.0.0.1:${clients}`), ca, profile };
}

/**
 * The local Ethereum chain beside a local network.
 * @throws InvalidArgumentsError when there is none.
 */
export const localEvm = (folder: string = defaultLocalNetwork): LocalEvm =>
  readJson<LocalEvm>(
    join(folder, 'evm.json'),
    `there is no Ethereum chain beside ${folder}: start it with "dwallet network up --evm"`,
    ({ rpc, chainId }) =>
      typeof rpc === 'string' && /^http:\/\/127\.0\.0\.1:\d+$/.test(rpc) && Number.isInteger(chainId),
  );
