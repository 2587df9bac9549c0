/**
 * What the API tells of zones, assets and clusters, as its messages have it. From this validator's own state.
 *
 * @module
 */
import {
  type AssetState,
  type ClusterMessage,
  type ClusterState,
  type LedgerEntry,
  type Refusal,
  type ZoneState,
  assetRecord,
  canServe,
  clusterRecord,
  clusterStatus,
  ledgerEntry,
  messageRecord,
  messagesInDoubt,
  zoneRecord,
  zoneStatus,
} from '@dwallet/zones';
import type { Zones } from './zones.ts';

const statusNames = {
  active: 'ZONE_STATUS_ACTIVE',
  frozen: 'ZONE_STATUS_FROZEN',
  quarantined: 'ZONE_STATUS_QUARANTINED',
  halted: 'ZONE_STATUS_HALTED',
} as const;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export const refusalMessage = ({
  rule,
  reason,
  legs,
}: Pick<Refusal, 'reason' | 'legs'> & { readonly rule: string }) => ({
  rule,
  reason,
  legs: [...(legs ?? [])],
});

/** What of a member's configuration is not as it must be (CLUSTER:9); empty if nothing. By this validator's own node. */
export function configurationProblem(zones: Pick<Zones, 'configurations'>, chain: string): string {
  const member = zones.configurations().find((one) => one.chain === chain);
  if (member === undefined || (member.fastPath && member.isApproved !== false)) return '';
  const { cluster, found, isApproved } = member;
  const runs = found === undefined ? 'what it runs is not known here' : `it runs ${hex(found)}`;
  const judged = {
    true: ', which is approved: it comes back in step',
    false: ', which is not approved',
    undefined: '',
  };
  const where = member.fastPath ? 'on the fast path still' : 'off the fast path';
  return `${where} of cluster ${cluster}: ${runs}${judged[`${isApproved}`]} (CLUSTER:9)`;
}

export function zoneMessage(zones: Zones, { record }: ZoneState) {
  const { status = 'active', reason = '' } = zoneStatus(zones.state.world, record.chain, zones.now()) ?? {};
  const closed = zones.state.fault({ kind: 'zone', id: record.chain });
  const watched = zones.watchers.get(record.chain)?.status();
  const final = watched?.kind === 'following' ? watched.final : undefined;
  return {
    chain: record.chain,
    role: record.role,
    status: closed === undefined ? statusNames[status] : statusNames.quarantined,
    reason: closed ?? (reason === '' ? configurationProblem(zones, record.chain) : reason),
    version: Number(record.version),
    record: Buffer.from(zoneRecord.encode(record)),
    watcher: watched?.kind ?? 'none',
    finalHeight: final?.height ?? 0,
    finalTime: final?.time ?? 0,
  };
}

export const assetMessage = (zones: Zones, { record, ledger }: AssetState) => ({
  asset: record.asset,
  version: Number(record.version),
  record: Buffer.from(assetRecord.encode(record)),
  height: Number(ledger.height),
  supply: ledger.supply.toString(),
  balances: [...ledger.balances]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([chain, amount]) => ({ chain, amount: amount.toString() })),
  closed: zones.state.fault({ kind: 'asset', id: record.asset }) ?? '',
});

export const entryMessage = (entry: LedgerEntry) => ({
  asset: entry.asset,
  height: Number(entry.height),
  kind: entry.kind,
  from: entry.from,
  to: entry.to,
  amount: entry.amount.toString(),
  recipient: entry.recipient,
  sourceChain: entry.sourceEvent.chain,
  sourceReference: entry.sourceEvent.reference,
  time: entry.time,
  record: Buffer.from(ledgerEntry.encode(entry)),
});

export const messageMessage = (message: ClusterMessage) => ({
  cluster: message.cluster,
  from: message.from,
  to: message.to,
  nonce: Number(message.nonce),
  sentAt: message.sentAt,
  payload: Buffer.from(message.payload),
  record: Buffer.from(messageRecord.encode(message)),
});

export function clusterMessage(zones: Zones, cluster: ClusterState) {
  const status = clusterStatus(cluster, zones.now());
  return {
    cluster: cluster.record.cluster,
    version: Number(cluster.record.version),
    record: Buffer.from(clusterRecord.encode(cluster.record)),
    status: status.kind,
    since: status.kind === 'running' ? 0 : status.since,
    by: status.kind === 'running' ? [] : [...status.by],
    members: [...cluster.members.values()].map(({ chain, word, fastPath, heads, settled }) => ({
      chain,
      word,
      fastPath,
      heads: Number(heads.at(-1)?.head.height ?? settled?.head.height ?? -1n) + 1,
    })),
    interval: Number(cluster.interval),
    inDoubt: messagesInDoubt(cluster).map(({ from, to, nonce, digest }) => ({
      from,
      to,
      nonce: Number(nonce),
      digest,
    })),
    abstains:
      zones.state.fault({ kind: 'cluster', id: cluster.record.cluster }) ??
      canServe(cluster.record, zones.healthyNodes())?.reason ??
      '',
    deltaMs: cluster.record.deltaMs,
  };
}
