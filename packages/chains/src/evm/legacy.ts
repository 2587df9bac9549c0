/**
 * EVM transactions without a type, with replay protection (EIP-155).
 *
 * The message to sign is `rlp([nonce, gasPrice, gasLimit, to, value, data, chainId, 0, 0])` under keccak256. The older form of
 * six fields names no chain, so its signature would be valid on every network: it is refused.
 *
 * @module
 */
import { serializeTransaction } from 'viem/utils';
import {
  checkUint,
  describeCall,
  describeGasPrice,
  type EvmCall,
  type EvmChainOptions,
  MAX_UINT256,
  normaliseCall,
} from './fields.ts';
import {
  type EvmChain,
  type EvmTransactionKind,
  evmTransactions,
  parseSigned,
  readCall,
  type SignedEvm,
  writeCall,
} from './transaction.ts';

/** What a legacy transaction does. */
export interface LegacyIntent extends EvmCall {
  /** The whole price per gas. */
  readonly gasPriceWei: bigint;
}

const kind: EvmTransactionKind<LegacyIntent> = {
  title: 'EIP-155',
  type: 'legacy',
  write: (chainId, intent, signature) =>
    serializeTransaction(
      { type: 'legacy', chainId, ...writeCall(intent), gasPrice: intent.gasPriceWei },
      // viem adds the chain id to v (EIP-155).
      signature === undefined ? undefined : { r: signature.r, s: signature.s, v: BigInt(27 + signature.yParity) },
    ),
  read: (tx) => ({ ...readCall(tx), gasPriceWei: tx.gasPrice ?? 0n }),
  normalise(intent) {
    checkUint('gasPriceWei', intent.gasPriceWei, MAX_UINT256);
    return { ...normaliseCall(intent), gasPriceWei: intent.gasPriceWei };
  },
  describe: (intent, chain) => [
    ...describeCall(intent, chain),
    describeGasPrice(intent, chain),
    `Nonce: ${intent.nonce}.`,
  ],
};

/** The legacy transactions of one EVM network, always with its chain id. */
export const legacyChain = (options: EvmChainOptions): EvmChain<LegacyIntent> => evmTransactions(kind, options);

/** Reads a signed legacy transaction, strictly; the signature is not verified. @throws TransactionDecodeError */
export const parseSignedLegacy = (chainId: number, bytes: Uint8Array): SignedEvm<LegacyIntent> =>
  parseSigned(kind, chainId, bytes);
