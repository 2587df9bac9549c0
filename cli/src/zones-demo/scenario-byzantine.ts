/**
 * Scenario 4: one validator of four is Byzantine. Its nodes show false events, which it proposes and attests; then it withholds everything.
 *
 * @module
 */
import { numberToHex } from 'viem';
import { type Environment, confirmations } from './environment.ts';
import { compare, entryOf, payEntry, refusalOf, transfer } from './transfers.ts';

/** What the liar's nodes show in place of an amount, in logs, receipts and calldata alike, so that the lie holds together. */
const [real, shown] = [7n, 701n];
const word = (amount: bigint): string => numberToHex(amount, { size: 32 }).slice(2);

export async function runByzantine(env: Environment): Promise<void> {
  const { checks, network, owner, dapp, defi, x, ann } = env;
  checks.scenario('A Byzantine validator');
  const liar = network.all.length;
  const to = (chain: { readonly id: string }) => ({ chain: chain.id, recipient: ann.address });
  const lines = [owner, dapp].map((chain) => chain.lines[liar - 1]);

  await checks.step(`validator ${liar} attests false events`, async () => {
    const bent = `false ${shown} for ${real}`;
    for (const line of lines)
      if (line !== undefined)
        line.lie = (_method, _params, result) =>
          JSON.parse(JSON.stringify(result ?? null).replaceAll(word(real), word(shown))) as unknown;
    const reference = await x.depart(owner, ann, real, to(dapp));
    await owner.mine(confirmations);
    const entry = await entryOf(env, owner.id, reference);
    checks.check(
      'ASSET:11',
      'the entry says what honest nodes show, not what the liar says',
      entry.amount === real,
      `${entry.amount}; ${bent}`,
    );
    const before = await dapp.balanceOf(x.token(dapp), ann.address);
    const paid = await payEntry(x, entry);
    const received = (await dapp.balanceOf(x.token(dapp), ann.address)) - before;
    checks.check('ASSET:9', 'exactly that is paid', paid.status === 'success' && received === real, `${received}`);
    const direct = await dapp.onToken(ann, x.token(dapp), { functionName: 'transfer', args: [x.vault, 1n] }, to(defi));
    await dapp.mine(confirmations);
    const { rule } = await refusalOf(env, dapp.id, `${direct.hash}/0`);
    checks.check('ASSET:3', 'a direct transfer is refused all the same', rule === 'ASSET:3', rule);
    for (const line of lines) if (line !== undefined) line.lie = undefined;
  });

  await checks.step(`validator ${liar} withholds`, async () => {
    await network.local.kill(liar);
    const { paid } = await transfer(env, { asset: x, from: owner, user: ann, amount: 11n, to: to(dapp) });
    checks.check('ASSET:7', 'entries are certified and paid without it', paid.status === 'success', paid.status);
    network.local.startValidator(liar);
    await network.local.until(liar, ({ ready }) => ready);
  });
  const { equal, detail } = await compare(env, x, [defi.id]);
  checks.check(
    'ASSET:2',
    'balances equal the ledgers of all validators, the one that was away included',
    equal,
    detail,
  );
}
