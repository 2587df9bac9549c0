/**
 * Short names of chains, for help and completion: apart from what they stand for, so that nothing is loaded to show them.
 *
 * @module
 */

export const chainNames: readonly string[] = [
  'bitcoin',
  'bitcoin-testnet',
  'bitcoin-regtest',
  'ethereum',
  'evm',
  'cosmos',
  'osmosis',
  'celestia',
  'noble',
  'juno',
  'tron',
  'xrpl',
];

export const chainHelp = `${chainNames.join(', ')}, or a CAIP-2 id such as eip155:8453`;
