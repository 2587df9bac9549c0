/**
 * Tron (`@dwallet/chains/tron`).
 *
 * @module
 */
import { type ChainFamily, checkSender, requestFormat } from '../request.ts';
import { tronAddress } from './address.ts';
import { TRON_NETWORKS, type TronNetwork } from './networks.ts';
import type { TronFrame } from './transaction.ts';
import { trxTransfers } from './transfer.ts';
import { trc20Transfers } from './trc20.ts';

export { decodeTronAddress, encodeTronAddress, tronAddress } from './address.ts';
export { TRON_NETWORKS, type TronNetwork, type TronToken } from './networks.ts';
export { MAX_TRON_TRANSACTION_BYTES, type SignedTron, type TronChain, type TronFrame } from './transaction.ts';
export { type TrxTransferIntent, trxTransfers } from './transfer.ts';
export { type Trc20TransferIntent, trc20Transfers } from './trc20.ts';

const checkOwner = (intent: TronFrame, publicKey: Uint8Array): void =>
  checkSender('owner', intent.owner, tronAddress(publicKey));

/** A family of the given networks, with the tokens whose units they name. */
export function tronFamilyOf(networks: readonly TronNetwork[]): ChainFamily {
  return {
    namespace: 'tron',
    references: networks.map(({ id }) => id.slice('tron:'.length)),
    chain(reference) {
      const network = networks.find(({ id }) => id === `tron:${reference}`);
      if (network === undefined) return undefined;
      return {
        id: network.id,
        name: network.name,
        formats: [
          requestFormat('trx-transfer', trxTransfers(network), checkOwner),
          requestFormat('trc20-transfer', trc20Transfers(network), checkOwner),
        ],
      };
    },
  };
}

/** The public networks. */
export const tronFamily: ChainFamily = tronFamilyOf(TRON_NETWORKS);
