/**
 * The wallet itself, in a worker: nothing that takes time, and nothing that is secret, is in the page.
 *
 * @module
 */
import { p2wpkhAddress } from '@dwallet/chains/bitcoin';
import { cosmosAddress } from '@dwallet/chains/cosmos';
import { evmAddress } from '@dwallet/chains/evm';
import { tronAddress } from '@dwallet/chains/tron';
import { xrplAddress } from '@dwallet/chains/xrpl';
import { type DWallet, DWalletClient, IndexedDbKeystore, recoveryWords } from '@dwallet/client-sdk/browser';
import {
  type EvmProvider,
  ethereum,
  ethereumTransaction,
  httpRpc,
  personalMessage,
} from '@dwallet/client-sdk/ethereum';
import { type Hex, createPublicClient, custom, numberToHex, parseEther, toHex } from 'viem';
import type { Address, CallName, Calls, FromWorker, PaymentView, Settings, ToWorker, WalletView } from '../protocol.ts';
import { type Payment, currentPayment, forgetPayment, keepPayment } from './payments.ts';

const post = (said: FromWorker): void => postMessage(said);
const onProgress = ({ step }: { readonly step: string }): void => post({ step });
const oneEther = 10n ** 18n;

// Approval ------------------------------------------------------------------------------------------------------------------------------

const waiting = new Map<number, (approved: boolean) => void>();
let asked = 0;

/** Shows the owner what is about to be signed. */
function approve(lines: readonly string[]): Promise<boolean> {
  const ask = ++asked;
  return new Promise((resolve) => {
    waiting.set(ask, resolve);
    post({ ask, lines });
  });
}

// The wallet ----------------------------------------------------------------------------------------------------------------------------

interface Opened {
  readonly keystore: IndexedDbKeystore;
  readonly client: DWalletClient;
  readonly settings: Settings;
  readonly node: EvmProvider;
}
let opened: Opened | undefined;

function require(): Opened {
  if (opened === undefined) throw new Error('The wallet is locked.');
  return opened;
}
function theWallet(): DWallet {
  const [wallet] = require().client.wallets;
  if (wallet === undefined) throw new Error('There is no dWallet yet.');
  return wallet;
}

const addressesOf = ({ publicKey }: DWallet): Address[] => [
  { chain: 'Ethereum', address: evmAddress(publicKey) },
  { chain: 'Bitcoin', address: p2wpkhAddress(publicKey, 'mainnet') },
  { chain: 'Cosmos', address: cosmosAddress(publicKey, 'cosmos') },
  { chain: 'Tron', address: tronAddress(publicKey) },
  { chain: 'XRP Ledger', address: xrplAddress(publicKey) },
];

async function view(wallet: DWallet): Promise<WalletView> {
  const payment = await currentPayment();
  const mine = payment !== undefined && payment.wallet === wallet.id;
  return { id: wallet.id, addresses: addressesOf(wallet), unfinished: mine ? payment.lines : undefined };
}

async function open({ passphrase, settings }: Calls['open']['request']): Promise<WalletView | undefined> {
  const keystore = await IndexedDbKeystore.open({ secret: passphrase });
  const client = await DWalletClient.connect({
    endpoints: settings.endpoints,
    profile: settings.profile,
    keystore,
    onProgress,
  });
  opened = { keystore, client, settings, node: httpRpc(settings.rpc) };
  const [wallet] = client.wallets;
  return wallet === undefined ? undefined : view(wallet);
}

const create = async (): Promise<WalletView> => {
  const { client } = require();
  // Another tab may have been faster.
  const [known] = client.wallets;
  return view(known ?? (await client.createDWallet({ curve: 'secp256k1', onProgress })));
};

// Payments ------------------------------------------------------------------------------------------------------------------------------

/** One payment at a time among all tabs: two of them would be built for one nonce. */
const alone = <T>(work: () => Promise<T>): Promise<T> =>
  navigator.locks.request('web-wallet/payment', { ifAvailable: true }, (lock) => {
    if (lock === null) throw new Error('Another tab of this wallet is paying.');
    return work();
  }) as Promise<T>;

