/**
 * Transfers as the scenarios use them: a departure that becomes an entry, the vault's payment, and the comparison of chains and ledger.
 *
 * @module
 */
import type { Destination } from '@dwallet/zones';
import type { PrivateKeyAccount } from 'viem';
import { DemoError } from './demo-error.ts';
import { type Environment, confirmations } from './environment.ts';
import type { EvmChain } from './evm-chain.ts';
import { type EntryView, type RefusalView, isEntry, isRefusal, until } from './ledger-view.ts';
import type { Payment, VaultedAsset } from './vault.ts';

const waitMs = 60_000;

/** The entry that an event became. @throws DemoError when a rule refuses it instead, or nothing happens. */
export async function entryOf({ network }: Environment, chain: string, reference: string): Promise<EntryView> {
  let refused: RefusalView | undefined;
  try {
    return await until(`an entry for ${reference} on ${chain}`, waitMs, async () => {
      const found = await network.view().event(chain, reference);
      if (isRefusal(found)) refused = found;
      return isEntry(found) ? found : undefined;
    });
  } catch (error) {
    throw refused === undefined ? error : new DemoError(`${refused.rule}: ${refused.reason}`, { cause: error });
  }
}

/** The rule that refuses an event, as the first honest validator says that has drafted it. @throws DemoError when it becomes an entry. */
export function refusalOf({ network }: Environment, chain: string, reference: string): Promise<RefusalView> {
  return until(`a refusal of ${reference} on ${chain}`, waitMs, async () => {
    for (const view of network.honest) {
      const found = await view.event(chain, reference).catch(() => undefined);
      if (isEntry(found)) throw new DemoError(`${reference} became entry ${found.height}`);
      // While an event waits for finality or for the next height, it is refused for the moment only.
      if (isRefusal(found) && !['ZONE:4', 'ASSET:7', 'ASSET:11'].includes(found.rule)) return found;
    }
    return undefined;
  });
}

/** What a refusal of a signature says: its rule. */
export const ruleOf = (error: unknown): string =>
  error instanceof Error && 'check' in error && typeof error.check === 'string' ? error.check : String(error);

export interface Leg {
  readonly asset: VaultedAsset;
  readonly from: EvmChain;
  readonly user: PrivateKeyAccount;
  readonly amount: bigint;
  readonly to: Destination;
}

/** One leg: departure, certified entry, native payment signed by the vault. */
export async function transfer(
  env: Environment,
  leg: Leg,
): Promise<{ readonly entry: EntryView; readonly paid: Payment }> {
  const { asset, from, user, amount, to } = leg;
  const reference = await asset.depart(from, user, amount, to);
  await from.mine(confirmations);
  const entry = await entryOf(env, from.id, reference);
  return { entry, paid: await payEntry(asset, entry) };
}

export async function payEntry(asset: VaultedAsset, entry: EntryView): Promise<Payment> {
  const { to: chain, recipient, amount, height } = entry;
  const paid = await asset.pay({ chain, recipient, amount, height });
  await asset.evmChains.find(({ id }) => id === chain)?.mine(1);
  return paid;
}

export interface Comparison {
  readonly equal: boolean;
  readonly detail: string;
  /** Chain name -> ledger, chain. */
  readonly rows: readonly { readonly chain: string; readonly ledger: bigint; readonly onChain: bigint }[];
  /** Chain name -> units, by the ledger. */
  readonly ledger: ReadonlyMap<string, bigint>;
}

/**
 * Whether what is on the chains is what the ledgers of all validators say: on the OwnerChain the vault holds what is elsewhere, and elsewhere there is
 * what was sent there.
 */
export async function compare(
  { network, owner: home, dapp, defi, bitcoin }: Environment,
  asset: VaultedAsset,
  without: readonly string[] = [],
): Promise<Comparison> {
  const expected = await network.view().ledger(asset.id);
  const rows: { chain: string; ledger: bigint; onChain: bigint }[] = [];
  const { owner } = asset;
  let elsewhere = 0n;
  for (const [chain, amount] of expected.balances) if (chain !== owner.id) elsewhere += amount;
  for (const chain of asset.evmChains) {
    if (without.includes(chain.id)) continue;
    const token = asset.token(chain);
    const supply = await chain.supply(token);
    const ledger = expected.balances.get(chain.id) ?? 0n;
    const onChain = chain === owner ? supply - (await chain.balanceOf(token, asset.vault)) : supply;
    rows.push({ chain: chain.name, ledger, onChain });
  }
  const total = await owner.supply(asset.token(owner));
  const behind: number[] = [];
  for (const view of network.views) {
    const same = await until(`validator ${view.index} at height ${expected.height}`, 20_000, async () => {
      const own = await view.ledger(asset.id);
      if (own.height < expected.height) return undefined;
      return [...expected.balances].every(([chain, amount]) => own.balances.get(chain) === amount);
    }).catch(() => false);
    if (!same) behind.push(view.index);
  }
  const sums = [...expected.balances.values()].reduce((sum, amount) => sum + amount, 0n);
  const equal =
    behind.length === 0 &&
    rows.every(({ ledger, onChain }) => ledger === onChain) &&
    sums === expected.supply &&
    total === expected.supply;
  const text = rows.map(({ chain, ledger, onChain }) => `${chain} ledger ${ledger} chain ${onChain}`);
  const names = new Map([home, dapp, defi, bitcoin].map(({ id, name }) => [id, name]));
  return {
    equal,
    rows,
    ledger: new Map([...expected.balances].map(([chain, amount]) => [names.get(chain) ?? chain, amount])),
    detail: [
      ...text,
      `supply ${expected.supply}, minted ${total}`,
      ...behind.map((i) => `validator ${i} differs`),
    ].join('; '),
  };
}

/** The check that chains and ledgers say the same, with its place in the report. @param without - chains that belong to an attacker. */
export async function checkBalances(
  env: Environment,
  asset: VaultedAsset,
  after: string,
  without: readonly string[] = [],
): Promise<void> {
  const { equal, detail, ledger } = await compare(env, asset, without);
  env.checks.balances({ asset: asset.name, after, ledger, equal });
  const where = without.length === 0 ? '' : ' on the honest chains';
  env.checks.check('ASSET:2', `balances of ${asset.name}${where} equal the ledgers after ${after}`, equal, detail);
}
