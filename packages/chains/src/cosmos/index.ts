/**
 * Cosmos SDK networks with secp256k1 accounts (`@dwallet/chains/cosmos`).
 *
 * @module
 */
import { type ChainFamily, checkSender, requestFormat } from '../request.ts';
import { cosmosAddress } from './address.ts';
import { cosmosAminoChain } from './amino.ts';
import { checkKey, cosmosDirectChain } from './direct.ts';
import { COSMOS_NETWORKS, type CosmosNetwork } from './networks.ts';
import { senderOf } from './transfer.ts';

export { checkCosmosAddress, cosmosAddress } from './address.ts';
export { type CosmosAminoChain, cosmosAminoChain } from './amino.ts';
export { type CosmosDirectChain, cosmosDirectChain, type CosmosDirectIntent, type SignedCosmos } from './direct.ts';
export { COSMOS_NETWORKS, type CosmosNetwork } from './networks.ts';
export { type CosmosCoin, type CosmosSend, type CosmosTransfer, MAX_COSMOS_SIGN_BYTES } from './transfer.ts';

/** A family of the given networks. */
export function cosmosFamilyOf(networks: readonly CosmosNetwork[]): ChainFamily {
  return {
    namespace: 'cosmos',
    references: networks.map(({ chainId }) => chainId),
    chain(reference) {
      const network = networks.find(({ chainId }) => chainId === reference);
      if (network === undefined) return undefined;
      return {
        id: `cosmos:${reference}`,
        name: network.name,
        formats: [
          requestFormat('sign-direct', cosmosDirectChain(network), checkKey),
          requestFormat('sign-amino', cosmosAminoChain(network), (intent, publicKey) =>
            checkSender('sends[0].from', senderOf(intent), cosmosAddress(publicKey, network.prefix)),
          ),
        ],
      };
    },
  };
}

/** The networks that have a name here: `cosmos:<chain id>`. */
export const cosmosFamily: ChainFamily = cosmosFamilyOf(COSMOS_NETWORKS);
