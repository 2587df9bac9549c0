/**
 * All that a validator knows about zones, assets, clusters and dWallet policies, and the transitions between such states.
 *
 * A `World` is immutable. `applyEventWith` is total and deterministic: same world, same event, same answer, no clock.
 *
 * @module
 */
import type { Digest } from '@dwallet/sigma';
import { type LedgerRules, type Ledger, appendEntryWith, emptyLedger } from './asset/ledger.ts';
import { type AssetRecord, type LedgerEntry, assetRecord, ownerChain } from './asset/record.ts';
import type { ClusterMember, ClusterRecord } from './cluster/record.ts';
import { type ClusterState, newCluster } from './cluster/state.ts';
import { clusterStatus, describeStatus } from './cluster/synchrony.ts';
import { type ClusterEvent, type ClusterRules, applyClusterEventWith, clusterProposal } from './cluster/transition.ts';
import {
  type Approval,
  type GovernanceRules,
  type Proposal,
  approvingKeys,
  judgeChange,
  proposalRecord,
} from './governance/proposal.ts';
import { type Outcome, type Refusal, type Rule, accept, refuse } from './outcome.ts';
import { PersistentMap } from './persistent-map.ts';
import { type DWalletPolicy, type PolicyChange, dwalletPolicyRecord } from './policy/dwallet-policy.ts';
import { addressOfKey } from './policy/native-effects.ts';
import { type ReleaseRecord, type SlotContext, applyReleaseWith } from './policy/release.ts';
import { hex, sameBytes } from './record/codec.ts';
import { type ZoneRecord, zoneRecord } from './zone/record.ts';
import type { EffectiveStatus, Outflow, ZoneRules } from './zone/rules.ts';

export interface ZoneState {
  readonly record: ZoneRecord;
  readonly digest: Digest;
  /** Set when a safety fault of this chain was shown; its own governance takes it back with a new version. */
  readonly fault: { readonly at: number; readonly cluster: string } | undefined;
  /** What ordinary dWallets moved out, as far as limits reach back. */
  readonly outflows: readonly Outflow[];
}

export interface AssetState {
  readonly record: AssetRecord;
  readonly digest: Digest;
  readonly ledger: Ledger;
}

export interface DWalletState {
  readonly policy: DWalletPolicy;
  readonly digest: Digest;
  readonly outflows: readonly Outflow[];
}

/** What a vault's signature was given for. */
export interface Release {
  /** The slot that every transaction for this entry uses up. */
  readonly anchor: string;
}

/** What a slot of a vault was used for. */
export interface SlotUse {
  /** Hex of the entry's digest. */
  readonly entry: string;
  readonly claim: string;
}

export interface World {
  readonly zones: ReadonlyMap<string, ZoneState>;
  readonly assets: ReadonlyMap<string, AssetState>;
  readonly clusters: ReadonlyMap<string, ClusterState>;
  /** By hex of public key. */
  readonly dwallets: ReadonlyMap<string, DWalletState>;
  /** By hex of the entry's digest. */
  readonly releases: PersistentMap<Release>;
  /** By hex of the slot's id, {@link import('./policy/release.ts').slotId}. */
  readonly slots: PersistentMap<SlotUse>;
}

/**
 * Raise it with every change of what a {@link World} is made of, or of what events make of it: validators that kept one under another version make it again
 * from all events.
 */
export const worldVersion = 1;

export const emptyWorld: World = {
  zones: new Map(),
  assets: new Map(),
  clusters: new Map(),
  dwallets: new Map(),
  releases: PersistentMap.empty<Release>(),
  slots: PersistentMap.empty<SlotUse>(),
};

/** Something certified by 2/3 of the validators. */
export type WorldEvent =
  | { readonly kind: 'zone'; readonly record: ZoneRecord; readonly approvals: readonly Approval[] }
  | { readonly kind: 'asset'; readonly record: AssetRecord; readonly approvals: readonly Approval[] }
  | { readonly kind: 'dwallet'; readonly record: DWalletPolicy; readonly approvals: readonly Approval[] }
  /** The first version of a cluster. `at`: ms, where the words of its members start. */
  | {
      readonly kind: 'new-cluster';
      readonly record: ClusterRecord;
      readonly approvals: readonly Approval[];
      readonly at: number;
    }
  | { readonly kind: 'cluster'; readonly cluster: string; readonly event: ClusterEvent }
  | { readonly kind: 'entry'; readonly entry: LedgerEntry }
  /** What a vault pays a certified entry with, from now on. */
  | { readonly kind: 'release'; readonly release: ReleaseRecord };

