/**
 * `dwallet wallet create|list|show|recover|passphrase`.
 *
 * @module
 */
import {
  type DWallet,
  type EncryptedFileKeystore,
  MemoryKeystore,
  newWallet,
  recoveryWords,
  restoreKeystore,
} from '@dwallet/client-sdk/node';
import { randomBytes } from 'node:crypto';
import { hex } from '../../inspect/text.ts';
import { allAddresses } from '../chains.ts';
import { interruption } from '../../interruption.ts';
import { connectionOf, keepConnection } from '../connection.ts';
import { UsageError } from '../errors.ts';
import type { Output } from '../output.ts';
import { readSecret, writeSecretFile } from '../secrets.ts';
import {
  type WalletOptions,
  connect,
  isWallet,
  newKeystoreOf,
  openKeystoreOf,
  pick,
  walletFolder,
} from '../session.ts';
import { type StoredDWallet, readStoredWallet } from '../stored-wallet.ts';

interface CreateOptions extends WalletOptions {
  readonly wordsFile?: string;
  readonly rawDigests?: boolean;
}

const factsOf = (wallet: Pick<StoredDWallet, 'id' | 'publicKey'>) => ({
  id: wallet.id,
  publicKey: hex(wallet.publicKey),
  addresses: allAddresses(wallet.publicKey).map(({ chain, chainId, formats, address }) => ({
    chain,
    chainId,
    formats,
    address,
  })),
});

function linesOf({ id, publicKey, addresses }: ReturnType<typeof factsOf>): string[] {
  const width = Math.max(...addresses.map(({ chain }) => chain.length));
  return [
    `dWallet ${id}`,
    `  public key  ${publicKey}`,
    ...addresses.map(({ chain, chainId, address }) => {
      // One address serves every chain of this family.
      const name = chainId.startsWith('eip155:') ? 'every EVM chain' : chain;
      return `  ${name.padEnd(width)}  ${address}`;
    }),
  ];
}

async function makeDWallet(
  keystore: EncryptedFileKeystore,
  options: CreateOptions,
  output: Output,
): Promise<{ readonly wallet: DWallet; readonly networkId: string }> {
  const signal = interruption();
  const client = await connect(keystore, connectionOf(walletFolder(options), options), output, signal);
  const progress = output.progress();
  try {
    const wallet = await client.createDWallet({
      curve: 'secp256k1',
      rawDigests: options.rawDigests === true,
      signal,
      onProgress: progress.onProgress,
    });
    return { wallet, networkId: client.networkId };
  } finally {
    progress.done();
    client.close();
  }
}

/** A new recovery seed. Its words are out before anything is kept, so that no wallet comes to be whose words nobody has. */
async function makeSeed(keystore: EncryptedFileKeystore, { wordsFile }: CreateOptions, output: Output): Promise<void> {
  const data = newWallet(new Uint8Array(randomBytes(32)));
  const words = await recoveryWords(new MemoryKeystore(data));
  if (wordsFile !== undefined) writeSecretFile(wordsFile, words);
  else {
    output.note(
      'The recovery words of this wallet, shown this once. Write them on paper: whoever has them has the wallet.',
    );
    process.stdout.write(`\n${words}\n\n`);
  }
  if (!(await keystore.compareAndSet(0, data)))
    throw new UsageError('another program has made a wallet here meanwhile');
}

export async function create(output: Output, options: CreateOptions): Promise<void> {
  const folder = walletFolder(options);
  const isNew = !isWallet(folder);
  connectionOf(folder, options);
  if (!isNew && options.wordsFile !== undefined)
    throw new UsageError('--words-file: the wallet is there already; its words were shown when it was made');
  // What programs print ends in logs.
  if (isNew && output.json && options.wordsFile === undefined)
    throw new UsageError('--json for a new wallet needs --words-file: recovery words are never part of JSON');
  const { keystore } = isNew ? await newKeystoreOf(options) : await openKeystoreOf(options);
  keepConnection(folder, options);
  if (isNew) await makeSeed(keystore, options, output);
  const made = await makeDWallet(keystore, options, output);
  const facts = factsOf(made.wallet);
  output.result({ wallet: folder, networkId: made.networkId, dwallet: facts }, linesOf(facts));
}

export async function list(output: Output, options: WalletOptions): Promise<void> {
  const { folder, data } = await openKeystoreOf(options);
  const { dwallets, unfinished, networkId } = readStoredWallet(data);
  output.result(
    {
      wallet: folder,
      networkId: networkId ?? null,
      dwallets: dwallets.map(({ id, publicKey }) => ({ id, publicKey: hex(publicKey) })),
      unfinished,
    },
    [
      ...dwallets.map(({ id, publicKey }) => `${id}  ${hex(publicKey)}`),
      ...unfinished.map((id) => `${id}  never finished: nothing can be signed with it`),
      ...(dwallets.length + unfinished.length === 0 ? ['this wallet has no dWallet'] : []),
    ],
  );
}

export async function show(output: Output, id: string | undefined, options: WalletOptions): Promise<void> {
  const { folder, data } = await openKeystoreOf(options);
  const { dwallets, networkId } = readStoredWallet(data);
  const chosen = pick(dwallets, id);
  const facts = factsOf(chosen);
  output.result({ wallet: folder, networkId: networkId ?? null, dwallet: facts, reservations: chosen.reservations }, [
    ...linesOf(facts),
    `  network     ${networkId ?? 'none yet'}`,
  ]);
}

export async function recover(output: Output, options: CreateOptions): Promise<void> {
  const folder = walletFolder(options);
  if (isWallet(folder)) throw new UsageError(`there is a wallet in ${folder} already: recover into another --wallet`);
  const connection = connectionOf(folder, options);
  const words = await readSecret({
    what: 'recovery words',
    file: options.wordsFile,
    environment: 'DWALLET_WORDS_FILE',
    options: '--words-file FILE',
  });
  const { keystore } = await newKeystoreOf(options);
  await restoreKeystore(keystore, words);
  keepConnection(folder, options);
  const signal = interruption();
  const client = await connect(keystore, connection, output, signal);
  const progress = output.progress();
  try {
    const { wallets, notAccepted } = await client.recover({ signal, onProgress: progress.onProgress });
    progress.done();
    const facts = wallets.map(factsOf);
    output.result({ wallet: folder, networkId: client.networkId, dwallets: facts, notAccepted }, [
      ...facts.flatMap(linesOf),
      `${facts.length} recovered${notAccepted === 0 ? '' : `, ${notAccepted} were never accepted by their owner`}`,
    ]);
  } finally {
    progress.done();
    client.close();
  }
}

interface PassphraseOptions extends WalletOptions {
  readonly newPassphraseFile?: string;
  readonly newPassphraseFd?: number;
}

export async function passphrase(output: Output, options: PassphraseOptions): Promise<void> {
  const { folder, keystore } = await openKeystoreOf(options);
  const secret = await readSecret({
    what: 'new passphrase',
    file: options.newPassphraseFile,
    descriptor: options.newPassphraseFd,
    environment: 'DWALLET_NEW_PASSPHRASE_FILE',
    options: '--new-passphrase-file FILE or --new-passphrase-fd N',
    isNew: true,
  });
  const progress = output.progress();
  progress.step('encrypting the keystore under the new passphrase');
  try {
    await keystore.changeSecret({ secret });
  } finally {
    progress.done();
  }
  output.result({ wallet: folder, changed: true }, [
    'The passphrase is changed. Copies of the folder that were made before still open with the old one.',
  ]);
}
