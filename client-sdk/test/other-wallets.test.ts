/** Payments and PSBTs on a real Bitcoin node, driven by bitcoinjs where it has an interface; documents of cosmjs, verified by cosmjs. */
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { p2wpkhAddress, p2wpkhScript, spendPsbt } from '@dwallet/chains/bitcoin';
import { COSMOS_NETWORKS, cosmosAddress, cosmosAminoChain, cosmosDirectChain } from '@dwallet/chains/cosmos';
import type { CosmosNetwork } from '@dwallet/chains/cosmos';
import type { DWallet } from '@dwallet/client-sdk';
import {
  type BitcoinProvider,
  bitcoin,
  bitcoinNode,
  esplora,
  outpointProvider,
  psbtSigner,
} from '@dwallet/client-sdk/bitcoin';
import { cosmosSigner } from '@dwallet/client-sdk/cosmos';
import { type OfflineAminoSigner, type StdSignDoc, serializeSignDoc } from '@cosmjs/amino';
import { Secp256k1, Secp256k1Signature, sha256 } from '@cosmjs/crypto';
import { type OfflineDirectSigner, makeSignBytes } from '@cosmjs/proto-signing';
import { RawTx, Transaction } from '@scure/btc-signer';
import { Psbt, networks } from 'bitcoinjs-lib';
import { SignDoc } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BitcoinNode, startBitcoinNode } from '../../cli/src/local-chains/bitcoin-node.ts';
import { ToyNetwork, fixture, fromHex } from '../../services/validator/test/helpers/toy-network.ts';

let network: ToyNetwork;
let node: BitcoinNode;
let wallet: DWallet;

beforeAll(async () => {
  network = new ToyNetwork({ from: fixture(), label: 'other-wallets' });
  [node, wallet] = await Promise.all([
    startBitcoinNode(),
    network.client().then((client) => client.wallets[0] as DWallet),
  ]);
  // More than the fixture has.
  await network.validator(1).leadPresigns(4);
});
afterAll(async () => {
  network.close();
  await node.stop();
});

