/**
 * The wallet from `connect` to a mined transaction: validators behind real gRPC and TLS, a real EVM node. And what happens when the keystore is gone.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import {
  CancelledError,
  DWalletClient,
  EncryptedFileKeystore,
  GrpcPeer,
  type Keystore,
  type ListRequest,
  type ListedDWallet,
  MemoryKeystore,
  type NodeConnectOptions,
  type ProgressEvent,
  SendError,
  type Step,
  type WalletData,
  recoveryWords,
  restoreKeystore,
} from '@dwallet/client-sdk/node';
import { type EvmProvider, ethereum, httpRpc, personalMessage, typedData } from '@dwallet/client-sdk/ethereum';
import { evmAddress } from '@dwallet/chains/evm';
import {
  type Peer,
  clientKind,
  clientRouting,
  decodeCall,
  RemoteError,
  maxBodyBytes,
  peekEnvelope,
} from '@dwallet/two-pc-mpc/client';
import { secp256k1Curve } from '@dwallet/sigma';
import { transformSync } from 'esbuild';
import { recoverMessageAddress, recoverTypedDataAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EvmNode, startEvmNode } from '../../cli/src/local-chains/evm-node.ts';
import { GrpcNetwork } from '../../services/validator/test/helpers/grpc-network.ts';
import { fixture, hex, toyParameters } from '../../services/validator/test/helpers/toy-network.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-sdk-'));
const recipient = '0x000000000000000000000000000000000000dEaD';
const ether = 10n ** 18n;
/** What clients asked the validators: presign ids of sign requests, and other kinds by name. */
const asked: string[] = [];
/** Rounds, of four validators each, in which the pool is empty. */
let emptyFor = 0;
let refusedNow = 0;
const refusals = (rounds: number): boolean => {
  if (rounds === 0) return false;
  refusedNow++;
  if (refusedNow === 4 * rounds) [emptyFor, refusedNow] = [0, 0];
  return true;
};
const serve = (_: number, validator: Peer): Peer => ({
  call(bytes) {
    const { method, body } = decodeCall(bytes, 2 * maxBodyBytes);
    if (method === clientKind.sign) {
      const { presignId } = clientRouting(peekEnvelope(body)) as { readonly presignId: Uint8Array };
      asked.push(`sign ${hex(presignId)}`);
    } else if (method === clientKind.takePresign) {
      asked.push(`${method} ${hex(body)}`);
      if (refusals(emptyFor)) throw new RemoteError('UNAVAILABLE', undefined, 'the presign pool is empty');
    } else if (method.startsWith('client/')) asked.push(method);
    return validator.call(bytes);
  },
});
let network: GrpcNetwork;
let evm: EvmNode;
const clients: DWalletClient[] = [];

beforeAll(async () => {
  [network, evm] = await Promise.all([GrpcNetwork.start({ from: fixture(), serve }), startEvmNode()]);
  // More than the fixture has.
  await network.toy.validator(1).leadPresigns(4);
});
afterAll(async () => {
  for (const client of clients) client.close();
  await Promise.all([network.close(), evm.stop()]);
  rmSync(root, { recursive: true, force: true });
});

/** What a development network of the toy profile needs over what a wallet of people needs. */
const development = (): Omit<NodeConnectOptions, 'keystore' | 'endpoints'> => ({
  ca: network.authority.certificate,
  parameters: toyParameters(),
  allowTestProfile: true,
  compute: false,
  prepare: false,
});
const endpoints = () => [1, 2, 3, 4].map((i) => ({ endpoint: network.clientEndpoint(i), tlsName: `validator-${i}` }));
async function connect(keystore: Keystore, options: Partial<NodeConnectOptions> = {}): Promise<DWalletClient> {
  const client = await DWalletClient.connect({ endpoints: endpoints(), keystore, ...development(), ...options });
  clients.push(client);
  return client;
}
const hexOf = (bytes: Uint8Array): `0x${string}` => `0x${hex(bytes)}`;
const alice = (): WalletData => fixture().wallet;
const aliceId = (): string => alice().wallets[0]?.id as string;
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: unknown) => error,
  );

