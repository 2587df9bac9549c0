/**
 * Where raw blocks come from: the RPC of a node (bcoin, Bitcoin Core), or Esplora's HTTP API. Both give bytes, which are checked elsewhere.
 *
 * @module
 */
import { type ExchangeOptions, exchange } from '../http-exchange.ts';
import { jsonRpc } from '../json-rpc.ts';
import { InconsistentNodeError, SilentNodeError } from '../node-error.ts';

/** Hashes as displayed: 64 hex digits in lower case. */
export interface BitcoinSource {
  readonly node: string;
  /** Height of the best chain. */
  height(signal: AbortSignal): Promise<number>;
  hashAt(height: number, signal: AbortSignal): Promise<string>;
  /** 80 bytes, if it is what it should be. */
  header(hash: string, signal: AbortSignal): Promise<Uint8Array>;
  block(hash: string, signal: AbortSignal): Promise<Uint8Array>;
}

function heightIn(node: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InconsistentNodeError(node, 'malformed', 'a height is no number');
}
function hashIn(node: string, value: unknown): string {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value;
  throw new InconsistentNodeError(node, 'malformed', 'a block hash is not 32 bytes in hex');
}
function bytesIn(node: string, value: unknown): Uint8Array {
  if (typeof value === 'string' && value.length % 2 === 0 && !/[^0-9a-f]/.test(value)) return Buffer.from(value, 'hex');
  throw new InconsistentNodeError(node, 'malformed', 'a block or header is not hex');
}

export function rpcSource(options: ExchangeOptions): BitcoinSource {
  const { node } = options;
  const rpc = jsonRpc(options);
  return {
    node,
    height: async (signal) => heightIn(node, await rpc.call('getblockcount', [], signal)),
    hashAt: async (height, signal) => hashIn(node, await rpc.call('getblockhash', [height], signal)),
    header: async (hash, signal) => bytesIn(node, await rpc.call('getblockheader', [hash, false], signal)),
    block: async (hash, signal) => bytesIn(node, await rpc.call('getblock', [hash, false], signal)),
  };
}

/** @param options - `endpoint` is the API's root, such as `http://127.0.0.1:3000` or `https://.../api`. */
export function esploraSource(options: ExchangeOptions): BitcoinSource {
  const { node } = options;
  const get = async (path: string, signal: AbortSignal): Promise<Uint8Array> => {
    const { status, body } = await exchange(options, { path }, signal);
    if (status !== 200) throw new SilentNodeError(node, 'refused', `HTTP status ${status}`);
    return body;
  };
  const text = async (path: string, signal: AbortSignal): Promise<string> =>
    Buffer.from(await get(path, signal))
      .toString('latin1')
      .trim();
  return {
    node,
    async height(signal) {
      const height = await text('/blocks/tip/height', signal);
      return heightIn(node, /^[0-9]{1,9}$/.test(height) ? Number(height) : undefined);
    },
    hashAt: async (height, signal) => hashIn(node, await text(`/block-height/${height}`, signal)),
    header: async (hash, signal) => bytesIn(node, await text(`/block/${hash}/header`, signal)),
    block: (hash, signal) => get(`/block/${hash}/raw`, signal),
  };
}
