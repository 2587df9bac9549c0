/**
 * What a payment asks of Bitcoin, wherever the answers come from.
 *
 * @module
 */
import type { BitcoinNetworkName } from '@dwallet/chains';
import type { SpendInput } from '@dwallet/chains/bitcoin';

/** An unspent output. With the transaction that made it the amount is certain, otherwise it is only claimed. */
export type BitcoinOutpoint = Pick<SpendInput, 'txid' | 'vout' | 'amountSats' | 'scriptPubKey' | 'previousTransaction'>;

/** What a payment asks of the chain. */
export interface BitcoinProvider {
  readonly network: BitcoinNetworkName;
  /** Confirmed outputs of an address that no transaction known there spends. */
  unspent(address: string, signal: AbortSignal | undefined): Promise<readonly BitcoinOutpoint[]>;
  /** Sats per vbyte for one of the next blocks. */
  feeRate(signal: AbortSignal | undefined): Promise<number>;
  /** @returns the id of the transaction. A transaction that is known already is no error. */
  broadcast(raw: Uint8Array, txid: string, signal: AbortSignal | undefined): Promise<string>;
  /** 0 while it is in no block. */
  confirmations(txid: string, signal: AbortSignal | undefined): Promise<number>;
}

/** As displayed. */
export const txidForm = /^[0-9a-f]{64}$/;
/** Of a transaction in a block. */
export const maxTransactionBytes = 4_000_000;
