/**
 * Scenario 3: three chains with different block times exchange messages within Δ; then one stops, and one rewrites its history.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { checkApprovedUpgrade, checkUnapprovedUpgrade } from './cluster-upgrade.ts';
import { type ClusterView, DemoCluster, type Sent } from './demo-cluster.ts';
import type { Environment } from './environment.ts';
import type { EvmChain } from './evm-chain.ts';
import { until } from './ledger-view.ts';
import { transfer } from './transfers.ts';

const describe = (view: ClusterView): string =>
  `${view.status}${view.status === 'running' ? '' : ` since ${view.since} by ${view.by.join(', ')}`}`;

/** A transfer between two zones that are in no cluster. */
async function checkOutside(env: Environment, while_: string): Promise<void> {
  const { checks, owner, dapp, x, ann, network } = env;
  const { paid } = await transfer(env, {
    asset: x,
    from: owner,
    user: ann,
    amount: 10n,
    to: { chain: dapp.id, recipient: ann.address },
  });
  const { status } = await network.view().zone(owner.id);
  checks.check(
    'ZONE:3',
    `a zone outside the cluster notices nothing while ${while_}`,
    paid.status === 'success' && status === 'active',
    `${status}, payment ${paid.status}`,
  );
}

async function checkFlow(env: Environment, cluster: DemoCluster): Promise<void> {
  const { checks } = env;
  const { all } = cluster.chains;
  const pairs = all.flatMap((from) => all.filter((to) => to !== from).map((to) => [from, to] as const));
  await checks.step('messages between all members, three rounds', async () => {
    for (let round = 0; round < 3; round++) {
      const sent = await Promise.all(pairs.map(([from, to]) => cluster.send(from, to, `round ${round}`)));
      await Promise.all(sent.map((message) => cluster.reaches(message, 'deliveredAt')));
    }
  });
  const latencies = cluster.latencies();
  const within = latencies.every(({ deliveredMs }) => deliveredMs !== undefined && deliveredMs <= cluster.deltaMs);
  const slowest = Math.max(...latencies.map(({ deliveredMs = Number.POSITIVE_INFINITY }) => deliveredMs));
  checks.check(
    'CLUSTER:1',
    'every message is certified and delivered on its destination within Δ',
    latencies.length === 3 * pairs.length && within,
    `${latencies.length} messages, slowest ${slowest} ms, Δ ${cluster.deltaMs} ms`,
  );
  const view = await cluster.view();
  checks.check('CLUSTER:2', 'the cluster runs', view.status === 'running', describe(view));
  const signed = await cluster.signOn(cluster.chains.medium);
  checks.check('ZONE:2', 'an ordinary dWallet signs on a member', signed === 'signed', signed);
}

async function checkSettlement(env: Environment, cluster: DemoCluster): Promise<void> {
  const { checks } = env;
  const interval = await checks.step('joint settlement of the interval', async () => {
    const before = (await cluster.view()).interval;
    return until('a settlement', 200_000, async () => {
      const now = (await cluster.view()).interval;
      return now > before ? now - 1 : undefined;
    });
  });
  const posted = await cluster.postSettlement(interval);
  checks.check(
    'CLUSTER:6',
    'the cluster’s own dWallet posted the settlement to the parent chain',
    posted === 'success',
    posted,
  );
}

async function checkHalt(env: Environment, cluster: DemoCluster): Promise<void> {
  const { checks, network } = env;
  const { fast, medium } = cluster.chains;
  await checks.step(`${fast.name} stops`, async () => {
    fast.stopBlocks();
    // By T + Δ, and a little for what is on its way.
    await sleep(cluster.deltaMs + 3000);
  });
  const view = await until('the cluster halts', cluster.deltaMs + 20_000, async () => {
    const now = await cluster.view();
    return now.status === 'halted' ? now : undefined;
  }).catch(() => cluster.view());
  checks.check(
    'CLUSTER:2',
    'the cluster reports halted, since T, by the chain that stopped',
    view.status === 'halted' && view.by.length === 1 && view.by[0] === fast.id,
    describe(view),
  );
  const limit = view.since + cluster.deltaMs;
  const words = view.members.map(({ chain, word }) => `${chain} ${word - view.since} ms after T`);
  checks.check(
    'CLUSTER:2',
    'no other member progressed beyond T + Δ',
    view.members.every(({ word }) => word <= limit),
    words.join(', '),
  );
  const zone = await network.view().zone(medium.id);
  checks.check(
    'ZONE:2',
    'another member is halted too, and says why',
    zone.status === 'halted' && zone.reason.includes(fast.id),
    `${zone.status}: ${zone.reason}`,
  );
  const refused = await cluster.signOn(medium);
  checks.check('ZONE:2', 'nothing is signed on it meanwhile', refused === 'ZONE:2', refused);
  await checkOutside(env, 'the cluster is halted');
  await sleep(2000);
  const later = await cluster.view();
  checks.check(
    'CLUSTER:2',
    'and it stays so',
    later.members.every(({ word }) => word <= limit),
    describe(later),
  );
  const again = await checks.step(`${fast.name} goes on`, async () => {
    fast.startBlocks();
    return until('the cluster runs', 60_000, async () => {
      const now = await cluster.view();
      return now.status === 'running' ? now : undefined;
    });
  });
  checks.check('CLUSTER:2', 'the cluster runs again by itself', again.status === 'running', describe(again));
}

