/**
 * The user's wallet of the main job as a process of its own: it holds x_A, and reaches the validators only through encoded messages.
 *
 * @module
 */
import { join } from 'node:path';
import { DWalletClient, FileMessageStore, FileWalletStore } from '@dwallet/client-sdk';
import { secp256k1Curve } from '@dwallet/sigma';
import type { HashScheme } from '@dwallet/two-pc-mpc/client';
import { type WalletSettings, decodeJson, encodeJson } from './local-network.ts';
import { ProcessLink } from './process-link.ts';
import { fromHex, parametersOf, systemRandom, toHex } from './system.ts';

interface Command {
  readonly name: 'open' | 'sign';
  readonly scheme?: HashScheme;
  readonly message?: string;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as WalletSettings;
const log = (text: string): void => link.note(text);
let client: DWalletClient | undefined;

async function connected(): Promise<DWalletClient> {
  client ??= await DWalletClient.connect({
    peers: Array.from({ length: settings.validators }, (_, i) => ({
      call: (bytes: Uint8Array) => link.request(String(i + 1), bytes),
    })),
    parameters: parametersOf(settings.profile),
    curve: secp256k1Curve,
    store: new FileWalletStore(join(settings.folder, 'wallet.json')),
    messages: new FileMessageStore(join(settings.folder, 'messages')),
    random: systemRandom,
    log,
  });
  return client;
}

async function obey(command: Command): Promise<unknown> {
  const wallets = await connected();
  switch (command.name) {
    case 'open': {
      const [known] = wallets.wallets;
      const wallet = known ?? (await wallets.createDWallet());
      return { created: known === undefined, publicKey: toHex(wallet.publicKey), id: wallet.id };
    }
    case 'sign': {
      const [wallet] = wallets.wallets;
      if (wallet === undefined || command.scheme === undefined) throw new Error('there is no dWallet yet');
      const { signature, blamed } = await wallet.sign(command.scheme, fromHex(command.message ?? ''));
      return { r: signature.r.toString(16), s: signature.s.toString(16), recoveryId: signature.recoveryId, blamed };
    }
  }
}

const link = new ProcessLink(process, async (to, bytes) => {
  if (to !== 'host') throw new Error('a wallet serves nobody');
  return encodeJson(await obey(decodeJson<Command>(bytes)));
});

process.on('disconnect', () => process.exit(0));
