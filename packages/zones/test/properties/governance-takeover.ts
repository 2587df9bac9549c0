/**
 * An adversary holds all keys of one zone and one key (of two needed) of every other owner. It submits records of any kind, with any approvals
 * that it can make, forge or replay. Honest owners change their records now and then.
 *
 * @module
 */
import {
  type Approval,
  type AssetRecord,
  type DWalletPolicy,
  type Proposal,
  type World,
  type WorldEvent,
  type ZoneRecord,
  assetProposal,
  assetRecord,
  clusterProposal,
  dwalletProposal,
  dwalletPolicyRecord,
  proposalRecord,
  zoneProposal,
  zoneRecord,
} from '../../src/index.ts';
import { hex } from '../../src/record/codec.ts';
import type { Rules } from '../../src/rules.ts';
import { applyEventWith } from '../../src/world.ts';
import {
  approveBy,
  asset,
  assetEvent,
  assetWorld,
  assetX,
  build,
  bytes32,
  clusterOfChains,
  dapp,
  defi,
  governanceOf,
  outside,
  owner,
  policy,
  policyEvent,
  walletKey,
  zone,
  zoneEvent,
} from '../helpers/build.ts';
import { Draw, must } from '../helpers/entropy.ts';

const chains = [owner, dapp, defi, outside] as const;
const wallets = ['alice', 'raw', 'vault/X', 'eve'] as const;

const world0: World = build(
  [
    policyEvent(policy('alice'), 'alice'),
    policyEvent(policy('raw', { rawDigest: true }), 'raw'),
    policyEvent(policy('eve'), 'eve'),
    policyEvent(policy('cluster/takeover', { purpose: 'cluster', subject: 'takeover' }), 'cluster/takeover'),
  ],
  assetWorld,
);

type Kind = 'zone' | 'asset' | 'dwallet';
interface State {
  world: World;
  readonly victim: string;
  /** Digests of the versions that their owners approved, by name. */
  readonly approved: Map<string, string[]>;
  /** Approved events of the past, to be replayed. */
  readonly past: WorldEvent[];
}

export const takeoverWitness = { attempts: 0, own: 0, honest: 0 };

const nextZone = (world: World, chain: string, changes: Partial<ZoneRecord>): ZoneRecord => {
  const state = world.zones.get(chain);
  if (state === undefined) return zone(chain, changes);
  return { ...state.record, version: state.record.version + 1n, prev: state.digest, ...changes };
};
const nextAsset = (world: World, id: string, changes: Partial<AssetRecord>): AssetRecord => {
  const state = world.assets.get(id);
  if (state === undefined) throw new Error('no asset');
  return { ...state.record, version: state.record.version + 1n, prev: state.digest, ...changes };
};
const nextPolicy = (world: World, name: string, changes: Partial<DWalletPolicy>): DWalletPolicy => {
  const state = world.dwallets.get(hex(walletKey(name)));
  if (state === undefined) throw new Error('no policy');
  return { ...state.policy, version: state.policy.version + 1n, prev: state.digest, ...changes };
};

const digestIn = (world: World, kind: Kind, name: string): string => {
  const digest =
    kind === 'zone'
      ? world.zones.get(name)?.digest
      : kind === 'asset'
        ? world.assets.get(name)?.digest
        : world.dwallets.get(hex(walletKey(name)))?.digest;
  return digest === undefined ? '' : hex(digest);
};

/** Whose keys decide. */
const ownerOf = (kind: Kind, name: string): string =>
  kind === 'zone' ? name : kind === 'asset' ? name.slice(0, name.indexOf('/')) : `wallet/${name}`;

