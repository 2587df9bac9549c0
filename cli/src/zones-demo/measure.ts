/**
 * What `npm run bench:zones` measures on the real processes of the demonstration, as `figure` events.
 *
 * @module
 */
import { percentile } from './charts.ts';
import type { DemoCluster } from './demo-cluster.ts';
import { type Environment, confirmations } from './environment.ts';
import { until } from './ledger-view.ts';
import { entryOf } from './transfers.ts';

const burst = 40;

export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
}

const mean = (sum: number, count: number): number => (count === 0 ? 0 : sum / count);

/** Ledger and policy, after scenario 1. */
export async function measureLedger(env: Environment): Promise<readonly Figure[]> {
  const { checks, network, owner, dapp, bitcoin, x, r, ann } = env;
  checks.scenario('Measurements');
  const to = { chain: dapp.id, recipient: ann.address };
  const perSecond = await checks.step(`${burst} departures at once`, async () => {
    // Of R, whose balances nobody compares any more: nobody pays these.
    const { height } = await network.view().ledger(r.id);
    const there = { chain: bitcoin.id, recipient: bitcoin.newAddress() };
    const begin = performance.now();
    await Promise.all(Array.from({ length: burst }, () => r.depart(owner, ann, 1000n, there)));
    await owner.mine(confirmations);
    await until('all entries', 120_000, async () =>
      (await network.view().ledger(r.id)).height >= height + burst ? true : undefined,
    );
    return burst / ((performance.now() - begin) / 1000);
  });
  const seconds = await checks.step('signatures of a vault', async () => {
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const reference = await x.depart(owner, ann, 1n, to);
      await owner.mine(confirmations);
      const { recipient, amount, height } = await entryOf(env, owner.id, reference);
      const begin = performance.now();
      await x.pay({ chain: dapp.id, recipient, amount, height });
      times.push((performance.now() - begin) / 1000);
    }
    return percentile(times, 0.5);
  });
  const policy = mean(
    await network.metric('dwallet_zone_policy_seconds_sum'),
    await network.metric('dwallet_zone_policy_seconds_count'),
  );
  const watched = await network.metric('dwallet_zone_round_seconds_sum', `zone="${owner.id}"`);
  const blocks = (await owner.height()) * network.honest.length;
  return [
    { figure: 'ledger entries per second', value: perSecond, unit: '1/s' },
    { figure: 'signature of a vault, p50', value: seconds, unit: 's' },
    { figure: 'policy evaluation', value: policy, unit: 's' },
    { figure: 'policy evaluation, part of a signature', value: (100 * policy) / seconds, unit: '%' },
    { figure: 'watcher, time per block of the OwnerChain', value: mean(watched, blocks), unit: 's' },
  ];
}

/** Messages, while the cluster runs. */
export async function measureMessages(
  { checks, network }: Environment,
  cluster: DemoCluster,
): Promise<readonly Figure[]> {
  const { fast, medium } = cluster.chains;
  const perSecond = await checks.step(`${burst} messages at once`, async () => {
    const sent = await Promise.all(Array.from({ length: burst }, (_, i) => cluster.send(fast, medium, `burst ${i}`)));
    const begin = Math.min(...sent.map(({ at }) => at));
    for (const message of sent) await cluster.reaches(message, 'certifiedAt');
    const end = Math.max(...sent.map(({ certifiedAt = Number.POSITIVE_INFINITY }) => certifiedAt));
    await Promise.all(sent.map((message) => cluster.reaches(message, 'deliveredAt')));
    return burst / (Math.max(1, end - begin) / 1000);
  });
  // Those of scenario 3 and of the burst.
  const certified = cluster.latencies().map(({ certifiedMs }) => certifiedMs);
  const watched = await network.metric('dwallet_zone_round_seconds_sum', `zone="${fast.id}"`);
  const looks = await network.metric('dwallet_zone_round_seconds_count', `zone="${fast.id}"`);
  const blocks = (await fast.height()) * network.honest.length;
  const share = (p: number): number => percentile(certified, p) / cluster.deltaMs;
  return [
    { figure: 'messages per second', value: perSecond, unit: '1/s' },
    { figure: 'watcher, time per look at the FastChain', value: mean(watched, looks), unit: 's' },
    { figure: 'watcher, time per block of the FastChain', value: mean(watched, blocks), unit: 's' },
    { figure: 'event to certificate, p50', value: percentile(certified, 0.5), unit: 'ms' },
    { figure: 'event to certificate, p99', value: percentile(certified, 0.99), unit: 'ms' },
    { figure: 'event to certificate, p99, part of Δ', value: share(0.99), unit: 'Δ' },
  ];
}