export interface WorldRules extends GovernanceRules, ZoneRules, LedgerRules, ClusterRules {
  readonly 'ZONE:1': {
    readonly policy: Rule<PolicyChange>;
    readonly request: Rule<{ readonly policy: DWalletPolicy; readonly raw: boolean }>;
  };
  /** Whether what happens to a cluster concerns a chain. */
  readonly 'ZONE:3': (cluster: ClusterState, chain: string) => boolean;
  readonly 'ASSET:8': Rule<{ readonly world: World; readonly record: AssetRecord }>;
  readonly 'ASSET:10': Rule<SlotContext>;
}

/** One vault and one token per asset, and a vault's key is its own (ASSET:8). */
export const oneAssetPerVault: WorldRules['ASSET:8'] = ({ world, record }) => {
  for (const { chain, token, vault, vaultKey } of record.deployments) {
    const policy = world.dwallets.get(hex(vaultKey))?.policy;
    if (policy?.purpose !== 'vault' || policy.subject !== record.asset) {
      return refuse('ASSET:8', `the key on ${chain} is not a vault that its owner gave to ${record.asset}`);
    }
    const address = addressOfKey(chain, vaultKey);
    if (address !== undefined && address !== vault)
      return refuse('ASSET:8', `the vault on ${chain} is not its key’s address`);
    for (const other of world.assets.values()) {
      if (other.record.asset === record.asset) continue;
      const taken = other.record.deployments.some(
        (deployment) => deployment.token === token || (deployment.chain === chain && deployment.vault === vault),
      );
      if (taken) return refuse('ASSET:8', `the token or vault on ${chain} belongs to ${other.record.asset}`);
    }
  }
  return undefined;
};

/** The cluster of a zone, or undefined. */
export function clusterOf(rules: Pick<WorldRules, 'ZONE:3'>, world: World, chain: string): ClusterState | undefined {
  for (const cluster of world.clusters.values()) if (rules['ZONE:3'](cluster, chain)) return cluster;
  return undefined;
}

/**
 * A zone's status as it takes effect at `now`: frozen by its governance, quarantined by its own safety fault, or halted with its
 * cluster. Undefined for a chain that is no zone.
 */
export function zoneStatusWith(
  rules: Pick<WorldRules, 'ZONE:3'>,
  world: World,
  chain: string,
  now: number,
): EffectiveStatus | undefined {
  const zone = world.zones.get(chain);
  if (zone === undefined) return undefined;
  if (zone.record.status === 'frozen') return { status: 'frozen', reason: 'by its governance' };
  if (zone.fault !== undefined) return { status: 'quarantined', reason: `it violated safety at ${zone.fault.at}` };
  const cluster = clusterOf(rules, world, chain);
  const status = cluster === undefined ? undefined : clusterStatus(cluster, now);
  if (status?.kind === 'halted' && cluster?.members.get(chain)?.fastPath !== false) {
    return { status: 'halted', reason: describeStatus(status) };
  }
  return { status: 'active', reason: '' };
}

/** CLUSTER:5 for signatures: what depends on a member's state after T + Δ (on the guilty one's from T on) is refused. */
export function refuseSuspectState(
  rules: Pick<WorldRules, 'ZONE:3' | 'CLUSTER:5'>,
  world: World,
  chain: string,
  at: number,
): Refusal | undefined {
  const cluster = clusterOf(rules, world, chain);
  const member = cluster?.members.get(chain) ?? cluster?.members.values().next().value;
  return cluster === undefined || member === undefined
    ? undefined
    : rules['CLUSTER:5'].refuse({ cluster, member, at, sends: false });
}

/** What left a zone lately: by legs of its assets and by ordinary dWallets. One ceiling holds for both. */
export function outflowsOf(world: World, chain: string): readonly Outflow[] {
  const legs = [...world.assets.values()].flatMap(({ record, ledger }) => {
    const token = record.deployments.find((deployment) => deployment.chain === chain)?.token;
    if (token === undefined) return [];
    return ledger.outflows
      .filter((flow) => flow.chain === chain)
      .map(({ time, amount }) => ({ asset: token, time, amount }));
  });
  return [...legs, ...(world.zones.get(chain)?.outflows ?? [])];
}

interface Versioned {
  readonly version: bigint;
  readonly prev: Digest;
}

const proposalOf = (subject: Proposal['subject'], id: string, record: Versioned, body: Digest): Proposal => ({
  subject,
  id,
  version: record.version,
  prev: record.prev,
  body,
});
export const zoneProposal = (record: ZoneRecord): Proposal =>
  proposalOf('zone', record.chain, record, zoneRecord.digest(record));