/** What an adversary can sign with: all keys of the victim, the first one of everybody else. */
const adversaryApprovals = (state: State, proposal: Proposal, decider: string, draw: Draw): readonly Approval[] => {
  const mine = [
    ...governanceOf(state.victim).keys,
    ...chains.slice(0, 3).map((chain) => governanceOf(chain).keys[0]),
  ].filter((key) => key !== undefined);
  const one = governanceOf(decider).keys.slice(0, 1);
  const own = approveBy(proposal, decider === state.victim ? mine : [...mine, ...one, ...one]);
  if (!draw.once(3)) return own;
  // Forged: keys of others over signatures of its own, or approvals of something else.
  const digest = proposalRecord.digest(proposal);
  const forged = governanceOf(decider).keys.map((key) => ({
    key,
    proposal: digest,
    signature: own[0]?.signature ?? new Uint8Array(64),
  }));
  return [...own, ...forged];
};

function eventFor(
  kind: Kind,
  record: ZoneRecord | AssetRecord | DWalletPolicy,
  approvals: readonly Approval[],
): WorldEvent {
  if (kind === 'zone') return { kind, record: record as ZoneRecord, approvals };
  if (kind === 'asset') return { kind, record: record as AssetRecord, approvals };
  return { kind, record: record as DWalletPolicy, approvals };
}

function wanted(
  state: State,
  draw: Draw,
): { kind: Kind; name: string; record: ZoneRecord | AssetRecord | DWalletPolicy } {
  const { world } = state;
  const kind = draw.of(['zone', 'asset', 'dwallet'] as const);
  if (kind === 'zone') {
    const name = draw.of(chains);
    const changes = draw.of<Partial<ZoneRecord>>([
      { governance: governanceOf(state.victim) },
      { status: 'frozen' },
      { role: 'connector' },
      { role: 'owner', finality: { kind: 'confirmations', confirmations: 1 } },
      { limits: [{ asset: `${name}/slip44:60`, windowMs: 1000, ceiling: 1n }] },
      { version: 0n },
      { prev: bytes32('elsewhere') },
    ]);
    return { kind, name, record: nextZone(world, name, changes) };
  }
  if (kind === 'asset') {
    const name = draw.of([...world.assets.keys()]);
    const record = nextAsset(world, name, draw.once(2) ? { issuance: 'vault' } : {});
    const deployments = record.deployments.map((item) => (draw.once(4) ? { ...item, maxFee: 1n << 200n } : item));
    return { kind, name, record: { ...record, deployments } };
  }
  const name = draw.of(wallets);
  const changes = draw.of<Partial<DWalletPolicy>>([
    { rawDigest: true },
    { purpose: 'vault', subject: assetX, rawDigest: false },
    { purpose: 'ordinary', subject: '', calls: true },
    { calls: true },
    { owner: governanceOf(state.victim) },
  ]);
  return { kind, name, record: nextPolicy(world, name, changes) };
}

const proposalFor = (kind: Kind, record: ZoneRecord | AssetRecord | DWalletPolicy): Proposal =>
  kind === 'zone'
    ? zoneProposal(record as ZoneRecord)
    : kind === 'asset'
      ? assetProposal(record as AssetRecord)
      : dwalletProposal(record as DWalletPolicy);

const encodes = (kind: Kind, record: ZoneRecord | AssetRecord | DWalletPolicy): boolean => {
  try {
    if (kind === 'zone') zoneRecord.encode(record as ZoneRecord);
    else if (kind === 'asset') assetRecord.encode(record as AssetRecord);
    else dwalletPolicyRecord.encode(record as DWalletPolicy);
    return true;
  } catch {
    return false;
  }
};

