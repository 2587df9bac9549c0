/**
 * Scenario 4: one validator of four is Byzantine while everything else happens. Its nodes show false events, which it proposes and attests; it votes for
 * every batch and every signature, twice where it can; it keeps silent, and then it is gone.
 *
 * @module
 */
import type { ClusterView } from './demo-cluster.ts';
import { type Environment, confirmations } from './environment.ts';
import { until } from './ledger-view.ts';
import { bentAmounts, shownFor } from './lies.ts';
import { checkBalances, entryOf, payEntry, refusalOf, transfer } from './transfers.ts';

const amount = bentAmounts.at(-1) ?? 0n;

/** What the Byzantine validator does to one transfer, seen closely. */
export async function runByzantine(env: Environment): Promise<void> {
  const { checks, network, owner, dapp, defi, x, ann } = env;
  const { liar } = network;
  if (liar === undefined) return;
  checks.scenario('A Byzantine validator');
  const to = (chain: { readonly id: string }) => ({ chain: chain.id, recipient: ann.address });

  await checks.step(`validator ${liar} attests false events`, async () => {
    const reference = await x.depart(owner, ann, amount, to(dapp));
    await owner.mine(confirmations);
    const entry = await entryOf(env, owner.id, reference);
    checks.check(
      'ASSET:11',
      'the entry says what honest nodes show, not what the liar says',
      entry.amount === amount,
      `${entry.amount}; its nodes say ${shownFor(amount)}`,
    );
    const before = await dapp.balanceOf(x.token(dapp), ann.address);
    const paid = await payEntry(x, entry);
    const received = (await dapp.balanceOf(x.token(dapp), ann.address)) - before;
    checks.check('ASSET:9', 'exactly that is paid', paid.status === 'success' && received === amount, `${received}`);
    const direct = await dapp.onToken(ann, x.token(dapp), { functionName: 'transfer', args: [x.vault, 1n] }, to(defi));
    await dapp.mine(confirmations);
    const { rule } = await refusalOf(env, dapp.id, `${direct.hash}/0`);
    checks.check('ASSET:3', 'a direct transfer is refused all the same', rule === 'ASSET:3', rule);
    const refused = await network.metric('dwallet_zone_refusals_total', 'rule="ASSET:11"');
    checks.check('ASSET:11', 'the others refuse the false events that it proposes', refused > 0, `${refused} times`);
  });

  await checks.step(`validator ${liar} is gone`, async () => {
    await network.local.kill(liar);
    const { paid } = await transfer(env, { asset: x, from: owner, user: ann, amount: 11n, to: to(dapp) });
    checks.check('ASSET:7', 'entries are certified and paid without it', paid.status === 'success', paid.status);
    network.startValidator(liar);
    await network.local.until(liar, ({ ready }) => ready);
  });
  await checkBalances(env, x, `the return of validator ${liar}`);
}

/** Entries of all assets as each validator has them, byte for byte. */
async function histories({ network, x, y, r }: Environment): Promise<readonly string[]> {
  return Promise.all(
    network.views.map(async (view) => (await Promise.all([x, y, r].map((asset) => view.entries(asset.id)))).join('|')),
  );
}

/** At the end of everything: all validators have one history, nobody honest is accused, and what the Byzantine one tried came to nothing. */
export async function checkOneHistory(env: Environment, cluster: ClusterView | undefined): Promise<void> {
  const { checks, network } = env;
  const { liar } = network;
  checks.scenario('In the end');
  const all = await until('one history', 20_000, async () => {
    const seen = await histories(env);
    return new Set(seen).size === 1 ? seen : undefined;
  }).catch(() => histories(env));
  checks.check(
    'ASSET:7',
    'all validators have the same entries of all assets, byte for byte',
    new Set(all).size === 1 && (all[0] ?? '').length > 0,
    `${new Set(all).size} of ${all.length} differ`,
  );
  if (cluster !== undefined) {
    const settled = await Promise.all(network.views.map((view) => view.settlements(cluster.name, cluster.interval)));
    checks.check(
      'CLUSTER:6',
      'and the same settlements of the cluster',
      new Set(settled).size === 1,
      `${cluster.interval} intervals`,
    );
  }
  const alarms = await network.metric('dwallet_zone_alarms_total');
  checks.check('ASSET:7', 'no validator has seen a contradiction of a quorum', alarms === 0, `${alarms} alarms`);
  const accused = await Promise.all(network.honest.map(({ index }) => network.accused(index)));
  const names = [...new Set(accused.flat())];
  checks.check(
    'MPC:1.1',
    liar === undefined ? 'nobody is blamed' : 'nobody honest is blamed',
    names.every((name) => name === liar),
    names.length === 0 ? 'there is no evidence' : `evidence against ${names.join(', ')}`,
  );
  if (liar === undefined) return;
  const { blindVotes, doubleVotes, twoFaces, forksTried, forksTaken, withheld, blindBindings } = network.misdeeds;
  checks.check(
    'CLUSTER:4',
    `validator ${liar} voted for two batches of one slot, and no second one was decided`,
    // Whether a slot ever has it as its leader is chance.
    doubleVotes > 0 && forksTaken === 0,
    `${blindVotes} votes unread; two batches in ${doubleVotes} slots, in ${twoFaces} as their leader; ${forksTried} attempts to decide the second, ${forksTaken} taken`,
  );
  checks.check(
    'ASSET:9',
    'it withheld its part, and voted for every signature',
    withheld > 0 && blindBindings > 0,
    `${withheld} requests never answered, ${blindBindings} votes for signatures unread`,
  );
}
