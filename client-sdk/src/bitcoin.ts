/**
 * Payments on Bitcoin and PSBTs (`@dwallet/client-sdk/bitcoin`).
 *
 * @module
 */
import {
  BITCOIN_NETWORKS,
  type BitcoinNetworkName,
  InvalidIntentError,
  addressToScript,
  encodeSignature,
  p2wpkhAddress,
  p2wpkhScript,
  p2wpkhTransfer,
} from '@dwallet/chains';
import { type SignedPsbt, type SpendInput, bitcoinFamily, psbtChain, spendPsbt } from '@dwallet/chains/bitcoin';
import { DWalletError, InvalidArgumentsError, encodeUint } from '@dwallet/sigma';
import type { DWallet } from './client.ts';
import { taskOf, transactionTask } from './chain-task.ts';
import { CancelledError, orCancelled } from './progress.ts';
import {
  SendError,
  type SendOptions,
  type SignedTransaction,
  type SigningTask,
  type TransactionIntent,
} from './send.ts';

/** An unspent output. With the transaction that made it the amount is certain, otherwise it is only claimed. */
export type BitcoinOutpoint = Pick<SpendInput, 'txid' | 'vout' | 'amountSats' | 'scriptPubKey' | 'previousTransaction'>;

/** What a payment asks of the chain. */
export interface BitcoinProvider {
  readonly network: BitcoinNetworkName;
  /** Confirmed outputs of an address. */
  unspent(address: string, signal: AbortSignal | undefined): Promise<readonly BitcoinOutpoint[]>;
  /** Sats per vbyte for one of the next blocks. */
  feeRate(signal: AbortSignal | undefined): Promise<number>;
  /** @returns the id of the transaction. A transaction that is known already is no error. */
  broadcast(raw: Uint8Array, txid: string, signal: AbortSignal | undefined): Promise<string>;
  /** 0 while it is in no block. */
  confirmations(txid: string, signal: AbortSignal | undefined): Promise<number>;
}

