/** Watchers under test: with what they told their operator, and a way to wait for what they become. */
import { Registry } from 'prom-client';
import type { ChainWatcher } from '../../../services/validator/src/zones/watchers/index.ts';
import { WatcherReports, createWatcher } from '../../../services/validator/src/zones/watchers/index.ts';
import { type ZoneConfig, zonesSchema } from '../../../services/validator/src/zones/config.ts';
import { createLogger } from '../../../services/validator/src/logging.ts';
import { MemoryRecordStore } from '../../../services/validator/src/store/record-store.ts';
import type { WatcherRecords } from '../../../services/validator/src/zones/watchers/watcher-store.ts';
import type { z } from 'zod';

export type ZoneInput = NonNullable<z.input<typeof zonesSchema>>[number];

export interface Watching {
  readonly watcher: ChainWatcher;
  readonly records: WatcherRecords;
  /** Sum of a counter's series whose labels contain these. */
  readonly count: (metric: string, labels?: Readonly<Record<string, string>>) => Promise<number>;
  /** Everything that went to the log. */
  readonly lines: readonly string[];
  readonly metrics: () => Promise<string>;
}

export const zoneConfig = (input: ZoneInput): ZoneConfig => {
  const [zone] = zonesSchema.parse([input]);
  if (zone === undefined) throw new Error('no zone');
  return zone;
};

export function watching(
  input: ZoneInput,
  records: WatcherRecords = new MemoryRecordStore(),
  environment: Readonly<Record<string, string>> = {},
): Watching {
  const registry = new Registry();
  const lines: string[] = [];
  const log = createLogger({ level: 'debug', write: (line) => lines.push(line) });
  const observer = new WatcherReports(registry, log);
  const watcher = createWatcher(zoneConfig(input), { records, observer, environment });
  return {
    watcher,
    records,
    lines,
    metrics: () => registry.metrics(),
    async count(metric, labels = {}) {
      const found = await registry.getSingleMetric(`dwallet_zone_${metric}`)?.get();
      const series = (found?.values ?? []).filter((value) =>
        Object.entries(labels).every(([name, text]) => value.labels[name as never] === text),
      );
      return series.reduce((sum, { value }) => sum + value, 0);
    },
  };
}

/** Resolves when `condition` holds; it is looked at after every change of the watcher. */
export function until(watcher: ChainWatcher, condition: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      try {
        if (!condition()) return;
        cancel();
        resolve();
      } catch (error) {
        cancel();
        reject(error);
      }
    };
    const cancel = watcher.subscribe(look);
    queueMicrotask(look);
  });
}

/** Waits until a watcher follows, with everything final reported, at the tip or beyond. */
export const caughtUp = (watcher: ChainWatcher, height: number): Promise<void> =>
  until(watcher, () => {
    const status = watcher.status();
    return status.kind === 'following' && status.caughtUp && status.tip.height >= height;
  });
