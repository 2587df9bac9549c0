/**
 * The ledger of one asset: rules ASSET:1 to ASSET:7 and the transition over certified entries.
 *
 * `appendEntry` depends on the chain of entries alone, so every validator that has the certificates has the same ledger, whenever it
 * got them. What depends on a moment (finality, limits, status) is judged before the vote (`judge.ts`).
 *
 * @module
 */
import type { Digest } from '@dwallet/sigma';
import { type Outcome, type Refusal, type Rule, accept, firstRefusal, refuse } from '../outcome.ts';
import { PersistentMap } from '../persistent-map.ts';
import { hex, sameBytes } from '../record/codec.ts';
import { type LedgerEntry, genesisDigest, ledgerEntry, ownerChain, sourceEventId } from './record.ts';

/** One movement out of a chain, kept for its limits. */
export interface LedgerOutflow {
  readonly chain: string;
  readonly time: number;
  readonly amount: bigint;
}

export interface Ledger {
  readonly asset: string;
  /** Height of the next entry. */
  readonly height: bigint;
  /** Digest of the last entry. */
  readonly head: Digest;
  /** Time of the last entry. */
  readonly time: number;
  /** Minted and not burnt. */
  readonly supply: bigint;
  /** Balance per chain, the OwnerChain included. They add up to the supply. */
  readonly balances: ReadonlyMap<string, bigint>;
  /** Hex of source event id -> true. */
  readonly spent: PersistentMap<true>;
  /** Hex of entry digest -> entry. */
  readonly entries: PersistentMap<LedgerEntry>;
  /** Ascending by time. The caller may drop what no limit can reach (`pruneOutflows`). */
  readonly outflows: readonly LedgerOutflow[];
}

export const emptyLedger = (asset: string): Ledger => ({
  asset,
  height: 0n,
  head: genesisDigest(asset),
  time: 0,
  supply: 0n,
  balances: new Map(),
  spent: PersistentMap.empty<true>(),
  entries: PersistentMap.empty<LedgerEntry>(),
  outflows: [],
});

export const balanceOf = (ledger: Pick<Ledger, 'balances'>, chain: string): bigint => ledger.balances.get(chain) ?? 0n;

/** Drops outflows before `time`. */
export const pruneOutflows = (ledger: Ledger, time: number): Ledger => ({
  ...ledger,
  outflows: ledger.outflows.filter((flow) => flow.time >= time),
});

export interface LedgerContext {
  readonly ledger: Ledger;
  readonly entry: LedgerEntry;
}

/** How balances change (ASSET:2). */
export interface Accounts {
  readonly supply: bigint;
  readonly balances: ReadonlyMap<string, bigint>;
}

export interface LedgerRules {
  readonly 'ASSET:1': Rule<LedgerContext>;
  /** Books an entry that the other rules allow. */
  readonly 'ASSET:2': (context: LedgerContext) => Accounts;
  readonly 'ASSET:3': Rule<LedgerContext>;
  readonly 'ASSET:4': Rule<LedgerContext>;
  readonly 'ASSET:5': Rule<LedgerContext>;
  readonly 'ASSET:6': Rule<LedgerContext>;
  readonly 'ASSET:7': Rule<LedgerContext>;
}

/** Names the two legs of a transfer that does not touch the OwnerChain. */
function hubAndSpoke({ ledger, entry: { kind, from, to } }: LedgerContext): Refusal | undefined {
  if (kind !== 'transfer') return undefined;
  const owner = ownerChain(ledger.asset);
  if (from === to) return refuse('ASSET:3', `${from} is both ends of the transfer`);
  if (from === owner || to === owner) return undefined;
  return {
    ok: false,
    rule: 'ASSET:3',
    reason: `${ledger.asset} does not move from ${from} to ${to} directly: use ${from} -> ${owner}, then ${owner} -> ${to}`,
    legs: [
      { from, to: owner },
      { from: owner, to },
    ],
  };
}

export const ledgerRules: LedgerRules = {
  'ASSET:1': ({ ledger, entry }) => {
    const owner = ownerChain(ledger.asset);
    return entry.kind === 'transfer' || (entry.from === owner && entry.to === owner)
      ? undefined
      : refuse('ASSET:1', `only ${owner} may ${entry.kind} ${ledger.asset}, not ${entry.from}`);
  },
  'ASSET:2': ({ ledger, entry: { kind, from, to, amount } }) => {
    const balances = new Map(ledger.balances);
    const add = (chain: string, change: bigint): void => {
      balances.set(chain, (balances.get(chain) ?? 0n) + change);
    };
    if (kind !== 'mint') add(from, -amount);
    if (kind !== 'burn') add(to, amount);
    const change = { mint: amount, burn: -amount, transfer: 0n }[kind];
    return { supply: ledger.supply + change, balances };
  },
  'ASSET:3': hubAndSpoke,
  'ASSET:4': ({ ledger, entry: { kind, from, amount } }) => {
    if (kind !== 'transfer' || from === ownerChain(ledger.asset)) return undefined;
    const balance = balanceOf(ledger, from);
    return amount <= balance
      ? undefined
      : refuse('ASSET:4', `${amount} asked for ${from}, whose balance of ${ledger.asset} is ${balance}`);
  },
  'ASSET:5': ({ ledger, entry: { kind, from, amount } }) => {
    if (kind === 'mint' || from !== ownerChain(ledger.asset)) return undefined;
    const balance = balanceOf(ledger, from);
    return amount <= balance ? undefined : refuse('ASSET:5', `${amount} exceed the ${balance} that ${from} has`);
  },
  'ASSET:6': ({ ledger, entry }) =>
    ledger.spent.has(hex(sourceEventId(entry.sourceEvent)))
      ? refuse('ASSET:6', `source event ${entry.sourceEvent.reference} of ${entry.sourceEvent.chain} was spent before`)
      : undefined,
  'ASSET:7': ({ ledger, entry }) => {
    if (entry.asset !== ledger.asset) return refuse('ASSET:7', `the entry is of ${entry.asset}`);
    if (entry.height !== ledger.height) return refuse('ASSET:7', `height ${entry.height} must be ${ledger.height}`);
    if (!sameBytes(entry.prev, ledger.head)) return refuse('ASSET:7', 'names another entry as the one before');
    return entry.time < ledger.time ? refuse('ASSET:7', 'is earlier than the entry before') : undefined;
  },
};

/** What the chain of entries alone says against an entry. */
export const judgeAppend = (rules: LedgerRules, context: LedgerContext): Refusal | undefined =>
  firstRefusal(context, [
    rules['ASSET:7'],
    rules['ASSET:1'],
    rules['ASSET:3'],
    rules['ASSET:6'],
    rules['ASSET:4'],
    rules['ASSET:5'],
  ]);

/** Books a certified entry. A refusal of one that has a certificate is evidence of more than f faulty validators. */
export function appendEntryWith(rules: LedgerRules, ledger: Ledger, entry: LedgerEntry): Outcome<Ledger> {
  const refusal = judgeAppend(rules, { ledger, entry });
  if (refusal !== undefined) return refusal;
  const digest = ledgerEntry.digest(entry);
  return accept({
    asset: ledger.asset,
    height: ledger.height + 1n,
    head: digest,
    time: entry.time,
    ...rules['ASSET:2']({ ledger, entry }),
    spent: ledger.spent.set(hex(sourceEventId(entry.sourceEvent)), true),
    entries: ledger.entries.set(hex(digest), entry),
    outflows:
      entry.kind === 'transfer'
        ? [...ledger.outflows, { chain: entry.from, time: entry.time, amount: entry.amount }]
        : ledger.outflows,
  });
}
