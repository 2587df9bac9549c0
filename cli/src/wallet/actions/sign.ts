/**
 * `dwallet address`, `dwallet sign`, `dwallet message`: what a key signs, without sending anything.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { evmAddress } from '@dwallet/chains/evm';
import { attachRequest, parseRequest } from '@dwallet/chains/registry';
import { personalMessage, typedData } from '@dwallet/client-sdk/ethereum';
import { type DWallet, type SigningTask, requestTask } from '@dwallet/client-sdk/node';
import { bytesOf, hex, readFileBytes } from '../../inspect/text.ts';
import { approving } from '../approval.ts';
import { type Address, addressesOn, allAddresses, chainIdOf, evmChainIdOf } from '../chains.ts';
import { UsageError } from '../errors.ts';
import type { Output } from '../output.ts';
import { type WalletOptions, storedDWallet, withDWallet } from '../session.ts';
import { formatOf } from '../tasks.ts';

interface ChoiceOptions extends WalletOptions {
  readonly dwallet?: string;
}
interface SigningOptions extends ChoiceOptions {
  readonly yes: boolean;
}

export async function address(output: Output, options: ChoiceOptions & { readonly chain?: string }): Promise<void> {
  const chainId = options.chain === undefined ? undefined : chainIdOf(options.chain);
  const { id, publicKey } = await storedDWallet(options);
  const found: Address[] = chainId === undefined ? allAddresses(publicKey) : addressesOn(chainId, publicKey);
  const [only, second] = found;
  output.result(
    { dwallet: id, publicKey: hex(publicKey), addresses: found },
    chainId !== undefined && only !== undefined && second === undefined
      ? [only.address]
      : found.map(({ chain, formats, address: one }) => `${one}  ${chain} (${formats.join(', ')})`),
  );
}

/** Signs, with the question and the steps on standard error. */
async function signTask<Signed>(
  wallet: DWallet,
  task: SigningTask<Signed>,
  { yes }: SigningOptions,
  output: Output,
  signal: AbortSignal,
): Promise<Signed> {
  const progress = output.progress();
  try {
    return await wallet.sign(task, { signal, approve: approving(output, yes), onProgress: progress.onProgress });
  } finally {
    progress.done();
  }
}

interface SignOptions extends SigningOptions {
  readonly chain: string;
  readonly format?: string;
  readonly out?: string;
}

export async function sign(output: Output, file: string, options: SignOptions): Promise<void> {
  const chainId = chainIdOf(options.chain);
  const raw = bytesOf(readFileBytes(file));
  await withDWallet(options, output, async (wallet, signal) => {
    const format = formatOf(chainId, raw, wallet.publicKey, options.format);
    const { encoded, txid } = await signTask(
      wallet,
      requestTask({ parseRequest, attachRequest }, chainId, format, raw),
      options,
      output,
      signal,
    );
    if (options.out !== undefined) writeFileSync(options.out, encoded);
    const isPsbt = format === 'psbt' && txid === undefined;
    const text = isPsbt ? Buffer.from(encoded).toString('base64') : hex(encoded);
    output.result(
      {
        dwallet: wallet.id,
        chainId,
        format,
        txid: txid ?? null,
        complete: !isPsbt,
        [isPsbt ? 'psbt' : 'signed']: text,
        ...(options.out === undefined ? {} : { file: options.out }),
      },
      [
        ...(isPsbt ? ['signatures of others are missing: this is the PSBT with those of this wallet'] : []),
        ...(txid === undefined ? [] : [`transaction ${txid}`]),
        ...(options.out === undefined ? [text] : [`written to ${options.out}`]),
      ],
    );
  });
}

interface MessageOptions extends SigningOptions {
  readonly text?: string;
  readonly file?: string;
  readonly typedData?: string;
  readonly chain: string;
}

function messageTask({ text, file, typedData: path, chain }: MessageOptions): SigningTask<Uint8Array> {
  if ([text, file, path].filter((one) => one !== undefined).length !== 1)
    throw new UsageError('one of --text, --file and --typed-data');
  if (path !== undefined) {
    let value: unknown;
    try {
      value = JSON.parse(Buffer.from(readFileBytes(path)).toString('utf8'));
    } catch (error) {
      throw error instanceof UsageError ? error : new UsageError(`${path}: is not JSON`);
    }
    return typedData(value as Parameters<typeof typedData>[0]);
  }
  const evmChain = evmChainIdOf(chainIdOf(chain));
  if (evmChain === undefined) throw new UsageError('--chain: messages are signed for EVM chains (EIP-191, EIP-712)');
  return personalMessage(text ?? readFileBytes(file as string), evmChain);
}

export async function message(output: Output, options: MessageOptions): Promise<void> {
  const task = messageTask(options);
  await withDWallet(options, output, async (wallet, signal) => {
    const signature = await signTask(wallet, task, options, output, signal);
    const from = evmAddress(wallet.publicKey);
    output.result({ dwallet: wallet.id, address: from, signature: `0x${hex(signature)}` }, [`0x${hex(signature)}`]);
  });
}
