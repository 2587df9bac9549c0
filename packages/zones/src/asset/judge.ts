/**
 * What a validator checks before it votes for a ledger entry: the chain of entries, the zones at this moment, and what its own node saw.
 *
 * @module
 */
import { type Approval, type Proposal, approvingKeys, proposalRecord } from '../governance/proposal.ts';
import { type Refusal, type Rule, refuse } from '../outcome.ts';
import { hex, sameBytes } from '../record/codec.ts';
import {
  type World,
  type WorldRules,
  outflowsOf,
  refuseSuspectState,
  spentElsewhere,
  zoneStatusWith,
} from '../world.ts';
import type { ChainView } from '../zone/rules.ts';
import { judgeAppend } from './ledger.ts';
import { type Deployment, type LedgerEntry, type MintOrder, mintOrderDigest, ownerChain } from './record.ts';

/** An event as the validator's own node of the source chain shows it. */
export interface ObservedEvent {
  readonly chain: string;
  readonly reference: string;
  readonly kind: LedgerEntry['kind'];
  /** CAIP-19 on the source chain. */
  readonly token: string;
  readonly amount: bigint;
  /** Where it says that the value goes. */
  readonly to: string;
  readonly recipient: string;
}

/** Why an entry may be written. */
export type EntrySource =
  | { readonly kind: 'observed'; readonly event: ObservedEvent; readonly view: ChainView }
  /** An order of the OwnerChain's governance, for assets whose vault makes the units. */
  | {
      readonly kind: 'ordered';
      readonly order: MintOrder;
      readonly proposal: Proposal;
      readonly approvals: readonly Approval[];
    };

export interface SourceContext {
  readonly entry: LedgerEntry;
  readonly source: EntrySource;
  readonly issuance: 'chain' | 'vault';
  /** The asset on the source chain. */
  readonly deployment: Deployment;
}

export interface EntryRules extends WorldRules {
  readonly 'ASSET:11': Rule<SourceContext>;
}

const orderPrefix = 'order:';
/** Source event reference of an order. */
export const orderReference = (proposal: Proposal): string => `${orderPrefix}${hex(proposalRecord.digest(proposal))}`;

export const entryMatchesSource: EntryRules['ASSET:11'] = ({ entry, source, issuance, deployment }) => {
  const different = (what: string): Refusal => refuse('ASSET:11', `the entry’s ${what} is not what its source says`);
  if ((entry.kind === 'mint' && issuance === 'vault') !== (source.kind === 'ordered')) {
    return refuse('ASSET:11', 'only the vault mints by order, and only where the vault makes the units');
  }
  if (source.kind === 'ordered') {
    const { order, proposal } = source;
    if (order.asset !== entry.asset || proposal.id !== entry.asset || proposal.subject !== 'mint')
      return different('asset');
    if (!sameBytes(proposal.body, mintOrderDigest(order)))
      return refuse('ASSET:11', 'the proposal is about another order');
    if (order.amount !== entry.amount) return different('amount');
    if (order.recipient !== entry.recipient || entry.recipient === '') return different('recipient');
    return entry.sourceEvent.reference === orderReference(proposal) ? undefined : different('reference');
  }
  const { event } = source;
  if (event.chain !== entry.sourceEvent.chain || event.reference !== entry.sourceEvent.reference)
    return different('event');
  if (event.reference.startsWith(orderPrefix)) return refuse('ASSET:11', 'an event cannot be called an order');
  if (event.kind !== entry.kind) return different('kind');
  if (event.token !== deployment.token) return different('token');
  if (event.amount !== entry.amount) return different('amount');
  if (event.to !== entry.to) return different('destination');
  return event.recipient === entry.recipient && (entry.kind === 'transfer' || entry.recipient === '')
    ? undefined
    : different('recipient');
};

/** Judges an entry before the vote. @returns undefined if this validator votes for it. */
export function judgeEntryWith(
  rules: EntryRules,
  world: World,
  entry: LedgerEntry,
  source: EntrySource,
): Refusal | undefined {
  const asset = world.assets.get(entry.asset);
  if (asset === undefined) return refuse('ASSET:7', `there is no asset ${entry.asset}`);
  const { ledger, record } = asset;
  const refusal = judgeAppend(rules, { ledger, entry }) ?? spentElsewhere(rules, world, entry);
  if (refusal !== undefined) return refusal;
  for (const chain of new Set([entry.from, entry.to])) {
    const status = zoneStatusWith(rules, world, chain, entry.time);
    const refused =
      rules['ZONE:2']({ zone: chain, chain, status }) ?? refuseSuspectState(rules, world, chain, entry.time);
    if (refused !== undefined) return refused;
    if (!record.deployments.some((deployment) => deployment.chain === chain)) {
      return refuse('ASSET:9', `${entry.asset} has no vault on ${chain}`);
    }
  }
  const zone = world.zones.get(entry.from)?.record;
  const deployment = record.deployments.find(({ chain }) => chain === entry.from);
  if (zone === undefined || deployment === undefined) return refuse('ZONE:2', `${entry.from} is not a zone`);
  const wrong = rules['ASSET:11']({ entry, source, issuance: record.issuance, deployment });
  if (wrong !== undefined) return wrong;
  if (source.kind === 'observed') {
    const notFinal = rules['ZONE:4']({ zone, view: source.view });
    if (notFinal !== undefined) return notFinal;
  } else {
    const { governance } = zone;
    const have = approvingKeys(rules, governance, proposalRecord.digest(source.proposal), source.approvals);
    if (have < governance.threshold) {
      return refuse(
        'GOVERNANCE:1',
        `${have} of ${governance.threshold} approvals by the keys of ${ownerChain(entry.asset)}`,
      );
    }
  }
  if (entry.kind !== 'transfer') return undefined;
  return rules['ZONE:5']({
    limits: zone.limits,
    outflows: outflowsOf(world, entry.from),
    next: [{ asset: deployment.token, time: entry.time, amount: entry.amount }],
  });
}