describe('three calls', () => {
  it('connect, open, send: approved in words, mined, and told step by step', async () => {
    // With threads of its own, as it comes.
    const { compute: _, ...others } = development();
    const keystore = new MemoryKeystore(alice());
    const client = await DWalletClient.connect({ endpoints: endpoints(), keystore, ...others });
    clients.push(client);
    const wallet = await client.openDWallet(aliceId());
    const from = evmAddress(wallet.publicKey);
    await evm.fund(from, ether);
    const steps: Step[] = [];
    const approved: string[] = [];
    const sent = await wallet.send(ethereum({ to: recipient, value: ether / 4n }), {
      rpc: evm.rpcUrl,
      onProgress: ({ step }: ProgressEvent) => steps.push(step),
      approve: ({ lines, address, chainId }) => {
        approved.push(...lines);
        return address === from && chainId === `eip155:${evm.chainId}`;
      },
    });
    expect(sent.receipt?.status).toBe('success');
    expect(await evm.balance(recipient)).toBe(ether / 4n);
    expect(approved).toEqual(sent.lines);
    expect(approved.join('\n')).toContain(recipient);
    expect(steps).toEqual(['build', 'approve', 'take-presign', 'make-message', 'sign', 'verify', 'broadcast', 'wait']);
  });

  it('messages are those of its address', async () => {
    const wallet = await (await connect(new MemoryKeystore(alice()))).openDWallet(aliceId());
    const address = evmAddress(wallet.publicKey);
    const signature = hexOf(await wallet.signMessage(personalMessage('hello')));
    expect(await recoverMessageAddress({ message: 'hello', signature })).toBe(address);
    const data = {
      domain: { name: 'Test', chainId: 1 },
      types: { Note: [{ name: 'text', type: 'string' }] },
      primaryType: 'Note',
      message: { text: 'hello' },
    } as const;
    const typed = hexOf(await wallet.signMessage(typedData(data)));
    expect(await recoverTypedDataAddress({ ...data, signature: typed })).toBe(address);
  });

  it('what is not approved, or would cost more than it may, is not signed; nothing reaches a validator', async () => {
    const wallet = await (await connect(new MemoryKeystore(alice()))).openDWallet(aliceId());
    asked.length = 0;
    const refused = wallet.send(ethereum({ to: recipient }), { rpc: evm.rpcUrl, approve: () => false });
    expect(await failure(refused)).toMatchObject({ code: 'SEND_NOT_APPROVED', transaction: undefined });
    const greedy: EvmProvider = {
      request: async (call) =>
        call.method === 'eth_maxPriorityFeePerGas' ? '0xffffffffffffff' : httpRpc(evm.rpcUrl).request(call),
    };
    const dear = failure(wallet.send(ethereum({ to: recipient }), { rpc: greedy }));
    expect(await dear).toMatchObject({ code: 'SEND_BUILD_FAILED' });
    const elsewhere = failure(wallet.send(ethereum({ to: recipient, chainId: 1 }), { rpc: evm.rpcUrl }));
    expect(await elsewhere).toMatchObject({ code: 'SEND_BUILD_FAILED' });
    const ended = failure(wallet.send(ethereum({ to: recipient }), { rpc: evm.rpcUrl, signal: AbortSignal.abort() }));
    expect(await ended).toBeInstanceOf(CancelledError);
    expect(asked).toEqual([]);
  });

  it('a node that fails after the signature: the error has the transaction, whose bytes serve again', async () => {
    const wallet = await (await connect(new MemoryKeystore(alice()))).openDWallet(aliceId());
    await evm.fund(evmAddress(wallet.publicKey), ether);
    const broken: EvmProvider = {
      request: async (call) => {
        if (call.method === 'eth_sendRawTransaction') throw new Error('gone');
        return httpRpc(evm.rpcUrl).request(call);
      },
    };
    const error = (await failure(wallet.send(ethereum({ to: recipient, value: 1n }), { rpc: broken }))) as SendError;
    expect(error).toBeInstanceOf(SendError);
    expect(error.code).toBe('SEND_BROADCAST_FAILED');
    const submitted = await evm.submit(error.transaction?.encoded as Uint8Array);
    expect(submitted).toMatchObject({ accepted: true, hash: error.transaction?.txid });
  });

  it('whoever gives up is let go at once, and may go on later', async () => {
    const wallet = await (await connect(new MemoryKeystore(alice()))).openDWallet(aliceId());
    const stop = new AbortController();
    asked.length = 0;
    const given = wallet.signMessage(personalMessage('later'), {
      signal: stop.signal,
      onProgress: ({ step }) => {
        if (step === 'take-presign') stop.abort();
      },
    });
    expect(await failure(given)).toBeInstanceOf(CancelledError);
    expect(asked).toEqual([]);
    const client = connect(new MemoryKeystore(alice()), { signal: AbortSignal.abort() });
    expect(await failure(client)).toBeInstanceOf(CancelledError);
  });

  it('endpoints that cannot be reached are passed over', async () => {
    const dead = { endpoint: '127.0.0.1:1', tlsName: 'validator-1' };
    const client = await connect(new MemoryKeystore(alice()), { endpoints: [dead, ...endpoints().slice(1)] });
    expect(client.wallets).toHaveLength(1);
    const nobody = connect(new MemoryKeystore(), { endpoints: [dead] });
    expect(await failure(nobody)).toMatchObject({ code: 'UNAVAILABLE' });
  });
});

