/**
 * A wallet of the command line: its folder, its keystore, its dWallets, and a line to its network.
 *
 * @module
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type DWallet, DWalletClient, EncryptedFileKeystore, type WalletData } from '@dwallet/client-sdk/node';
import { interruption } from '../interruption.ts';
import { CommandError } from '../network/layout.ts';
import { type Connection, type ConnectionOptions, connectionOf } from './connection.ts';
import { UsageError } from './errors.ts';
import type { Output } from './output.ts';
import { readSecret } from './secrets.ts';
import { type StoredDWallet, readStoredWallet } from './stored-wallet.ts';

export interface WalletOptions extends ConnectionOptions {
  readonly wallet?: string;
  readonly passphraseFile?: string;
  readonly passphraseFd?: number;
  readonly json: boolean;
}

/** Not a folder of `npm start`, whose wallet is another kind. */
export const defaultWallet = '.dwallet/wallets/default';

export const walletFolder = ({ wallet }: Pick<WalletOptions, 'wallet'>): string =>
  resolve(wallet ?? process.env['DWALLET_WALLET'] ?? defaultWallet);

/** Has somebody made a wallet in this folder? */
export const isWallet = (folder: string): boolean =>
  existsSync(folder) && readdirSync(folder).some((name) => /^wallet-\d{12}\.sealed$/.test(name));

export const readPassphrase = (options: WalletOptions, isNew = false): Promise<string> =>
  readSecret({
    what: isNew ? 'passphrase for the new wallet' : 'passphrase of the wallet',
    file: options.passphraseFile,
    descriptor: options.passphraseFd,
    environment: 'DWALLET_PASSPHRASE_FILE',
    options: '--passphrase-file FILE or --passphrase-fd N',
    isNew,
  });

/** @throws UsageError when there is no wallet; KeystoreError. */
export async function openKeystoreOf(
  options: WalletOptions,
): Promise<{ readonly folder: string; readonly keystore: EncryptedFileKeystore; readonly data: WalletData }> {
  const folder = walletFolder(options);
  if (!isWallet(folder)) throw new UsageError(`there is no wallet in ${folder}: make one with "dwallet wallet create"`);
  const keystore = await EncryptedFileKeystore.open(folder, { secret: await readPassphrase(options) });
  const snapshot = await keystore.load();
  if (snapshot === undefined) throw new CommandError(`the keystore in ${folder} is empty`);
  return { folder, keystore, data: snapshot.data };
}

/** The folder of a new wallet, for its owner alone, and its empty keystore. */
export async function newKeystoreOf(
  options: WalletOptions,
): Promise<{ folder: string; keystore: EncryptedFileKeystore }> {
  const folder = walletFolder(options);
  // The keystore would take it over, and whoever it belongs to would find it gone.
  if (existsSync(join(folder, 'wallet.json')))
    throw new UsageError(`${folder} has the wallet of another program: choose another --wallet`);
  const secret = await readPassphrase(options, true);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { folder, keystore: await EncryptedFileKeystore.open(folder, { secret }) };
}

/** @throws errors of `DWalletClient.connect`. */
export async function connect(
  keystore: EncryptedFileKeystore,
  connection: Connection,
  output: Output,
  signal: AbortSignal,
): Promise<DWalletClient> {
  const progress = output.progress();
  try {
    return await DWalletClient.connect({
      ...connection,
      keystore,
      signal,
      onProgress: progress.onProgress,
      // One command makes one signature and ends.
      prepare: false,
    });
  } finally {
    progress.done();
  }
}

/** Ids by their beginning. @throws UsageError when none or several are meant. */
export function pick<T extends { readonly id: string }>(wallets: readonly T[], asked: string | undefined): T {
  const [first, second] = asked === undefined ? wallets : wallets.filter(({ id }) => id.startsWith(asked));
  if (first !== undefined && second === undefined) return first;
  const ids = wallets.map(({ id }) => id).join(', ');
  if (wallets.length === 0) throw new UsageError('this wallet has no dWallet: make one with "dwallet wallet create"');
  if (first === undefined) throw new UsageError(`--dwallet: ${asked} is not one of ${ids}`);
  throw new UsageError(`which dWallet? --dwallet with the beginning of one of ${ids}`);
}

/** A dWallet as the keystore has it: no network is asked. */
export async function storedDWallet(options: WalletOptions & { readonly dwallet?: string }): Promise<StoredDWallet> {
  const { data } = await openKeystoreOf(options);
  return pick(readStoredWallet(data).dwallets, options.dwallet);
}

/** Opens the wallet, connects, does the work, and ends all lines. */
export async function withDWallet<T>(
  options: WalletOptions & { readonly dwallet?: string },
  output: Output,
  work: (wallet: DWallet, signal: AbortSignal, connection: Connection) => Promise<T>,
): Promise<T> {
  const folder = walletFolder(options);
  if (!isWallet(folder)) throw new UsageError(`there is no wallet in ${folder}: make one with "dwallet wallet create"`);
  // What is wrong with the arguments is said before a passphrase is asked for.
  const connection = connectionOf(folder, options);
  const { keystore } = await openKeystoreOf(options);
  const signal = interruption();
  const client = await connect(keystore, connection, output, signal);
  try {
    return await work(pick(client.wallets, options.dwallet), signal, connection);
  } finally {
    client.close();
  }
}
