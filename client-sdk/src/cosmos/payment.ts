/**
 * Transfers on Cosmos SDK networks, signed as SIGN_MODE_DIRECT.
 *
 * @module
 */
import {
  type CosmosCoin,
  type CosmosNetwork,
  cosmosAddress,
  cosmosDirectChain,
  cosmosFamilyOf,
} from '@dwallet/chains/cosmos';
import { taskOf, transactionTask } from '../chain-task.ts';
import { polled } from '../polling.ts';
import type { TransactionIntent } from '../send.ts';

/** What a transfer asks of the chain. */
export interface CosmosProvider {
  readonly network: CosmosNetwork;
  account(address: string, signal: AbortSignal | undefined): Promise<CosmosAccount>;
  /** @param raw - `TxRaw`. @returns its id, in upper-case hex. A transaction that is known already is no error. */
  broadcast(raw: Uint8Array, txid: string, signal: AbortSignal | undefined): Promise<string>;
  /** Undefined while it is in no block. A failed transfer was paid for all the same. */
  outcome(txid: string, signal: AbortSignal | undefined): Promise<CosmosReceipt | undefined>;
}

export interface CosmosAccount {
  readonly accountNumber: bigint;
  /** Of its next transaction. */
  readonly sequence: bigint;
}

export interface CosmosReceipt {
  readonly status: 'success' | 'failed';
  readonly height: bigint;
}

/** A bank transfer (`MsgSend`). */
export interface CosmosIntent {
  readonly to: string;
  /** In the smallest unit of the denomination, such as uatom. */
  readonly amount: CosmosCoin;
  /** All of it is paid, whatever the transfer uses. No network says what is enough: wallets take its usual gas price times `gasLimit`. */
  readonly fee: CosmosCoin;
  /** Default: 120 000, a transfer with some room. */
  readonly gasLimit?: bigint;
  readonly memo?: string;
}

export interface CosmosPayment extends TransactionIntent<CosmosProvider, CosmosReceipt> {
  /** @param publicKey - 33 bytes. @param network - such as one of `COSMOS_NETWORKS`. */
  address(publicKey: Uint8Array, network: CosmosNetwork): string;
}

const defaultGasLimit = 120_000n;
const pollMs = 1000;

/** Pays coins from the account of the key. */
export const cosmos = ({ to, amount, fee, gasLimit = defaultGasLimit, memo = '' }: CosmosIntent): CosmosPayment => ({
  address: (publicKey, { prefix }) => cosmosAddress(publicKey, prefix),
  async prepare(publicKey, provider, signal) {
    const { network } = provider;
    const from = cosmosAddress(publicKey, network.prefix);
    const account = await provider.account(from, signal);
    const chain = cosmosDirectChain(network);
    const unsigned = chain.build({
      ...account,
      sends: [{ from, to, amount: [amount] }],
      fee: { amount: [fee], gasLimit },
      memo,
      timeoutHeight: 0n,
      publicKey,
    });
    const raw = chain.encodeUnsigned(unsigned);
    return {
      task: transactionTask(taskOf(cosmosFamilyOf([network]), chain.id, 'sign-direct', raw)),
      chain: {
        broadcast: ({ encoded, txid }) => provider.broadcast(encoded, txid, signal),
        wait: (txid, stop) => polled(() => provider.outcome(txid, stop), pollMs, stop),
      },
    };
  },
});
