/**
 * Which Cosmos SDK network is meant.
 *
 * @module
 */
import { COSMOS_NETWORKS, type CosmosNetwork } from '@dwallet/chains/cosmos';
import { InvalidArgumentsError } from '@dwallet/sigma';

/** @param named - chain id of a network that `@dwallet/chains` knows, or the network as data. @throws InvalidArgumentsError */
export function cosmosNetworkOf(named: string | CosmosNetwork): CosmosNetwork {
  const network = typeof named === 'string' ? COSMOS_NETWORKS.find(({ chainId }) => chainId === named) : named;
  if (network === undefined) throw new InvalidArgumentsError('network', 'is not known: give it as data');
  return network;
}
