/**
 * Records and worlds to start histories from. Governance signatures of histories are stand-ins (a hash of key and proposal): the real ones
 * are tested in governance.test.ts, and tens of thousands of histories could not afford them.
 *
 * @module
 */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { BITCOIN_NETWORKS } from '@dwallet/chains';
import { type Digest, digestTagged, encodeText } from '@dwallet/sigma';
import {
  type Approval,
  type AssetRecord,
  type ClusterRecord,
  type DWalletPolicy,
  type Deployment,
  type GovernanceKey,
  type GovernanceSet,
  type Outcome,
  type Proposal,
  type World,
  type WorldEvent,
  type ZoneRecord,
  type ZoneRole,
  addressOfKey,
  assetProposal,
  clusterProposal,
  dwalletProposal,
  emptyWorld,
  noDigest,
  proposalRecord,
  zoneProposal,
} from '../../src/index.ts';
import { keyField } from '../../src/governance/keys.ts';
import { compareBytes, hex, sameBytes } from '../../src/record/codec.ts';
import { refuse } from '../../src/outcome.ts';
import { type Rules, productRules } from '../../src/rules.ts';
import { applyEventWith } from '../../src/world.ts';

export const seed = (name: string): Uint8Array => digestTagged('zones/test-seed', [encodeText(name)]);
export const bytes32 = (name: string): Digest => digestTagged('zones/test-bytes', [encodeText(name)]);

/** Keys cost more than the rest of a history. */
function remember<T>(make: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const value = known.get(name) ?? make(name);
    known.set(name, value);
    return value;
  };
}

/** A token contract or an account, as EIP-55 text, from a name. */
export const evmAccount = remember(
  (name) => addressOfKey('eip155:1', secp256k1.getPublicKey(seed(`account/${name}`), true)) as string,
);

export const walletKey = remember((name): Uint8Array => secp256k1.getPublicKey(seed(`wallet/${name}`), true));
export const walletSecret = (name: string): Uint8Array => seed(`wallet/${name}`);

export const governanceKey = remember(
  (name): GovernanceKey => ({ scheme: 'ed25519', publicKey: ed25519.getPublicKey(seed(`governance/${name}`)) }),
);

export const governanceSet = (keys: readonly GovernanceKey[], threshold: number): GovernanceSet => ({
  keys: [...keys].sort((a, b) => compareBytes(keyField.write(a, 'key'), keyField.write(b, 'key'))),
  threshold,
});

/** Two of three keys named after their owner. */
export const governanceOf = remember((name) =>
  governanceSet(
    [0, 1, 2].map((i) => governanceKey(`${name}/${i}`)),
    2,
  ),
);

export const standInSignature = (key: GovernanceKey, proposal: Digest): Uint8Array => {
  const half = digestTagged('zones/test-signature', [key.publicKey, proposal]);
  return new Uint8Array([...half, ...half]);
};

/** The product's rules, with stand-in signatures. */
export const historyRules: Rules = {
  ...productRules,
  'GOVERNANCE:4': ({ proposal, approval }) =>
    sameBytes(approval.proposal, proposal) && sameBytes(approval.signature, standInSignature(approval.key, proposal))
      ? undefined
      : refuse('GOVERNANCE:4', 'an approval does not sign this proposal'),
};

export const approveBy = (proposal: Proposal, keys: readonly GovernanceKey[]): readonly Approval[] => {
  const digest = proposalRecord.digest(proposal);
  return keys.map((key) => ({ key, proposal: digest, signature: standInSignature(key, digest) }));
};

export const owner = 'eip155:1001';
export const dapp = 'eip155:1002';
export const defi = 'eip155:1003';
export const outside = 'eip155:1004';
export const bitcoin = BITCOIN_NETWORKS.regtest.id;
export const roles: Readonly<Record<string, ZoneRole>> = {
  [owner]: 'owner',
  [dapp]: 'dapp',
  [defi]: 'defi',
  [outside]: 'owner',
  [bitcoin]: 'owner',
};

export const zone = (chain: string, changes: Partial<ZoneRecord> = {}): ZoneRecord => ({
  chain,
  role: roles[chain] ?? 'dapp',
  finality: { kind: 'confirmations', confirmations: 3 },
  settlementMs: 60_000,
  governance: governanceOf(chain),
  limits: [],
  status: 'active',
  version: 0n,
  prev: noDigest,
  ...changes,
});

