/**
 * Payments on Bitcoin and PSBTs (`@dwallet/client-sdk/bitcoin`).
 *
 * @module
 */
import {
  BITCOIN_NETWORKS,
  type BitcoinNetworkName,
  InvalidIntentError,
  encodeSignature,
  p2wpkhAddress,
  p2wpkhScript,
  p2wpkhTransfer,
} from '@dwallet/chains';
import { type SignedPsbt, bitcoinFamily, psbtChain, spendPsbt } from '@dwallet/chains/bitcoin';
import { InvalidArgumentsError, encodeUint } from '@dwallet/sigma';
import type { BitcoinProvider } from './bitcoin/provider.ts';
import type { DWallet } from './client.ts';
import { taskOf, transactionTask } from './chain-task.ts';
import { polled } from './polling.ts';
import { orCancelled } from './progress.ts';
import {
  SendError,
  type SendOptions,
  type SignedTransaction,
  type SigningTask,
  type TransactionIntent,
} from './send.ts';

export { esplora } from './bitcoin/esplora.ts';
export { bitcoinNode } from './bitcoin/node.ts';
export { type OutpointNode, outpointProvider } from './bitcoin/outpoint-provider.ts';
export type { BitcoinOutpoint, BitcoinProvider } from './bitcoin/provider.ts';
export { ChainServerError, type ChainServerErrorCode } from './chain-server.ts';

export interface BitcoinIntent {
  readonly to: string;
  readonly amountSats: bigint;
  /** Default: what the provider says. */
  readonly feeRateSatsPerVbyte?: number;
  /** Most that the fee may be, whatever the provider says. Default: 100 000 sats. */
  readonly maxFeeSats?: bigint;
  /** Blocks to wait for; default 1. */
  readonly confirmations?: number;
}

export interface BitcoinReceipt {
  readonly confirmations: number;
}

export interface BitcoinPayment extends TransactionIntent<BitcoinProvider, BitcoinReceipt> {
  /** P2WPKH address of a key. @param publicKey - 33 bytes. */
  address(publicKey: Uint8Array, network: BitcoinNetworkName): string;
}

const defaultMaxFeeSats = 100_000n;
const pollMs = 500;

/** Pays from the P2WPKH address of the key: the largest outputs first, the rest back to the same address. */
export const bitcoin = (intent: BitcoinIntent): BitcoinPayment => ({
  address: p2wpkhAddress,
  async prepare(publicKey, provider, signal) {
    const task = await prepareBitcoin(intent, publicKey, provider, signal);
    return {
      task,
      chain: {
        broadcast: ({ encoded, txid }) => provider.broadcast(encoded, txid, signal),
        wait: (txid, stop) => confirmed(provider, txid, intent.confirmations ?? 1, stop),
      },
    };
  },
});

async function prepareBitcoin(
  { to, amountSats, feeRateSatsPerVbyte, maxFeeSats = defaultMaxFeeSats }: BitcoinIntent,
  publicKey: Uint8Array,
  provider: BitcoinProvider,
  signal: AbortSignal | undefined,
): Promise<SigningTask<SignedTransaction>> {
  const { network } = provider;
  const address = p2wpkhAddress(publicKey, network);
  const script = p2wpkhScript(publicKey);
  const rate = feeRateSatsPerVbyte ?? (await provider.feeRate(signal));
  const found = await provider.unspent(address, signal);
  const own = found
    .filter(
      ({ scriptPubKey }) => scriptPubKey.length === script.length && scriptPubKey.every((b, i) => b === script[i]),
    )
    .sort((x, y) => (x.amountSats < y.amountSats ? 1 : -1));
  for (let count = 1; count <= own.length; count++) {
    const inputs = own.slice(0, count);
    let transfer: ReturnType<typeof p2wpkhTransfer>;
    try {
      const terms = { utxos: inputs, to, amountSats, changeAddress: address, feeRateSatsPerVbyte: rate };
      transfer = p2wpkhTransfer(terms, network);
    } catch (error) {
      if (error instanceof InvalidIntentError && error.field === 'utxos' && count < own.length) continue;
      throw error;
    }
    const { outputs } = transfer;
    const fee =
      inputs.reduce((sum, input) => sum + input.amountSats, 0n) -
      outputs.reduce((sum, out) => sum + out.amountSats, 0n);
    if (fee > maxFeeSats)
      throw new SendError(
        'SEND_BUILD_FAILED',
        `the fee would be ${fee} sats, more than maxFeeSats (${maxFeeSats} sats)`,
      );
    const raw = spendPsbt({ publicKey, inputs, outputs }, network);
    return transactionTask(taskOf(bitcoinFamily, BITCOIN_NETWORKS[network].id, 'psbt', raw));
  }
  throw new SendError('SEND_BUILD_FAILED', `there are no confirmed coins at ${address}`);
}