export const assetProposal = (record: AssetRecord): Proposal =>
  proposalOf('asset', record.asset, record, assetRecord.digest(record));
export const dwalletProposal = (record: DWalletPolicy): Proposal =>
  proposalOf('dwallet', hex(record.publicKey), record, dwalletPolicyRecord.digest(record));
export { clusterProposal };

const inForce = (state: { readonly record: Versioned; readonly digest: Digest } | undefined) =>
  state === undefined ? undefined : { version: state.record.version, digest: state.digest };

const withEntry = <V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> =>
  new Map(map).set(key, value);

function applyZone(
  rules: WorldRules,
  world: World,
  record: ZoneRecord,
  approvals: readonly Approval[],
): Outcome<World> {
  const before = world.zones.get(record.chain);
  const owns = [...world.assets.keys()].filter((asset) => ownerChain(asset) === record.chain).length;
  const cluster = clusterOf(rules, world, record.chain);
  const refusal =
    judgeChange(rules, {
      governance: before?.record.governance ?? record.governance,
      proposal: zoneProposal(record),
      approvals,
      current: inForce(before),
      altered: undefined,
    }) ?? rules['ZONE:6']({ zone: record, owns });
  if (refusal !== undefined) return refusal;
  const next: ZoneState = {
    record,
    digest: zoneRecord.digest(record),
    // While its cluster has not dealt with the fault, it is not this governance's alone to take back.
    fault: cluster?.fault?.member === record.chain ? before?.fault : undefined,
    outflows: before?.outflows ?? [],
  };
  return accept({ ...world, zones: withEntry(world.zones, record.chain, next) });
}

function applyAsset(
  rules: WorldRules,
  world: World,
  record: AssetRecord,
  approvals: readonly Approval[],
): Outcome<World> {
  const owner = world.zones.get(ownerChain(record.asset));
  if (owner === undefined) return refuse('ZONE:2', `${ownerChain(record.asset)} is not a zone`);
  const before = world.assets.get(record.asset);
  const refusal =
    judgeChange(rules, {
      governance: owner.record.governance,
      proposal: assetProposal(record),
      approvals,
      current: inForce(before),
      altered:
        before === undefined || before.record.issuance === record.issuance
          ? undefined
          : 'who makes new units never changes',
    }) ??
    rules['ZONE:6']({ zone: owner.record, owns: 1 }) ??
    rules['ASSET:8']({ world, record });
  if (refusal !== undefined) return refusal;
  const next = { record, digest: assetRecord.digest(record), ledger: before?.ledger ?? emptyLedger(record.asset) };
  return accept({ ...world, assets: withEntry(world.assets, record.asset, next) });
}

function applyDWallet(
  rules: WorldRules,
  world: World,
  record: DWalletPolicy,
  approvals: readonly Approval[],
): Outcome<World> {
  const key = hex(record.publicKey);
  const before = world.dwallets.get(key);
  const refusal =
    judgeChange(rules, {
      governance: before?.policy.owner ?? record.owner,
      proposal: dwalletProposal(record),
      approvals,
      current: before === undefined ? undefined : { version: before.policy.version, digest: before.digest },
      altered: undefined,
    }) ?? rules['ZONE:1'].policy({ next: record, current: before?.policy });
  if (refusal !== undefined) return refusal;
  const next = { policy: record, digest: dwalletPolicyRecord.digest(record), outflows: before?.outflows ?? [] };
  return accept({ ...world, dwallets: withEntry(world.dwallets, key, next) });
}

/** CLUSTER:11 needs the other clusters: a zone is in one at most, and members are zones. */
function refuseMembers(world: World, record: ClusterRecord): Refusal | undefined {
  for (const { chain } of record.members) {
    if (!world.zones.has(chain)) return refuse('ZONE:2', `${chain} is not a zone`);
    const other = [...world.clusters.values()].find(
      (cluster) => cluster.record.cluster !== record.cluster && cluster.members.has(chain),
    );
    if (other !== undefined) return refuse('CLUSTER:11', `${chain} is in cluster ${other.record.cluster}`);
  }
  const policy = world.dwallets.get(hex(record.settlementKey))?.policy;
  return policy?.purpose === 'cluster' && policy.subject === record.cluster
    ? undefined
    : refuse('ZONE:1', `the settlement key is not a dWallet that its owner gave to ${record.cluster}`);
}

