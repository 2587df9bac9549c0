/**
 * A part of scenario 3: a member's gateway is changed on its chain. Nobody tells the validators; each finds it out through its own node (CLUSTER:9).
 *
 * @module
 */
import { bytesToHex } from 'viem';
import type { DemoCluster, Sent } from './demo-cluster.ts';
import type { Environment } from './environment.ts';
import { until } from './ledger-view.ts';
import { type Upgrade, upgradeOf } from './running.ts';

/** What an upgrade that nobody approved left behind. */
export interface Unapproved {
  readonly upgrade: Upgrade;
  /** Sent by the member from then on. */
  readonly waiting: Sent;
}

const isFast = async (cluster: DemoCluster, chain: string): Promise<boolean> =>
  (await cluster.view()).members.find((member) => member.chain === chain)?.fastPath === true;

const becomes = (cluster: DemoCluster, chain: string, fast: boolean): Promise<boolean> =>
  until(`${chain} ${fast ? 'on' : 'off'} the fast path`, 60_000, async () =>
    (await isFast(cluster, chain)) === fast ? true : undefined,
  ).catch(() => false);

/** The FastChain's governance changes the code of its gateway by itself. */
export async function checkUnapprovedUpgrade(
  { checks, network }: Environment,
  cluster: DemoCluster,
): Promise<Unapproved> {
  const { fast, medium, slow } = cluster.chains;
  const upgrade = await upgradeOf(fast);
  const left = await checks.step(`${fast.name} changes the code of its gateway`, async () => {
    await upgrade.apply();
    return becomes(cluster, fast.id, false);
  });
  const zone = await network.view().zone(fast.id);
  const digest = bytesToHex(upgrade.configuration).slice(2);
  checks.check(
    'CLUSTER:9',
    'the validators see it by themselves: the chain leaves the fast path, and its status says what it runs',
    left && zone.reason.includes(digest),
    `${left ? 'off' : 'on'} the fast path, ${zone.status}: ${zone.reason}`,
  );
  const before = (await cluster.view()).interval;
  const waiting = await cluster.send(fast, medium, 'sent by code that nobody approved');
  const certified = await cluster.reaches(waiting, 'certifiedAt');
  const refused = await cluster.certificateOf(fast.id, medium.id, BigInt(waiting.nonce));
  const settled = (await cluster.view()).interval > before;
  checks.check(
    'CLUSTER:9',
    'its message is in the log, and no destination gets a certificate for it before it is settled',
    certified && (refused === 'CLUSTER:9' || settled),
    `${certified ? 'in the log' : 'not in the log'}, certificate: ${refused ?? 'given'}${settled ? ', settled meanwhile' : ''}`,
  );
  const others = await Promise.all([
    cluster.send(medium, slow, 'among the others'),
    cluster.send(slow, medium, 'and back'),
  ]);
  const delivered = await Promise.all(others.map((sent) => cluster.reaches(sent, 'deliveredAt')));
  const view = await cluster.view();
  checks.check(
    'CLUSTER:9',
    'the others go on at the cluster’s speed',
    delivered.every(Boolean) && view.status === 'running',
    `${delivered.filter(Boolean).length} of ${delivered.length} delivered, ${view.status}`,
  );
  return { upgrade, waiting };
}

/** After the settlement: the message arrives, and the members approve what the chain runs, and what it will run next. */
export async function checkApprovedUpgrade(
  { checks }: Environment,
  cluster: DemoCluster,
  { upgrade, waiting }: Unapproved,
): Promise<void> {
  const { fast, medium } = cluster.chains;
  const arrived = await cluster.reaches(waiting, 'deliveredAt');
  checks.check('CLUSTER:9', 'the message arrives once it is settled', arrived, arrived ? 'delivered' : 'not delivered');
  const back = await checks.step('the members approve it', async () => {
    await cluster.approve(fast, upgrade.configuration);
    return becomes(cluster, fast.id, true);
  });
  checks.check('CLUSTER:9', 'approved by the members it comes back by itself', back, back ? 'on' : 'off');
  const next = await upgradeOf(fast);
  const stayed = await checks.step('the members approve the next upgrade, then it is made', async () => {
    await cluster.approve(fast, next.configuration);
    await next.apply();
    const sent = await cluster.send(fast, medium, 'sent by approved code');
    const quick = await cluster.reaches(sent, 'deliveredAt', cluster.deltaMs);
    return quick && (await isFast(cluster, fast.id));
  });
  checks.check('CLUSTER:8', 'an approved upgrade never leaves the fast path', stayed, stayed ? 'on' : 'off');
}
