/**
 * Whether a sign request is allowed: the last question before a validator gives its share.
 *
 * The answer depends on the request's effects alone, so any chain fits that has an adapter to {@link NativeEffects}.
 *
 * @module
 */
import type { Digest } from '@dwallet/sigma';
import type { Deployment, LedgerEntry } from '../asset/record.ts';
import type { EntryRules } from '../asset/judge.ts';
import { type SettlementRecord, settlementCalldata, settlementRecord } from '../cluster/record.ts';
import { type Outcome, type Refusal, type Rule, accept, refuse } from '../outcome.ts';
import { assetChain } from '../record/caip.ts';
import { hex, sameBytes } from '../record/codec.ts';
import { type DWalletState, type World, outflowsOf, refuseSuspectState, zoneStatusWith } from '../world.ts';
import { type Outflow, recentOutflows } from '../zone/rules.ts';
import type { NativeEffects } from './native-effects.ts';
import { bookRelease } from './release.ts';

/** What somebody asks a dWallet to sign. */
export interface SignRequest {
  /** The dWallet's public key: 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** CAIP-2 of the zone that the request names; undefined for a raw digest. */
  readonly zone: string | undefined;
  /** What the validator itself read from the raw transaction; undefined for a raw digest. */
  readonly effects: NativeEffects | undefined;
  /** For a vault: digest of the certified entry that it pays. */
  readonly entry?: Digest;
  /** For a cluster's dWallet: the certified settlement that it posts. */
  readonly settlement?: SettlementRecord;
  /** Agreed time of the request, ms. */
  readonly time: number;
}

interface PaymentContext {
  readonly effects: NativeEffects;
  readonly entry: LedgerEntry;
  readonly deployment: Deployment;
}

export interface AuthoriseRules extends EntryRules {
  readonly 'ASSET:9': Rule<PaymentContext>;
}

/** One native payment, nothing else, of the right token, to the right account, at a bounded fee. */
export const exactPayment: AuthoriseRules['ASSET:9'] = ({ effects, entry, deployment }) => {
  const [movement, ...more] = effects.movements;
  if (entry.recipient === '') return refuse('ASSET:9', 'the entry pays nobody');
  if (entry.to !== effects.chain) return refuse('ASSET:9', `the entry pays on ${entry.to}`);
  if (effects.calls.length > 0) return refuse('ASSET:9', 'a vault makes no call that validators cannot interpret');
  if (movement === undefined || more.length > 0) {
    return refuse('ASSET:9', `the transaction moves value ${effects.movements.length} times, must be once`);
  }
  const kind = entry.kind === 'mint' ? 'mint' : deployment.release;
  if (movement.kind !== kind) return refuse('ASSET:9', `the transaction is a ${movement.kind}, must be a ${kind}`);
  if (movement.asset !== deployment.token) return refuse('ASSET:9', `moves ${movement.asset}, not ${deployment.token}`);
  if (movement.to !== entry.recipient) return refuse('ASSET:9', `pays ${movement.to}, not ${entry.recipient}`);
  if (effects.maxFee > deployment.maxFee)
    return refuse('ASSET:9', `a fee of ${effects.maxFee} exceeds ${deployment.maxFee}`);
  // Where the asset is the coin of the fee, the recipient bears it: nothing leaves the vault beyond the entry.
  const leaves = movement.amount + (effects.feeAsset === deployment.token ? effects.maxFee : 0n);
  return leaves === entry.amount
    ? undefined
    : refuse('ASSET:9', `${leaves} leave the vault, the entry says ${entry.amount}`);
};

function authoriseVault(
  rules: AuthoriseRules,
  world: World,
  request: SignRequest,
  effects: NativeEffects,
  asset: string,
): Outcome<World> {
  const state = world.assets.get(asset);
  const deployment = state?.record.deployments.find(
    ({ chain, vaultKey }) => chain === effects.chain && sameBytes(vaultKey, request.publicKey),
  );
  if (state === undefined || deployment === undefined) {
    return refuse('ASSET:9', `the dWallet is not the vault of ${asset} on ${effects.chain}`);
  }
  const digest = request.entry === undefined ? undefined : hex(request.entry);
  const entry = digest === undefined ? undefined : state.ledger.entries.get(digest);
  if (digest === undefined || entry === undefined)
    return refuse('ASSET:9', `no certified entry of ${asset} allows this`);
  const release = { chain: effects.chain, slots: effects.slots, publicKey: request.publicKey, entry: digest };
  const refusal =
    refuseSuspectState(rules, world, entry.from, entry.time) ??
    rules['ASSET:9']({ effects, entry, deployment }) ??
    rules['ASSET:10']({ world, ...release });
  return refusal ?? accept(bookRelease(world, release));
}