async function checkEquivocation(env: Environment, cluster: DemoCluster): Promise<void> {
  const { checks, network } = env;
  const { fast, medium, slow } = cluster.chains;
  const delivered = async (from: EvmChain, to: EvmChain, text: string): Promise<Sent> => {
    const sent = await cluster.send(from, to, text);
    await cluster.reaches(sent, 'deliveredAt');
    return sent;
  };
  const story = await checks.step('messages before and after a block of the MediumChain', async () => {
    const unrelated = await cluster.send(slow, fast, 'sent before anything in doubt is taken');
    const before = await delivered(medium, fast, 'before the fork');
    // The blocks that will replace others may carry the time of the last common one: that one must be later than the message before.
    const sentBefore = await medium.time();
    await until('a later block', 60_000, async () => ((await medium.time()) > sentBefore ? true : undefined));
    const height = await medium.height();
    const first = await delivered(medium, fast, 'after the fork');
    const second = await cluster.send(fast, slow, 'sent by one who took it');
    await Promise.all([second, unrelated].map((sent) => cluster.reaches(sent, 'certifiedAt')));
    return { height, outside: [unrelated, before], closure: [first, second] };
  });
  const view = await checks.step(`${medium.name} takes these blocks back`, async () => {
    medium.stopBlocks();
    await medium.node.request('anvil_reorg', [(await medium.height()) - story.height, []]);
    medium.startBlocks();
    return until('the fault', 90_000, async () => {
      const now = await cluster.view();
      return now.status === 'quarantined' ? now : undefined;
    });
  });
  checks.check(
    'CLUSTER:12',
    'two histories of the chain are shown: it is quarantined',
    view.status === 'quarantined' && view.by[0] === medium.id,
    describe(view),
  );
  const expected = story.closure.map((sent) => cluster.key(sent)).toSorted();
  const found = view.inDoubt.toSorted();
  checks.check(
    'CLUSTER:5',
    'in doubt is exactly the causal closure: its message after T, and what was sent after taking it',
    JSON.stringify(found) === JSON.stringify(expected),
    `in doubt ${found.join(', ') || 'nothing'}; expected ${expected.join(', ')}`,
  );
  checks.check(
    'CLUSTER:5',
    'earlier messages stand',
    story.outside.every((sent) => !found.includes(cluster.key(sent))),
    `${story.outside.length} messages`,
  );
  const zone = await network.view().zone(medium.id);
  const refused = await cluster.signOn(medium);
  checks.check(
    'ZONE:2',
    'nothing is signed on it any more',
    zone.status === 'quarantined' && refused === 'ZONE:2',
    `${refused}; ${zone.status}: ${zone.reason}`,
  );
  await checkOutside(env, 'a member equivocated');
  await checks.step('Δ passes', () => sleep(Math.max(0, view.since + cluster.deltaMs + 1000 - Date.now())));
  const suspect = await cluster.signOn(slow);
  checks.check(
    'CLUSTER:5',
    'nothing is signed on the other members that rests on their state after T + Δ',
    ['ZONE:2', 'CLUSTER:5'].includes(suspect),
    suspect,
  );
}

/** @param measure - runs while the cluster does. @param ended - hears of the cluster, however it went. */
export async function runCluster(
  env: Environment,
  measure: (cluster: DemoCluster) => Promise<void>,
  ended: (cluster: DemoCluster) => void,
): Promise<void> {
  const { checks } = env;
  checks.scenario('A cluster of three chains');
  const cluster = await checks.step('the cluster is founded: blocks of three paces, one Δ', () =>
    DemoCluster.found(env),
  );
  try {
    await checkFlow(env, cluster);
    await measure(cluster);
    await checkHalt(env, cluster);
    const unapproved = await checkUnapprovedUpgrade(env, cluster);
    await checkOutside(env, 'a member runs what was not approved');
    await checkSettlement(env, cluster);
    await checkApprovedUpgrade(env, cluster, unapproved);
    await checkEquivocation(env, cluster);
  } finally {
    ended(cluster);
    cluster.stop();
  }
}
