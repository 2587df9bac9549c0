/**
 * EVM transactions of type 2 (EIP-1559).
 *
 * The message to sign is `0x02 || rlp([chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data,
 * accessList])` under keccak256. It is also the canonical unsigned encoding, so what is parsed is exactly what is signed.
 *
 * @module
 */
import { serializeTransaction } from 'viem/utils';
import type { Hex } from './address.ts';
import {
  type AccessListEntry,
  describeAccessList,
  describeCall,
  describeFeeMarket,
  type EvmCall,
  type EvmChainOptions,
  type FeeMarket,
  normaliseAccessList,
  normaliseCall,
  normaliseFeeMarket,
} from './fields.ts';
import {
  type EvmChain,
  type EvmTransactionKind,
  evmTransactions,
  parseSigned,
  readCall,
  type SignedEvm,
  type UnsignedEvm,
  writeCall,
} from './transaction.ts';

/** What an EIP-1559 transaction does. The chain id belongs to the chain object, not to the intent. */
export interface Eip1559Intent extends EvmCall, FeeMarket {
  readonly accessList: readonly AccessListEntry[];
}

export type UnsignedEip1559 = UnsignedEvm<Eip1559Intent>;
export type SignedEip1559 = SignedEvm<Eip1559Intent>;
export type Eip1559Chain = EvmChain<Eip1559Intent>;
export type Eip1559ChainOptions = EvmChainOptions;

const kind: EvmTransactionKind<Eip1559Intent> = {
  title: 'EIP-1559',
  type: 2,
  write: (chainId, intent, signature) =>
    serializeTransaction(
      {
        type: 'eip1559',
        chainId,
        ...writeCall(intent),
        maxFeePerGas: intent.maxFeePerGasWei,
        maxPriorityFeePerGas: intent.maxPriorityFeePerGasWei,
        accessList: intent.accessList,
      },
      signature,
    ),
  read: (tx) => ({
    ...readCall(tx),
    maxFeePerGasWei: tx.maxFeePerGas ?? 0n,
    maxPriorityFeePerGasWei: tx.maxPriorityFeePerGas ?? 0n,
    accessList: tx.accessList ?? [],
  }),
  normalise: (intent) => ({
    ...normaliseCall(intent),
    ...normaliseFeeMarket(intent),
    accessList: normaliseAccessList(intent.accessList),
  }),
  describe: (intent, chain) => [
    ...describeCall(intent, chain),
    describeFeeMarket(intent, chain),
    `Nonce: ${intent.nonce}.`,
    ...describeAccessList(intent.accessList),
  ],
};

/** Intent of a plain payment: 21000 gas, no data. */
export function evmTransfer(args: {
  readonly nonce: number;
  readonly to: Hex;
  readonly valueWei: bigint;
  readonly maxFeePerGasWei: bigint;
  readonly maxPriorityFeePerGasWei: bigint;
}): Eip1559Intent {
  return { ...args, gasLimit: 21_000n, data: new Uint8Array(0), accessList: [] };
}

/** The EIP-1559 transactions of one EVM network. @throws InvalidIntentError if the chain id is not a positive safe integer. */
export const eip1559Chain = (options: Eip1559ChainOptions): Eip1559Chain => evmTransactions(kind, options);

/**
 * Reads a signed type-2 transaction, strictly.
 *
 * @throws TransactionDecodeError if it is unsigned, of another chain or not canonical. The signature is not verified.
 */
export const parseSignedEip1559 = (chainId: number, bytes: Uint8Array): SignedEip1559 =>
  parseSigned(kind, chainId, bytes);
