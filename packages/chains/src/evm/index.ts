/**
 * EVM networks (`@dwallet/chains/evm`).
 *
 * @module
 */
import { type ChainFamily, requestFormat } from '../request.ts';
import { eip1559Chain } from './eip1559.ts';
import { eip191Messages } from './eip191.ts';
import { eip2930Chain } from './eip2930.ts';
import { eip712Messages } from './eip712.ts';
import { eip7702Authorizations } from './eip7702-authorization.ts';
import { eip7702Chain } from './eip7702.ts';
import { legacyChain } from './legacy.ts';
import { EVM_NETWORKS, evmNetwork } from './networks.ts';

export { decodeEvmAddress, encodeEvmAddress, evmAddress, type Hex } from './address.ts';
export {
  eip1559Chain,
  type Eip1559Chain,
  type Eip1559ChainOptions,
  type Eip1559Intent,
  evmTransfer,
  parseSignedEip1559,
  type SignedEip1559,
  type UnsignedEip1559,
} from './eip1559.ts';
export {
  decodeMessageSignature,
  eip191Messages,
  encodeMessageSignature,
  MAX_PERSONAL_MESSAGE_BYTES,
  type PersonalMessageFormat,
  type PersonalMessageIntent,
  personalText,
  type SignedPersonalMessage,
} from './eip191.ts';
export { eip2930Chain, type Eip2930Intent, parseSignedEip2930 } from './eip2930.ts';
export {
  eip712Messages,
  parseTypedData,
  type SignedTypedData,
  type TypedDataFormat,
  type TypedDataInput,
  type TypedDataIntent,
  type TypedDataValue,
} from './eip712.ts';
export {
  type AuthorizationFormat,
  type AuthorizationIntent,
  eip7702Authorizations,
  type SignedAuthorization,
} from './eip7702-authorization.ts';
export { eip7702Chain, type Eip7702Intent, type ListedAuthorization, parseSignedEip7702 } from './eip7702.ts';
export type { AccessListEntry, EvmCall, EvmChainOptions, FeeMarket } from './fields.ts';
export { legacyChain, type LegacyIntent, parseSignedLegacy } from './legacy.ts';
export { EVM_NETWORKS, evmNetwork } from './networks.ts';
export { type EvmChain, MAX_EVM_TRANSACTION_BYTES, type SignedEvm, type UnsignedEvm } from './transaction.ts';

/** All EVM networks: `eip155:<chain id>`. */
export const evmFamily: ChainFamily = {
  namespace: 'eip155',
  references: EVM_NETWORKS.map(({ chainId }) => String(chainId)),
  chain(reference) {
    // One spelling per network: no leading zeros.
    if (!/^[1-9][0-9]{0,15}$/.test(reference) || !Number.isSafeInteger(Number(reference))) return undefined;
    const network = evmNetwork(Number(reference));
    return {
      id: `eip155:${reference}`,
      name: network.name,
      formats: [
        requestFormat('eip1559', eip1559Chain(network)),
        requestFormat('eip2930', eip2930Chain(network)),
        requestFormat('legacy', legacyChain(network)),
        requestFormat('eip7702', eip7702Chain(network)),
        requestFormat('eip7702-authorization', eip7702Authorizations(network)),
        requestFormat('eip191', eip191Messages(network)),
        requestFormat('eip712', eip712Messages(network)),
      ],
    };
  },
};
