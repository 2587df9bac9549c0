/**
 * Bitcoin (`@dwallet/chains/bitcoin`).
 *
 * @module
 */
import type { ChainFamily, RequestFormat } from '../request.ts';
import { BITCOIN_NETWORKS, type BitcoinNetworkName } from './address.ts';
import { psbtChain, type PsbtIntent } from './psbt.ts';

export {
  addressToScript,
  BITCOIN_NETWORKS,
  type BitcoinNetwork,
  type BitcoinNetworkName,
  p2pkhAddress,
  p2pkhScript,
  p2shP2wpkhAddress,
  p2shP2wpkhScript,
  p2wpkhAddress,
  p2wpkhScript,
  scriptToAddress,
} from './address.ts';
export {
  type BitcoinOutput,
  estimateVbytes,
  p2wpkhChain,
  type P2wpkhChain,
  p2wpkhFeeSats,
  type P2wpkhInput,
  type P2wpkhIntent,
  p2wpkhTransfer,
  type SignedP2wpkh,
  type UnsignedP2wpkh,
  type Utxo,
} from './p2wpkh.ts';
export type { PsbtEntry, PsbtMap, PsbtMaps } from './psbt-map.ts';
export {
  MAX_PSBT_REQUEST_BYTES,
  type PsbtChain,
  psbtChain,
  psbtFeeSats,
  type PsbtInput,
  type PsbtIntent,
  type SignedPsbt,
  type SpendInput,
  spendPsbt,
} from './psbt.ts';

/** The PSBTs of one network as a format of requests. */
export function psbtRequests(network: BitcoinNetworkName): RequestFormat<PsbtIntent> {
  const chain = psbtChain(network);
  return {
    chainId: chain.id,
    format: 'psbt',
    address: (publicKey) => chain.address(publicKey),
    read(bytes, publicKey) {
      const intent = chain.parse(bytes);
      const payloads = chain.payloads(intent, publicKey);
      const lines = chain.describe(intent, publicKey);
      return { chainId: chain.id, format: 'psbt', address: chain.address(publicKey), intent, payloads, lines };
    },
    attach(bytes, publicKey, signatures) {
      const { psbt, rawTransaction, txid } = chain.attach(chain.parse(bytes), publicKey, signatures);
      return { encoded: rawTransaction ?? psbt, txid };
    },
  };
}

/** All Bitcoin networks: `bip122:<first 16 bytes of the genesis hash>`. */
export const bitcoinFamily: ChainFamily = {
  namespace: 'bip122',
  references: Object.values(BITCOIN_NETWORKS).map(({ id }) => id.slice('bip122:'.length)),
  chain(reference) {
    const network = Object.values(BITCOIN_NETWORKS).find(({ id }) => id === `bip122:${reference}`);
    if (network === undefined) return undefined;
    return { id: network.id, name: `Bitcoin ${network.name}`, formats: [psbtRequests(network.name)] };
  },
};
