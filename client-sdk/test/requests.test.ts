/** What leaves the wallet: requests that validators read, on whose authority, and raw bytes only where the owner allowed them. */
import { TRON_NETWORKS, trc20Transfers, tronAddress, trxTransfers } from '@dwallet/chains/tron';
import { XRPL_NETWORKS, xrplAddress, xrplPayments } from '@dwallet/chains/xrpl';
import { DWalletClient, type DWallet, RawDigestsNotAllowedError, type WalletData } from '@dwallet/client-sdk';
import { personalMessage } from '@dwallet/client-sdk/ethereum';
import { type TronProvider, tron } from '@dwallet/client-sdk/tron';
import { type XrplProvider, xrpl } from '@dwallet/client-sdk/xrpl';
import { MemorySignMessageStore } from '@dwallet/two-pc-mpc/client';
import {
  type SignRequest,
  clientKind,
  decodeCall,
  decodeSignRequest,
  maxAuthorityBytes,
  maxBodyBytes,
  openEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  MemoryWalletStore,
  ToyNetwork,
  curve,
  fixture,
  randomFor,
} from '../../services/validator/test/helpers/toy-network.ts';

let network: ToyNetwork;
let wallet: DWallet;
/** Methods that clients called, and the sign requests among them. */
let called: string[] = [];
let asked: SignRequest[] = [];

const connect = async (data: WalletData): Promise<DWallet> => {
  const client = await DWalletClient.connect({
    peers: network.peers(),
    parameters: network.parameters,
    curve,
    store: new MemoryWalletStore(data),
    messages: new MemorySignMessageStore(),
    random: randomFor('requests'),
    prepare: false,
    allowTestProfile: true,
  });
  return client.wallets[0] as DWallet;
};

beforeAll(async () => {
  network = new ToyNetwork({ from: fixture(), label: 'requests' });
  network.line = ({ from, method, bytes, pass }) => {
    if (from === undefined) {
      called.push(method);
      const { body } = decodeCall(bytes, maxBodyBytes);
      if (method === clientKind.sign) asked.push(decodeSignRequest(openEnvelope(body, network.networkId).body));
    }
    return pass();
  };
  wallet = await connect(fixture().wallet);
});
afterAll(() => network.close());
beforeEach(() => {
  called = [];
  asked = [];
});

describe('raw bytes', () => {
  it('are refused before anything is sent, unless the owner allowed them', async () => {
    const [stored] = fixture().wallet.wallets;
    const { rawDigests, ...rest } = stored as NonNullable<typeof stored>;
    expect(rawDigests).toBe(true);
    const strict = await connect({ ...fixture().wallet, wallets: [rest] });
    called = [];
    expect(strict.rawDigests).toBe(false);
    await expect(strict.signRaw('sha256', new Uint8Array(3))).rejects.toThrow(RawDigestsNotAllowedError);
    expect(called).toEqual([]);
    expect(wallet.rawDigests).toBe(true);
  });
});

describe('a request', () => {
  it('is what validators get, with the authority of its owner', async () => {
    const authority = Uint8Array.of(1, 2, 3);
    await expect(
      wallet.signMessage(personalMessage('hello'), { authority: new Uint8Array(maxAuthorityBytes + 1) }),
    ).rejects.toMatchObject({ field: 'authority' });
    expect(called).toEqual([]);
    await wallet.signMessage(personalMessage('hello'), { authority });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ authority, content: { kind: 'request', payload: 0 } });
  });
});

