/** What watchers find a real EVM chain (anvil) to run (CLUSTER:9): code and settings of its contracts, through proxies, and from nodes that lie or disagree. */
import { digest } from '@dwallet/sigma';
import { chainConfiguration } from '@dwallet/zones';
import { type Address, type Hex, getAddress, hexToBytes, keccak256, pad, toHex } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EvmNode, startEvmNode } from '../../cli/src/local-chains/evm-node.ts';
import { gatewayDeployment } from '../../cli/src/zones-demo/contracts/index.ts';
import { proxySlots } from '../../services/validator/src/zones/watchers/evm/running.ts';
import type { ChainWatcher } from '../../services/validator/src/zones/watchers/index.ts';
import { type AlteringProxy, alteringProxy } from './helpers/altering-proxy.ts';
import { type Watching, type ZoneInput, until, watching } from './helpers/watching.ts';

const account = (byte: number): Address => getAddress(`0x${byte.toString(16).padStart(2, '0').repeat(20)}`);
const [relayer, settler, proxyAddress, implementation, beacon, elsewhere] = [0xa1, 0xa2, 0xc1, 0xc2, 0xc3, 0xc4].map(
  account,
) as [Address, Address, Address, Address, Address, Address];
const relayerSlot = pad('0x00', { size: 32 });
/** DELEGATECALL, and nothing that makes sense. */
const delegating: Hex = '0x605ff4';

let node: EvmNode;
let proxy: AlteringProxy;
let gateway: Address;
let chain: string;

const mine = (): Promise<unknown> => node.request('evm_mine');
const setCode = (address: Address, code: Hex): Promise<unknown> => node.request('anvil_setCode', [address, code]);
const setWord = (address: Address, slot: string, value: Hex): Promise<unknown> =>
  node.request('anvil_setStorageAt', [address, slot, pad(value, { size: 32 })]);
const codeOf = async (address: Address): Promise<Hex> =>
  (await node.request('eth_getCode', [address, 'latest'])) as Hex;

/** The digest as those compute it who approve it: from addresses, code hashes and words. */
function expected(contracts: readonly (readonly [Address, Hex, Readonly<Record<string, Hex>>?])[]): Hex {
  const bytes = (hex: Hex) => digest(hexToBytes(hex));
  const made = contracts.map(([address, code, words = {}]) => ({
    address,
    code: bytes(keccak256(code)),
    storage: Object.entries(words)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([slot, value]) => ({ slot: bytes(slot as Hex), value: bytes(pad(value, { size: 32 })) })),
  }));
  return toHex(chainConfiguration.digest({ chain, contracts: made.sort((a, b) => (a.address < b.address ? -1 : 1)) }));
}

const zone = async (more: Partial<ZoneInput> = {}): Promise<ZoneInput> => ({
  chain,
  nodes: [{ name: 'own', kind: 'evm', url: proxy.url, timeoutMs: 2000, retries: 0 }],
  finality: { kind: 'confirmations', confirmations: 3 },
  from: Number(await node.request('eth_blockNumber')),
  pollMs: 20,
  maxPauseMs: 1000,
  gateway,
  ...more,
});
const found = (watcher: ChainWatcher): Hex | undefined => {
  const running = watcher.configuration();
  return running === undefined ? undefined : toHex(running.digest);
};
/** Makes a block and waits for what the chain runs after it. */
async function runs({ watcher }: Watching, wanted: Hex): Promise<void> {
  await mine();
  await until(watcher, () => found(watcher) === wanted);
}

beforeAll(async () => {
  node = await startEvmNode();
  proxy = await alteringProxy(node.rpcUrl);
  chain = `eip155:${node.chainId}`;
  await node.request('anvil_autoImpersonateAccount', [true]);
  await node.fund(relayer, 10n ** 21n);
  const transaction = { from: relayer, data: gatewayDeployment({ relayer, settler }), gas: '0x400000' };
  const hash = await node.request('eth_sendTransaction', [transaction]);
  let receipt: { contractAddress: Address } | null = null;
  while (receipt === null)
    receipt = (await node.request('eth_getTransactionReceipt', [hash])) as { contractAddress: Address } | null;
  gateway = getAddress(receipt.contractAddress);
});
afterAll(async () => {
  await proxy?.close();
  await node?.stop();
});
beforeEach(() => {
  proxy.alter = undefined;
  proxy.answer = undefined;
});