/** A Bitcoin service refused a call, could not be asked, or answered nonsense. */
export class BitcoinProviderError extends DWalletError {
  override readonly name = 'BitcoinProviderError';
  readonly code: 'BITCOIN_PROVIDER' | 'BITCOIN_UNREACHABLE' | 'BITCOIN_REFUSED';
  constructor(code: BitcoinProviderError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

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

async function confirmed(
  provider: BitcoinProvider,
  txid: string,
  needed: number,
  signal: AbortSignal | undefined,
): Promise<BitcoinReceipt> {
  for (;;) {
    const confirmations = await provider.confirmations(txid, signal);
    if (confirmations >= needed) return { confirmations };
    if (signal?.aborted === true) throw new CancelledError({ cause: signal.reason });
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

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

// Providers --------------------------------------------------------------------------------------------------------------------------

/** A node that knows single outputs only, such as the local one of the command line. */
export interface OutpointNode {
  readonly network: BitcoinNetworkName;
  utxo(txid: string, vout: number): Promise<BitcoinOutpoint | undefined>;
  submit(raw: Uint8Array): Promise<{ readonly accepted: boolean; readonly txid: string; readonly reason?: string }>;
  confirmations(txid: string): Promise<number>;
}

/** A provider over such a node, for outputs that the caller knows. @param feeRate - sats per vbyte. */
export const outpointProvider = (
  node: OutpointNode,
  outpoints: readonly { readonly txid: string; readonly vout: number }[],
  feeRate = 1,
): BitcoinProvider => ({
  network: node.network,
  async unspent() {
    const found = await Promise.all(outpoints.map(({ txid, vout }) => node.utxo(txid, vout)));
    return found.filter((utxo) => utxo !== undefined);
  },
  feeRate: async () => feeRate,
  async broadcast(raw) {
    const { accepted, txid, reason } = await node.submit(raw);
    if (!accepted && reason !== 'txn-already-known' && reason !== 'txn-already-in-mempool')
      throw new BitcoinProviderError('BITCOIN_REFUSED', `the node refuses the transaction: ${reason ?? 'no reason'}`);
    return txid;
  },
  confirmations: (txid) => node.confirmations(txid),
});

const requestMs = 30_000;
const maxAnswerBytes = 8_000_000;
const fromHex = (text: string): Uint8Array => {
  if (!/^([0-9a-f]{2})+$/.test(text)) throw new BitcoinProviderError('BITCOIN_PROVIDER', 'the answer is not hex');
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
};
const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * A server with the Esplora interface. It brings the previous transaction of each output, so that no amount has to be believed.
 * @param url - of the interface, such as `https://example.org/api`.
 * @param blocks - within how many blocks a payment should come in, for the fee.
 */
export function esplora(url: string, network: BitcoinNetworkName, blocks = 3): BitcoinProvider {
  const base = url.replace(/\/$/, '');
  const ask = async (path: string, signal: AbortSignal | undefined, body?: string): Promise<string> => {
    let response: Response;
    let text: string;
    try {
      const timeout = AbortSignal.timeout(requestMs);
      response = await fetch(`${base}${path}`, {
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
        ...(body === undefined ? {} : { method: 'POST', body }),
      });
      text = await response.text();
    } catch {
      throw new BitcoinProviderError('BITCOIN_UNREACHABLE', 'the server did not answer');
    }
    if (!response.ok)
      throw new BitcoinProviderError(
        'BITCOIN_REFUSED',
        `the server refuses (${response.status}): ${text.slice(0, 300)}`,
      );
    if (text.length > maxAnswerBytes) throw new BitcoinProviderError('BITCOIN_PROVIDER', 'the answer is too long');
    return text;
  };
  const json = async <T>(path: string, signal: AbortSignal | undefined): Promise<T> => {
    try {
      return JSON.parse(await ask(path, signal)) as T;
    } catch (error) {
      throw error instanceof DWalletError
        ? error
        : new BitcoinProviderError('BITCOIN_PROVIDER', 'the answer is not JSON');
    }
  };
  return {
    network,
    async unspent(address, signal) {
      const scriptPubKey = addressToScript(address, network);
      const listed = await json<readonly EsploraUtxo[]>(`/address/${address}/utxo`, signal);
      const usable = listed.filter(({ status }) => status.confirmed);
      return Promise.all(
        usable.map(async ({ txid, vout, value }) => {
          if (!/^[0-9a-f]{64}$/.test(txid) || !Number.isSafeInteger(vout) || !Number.isSafeInteger(value))
            throw new BitcoinProviderError('BITCOIN_PROVIDER', 'an unspent output cannot be read');
          const previousTransaction = fromHex((await ask(`/tx/${txid}/hex`, signal)).trim());
          return { txid, vout, amountSats: BigInt(value), scriptPubKey, previousTransaction };
        }),
      );
    },
    async feeRate(signal) {
      const estimates = await json<Record<string, unknown>>('/fee-estimates', signal);
      const rate = estimates[String(blocks)];
      if (typeof rate !== 'number' || !(rate > 0))
        throw new BitcoinProviderError('BITCOIN_PROVIDER', 'the server has no fee estimate: give feeRateSatsPerVbyte');
      return rate;
    },
    async broadcast(raw, txid, signal) {
      try {
        return (await ask('/tx', signal, toHex(raw))).trim();
      } catch (error) {
        // It may be there already, from here or from elsewhere.
        const known = await ask(`/tx/${txid}/status`, signal).catch((): undefined => undefined);
        if (known !== undefined) return txid;
        throw error;
      }
    },
    async confirmations(txid, signal) {
      const { confirmed: mined, block_height: height } = await json<EsploraStatus>(`/tx/${txid}/status`, signal);
      if (!mined || height === undefined) return 0;
      return Number(await ask('/blocks/tip/height', signal)) - height + 1;
    },
  };
}

interface EsploraStatus {
  readonly confirmed: boolean;
  readonly block_height?: number;
}
interface EsploraUtxo {
  readonly txid: string;
  readonly vout: number;
  readonly value: number;
  readonly status: EsploraStatus;
}
