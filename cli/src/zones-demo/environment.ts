/**
 * Everything that the demonstration runs on: chains, validators, vaults, and the records that governance has approved.
 *
 * @module
 */
import { evmAddress, p2wpkhScript } from '@dwallet/chains';
import type { ZoneRecord } from '@dwallet/zones';
import type { PrivateKeyAccount } from 'viem';
import { BitcoinChain } from './bitcoin-chain.ts';
import type { Checks } from './checks.ts';
import { DemoNetwork, type WatchedChain } from './demo-network.ts';
import { EvmChain, newAccount } from './evm-chain.ts';
import { Governments, assetSubmission, policySubmission, zoneSubmission } from './governance.ts';
import { type ClusterChains, startClusterChains } from './cluster-chains.ts';
import { VaultedAsset } from './vault.ts';
import type { DemoOptions } from './options.ts';

/** Blocks from an event's own to the tip, both counted. */
export const confirmations = 2;
const pollMs = 150;
/** Coins of R's vault on Bitcoin at the beginning. */
export const reserveSats = 2_000_000n;

export interface Environment {
  readonly options: DemoOptions;
  readonly checks: Checks;
  readonly network: DemoNetwork;
  readonly governments: Governments;
  readonly owner: EvmChain;
  readonly dapp: EvmChain;
  readonly defi: EvmChain;
  readonly bitcoin: BitcoinChain;
  /** Undefined where no scenario needs a cluster. */
  readonly cluster: ClusterChains | undefined;
  /** Owned by the OwnerChain; on the DappChain and the DefiChain too. */
  readonly x: VaultedAsset;
  /** Owned by the DappChain; on the OwnerChain too, and able to go to the DefiChain. */
  readonly y: VaultedAsset;
  /** Owned by the OwnerChain, redeemed for bitcoin. */
  readonly r: VaultedAsset;
  readonly ann: PrivateKeyAccount;
  readonly bob: PrivateKeyAccount;
}

type Ending = (stop: () => Promise<void>) => void;

/** @param ending - takes what must be stopped, as it comes up. */
export async function startEnvironment(
  options: DemoOptions,
  checks: Checks,
  signal: AbortSignal,
  ending: Ending,
): Promise<Environment> {
  const { validators, profile, data, presigns, scenarios } = options;
  const started = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const thing = await starting;
    ending(() => thing.stop());
    return thing;
  };
  const evm = (name: string, chainId: number) => started(EvmChain.start({ name, chainId, validators, signal }));
  checks.scenario('Chains, validators, vaults');
  const [owner, dapp, defi, bitcoin, cluster] = await checks.step('three EVM chains and Bitcoin regtest', () =>
    Promise.all([
      evm('OwnerChain', 71_001),
      evm('DappChain', 71_002),
      evm('DefiChain', 71_003),
      started(BitcoinChain.start(validators, signal)),
      scenarios.has(3) ? started(startClusterChains({ validators, signal, pace: options.pace })) : undefined,
    ]),
  );
  const network = new DemoNetwork({ data, profile, validators, presigns, byzantine: scenarios.has(4) });
  ending(() => network.stop());
  const watched: WatchedChain[] = [owner, dapp, defi].map(({ id, lines }) => ({
    id,
    kind: 'evm',
    lines,
    confirmations,
    pollMs,
    from: 0,
  }));
  watched.push({
    id: bitcoin.id,
    kind: 'bitcoin',
    lines: bitcoin.lines,
    confirmations,
    pollMs,
    from: await bitcoin.mine(1),
  });
  watched.push(...(cluster?.watched ?? []));
  await checks.step(
    `${validators} validators${scenarios.has(4) ? ', the last of them Byzantine' : ''}, their lines to each chain, a network key that nobody holds`,
    async (progress) => {
      await network.prepare(watched);
      await network.start(progress);
    },
  );
  const governments = new Governments();
  const roles: readonly (readonly [string, ZoneRecord['role']])[] = [
    [owner.id, 'owner'],
    [dapp.id, 'dapp'],
    [defi.id, 'defi'],
    [bitcoin.id, 'connector'],
  ];
  await checks.step('zones: one record per chain, approved by its own governance', async () => {
    const finality = { kind: 'confirmations', confirmations } as const;
    for (const [chain, role] of roles) await network.submit(zoneSubmission(governments, { chain, role, finality }));
  });
  const asset = async (name: string, home: EvmChain, chains: readonly EvmChain[], more?: BitcoinChain) => {
    const wallet = await network.createDWallet();
    const made = new VaultedAsset(name, home, wallet);
    await made.deploy(chains, evmAddress(wallet.publicKey));
    if (more !== undefined) made.connect(more);
    await network.submit(
      policySubmission(network.owner(), { publicKey: wallet.publicKey, purpose: 'vault', subject: made.id }),
    );
    await network.submit(
      assetSubmission(governments, { asset: made.id, deployments: made.deployments(), issuance: 'chain' }),
    );
    return made;
  };
  const [x, y, r] = await checks.step('three assets, each with a vault dWallet of its own', async () => [
    await asset('X', owner, [dapp, defi]),
    await asset('Y', dapp, [owner, defi]),
    await asset('R', owner, [], bitcoin),
  ]);
  const [ann, bob] = [newAccount(), newAccount()];
  for (const chain of [owner, dapp, defi])
    for (const { address } of [ann, bob]) await chain.node.fund(address, 10n ** 19n);
  r.addCoin(await bitcoin.node.fund(p2wpkhScript(r.wallet.publicKey), reserveSats));
  return { options, checks, network, governments, owner, dapp, defi, bitcoin, cluster, x, y, r, ann, bob };
}