/** Who joins does so with the keys of its zone: nobody brings a zone into a cluster with keys of his own (GOVERNANCE:1). */
function refuseStrangeKeys(world: World, joining: readonly ClusterMember[]): Refusal | undefined {
  const strange = joining.find(({ chain, governance }) => {
    const own = world.zones.get(chain)?.record.governance;
    return (
      own?.threshold !== governance.threshold ||
      own.keys.length !== governance.keys.length ||
      !own.keys.every((key, i) => sameBytes(key.publicKey, governance.keys[i]?.publicKey ?? new Uint8Array(0)))
    );
  });
  return strange === undefined
    ? undefined
    : refuse('CLUSTER:8', `the keys of ${strange.chain} are not those of its zone`);
}

function foundCluster(
  rules: WorldRules,
  world: World,
  { record, approvals, at }: WorldEvent & { readonly kind: 'new-cluster' },
): Outcome<World> {
  const proposal = clusterProposal(record);
  const before = world.clusters.get(record.cluster);
  const unapproved = (): Refusal | undefined => {
    const digest = proposalRecord.digest(proposal);
    const missing = record.members.find(
      ({ governance }) => approvingKeys(rules, governance, digest, approvals) < governance.threshold,
    );
    return missing === undefined ? undefined : refuse('CLUSTER:8', `${missing.chain} does not approve`);
  };
  const refusal =
    judgeChange(
      { ...rules, 'GOVERNANCE:1': () => undefined },
      {
        governance: { keys: [], threshold: 0 },
        proposal,
        approvals,
        current: before === undefined ? undefined : inForce(before),
        altered: before === undefined ? undefined : 'the cluster exists',
      },
    ) ??
    refuseMembers(world, record) ??
    refuseStrangeKeys(world, record.members) ??
    unapproved() ??
    rules['CLUSTER:11'](record);
  return refusal ?? accept({ ...world, clusters: withEntry(world.clusters, record.cluster, newCluster(record, at)) });
}

function applyCluster(
  rules: WorldRules,
  world: World,
  { cluster: name, event }: WorldEvent & { readonly kind: 'cluster' },
): Outcome<World> {
  const cluster = world.clusters.get(name);
  if (cluster === undefined) return refuse('CLUSTER:8', `there is no cluster ${name}`);
  if (event.kind === 'amendment') {
    const joining = event.record.members.filter(({ chain }) => !cluster.members.has(chain));
    const refusal = refuseMembers(world, event.record) ?? refuseStrangeKeys(world, joining);
    if (refusal !== undefined) return refusal;
  }
  const outcome = applyClusterEventWith(rules, cluster, event);
  if (!outcome.ok) return outcome;
  let { zones } = world;
  const guilty = event.kind === 'conflict' ? outcome.state.fault : undefined;
  const zone = guilty === undefined ? undefined : zones.get(guilty.member);
  if (guilty !== undefined && zone !== undefined) {
    zones = withEntry(zones, guilty.member, { ...zone, fault: { at: guilty.at, cluster: name } });
  }
  return accept({ ...world, zones, clusters: withEntry(world.clusters, name, outcome.state) });
}

/**
 * ASSET:6 across ledgers: an event is spent once, whichever asset it is booked for. Who owns a chain may call two of its events by one name, and an asset may take
 * over another one's token.
 */
export function spentElsewhere(
  rules: Pick<LedgerRules, 'ASSET:6'>,
  { assets }: Pick<World, 'assets'>,
  entry: LedgerEntry,
): Refusal | undefined {
  for (const { ledger } of assets.values()) {
    const refusal = ledger.asset === entry.asset ? undefined : rules['ASSET:6']({ ledger, entry });
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function applyEntry(rules: WorldRules, world: World, entry: LedgerEntry): Outcome<World> {
  const asset = world.assets.get(entry.asset);
  if (asset === undefined) return refuse('ASSET:7', `there is no asset ${entry.asset}`);
  const outcome = appendEntryWith(rules, asset.ledger, entry);
  if (!outcome.ok) return outcome;
  const spent = spentElsewhere(rules, world, entry);
  if (spent !== undefined) return spent;
  return accept({ ...world, assets: withEntry(world.assets, entry.asset, { ...asset, ledger: outcome.state }) });
}

/** The world after one certified event, or the rule that refuses it. */
export function applyEventWith(rules: WorldRules, world: World, event: WorldEvent): Outcome<World> {
  switch (event.kind) {
    case 'zone':
      return applyZone(rules, world, event.record, event.approvals);
    case 'asset':
      return applyAsset(rules, world, event.record, event.approvals);
    case 'dwallet':
      return applyDWallet(rules, world, event.record, event.approvals);
    case 'new-cluster':
      return foundCluster(rules, world, event);
    case 'cluster':
      return applyCluster(rules, world, event);
    case 'entry':
      return applyEntry(rules, world, event.entry);
    case 'release':
      return applyReleaseWith(rules, world, event.release);
  }
}
