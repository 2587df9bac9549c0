/**
 * A toy network with zones: four validators, each with a watcher of its own of every chain. The chains are lists of events that a test writes; the watchers
 * are stand-ins with the real interface, and a test can make single ones slow, blind or lying.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { decodeEvmAddress, eip1559Chain, encodeRequest } from '@dwallet/chains';
import { type Digest, type PresignId, type ValidatorId, digestTagged, encodeText, encodeUint } from '@dwallet/sigma';
import {
  type Approval,
  type AssetRecord,
  type ClusterRecord,
  type DWalletPolicy,
  type GovernanceKey,
  type MintOrder,
  type ObservedEvent,
  type Proposal,
  type WorldEvent,
  type ZoneRecord,
  addressOfKey,
  approvalBytes,
  assetProposal,
  clusterProposal,
  dwalletProposal,
  encodeAuthority,
  encodeSubmission,
  noDigest,
  proposalRecord,
  zoneProposal,
} from '@dwallet/zones';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { StoredDWallet } from '../../src/network-state.ts';
import { readContent } from '../../src/policy/read-content.ts';
import type { PolicyRequest } from '../../src/policy/signing-policy.ts';
import { type ZonesObserver, type ZonesOptions, silentZonesObserver } from '../../src/zones/index.ts';
import type {
  BlockHead,
  ChainWatcher,
  ClusterObservation,
  EventLookup,
  Positioned,
  RunningConfiguration,
  SafetyFault,
  WatcherStatus,
} from '../../src/zones/watchers/index.ts';
import {
  type Snapshot,
  ToyNetwork,
  type ToyOptions,
  type ToyStore,
  accountKeyOf,
  fixture,
  hex,
} from '../helpers/toy-network.ts';

export const owner = 'eip155:1001';
export const dapp = 'eip155:1002';
export const defi = 'eip155:1003';
export const chains = [owner, dapp, defi] as const;

export const bytes32 = (name: string): Digest => digestTagged('zone-network', [encodeText(name)]);

/** A chain as it really is. */
export class FakeChain {
  readonly chain: string;
  readonly assetEvents: Positioned<ObservedEvent>[] = [];
  readonly clusterEvents: Positioned<ClusterObservation>[] = [];
  readonly heads: BlockHead[] = [];
  readonly listeners = new Set<() => void>();
  constructor(chain: string) {
    this.chain = chain;
    this.block(1);
  }
  get head(): BlockHead {
    return this.heads.at(-1) as BlockHead;
  }
  block(time: number): BlockHead {
    const height = this.heads.length;
    const head = {
      height,
      hash: hex(bytes32(`${this.chain}/${height}`)),
      parent: this.heads.at(-1)?.hash ?? '00'.repeat(32),
      time,
    };
    this.heads.push(head);
    this.tell();
    return head;
  }
  /** An event of an asset, final at once. */
  happens(event: Omit<ObservedEvent, 'chain'>): ObservedEvent {
    const value = { chain: this.chain, ...event };
    this.assetEvents.push({ position: this.assetEvents.length, block: this.head, value });
    this.tell();
    return value;
  }
  observes(value: ClusterObservation): void {
    this.clusterEvents.push({ position: this.clusterEvents.length, block: this.head, value });
    this.tell();
  }
  tell(): void {
    for (const listener of this.listeners) listener();
  }
}

