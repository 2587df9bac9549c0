/** `zones:` of the configuration: what is allowed, and that keys in addresses stay where they are. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BITCOIN_NETWORKS } from '@dwallet/chains';
import { ConfigError, loadConfig } from '../../../src/config.ts';
import { MemoryRecordStore } from '../../../src/store/record-store.ts';
import { createWatchers } from '../../../src/zones/watchers/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'dwallet-zones-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const minimal =
  'data: data\nvalidator: { index: 1 }\nnetwork: { name: test, set: set.json }\nkeystore: { keyFile: key.hex }\n';
const load = (zones: unknown, environment: Readonly<Record<string, string>> = {}) => {
  const file = join(folder, 'validator.yaml');
  writeFileSync(file, `${minimal}zones: ${JSON.stringify(zones)}\n`);
  return loadConfig({ file, environment });
};
const problems = (zones: unknown): string => {
  try {
    load(zones);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n');
    throw error;
  }
  return '';
};

const token = 'eip155:7/erc20:0xB1B1B1B1b1B1b1b1b1B1B1B1B1b1b1B1b1b1B1B1';
const address = '0xA1A1a1a1A1A1A1A1A1a1a1a1a1a1A1a1A1A1a1a1';
const node = { name: 'own', kind: 'evm', url: 'http://127.0.0.1:8545' };
const zone = { chain: 'eip155:7', nodes: [node], finality: { kind: 'finalised' }, from: 5 };
const bitcoin = {
  chain: BITCOIN_NETWORKS.regtest.id,
  nodes: [{ name: 'own', kind: 'bitcoin', url: 'http://127.0.0.1:18443' }],
  finality: { kind: 'confirmations', confirmations: 6 },
  from: 0,
};

describe('zones', () => {
  it('are none by default, and get every default', () => {
    writeFileSync(join(folder, 'none.yaml'), minimal);
    expect(loadConfig({ file: join(folder, 'none.yaml') }).zones).toEqual([]);
    const [first, second] = load([zone, bitcoin]).zones;
    expect(first).toMatchObject({ pollMs: 1000, clusterConfirmations: 1, assets: [] });
    expect(first?.nodes[0]).toMatchObject({ timeoutMs: 10_000, retries: 2 });
    expect(second?.finality).toEqual({ kind: 'confirmations', confirmations: 6 });
  });

  const refused: readonly (readonly [string, object, RegExp])[] = [
    ['a chain that is no CAIP-2 id', { chain: 'eip155:07' }, /zones\.0\.chain/],
    ['no node', { nodes: [] }, /zones\.0\.nodes/],
    ['a node of another chain', { nodes: [{ ...node, kind: 'esplora' }] }, /nodes\.0\.kind/],
    ['two nodes of one name', { nodes: [node, node] }, /different names/],
    ['no finality', { finality: { kind: 'confirmations' } }, /confirmations of at least 1/],
    ['both kinds of finality', { finality: { kind: 'finalised', confirmations: 3 } }, /confirmations of at least 1/],
    ['a gateway without checksum', { gateway: address.toLowerCase() }, /zones\.0\.gateway/],
    ['a token of another chain', { assets: [{ token: token.replace(':7/', ':8/'), vault: address }] }, /another chain/],
    ['a token of another kind', { assets: [{ token: 'eip155:7/erc721:abc', vault: address }] }, /nobody watches/],
    ['a vault in another spelling', { assets: [{ token, vault: address.toLowerCase() }] }, /must be spelled/],
    ['mints away from the OwnerChain', { assets: [{ token, vault: address, mints: true }] }, /OwnerChain/],
    [
      'one token twice',
      {
        assets: [
          { token, vault: address },
          { token, vault: address },
        ],
      },
      /every token once/,
    ],
    ['contracts without a gateway', { contracts: [{ address }] }, /only beside a gateway/],
    [
      'a contract without checksum',
      { gateway: address, contracts: [{ address: address.toLowerCase() }] },
      /contracts\.0/,
    ],
    ['one contract twice', { gateway: address, contracts: [{ address }, { address }] }, /every contract once/],
    ['a short slot', { gateway: address, contracts: [{ address, slots: ['0x00'] }] }, /64 lower-case hex/],
    [
      'a cluster slower than finality',
      { finality: { kind: 'confirmations', confirmations: 2 }, gateway: address, clusterConfirmations: 3 },
      /at most the depth of finality/,
    ],
  ];
  it.each(refused)('refuse %s', (_, change, message) => {
    expect(problems([{ ...zone, ...change }])).toMatch(message);
  });
  it('refuse the finalised tag of Bitcoin, and one chain twice', () => {
    expect(problems([{ ...bitcoin, finality: { kind: 'finalised' } }])).toMatch(/Bitcoin has no finalised tag/);
    expect(problems([zone, zone])).toMatch(/every chain once/);
  });

  it('keys in addresses are named by file or environment, and quoted nowhere', () => {
    const key = 'a-key-that-nobody-may-read';
    const keyed = [
      `https://user:${key}@node.example`,
      `https://node.example/?apikey=${key}`,
      `https://node.example/v2/${key}`,
      `wss://node.example/${key}`,
    ];
    for (const url of keyed) {
      const text = problems([{ ...zone, nodes: [{ ...node, url }] }]);
      expect(text).toMatch(/an address without keys/);
      expect(text).not.toContain(key);
    }
    expect(problems([{ ...zone, nodes: [{ ...node, urlFile: 'url' }] }])).toMatch(/exactly one of url/);
    const named = (more: object) => [{ ...zone, nodes: [{ name: 'own', kind: 'evm', ...more }] }];
    const records = new MemoryRecordStore();
    // Also a variable that looks like configuration.
    const environment = { DWALLET_NODE_URL: keyed[2] as string };
    const { zones } = load(named({ urlEnvironment: 'DWALLET_NODE_URL' }), environment);
    expect([...createWatchers(zones, { records, environment }).keys()]).toEqual(['eip155:7']);
    writeFileSync(join(folder, 'url'), `${keyed[0]}\n`);
    const byFile = load(named({ urlFile: 'url' })).zones;
    expect(byFile[0]?.nodes[0]?.urlFile).toBe(join(folder, 'url'));
    expect(createWatchers(byFile, { records }).size).toBe(1);
    writeFileSync(join(folder, 'url'), `nonsense-${key}\n`);
    expect(() => createWatchers(byFile, { records })).toThrow(/node own cannot be used/);
    expect(() => createWatchers(byFile, { records })).not.toThrow(key);
    expect(() => createWatchers(zones, { records })).toThrow(ConfigError);
  });
});
