/**
 * Scenario 2: the DefiChain belongs to an attacker, who mints at will, reports any balance, forges transactions, and rewrites history. What is lost of X is at
 * most what the ledger had there at that moment.
 *
 * @module
 */
import { numberToHex, pad } from 'viem';
import { type Environment, confirmations } from './environment.ts';
import { newAccount } from './evm-chain.ts';
import { until } from './ledger-view.ts';
import { checkBalances, entryOf, payEntry, refusalOf, transfer } from './transfers.ts';

const word = (value: bigint) => pad(numberToHex(value), { size: 32 });

export interface Damage {
  /** balance[X][DefiChain] when the attacker took over. */
  readonly bound: bigint;
  /** X that the attacker was paid elsewhere. */
  readonly lost: bigint;
}

export async function runCompromise(env: Environment): Promise<Damage> {
  const { checks, network, owner, dapp, defi, x, y, ann } = env;
  checks.scenario('The DefiChain is compromised');
  const attacker = newAccount();
  const there = { chain: owner.id, recipient: attacker.address };
  await checks.step('Ann sends 60 more X to the DefiChain', async () => {
    const to = (chain: { readonly id: string }) => ({ chain: chain.id, recipient: ann.address });
    await transfer(env, { asset: x, from: owner, user: ann, amount: 60n, to: to(defi) });
  });
  await checkBalances(env, x, 'Ann’s 60 X to the DefiChain');
  const before = await network.view().ledger(x.id);
  const beforeY = await network.view().ledger(y.id);
  const bound = before.balances.get(defi.id) ?? 0n;
  checks.note(`the attacker takes over the DefiChain; the ledger has ${bound} X there`);

  await checks.step('its node reports a billion X, and the attacker mints as much', async () => {
    const token = x.token(defi);
    await defi.node.request('anvil_setStorageAt', [token, pad(attacker.address, { size: 32 }), word(10n ** 9n)]);
    const forged = await defi.forge(x.vault, token, { functionName: 'mint', args: [attacker.address, 10n ** 9n] });
    const shown = await defi.balanceOf(token, attacker.address);
    checks.check(
      'ZONE:3',
      'the attacker owns the chain: it shows what he likes',
      forged.status === 'success' && shown >= 2n * 10n ** 9n,
      `${shown}`,
    );
    await defi.node.fund(attacker.address, 10n ** 20n);
  });

  const burn = async (amount: bigint, to = there): Promise<string> => {
    const reference = await x.depart(defi, attacker, amount, to);
    await defi.mine(confirmations);
    return reference;
  };
  const asked = await checks.step('he departs with more than the ledger has', async () => {
    const { rule, reason } = await refusalOf(env, defi.id, await burn(bound + 1n));
    checks.check('ASSET:4', 'more than balance[X][DefiChain] is refused', rule === 'ASSET:4', `${rule}: ${reason}`);
    const all = await refusalOf(env, defi.id, await burn(10n ** 9n));
    checks.check('ASSET:4', 'a billion is refused', all.rule === 'ASSET:4', `${all.rule}: ${all.reason}`);
    const around = await refusalOf(env, defi.id, await burn(1n, { chain: dapp.id, recipient: attacker.address }));
    checks.check(
      'ASSET:3',
      'the way past the OwnerChain is refused',
      around.rule === 'ASSET:3',
      `${around.rule}: ${around.reason}`,
    );
    return true;
  });
  const paid = await checks.step('he departs with as much as it has, in two parts', async () => {
    const half = bound / 2n;
    const entries = [];
    for (const part of [half, bound - half]) entries.push(await entryOf(env, defi.id, await burn(part)));
    for (const entry of entries) await payEntry(x, entry);
    const { rule, reason } = await refusalOf(env, defi.id, await burn(1n));
    checks.check('ASSET:4', 'after that not one unit more', rule === 'ASSET:4', `${rule}: ${reason}`);
    return entries;
  });
  const stolenY = await checks.step('he tries the same with Y, which was never sent there', async () => {
    const token = y.token(defi);
    await defi.forge(y.vault, token, { functionName: 'mint', args: [attacker.address, 500n] });
    const reference = await y.depart(defi, attacker, 500n, { chain: dapp.id, recipient: attacker.address });
    await defi.mine(confirmations);
    return refusalOf(env, defi.id, reference);
  });
  checks.check(
    'ASSET:4',
    'Y is not touched: the ledger has none of it on the DefiChain',
    stolenY.rule === 'ASSET:4',
    `${stolenY.rule}: ${stolenY.reason}`,
  );

  await checks.step('he takes back a hundred blocks and departs again', async () => {
    const height = await defi.height();
    await defi.node.request('anvil_reorg', [Math.min(100, height - 1), []]);
    await defi.mine(confirmations + 1);
    const watchers = () => Promise.all(network.honest.map(async (view) => (await view.zone(defi.id)).watcher));
    const seen = await until('everybody sees the fork', 30_000, async () => {
      const watched = await watchers();
      return watched.every((kind) => kind === 'forked') ? watched : undefined;
    }).catch(watchers);
    checks.check(
      'ZONE:4',
      'every honest validator sees that final blocks were taken back, and attests nothing more of that chain',
      seen.every((kind) => kind === 'forked'),
      seen.join(', '),
    );
  });

  const lost = await owner.balanceOf(x.token(owner), attacker.address);
  const elsewhere = await dapp.balanceOf(x.token(dapp), attacker.address);
  const after = await network.view().ledger(x.id);
  checks.note(`loss on X: ${lost + elsewhere}; balance[X][DefiChain] when it was taken over: ${bound}`);
  checks.check(
    'ASSET:4',
    `the loss on X is at most balance[X][DefiChain] at that moment`,
    asked && paid.length > 0 && lost + elsewhere <= bound,
    `${lost + elsewhere} of ${bound}`,
  );
  checks.check('ASSET:4', 'the attacker got all that the bound allows: the bound is tight', lost === bound, `${lost}`);
  const dappBefore = before.balances.get(dapp.id);
  checks.check(
    'ASSET:2',
    'X on the DappChain is untouched',
    after.balances.get(dapp.id) === dappBefore && elsewhere === 0n,
    `${after.balances.get(dapp.id)} of ${dappBefore}`,
  );
  const afterY = await network.view().ledger(y.id);
  const sameY =
    afterY.height === beforeY.height &&
    [...beforeY.balances].every(([chain, amount]) => afterY.balances.get(chain) === amount);
  checks.check(
    'ASSET:2',
    'Y is untouched',
    sameY,
    JSON.stringify([...afterY.balances].map(([chain, amount]) => [chain, String(amount)])),
  );

  await checks.step('other chains go on: 50 X from the DappChain, 50 Y to the OwnerChain of X', async () => {
    const home = await transfer(env, {
      asset: x,
      from: dapp,
      user: ann,
      amount: 50n,
      to: { chain: owner.id, recipient: ann.address },
    });
    checks.check(
      'ZONE:3',
      'X moves between the DappChain and its OwnerChain',
      home.paid.status === 'success',
      home.paid.status,
    );
    const other = await transfer(env, {
      asset: y,
      from: dapp,
      user: ann,
      amount: 50n,
      to: { chain: owner.id, recipient: ann.address },
    });
    checks.check('ZONE:3', 'Y moves', other.paid.status === 'success', other.paid.status);
  });
  for (const asset of [x, y]) await checkBalances(env, asset, 'the compromise', [defi.id]);
  return { bound, lost: lost + elsewhere };
}