const send = ({ to, ether }: Calls['send']['request']): Promise<PaymentView> =>
  alone(async () => {
    const { settings, node } = require();
    const wallet = theWallet();
    if ((await currentPayment()) !== undefined) throw new Error('Another payment is not finished yet.');
    onProgress({ step: 'build' });
    const intent = ethereum({ to: to as Hex, value: parseEther(ether), chainId: settings.chainId });
    const { task } = await intent.prepare(wallet.publicKey, node, undefined);
    const { lines, raw } = task.open(wallet.publicKey);
    if (!(await approve(lines))) throw new Error('The payment was not approved.');
    const payment: Payment = { wallet: wallet.id, chainId: settings.chainId, lines, raw };
    // From here on the payment is made, in this page or in the next one.
    await keepPayment(payment);
    return finish(payment);
  });

const resume = (): Promise<PaymentView> =>
  alone(async () => {
    const payment = await currentPayment();
    if (payment === undefined) throw new Error('Nothing is unfinished.');
    return finish(payment);
  });

/** Signs what was approved, hands it in and waits. Again after a reload: then with the message that was made before it, if it was. */
async function finish(payment: Payment): Promise<PaymentView> {
  const wallet = theWallet();
  const { node } = require();
  let { signed } = payment;
  if (signed === undefined) {
    // With a reserved presign the wallet finds the message of an earlier attempt and sends the same bytes.
    onProgress({ step: 'take-presign' });
    await wallet.prepare();
    const { encoded, txid } = await wallet.sign(ethereumTransaction(payment.chainId, payment.raw), { onProgress });
    signed = { encoded, hash: txid };
    await keepPayment({ ...payment, signed });
  }
  const { encoded, hash } = signed;
  const chain = createPublicClient({ transport: custom(node, { retryCount: 0 }), pollingInterval: 500 });
  onProgress({ step: 'broadcast' });
  const known = await chain.getTransaction({ hash: hash as Hex }).catch(() => undefined);
  if (known === undefined) await chain.sendRawTransaction({ serializedTransaction: toHex(encoded) });
  onProgress({ step: 'wait' });
  const { status, blockNumber } = await chain.waitForTransactionReceipt({ hash: hash as Hex });
  await forgetPayment();
  return { hash, status, block: blockNumber.toString() };
}

async function balance(): Promise<string> {
  const { node } = require();
  const address = evmAddress(theWallet().publicKey);
  return BigInt(String(await node.request({ method: 'eth_getBalance', params: [address, 'latest'] }))).toString();
}

async function fund(): Promise<string> {
  const { node } = require();
  const address = evmAddress(theWallet().publicKey);
  await node.request({ method: 'anvil_setBalance', params: [address, numberToHex(oneEther)] });
  return balance();
}

async function message({ text }: Calls['message']['request']): Promise<string> {
  const wallet = theWallet();
  const task = personalMessage(text, require().settings.chainId);
  const signature = await wallet.signMessage(task, { onProgress, approve: ({ lines }) => approve(lines) });
  return toHex(signature);
}

// Calls of the page ---------------------------------------------------------------------------------------------------------------------

const calls: { readonly [Name in CallName]: (request: Calls[Name]['request']) => Promise<Calls[Name]['result']> } = {
  exists: () => IndexedDbKeystore.exists(),
  open,
  create,
  words: () => recoveryWords(require().keystore),
  balance,
  fund,
  send,
  resume,
  message,
};

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if ('answer' in data) {
    waiting.get(data.answer)?.(data.approved);
    waiting.delete(data.answer);
    return;
  }
  const { id, call, request } = data;
  (calls[call] as (request: unknown) => Promise<unknown>)(request).then(
    (result) => post({ id, result }),
    (error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'ERROR';
      post({ id, code, error: error instanceof Error ? error.message : String(error) });
    },
  );
});