/** One validator's view of a chain. */
export class FakeWatcher implements ChainWatcher {
  readonly source: FakeChain;
  /** Replaces single events: what this validator's node lies about. */
  bend: (event: ObservedEvent) => ObservedEvent | undefined = (event) => event;
  current: WatcherStatus | undefined;
  forked: SafetyFault[] = [];
  /** What this validator's node shows the chain to run; undefined: nobody looks. */
  runs: Digest | undefined;
  constructor(source: FakeChain) {
    this.source = source;
  }
  get chain(): string {
    return this.source.chain;
  }
  start(): void {}
  stop(): Promise<void> {
    return Promise.resolve();
  }
  status(): WatcherStatus {
    return this.current ?? { kind: 'following', tip: this.source.head, final: this.source.head, caughtUp: true };
  }
  get healthy(): boolean {
    return this.status().kind === 'following';
  }
  #events(): Positioned<ObservedEvent>[] {
    return this.source.assetEvents.flatMap((item) => {
      const value = this.bend(item.value);
      return value === undefined ? [] : [{ ...item, value }];
    });
  }
  event(reference: string): EventLookup {
    const status = this.status();
    if (status.kind !== 'following') return { kind: 'unavailable', status };
    const event = this.#events().find(({ value }) => value.reference === reference)?.value;
    if (event === undefined) return { kind: 'unknown' };
    return { kind: 'final', event, view: { eventHeight: 1, headHeight: 100, finalisedHeight: 100 } };
  }
  assetEvents(from: number, limit = 256): readonly Positioned<ObservedEvent>[] {
    return this.#events()
      .filter(({ position }) => position >= from)
      .slice(0, limit);
  }
  clusterEvents(from: number, limit = 256): readonly Positioned<ClusterObservation>[] {
    return this.source.clusterEvents.filter(({ position }) => position >= from).slice(0, limit);
  }
  clusterHead(): BlockHead | undefined {
    return this.healthy ? this.source.head : undefined;
  }
  clusterBlock(height: number): BlockHead | undefined {
    return this.source.heads[height];
  }
  configuration(): RunningConfiguration | undefined {
    return this.healthy && this.runs !== undefined
      ? { block: this.source.head, digest: this.runs, contracts: [] }
      : undefined;
  }
  faults(): readonly SafetyFault[] {
    return this.forked;
  }
  acknowledge(): void {
    this.forked = [];
  }
  watch(): void {}
  requireFinality(): void {}
  subscribe(listener: () => void): () => void {
    this.source.listeners.add(listener);
    return () => this.source.listeners.delete(listener);
  }
}

// Governance -----------------------------------------------------------------------------------------------------------------------

const secretOf = (name: string): Uint8Array => bytes32(`secret/${name}`);
export const keyOf = (secret: Uint8Array): GovernanceKey => ({
  scheme: 'ed25519',
  publicKey: ed25519.getPublicKey(secret),
});
/** One key that decides alone. */
export const governanceOf = (name: string) => ({ keys: [keyOf(secretOf(name))], threshold: 1 });

export const approve = (proposal: Proposal, ...secrets: readonly Uint8Array[]): Approval[] => {
  const digest = proposalRecord.digest(proposal);
  return secrets.map((secret) => ({
    key: keyOf(secret),
    proposal: digest,
    signature: ed25519.sign(approvalBytes(digest), secret),
  }));
};
export const approveAs = (proposal: Proposal, ...names: readonly string[]): Approval[] =>
  approve(proposal, ...names.map(secretOf));

export const zone = (chain: string, changes: Partial<ZoneRecord> = {}): ZoneRecord => ({
  chain,
  role: chain === defi ? 'defi' : 'owner',
  finality: { kind: 'confirmations', confirmations: 3 },
  settlementMs: 60_000,
  governance: governanceOf(chain),
  limits: [],
  status: 'active',
  version: 0n,
  prev: noDigest,
  ...changes,
});
export const zoneEvent = (record: ZoneRecord): WorldEvent => ({
  kind: 'zone',
  record,
  approvals: approveAs(zoneProposal(record), record.chain),
});

