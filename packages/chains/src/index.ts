/**
 * Native transactions: address, build, parse, payloads to sign, attach, verify, describe. Pure, without network.
 *
 * This entry holds what all chains share, and the two most used formats. Families are entries of their own (`/bitcoin`, `/evm`,
 * `/cosmos`, `/tron`, `/xrpl`), so that a browser loads only what it uses; `/registry` has all of them.
 *
 * @module
 */
export {
  addressToScript,
  BITCOIN_NETWORKS,
  type BitcoinNetwork,
  type BitcoinNetworkName,
  p2wpkhAddress,
  p2wpkhScript,
  scriptToAddress,
} from './bitcoin/address.ts';
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
} from './bitcoin/p2wpkh.ts';
export {
  decodeSignature,
  type EcdsaSignature,
  encodeSignature,
  type HashScheme,
  hashMessage,
  recoverPublicKey,
  toLowS,
} from './ecdsa.ts';
export { decodeRequest, type EncodedRequest, encodeRequest, MAX_REQUEST_BYTES } from './encoded-request.ts';
export {
  ChainError,
  EncodingMismatchError,
  InvalidIntentError,
  InvalidSignatureError,
  type InvalidSignatureReason,
  TransactionDecodeError,
  UnsupportedRequestError,
} from './errors.ts';
export { decodeEvmAddress, encodeEvmAddress, evmAddress, type Hex } from './evm/address.ts';
export {
  eip1559Chain,
  type Eip1559Chain,
  type Eip1559ChainOptions,
  type Eip1559Intent,
  evmTransfer,
  parseSignedEip1559,
  type SignedEip1559,
  type UnsignedEip1559,
} from './evm/eip1559.ts';
export type { AccessListEntry } from './evm/fields.ts';
export type { NativeChain, SigningFormat, SigningPayload } from './native-chain.ts';
export {
  type ChainFamily,
  type ChainModule,
  type ChainRegistry,
  createRegistry,
  type RequestFormat,
  requestFormat,
  type SignedRequest,
  type SigningRequest,
} from './request.ts';
export { quoteText } from './text.ts';