export const tokenOf = (asset: string, chain: string): string => `${chain}/erc20:${evmAccount(`${asset}@${chain}`)}`;
/** Token `name` whose OwnerChain is `home`. */
export const assetId = (name: string, home: string): string => `${home}/erc20:${evmAccount(`${name}@home`)}`;

const vaultAddress = remember((chainAndName) => {
  const [chain = '', name = ''] = chainAndName.split(' ');
  return addressOfKey(chain, walletKey(`vault/${name}`)) as string;
});

export const deployment = (
  asset: string,
  chain: string,
  name: string,
  changes: Partial<Deployment> = {},
): Deployment => ({
  chain,
  token: asset.startsWith(`${chain}/`) ? asset : tokenOf(name, chain),
  vault: vaultAddress(`${chain} ${name}`),
  vaultKey: walletKey(`vault/${name}`),
  release: asset.startsWith(`${chain}/`) ? 'transfer' : 'mint',
  maxFee: 1000n,
  ...changes,
});

export const asset = (
  name: string,
  home: string,
  chains: readonly string[],
  changes: Partial<AssetRecord> = {},
): AssetRecord => {
  const id = assetId(name, home);
  return {
    asset: id,
    deployments: [...chains].sort().map((chain) => deployment(id, chain, name)),
    issuance: 'chain',
    version: 0n,
    prev: noDigest,
    ...changes,
  };
};

export const policy = (name: string, changes: Partial<DWalletPolicy> = {}): DWalletPolicy => ({
  publicKey: walletKey(name),
  owner: governanceOf(`wallet/${name}`),
  purpose: 'ordinary',
  subject: '',
  rawDigest: false,
  calls: false,
  zones: [],
  limits: [],
  version: 0n,
  prev: noDigest,
  ...changes,
});

export const clusterOfChains = (
  name: string,
  chains: readonly string[],
  changes: Partial<ClusterRecord> = {},
): ClusterRecord => ({
  cluster: name,
  members: [...chains].sort().map((chain) => ({
    chain,
    governance: governanceOf(chain),
    configuration: bytes32(`configuration/${chain}`),
    settlementMs: 60_000,
  })),
  deltaMs: 20,
  threshold: Math.ceil((2 * chains.length) / 3),
  parent: owner,
  settlementContract: evmAccount('settlement'),
  settlementKey: walletKey(`cluster/${name}`),
  maxFee: 1000n,
  version: 0n,
  prev: noDigest,
  ...changes,
});

/** The state, or an error with the refusal. */
export function expectOk<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.rule}: ${outcome.reason}`);
  return outcome.state;
}

export const zoneEvent = (record: ZoneRecord, signer = record.chain): WorldEvent => ({
  kind: 'zone',
  record,
  approvals: approveBy(zoneProposal(record), governanceOf(signer).keys),
});
export const assetEvent = (
  record: AssetRecord,
  signer = record.asset.slice(0, record.asset.indexOf('/')),
): WorldEvent => ({
  kind: 'asset',
  record,
  approvals: approveBy(assetProposal(record), governanceOf(signer).keys),
});
export const policyEvent = (record: DWalletPolicy, name: string): WorldEvent => ({
  kind: 'dwallet',
  record,
  approvals: approveBy(dwalletProposal(record), governanceOf(`wallet/${name}`).keys),
});
export const clusterEvent = (record: ClusterRecord, at: number): WorldEvent => ({
  kind: 'new-cluster',
  record,
  approvals: record.members.flatMap(({ chain }) => approveBy(clusterProposal(record), governanceOf(chain).keys)),
  at,
});

export const build = (events: readonly WorldEvent[], from: World = emptyWorld): World =>
  events.reduce((world, event) => expectOk(applyEventWith(historyRules, world, event)), from);

export const vaultEvent = (name: string, home: string): WorldEvent =>
  policyEvent(policy(`vault/${name}`, { purpose: 'vault', subject: assetId(name, home) }), `vault/${name}`);

/** Zones O, D, F and Z, asset X of O and asset Y of D on all of them. */
export const assetWorld: World = build([
  ...[owner, dapp, defi, outside].map((chain) => zoneEvent(zone(chain))),
  vaultEvent('X', owner),
  vaultEvent('Y', dapp),
  assetEvent(asset('X', owner, [owner, dapp, defi, outside])),
  assetEvent(asset('Y', dapp, [owner, dapp, defi, outside])),
]);
export const assetX = assetId('X', owner);
export const assetY = assetId('Y', dapp);

export const hexOf = hex;
