/**
 * The record of a zone: one chain with its own governance and security.
 *
 * @module
 */
import { encodeText } from '@dwallet/sigma';
import { type GovernanceSet, governanceField } from '../governance/keys.ts';
import { assetChain, assetField, chainField } from '../record/caip.ts';
import {
  type Field,
  amount,
  counter,
  digestField,
  integer,
  oneOf,
  record,
  recordType,
  sortedList,
  struct,
} from '../record/codec.ts';
import { type ZoneFact, zoneFact } from '../record/fact.ts';
import type { Digest } from '@dwallet/sigma';

/** `owner` and `dapp` zones own assets, `defi` zones receive them, `connector` zones hold them for an outside entity. */
export type ZoneRole = 'owner' | 'dapp' | 'defi' | 'connector';

/** How an event becomes final: at a depth, or when the chain's own finalised tag covers it. */
export interface Finality {
  readonly kind: 'confirmations' | 'finalised';
  /** Blocks from the event's own to the head, both counted: 1 = in the head block. 0 for `finalised`. */
  readonly confirmations: number;
}

/** Longest window of a limit, ms: 31 days. What left before it need not be remembered. */
export const longestWindowMs = 31 * 24 * 3_600_000;

/** No more than `ceiling` of `asset` within any window of this length. */
export interface Limit {
  /** CAIP-19 of the token on this zone. */
  readonly asset: string;
  /** 1..{@link longestWindowMs}. */
  readonly windowMs: number;
  readonly ceiling: bigint;
}

export interface ZoneRecord {
  /** CAIP-2. */
  readonly chain: string;
  readonly role: ZoneRole;
  readonly finality: Finality;
  /** How long the chain takes to settle on its parent; 0 when it has none. */
  readonly settlementMs: number;
  readonly governance: GovernanceSet;
  /** Ascending by asset and window. */
  readonly limits: readonly Limit[];
  /** What governance decided. Quarantine and halt are facts about faults, so they are derived (`zoneStatus`), never voted. */
  readonly status: 'active' | 'frozen';
  readonly version: bigint;
  /** Digest of the version before; zeros for the first. */
  readonly prev: Digest;
}

const finalityField: Field<Finality> = struct<Finality>({
  kind: oneOf(['confirmations', 'finalised']),
  confirmations: integer(0, 1_000_000),
});

export const limitField: Field<Limit> = struct<Limit>({
  asset: assetField,
  windowMs: integer(1, longestWindowMs),
  ceiling: amount,
});
/** Two ceilings for one window would leave open which one holds. */
export const limitKey = ({ asset, windowMs }: Limit): Uint8Array =>
  encodeText(`${asset}|${String(windowMs).padStart(16, '0')}`);

export const zoneRecord = record<ZoneRecord>(
  'zone',
  recordType.zone,
  65_536,
  {
    chain: chainField,
    role: oneOf(['owner', 'dapp', 'defi', 'connector']),
    finality: finalityField,
    settlementMs: integer(),
    governance: governanceField,
    limits: sortedList(limitField, 0, 256, limitKey),
    status: oneOf(['active', 'frozen']),
    version: counter,
    prev: digestField,
  },
  ({ chain, finality, limits }) => {
    if ((finality.kind === 'confirmations') !== finality.confirmations > 0) {
      return 'finality needs a depth of at least 1 for confirmations, and 0 for the finalised tag';
    }
    return limits.some(({ asset }) => assetChain(asset) !== chain)
      ? 'limits name an asset of another chain'
      : undefined;
  },
);

export const zoneFactOf = (zone: ZoneRecord): ZoneFact =>
  zoneFact('zone', [zone.chain], zone.version, zoneRecord.digest(zone));