const confirmed = (
  provider: BitcoinProvider,
  txid: string,
  needed: number,
  signal: AbortSignal | undefined,
): Promise<BitcoinReceipt> =>
  polled(
    async () => {
      const confirmations = await provider.confirmations(txid, signal);
      return confirmations >= needed ? { confirmations } : undefined;
    },
    pollMs,
    signal,
  );

// PSBTs ------------------------------------------------------------------------------------------------------------------------------

/** Signs the inputs of a PSBT that belong to the key. The result has the PSBT, and the transaction when nothing is missing any more. */
export const psbtTask = (psbt: Uint8Array, network: BitcoinNetworkName): SigningTask<SignedPsbt> => {
  const chain = psbtChain(network);
  return {
    open(publicKey) {
      const intent = chain.parse(psbt);
      return {
        chainId: chain.id,
        format: 'psbt',
        address: chain.address(publicKey),
        lines: chain.describe(intent, publicKey),
        raw: psbt,
        payloads: chain.payloads(intent, publicKey),
        attach: (signatures) => chain.attach(intent, publicKey, signatures),
      };
    },
  };
};

/** What bitcoinjs calls an asynchronous signer. */
export interface BitcoinSigner {
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
  /** @param hash - 32 bytes. @returns r || s, 64 bytes, low s. */
  sign(hash: Uint8Array): Promise<Uint8Array>;
}

/**
 * A signer for the inputs of one PSBT: `psbt.signAllInputsAsync(psbtSigner(wallet, psbt.toBuffer(), 'mainnet'))`. It signs hashes of this PSBT only, after one
 * approval of the whole: a hash alone says nothing that a person or a validator could judge.
 * @throws TransactionDecodeError, InvalidIntentError
 */
export function psbtSigner(
  wallet: DWallet,
  psbt: Uint8Array,
  network: BitcoinNetworkName,
  options: Pick<SendOptions, 'approve' | 'authority' | 'onProgress' | 'signal'> = {},
): BitcoinSigner {
  const opened = psbtTask(psbt, network).open(wallet.publicKey);
  const { payloads, lines, chainId, format, address } = opened;
  const { approve, authority, signal, onProgress } = options;
  let approval: Promise<boolean> | undefined;
  return {
    publicKey: wallet.publicKey,
    async sign(hash) {
      const index = payloads.findIndex(
        ({ digest }) => digest.length === hash.length && digest.every((b, i) => b === hash[i]),
      );
      if (index < 0) throw new InvalidArgumentsError('hash', 'is of no input of this PSBT that is ours');
      approval ??= Promise.resolve(approve?.({ chainId, format, address, lines }) ?? true);
      const approved: unknown = await orCancelled(approval, signal);
      if (approved !== true) throw new SendError('SEND_NOT_APPROVED', 'it was not approved');
      const { signature } = await wallet.signPayload(opened, index, {
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined ? {} : { onProgress }),
        ...(authority === undefined ? {} : { authority }),
      });
      const [r, s] = [encodeUint(signature.r, 32), encodeUint(signature.s, 32)];
      return encodeSignature({ r, s, recoveryId: signature.recoveryId }).slice(0, 64);
    },
  };
}