function check(before: World, state: State): void {
  const { world, approved } = state;
  for (const [name, digests] of approved) {
    const [kind, id] = name.split(' ') as [Kind, string];
    must(digests.at(-1) === digestIn(world, kind, id), 'nobody else’s keys change a record');
  }
  for (const [chain, { record }] of world.zones) {
    const earlier = before.zones.get(chain);
    if (earlier !== undefined && earlier.record !== record) {
      must(
        record.version === earlier.record.version + 1n && hex(record.prev) === hex(earlier.digest),
        'versions form a chain',
      );
    }
  }
  for (const [id, { record }] of world.assets) {
    must(
      before.assets.get(id)?.record.issuance === record.issuance || before.assets.get(id) === undefined,
      'who makes units never changes',
    );
    const role = world.zones.get(ownerOf('asset', id))?.record.role;
    must(role === 'owner' || role === 'dapp', 'only an owner or dapp zone owns an asset');
  }
  for (const { policy: now } of world.dwallets.values()) {
    const was = before.dwallets.get(hex(now.publicKey))?.policy;
    must(now.purpose === 'ordinary' || (!now.rawDigest && !now.calls), 'a vault signs no raw digests');
    must(
      was === undefined || was.purpose === now.purpose,
      'what signed before never becomes a vault, and a vault stays one',
    );
  }
  for (const { record } of world.clusters.values()) {
    must(
      record.members.every(({ settlementMs }) => settlementMs > record.deltaMs),
      'Δ is smaller than every settlement time',
    );
  }
}

/** One history. Throws where something does not hold. */
export function governanceTakeover(rules: Rules, operations: readonly number[]): void {
  const victim = new Draw(operations[0] ?? 0).of([owner, dapp]);
  const mine = (kind: Kind, name: string): boolean => ownerOf(kind, name) === victim;
  const state: State = { world: world0, victim, approved: new Map(), past: [] };
  const names: readonly (readonly [Kind, string])[] = [
    ...chains.map((chain) => ['zone', chain] as const),
    ...[...world0.assets.keys()].map((id) => ['asset', id] as const),
    ...wallets.map((name) => ['dwallet', name] as const),
  ];
  for (const [kind, name] of names) {
    if (!mine(kind, name) && name !== 'eve') state.approved.set(`${kind} ${name}`, [digestIn(world0, kind, name)]);
  }
  for (const operation of operations) {
    const draw = new Draw(operation);
    const before = state.world;
    const submit = (event: WorldEvent): boolean => {
      const outcome = applyEventWith(rules, state.world, event);
      if (outcome.ok) state.world = outcome.state;
      return outcome.ok;
    };
    switch (draw.below(8)) {
      case 0: {
        // An honest owner changes something.
        const name = draw.of(chains.filter((chain) => chain !== victim));
        const changes = draw.of<Partial<ZoneRecord>>([
          { status: 'frozen' },
          { status: 'active' },
          { settlementMs: 70_000 },
        ]);
        const event = zoneEvent(nextZone(state.world, name, changes));
        if (submit(event)) {
          state.approved.get(`zone ${name}`)?.push(digestIn(state.world, 'zone', name));
          state.past.push(event);
          takeoverWitness.honest++;
        }
        break;
      }
      case 1: {
        if (state.past.length === 0) break;
        must(!submit(draw.of(state.past)), 'an approved version counts once');
        break;
      }
      case 2: {
        // A zone that owns nothing gets an asset.
        const of = asset('W', defi, [defi]);
        must(!submit(assetEvent(of)), 'only an owner or dapp zone owns an asset');
        break;
      }
      case 3: {
        const delta = draw.of([20, 70_000]);
        const record = clusterOfChains('takeover', draw.once(2) ? [dapp, defi] : [defi, outside], { deltaMs: delta });
        const proposal = clusterProposal(record);
        const signers = draw.once(2) ? record.members.map(({ chain }) => chain) : [victim];
        const approvals = signers.flatMap((chain) => approveBy(proposal, governanceOf(chain).keys));
        const accepted = submit({ kind: 'new-cluster', record, approvals, at: 0 });
        must(!accepted || signers.length > 1, 'nobody is put into a cluster');
        break;
      }
      default: {
        // Whatever eve owns is the adversary's too.
        const { kind, name, record } = wanted(state, draw);
        if (!encodes(kind, record)) break;
        const proposal = proposalFor(kind, record);
        const eves = name === 'eve' ? approveBy(proposal, governanceOf('wallet/eve').keys) : [];
        const approvals = [...adversaryApprovals(state, proposal, ownerOf(kind, name), draw), ...eves];
        takeoverWitness.attempts++;
        if (submit(eventFor(kind, record, approvals))) takeoverWitness.own++;
      }
    }
    check(before, state);
  }
}
