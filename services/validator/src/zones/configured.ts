/**
 * Zones of a validator as its operator configured them: one watcher each, with metrics.
 *
 * @module
 */
import { canServe } from '@dwallet/zones';
import type { Cancel } from '../clock.ts';
import { ConfigError, type ValidatorConfig } from '../config.ts';
import type { Logger } from '../logging.ts';
import type { Metrics } from '../metrics.ts';
import type { RecordStore } from '../store/record-store.ts';
import { hasGovernance } from './config.ts';
import { type FollowedZone, followFinality } from './followed-finality.ts';
import { WatcherReports, createWatchers } from './watchers/index.ts';
import { zoneMetrics } from './zone-metrics.ts';
import type { Zones, ZonesOptions } from './zones.ts';

/** Configured zones before and after their validator is made. */
export interface ConfiguredZones {
  readonly options: ZonesOptions;
  /** Checks what the log says against the configuration, then starts to watch. @throws ConfigError (CLUSTER:10) */
  start(zones: Zones): void;
  stop(zones: Zones): Promise<void>;
}

export interface ConfiguredZonesDependencies {
  readonly records: RecordStore;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Undefined if no zone is configured. @throws ConfigError */
export function configuredZones(
  { zones: configs }: Pick<ValidatorConfig, 'zones'>,
  { records, metrics, log, environment }: ConfiguredZonesDependencies,
): ConfiguredZones | undefined {
  if (configs.length === 0) return undefined;
  const measured = zoneMetrics(metrics.registry);
  const observer = new WatcherReports(metrics.registry, log);
  const watchers = createWatchers(configs, { records, observer, environment });
  const of = new Map(configs.map((config) => [config.chain, config]));
  let unfollow: Cancel | undefined;
  return {
    options: {
      watchers,
      observer: measured.zones,
      watchFrom: (chain) => of.get(chain)?.from ?? 0,
      firstZone: (record) => {
        const config = of.get(record.chain);
        return config !== undefined && hasGovernance(config, record);
      },
    },
    start(zones) {
      requireNodes(zones, new Set(watchers.keys()));
      measured.follow(zones);
      const followed = configs.flatMap(({ chain, finality }): [string, FollowedZone][] => {
        const watcher = watchers.get(chain);
        return watcher === undefined ? [] : [[chain, { finality, watcher }]];
      });
      // Before the first look at a chain.
      unfollow = followFinality(zones, new Map(followed), { log, relation: measured.finality });
      for (const watcher of watchers.values()) watcher.start();
      zones.start();
    },
    async stop(zones) {
      unfollow?.();
      zones.stop();
      await Promise.all([...watchers.values()].map((watcher) => watcher.stop()));
    },
  };
}

/** Who runs nodes for a part of a cluster runs them for all of it. @throws ConfigError */
export function requireNodes(zones: Pick<Zones, 'state'>, configured: ReadonlySet<string>): void {
  for (const { record } of zones.state.world.clusters.values()) {
    const refusal = canServe(record, configured);
    if (refusal !== undefined && record.members.some(({ chain }) => configured.has(chain)))
      throw new ConfigError('zones', [`${refusal.rule}: ${refusal.reason}`]);
  }
}
