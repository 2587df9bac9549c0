/**
 * For every rule what the network would be without it, and the property that shows it. The switch exists in tests only.
 *
 * @module
 */
import type { RuleId } from '../../src/index.ts';
import type { Rules } from '../../src/rules.ts';

export interface Mutation {
  readonly rule: RuleId;
  readonly what: string;
  readonly property: 'asset-damage' | 'cluster-faults' | 'governance-takeover' | 'sign-gate' | 'attestation-quorum';
  /** What the property says then. */
  readonly says: RegExp;
  readonly change: (rules: Rules) => Partial<Rules>;
}

const nothing = (): undefined => undefined;

export const mutations: readonly Mutation[] = [
  {
    rule: 'ZONE:1',
    what: 'signs what it cannot read',
    property: 'sign-gate',
    says: /allow is signed/,
    change: (rules) => ({ 'ZONE:1': { ...rules['ZONE:1'], request: nothing } }),
  },
  {
    rule: 'ZONE:1',
    what: 'makes raw-digest dWallets vaults',
    property: 'governance-takeover',
    says: /vault/,
    change: (rules) => ({ 'ZONE:1': { ...rules['ZONE:1'], policy: nothing } }),
  },
  {
    rule: 'ZONE:2',
    what: 'signs for any zone in any state',
    property: 'sign-gate',
    says: /allow is signed/,
    change: () => ({ 'ZONE:2': nothing }),
  },
  {
    rule: 'ZONE:3',
    what: 'lets a cluster concern everybody',
    property: 'cluster-faults',
    says: /outside/,
    change: () => ({ 'ZONE:3': () => true }),
  },
  {
    rule: 'ZONE:4',
    what: 'counts what is not final',
    property: 'asset-damage',
    says: /final/,
    change: () => ({ 'ZONE:4': nothing }),
  },
  {
    rule: 'ZONE:5',
    what: 'has no ceilings',
    property: 'sign-gate',
    says: /ceiling/,
    change: () => ({ 'ZONE:5': nothing }),
  },
  {
    rule: 'ZONE:6',
    what: 'lets any role own an asset',
    property: 'governance-takeover',
    says: /owns an asset|nobody else/,
    change: () => ({ 'ZONE:6': nothing }),
  },
  {
    rule: 'GOVERNANCE:1',
    what: 'asks for no threshold',
    property: 'governance-takeover',
    says: /nobody else|put into/,
    change: () => ({ 'GOVERNANCE:1': nothing }),
  },
  {
    rule: 'GOVERNANCE:2',
    what: 'takes any version',
    property: 'governance-takeover',
    says: /counts once|chain/,
    change: () => ({ 'GOVERNANCE:2': nothing }),
  },
  {
    rule: 'GOVERNANCE:3',
    what: 'lets everything change',
    property: 'governance-takeover',
    says: /never changes/,
    change: () => ({ 'GOVERNANCE:3': nothing }),
  },
  {
    rule: 'GOVERNANCE:4',
    what: 'believes any signature',
    property: 'governance-takeover',
    says: /nobody else/,
    change: () => ({ 'GOVERNANCE:4': nothing }),
  },
  {
    rule: 'ASSET:1',
    what: 'lets any chain mint',
    property: 'asset-damage',
    says: /supply|balance/,
    change: () => ({ 'ASSET:1': nothing }),
  },
  {
    rule: 'ASSET:2',
    what: 'forgets to debit',
    property: 'asset-damage',
    says: /add up|balance/,
    change: (rules) => ({
      'ASSET:2': (context) => {
        const booked = rules['ASSET:2'](context);
        const before = context.ledger.balances.get(context.entry.from);
        if (context.entry.kind !== 'transfer' || before === undefined) return booked;
        return { ...booked, balances: new Map(booked.balances).set(context.entry.from, before) };
      },
    }),
  },
  {
    rule: 'ASSET:3',
    what: 'lets an asset move directly',
    property: 'asset-damage',
    says: /balance/,
    change: () => ({ 'ASSET:3': nothing }),
  },
  {
    rule: 'ASSET:4',
    what: 'releases beyond the balance',
    property: 'asset-damage',
    says: /negative|released|loss/,
    change: () => ({ 'ASSET:4': nothing }),
  },
  {
    rule: 'ASSET:5',
    what: 'lets the OwnerChain send what it has not',
    property: 'asset-damage',
    says: /negative/,
    change: () => ({ 'ASSET:5': nothing }),
  },
  {
    rule: 'ASSET:6',
    what: 'spends an event twice',
    property: 'asset-damage',
    says: /spent once/,
    change: () => ({ 'ASSET:6': nothing }),
  },
  {
    rule: 'ASSET:7',
    what: 'takes any height',
    property: 'asset-damage',
    says: /gapless|before|backwards/,
    change: () => ({ 'ASSET:7': nothing }),
  },
  {
    rule: 'ASSET:8',
    what: 'gives a vault to two assets',
    property: 'asset-damage',
    says: /one asset/,
    change: () => ({ 'ASSET:8': nothing }),
  },
  {
    rule: 'ASSET:9',
    what: 'signs any transaction of a vault',
    property: 'asset-damage',
    says: /vault/,
    change: () => ({ 'ASSET:9': nothing }),
  },
  {
    rule: 'ASSET:10',
    what: 'releases an entry twice',
    property: 'asset-damage',
    says: /pay no more/,
    change: () => ({ 'ASSET:10': nothing }),
  },
  {
    rule: 'ASSET:11',
    what: 'believes the proposer',
    property: 'asset-damage',
    says: /what the chain says|final/,
    change: () => ({ 'ASSET:11': nothing }),
  },
  {
    rule: 'CLUSTER:1',
    what: 'takes any nonce and any time',
    property: 'cluster-faults',
    says: /gapless|word is final|in order|exactly as far/,
    change: () => ({ 'CLUSTER:1': nothing }),
  },
  {
    rule: 'CLUSTER:2',
    what: 'lets members run ahead',
    property: 'cluster-faults',
    says: /further|exactly as far/,
    change: () => ({ 'CLUSTER:2': nothing }),
  },
  {
    rule: 'CLUSTER:3',
    what: 'lets members skip messages',
    property: 'cluster-faults',
    says: /delivered by|exactly as far/,
    change: () => ({ 'CLUSTER:3': nothing }),
  },
  {
    rule: 'CLUSTER:4',
    what: 'counts any vote',
    property: 'attestation-quorum',
    says: /certified|vote/,
    change: () => ({ 'CLUSTER:4': nothing }),
  },
  {
    rule: 'CLUSTER:5',
    what: 'sees only the guilty member’s own messages',
    property: 'cluster-faults',
    says: /exactly the causal closure/,
    change: (rules) => ({
      'CLUSTER:5': {
        ...rules['CLUSTER:5'],
        closure: (cluster, member, at) =>
          new Set(
            [...cluster.channels.values()]
              .filter(({ from }) => from === member)
              .flatMap(({ messages }) => messages.filter(({ sentAt }) => sentAt >= at))
              .map(({ digest }) => Buffer.from(digest).toString('hex')),
          ),
      },
    }),
  },
  {
    rule: 'CLUSTER:5',
    what: 'goes on after a fault',
    property: 'cluster-faults',
    says: /fault|guilty|doubt/,
    change: (rules) => ({ 'CLUSTER:5': { ...rules['CLUSTER:5'], refuse: nothing } }),
  },
  {
    rule: 'CLUSTER:6',
    what: 'settles what did not happen',
    property: 'cluster-faults',
    says: /roots|settlement|settled|doubt/,
    change: () => ({ 'CLUSTER:6': nothing }),
  },
  {
    rule: 'CLUSTER:7',
    what: 'counts every head',
    property: 'cluster-faults',
    says: /counts exactly/,
    change: () => ({
      'CLUSTER:7': ({ heads }) =>
        new Map([...heads].flatMap(([member, head]) => (head === undefined ? [] : [[member, head] as const]))),
    }),
  },
  {
    rule: 'CLUSTER:8',
    what: 'lets one member decide',
    property: 'cluster-faults',
    says: /jointly|own approval/,
    change: () => ({ 'CLUSTER:8': nothing }),
  },
  {
    rule: 'CLUSTER:9',
    what: 'keeps an unapproved upgrade on the fast path',
    property: 'cluster-faults',
    says: /leaves the fast path/,
    change: (rules) => ({ 'CLUSTER:9': { ...rules['CLUSTER:9'], fastPath: () => true } }),
  },
  {
    rule: 'CLUSTER:9',
    what: 'delivers without settlement',
    property: 'cluster-faults',
    says: /wait for settlement/,
    change: (rules) => ({ 'CLUSTER:9': { ...rules['CLUSTER:9'], deliver: nothing } }),
  },
  {
    rule: 'CLUSTER:9',
    what: 'comes back out of step',
    property: 'cluster-faults',
    says: /in step/,
    change: (rules) => ({ 'CLUSTER:9': { ...rules['CLUSTER:9'], rejoin: nothing } }),
  },
  {
    rule: 'CLUSTER:10',
    what: 'serves without a node',
    property: 'sign-gate',
    says: /node for every member/,
    change: () => ({ 'CLUSTER:10': nothing }),
  },
  {
    rule: 'CLUSTER:11',
    what: 'takes any Δ',
    property: 'governance-takeover',
    says: /smaller/,
    change: () => ({ 'CLUSTER:11': nothing }),
  },
  {
    rule: 'CLUSTER:12',
    what: 'takes any head',
    property: 'cluster-faults',
    says: /one chain|nothing back/,
    change: (rules) => ({ 'CLUSTER:12': { ...rules['CLUSTER:12'], extend: nothing } }),
  },
  {
    rule: 'CLUSTER:12',
    what: 'convicts without a conflict',
    property: 'cluster-faults',
    says: /only two heads/,
    change: (rules) => ({ 'CLUSTER:12': { ...rules['CLUSTER:12'], conflict: () => true } }),
  },
];
