/**
 * The work of `dwallet zone|asset|cluster`: asks one validator after the other until one answers.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { ZoneClient, type ZoneMessage, type ZoneRpc, type ZoneStreamRpc, localNetwork } from '@dwallet/client-sdk/node';
import type { ConnectionOptions } from '../wallet/connection.ts';
import { UsageError } from '../wallet/errors.ts';
import type { Output } from '../wallet/output.ts';

export interface ZoneCommandOptions extends ConnectionOptions {
  readonly json: boolean;
}

interface Reached {
  readonly endpoints: readonly string[];
  readonly ca?: string;
}

function reached({ network, endpoints, ca }: ZoneCommandOptions): Reached {
  if (endpoints === undefined) return localNetwork(network);
  if (network !== undefined) throw new UsageError('--network is a folder that knows endpoints by itself');
  try {
    return { endpoints: endpoints.split(','), ...(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }) };
  } catch {
    throw new UsageError(`--ca: ${ca} cannot be read`);
  }
}

const isAway = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'UNAVAILABLE';

/** The first validator that answers. */
async function atOne<T>(options: ZoneCommandOptions, work: (client: ZoneClient) => Promise<T>): Promise<T> {
  const { endpoints, ca } = reached(options);
  let last: unknown = new UsageError('--endpoints names no validator');
  for (const endpoint of endpoints) {
    const client = new ZoneClient({ endpoint, ...(ca === undefined ? {} : { ca }) });
    try {
      return await work(client);
    } catch (error) {
      if (!isAway(error)) throw error;
      last = error;
    } finally {
      client.close();
    }
  }
  throw last;
}

/** Bytes as hex, so that JSON can carry them. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

const text = (value: unknown): string => {
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map((item) => text(item)).join(', ');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([key, inner]) => `${key} ${text(inner)}`)
      .join(' ');
  if (typeof value === 'string') return value === '' ? '-' : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '-';
};

const bytesFields: ReadonlySet<string> = new Set(['record', 'certificate', 'digest', 'payload']);
/** One message as lines; bytes are for programs. */
const lines = (message: ZoneMessage): string[] =>
  Object.entries(plain(message) as ZoneMessage)
    .filter(([key]) => !bytesFields.has(key))
    .map(([key, value]) => `${key.padEnd(14)} ${text(value)}`);

async function ask(
  output: Output,
  options: ZoneCommandOptions,
  rpc: ZoneRpc,
  request: ZoneMessage,
  part?: string,
): Promise<void> {
  const answer = await atOne(options, (client) => client.call(rpc, request));
  const shown = part === undefined ? answer : ((answer[part] ?? answer) as ZoneMessage);
  const list = Object.values(shown).find((value): value is ZoneMessage[] => part === undefined && Array.isArray(value));
  const asLines =
    list === undefined ? lines(shown) : list.flatMap((item, i) => [...(i === 0 ? [] : ['']), ...lines(item)]);
  output.result(plain(answer) as ZoneMessage, asLines.length === 0 ? ['none'] : asLines);
}

async function follow(
  output: Output,
  options: ZoneCommandOptions,
  rpc: ZoneStreamRpc,
  request: ZoneMessage,
  part: string,
): Promise<void> {
  await atOne(options, async (client) => {
    for await (const message of client.watch(rpc, request)) {
      const shown = (message[part] ?? message) as ZoneMessage;
      if (output.json) process.stdout.write(`${JSON.stringify(plain(shown))}\n`);
      else process.stdout.write(`${lines(shown).join('\n')}\n\n`);
    }
  });
}

export const listZones = (output: Output, options: ZoneCommandOptions): Promise<void> =>
  ask(output, options, 'ListZones', {});
export const showZone = (output: Output, chain: string, options: ZoneCommandOptions): Promise<void> =>
  ask(output, options, 'GetZone', { chain }, 'zone');
export const showEvent = (
  output: Output,
  chain: string,
  reference: string,
  options: ZoneCommandOptions,
): Promise<void> => ask(output, options, 'GetEvent', { chain, reference });
export async function showPolicy(output: Output, publicKey: string, options: ZoneCommandOptions): Promise<void> {
  if (!/^[0-9a-f]{66}$/.test(publicKey)) throw new UsageError('the public key must be 66 hex characters');
  await ask(output, options, 'GetDWalletPolicy', { publicKey: Buffer.from(publicKey, 'hex') });
}
export async function submit(output: Output, file: string, options: ZoneCommandOptions): Promise<void> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    throw new UsageError(`${file} cannot be read`);
  }
  const asText = bytes.toString('latin1').trim();
  const submission = /^([0-9a-f]{2})+$/.test(asText) ? Buffer.from(asText, 'hex') : bytes;
  await atOne(options, (client) => client.submit(submission));
  output.result({ certified: true }, ['certified']);
}
export const watchZone = (output: Output, chain: string, options: ZoneCommandOptions): Promise<void> =>
  follow(output, options, 'WatchZone', { chain }, 'zone');

export const listAssets = (output: Output, options: ZoneCommandOptions): Promise<void> =>
  ask(output, options, 'ListAssets', {});
export const showAsset = (output: Output, asset: string, options: ZoneCommandOptions): Promise<void> =>
  ask(output, options, 'GetAsset', { asset }, 'asset');
interface FromOptions extends ZoneCommandOptions {
  readonly from: number;
}
export const listEntries = (output: Output, asset: string, options: FromOptions): Promise<void> =>
  ask(output, options, 'ListEntries', { asset, fromHeight: options.from });
export const showEntry = (output: Output, asset: string, height: number, options: ZoneCommandOptions): Promise<void> =>
  ask(output, options, 'GetEntry', { asset, height }, 'entry');
export const watchEntries = (output: Output, asset: string, options: FromOptions): Promise<void> =>
  follow(output, options, 'WatchEntries', { asset, fromHeight: options.from }, 'entry');

export const listClusters = (output: Output, options: ZoneCommandOptions): Promise<void> =>
  ask(output, options, 'ListClusters', {});
export const showCluster = (output: Output, cluster: string, options: ZoneCommandOptions): Promise<void> =>
  ask(output, options, 'GetCluster', { cluster }, 'cluster');
export const showSettlement = (
  output: Output,
  cluster: string,
  interval: number,
  options: ZoneCommandOptions,
): Promise<void> => ask(output, options, 'GetSettlement', { cluster, interval });
export const watchCluster = (
  output: Output,
  cluster: string,
  options: ZoneCommandOptions & { readonly status: boolean },
): Promise<void> =>
  options.status
    ? follow(output, options, 'WatchCluster', { cluster }, 'cluster')
    : follow(output, options, 'WatchMessages', { cluster, newOnly: false }, 'message');
