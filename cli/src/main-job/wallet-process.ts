/**
 * The user's wallet of the main job as a process of its own: it holds x_A, and reaches the validators over gRPC like any client.
 *
 * @module
 */
import { join } from 'node:path';
import {
  DWalletClient,
  FileMessageStore,
  FileTableCache,
  FileWalletStore,
  GrpcPeer,
  walletTableSealKey,
} from '@dwallet/client-sdk/node';
import { parseRequest } from '@dwallet/chains/registry';
import type { SignResult } from '@dwallet/client-sdk';
import { secp256k1Curve } from '@dwallet/sigma';
import type { WalletReply, WalletRequest, WalletSettings } from './local-network.ts';
import { fromHex, parametersOf, systemRandom, toHex } from './system.ts';

type Command =
  | { readonly name: 'open' }
  /** Raw unsigned bytes in hex: the validators read them as this process does. */
  | { readonly name: 'sign'; readonly chainId: string; readonly format: string; readonly raw: string };

const settings = JSON.parse(process.argv[2] ?? '{}') as WalletSettings;
// A host that is just gone hears nothing more.
const tell = (reply: WalletReply): void => void (process.connected && process.send?.(reply));
const log = (note: string): void => tell({ note });
let client: DWalletClient | undefined;

async function connected(): Promise<DWalletClient> {
  const store = new FileWalletStore(join(settings.folder, 'wallet.json'));
  const tables = (): FileTableCache =>
    new FileTableCache(join(settings.folder, 'tables'), {
      sealKey: walletTableSealKey(store, systemRandom),
      onProblem: ({ message }) => log(message),
    });
  client ??= await DWalletClient.connect({
    // The certificates of a development network are for names; an address in the handshake is against RFC 6066.
    peers: settings.endpoints.map(
      (endpoint, i) => new GrpcPeer({ endpoint, ca: settings.ca, tlsName: `validator-${i + 1}`, deadlineMs: 600_000 }),
    ),
    parameters: parametersOf(settings.profile, { tableCache: tables(), shortTables: true }),
    curve: secp256k1Curve,
    store,
    messages: new FileMessageStore(join(settings.folder, 'messages')),
    random: systemRandom,
    // The job tells every step of a signature as it happens, and its validators share this machine's processors.
    prepare: false,
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
      if (wallet === undefined) throw new Error('there is no dWallet yet');
      const { chainId, format } = command;
      const raw = fromHex(command.raw);
      const { payloads } = parseRequest(chainId, format, raw, wallet.publicKey);
      const results: SignResult[] = [];
      for (const index of payloads.keys())
        results.push(await wallet.signPayload({ chainId, format, raw, payloads }, index));
      return {
        signatures: results.map(({ signature: { r, s, recoveryId } }) => ({
          r: r.toString(16),
          s: s.toString(16),
          recoveryId,
        })),
        blamed: results.flatMap(({ blamed }) => blamed),
      };
    }
  }
}

process.on('message', (raw: unknown) => {
  const { id, command } = raw as WalletRequest;
  obey(command as unknown as Command).then(
    (result) => tell({ id, result }),
    (error: unknown) => tell({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});

process.on('disconnect', () => process.exit(0));
