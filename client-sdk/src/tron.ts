/**
 * Payments on Tron (`@dwallet/client-sdk/tron`): TRX and TRC-20 tokens.
 *
 * @module
 */
import {
  TRON_NETWORKS,
  type TronFrame,
  type TronNetwork,
  trc20Transfers,
  tronAddress,
  tronFamilyOf,
  trxTransfers,
} from '@dwallet/chains/tron';
import { InvalidArgumentsError } from '@dwallet/sigma';
import { taskOf, transactionTask } from './chain-task.ts';
import { polled } from './polling.ts';
import { SendError, type SignedTransaction, type SigningTask, type TransactionIntent } from './send.ts';

export { ChainServerError, type ChainServerErrorCode } from './chain-server.ts';
export { tronNode } from './tron/http-node.ts';

/** A block that a transaction refers to, which ties it to its network. */
export interface TronBlock {
  readonly number: bigint;
  /** 32 bytes. */
  readonly id: Uint8Array;
  /** Unix time in milliseconds. */
  readonly timestampMs: bigint;
}

/** What a payment asks of the chain. */
export interface TronProvider {
  /** CAIP-2, such as `tron:0x2b6653dc`. */
  readonly network: string;
  latestBlock(signal: AbortSignal | undefined): Promise<TronBlock>;
  /** @param raw - encoded `Transaction`. @returns its id in hex. A transaction that is known already is no error. */
  broadcast(raw: Uint8Array, txid: string, signal: AbortSignal | undefined): Promise<string>;
  /** Undefined while it is in no block. A failed call was paid for all the same. */
  outcome(txid: string, signal: AbortSignal | undefined): Promise<TronReceipt | undefined>;
}

export interface TronReceipt {
  readonly status: 'success' | 'failed';
  readonly blockNumber: bigint;
}

/** A payment. Without `contract` it is in TRX, and `amount` in sun (10^-6 TRX); otherwise in the token's smallest unit. */
export interface TronIntent {
  readonly to: string;
  readonly amount: bigint;
  /** Address of a TRC-20 contract. */
  readonly contract?: string;
  /** Most that a token payment may burn, in sun. Default: 100 TRX. */
  readonly feeLimitSun?: bigint;
  /** How long it is valid, from the time of the latest block. Default: 60 s. */
  readonly validMs?: number;
  readonly memo?: Uint8Array;
}

export interface TronPayment extends TransactionIntent<TronProvider, TronReceipt> {
  /** @param publicKey - 33 bytes. */
  address(publicKey: Uint8Array): string;
}

const defaultFeeLimitSun = 100_000_000n;
const defaultValidMs = 60_000;
const pollMs = 1000;

/** Pays TRX or a token from the address of the key. */
export const tron = (intent: TronIntent): TronPayment => ({
  address: tronAddress,
  async prepare(publicKey, provider, signal) {
    const { number, id, timestampMs } = await provider.latestBlock(signal);
    if (id.length !== 32) throw new SendError('SEND_BUILD_FAILED', 'the id of the latest block is not 32 bytes');
    const frame: TronFrame = {
      owner: tronAddress(publicKey),
      refBlockBytes: Uint8Array.of(Number((number >> 8n) & 255n), Number(number & 255n)),
      refBlockHash: id.slice(8, 16),
      timestampMs,
      expirationMs: timestampMs + BigInt(intent.validMs ?? defaultValidMs),
      feeLimitSun: intent.contract === undefined ? 0n : (intent.feeLimitSun ?? defaultFeeLimitSun),
      memo: intent.memo ?? new Uint8Array(0),
    };
    return {
      task: tronPayment(provider.network, { ...intent, frame }),
      chain: {
        broadcast: ({ encoded, txid }) => provider.broadcast(encoded, txid, signal),
        wait: (txid, stop) => polled(() => provider.outcome(txid, stop), pollMs, stop),
      },
    };
  },
});

/** A payment that is complete, with the frame that refers to a block. @throws InvalidArgumentsError, InvalidIntentError */
function tronPayment(
  chainId: string,
  { frame, to, amount, contract }: Pick<TronIntent, 'to' | 'amount' | 'contract'> & { readonly frame: TronFrame },
): SigningTask<SignedTransaction> {
  const network = networkOf(chainId);
  if (contract === undefined) {
    const chain = trxTransfers(network);
    const raw = chain.encodeUnsigned(chain.build({ ...frame, to, amountSun: amount }));
    return tronTransaction(chainId, 'trx-transfer', raw);
  }
  const chain = trc20Transfers(network);
  const raw = chain.encodeUnsigned(chain.build({ ...frame, contract, to, amount }));
  return tronTransaction(chainId, 'trc20-transfer', raw);
}

/** Unsigned `raw_data` that somebody made. @throws (when opened) errors of `@dwallet/chains` that name the field. */
export const tronTransaction = (
  chainId: string,
  format: 'trx-transfer' | 'trc20-transfer',
  raw: Uint8Array,
): SigningTask<SignedTransaction> => transactionTask(taskOf(tronFamilyOf([networkOf(chainId)]), chainId, format, raw));

function networkOf(chainId: string): TronNetwork {
  const network = TRON_NETWORKS.find(({ id }) => id === chainId);
  if (network === undefined) throw new InvalidArgumentsError('network', `${chainId} is not a known Tron network`);
  return network;
}
