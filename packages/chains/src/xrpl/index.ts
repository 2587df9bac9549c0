/**
 * XRP Ledger (`@dwallet/chains/xrpl`).
 *
 * @module
 */
import { type ChainFamily, requestFormat } from '../request.ts';
import { XRPL_NETWORKS, type XrplNetwork } from './networks.ts';
import { checkXrplKey, xrplPayments } from './payment.ts';

export { checkXrplAddress, xrplAddress } from './address.ts';
export { XRPL_NETWORKS, type XrplNetwork } from './networks.ts';
export {
  FULLY_CANONICAL,
  type IssuedAmount,
  MAX_XRPL_TRANSACTION_BYTES,
  type SignedXrplPayment,
  type XrplAmount,
  type XrplPaymentChain,
  type XrplPaymentIntent,
  xrplPayments,
} from './payment.ts';

/** A family of the given networks. */
export function xrplFamilyOf(networks: readonly XrplNetwork[]): ChainFamily {
  return {
    namespace: 'xrpl',
    references: networks.map(({ networkId }) => String(networkId)),
    chain(reference) {
      const network = networks.find(({ id }) => id === `xrpl:${reference}`);
      if (network === undefined) return undefined;
      return {
        id: network.id,
        name: network.name,
        formats: [requestFormat('payment', xrplPayments(network), checkXrplKey)],
      };
    },
  };
}

/** The public networks: `xrpl:<network id>`. */
export const xrplFamily: ChainFamily = xrplFamilyOf(XRPL_NETWORKS);
