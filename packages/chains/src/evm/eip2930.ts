/**
 * EVM transactions of type 1 (EIP-2930): a fixed gas price and an access list.
 *
 * The message to sign is `0x01 || rlp([chainId, nonce, gasPrice, gasLimit, to, value, data, accessList])` under keccak256.
 *
 * @module
 */
import { serializeTransaction } from 'viem/utils';
import {
  type AccessListEntry,
  checkUint,
  describeAccessList,
  describeCall,
  describeGasPrice,
  type EvmCall,
  type EvmChainOptions,
  MAX_UINT256,
  normaliseAccessList,
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

/** What an EIP-2930 transaction does. */
export interface Eip2930Intent extends EvmCall {
  /** The whole price per gas. */
  readonly gasPriceWei: bigint;
  readonly accessList: readonly AccessListEntry[];
}

const kind: EvmTransactionKind<Eip2930Intent> = {
  title: 'EIP-2930',
  type: 1,
  write: (chainId, intent, signature) =>
    serializeTransaction(
      {
        type: 'eip2930',
        chainId,
        ...writeCall(intent),
        gasPrice: intent.gasPriceWei,
        accessList: intent.accessList,
      },
      signature,
    ),
  read: (tx) => ({ ...readCall(tx), gasPriceWei: tx.gasPrice ?? 0n, accessList: tx.accessList ?? [] }),
  normalise(intent) {
    checkUint('gasPriceWei', intent.gasPriceWei, MAX_UINT256);
    const { gasPriceWei } = intent;
    return { ...normaliseCall(intent), gasPriceWei, accessList: normaliseAccessList(intent.accessList) };
  },
  describe: (intent, chain) => [
    ...describeCall(intent, chain),
    describeGasPrice(intent, chain),
    `Nonce: ${intent.nonce}.`,
    ...describeAccessList(intent.accessList),
  ],
};

/** The EIP-2930 transactions of one EVM network. */
export const eip2930Chain = (options: EvmChainOptions): EvmChain<Eip2930Intent> => evmTransactions(kind, options);

/** Reads a signed type-1 transaction, strictly; the signature is not verified. @throws TransactionDecodeError */
export const parseSignedEip2930 = (chainId: number, bytes: Uint8Array): SignedEvm<Eip2930Intent> =>
  parseSigned(kind, chainId, bytes);
