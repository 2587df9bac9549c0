/**
 * Configuration of the zones that a validator watches: `zones:` in its YAML file. Addresses of nodes often hold keys: `url` is for those that
 * hold none, all others are named by file or environment variable.
 *
 * @module
 */
import { isAbsolute, resolve } from 'node:path';
import { BITCOIN_NETWORKS } from '@dwallet/chains';
import { type ZoneRecord, addressProblem, assetProblem, nativeAsset } from '@dwallet/zones';
import { z } from 'zod';

const height = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const milliseconds = (least: number, most: number) => z.int().min(least).max(most);

/** An address that may be written down: no user, password or query, which is where keys stand, and no long path, which is where others put them. */
function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash, pathname } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return false;
  return `${username}${password}${search}${hash}` === '' && !/[0-9a-zA-Z_-]{20,}/.test(pathname);
}

const node = z
  .strictObject({
    name: z
      .string()
      .regex(/^[0-9a-zA-Z][0-9a-zA-Z._-]{0,31}$/, 'letters, digits, ".", "_" and "-", at most 32')
      .describe('what logs and metrics call it'),
    kind: z.enum(['evm', 'bitcoin', 'esplora']).describe('EVM JSON-RPC, RPC of a Bitcoin node, or Esplora’s HTTP API'),
    url: z.string().max(2048).refine(isPlainUrl, 'an address without keys; use urlFile or urlEnvironment').optional(),
    urlFile: z.string().min(1).max(4096).optional().describe('file whose first line is the address'),
    urlEnvironment: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]{0,127}$/, 'the name of an environment variable')
      .optional()
      .describe('environment variable with the address'),
    timeoutMs: milliseconds(100, 600_000).default(10_000).describe('one request, to its last byte'),
    maxResponseBytes: z.int().min(65_536).max(268_435_456).default(16_777_216).describe('largest answer'),
    retries: z.int().min(0).max(10).default(2).describe('how often a request without an answer is sent again'),
  })
  .refine((item) => [item.url, item.urlFile, item.urlEnvironment].filter((at) => at !== undefined).length === 1, {
    error: 'exactly one of url, urlFile, urlEnvironment',
  });

const asset = z.strictObject({
  token: z.string().max(180).describe('CAIP-19 on this chain'),
  vault: z.string().max(128).describe('address of the vault on this chain'),
  owner: z.boolean().default(false).describe('this chain is the asset’s OwnerChain'),
  mints: z.boolean().default(false).describe('its own contract makes the units (issuance: chain)'),
  from: height.optional().describe('first block to look at, the same at every validator; default: that of the zone'),
});

const contract = z.strictObject({
  address: z.string().max(128).describe('with its checksum'),
  slots: z
    .array(z.string().regex(/^0x[0-9a-f]{64}$/, '0x and 64 lower-case hex digits'))
    .max(32)
    .default([])
    .refine((slots) => new Set(slots).size === slots.length, 'every slot once')
    .describe('its storage that holds security-critical settings'),
});

/** What is wrong with an asset of a zone. */
function assetMistake(chain: string, { token, vault, owner, mints }: z.output<typeof asset>): string | undefined {
  const wrong = assetProblem(token);
  if (wrong !== undefined) return `token ${wrong}`;
  if (!token.startsWith(`${chain}/`)) return 'token is on another chain';
  if (token !== nativeAsset(chain) && !token.startsWith(`${chain}/erc20:`))
    return 'token is of a kind that nobody watches';
  if (mints && !(owner && token.includes('/erc20:'))) return 'mints is for a contract on its OwnerChain';
  const bad = addressProblem(chain, vault);
  return bad === undefined ? undefined : `vault ${bad}`;
}

const governanceKey = z
  .string()
  .regex(/^([0-9a-f]{64}|0[23][0-9a-f]{64})$/, 'an Ed25519 key (64 hex digits) or a compressed key of a dWallet (66)');