it('by itself: production parameters, tables in the folder of the keystore, threads; all of it ends when nobody answers', async () => {
  const keystore = await EncryptedFileKeystore.open(join(root, 'defaults'), { secret: 'x', log2N: 10 });
  const nobody = DWalletClient.connect({ endpoints: ['127.0.0.1:1'], keystore });
  expect(await failure(nobody)).toMatchObject({ code: 'UNAVAILABLE' });
  expect(existsSync(join(root, 'defaults', 'tables'))).toBe(true);
  // The seed that seals the tables is in the keystore before them.
  expect((await keystore.load())?.data.seed).toMatch(/^[0-9a-f]{64}$/);
});

it('an empty pool is waited for: the same request is asked again, and signs', async () => {
  const wallet = await (await connect(new MemoryKeystore(alice()), { patienceMs: 60_000 })).openDWallet(aliceId());
  asked.length = 0;
  emptyFor = 2;
  await wallet.signMessage(personalMessage('patient'));
  const takes = asked.filter((text) => text.startsWith(clientKind.takePresign));
  expect(takes.length).toBeGreaterThan(4);
  expect(new Set(takes).size).toBe(1);
  emptyFor = 1;
  const hasty = (await connect(new MemoryKeystore(alice()), { patienceMs: 0 })).wallets[0];
  expect(await failure(hasty?.signMessage(personalMessage('x')) ?? Promise.resolve())).toMatchObject({
    code: 'UNAVAILABLE',
  });
});

describe('recovery', () => {
  it('the keystore is deleted: seed and network give everything back, and it signs with presigns that are new', async () => {
    const folder = join(root, 'lost');
    const options = { secret: 'first', log2N: 10 };
    const before = await EncryptedFileKeystore.open(folder, options);
    await before.compareAndSet(0, alice());
    const first = await connect(before);
    const old = first.wallets[0];
    // A reservation that the lost keystore had, and may have used.
    await old?.prepare(1);
    const [reserved] = (await before.load())?.data.wallets[0]?.reservations ?? [];
    expect(reserved?.presignId).toMatch(/^[0-9a-f]{64}$/);
    const words = await recoveryWords(before);
    first.close();
    rmSync(folder, { recursive: true });

    const after = await EncryptedFileKeystore.open(folder, { ...options, secret: 'second' });
    await restoreKeystore(after, words);
    const client = await connect(after);
    expect(client.wallets).toEqual([]);
    const { wallets, notAccepted } = await client.recover();
    expect(wallets.map(({ id }) => id)).toEqual([aliceId()]);
    expect(notAccepted).toBe(0);
    expect((await after.load())?.data.wallets[0]?.userShare).toBe(alice().wallets[0]?.userShare);
    asked.length = 0;
    await wallets[0]?.signMessage(personalMessage('back'));
    expect(asked).toHaveLength(2);
    expect(asked[0]).toContain(clientKind.takePresign);
    expect(asked[1]).toMatch(/^sign [0-9a-f]{64}$/);
    expect(asked[1]).not.toBe(`sign ${reserved?.presignId}`);
    // Nothing more is new the next time.
    expect((await client.recover()).wallets).toEqual([]);
  });

  it('nothing that a validator tells is believed: lies count for nothing, and one honest answer is enough', async () => {
    const { authority } = network;
    let real: ListedDWallet | undefined;
    let lies = true;
    const bend = (bytes: Uint8Array, at: number): Uint8Array =>
      Uint8Array.from(bytes, (b, i) => (i === at ? b ^ 1 : b));
    const peers = [1, 2, 3, 4].map((i) => {
      const endpoint = network.clientEndpoint(i);
      const peer = new GrpcPeer({ endpoint, ca: authority.certificate, tlsName: `validator-${i}` });
      const listDWallets = async (request: ListRequest): Promise<readonly ListedDWallet[]> => {
        const [told] = await peer.listDWallets(request);
        // To a stranger they tell Alice's.
        const known = (real ??= told as ListedDWallet);
        if (i === 1) return [{ ...known, record: bend(known.record, 120) }];
        if (i === 2) return [{ ...known, certificate: bend(known.certificate, 90) }];
        if (i === 3) return [{ ...known, acceptance: bend(known.acceptance, 60) }];
        return lies ? [] : [known];
      };
      return { call: (bytes: Uint8Array) => peer.call(bytes), listDWallets };
    });
    const over = async (seed: string): Promise<{ readonly client: DWalletClient; readonly keystore: Keystore }> => {
      const keystore = new MemoryKeystore({ version: 1, seed, wallets: [] });
      const client = await DWalletClient.connect({
        peers,
        parameters: toyParameters(),
        curve: secp256k1Curve,
        store: keystore,
        messages: keystore.messages,
        random: (length) => crypto.getRandomValues(new Uint8Array(length)),
        prepare: false,
        allowTestProfile: true,
      });
      clients.push(client);
      return { client, keystore };
    };
    const { client, keystore } = await over(alice().seed);
    expect(await client.recover()).toEqual({ wallets: [], notAccepted: 1 });
    expect((await keystore.load())?.data.wallets).toEqual([]);
    lies = false;
    // Everything about it is right, but its owner is somebody else.
    const stranger = await over('77'.repeat(32));
    expect(await stranger.client.recover()).toEqual({ wallets: [], notAccepted: 0 });
    expect((await client.recover()).wallets.map(({ id }) => id)).toEqual([aliceId()]);
  });

  it('one validator alone may keep silent about dWallets: more than f must answer', async () => {
    const keystore = new MemoryKeystore({ version: 1, seed: alice().seed, wallets: [] });
    const dead = (i: number) => ({ endpoint: `127.0.0.1:${i}`, tlsName: `validator-${i}` });
    const client = await connect(keystore, { endpoints: [...endpoints().slice(0, 1), dead(1), dead(2), dead(3)] });
    expect(await failure(client.recover())).toMatchObject({ code: 'UNAVAILABLE' });
  });
});

