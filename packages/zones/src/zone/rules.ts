/**
 * The rules of a single zone: finality, limits, roles, status.
 *
 * @module
 */
import { type Rule, refuse } from '../outcome.ts';
import type { Finality, Limit, ZoneRecord } from './record.ts';

/** Where a validator's own node stands, and where it saw the event. Block heights. */
export interface ChainView {
  readonly eventHeight: number;
  readonly headHeight: number;
  /** Undefined where the chain has no such tag. */
  readonly finalisedHeight: number | undefined;
}

/** Whether an event is final (ZONE:4). */
export function isFinal(
  { kind, confirmations }: Finality,
  { eventHeight, headHeight, finalisedHeight }: ChainView,
): boolean {
  if (kind === 'finalised') return finalisedHeight !== undefined && finalisedHeight >= eventHeight;
  return headHeight - eventHeight + 1 >= confirmations;
}

/** Something that left a zone. */
export interface Outflow {
  /** CAIP-19 on that zone. */
  readonly asset: string;
  readonly time: number;
  readonly amount: bigint;
}

/** What left within (now - window, now]; what carries a later time counts too. */
export const leftWithin = (outflows: readonly Outflow[], asset: string, now: number, windowMs: number): bigint =>
  outflows.reduce((sum, flow) => (flow.asset === asset && flow.time > now - windowMs ? sum + flow.amount : sum), 0n);

/** Drops what no window can reach any more. */
export const recentOutflows = (
  outflows: readonly Outflow[],
  limits: readonly Limit[],
  now: number,
): readonly Outflow[] => {
  const longest = limits.reduce((longestSoFar, { windowMs }) => Math.max(longestSoFar, windowMs), 0);
  return outflows.filter((flow) => flow.time > now - longest);
};

/** A status as it takes effect: what governance set, what a fault made of it, and why. */
export interface EffectiveStatus {
  readonly status: 'active' | 'frozen' | 'quarantined' | 'halted';
  readonly reason: string;
}

export interface ZoneRules {
  readonly 'ZONE:2': Rule<{
    readonly zone: string;
    readonly chain: string;
    /** Undefined for a chain that has no zone. */
    readonly status: EffectiveStatus | undefined;
  }>;
  readonly 'ZONE:4': Rule<{ readonly zone: ZoneRecord; readonly view: ChainView }>;
  readonly 'ZONE:5': Rule<{
    readonly limits: readonly Limit[];
    readonly outflows: readonly Outflow[];
    readonly next: readonly Outflow[];
  }>;
  readonly 'ZONE:6': Rule<{ readonly zone: Pick<ZoneRecord, 'chain' | 'role'>; readonly owns: number }>;
}

export const zoneRules: ZoneRules = {
  'ZONE:2': ({ zone, chain, status }) => {
    if (zone !== chain) return refuse('ZONE:2', `the request names ${zone}, the transaction is for ${chain}`);
    if (status === undefined) return refuse('ZONE:2', `${zone} is not a zone`);
    return status.status === 'active' ? undefined : refuse('ZONE:2', `${zone} is ${status.status}: ${status.reason}`);
  },
  'ZONE:4': ({ zone, view }) =>
    isFinal(zone.finality, view) ? undefined : refuse('ZONE:4', `the event on ${zone.chain} is not final yet`),
  'ZONE:5': ({ limits, outflows, next }) => {
    for (const { asset, windowMs, ceiling } of limits) {
      const now = next.reduce((latest, flow) => (flow.asset === asset ? Math.max(latest, flow.time) : latest), -1);
      if (now < 0) continue;
      const left = leftWithin([...outflows, ...next], asset, now, windowMs);
      if (left > ceiling)
        return refuse('ZONE:5', `${left} of ${asset} within ${windowMs} ms exceed the ceiling ${ceiling}`);
    }
    return undefined;
  },
  'ZONE:6': ({ zone, owns }) =>
    owns > 0 && zone.role !== 'owner' && zone.role !== 'dapp'
      ? refuse('ZONE:6', `${zone.chain} has role ${zone.role}, which owns no asset`)
      : undefined,
};
