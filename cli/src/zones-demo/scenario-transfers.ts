/**
 * Scenario 1: an asset moves between sovereign chains through its OwnerChain, by native transactions that vault dWallets sign.
 *
 * @module
 */
import { addressToScript } from '@dwallet/chains';
import { type Environment, confirmations } from './environment.ts';
import { checkBalances, entryOf, payEntry, refusalOf, ruleOf, transfer } from './transfers.ts';

export async function runTransfers(env: Environment): Promise<void> {
  const { checks, owner, dapp, defi, bitcoin, x, y, r, ann, bob, network } = env;
  checks.scenario('An asset moves between sovereign chains');
  const to = (chain: { readonly id: string }) => ({ chain: chain.id, recipient: ann.address });

  await checks.step('the issuer mints 1000 X on the OwnerChain', async () => {
    const minted = await x.mint(ann.address, 1000n);
    await owner.mine(confirmations);
    await entryOf(env, owner.id, minted);
  });
  await checkBalances(env, x, 'minting');

  const out = await checks.step('400 X: OwnerChain to DefiChain', () =>
    transfer(env, { asset: x, from: owner, user: ann, amount: 400n, to: to(defi) }),
  );
  checks.check(
    'ASSET:9',
    'the vault dWallet paid 400 X on the DefiChain natively',
    out.paid.status === 'success',
    out.paid.status,
  );
  await checkBalances(env, x, 'OwnerChain to DefiChain');

  await checks.step('a direct transfer of 50 X from the DefiChain to the DappChain', async () => {
    // To the vault rather than burnt: what nobody books stays visible there.
    const mined = await defi.onToken(ann, x.token(defi), { functionName: 'transfer', args: [x.vault, 50n] }, to(dapp));
    await defi.mine(confirmations);
    const { rule, legs, reason } = await refusalOf(env, defi.id, `${mined.hash}/0`);
    const [first, second] = legs;
    const named =
      first?.from === defi.id &&
      first.to === owner.id &&
      second?.from === owner.id &&
      second.to === dapp.id &&
      legs.length === 2;
    checks.check(
      'ASSET:3',
      'the direct transfer is refused, and the two legs named',
      rule === 'ASSET:3' && named,
      `${rule}: ${reason}`,
    );
  });
  await checkBalances(env, x, 'the refused transfer');

  const back = await checks.step('150 X, first leg: DefiChain to OwnerChain', () =>
    transfer(env, { asset: x, from: defi, user: ann, amount: 150n, to: to(owner) }),
  );
  checks.check(
    'ASSET:9',
    'the vault dWallet released 150 X on the OwnerChain natively',
    back.paid.status === 'success',
    back.paid.status,
  );
  await checkBalances(env, x, 'the first leg');

  const on = await checks.step('150 X, second leg: OwnerChain to DappChain', () =>
    transfer(env, { asset: x, from: owner, user: ann, amount: 150n, to: to(dapp) }),
  );
  checks.check(
    'ASSET:9',
    'the vault dWallet paid 150 X on the DappChain natively',
    on.paid.status === 'success',
    on.paid.status,
  );
  await checkBalances(env, x, 'the second leg');

  await checks.step('the vault is asked for more than its entries say', async () => {
    const { entry } = on;
    const order = { chain: dapp.id, recipient: bob.address, amount: entry.amount };
    const again = await x.pay({ ...order, height: entry.height }).then(() => 'signed', ruleOf);
    checks.check('ASSET:9', 'the vault does not pay an entry to somebody else', again === 'ASSET:9', again);
    const invented = await x.pay({ ...order, height: entry.height + 1000 }).then(() => 'signed', ruleOf);
    checks.check('ASSET:9', 'the vault signs nothing without a certified entry', invented === 'ASSET:9', invented);
    const twice = await x.pay({ ...order, recipient: ann.address, height: entry.height }).then(() => 'signed', ruleOf);
    checks.check('ASSET:10', 'the vault does not pay an entry twice', twice === 'ASSET:10', twice);
  });

  await checks.step('500 Y are minted on the DappChain, their OwnerChain; 200 go to the OwnerChain of X', async () => {
    const minted = await y.mint(ann.address, 500n);
    await dapp.mine(confirmations);
    await entryOf(env, dapp.id, minted);
    await transfer(env, { asset: y, from: dapp, user: ann, amount: 200n, to: to(owner) });
  });
  await checkBalances(env, y, 'the transfer of Y');

  await checks.step('200000 R go to Bitcoin, and 80000 come back', async () => {
    const minted = await r.mint(ann.address, 1_000_000n);
    await owner.mine(confirmations);
    await entryOf(env, owner.id, minted);
    const before = r.reserve;
    const recipient = bitcoin.newAddress();
    const redeemed = await transfer(env, {
      asset: r,
      from: owner,
      user: ann,
      amount: 200_000n,
      to: { chain: bitcoin.id, recipient },
    });
    const output = await bitcoin.node.utxo(redeemed.paid.id, 0);
    const mine =
      output !== undefined && Buffer.compare(output.scriptPubKey, addressToScript(recipient, 'regtest')) === 0;
    const fee = 200_000n - (output?.amountSats ?? 0n);
    const exact = mine && fee > 0n && fee < 10_000n && before - r.reserve === 200_000n;
    checks.check(
      'ASSET:9',
      'the vault paid bitcoin natively; 200000 sats left its reserve, the fee is the recipient’s',
      exact,
      `fee ${fee}, reserve ${before} to ${r.reserve}`,
    );
    const { reference, coin } = await bitcoin.depart(r.wallet.publicKey, 80_000n, to(owner));
    r.addCoin(coin);
    await bitcoin.mine(confirmations);
    const entry = await entryOf(env, bitcoin.id, reference);
    const paid = await payEntry(r, entry);
    const { balances } = await network.view().ledger(r.id);
    const booked = balances.get(bitcoin.id) === 120_000n;
    checks.check(
      'ASSET:2',
      '80000 sats paid to the vault on Bitcoin are R on the OwnerChain again',
      paid.status === 'success' && booked,
      `${paid.status}, ${balances.get(bitcoin.id)} on Bitcoin`,
    );
  });
  await checkBalances(env, r, 'the way to Bitcoin and back');
}