it('the guide of docs/sdk.md runs as it stands', async () => {
  const text = readFileSync(new URL('../../docs/sdk.md', import.meta.url), 'utf8');
  const [, guide = ''] = /^## From zero to a sent transaction$([\s\S]*?)^## /m.exec(text) ?? [];
  const blocks = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code as string);
  expect(blocks.length).toBeGreaterThanOrEqual(4);
  const sdk = await import('@dwallet/client-sdk/node');
  const cheap = { log2N: 10 };
  const modules: Record<string, unknown> = {
    '@dwallet/client-sdk/node': {
      ...sdk,
      // The guide's network has production parameters; this one is a toy. Nothing else differs.
      DWalletClient: {
        connect: (options: NodeConnectOptions) => connect(options.keystore, { ...options, ...development() }),
      },
      EncryptedFileKeystore: {
        open: (folder: string, options: { readonly secret: string }) =>
          EncryptedFileKeystore.open(folder, { ...options, ...cheap }),
      },
    },
    '@dwallet/client-sdk/ethereum': await import('@dwallet/client-sdk/ethereum'),
    'node:fs': await import('node:fs'),
  };
  const source = blocks.join('\n').replace(/^import \{([^}]*)\} from '([^']*)';$/gm, (_, names, from) => {
    if (modules[from as string] === undefined) throw new Error(`the guide imports ${String(from)}`);
    return `const {${String(names)}} = modules['${String(from)}'];`;
  });
  const { code } = transformSync(source, { loader: 'ts', format: 'esm', target: 'es2022' });
  const run = compileFunction(`return (async () => { const process = { env: environment };\n${code}\n})();`, [
    'modules',
    'environment',
    'console',
  ]) as (...args: unknown[]) => Promise<void>;
  const said: string[] = [];
  const caPath = join(root, 'ca.crt');
  (await import('node:fs')).writeFileSync(caPath, network.authority.certificate);
  const environment = {
    DWALLET_FOLDER: join(root, 'guide'),
    DWALLET_PASSPHRASE: 'of the guide',
    DWALLET_ENDPOINTS: [1, 2, 3, 4].map((i) => network.clientEndpoint(i)).join(','),
    DWALLET_CA: caPath,
    ETHEREUM_RPC: evm.rpcUrl,
    RECIPIENT: recipient,
  };
  const fund = async (line: string): Promise<void> => {
    const address = /0x[0-9a-fA-F]{40}/.exec(line)?.[0];
    if (address !== undefined && line.startsWith('fund')) await evm.fund(address, ether);
  };
  const before = await evm.balance(recipient);
  const funded: Promise<void>[] = [];
  await run(modules, environment, {
    log: (...parts: unknown[]) => {
      said.push(parts.join(' '));
      funded.push(fund(parts.join(' ')));
    },
  });
  await Promise.all(funded);
  expect(said.join('\n')).toContain('success');
  expect((await evm.balance(recipient)) - before).toBe(10n ** 15n);
});
