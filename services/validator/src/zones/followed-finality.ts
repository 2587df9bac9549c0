/**
 * Compares how this validator is set up to decide what is final with what the certified records of its zones say: at the start, and whenever a record
 * changes. Where they differ the stricter one counts, so the watcher learns of the record, and the operator of the difference.
 *
 * @module
 */
import type { Finality, ZoneRecord } from '@dwallet/zones';
import type { Cancel } from '../clock.ts';
import type { Logger } from '../logging.ts';
import { type ChainWatcher, type FinalityRelation, compareFinality } from './watchers/index.ts';
import type { Zones } from './zones.ts';

export interface FollowedZone {
  /** Of the configuration. */
  readonly finality: Finality;
  readonly watcher: Pick<ChainWatcher, 'requireFinality'>;
}

export interface FinalityReports {
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Tells the metric. */
  readonly relation: (chain: string, relation: FinalityRelation) => void;
}

const describe = ({ kind, confirmations }: Finality): string =>
  kind === 'finalised' ? 'the finalised tag' : `${confirmations} confirmations`;

function tell(
  { log, relation }: FinalityReports,
  { chain, version, finality }: ZoneRecord,
  configured: Finality,
): void {
  const now = compareFinality(configured, finality);
  relation(chain, now);
  if (now === 'same') return;
  const fields = {
    zone: chain,
    version: Number(version),
    configured: describe(configured),
    recorded: describe(finality),
    counts: now === 'different-kinds' ? 'both' : now === 'record-stricter' ? 'the record' : 'the configuration',
  };
  // More than the record asks for costs time only, and it is the operator's.
  if (now === 'configuration-stricter') log.info('finality is configured stricter than the record of the zone', fields);
  else log.warn('finality of the configuration is not that of the record of the zone: set it right', fields);
}

/** @param zones - by CAIP-2 id. @returns what ends it. */
export function followFinality(
  { state, log }: Pick<Zones, 'state' | 'log'>,
  zones: ReadonlyMap<string, FollowedZone>,
  reports: FinalityReports,
): Cancel {
  const known = new Map<string, ZoneRecord>();
  const look = (): void => {
    for (const [chain, { finality, watcher }] of zones) {
      const record = state.world.zones.get(chain)?.record;
      if (record === undefined || known.get(chain) === record) continue;
      known.set(chain, record);
      watcher.requireFinality(record.finality);
      tell(reports, record, finality);
    }
  };
  look();
  return log.listen({ decided: look });
}
