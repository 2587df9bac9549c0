/**
 * Watchers on a real Bitcoin node (bcoin, regtest), by its RPC and by Esplora's HTTP API: departures with an OP_RETURN output, reorganisations, and
 * nodes that lie about blocks.
 */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BITCOIN_NETWORKS, encodeEvmAddress, p2wpkhAddress, p2wpkhScript } from '@dwallet/chains';
import { encodeDestination, nativeAsset } from '@dwallet/zones';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { Transaction } from '@scure/btc-signer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BitcoinNode, startBitcoinNode } from '../../cli/src/local-chains/bitcoin-node.ts';
import type { ChainWatcher, InconsistencyCheck } from '../../services/validator/src/zones/watchers/index.ts';
import { type Alter, type AlteringProxy, alteringProxy } from './helpers/altering-proxy.ts';
import { type ZoneInput, caughtUp, until, watching } from './helpers/watching.ts';

const chain = BITCOIN_NETWORKS.regtest.id;
const token = nativeAsset(chain) ?? '';
const secret = new Uint8Array(32).fill(0x21);
const ownKey = secp256k1.getPublicKey(secret, true);
const vaultKey = secp256k1.getPublicKey(new Uint8Array(32).fill(0x22), true);
const vault = p2wpkhAddress(vaultKey, 'regtest');
const elsewhere = { chain: 'eip155:7', recipient: encodeEvmAddress(new Uint8Array(20).fill(0xb1)) };
const note = encodeDestination(elsewhere);
const doubleHash = (bytes: Uint8Array): Uint8Array => sha256(sha256(bytes));

let node: BitcoinNode;
let proxy: AlteringProxy;
let esplora: { readonly url: string; close(): Promise<void> };

async function rpc(method: string, params: readonly unknown[] = []): Promise<unknown> {
  const answer = await fetch(node.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 1, method, params }),
  });
  const { result, error } = (await answer.json()) as { result: unknown; error: unknown };
  if (error !== null && error !== undefined) throw new Error(JSON.stringify(error));
  return result;
}
const height = async (): Promise<number> => (await rpc('getblockcount')) as number;

/** `OP_RETURN` with one push. */
const returning = (data: Uint8Array): Uint8Array =>
  Uint8Array.of(0x6a, ...(data.length > 75 ? [0x4c] : []), data.length, ...data);

/** A payment with these outputs, in a block of its own. @returns its id. */
async function pay(outputs: readonly { readonly script: Uint8Array; readonly amount: bigint }[]): Promise<string> {
  const total = outputs.reduce((sum, { amount }) => sum + amount, 1000n);
  const coin = await node.fund(p2wpkhScript(ownKey), total);
  const transaction = new Transaction({ allowUnknownOutputs: true });
  transaction.addInput({
    txid: coin.txid,
    index: coin.vout,
    witnessUtxo: { amount: coin.amountSats, script: coin.scriptPubKey },
  });
  for (const output of outputs) transaction.addOutput(output);
  transaction.sign(secret);
  transaction.finalize();
  const mined = await node.mineDirectly(transaction.extract());
  if (!mined.accepted) throw new Error(mined.reason);
  return transaction.id;
}
const vaultOutput = (amount: bigint) => ({ script: p2wpkhScript(vaultKey), amount });
const noteOutput = (data: Uint8Array = note) => ({ script: returning(data), amount: 0n });
const depart = (amount: bigint) => pay([noteOutput(), vaultOutput(amount)]);
const departure = (txid: string, at: number, amount: bigint) => ({
  chain,
  reference: `${txid}/${at}`,
  kind: 'transfer',
  token,
  amount,
  to: elsewhere.chain,
  recipient: elsewhere.recipient,
});

