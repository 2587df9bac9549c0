/**
 * Payments and messages on EVM networks (`@dwallet/client-sdk/ethereum`).
 *
 * @module
 */
import { type EcdsaSignature, type SignedRequest, decodeSignature } from '@dwallet/chains';
import {
  type AccessListEntry,
  type Hex,
  type TypedDataInput,
  eip1559Chain,
  eip191Messages,
  eip712Messages,
  evmAddress,
  evmFamily,
  evmNetwork,
  parseTypedData,
  personalText,
} from '@dwallet/chains/evm';
import { InvalidArgumentsError } from '@dwallet/sigma';
import { mapTask, taskOf, transactionTask } from './chain-task.ts';
import { type EvmProvider, type EvmRpc, EvmRpcError, providerOf, quantity } from './evm/json-rpc.ts';
import { SendError, type SignedTransaction, type SigningTask, type TransactionIntent } from './send.ts';
import { polled } from './polling.ts';

export { type EvmProvider, type EvmRpc, EvmRpcError, httpRpc } from './evm/json-rpc.ts';

/** Fees in wei per gas. */
export interface EvmFees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** A payment or a call. What is left out is asked of the node. */
export interface EthereumIntent {
  /** EIP-55 or lower-case address; null to create a contract. */
  readonly to: Hex | null;
  /** Wei; default 0. */
  readonly value?: bigint;
  readonly data?: Uint8Array;
  /** Of the network that is meant; a node of another one is refused. */
  readonly chainId?: number;
  readonly nonce?: number;
  readonly gasLimit?: bigint;
  readonly fees?: EvmFees;
  readonly accessList?: readonly AccessListEntry[];
  /** Most that gas may cost altogether, in wei, whatever the node says. Default: 0.05 ETH. */
  readonly maxGasCost?: bigint;
}

/** How it ended. A reverted call was paid for all the same. */
export interface EvmReceipt {
  readonly status: 'success' | 'reverted';
  readonly blockNumber: bigint;
  readonly gasUsed: bigint;
}