describe('Bitcoin', () => {
  it('a payment with change is mined; the fee has a limit', async () => {
    const script = p2wpkhScript(wallet.publicKey);
    const utxos = [await node.fund(script, 30_000n), await node.fund(script, 20_000n)];
    const provider = outpointProvider(node, utxos, 2);
    const payment = bitcoin({
      to: bitcoin({ to: '', amountSats: 0n }).address(wallet.publicKey, 'regtest'),
      amountSats: 25_000n,
    });
    const dear = wallet.send(
      bitcoin({ to: payment.address(wallet.publicKey, 'regtest'), amountSats: 1000n, maxFeeSats: 10n }),
      {
        rpc: provider,
      },
    );
    await expect(dear).rejects.toMatchObject({ code: 'SEND_BUILD_FAILED' });
    const approved: string[] = [];
    const sent = await wallet.send(payment, {
      rpc: {
        ...provider,
        broadcast: async (raw, txid, signal) => {
          const id = await provider.broadcast(raw, txid, signal);
          await node.mine(1);
          return id;
        },
      },
      approve: ({ lines }) => approved.push(...lines) > 0,
    });
    expect(sent.receipt?.confirmations).toBe(1);
    expect(approved.join('\n')).toContain('25');
  });

  it('through the JSON-RPC of the node itself: its outputs, several signatures, mined; refused what it refuses', async () => {
    const script = p2wpkhScript(wallet.publicKey);
    const provider = bitcoinNode(node.rpcUrl, 'regtest');
    const own = bitcoin({ to: '', amountSats: 0n }).address(wallet.publicKey, 'regtest');
    const before = new Set((await provider.unspent(own, undefined)).map(({ txid, vout }) => `${txid}:${vout}`));
    const coins = [
      await node.fund(script, 110_000n),
      await node.fund(script, 120_000n),
      await node.fund(script, 130_000n),
    ];
    const fresh = async () =>
      (await provider.unspent(own, undefined)).filter(({ txid, vout }) => !before.has(`${txid}:${vout}`));
    const found = await fresh();
    expect(found.map(({ txid }) => txid).toSorted()).toEqual(coins.map(({ txid }) => txid).toSorted());
    expect(found.every(({ previousTransaction }) => (previousTransaction?.length ?? 0) > 0)).toBe(true);
    // A new chain has no payments to estimate a fee from.
    await expect(provider.feeRate(undefined)).rejects.toThrow('feeRateSatsPerVbyte');
    const mining: BitcoinProvider = {
      ...provider,
      unspent: fresh,
      broadcast: async (raw, txid, signal) => {
        const id = await provider.broadcast(raw, txid, signal);
        expect(await provider.confirmations(id, signal)).toBe(0);
        // What waits spends them: the next payment takes others.
        expect((await fresh()).map(({ txid: left }) => left)).toEqual([]);
        await node.mine(2);
        return id;
      },
    };
    const to = p2wpkhAddress(fromHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'), 'regtest');
    const payment = bitcoin({ to, amountSats: 350_000n, feeRateSatsPerVbyte: 2, confirmations: 2 });
    const sent = await wallet.send(payment, { rpc: mining });
    expect(sent.receipt).toEqual({ confirmations: 2 });
    expect(RawTx.decode(sent.encoded).inputs).toHaveLength(3);
    expect((await node.utxo(sent.txid, 0))?.amountSats).toBe(350_000n);
    // Known already, in a block even: as good as taken.
    expect(await provider.broadcast(sent.encoded, sent.txid, undefined)).toBe(sent.txid);
    // bcoin names the id of whatever it is given, and says nothing when it does not keep it.
    const decoded = RawTx.decode(sent.encoded);
    const [first, ...rest] = decoded.outputs;
    const other = RawTx.encode({
      ...decoded,
      outputs: [{ ...first, amount: 349_000n } as typeof first & object, ...rest],
    });
    const otherId = Transaction.fromRaw(other).id;
    await expect(provider.broadcast(other, otherId, undefined)).rejects.toThrow('did not take');
    await expect(bitcoinNode(node.rpcUrl, 'mainnet').unspent(own, undefined)).rejects.toMatchObject({
      code: 'CHAIN_REFUSED',
    });
  });

  it('bitcoinjs signs its PSBT with it, and no other hash', async () => {
    const utxo = await node.fund(p2wpkhScript(wallet.publicKey), 40_000n);
    const to = bitcoin({ to: '', amountSats: 0n }).address(wallet.publicKey, 'regtest');
    const outputs = [{ address: to, amountSats: 39_000n }];
    const bytes = spendPsbt({ publicKey: wallet.publicKey, inputs: [utxo], outputs }, 'regtest');
    const psbt = Psbt.fromBuffer(Buffer.from(bytes), { network: networks.regtest });
    const signer = psbtSigner(wallet, bytes, 'regtest');
    await psbt.signAllInputsAsync(signer);
    const raw = psbt.finalizeAllInputs().extractTransaction().toBuffer();
    expect(await node.submit(raw)).toMatchObject({ accepted: true });
    await expect(signer.sign(new Uint8Array(32).fill(1))).rejects.toThrow('hash');
    const refused = psbtSigner(wallet, bytes, 'regtest', { approve: () => false });
    await expect(Psbt.fromBuffer(Buffer.from(bytes)).signAllInputsAsync(refused)).rejects.toThrow();
  });

  describe('a server with the Esplora interface', () => {
    const seen: string[] = [];
    let answers: Record<string, string> = {};
    let server: Server;
    let url: string;
    beforeAll(async () => {
      server = createServer((request: IncomingMessage, response) => {
        seen.push(`${request.method} ${request.url}`);
        const answer = answers[request.url ?? ''];
        response.statusCode = answer === undefined ? 404 : 200;
        response.end(answer ?? 'not found');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    });
    afterAll(() => void server.close());

    it('is asked for confirmed outputs with their transactions, fees and blocks; nonsense is refused', async () => {
      const provider = esplora(url, 'regtest');
      const address = bitcoin({ to: '', amountSats: 0n }).address(wallet.publicKey, 'regtest');
      const txid = 'ab'.repeat(32);
      const utxo = (confirmed: boolean, value: unknown = 5000) => ({ txid, vout: 1, value, status: { confirmed } });
      answers = {
        [`/address/${address}/utxo`]: JSON.stringify([utxo(true), utxo(false)]),
        [`/tx/${txid}/hex`]: '0102\n',
        '/fee-estimates': '{"1":9.5,"3":4.25}',
        [`/tx/${txid}/status`]: '{"confirmed":true,"block_height":100}',
        '/blocks/tip/height': '102',
      };
      const [found, ...others] = await provider.unspent(address, undefined);
      expect(others).toEqual([]);
      const scriptPubKey = p2wpkhScript(wallet.publicKey);
      expect(found).toEqual({
        txid,
        vout: 1,
        amountSats: 5000n,
        scriptPubKey,
        previousTransaction: Uint8Array.of(1, 2),
      });
      expect(await provider.feeRate(undefined)).toBe(4.25);
      expect(await provider.confirmations(txid, undefined)).toBe(3);
      // Refused, but there: as good as taken.
      expect(await provider.broadcast(Uint8Array.of(7), txid, undefined)).toBe(txid);
      await expect(provider.broadcast(Uint8Array.of(7), 'cd'.repeat(32), undefined)).rejects.toMatchObject({
        code: 'CHAIN_REFUSED',
      });
      answers[`/address/${address}/utxo`] = JSON.stringify([utxo(true, 0.5)]);
      await expect(provider.unspent(address, undefined)).rejects.toMatchObject({ code: 'CHAIN_ANSWER' });
      answers['/fee-estimates'] = '{}';
      await expect(provider.feeRate(undefined)).rejects.toMatchObject({ code: 'CHAIN_ANSWER' });
      await expect(esplora('http://127.0.0.1:1', 'regtest').feeRate(undefined)).rejects.toMatchObject({
        code: 'CHAIN_UNREACHABLE',
      });
    });
  });
});

describe('cosmjs', () => {
  const hub = COSMOS_NETWORKS[0] as CosmosNetwork;
  const transfer = () => {
    const from = cosmosAddress(wallet.publicKey, hub.prefix);
    const coins = [{ denom: 'uatom', amount: 5n }];
    return {
      sends: [{ from, to: from, amount: coins }],
      memo: 'a & b',
      timeoutHeight: 0n,
      fee: { amount: [{ denom: 'uatom', amount: 1n }], gasLimit: 90_000n },
      accountNumber: 7n,
      sequence: 300n,
    };
  };
  const holds = async (message: Uint8Array, signature: string): Promise<boolean> =>
    Secp256k1.verifySignature(
      Secp256k1Signature.fromFixedLength(Buffer.from(signature, 'base64')),
      sha256(message),
      wallet.publicKey,
    );

  it('both sign modes; another address or chain is refused, and so is what cannot be read', async () => {
    const signer = cosmosSigner(wallet, { network: 'cosmoshub-4' });
    const both: OfflineDirectSigner & OfflineAminoSigner = signer;
    const [account] = await both.getAccounts();
    const address = account?.address as string;
    const direct = cosmosDirectChain(hub);
    const doc = SignDoc.decode(direct.encodeUnsigned(direct.build({ ...transfer(), publicKey: wallet.publicKey })));
    const signed = await both.signDirect(address, doc);
    expect(await holds(makeSignBytes(signed.signed), signed.signature.signature)).toBe(true);

    const amino = cosmosAminoChain(hub);
    const bytes = amino.encodeUnsigned(amino.build(transfer()));
    const std = JSON.parse(new TextDecoder().decode(bytes)) as StdSignDoc;
    const signedAmino = await both.signAmino(address, std);
    expect(await holds(serializeSignDoc(signedAmino.signed), signedAmino.signature.signature)).toBe(true);

    await expect(both.signDirect('cosmos1x', doc)).rejects.toThrow('signerAddress');
    await expect(both.signDirect(address, { ...doc, chainId: 'other' })).rejects.toThrow('chainId');
    await expect(both.signDirect(address, { ...doc, bodyBytes: fromHex('0a00') })).rejects.toThrow();
    await expect(both.signAmino(address, { ...std, more: 1 } as StdSignDoc)).rejects.toThrow();
  });
});
