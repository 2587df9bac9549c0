/**
 * `dwallet send`: coins on Ethereum chains (JSON-RPC) and Bitcoin (a server with the Esplora interface, or a node).
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { addressToScript } from '@dwallet/chains';
import { type Hex, decodeEvmAddress } from '@dwallet/chains/evm';
import { bitcoin, bitcoinNode, esplora } from '@dwallet/client-sdk/bitcoin';
import { ethereum } from '@dwallet/client-sdk/ethereum';
import {
  type SendOptions as SdkSendOptions,
  type SentTransaction,
  type DWallet,
  localEvm,
} from '@dwallet/client-sdk/node';
import { bytesOf, hex, readFileBytes } from '../../inspect/text.ts';
import { parseAmount } from '../amount.ts';
import { approving } from '../approval.ts';
import { bitcoinNetworkOf, chainIdOf, evmChainIdOf } from '../chains.ts';
import { localNetworkOf } from '../connection.ts';
import { UsageError, exitCodes } from '../errors.ts';
import type { Output } from '../output.ts';
import { type WalletOptions, walletFolder, withDWallet } from '../session.ts';

interface SendOptions extends WalletOptions {
  readonly chain?: string;
  readonly to: string;
  readonly amount: string;
  readonly rpc?: string;
  readonly rpcFile?: string;
  readonly api?: 'esplora' | 'node';
  readonly data?: string;
  readonly feeRate?: number;
  readonly maxFee?: string;
  readonly wait: boolean;
  readonly dwallet?: string;
  readonly yes: boolean;
}

/** Where the chain is asked. A URL may hold a key of access, so that it can come from a file, and never appears in an error. */
function rpcOf({ rpc, rpcFile }: SendOptions): string | undefined {
  if (rpc !== undefined && rpcFile !== undefined) throw new UsageError('--rpc or --rpc-file, but not both');
  const path = rpcFile ?? (rpc === undefined ? process.env['DWALLET_RPC_FILE'] : undefined);
  const url = path === undefined ? rpc : Buffer.from(readFileBytes(path)).toString('utf8').split(/\r?\n/, 1)[0]?.trim();
  if (url === undefined) return undefined;
  if (!/^https?:\/\/\S+$/.test(url)) throw new UsageError('--rpc: must be a URL that begins with http:// or https://');
  return url;
}

/** The chain beside the local network of this wallet, when nothing else was said. */
function localRpc(options: SendOptions): { readonly rpc: string; readonly chainId: string } | undefined {
  const folder = localNetworkOf(walletFolder(options), options);
  if (folder === undefined || !existsSync(`${folder}/evm.json`)) return undefined;
  const { rpc, chainId } = localEvm(folder);
  return { rpc, chainId: `eip155:${chainId}` };
}

export async function send(output: Output, options: SendOptions): Promise<number> {
  const given = rpcOf(options);
  const local = given === undefined ? localRpc(options) : undefined;
  const chain = options.chain === undefined ? local?.chainId : chainIdOf(options.chain);
  if (chain === undefined) throw new UsageError('--chain: on which chain?');
  const rpc = given ?? (local?.chainId === chain ? local.rpc : undefined);
  if (rpc === undefined) throw new UsageError('--rpc: where is the chain asked?');
  const pay = paymentOf(chain, rpc, options);
  return withDWallet(options, output, async (wallet, signal) => {
    const progress = output.progress();
    let sent: SentTransaction<unknown>;
    try {
      sent = await pay(wallet, {
        signal,
        approve: approving(output, options.yes),
        onProgress: progress.onProgress,
        wait: options.wait,
      });
    } finally {
      progress.done();
    }
    const receipt = (sent.receipt ?? null) as Readonly<Record<string, unknown>> | null;
    output.result(
      { dwallet: wallet.id, chainId: chain, txid: sent.txid, raw: hex(sent.encoded), lines: sent.lines, receipt },
      [
        sent.txid,
        ...(receipt === null
          ? ['handed in']
          : Object.entries(receipt).map(([name, value]) => `  ${name}  ${String(value)}`)),
      ],
    );
    // It is in the chain, and was paid for; what it was to do did not happen.
    return receipt?.['status'] === 'reverted' ? exitCodes.failed : exitCodes.ok;
  });
}

type Payment = (wallet: DWallet, options: SdkSendOptions) => Promise<SentTransaction<unknown>>;

function paymentOf(chain: string, rpc: string, options: SendOptions): Payment {
  const { to, amount, data, feeRate, maxFee, api } = options;
  const evmChain = evmChainIdOf(chain);
  if (evmChain !== undefined) {
    if (feeRate !== undefined) throw new UsageError('--fee-rate: is for Bitcoin');
    if (api !== undefined) throw new UsageError('--api: is for Bitcoin');
    decodeEvmAddress(to);
    const intent = ethereum({
      to: to as Hex,
      value: parseAmount(amount, 'evm', '--amount'),
      chainId: evmChain,
      ...(data === undefined ? {} : { data: bytesOf(readFileBytes(data)) }),
      ...(maxFee === undefined ? {} : { maxGasCost: parseAmount(maxFee, 'evm', '--max-fee') }),
    });
    return (wallet, how) => wallet.send(intent, { ...how, rpc });
  }
  const network = bitcoinNetworkOf(chain);
  if (network === undefined)
    throw new UsageError('--chain: sends on Ethereum chains and Bitcoin; "dwallet sign" signs for the others');
  if (data !== undefined) throw new UsageError('--data: is for Ethereum chains');
  addressToScript(to, network);
  const intent = bitcoin({
    to,
    amountSats: parseAmount(amount, 'bitcoin', '--amount'),
    ...(feeRate === undefined ? {} : { feeRateSatsPerVbyte: feeRate }),
    ...(maxFee === undefined ? {} : { maxFeeSats: parseAmount(maxFee, 'bitcoin', '--max-fee') }),
  });
  const provider = (api === 'node' ? bitcoinNode : esplora)(rpc, network);
  return (wallet, how) => wallet.send(intent, { ...how, rpc: provider });
}