/** Esplora's API on top of the node's RPC. */
async function esploraServer(): Promise<typeof esplora> {
  const answer = async (path: string): Promise<string | Buffer | undefined> => {
    const [, first, second, third] = path.split('/');
    if (path === '/blocks/tip/height') return String(await rpc('getblockcount'));
    if (first === 'block-height') return String(await rpc('getblockhash', [Number(second)]));
    if (first === 'block' && third === 'header') return String(await rpc('getblockheader', [second, false]));
    if (first === 'block' && third === 'raw') return Buffer.from(String(await rpc('getblock', [second, false])), 'hex');
    return undefined;
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void answer(request.url ?? '').then(
      (body) => response.writeHead(body === undefined ? 404 : 200).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const zone = (from: number, more: Partial<ZoneInput> = {}): ZoneInput => ({
  chain,
  nodes: [{ name: 'own', kind: 'bitcoin', url: proxy.url, retries: 0 }],
  finality: { kind: 'confirmations', confirmations: 2 },
  from,
  pollMs: 20,
  maxPauseMs: 1000,
  assets: [{ token, vault }],
  ...more,
});
const events = (watcher: ChainWatcher) => watcher.assetEvents(0, 1000).map(({ value }) => value);

beforeAll(async () => {
  node = await startBitcoinNode();
  proxy = await alteringProxy(node.rpcUrl);
  esplora = await esploraServer();
});
afterAll(async () => {
  await proxy?.close();
  await esplora?.close();
  await node?.stop();
});

describe('what a watcher sees on Bitcoin', () => {
  it('departures with one vault output and one destination, the same by RPC and by Esplora', async () => {
    const from = (await height()) + 1;
    const nodes: ZoneInput['nodes'] = [
      { name: 'own', kind: 'bitcoin', url: proxy.url },
      { name: 'esplora', kind: 'esplora', url: esplora.url },
    ];
    const { watcher, count } = watching(zone(from, { nodes }));
    watcher.start();
    const first = await depart(40_000n);
    // None of these is a departure.
    await pay([vaultOutput(40_000n)]);
    await pay([noteOutput(note.slice(1)), vaultOutput(40_000n)]);
    await pay([noteOutput(), noteOutput(), vaultOutput(40_000n)]);
    await pay([noteOutput(), vaultOutput(40_000n), vaultOutput(41_000n)]);
    await pay([noteOutput(encodeDestination({ chain, recipient: vault })), vaultOutput(40_000n)]);
    await pay([noteOutput(), { script: p2wpkhScript(ownKey), amount: 40_000n }]);
    // The same bytes, pushed in a longer form than they need.
    await pay([{ script: Uint8Array.of(0x6a, 0x4c, note.length, ...note), amount: 0n }, vaultOutput(40_000n)]);
    const last = await depart(50_000n);
    await caughtUp(watcher, await height());
    expect(events(watcher)).toEqual([departure(first, 1, 40_000n)]);
    await node.mine(1);
    await caughtUp(watcher, await height());
    expect(events(watcher)).toEqual([departure(first, 1, 40_000n), departure(last, 1, 50_000n)]);
    expect(watcher.event(`${last}/1`)).toMatchObject({ kind: 'final', view: { finalisedHeight: undefined } });
    expect(await count('ignored_total', { reason: 'ambiguous' })).toBe(4);
    expect(await count('ignored_total', { reason: 'bad-destination' })).toBe(4);
    expect(await count('ignored_total', { reason: 'no-destination' })).toBe(2);
    expect(await count('ignored_total', { reason: 'destination-here' })).toBe(2);
    expect(watcher.clusterHead()).toBeUndefined();
    await watcher.stop();
  });

  it('a reorganisation above finality takes the departure back unseen; one below is a fault', async () => {
    const from = (await height()) + 1;
    const { watcher, count } = watching(zone(from));
    watcher.start();
    const gone = await depart(40_000n);
    await caughtUp(watcher, await height());
    await rpc('invalidateblock', [await rpc('getblockhash', [await height()])]);
    await node.mine(3);
    const stays = await depart(50_000n);
    await node.mine(1);
    await caughtUp(watcher, await height());
    expect(watcher.event(`${gone}/1`)).toEqual({ kind: 'unknown' });
    expect(events(watcher)).toEqual([departure(stays, 1, 50_000n)]);
    expect(await count('reorganised_blocks_total')).toBeGreaterThan(0);
    expect(watcher.faults()).toEqual([]);
    const deep = watcher.assetEvents(0)[0]?.block;
    await rpc('invalidateblock', [deep?.hash]);
    await node.mine(3);
    await until(watcher, () => watcher.status().kind === 'forked');
    expect(watcher.faults()).toMatchObject([
      { track: 'final', reported: deep, conflicting: { height: deep?.height, parent: deep?.parent } },
    ]);
    await watcher.stop();
  });
});

const lies: readonly (readonly [InconsistencyCheck, string, Alter])[] = [
  [
    'chain-id',
    'another genesis block',
    (method, [at], result) => (method === 'getblockhash' && at === 0 ? '11'.repeat(32) : result),
  ],
  [
    'block-hash',
    'a header that was changed',
    (method, _, result) => (method === 'getblockheader' ? `ff${String(result).slice(2)}` : result),
  ],
  [
    'merkle-root',
    'another amount',
    (method, _, result) =>
      // 40 000 sats in eight bytes, to 40 001.
      method === 'getblock' ? String(result).replace('409c000000000000', '419c000000000000') : result,
  ],
  [
    'malformed',
    'a block that is cut short',
    (method, _, result) => (method === 'getblock' ? String(result).slice(0, -2) : result),
  ],
  ['malformed', 'no hex at all', (method, _, result) => (method === 'getblock' ? 'zz' : result)],
];

describe('a Bitcoin node that lies', () => {
  it.each(lies)('%s: %s', async (check, _, alter) => {
    const from = (await height()) + 1;
    const paid = await depart(40_000n);
    await node.mine(1);
    proxy.alter = alter;
    const { watcher } = watching(zone(from));
    watcher.start();
    await until(watcher, () => watcher.status().kind === 'inconsistent');
    expect(watcher.status()).toMatchObject({ check });
    expect([watcher.healthy, events(watcher), watcher.faults()]).toEqual([false, [], []]);
    proxy.alter = undefined;
    await caughtUp(watcher, await height());
    expect(events(watcher)).toEqual([departure(paid, 1, 40_000n)]);
    await watcher.stop();
  });

  it('proof-of-work: a chain of headers that cost nothing', async () => {
    const from = (await height()) + 1;
    await node.mine(1);
    const tip = await height();
    const raw = hexToBytes(String(await rpc('getblockheader', [await rpc('getblockhash', [tip]), false])));
    // The same block with a target of nearly nothing: its hash does not reach it.
    raw.set([0x01, 0x00, 0x00, 0x03], 72);
    const hash = bytesToHex(doubleHash(raw).reverse());
    proxy.alter = (method, [at], result) => {
      if (method === 'getblockhash' && at === tip) return hash;
      return method === 'getblockheader' && at === hash ? bytesToHex(raw) : result;
    };
    // The node does not know the made-up hash: its error is replaced, too.
    proxy.answer = (method, [at]) => (method === 'getblockheader' && at === hash ? bytesToHex(raw) : undefined);
    const { watcher } = watching(zone(from));
    watcher.start();
    await until(watcher, () => watcher.status().kind === 'inconsistent');
    expect(watcher.status()).toMatchObject({ check: 'proof-of-work' });
    proxy.alter = undefined;
    proxy.answer = undefined;
    await watcher.stop();
  });
});
