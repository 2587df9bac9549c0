/** The configured finality of a zone beside that of its certified record: compared at the start and at each new record, told, and the stricter one counts. */
import { zoneRecord } from '@dwallet/zones';
import { afterEach, expect, it, vi } from 'vitest';
import { createLogger } from '../../src/logging.ts';
import { Metrics } from '../../src/metrics.ts';
import { MemoryRecordStore } from '../../src/store/record-store.ts';
import { zonesSchema } from '../../src/zones/config.ts';
import { configuredZones } from '../../src/zones/index.ts';
import { ZoneNetwork, dapp, defi, owner, zone, zoneEvent } from './zone-network.ts';

let net: ZoneNetwork | undefined;
afterEach(() => net?.close());

it('is compared with the record, and the watcher learns of it', async () => {
  const network = (net = new ZoneNetwork());
  for (const chain of [owner, dapp]) await network.submit(zoneEvent(zone(chain)));
  const configured = (chain: string, finality: object) => ({
    chain,
    // Nobody is there.
    nodes: [{ name: 'own', kind: 'evm', url: 'http://127.0.0.1:9', retries: 0 }],
    finality,
    from: 0,
  });
  const zones = zonesSchema.parse([
    configured(owner, { kind: 'confirmations', confirmations: 1 }),
    configured(dapp, { kind: 'confirmations', confirmations: 5 }),
    configured(defi, { kind: 'finalised' }),
  ]);
  const lines: string[] = [];
  const metrics = new Metrics({ network: 'test', validator: 1, processMetrics: false });
  const parts = configuredZones(
    { zones },
    {
      records: new MemoryRecordStore(),
      metrics,
      log: createLogger({ level: 'info', write: (line) => lines.push(line) }),
      environment: {},
    },
  );
  if (parts === undefined) throw new Error('no zones');
  const told: unknown[] = [];
  for (const [chain, watcher] of parts.options.watchers)
    vi.spyOn(watcher, 'requireFinality').mockImplementation(
      (finality) => void told.push([chain, finality.confirmations]),
    );
  const relations = async (): Promise<unknown> =>
    (await metrics.registry.getSingleMetric('dwallet_zone_finality')?.get())?.values
      .filter(({ value }) => value === 1)
      .map(({ labels }) => [labels['zone'], labels['relation']]);

  parts.start(network.zones(1));
  expect(told).toEqual([
    [owner, 3],
    [dapp, 3],
  ]);
  expect(await relations()).toEqual([
    [owner, 'record-stricter'],
    [dapp, 'configuration-stricter'],
  ]);
  const warned = lines.filter((line) => line.includes('finality of the configuration is not that of the record'));
  expect(warned).toHaveLength(1);
  expect(warned[0]).toContain('"counts":"the record"');

  await network.submit(zoneEvent(zone(defi)));
  const weaker = { finality: { kind: 'confirmations', confirmations: 1 } as const, version: 1n };
  await network.submit(zoneEvent(zone(owner, { ...weaker, prev: zoneRecord.digest(zone(owner)) })));
  expect(told.slice(2)).toEqual([
    [defi, 3],
    [owner, 1],
  ]);
  expect(await relations()).toEqual([
    [owner, 'same'],
    [dapp, 'configuration-stricter'],
    [defi, 'different-kinds'],
  ]);
  await parts.stop(network.zones(1));
});
