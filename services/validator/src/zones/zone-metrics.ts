/**
 * Metrics of zones: what their log certifies and refuses, and how long that takes. Watchers report for themselves (watchers/reports.ts).
 *
 * @module
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ZonesObserver } from './observer.ts';
import type { FinalityRelation } from './watchers/index.ts';
import type { Zones } from './zones.ts';

const latencyBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const judgementBuckets = [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1];
const finalityRelations: readonly FinalityRelation[] = [
  'same',
  'configuration-stricter',
  'record-stricter',
  'different-kinds',
];
/** Label and `isApproved`. */
const configurationStates = [
  ['approved', true],
  ['unapproved', false],
  ['unknown', undefined],
] as const;
/** Registers everything, once. Labels are kinds and rules of the software: bounded. */
export function zoneMetrics(registry: Registry): {
  readonly zones: ZonesObserver;
  /** How the configured finality of a zone relates to its record. */
  readonly finality: (chain: string, relation: FinalityRelation) => void;
  /** Gauges that are read when somebody asks. */
  readonly follow: (zones: Zones) => void;
} {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  const certified = counter('dwallet_zone_certified_total', 'Events certified, by kind', 'kind');
  const refused = counter('dwallet_zone_refusals_total', 'Events and signatures refused, by rule', 'what', 'rule');
  const alarms = counter('dwallet_zone_alarms_total', 'Contradictions that more than f validators caused', 'scope');
  const failures = counter('dwallet_zone_proposer_failures_total', 'Times that drafting or leading failed', 'reason');
  const latency = new Histogram({
    name: 'dwallet_zone_certificate_seconds',
    help: 'From the moment this validator saw an event to its certificate',
    labelNames: ['kind'],
    buckets: latencyBuckets,
    registers,
  });
  const judged = new Histogram({
    name: 'dwallet_zone_policy_seconds',
    help: 'Judging one sign request',
    buckets: judgementBuckets,
    registers,
  });
  const finality = new Gauge({
    name: 'dwallet_zone_finality',
    help: '1 for how the configured finality of a zone relates to its record',
    labelNames: ['zone', 'relation'],
    registers,
  });
  return {
    finality(zone, now) {
      for (const relation of finalityRelations) finality.set({ zone, relation }, relation === now ? 1 : 0);
    },
    zones: {
      decided(kind, seconds) {
        certified.inc({ kind });
        if (seconds !== undefined) latency.observe({ kind }, seconds);
      },
      refused: (what, rule) => refused.inc({ what, rule }),
      judged: (seconds) => judged.observe(seconds),
      alarm: (scope) => alarms.inc({ scope: scope?.kind ?? 'log' }),
      proposerFailed: (reason) => failures.inc({ reason }),
    },
    follow(zones) {
      const read = <L extends string>(name: string, help: string, labelNames: L[], collect: (into: Gauge<L>) => void) =>
        new Gauge({
          name,
          help,
          labelNames,
          registers,
          collect(this: Gauge<L>) {
            this.reset();
            collect(this);
          },
        });
      read('dwallet_zone_log_height', 'Decided slots of the zone log', [], (into) =>
        into.set(Number(zones.log.height)),
      );
      read(
        'dwallet_zone_log_closed',
        '1 when the zone log contradicts itself and nothing is signed any more',
        [],
        (into) => into.set(zones.state.isClosed ? 1 : 0),
      );
      read(
        'dwallet_zone_unacknowledged_faults',
        'Safety faults that wait for the operator',
        ['zone', 'track'],
        (into) => {
          for (const { chain, track } of zones.faults()) into.set({ zone: chain, track }, 1);
        },
      );
      read('dwallet_zone_waiting', 'Submissions and releases that the log does not have yet', ['kind'], (into) => {
        for (const [kind, count] of Object.entries(zones.waiting())) into.set({ kind }, count);
      });
      read('dwallet_zone_ledger_height', 'Entries of an asset', ['asset'], (into) => {
        for (const [asset, { ledger }] of zones.state.world.assets) into.set({ asset }, Number(ledger.height));
      });
      read('dwallet_zone_closed', 'Zones, assets and clusters about which nothing is signed any more', [], (into) =>
        into.set(zones.state.faults().length),
      );
      read('dwallet_cluster_member_fast_path', '1 for a member at the cluster’s speed', ['cluster', 'zone'], (into) => {
        for (const { cluster, chain, fastPath } of zones.configurations())
          into.set({ cluster, zone: chain }, fastPath ? 1 : 0);
      });
      read(
        'dwallet_zone_configuration',
        '1 for what this validator’s nodes show a member to run',
        ['zone', 'is'],
        (into) => {
          for (const { chain, isApproved } of zones.configurations())
            for (const [is, state] of configurationStates) into.set({ zone: chain, is }, isApproved === state ? 1 : 0);
        },
      );
      read('dwallet_cluster_status', '1 for what a cluster is', ['cluster', 'status'], (into) => {
        for (const { cluster, status: now } of zones.clusterStatuses())
          for (const one of ['running', 'halted', 'quarantined', 'abstained'])
            into.set({ cluster, status: one }, one === now ? 1 : 0);
      });
    },
  };
}
