/**
 * Watchers on a real EVM node (anvil) with the demonstration's contracts: what they see, what a reorganisation takes back, and what they make of
 * nodes that lie, are silent or disagree. Between watcher and node stands a proxy that can alter every answer.
 */
import { encodeDestination, nativeAsset } from '@dwallet/zones';
import {
  type Address,
  type Hex,
  concatHex,
  encodeFunctionData,
  getAddress,
  keccak256,
  numberToHex,
  stringToHex,
  toHex,
  decodeFunctionResult,
} from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EvmNode, startEvmNode } from '../../cli/src/local-chains/evm-node.ts';
import {
  AssemblyError,
  assemble,
  deploymentCode,
  gatewayAbi,
  gatewayDeployment,
  tokenAbi,
  tokenDeployment,
} from '../../cli/src/zones-demo/contracts/index.ts';
import {
  type ChainWatcher,
  type InconsistencyCheck,
  deliveryOf,
  messageOf,
  nameHash,
} from '../../services/validator/src/zones/watchers/index.ts';
import { clusterOfChains } from '../../packages/zones/test/helpers/build.ts';
import { type Alter, type AlteringProxy, alteringProxy } from './helpers/altering-proxy.ts';
import { type ZoneInput, caughtUp, until, watching } from './helpers/watching.ts';

const account = (byte: number): Address => getAddress(`0x${byte.toString(16).padStart(2, '0').repeat(20)}`);
const [issuer, ann, vault, nativeVault, relayer, settler] = [0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6].map(account) as [
  Address,
  Address,
  Address,
  Address,
  Address,
  Address,
];
const elsewhere = { chain: 'eip155:7', recipient: account(0xb1) };
const destination = toHex(encodeDestination(elsewhere));

interface Receipt {
  readonly transactionHash: Hex;
  readonly blockNumber: Hex;
  readonly status: Hex;
  readonly contractAddress: Address | null;
  readonly logs: readonly unknown[];
}

let node: EvmNode;
let proxy: AlteringProxy;
let token: Address;
let gateway: Address;
let chain: string;

const height = async (): Promise<number> => Number(await node.request('eth_blockNumber'));
const mine = (blocks: number): Promise<unknown> => node.request('anvil_mine', [numberToHex(blocks)]);