/** The account key of Alice, who owns the dWallet of the fixture. */
export const aliceSecret = (): Uint8Array => accountKeyOf(fixture().wallet).expose().slice();
/** Her dWallet's public key: 33 bytes. */
export const policyFor = (publicKey: Uint8Array, changes: Partial<DWalletPolicy> = {}): DWalletPolicy => ({
  publicKey,
  owner: { keys: [keyOf(aliceSecret())], threshold: 1 },
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
export const policyEvent = (record: DWalletPolicy): WorldEvent => ({
  kind: 'dwallet',
  record,
  approvals: approve(dwalletProposal(record), aliceSecret()),
});

export const approvedBy = (record: DWalletPolicy, name: string): WorldEvent => ({
  kind: 'dwallet',
  record,
  approvals: approveAs(dwalletProposal(record), name),
});
/** The status of a watcher whose chain took back what was final. */
export const forkedStatus = (chain: string): WatcherStatus => ({ kind: 'forked', fault: forkOf(chain) });
export const forkOf = (chain: string, time = Date.now(), track: SafetyFault['track'] = 'final'): SafetyFault => {
  const block = (name: string): BlockHead => ({
    height: 7,
    hash: hex(bytes32(`${chain}/${name}`)),
    parent: hex(bytes32('p')),
    time,
  });
  const [reported, conflicting] = [block('a'), block('b')];
  return { chain, track, reported, conflicting, reportedTip: reported, conflictingTip: conflicting };
};

const token = (name: string, chain: string): string =>
  `${chain}/erc20:${addressOfKey(chain, fakeKey(`${name}@${chain}`)) ?? ''}`;
/** A public key from a name: its address stands for a contract or an account. */
export function fakeKey(name: string): Uint8Array {
  for (let i = 0; ; i++) {
    const key = new Uint8Array([2, ...bytes32(`${name}/${i}`)]);
    try {
      addressOfKey('eip155:1', key);
      return key;
    } catch {
      // Half of all x are on no point.
    }
  }
}
export const account = (name: string): string => addressOfKey('eip155:1', fakeKey(name)) as string;

export const assetX = token('X', owner);
export const tokenX = (chain: string): string => (chain === owner ? assetX : token('X', chain));
export const assetOfX = (vaultKey: Uint8Array, changes: Partial<AssetRecord> = {}): AssetRecord => ({
  asset: assetX,
  deployments: chains.map((chain) => ({
    chain,
    token: tokenX(chain),
    vault: addressOfKey(chain, vaultKey) as string,
    vaultKey,
    release: chain === owner ? 'transfer' : 'mint',
    maxFee: 10n ** 18n,
  })),
  issuance: 'chain',
  version: 0n,
  prev: noDigest,
  ...changes,
});
export const assetEvent = (record: AssetRecord): WorldEvent => ({
  kind: 'asset',
  record,
  approvals: approveAs(assetProposal(record), owner),
});

export const clusterEvent = (record: ClusterRecord, at: number): WorldEvent => ({
  kind: 'new-cluster',
  record,
  approvals: approveAs(clusterProposal(record), ...record.members.map(({ chain }) => chain)),
  at,
});

// Network --------------------------------------------------------------------------------------------------------------------------

type ZoneNetworkOptions = ToyOptions & { readonly zones?: Partial<ZonesOptions> };
let readyState: Snapshot | undefined;

export class ZoneNetwork {
  /** With zones, vault and asset X, made once per test file. */
  static async ready(options: ZoneNetworkOptions = {}): Promise<ZoneNetwork> {
    if (readyState === undefined) {
      const first = new ZoneNetwork();
      await first.setUp();
      await first.until((i) => first.zones(i).log.height === first.zones(1).log.height);
      const own = first.network.stores.map((store) => (store as ToyStore).dump());
      readyState = { ...fixture(), common: {}, own };
      first.close();
    }
    return new ZoneNetwork({ from: readyState, ...options });
  }

  readonly chains = new Map<string, FakeChain>(chains.map((chain) => [chain, new FakeChain(chain)]));
  /** Validator -> chain -> its watcher. */
  readonly watchers: ReadonlyMap<string, FakeWatcher>[];
  readonly network: ToyNetwork;
  /** What all validators tell: a test replaces what it listens to. */
  readonly observer: ZonesObserver = { ...silentZonesObserver };

  constructor(options: ZoneNetworkOptions = {}) {
    this.watchers = [1, 2, 3, 4].map(
      () => new Map([...this.chains].map(([name, chain]) => [name, new FakeWatcher(chain)])),
    );
    this.network = new ToyNetwork({
      from: fixture(),
      ...options,
      zonesOf: (index: ValidatorId) => ({
        watchers: this.watchers[index - 1] as ReadonlyMap<string, FakeWatcher>,
        timing: { turnMs: 40, phaseMs: 1000, waitMs: 6000, lookMs: 150 },
        observer: this.observer,
        ...options.zones,
      }),
    });
  }

  chain(name: string): FakeChain {
    return this.chains.get(name) as FakeChain;
  }
  watcher(validator: number, chain: string): FakeWatcher {
    return this.watchers[validator - 1]?.get(chain) as FakeWatcher;
  }
  zones(validator = 1) {
    const { zones } = this.network.validator(validator);
    if (zones === undefined) throw new Error('no zones');
    return zones;
  }
  submit(event: WorldEvent, at = 1): Promise<void> {
    return this.zones(at).submit(encodeSubmission({ kind: 'record', event }));
  }
  order(order: MintOrder, proposal: Proposal, at = 1): Promise<void> {
    const approvals = approveAs(proposal, owner);
    return this.zones(at).submit(encodeSubmission({ kind: 'mint', order, proposal, approvals }));
  }
  /** Alice's dWallet as a validator knows it. */
  dwallet(validator: number): StoredDWallet {
    const [id] = this.network.validator(validator).dwalletIdsOf(keyOf(aliceSecret()).publicKey);
    const found = this.network.validator(validator).dwallet(Buffer.from(id as string, 'hex'));
    if (found === undefined) throw new Error('no dWallet');
    return found;
  }
  /** Its public key: 33 bytes. */
  get vaultKey(): Uint8Array {
    const { record } = this.dwallet(1);
    return record.curve.encodePoint(record.publicKey);
  }
  assetX(): AssetRecord {
    return assetOfX(this.vaultKey);
  }
  /** Zones, the vault and asset X. */
  async setUp(): Promise<void> {
    for (const chain of chains) await this.submit(zoneEvent(zone(chain)));
    await this.submit(policyEvent(policyFor(this.vaultKey, { purpose: 'vault', subject: assetX })));
    await this.submit(assetEvent(assetOfX(this.vaultKey)));
  }
  mint(amount: bigint, reference: string): void {
    this.chain(owner).happens({ reference, kind: 'mint', token: assetX, amount, to: owner, recipient: '' });
  }
  transfer(from: string, to: string, amount: bigint, reference: string, recipient = account('ann')): void {
    this.chain(from).happens({ reference, kind: 'transfer', token: tokenX(from), amount, to, recipient });
  }
  /** Until every running validator sees it. */
  async until(what: (validator: number) => boolean, of: readonly number[] = [1, 2, 3, 4]): Promise<void> {
    const end = performance.now() + 10_000;
    while (!of.every(what)) {
      if (performance.now() > end) throw new Error(`not in time:\n${this.network.logs.slice(-30).join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  height(validator: number): number {
    return this.zones(validator).state.entries(assetX).length;
  }
  close(): void {
    this.network.close();
  }
}

// A payment of X on the DefiChain ----------------------------------------------------------------------------------------------------

const tokenCall = (name: string, to: string, amount: bigint): Uint8Array =>
  new Uint8Array([
    ...keccak_256(encodeText(`${name}(address,uint256)`)).slice(0, 4),
    ...new Uint8Array(12),
    ...decodeEvmAddress(to),
    ...encodeUint(amount, 32),
  ]);

/** Unsigned. By default what pays Ann 30 by an entry. */
export const payment = (
  changes: { amount?: bigint; to?: string; nonce?: number; chainId?: number; fee?: bigint } = {},
): Uint8Array => {
  const { amount = 30n, to = account('ann'), nonce = 4, chainId = 1003, fee = 20n } = changes;
  const contract = tokenX(defi);
  const chain = eip1559Chain({ chainId });
  return chain.encodeUnsigned(
    chain.build({
      nonce,
      to: contract.slice(contract.indexOf('0x')) as `0x${string}`,
      valueWei: 0n,
      gasLimit: 60_000n,
      data: tokenCall('mint', to, amount),
      maxFeePerGasWei: fee,
      maxPriorityFeePerGasWei: 1n,
      accessList: [],
    }),
  );
};
/** The authority that names an entry of X. */
export const entryOf = (height: bigint, chain = defi): Uint8Array =>
  encodeAuthority({ kind: 'entry', zone: chain, asset: assetX, height });

// Signing ----------------------------------------------------------------------------------------------------------------------------

export const fresh = (name: string): Uint8Array => keccak_256(encodeText(name));

/** A request to sign with Alice's dWallet, as a validator's policies see it. */
export function requestOf(
  net: ZoneNetwork,
  i: number,
  raw: Uint8Array | 'digest',
  authority: Uint8Array,
  chainId: string = defi,
): PolicyRequest {
  const content =
    raw === 'digest'
      ? ({ kind: 'raw', hashScheme: 'keccak256', message: fresh('raw') } as const)
      : readContent(
          { kind: 'request', payload: 0, request: encodeRequest({ chainId, format: 'eip1559', raw }) },
          net.vaultKey,
        );
  return {
    dwallet: net.dwallet(i),
    presignId: fresh('presign') as PresignId,
    binding: fresh(`binding/${hex(raw === 'digest' ? new Uint8Array(0) : raw)}`) as PolicyRequest['binding'],
    content,
    authority,
  };
}

/** What validator `i` says about a request, without the cryptography around it: 'allowed', or the rule. */
export async function asked(
  net: ZoneNetwork,
  i: number,
  raw: Uint8Array | 'digest',
  authority: Uint8Array,
  chainId?: string,
): Promise<string> {
  const { policy } = net.zones(i);
  const request = requestOf(net, i, raw, authority, chainId);
  try {
    await policy.prepare?.(request);
    net.network.store(i).transaction(() => policy.authorise(request));
    return 'allowed';
  } catch (error) {
    return (error as { check?: string }).check ?? String(error);
  }
}
