/**
 * The page: shows what the wallet says and passes on what its owner wants.
 *
 * @module
 */
import type { PaymentView, Settings, WalletView } from '../protocol.ts';
import { WalletLine } from './line.ts';

const element = <T extends HTMLElement>(id: string): T => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found as T;
};
const show = (id: string, visible = true): void => {
  element(id).hidden = !visible;
};
const say = (id: string, text: string): void => {
  element(id).textContent = text;
};
const valueOf = (id: string): string => element<HTMLInputElement>(id).value;

/** What each step of the wallet means to its owner. */
const steps: Readonly<Record<string, string>> = {
  connect: 'Connecting to the validators',
  'register-key': 'Registering your encryption key',
  'make-share': 'Making your half of the key',
  certify: 'The validators make theirs',
  check: 'Checking what they answered',
  accept: 'Accepting the dWallet',
  build: 'Asking the chain for nonce and fees',
  'take-presign': 'Preparing the signature',
  'make-message': 'Making your part of the signature',
  sign: 'The validators verify and sign',
  verify: 'Checking the signature',
  broadcast: 'Sending the transaction',
  wait: 'Waiting for the block',
};

// Approval ------------------------------------------------------------------------------------------------------------------------------

function approve(lines: readonly string[]): Promise<boolean> {
  const dialog = element<HTMLDialogElement>('approval');
  element('approval-lines').replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement('li');
      item.textContent = line;
      return item;
    }),
  );
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'approve'), { once: true });
  });
}

const line = new WalletLine({ step: (step) => say('progress', steps[step] ?? step), approve });

/** Runs one thing that the owner asked for, and shows that it runs and how it ended. */
async function act(work: () => Promise<void>): Promise<void> {
  say('failure', '');
  document.body.dataset['busy'] = 'true';
  try {
    await work();
  } catch (error) {
    say('failure', error instanceof Error ? error.message : String(error));
  } finally {
    delete document.body.dataset['busy'];
    say('progress', '');
  }
}

const on = (id: string, event: 'click' | 'submit', work: () => Promise<void>): void =>
  element(id).addEventListener(event, (happened) => {
    happened.preventDefault();
    if (document.body.dataset['busy'] === undefined) void act(work);
  });

// The wallet ----------------------------------------------------------------------------------------------------------------------------

const formatEther = (wei: string): string => {
  const digits = wei.padStart(19, '0');
  return `${digits.slice(0, -18)}.${digits.slice(-18, -12)} ETH`;
};
const showBalance = async (): Promise<void> => say('balance', formatEther(await line.call('balance', {})));

async function showWallet(wallet: WalletView | undefined): Promise<void> {
  show('unlock', false);
  show('empty', wallet === undefined);
  show('wallet', wallet !== undefined);
  if (wallet === undefined) return;
  element('wallet').dataset['id'] = wallet.id;
  element('addresses').replaceChildren(
    ...wallet.addresses.flatMap(({ chain, address }) => {
      const [term, description] = [document.createElement('dt'), document.createElement('dd')];
      term.textContent = chain;
      description.textContent = address;
      description.dataset['chain'] = chain;
      return [term, description];
    }),
  );
  show('unfinished', wallet.unfinished !== undefined);
  say('unfinished-lines', wallet.unfinished?.join('\n') ?? '');
  await showBalance();
}

async function showPayment({ hash, status, block }: PaymentView): Promise<void> {
  show('unfinished', false);
  show('receipt');
  element('receipt').dataset['status'] = status;
  say('receipt-status', status === 'success' ? `Confirmed in block ${block}` : `Reverted in block ${block}`);
  say('receipt-hash', hash);
  await showBalance();
}

async function settings(): Promise<Settings> {
  const response = await fetch('settings.json');
  if (!response.ok) throw new Error('The server does not say where the network is.');
  return (await response.json()) as Settings;
}

let isNew = false;
on('unlock', 'submit', async () => {
  const passphrase = valueOf('passphrase');
  if (isNew && passphrase !== valueOf('passphrase-again')) throw new Error('The passphrases differ.');
  const wallet = await line.call('open', { passphrase, settings: await settings() });
  element<HTMLInputElement>('passphrase').value = '';
  element<HTMLInputElement>('passphrase-again').value = '';
  await showWallet(wallet);
});
on('create', 'click', async () => {
  const wallet = await line.call('create', {});
  await showWallet(wallet);
  // Without it a browser may delete what it keeps for a site when space is short.
  await navigator.storage.persist();
  say('words', await line.call('words', {}));
  show('backup');
});
on('written-down', 'click', async () => {
  say('words', '');
  show('backup', false);
});
on('fund', 'click', async () => say('balance', formatEther(await line.call('fund', {}))));
on('send', 'submit', async () => {
  show('receipt', false);
  await showPayment(await line.call('send', { to: valueOf('to').trim(), ether: valueOf('amount').trim() }));
});
on('resume', 'click', async () => showPayment(await line.call('resume', {})));
on('message', 'submit', async () => say('signature', await line.call('message', { text: valueOf('text') })));

await act(async () => {
  isNew = !(await line.call('exists', {}));
  say('unlock-title', isNew ? 'A new wallet' : 'Welcome back');
  say('unlock-button', isNew ? 'Continue' : 'Unlock');
  show('new-passphrase', isNew);
  element<HTMLInputElement>('passphrase-again').required = isNew;
  show('unlock');
});