const zone = z
  .strictObject({
    chain: z
      .string()
      .refine(
        (id) =>
          /^eip155:[1-9][0-9]{0,15}$/.test(id) || Object.values(BITCOIN_NETWORKS).some((network) => network.id === id),
        'a CAIP-2 id of an EVM chain or of a Bitcoin network',
      ),
    nodes: z.array(node).min(1).max(4).describe('with several, only what all of them say counts'),
    finality: z
      .strictObject({
        kind: z.enum(['confirmations', 'finalised']),
        confirmations: z
          .int()
          .min(0)
          .max(4096)
          .default(0)
          .describe('blocks from the event’s own to the tip, both counted'),
      })
      .refine(({ kind, confirmations }) => (kind === 'confirmations') === confirmations > 0, {
        error: 'confirmations of at least 1, or the finalised tag without',
      })
      .describe('at least as strict as the zone’s record'),
    from: height.describe('first block to look at, the same at every validator'),
    pollMs: milliseconds(20, 600_000).default(1000).describe('pause between two looks at the chain'),
    maxPauseMs: milliseconds(1000, 3_600_000).default(60_000).describe('longest pause while a node fails'),
    gateway: z.string().max(128).optional().describe('address of the gateway contract; a cluster needs it'),
    contracts: z
      .array(contract)
      .max(32)
      .default([])
      .describe('contracts beside the gateway, or slots of it, that a cluster approves; the same at every validator'),
    clusterConfirmations: z.int().min(1).max(4096).default(1).describe('depth at which messages are attested'),
    assets: z.array(asset).max(256).default([]).describe('assets whose vaults and contracts are watched'),
    governance: z
      .strictObject({ keys: z.array(governanceKey).min(1).max(64), threshold: z.int().min(1).max(64) })
      .refine(({ keys }) => new Set(keys).size === keys.length, 'every key once')
      .refine(({ keys, threshold }) => threshold <= keys.length, 'a threshold of at most all keys')
      .optional()
      .describe(
        'keys that the zone’s first record must have; without it this validator agrees to any. The same everywhere',
      ),
  })
  .superRefine(({ chain, nodes, finality, gateway, contracts, clusterConfirmations, assets }, context) => {
    const mistake = (path: readonly (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path: [...path], message });
    const evm = chain.startsWith('eip155:');
    for (const [i, { kind }] of nodes.entries()) {
      if ((kind === 'evm') !== evm) mistake(['nodes', i, 'kind'], 'a kind of node of this chain');
    }
    if (new Set(nodes.map(({ name }) => name)).size < nodes.length) mistake(['nodes'], 'different names');
    if (!evm && finality.kind === 'finalised')
      mistake(['finality', 'kind'], 'confirmations: Bitcoin has no finalised tag');
    if (gateway !== undefined && (!evm || addressProblem(chain, gateway) !== undefined)) {
      mistake(['gateway'], 'an address of an EVM chain, with its checksum');
    }
    if (contracts.length > 0 && gateway === undefined) mistake(['contracts'], 'only beside a gateway');
    for (const [i, { address }] of contracts.entries()) {
      if (addressProblem(chain, address) !== undefined)
        mistake(['contracts', i, 'address'], 'an address of the chain, with its checksum');
    }
    if (new Set(contracts.map(({ address }) => address)).size < contracts.length)
      mistake(['contracts'], 'every contract once');
    if (finality.kind === 'confirmations' && gateway !== undefined && clusterConfirmations > finality.confirmations) {
      mistake(['clusterConfirmations'], 'at most the depth of finality');
    }
    for (const [i, item] of assets.entries()) {
      const wrong = assetMistake(chain, item);
      if (wrong !== undefined) mistake(['assets', i], wrong);
    }
    if (new Set(assets.map(({ token }) => token)).size < assets.length) mistake(['assets'], 'every token once');
  });

/** The `zones:` of a validator: one watcher each. */
export const zonesSchema = z
  .array(zone)
  .max(256)
  .default([])
  .refine((zones) => new Set(zones.map(({ chain }) => chain)).size === zones.length, 'every chain once')
  .describe('chains that this validator watches, each through nodes of its own');

export type ZoneConfig = z.output<typeof zone>;
export type NodeConfig = z.output<typeof node>;

/** Whether the first record of a zone has the keys that the operator expects. */
export const hasGovernance = (
  { governance: expected }: ZoneConfig,
  { governance }: Pick<ZoneRecord, 'governance'>,
): boolean =>
  expected === undefined ||
  (expected.threshold === governance.threshold &&
    [...expected.keys].sort().join() ===
      governance.keys
        .map(({ publicKey }) => Buffer.from(publicKey).toString('hex'))
        .sort()
        .join());

/** The zones with absolute paths. @param folder - what relative ones are relative to. */
export const resolveZonePaths = (zones: readonly ZoneConfig[], folder: string): ZoneConfig[] =>
  zones.map((item) => ({
    ...item,
    nodes: item.nodes.map((config) =>
      config.urlFile === undefined || isAbsolute(config.urlFile)
        ? config
        : { ...config, urlFile: resolve(folder, config.urlFile) },
    ),
  }));

/** Environment variables that an unchecked `zones:` names. They are no fields of the configuration, whatever they are called. */
export const zoneSecretNames = (zones: unknown): readonly string[] =>
  (Array.isArray(zones) ? zones : []).flatMap((item: unknown) => {
    const nodes: unknown = typeof item === 'object' && item !== null && 'nodes' in item ? item.nodes : [];
    return (Array.isArray(nodes) ? nodes : []).flatMap((config: unknown) =>
      typeof config === 'object' &&
      config !== null &&
      'urlEnvironment' in config &&
      typeof config.urlEnvironment === 'string'
        ? [config.urlEnvironment]
        : [],
    );
  });