/** One transaction in a block of its own. */
async function send(from: Address, to: Address | undefined, data: Hex, value = 0n): Promise<Receipt> {
  const transaction = { from, ...(to === undefined ? {} : { to }), data, value: numberToHex(value), gas: '0x400000' };
  const hash = await node.request('eth_sendTransaction', [transaction]);
  // The node answers before it has mined.
  for (;;) {
    const receipt = (await node.request('eth_getTransactionReceipt', [hash])) as Receipt | null;
    if (receipt !== null) return receipt;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
const onToken = (from: Address, call: Parameters<typeof encodeFunctionData<typeof tokenAbi>>[0], tail: Hex = '0x') =>
  send(from, token, concatHex([encodeFunctionData(call), tail]));
const onGateway = (from: Address, call: Parameters<typeof encodeFunctionData<typeof gatewayAbi>>[0]) =>
  send(from, gateway, encodeFunctionData(call));
const mint = (amount: bigint) => onToken(issuer, { abi: tokenAbi, functionName: 'mint', args: [ann, amount] });
const depart = (amount: bigint, tail: Hex = destination) =>
  onToken(ann, { abi: tokenAbi, functionName: 'transfer', args: [vault, amount] }, tail);

async function view(data: Hex): Promise<Hex> {
  return (await node.request('eth_call', [{ to: token, data }, 'latest'])) as Hex;
}
const balanceOf = async (of: Address): Promise<bigint> =>
  decodeFunctionResult({
    abi: tokenAbi,
    functionName: 'balanceOf',
    data: await view(encodeFunctionData({ abi: tokenAbi, functionName: 'balanceOf', args: [of] })),
  });

const tokenId = (): string => `${chain}/erc20:${token}`;
const departure = (receipt: Receipt, at: number | 'value', amount: bigint, of = tokenId()) => ({
  chain,
  reference: `${receipt.transactionHash}/${at}`,
  kind: 'transfer',
  token: of,
  amount,
  to: elsewhere.chain,
  recipient: elsewhere.recipient,
});

/** The zone as an operator configures it, from a height on. */
const zone = (from: number, more: Partial<ZoneInput> = {}): ZoneInput => ({
  chain,
  nodes: [{ name: 'own', kind: 'evm', url: proxy.url, timeoutMs: 2000, retries: 0 }],
  finality: { kind: 'confirmations', confirmations: 3 },
  from,
  pollMs: 20,
  maxPauseMs: 1000,
  gateway,
  assets: [{ token: tokenId(), vault, owner: true, mints: true }],
  ...more,
});
const events = (watcher: ChainWatcher) => watcher.assetEvents(0, 1000).map(({ value }) => value);

beforeAll(async () => {
  node = await startEvmNode();
  proxy = await alteringProxy(node.rpcUrl);
  chain = `eip155:${node.chainId}`;
  await node.request('anvil_autoImpersonateAccount', [true]);
  for (const of of [issuer, ann, relayer, settler]) await node.fund(of, 10n ** 21n);
  token = getAddress((await send(issuer, undefined, tokenDeployment(issuer))).contractAddress as Address);
  gateway = getAddress(
    (await send(issuer, undefined, gatewayDeployment({ relayer, settler }))).contractAddress as Address,
  );
});
afterAll(async () => {
  await proxy?.close();
  await node?.stop();
});

describe('the contracts', () => {
  const refused = '0x0';
  const call = (functionName: 'transfer' | 'mint' | 'approve', args: readonly [Address, bigint]) =>
    ({ abi: tokenAbi, functionName, args }) as const;

  it('token: the owner mints, holders transfer, approve and burn what they have', async () => {
    expect((await onToken(ann, call('mint', [ann, 5n]))).status).toBe(refused);
    expect((await mint(100n)).status).toBe('0x1');
    expect((await onToken(ann, call('transfer', [vault, 101n]))).status).toBe(refused);
    expect((await onToken(ann, call('transfer', [relayer, 30n]))).status).toBe('0x1');
    expect((await onToken(ann, call('transfer', [ann, 70n]))).status).toBe('0x1');
    const take = (amount: bigint) =>
      onToken(issuer, { abi: tokenAbi, functionName: 'transferFrom', args: [ann, relayer, amount] });
    expect((await take(1n)).status).toBe(refused);
    await onToken(ann, call('approve', [issuer, 10n]));
    expect((await take(11n)).status).toBe(refused);
    expect((await take(10n)).status).toBe('0x1');
    expect((await take(1n)).status).toBe(refused);
    expect((await onToken(ann, { abi: tokenAbi, functionName: 'burn', args: [61n] })).status).toBe(refused);
    expect((await onToken(ann, { abi: tokenAbi, functionName: 'burn', args: [60n] })).status).toBe('0x1');
    expect([await balanceOf(ann), await balanceOf(relayer)]).toEqual([0n, 40n]);
    expect(BigInt(await view(encodeFunctionData({ abi: tokenAbi, functionName: 'totalSupply' })))).toBe(40n);
    // Overflow of the supply, dirty address words, cut calldata, coin, unknown functions.
    expect((await mint(2n ** 256n - 1n)).status).toBe(refused);
    const dirty = `0x${'ff'.repeat(32)}` as const;
    for (const data of [
      '0xa9059cbb',
      concatHex(['0xa9059cbb', dirty, `0x${'00'.repeat(32)}`]),
      '0x12345678',
    ] as const) {
      expect((await send(relayer, token, data)).status).toBe(refused);
    }
    expect((await send(ann, token, '0x', 1n)).status).toBe(refused);
  });

  it('gateway: counts nonces per destination, bounds sizes, and delivers and settles for its accounts only', async () => {
    const [cluster, to] = [toHex(nameHash('c')), toHex(nameHash('eip155:7'))];
    const message = (data: Hex) => onGateway(ann, { abi: gatewayAbi, functionName: 'send', args: [cluster, to, data] });
    const nonceOf = ({ logs: [log] }: Receipt): bigint => BigInt((log as { data: Hex }).data.slice(0, 66));
    expect([nonceOf(await message('0x01')), nonceOf(await message('0x'))]).toEqual([0n, 1n]);
    expect((await message(`0x${'ab'.repeat(65_516)}`)).status).toBe('0x1');
    expect((await message(`0x${'ab'.repeat(65_517)}`)).status).toBe(refused);
    const deliver = (from: Address, nonce: bigint) =>
      onGateway(from, { abi: gatewayAbi, functionName: 'deliver', args: [cluster, to, nonce, '0xaa'] });
    expect((await deliver(ann, 0n)).status).toBe(refused);
    expect((await deliver(relayer, 0n)).status).toBe('0x1');
    expect((await deliver(relayer, 0n)).status).toBe(refused);
    expect((await deliver(relayer, 2n)).status).toBe('0x1');
    const settle = (from: Address) =>
      onGateway(from, { abi: gatewayAbi, functionName: 'settle', args: [keccak256('0x01')] });
    expect([(await settle(ann)).status, (await settle(settler)).status]).toEqual([refused, '0x1']);
    const alone = onGateway(ann, { abi: gatewayAbi, functionName: 'depart', args: [token, vault, 1n, destination] });
    expect((await alone).status).toBe(refused);
  });

  it('assembler: refuses what it does not know', () => {
    expect(assemble('a: 0x01ff @a JUMP ; comment')).toEqual(Uint8Array.of(0x5b, 0x61, 1, 255, 0x61, 0, 0, 0x56));
    for (const wrong of ['NOPE', '0x1', '@nowhere', 'a: a:', `0x${'00'.repeat(33)}`]) {
      expect(() => assemble(wrong), wrong).toThrow(AssemblyError);
    }
  });
});

describe('what a watcher sees', () => {
  it('mints, burns and departures in their three forms, when they are final and not before', async () => {
    const from = (await height()) + 1;
    const { watcher, count } = watching(
      zone(from, {
        assets: [
          { token: tokenId(), vault, owner: true, mints: true },
          { token: nativeAsset(chain) ?? '', vault: nativeVault },
        ],
      }),
    );
    watcher.start();
    const minted = await mint(1000n);
    const byCalldata = await depart(7n);
    await onToken(ann, { abi: tokenAbi, functionName: 'approve', args: [gateway, 8n] });
    const byGateway = await onGateway(ann, {
      abi: gatewayAbi,
      functionName: 'depart',
      args: [token, vault, 8n, destination],
    });
    const burnt = await onToken(ann, { abi: tokenAbi, functionName: 'burn', args: [9n] });
    const native = await send(ann, nativeVault, destination, 10n);
    // None of these is a departure.
    await depart(1n, '0x');
    await depart(1n, concatHex([destination, '0x00']));
    await depart(1n, toHex(encodeDestination({ chain, recipient: ann })));
    await depart(10_000n);
    await send(ann, nativeVault, '0x', 1n);
    const last = await depart(11n);
    await mine(1);
    await caughtUp(watcher, await height());
    const before = [
      { ...departure(minted, 0, 1000n), kind: 'mint', to: chain, recipient: '' },
      departure(byCalldata, 0, 7n),
      departure(byGateway, 0, 8n),
      { ...departure(burnt, 0, 9n), kind: 'burn', to: chain, recipient: '' },
      departure(native, 'value', 10n, nativeAsset(chain)),
    ];
    // The last one is in the second newest block: one too few for three confirmations.
    expect(events(watcher)).toEqual(before);
    expect(watcher.event(`${last.transactionHash}/0`)).toEqual({ kind: 'unknown' });
    await mine(1);
    await caughtUp(watcher, await height());
    expect(events(watcher)).toEqual([...before, departure(last, 0, 11n)]);
    const eventHeight = Number(last.blockNumber);
    expect(watcher.event(`${last.transactionHash}/0`)).toEqual({
      kind: 'final',
      event: departure(last, 0, 11n),
      view: { eventHeight, headHeight: eventHeight + 2, finalisedHeight: undefined },
    });
    for (const reason of ['no-destination', 'bad-destination', 'destination-here']) {
      expect(await count('ignored_total', { reason }), reason).toBeGreaterThan(0);
    }
    await watcher.stop();
  });

  it('no destination from another gateway, nor one that two transfers would share', async () => {
    const strange = getAddress(
      (await send(issuer, undefined, gatewayDeployment({ relayer, settler }))).contractAddress as Address,
    );
    // Says every transfer twice.
    const transferTwice = `0x24 CALLDATALOAD PUSH0 MSTORE
      0x04 CALLDATALOAD CALLER topic(Transfer(address,address,uint256)) 0x20 PUSH0 LOG3
      0x04 CALLDATALOAD CALLER topic(Transfer(address,address,uint256)) 0x20 PUSH0 LOG3 STOP`;
    const stammering = getAddress(
      (await send(issuer, undefined, deploymentCode(assemble(transferTwice), []))).contractAddress as Address,
    );
    await mint(10n);
    const from = (await height()) + 1;
    await onToken(ann, { abi: tokenAbi, functionName: 'approve', args: [strange, 3n] });
    const call = encodeFunctionData({ abi: gatewayAbi, functionName: 'depart', args: [token, vault, 3n, destination] });
    expect((await send(ann, strange, call)).status).toBe('0x1');
    const twice = encodeFunctionData({ abi: tokenAbi, functionName: 'transfer', args: [vault, 4n] });
    expect((await send(ann, stammering, concatHex([twice, destination]))).logs).toHaveLength(2);
    await mine(3);
    const assets = [
      { token: tokenId(), vault },
      { token: `${chain}/erc20:${stammering}`, vault },
    ];
    const { watcher, count } = watching(zone(from, { assets }));
    watcher.start();
    await caughtUp(watcher, await height());
    expect(events(watcher)).toEqual([]);
    expect(await count('ignored_total', { reason: 'no-destination' })).toBe(3);
    await watcher.stop();
  });

  it('messages and deliveries of a cluster at its own depth, in its own words', async () => {
    const from = (await height()) + 1;
    const record = clusterOfChains('fast', [chain, 'eip155:7']);
    const [cluster, to] = [toHex(nameHash('fast')), toHex(nameHash('eip155:7'))];
    await onGateway(ann, { abi: gatewayAbi, functionName: 'send', args: [cluster, to, stringToHex('hello')] });
    await onGateway(relayer, { abi: gatewayAbi, functionName: 'deliver', args: [cluster, to, 0n, '0xaa'] });
    const { watcher } = watching(zone(from));
    watcher.start();
    await caughtUp(watcher, from + 1);
    const [sent, taken] = watcher.clusterEvents(0).map(({ value }) => value);
    if (sent?.kind !== 'message' || taken?.kind !== 'delivery') throw new Error('not what was expected');
    const head = watcher.clusterHead();
    expect(head?.height).toBe(from + 1);
    expect(watcher.clusterBlock(from)).toMatchObject({ height: from, hash: head?.parent });
    const payload = Buffer.concat([Buffer.from(ann.slice(2), 'hex'), Buffer.from('hello')]);
    expect(messageOf(record, chain, sent)).toEqual({
      cluster: 'fast',
      from: chain,
      to: 'eip155:7',
      nonce: 0n,
      sentAt: watcher.clusterBlock(from)?.time,
      payload: new Uint8Array(payload),
    });
    expect(deliveryOf(record, chain, taken)).toEqual({
      cluster: 'fast',
      from: 'eip155:7',
      to: chain,
      nonce: 0n,
      at: head?.time,
    });
    expect(toHex(taken.payloadHash)).toBe(keccak256('0xaa'));
    // Of another cluster, or for a chain that is no member.
    expect(messageOf(clusterOfChains('slow', [chain, 'eip155:7']), chain, sent)).toBeUndefined();
    expect(messageOf(clusterOfChains('fast', [chain, 'eip155:8']), chain, sent)).toBeUndefined();
    // Nothing of it is final yet: the block of the delivery is the newest one.
    expect(watcher.status()).toMatchObject({ kind: 'following', caughtUp: true, final: undefined });
    await watcher.stop();
  });
});

describe('reorganisations', () => {
  it('above finality: the event was never reported, and what replaces it is', async () => {
    await mint(100n);
    const from = (await height()) + 1;
    const { watcher, count } = watching(zone(from, { gateway: undefined }));
    watcher.start();
    const gone = await depart(1n);
    await caughtUp(watcher, await height());
    await node.request('anvil_reorg', [1, []]);
    const stays = await depart(2n);
    await mine(2);
    await caughtUp(watcher, await height());
    expect(events(watcher)).toEqual([departure(stays, 0, 2n)]);
    expect(watcher.event(`${gone.transactionHash}/0`)).toEqual({ kind: 'unknown' });
    expect(await count('reorganised_blocks_total')).toBeGreaterThan(0);
    expect(watcher.faults()).toEqual([]);
    await watcher.stop();
  });

  it('below finality: a safety fault with both blocks, which stays until an operator goes on', async () => {
    await mint(100n);
    const from = (await height()) + 1;
    const first = watching(zone(from));
    first.watcher.start();
    const kept = await depart(1n);
    const gone = await depart(2n);
    await mine(3);
    await caughtUp(first.watcher, await height());
    expect(events(first.watcher)).toHaveLength(2);
    const reported = first.watcher.assetEvents(1)[0]?.block;
    // One block more than what leaves the first departure in the chain.
    await node.request('anvil_reorg', [(await height()) - from, []]);
    await until(first.watcher, () => first.watcher.status().kind === 'forked');
    const [fault, ...others] = first.watcher.faults();
    expect(others).toEqual([]);
    const shown = (await node.request('eth_getBlockByNumber', [gone.blockNumber, false])) as { hash: Hex };
    expect(fault).toMatchObject({ chain, track: 'final', reported, conflicting: { hash: shown.hash.slice(2) } });
    expect(fault?.conflicting.parent).toBe(fault?.reported.parent);
    const keptReference = `${kept.transactionHash}/0`;
    expect(first.watcher.event(keptReference)).toMatchObject({ kind: 'unavailable', status: { kind: 'forked' } });
    expect(first.watcher.clusterHead()).toBeUndefined();
    expect(await first.count('safety_faults_total', { track: 'final' })).toBe(1);
    await first.watcher.stop();
    // Over a restart.
    const second = watching(zone(from), first.records);
    second.watcher.start();
    expect(second.watcher.status()).toEqual({ kind: 'forked', fault });
    second.watcher.acknowledge('final');
    await until(second.watcher, () => second.watcher.faults().some(({ track }) => track === 'cluster'));
    second.watcher.acknowledge('cluster');
    const again = await depart(3n);
    await mine(3);
    await caughtUp(second.watcher, await height());
    expect(second.watcher.faults()).toEqual([]);
    expect(second.watcher.event(keptReference)).toMatchObject({ kind: 'final' });
    expect(second.watcher.event(`${gone.transactionHash}/0`)).toEqual({ kind: 'unknown' });
    // The stream keeps what was said.
    expect(events(second.watcher)).toEqual([departure(kept, 0, 1n), departure(gone, 0, 2n), departure(again, 0, 3n)]);
    await second.watcher.stop();
  });
});

type Json = Record<string, unknown>;
/** Alters one object of an answer. */
const change = (result: unknown, fields: Json): unknown => ({ ...(result as Json), ...fields });

/** Each lie, and the check that sees it. `at` is the height of a block with a departure. */
const lies: readonly (readonly [InconsistencyCheck, string, (at: number, tip: number) => Alter])[] = [
  ['chain-id', 'another chain', () => (method, _, result) => (method === 'eth_chainId' ? '0x1' : result)],
  [
    'parent-hash',
    'a block that does not follow',
    (at) =>
      (method, [tag], result) =>
        method === 'eth_getBlockByNumber' && tag === numberToHex(at)
          ? change(result, { parentHash: `0x${'11'.repeat(32)}` })
          : result,
  ],
  [
    'block-hash',
    'another height',
    (at) =>
      (method, [tag], result) =>
        method === 'eth_getBlockByNumber' && tag === numberToHex(at) ? change(result, { number: '0x1' }) : result,
  ],
  [
    'block-time',
    'a block older than its parent',
    (at) =>
      (method, [tag], result) =>
        method === 'eth_getBlockByNumber' && tag === numberToHex(at) ? change(result, { timestamp: '0x1' }) : result,
  ],
  [
    'block-time',
    'a block of the future',
    () =>
      (method, [tag], result) =>
        method === 'eth_getBlockByNumber' && tag === 'latest' ? change(result, { timestamp: '0xffffffffff' }) : result,
  ],
  ['log-omitted', 'no logs', () => (method, _, result) => (method === 'eth_getLogs' ? [] : result)],
  [
    'log-omitted',
    'no receipts either',
    () => (method, _, result) => (method === 'eth_getLogs' || method === 'eth_getBlockReceipts' ? [] : result),
  ],
  [
    'log-receipt',
    'a log with another amount',
    () => (method, _, result) =>
      method === 'eth_getLogs'
        ? (result as Json[]).map((log) => change(log, { data: numberToHex(999n, { size: 32 }) }))
        : result,
  ],
  [
    'log-receipt',
    'a log that is in no receipt',
    () => (method, _, result) =>
      method === 'eth_getLogs' ? (result as Json[]).flatMap((log) => [log, change(log, { logIndex: '0x63' })]) : result,
  ],
  [
    'log-block',
    'a log of an unknown block',
    () => (method, _, result) =>
      method === 'eth_getLogs'
        ? (result as Json[]).map((log) => change(log, { blockHash: `0x${'22'.repeat(32)}` }))
        : result,
  ],
  [
    'transaction',
    'another transaction',
    () => (method, _, result) =>
      method === 'eth_getTransactionByHash' ? change(result, { hash: `0x${'33'.repeat(32)}` }) : result,
  ],
  [
    'malformed',
    'a height that is no number',
    () => (method, _, result) => (method === 'eth_getBlockByNumber' ? change(result, { number: 'many' }) : result),
  ],
];

describe('a node that lies', () => {
  it.each(lies)('%s: %s', async (check, _, lie) => {
    await mint(100n);
    const from = await height();
    const paid = await depart(5n);
    await mine(3);
    proxy.alter = lie(Number(paid.blockNumber), await height());
    const { watcher, count } = watching(zone(from, { gateway: undefined }));
    watcher.start();
    await until(watcher, () => watcher.status().kind === 'inconsistent');
    expect(watcher.status()).toMatchObject({ node: 'own', check });
    expect([watcher.healthy, events(watcher), watcher.faults()]).toEqual([false, [], []]);
    expect(await count('node_inconsistent_total', { node: 'own', check })).toBeGreaterThan(0);
    proxy.alter = undefined;
    await caughtUp(watcher, await height());
    expect(events(watcher).at(-1)).toEqual(departure(paid, 0, 5n));
    await watcher.stop();
  });

  it('height-back, finalised-back, finalised-ahead: what was final is not, and no fault without another block', async () => {
    const from = await height();
    await mine(5);
    const tip = await height();
    const block = (at: number) => node.request('eth_getBlockByNumber', [numberToHex(at), false]);
    let finalised: unknown = await block(tip - 1);
    let latest: unknown = await block(tip);
    proxy.alter = (method, [tag], result) => {
      if (method !== 'eth_getBlockByNumber') return result;
      return tag === 'finalized' ? finalised : tag === 'latest' ? latest : result;
    };
    const { watcher } = watching(zone(from, { finality: { kind: 'finalised' }, gateway: undefined }));
    watcher.start();
    await caughtUp(watcher, tip);
    expect(watcher.status()).toMatchObject({ final: { height: tip - 1 } });
    const saw = (check: InconsistencyCheck) =>
      until(watcher, () => {
        const status = watcher.status();
        return status.kind === 'inconsistent' && status.check === check;
      });
    finalised = await block(tip - 2);
    await saw('finalised-back');
    [finalised, latest] = [await block(tip - 3), await block(tip - 3)];
    await saw('height-back');
    [finalised, latest] = [await block(tip), await block(tip - 1)];
    await saw('finalised-ahead');
    [finalised, latest] = [await block(tip), await block(tip)];
    await caughtUp(watcher, tip);
    expect(watcher.status()).toMatchObject({ final: { height: tip } });
    expect(watcher.faults()).toEqual([]);
    proxy.alter = undefined;
    await watcher.stop();
  });
});

describe('a node that does not answer, and two that disagree', () => {
  it('silent: nothing is attested, the key in its address is told to nobody, and another zone goes on', async () => {
    await mint(100n);
    const from = await height();
    const paid = await depart(5n);
    await mine(3);
    const key = 'k3y-that-nobody-may-read';
    const nodes: ZoneInput['nodes'] = [
      { name: 'own', kind: 'evm', urlEnvironment: 'NODE_URL', timeoutMs: 150, retries: 1 },
    ];
    const one = watching(zone(from, { nodes }), undefined, { NODE_URL: `${proxy.url}/${key}?${key}` });
    const direct = await alteringProxy(node.rpcUrl);
    const other = watching(zone(from, { nodes: [{ name: 'other', kind: 'evm', url: direct.url }] }));
    one.watcher.start();
    other.watcher.start();
    await caughtUp(one.watcher, await height());
    const reference = `${paid.transactionHash}/0`;
    expect(one.watcher.event(reference).kind).toBe('final');
    proxy.silent = true;
    const before = Date.now();
    await until(one.watcher, () => one.watcher.status().kind === 'silent');
    const status = one.watcher.status();
    if (status.kind !== 'silent') throw new Error('not silent');
    expect(status).toMatchObject({ node: 'own', reason: 'timeout' });
    expect(status.since).toBeLessThanOrEqual(before + 1000);
    expect(one.watcher.event(reference)).toEqual({ kind: 'unavailable', status });
    expect([one.watcher.healthy, one.watcher.clusterHead()]).toEqual([false, undefined]);
    await mine(2);
    await caughtUp(other.watcher, await height());
    expect(other.watcher.event(reference).kind).toBe('final');
    proxy.silent = false;
    proxy.status = 503;
    await until(one.watcher, () => {
      const now = one.watcher.status();
      return now.kind === 'silent' && now.reason === 'refused';
    });
    // Still since the same moment.
    expect(one.watcher.status()).toMatchObject({ since: status.since });
    proxy.status = undefined;
    await caughtUp(one.watcher, await height());
    expect(await one.count('node_silent_total', { node: 'own' })).toBeGreaterThan(0);
    expect(one.lines.join('') + (await one.metrics()) + JSON.stringify(status)).not.toContain(key);
    await one.watcher.stop();
    await other.watcher.stop();
    await direct.close();
  });

  it('an answer without end is cut off', async () => {
    const from = await height();
    await mine(1);
    const endless = '00'.repeat(100_000);
    proxy.alter = (method, _, result) => (method === 'eth_chainId' ? endless : result);
    const nodes: ZoneInput['nodes'] = [
      { name: 'own', kind: 'evm', url: proxy.url, maxResponseBytes: 65_536, retries: 0 },
    ];
    const { watcher } = watching(zone(from, { nodes, gateway: undefined }));
    watcher.start();
    await until(watcher, () => watcher.status().kind === 'silent');
    expect(watcher.status()).toMatchObject({ reason: 'too-large' });
    proxy.alter = undefined;
    await watcher.stop();
  });

  it('disagreeing: only what both say counts', async () => {
    await mint(100n);
    const from = (await height()) + 1;
    const paid = await depart(5n);
    await mine(3);
    // A lie that holds together: the same smaller amount in logs, receipts and calldata.
    const five = numberToHex(5n, { size: 32 }).slice(2);
    const four = numberToHex(4n, { size: 32 }).slice(2);
    proxy.alter = (_, __, result) => JSON.parse(JSON.stringify(result).replaceAll(five, four)) as unknown;
    const direct = await alteringProxy(node.rpcUrl);
    const nodes: ZoneInput['nodes'] = [
      { name: 'one', kind: 'evm', url: direct.url },
      { name: 'two', kind: 'evm', url: proxy.url },
    ];
    const { watcher, count } = watching(zone(from, { nodes, gateway: undefined }));
    watcher.start();
    await until(watcher, () => watcher.status().kind === 'disagreeing');
    expect(watcher.status()).toMatchObject({ height: Number(paid.blockNumber) });
    expect([events(watcher), watcher.healthy]).toEqual([[], false]);
    expect(await count('disagreements_total')).toBeGreaterThan(0);
    proxy.alter = undefined;
    await caughtUp(watcher, await height());
    expect(events(watcher)).toEqual([departure(paid, 0, 5n)]);
    await watcher.stop();
    await direct.close();
  });
});