describe('what an EVM chain runs', () => {
  it('is the code of its gateway and the settings that the operator names, after each block', async () => {
    const code = await codeOf(gateway);
    const plain = watching(await zone());
    const strict = watching(await zone({ contracts: [{ address: gateway, slots: [relayerSlot] }] }));
    for (const { watcher } of [plain, strict]) watcher.start();
    const both = async (first: Hex, words: Readonly<Record<string, Hex>>): Promise<void> => {
      await runs(plain, expected([[gateway, first]]));
      await runs(strict, expected([[gateway, first, words]]));
    };
    await both(code, { [relayerSlot]: relayer });
    // Somebody who owns the chain, or an upgrade.
    await setCode(gateway, `${code}00`);
    await both(`${code}00`, { [relayerSlot]: relayer });
    await setCode(gateway, '0x');
    await both('0x', { [relayerSlot]: relayer });
    await setCode(gateway, code);
    await both(code, { [relayerSlot]: relayer });
    // Another relayer is no other code, but it is another configuration.
    await setWord(gateway, relayerSlot, settler);
    await both(code, { [relayerSlot]: settler });
    await setWord(gateway, relayerSlot, '0x00');
    await both(code, { [relayerSlot]: '0x00' });
    await setWord(gateway, relayerSlot, relayer);
    expect(plain.lines.join('')).toContain(`${gateway} ${keccak256(code).slice(2)}`);
    for (const { watcher } of [plain, strict]) await watcher.stop();
  });

  it('goes through proxies: whom they delegate to, what that runs, and who may change it', async () => {
    const code = await codeOf(gateway);
    await setCode(proxyAddress, delegating);
    await setCode(implementation, '0x01');
    await setCode(beacon, '0x02');
    await setWord(proxyAddress, proxySlots.implementation, implementation);
    // As the standard has them.
    expect(proxySlots.implementation).toBe('0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc');
    const named = watching(await zone({ contracts: [{ address: proxyAddress }, { address: elsewhere }] }));
    named.watcher.start();
    const words: Record<string, Hex> = { [proxySlots.implementation]: implementation };
    const base = [
      [gateway, code],
      [elsewhere, '0x'],
    ] as const;
    await runs(named, expected([...base, [proxyAddress, delegating, words], [implementation, '0x01']]));
    await setCode(implementation, '0x0101');
    await runs(named, expected([...base, [proxyAddress, delegating, words], [implementation, '0x0101']]));
    await setWord(proxyAddress, proxySlots.admin, settler);
    await setWord(proxyAddress, proxySlots.beacon, beacon);
    const all = { ...words, [proxySlots.admin]: settler, [proxySlots.beacon]: beacon };
    await runs(
      named,
      expected([...base, [proxyAddress, delegating, all], [implementation, '0x0101'], [beacon, '0x02']]),
    );
    await setWord(proxyAddress, proxySlots.implementation, elsewhere);
    const moved = { ...all, [proxySlots.implementation]: elsewhere };
    await runs(named, expected([...base, [proxyAddress, delegating, moved], [beacon, '0x02']]));
    // Code that cannot delegate has only itself: here the byte is data.
    await setCode(proxyAddress, '0x60f4');
    await runs(named, expected([...base, [proxyAddress, '0x60f4']]));
    await named.watcher.stop();
  });

  it('is not known from a node that lies, disagrees with another one, or moves on meanwhile', async () => {
    const own = watching(await zone());
    const { watcher } = own;
    const right = expected([[gateway, await codeOf(gateway)]]);
    const status = () => watcher.status();
    const unknown = async (condition: () => boolean): Promise<void> => {
      await mine();
      await until(watcher, condition);
      expect([watcher.configuration(), watcher.clusterHead(), watcher.healthy]).toEqual([undefined, undefined, false]);
      proxy.alter = undefined;
      proxy.answer = undefined;
      await until(watcher, () => found(watcher) === right);
    };
    watcher.start();
    await runs(own, right);

    proxy.alter = (method, _, result) => (method === 'eth_getCode' ? '0x1' : result);
    await unknown(() => {
      const now = status();
      return now.kind === 'inconsistent' && now.check === 'malformed';
    });
    // The block is another one when the code was read.
    let read = false;
    proxy.alter = (method, [tag], result) => {
      if (method === 'eth_getCode') read = true;
      const after = method === 'eth_getBlockByNumber' && tag !== 'latest' && read;
      if (!after) return result;
      read = false;
      return { ...(result as object), hash: `0x${'77'.repeat(32)}` };
    };
    await unknown(() => {
      const now = status();
      return now.kind === 'inconsistent' && now.check === 'block-hash';
    });
    await watcher.stop();

    const direct = await alteringProxy(node.rpcUrl);
    const two = watching(
      await zone({
        nodes: [
          { name: 'one', kind: 'evm', url: direct.url },
          { name: 'two', kind: 'evm', url: proxy.url },
        ],
      }),
    );
    two.watcher.start();
    await runs(two, right);
    proxy.alter = (method, _, result) => (method === 'eth_getCode' ? '0x6001' : result);
    await mine();
    await until(two.watcher, () => two.watcher.status().kind === 'disagreeing');
    expect(two.watcher.configuration()).toBeUndefined();
    expect(await two.count('disagreements_total')).toBeGreaterThan(0);
    proxy.alter = undefined;
    await until(two.watcher, () => found(two.watcher) === right);
    await two.watcher.stop();
    await direct.close();
  });
});
