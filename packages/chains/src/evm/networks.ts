/**
 * EVM networks that have a name. Every other chain id works too, without a name.
 *
 * @module
 */
import type { EvmChainOptions } from './fields.ts';

const named = (chainId: number, name: string, symbol = 'ETH') => ({ chainId, name, symbol });

export const EVM_NETWORKS: readonly Required<EvmChainOptions>[] = [
  named(1, 'Ethereum'),
  named(10, 'OP Mainnet'),
  named(56, 'BNB Smart Chain', 'BNB'),
  named(100, 'Gnosis', 'xDAI'),
  named(137, 'Polygon', 'POL'),
  named(8453, 'Base'),
  named(42161, 'Arbitrum One'),
  named(43114, 'Avalanche C-Chain', 'AVAX'),
  named(17000, 'Holesky (test network)'),
  named(560048, 'Hoodi (test network)'),
  named(11155111, 'Sepolia (test network)'),
  named(31337, 'a local test network'),
];

/** Names for a chain id. Of an unknown network nobody here knows the coin, so it is not called ETH. */
export function evmNetwork(chainId: number): Required<EvmChainOptions> {
  const found = EVM_NETWORKS.find((network) => network.chainId === chainId);
  return found ?? named(chainId, 'an unnamed EVM network', `of the native coin of eip155:${chainId}`);
}
