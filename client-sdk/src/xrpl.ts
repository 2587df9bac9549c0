/**
 * Payments on the XRP Ledger (`@dwallet/client-sdk/xrpl`).
 *
 * @module
 */
import {
  XRPL_NETWORKS,
  type XrplAmount,
  type XrplNetwork,
  xrplAddress,
  xrplFamilyOf,
  xrplPayments,
} from '@dwallet/chains/xrpl';
import { InvalidArgumentsError } from '@dwallet/sigma';
import { taskOf, transactionTask } from './chain-task.ts';
import { polled } from './polling.ts';
import { SendError, type SignedTransaction, type SigningTask, type TransactionIntent } from './send.ts';

export { ChainServerError, type ChainServerErrorCode } from './chain-server.ts';
export { rippled } from './xrpl/rippled.ts';

/** What a payment asks of the ledger. */
export interface XrplProvider {
  /** CAIP-2, such as `xrpl:0`. */
  readonly network: string;
  /** Next sequence number of an account. */
  sequence(account: string, signal: AbortSignal | undefined): Promise<number>;
  /** Index of the ledger that is being made. */
  currentLedger(signal: AbortSignal | undefined): Promise<number>;
  /** Fee for one of the next ledgers, in drops. */
  feeDrops(signal: AbortSignal | undefined): Promise<bigint>;
  /** @returns the id of the transaction. One that is known already is no error. */
  submit(raw: Uint8Array, txid: string, signal: AbortSignal | undefined): Promise<string>;
  /** Undefined until a validated ledger has it. */
  outcome(txid: string, signal: AbortSignal | undefined): Promise<XrplReceipt | undefined>;
}

export interface XrplReceipt {
  /** Such as `tesSUCCESS`; everything else was paid for without effect. */
  readonly result: string;
  readonly ledgerIndex: number;
}

export interface XrplIntent {
  readonly destination: string;
  readonly destinationTag?: number;
  /** Drops (10^-6 XRP), or an amount of a token. */
  readonly amount: XrplAmount;
  /** What the sender spends at most, where the delivered token costs more. */
  readonly sendMax?: XrplAmount;
  /** Most that the fee may be, whatever the provider says. Default: 5000 drops. */
  readonly maxFeeDrops?: bigint;
  /** After how many ledgers it can no longer be included. Default: 20. */
  readonly validLedgers?: number;
}

export interface XrplTransfer extends TransactionIntent<XrplProvider, XrplReceipt> {
  /** @param publicKey - 33 bytes. */
  address(publicKey: Uint8Array): string;
}

const defaultMaxFeeDrops = 5000n;
const defaultValidLedgers = 20;
const pollMs = 1000;

/** Pays XRP or a token from the account of the key. */
export const xrpl = (intent: XrplIntent): XrplTransfer => ({
  address: xrplAddress,
  async prepare(publicKey, provider, signal) {
    const account = xrplAddress(publicKey);
    const [sequence, ledger, feeDrops] = await Promise.all([
      provider.sequence(account, signal),
      provider.currentLedger(signal),
      provider.feeDrops(signal),
    ]);
    const { maxFeeDrops = defaultMaxFeeDrops, validLedgers = defaultValidLedgers, ...payment } = intent;
    if (feeDrops > maxFeeDrops)
      throw new SendError(
        'SEND_BUILD_FAILED',
        `the fee would be ${feeDrops} drops, more than maxFeeDrops (${maxFeeDrops} drops)`,
      );
    const chain = xrplPayments(networkOf(provider.network));
    const lastLedgerSequence = ledger + validLedgers;
    const unsigned = chain.build({ ...payment, account, sequence, feeDrops, lastLedgerSequence, publicKey });
    return {
      task: xrplPayment(provider.network, chain.encodeUnsigned(unsigned)),
      chain: {
        broadcast: ({ encoded, txid }) => provider.submit(encoded, txid, signal),
        wait: (txid, stop) => outcomeOf(provider, txid, lastLedgerSequence, stop),
      },
    };
  },
});

/** @throws SendError SEND_WAIT_FAILED when no later ledger can have it. */
const outcomeOf = (
  provider: XrplProvider,
  txid: string,
  lastLedger: number,
  signal: AbortSignal | undefined,
): Promise<XrplReceipt> =>
  polled(
    async () => {
      const current = await provider.currentLedger(signal);
      const outcome = await provider.outcome(txid, signal);
      // One more, so that the last one has been validated.
      if (outcome === undefined && current > lastLedger + 1)
        throw new SendError('SEND_WAIT_FAILED', `no ledger up to ${lastLedger} has the transaction`);
      return outcome;
    },
    pollMs,
    signal,
  );

/** Unsigned bytes that somebody made (with the `STX` prefix). @throws (when opened) errors of `@dwallet/chains` that name the field. */
export const xrplPayment = (chainId: string, raw: Uint8Array): SigningTask<SignedTransaction> =>
  transactionTask(taskOf(xrplFamilyOf([networkOf(chainId)]), chainId, 'payment', raw));

function networkOf(chainId: string): XrplNetwork {
  const network = XRPL_NETWORKS.find(({ id }) => id === chainId);
  if (network === undefined) throw new InvalidArgumentsError('network', `${chainId} is not a known XRP Ledger`);
  return network;
}