describe('Tron', () => {
  const to = tronAddress(curve.encodePoint(curve.G));
  const provider = (sent: Uint8Array[]): TronProvider => ({
    network: 'tron:0xcd8690dc',
    latestBlock: async () => ({ number: 0x1_0203n, id: new Uint8Array(32).map((_, i) => i), timestampMs: 1000n }),
    broadcast: async (raw, txid) => (sent.push(raw), txid),
    outcome: async () => ({ status: 'success', blockNumber: 66_052n }),
  });

  it('a payment refers to the block, and is read by validators as what it is', async () => {
    const sent: Uint8Array[] = [];
    const approved: string[] = [];
    const payment = tron({ to, amount: 5_000_000n });
    const { receipt, encoded } = await wallet.send(payment, {
      rpc: provider(sent),
      approve: ({ lines }) => approved.push(...lines) > 0,
    });
    expect([receipt?.status, sent]).toEqual(['success', [encoded]]);
    expect(approved[0]).toContain(`Send 5 TRX (5000000 sun) from ${payment.address(wallet.publicKey)} to ${to}`);
    const [request] = asked;
    expect(request?.content.kind).toBe('request');
  });

  it('a token payment has a fee limit; an unknown network is refused', async () => {
    const contract = tronAddress(curve.encodePoint(curve.multiply(curve.G, 3n)));
    const { task } = await tron({ to, amount: 7n, contract }).prepare(wallet.publicKey, provider([]), undefined);
    const nile = TRON_NETWORKS.find(({ id }) => id === 'tron:0xcd8690dc') as (typeof TRON_NETWORKS)[number];
    const { raw } = task.open(wallet.publicKey);
    expect(trc20Transfers(nile).parse(raw)).toMatchObject({
      contract,
      to,
      amount: 7n,
      feeLimitSun: 100_000_000n,
      refBlockBytes: Uint8Array.of(2, 3),
      refBlockHash: Uint8Array.of(8, 9, 10, 11, 12, 13, 14, 15),
      expirationMs: 61_000n,
    });
    expect(() => trxTransfers(nile).parse(raw)).toThrow();
    const elsewhere = { ...provider([]), network: 'tron:0x00' };
    await expect(wallet.send(tron({ to, amount: 1n }), { rpc: elsewhere })).rejects.toMatchObject({ field: 'network' });
  });
});

describe('XRP Ledger', () => {
  const destination = xrplAddress(curve.encodePoint(curve.G));
  const provider = (sent: Uint8Array[], ledgers: number[] = [100]): XrplProvider => ({
    network: 'xrpl:1',
    sequence: async () => 12,
    currentLedger: async () => (ledgers.length > 1 ? (ledgers.shift() as number) : (ledgers[0] as number)),
    feeDrops: async () => 10n,
    submit: async (raw, txid) => (sent.push(raw), txid),
    outcome: async () =>
      ledgers.length > 1 || ledgers[0] === 100 ? { result: 'tesSUCCESS', ledgerIndex: 101 } : undefined,
  });

  it('a payment has a sequence, a fee and a last ledger', async () => {
    const sent: Uint8Array[] = [];
    const { receipt, encoded } = await wallet.send(xrpl({ destination, amount: 25_000_000n }), { rpc: provider(sent) });
    expect([receipt?.result, sent]).toEqual(['tesSUCCESS', [encoded]]);
    const { task } = await xrpl({ destination, amount: 1n }).prepare(wallet.publicKey, provider([]), undefined);
    const testnet = XRPL_NETWORKS.find(({ id }) => id === 'xrpl:1') as (typeof XRPL_NETWORKS)[number];
    expect(xrplPayments(testnet).parse(task.open(wallet.publicKey).raw)).toMatchObject({
      account: xrplAddress(wallet.publicKey),
      destination,
      sequence: 12,
      feeDrops: 10n,
      lastLedgerSequence: 120,
    });
  });

  it('a fee above the limit is refused, and a payment that no ledger took is given up', async () => {
    const dear = { ...provider([]), feeDrops: async () => 5001n };
    await expect(wallet.send(xrpl({ destination, amount: 1n }), { rpc: dear })).rejects.toMatchObject({
      code: 'SEND_BUILD_FAILED',
    });
    const { chain } = await xrpl({ destination, amount: 1n }).prepare(
      wallet.publicKey,
      provider([], [100, 122]),
      undefined,
    );
    await expect(chain.wait('ab', undefined)).rejects.toMatchObject({ code: 'SEND_WAIT_FAILED' });
  });
});
