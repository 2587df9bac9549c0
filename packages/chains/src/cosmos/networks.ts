/**
 * Cosmos SDK networks with secp256k1 accounts that have a name. Others are given as data.
 *
 * @module
 */

/** What `describe` and `address` need to know of a network. */
export interface CosmosNetwork {
  /** As in the sign document. */
  readonly chainId: string;
  readonly name: string;
  /** Human-readable part of addresses. */
  readonly prefix: string;
  /** Units of its coins by denomination; coins that are not listed are shown in their smallest unit. */
  readonly coins: Readonly<Record<string, { readonly symbol: string; readonly decimals: number }>>;
}

const network = (chainId: string, name: string, prefix: string, denom: string, symbol: string): CosmosNetwork => ({
  chainId,
  name,
  prefix,
  coins: { [denom]: { symbol, decimals: 6 } },
});

export const COSMOS_NETWORKS: readonly CosmosNetwork[] = [
  network('cosmoshub-4', 'Cosmos Hub', 'cosmos', 'uatom', 'ATOM'),
  network('osmosis-1', 'Osmosis', 'osmo', 'uosmo', 'OSMO'),
  network('celestia', 'Celestia', 'celestia', 'utia', 'TIA'),
  network('noble-1', 'Noble', 'noble', 'uusdc', 'USDC'),
  network('juno-1', 'Juno', 'juno', 'ujuno', 'JUNO'),
];