/** 0.05 ETH. */
export const defaultMaxGasCost = 50_000_000_000_000_000n;
const pollMs = 500;
const bytesToHex = (bytes: Uint8Array): Hex =>
  `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
const toHex = (value: bigint): Hex => `0x${value.toString(16)}`;

export interface EthereumPayment extends TransactionIntent<EvmRpc, EvmReceipt> {
  /** EIP-55 address of a key. @param publicKey - 33 bytes. */
  address(publicKey: Uint8Array): Hex;
}

/** Sends coins, or calls a contract, as an EIP-1559 transaction. */
export const ethereum = (intent: EthereumIntent): EthereumPayment => ({
  address: evmAddress,
  async prepare(publicKey, rpc, signal) {
    const provider = providerOf(rpc, signal);
    const task = await prepareEthereum(intent, evmAddress(publicKey), provider);
    return {
      task,
      chain: {
        broadcast: (transaction) => broadcast(provider, transaction),
        wait: (txid, stop) => receiptOf(provider, txid, stop),
      },
    };
  },
});

/**
 * Fetches what an intent leaves open and builds it.
 * @throws EvmRpcError; SendError SEND_BUILD_FAILED for a node of another network, or gas above `maxGasCost`; InvalidIntentError.
 */
export async function prepareEthereum(
  intent: EthereumIntent,
  from: Hex,
  provider: EvmProvider,
): Promise<SigningTask<SignedTransaction>> {
  const ask = (method: string, ...params: readonly unknown[]): Promise<unknown> => provider.request({ method, params });
  const chainId = Number(quantity(await ask('eth_chainId'), 'eth_chainId'));
  if (intent.chainId !== undefined && intent.chainId !== chainId)
    throw new SendError('SEND_BUILD_FAILED', `the node is of chain ${chainId}, not ${intent.chainId}`);
  const { to, value = 0n, data = new Uint8Array(0), accessList = [] } = intent;
  const [nonce, fees, gasLimit] = await Promise.all([
    intent.nonce ??
      ask('eth_getTransactionCount', from, 'pending').then((count) =>
        Number(quantity(count, 'eth_getTransactionCount')),
      ),
    intent.fees ?? feesOf(ask),
    intent.gasLimit ??
      ask('eth_estimateGas', {
        from,
        ...(to === null ? {} : { to }),
        value: toHex(value),
        ...(data.length === 0 ? {} : { data: bytesToHex(data) }),
        ...(accessList.length === 0 ? {} : { accessList }),
      }).then((gas) => quantity(gas, 'eth_estimateGas')),
  ]);
  requireGasCost(gasLimit, fees.maxFeePerGas, intent.maxGasCost);
  return ethereumTransaction(chainId, {
    nonce,
    to,
    valueWei: value,
    gasLimit,
    data,
    accessList,
    maxFeePerGasWei: fees.maxFeePerGas,
    maxPriorityFeePerGasWei: fees.maxPriorityFeePerGas,
  });
}

/** Whatever a node says. @throws SendError SEND_BUILD_FAILED */
export function requireGasCost(gasLimit: bigint, feePerGas: bigint, maxGasCost = defaultMaxGasCost): void {
  const cost = gasLimit * feePerGas;
  if (cost > maxGasCost)
    throw new SendError('SEND_BUILD_FAILED', `gas could cost ${cost} wei, more than maxGasCost (${maxGasCost} wei)`);
}

type Ask = (method: string, ...params: readonly unknown[]) => Promise<unknown>;

/** Twice the base fee of the last block, and the tip that the node suggests: good for about six full blocks. */
async function feesOf(ask: Ask): Promise<EvmFees> {
  const [block, tip] = await Promise.all([
    ask('eth_getBlockByNumber', 'latest', false),
    ask('eth_maxPriorityFeePerGas'),
  ]);
  const baseFee = (block as { readonly baseFeePerGas?: unknown } | null)?.baseFeePerGas;
  if (baseFee === undefined) throw new EvmRpcError('EVM_RPC', 'the network has no base fee (EIP-1559): give fees');
  const maxPriorityFeePerGas = quantity(tip, 'eth_maxPriorityFeePerGas');
  return { maxPriorityFeePerGas, maxFeePerGas: 2n * quantity(baseFee, 'baseFeePerGas') + maxPriorityFeePerGas };
}

async function broadcast(provider: EvmProvider, { encoded, txid }: SignedTransaction): Promise<string> {
  try {
    return String(await provider.request({ method: 'eth_sendRawTransaction', params: [bytesToHex(encoded)] }));
  } catch (error) {
    // The node may have it already, from here or from elsewhere.
    const known = await provider
      .request({ method: 'eth_getTransactionByHash', params: [txid] })
      .catch((): undefined => undefined);
    if (known !== null && known !== undefined) return txid;
    throw error;
  }
}

const receiptOf = (provider: EvmProvider, txid: string, signal: AbortSignal | undefined): Promise<EvmReceipt> =>
  polled(
    async () => {
      const found = await provider.request({ method: 'eth_getTransactionReceipt', params: [txid] });
      if (typeof found !== 'object' || found === null) return undefined;
      const { status, blockNumber, gasUsed } = found as Record<string, unknown>;
      return {
        status: quantity(status, 'receipt.status') === 1n ? 'success' : 'reverted',
        blockNumber: quantity(blockNumber, 'receipt.blockNumber'),
        gasUsed: quantity(gasUsed, 'receipt.gasUsed'),
      };
    },
    pollMs,
    signal,
  );

/** Formats of unsigned transactions by their first byte (EIP-2718). */
const formats: Readonly<Record<number, string>> = { 1: 'eip2930', 2: 'eip1559', 4: 'eip7702' };

/**
 * An unsigned transaction, as canonical bytes of any type or as an EIP-1559 intent.
 * @throws (when opened) errors of `@dwallet/chains` that name the field.
 */
export function ethereumTransaction(
  chainId: number,
  unsigned: Uint8Array | Parameters<ReturnType<typeof eip1559Chain>['build']>[0],
): SigningTask<SignedTransaction> {
  const chain = eip1559Chain(evmNetwork(chainId));
  const raw = unsigned instanceof Uint8Array ? unsigned : chain.encodeUnsigned(chain.build(unsigned));
  return transactionTask(taskOf(evmFamily, `eip155:${chainId}`, formats[raw[0] ?? 0] ?? 'legacy', raw));
}

/** Signature of a message: r || s || v with v = 27 or 28, 65 bytes. */
const messageTask = (chainId: number, format: string, raw: Uint8Array): SigningTask<Uint8Array> =>
  mapTask(taskOf(evmFamily, `eip155:${chainId}`, format, raw), ({ encoded }: SignedRequest) => encoded);

/** A personal message (EIP-191). @param chainId - only for the words that a person reads; it is not signed. */
export function personalMessage(message: string | Uint8Array, chainId = 1): SigningTask<Uint8Array> {
  const messages = eip191Messages(evmNetwork(chainId));
  const intent = typeof message === 'string' ? personalText(message) : { message };
  return messageTask(chainId, 'eip191', messages.encodeUnsigned(messages.build(intent)));
}

/** Typed data (EIP-712). @throws InvalidIntentError for a domain without a chain id, among others. */
export function typedData(input: TypedDataInput): SigningTask<Uint8Array> {
  const intent = parseTypedData(input);
  const { chainId } = intent.domain;
  if (chainId === undefined) throw new InvalidArgumentsError('domain.chainId', 'is missing');
  const messages = eip712Messages(evmNetwork(Number(chainId)));
  return messageTask(Number(chainId), 'eip712', messages.encodeUnsigned(messages.build(intent)));
}

/** r, s and recovery id of a signature of 65 bytes that ends with 27 or 28. */
export const splitSignature = (bytes: Uint8Array): EcdsaSignature =>
  decodeSignature(bytes.with(64, (bytes[64] ?? 0) - 27));