/** The cluster's own dWallet posts certified settlements, and does nothing else. */
function authoriseSettlement(world: World, request: SignRequest, effects: NativeEffects, name: string): Outcome<World> {
  const cluster = world.clusters.get(name);
  const { settlement } = request;
  const no = (reason: string): Refusal => refuse('CLUSTER:6', reason);
  if (cluster === undefined || !sameBytes(cluster.record.settlementKey, request.publicKey)) {
    return no(`the dWallet is not that of cluster ${name}`);
  }
  if (settlement === undefined || !sameBytes(settlementRecord.digest(settlement), cluster.settlement)) {
    return no('the request carries no settlement, or not the last certified one');
  }
  const [call, ...more] = effects.calls;
  const posts =
    effects.chain === cluster.record.parent &&
    effects.movements.length === 0 &&
    more.length === 0 &&
    call?.to === cluster.record.settlementContract &&
    sameBytes(call.data, settlementCalldata(settlementRecord.digest(settlement)));
  if (!posts) return no('the transaction is not exactly the posting of this settlement');
  return effects.maxFee <= cluster.record.maxFee
    ? accept(world)
    : no(`a fee of ${effects.maxFee} exceeds ${cluster.record.maxFee}`);
}

/** What a request of an ordinary dWallet counts against ceilings: what it moves, and the most that it may cost. */
export const requestOutflows = ({ movements, feeAsset, maxFee }: NativeEffects, time: number): readonly Outflow[] =>
  [...movements, { asset: feeAsset, amount: maxFee }].map(({ asset, amount }) => ({ asset, amount, time }));

function authoriseOrdinary(
  rules: AuthoriseRules,
  world: World,
  request: SignRequest,
  effects: NativeEffects,
  dwallet: DWalletState,
): Outcome<World> {
  const { policy } = dwallet;
  const zone = world.zones.get(effects.chain);
  if (zone === undefined) return refuse('ZONE:2', `${effects.chain} is not a zone`);
  if (policy.zones.length > 0 && !policy.zones.includes(effects.chain)) {
    return refuse('ZONE:2', `the dWallet’s owner does not allow ${effects.chain}`);
  }
  if (effects.calls.length > 0 && !policy.calls) {
    return refuse(
      'ZONE:1',
      'the transaction makes a call that validators cannot interpret, and the dWallet has not opted in',
    );
  }
  const next = requestOutflows(effects, request.time);
  const refusal =
    refuseSuspectState(rules, world, effects.chain, request.time) ??
    rules['ZONE:5']({
      limits: zone.record.limits,
      // Adding up all legs is for those who set a ceiling.
      outflows: zone.record.limits.length === 0 ? [] : outflowsOf(world, effects.chain),
      next,
    }) ??
    rules['ZONE:5']({ limits: policy.limits, outflows: dwallet.outflows, next });
  if (refusal !== undefined) return refusal;
  const ours = policy.limits.filter(({ asset }) => assetChain(asset) === effects.chain);
  const zones = new Map(world.zones).set(effects.chain, {
    ...zone,
    outflows: [
      ...recentOutflows(zone.outflows, zone.record.limits, request.time),
      ...(zone.record.limits.length > 0 ? next : []),
    ],
  });
  const dwallets =
    ours.length === 0
      ? world.dwallets
      : new Map(world.dwallets).set(hex(policy.publicKey), {
          ...dwallet,
          outflows: [...recentOutflows(dwallet.outflows, policy.limits, request.time), ...next],
        });
  return accept({ ...world, zones, dwallets });
}

/**
 * Judges a sign request.
 *
 * @returns the world in which the request counts (limits, the release of an entry). The caller makes it durable before a share leaves.
 */
export function authoriseWith(rules: AuthoriseRules, world: World, request: SignRequest): Outcome<World> {
  const dwallet = world.dwallets.get(hex(request.publicKey));
  if (dwallet === undefined) return refuse('ZONE:1', 'the dWallet has no policy: its owner registers one first');
  const { policy } = dwallet;
  const { zone, effects } = request;
  const unread = rules['ZONE:1'].request({ policy, raw: effects === undefined });
  if (unread !== undefined) return unread;
  if (effects === undefined) return accept(world);
  if (zone === undefined) return refuse('ZONE:2', 'the request names no zone');
  const closed = rules['ZONE:2']({
    zone,
    chain: effects.chain,
    status: zoneStatusWith(rules, world, zone, request.time),
  });
  if (closed !== undefined) return closed;
  switch (policy.purpose) {
    case 'vault':
      return authoriseVault(rules, world, request, effects, policy.subject);
    case 'cluster':
      return authoriseSettlement(world, request, effects, policy.subject);
    case 'ordinary':
      return authoriseOrdinary(rules, world, request, effects, dwallet);
  }
}

/** ZONE:1 for requests. */
export const readOrOptedIn: AuthoriseRules['ZONE:1']['request'] = ({ policy, raw }) => {
  if (!raw) return undefined;
  return policy.rawDigest && policy.purpose === 'ordinary'
    ? undefined
    : refuse('ZONE:1', 'the request carries a digest instead of a transaction, and the dWallet has not opted in');
};
