/**
 * Payments through servers of chains, over HTTP: what is asked and posted, answers in the form that real servers give, and what is not believed. A local
 * server stands in for theirs; real ones are in other-wallets.test.ts (bcoin).
 */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { p2wpkhAddress, p2wpkhScript } from '@dwallet/chains';
import { cosmosAddress } from '@dwallet/chains/cosmos';
import { tronAddress } from '@dwallet/chains/tron';
import { xrplAddress } from '@dwallet/chains/xrpl';
import type { SignedTransaction, TransactionIntent } from '@dwallet/client-sdk';
import { type BitcoinProvider, bitcoin, bitcoinNode, esplora } from '@dwallet/client-sdk/bitcoin';
import { cosmos, cosmosRest } from '@dwallet/client-sdk/cosmos';
import { tron, tronNode } from '@dwallet/client-sdk/tron';
import { rippled, xrpl } from '@dwallet/client-sdk/xrpl';
import { sha256 } from '@noble/hashes/sha2.js';
import { RawTx, Transaction } from '@scure/btc-signer';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { standInSigner } from '../../packages/chains/test/stand-in-signer.ts';

interface Asked {
  readonly path: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}
interface Paid {
  readonly txid: string;
  readonly raw: Uint8Array;
}
/** An error of a JSON-RPC. */
class Refusal extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
type Reply = { readonly status?: number; readonly json?: unknown; readonly text?: string };

let server: Server;
let url: string;
let asked: Asked[] = [];
let answer: (asked: Asked) => Reply;

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString();
      const call = {
        path: request.url ?? '',
        body: text === '' ? undefined : JSON.parse(text),
        headers: request.headers,
      };
      asked.push(call);
      const { status = 200, json, text: said = JSON.stringify(json) } = answer(call);
      response.writeHead(status, status === 302 ? { location: `${url}/elsewhere` } : {}).end(said);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(() => {
  asked = [];
});

const key = standInSigner(new Uint8Array(32).fill(0x51));
const own = key.publicKey;
const stranger = standInSigner(new Uint8Array(32).fill(0x52)).publicKey;

/** What `wallet.send` does, with a key that is there. */
async function prepared<Rpc, Receipt>(intent: TransactionIntent<Rpc, Receipt>, rpc: Rpc) {
  const { task, chain } = await intent.prepare(own, rpc, undefined);
  const opened = task.open(own);
  const signed: SignedTransaction = opened.attach(key.sign(opened.payloads));
  return { signed, chain, lines: opened.lines };
}
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: { readonly code?: string }) => error.code,
  );

describe('a server', () => {
  it('gets user and password as a header; neither they nor the address are in an error; it sends nobody elsewhere', async () => {
    const secret = url.replace('http://', 'http://someone:s%40cret@');
    const provider = bitcoinNode(`${secret}/key-of-access`, 'regtest');
    answer = () => ({ status: 401, text: '' });
    const refused = await provider.feeRate(undefined).catch((error: Error) => error.message);
    expect(asked[0]?.path).toBe('/key-of-access');
    expect(asked[0]?.headers['authorization']).toBe(`Basic ${Buffer.from('someone:s@cret').toString('base64')}`);
    answer = () => ({ status: 302 });
    asked = [];
    const led = await provider.feeRate(undefined).catch((error: Error) => error.message);
    expect(asked.map(({ path }) => path)).toEqual(['/key-of-access']);
    const gone = await bitcoinNode('http://someone:secret@127.0.0.1:1/key-of-access', 'regtest')
      .feeRate(undefined)
      .catch((error: Error) => error.message);
    for (const said of [refused, led, gone]) expect(said).not.toMatch(/cret|someone|127\.0\.0\.1|key-of-access/);
    expect(() => bitcoinNode('ftp://x', 'regtest')).toThrow('url');
  });

  it('that never stops answering is left', async () => {
    answer = () => ({ text: ' '.repeat(8_000_001) });
    await expect(esplora(url, 'regtest').feeRate(undefined)).rejects.toThrow('longer than 8000000 bytes');
  });
});

describe('Bitcoin Core', () => {
  const script = p2wpkhScript(own);
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  /** A transaction with one output of this key, as somebody may have paid it. */
  const paid = (amountSats: bigint): Paid => {
    const transaction = new Transaction();
    transaction.addInput({ txid: 'ee'.repeat(32), index: Number(amountSats / 10_000n) });
    transaction.addOutput({ script, amount: amountSats });
    const raw = transaction.unsignedTx;
    return { txid: hex(sha256(sha256(raw)).reverse()), raw };
  };
  const coins = [20_000n, 70_000n, 80_000n, 90_000n].map((amount) => paid(amount));
  const [small, large, spent, reward] = coins as [Paid, Paid, Paid, Paid];
  const unspent = (coin: { readonly txid: string }, amount: number, more: object = {}) => ({
    txid: coin.txid,
    vout: 0,
    scriptPubKey: hex(script),
    desc: 'addr(...)#aaaaaaaa',
    amount,
    coinbase: false,
    height: 100,
    ...more,
  });
  let mined: number | undefined;
  let taken: string | undefined;
  const node = (changes: Readonly<Record<string, (params: readonly unknown[]) => unknown>> = {}): void => {
    [mined, taken] = [undefined, undefined];
    const error = (code: number, message: string): never => {
      throw new Refusal(code, message);
    };
    const methods: Record<string, (params: readonly unknown[]) => unknown> = {
      getblockchaininfo: () => ({ chain: 'regtest', blocks: 150 }),
      scantxoutset: () => ({
        success: true,
        txouts: 4,
        height: 150,
        bestblock: 'bb'.repeat(32),
        unspents: [
          unspent(small, 0.0002),
          unspent(large, 0.0007),
          unspent(spent, 0.0008),
          unspent(reward, 0.0009, { coinbase: true, height: 60 }),
        ],
        total_amount: 0.0026,
      }),
      gettxout: ([txid, vout, mempool]) => {
        // The receiver has spent the payment already; the change is still there.
        if (txid === taken) return mined === undefined || vout !== 1 ? null : { confirmations: mined };
        const waiting = mempool === true && txid === spent.txid;
        return coins.some((coin) => coin.txid === txid) && !waiting ? { confirmations: 51 } : null;
      },
      getblockhash: ([height]) => String(height).padStart(64, '0'),
      // Without an index: only with the block, or in the mempool.
      getrawtransaction: ([txid, , block]) => {
        const coin = coins.find((each) => each.txid === txid);
        if (coin !== undefined && block === '100'.padStart(64, '0')) return hex(coin.raw);
        if (txid === taken && mined === undefined) return { txid, hex: '00' };
        return error(-5, 'No such mempool transaction. Use -txindex or provide a block hash');
      },
      estimatesmartfee: () => ({ feerate: 0.00002, blocks: 3 }),
      sendrawtransaction: ([raw]) => (taken = txidOf(String(raw))),
      ...changes,
    };
    answer = ({ body }) => {
      const { id, method, params } = body as { id: number; method: string; params: unknown[] };
      try {
        const work = methods[method] ?? (() => error(-32_601, 'Method not found'));
        return { json: { result: work(params), error: null, id } };
      } catch (reason) {
        const { code, message } = reason as Refusal;
        return { status: 500, json: { result: null, error: { code, message }, id } };
      }
    };
  };
  const txidOf = (raw: string): string => Transaction.fromRaw(Buffer.from(raw, 'hex')).id;
  const provider = (): BitcoinProvider => bitcoinNode(url, 'regtest');
  const payment = (amountSats: bigint) => bitcoin({ to: p2wpkhAddress(stranger, 'regtest'), amountSats });

  it('is paid through: its outputs with their transactions, two inputs, and the block seen without an index', async () => {
    node();
    const found = await provider().unspent(p2wpkhAddress(own, 'regtest'), undefined);
    // What a waiting payment spends is left alone, and a block reward that is too young.
    expect(found).toEqual([
      { txid: small.txid, vout: 0, amountSats: 20_000n, scriptPubKey: script, previousTransaction: small.raw },
      { txid: large.txid, vout: 0, amountSats: 70_000n, scriptPubKey: script, previousTransaction: large.raw },
    ]);
    const { signed, chain, lines } = await prepared(payment(80_000n), provider());
    expect(lines.join('\n')).toContain('80000');
    expect(await chain.broadcast(signed, undefined)).toBe(signed.txid);
    expect(RawTx.decode(signed.encoded).inputs).toHaveLength(2);
    expect(await provider().confirmations(signed.txid, undefined)).toBe(0);
    mined = 1;
    expect(await chain.wait(signed.txid, undefined)).toEqual({ confirmations: 1 });
    expect(await provider().feeRate(undefined)).toBeCloseTo(2);
  });

  it('that has the transaction already took it; one that refuses it, or names another, did not', async () => {
    const refuse = () => {
      throw new Refusal(-25, 'bad-txns-inputs-missingorspent');
    };
    node();
    const { signed } = await prepared(payment(50_000n), provider());
    node({ sendrawtransaction: refuse });
    expect(await codeOf(provider().broadcast(signed.encoded, signed.txid, undefined))).toBe('CHAIN_REFUSED');
    [mined, taken] = [3, signed.txid];
    expect(await provider().broadcast(signed.encoded, signed.txid, undefined)).toBe(signed.txid);
    node({ sendrawtransaction: () => 'ab'.repeat(32) });
    expect(await provider().broadcast(signed.encoded, signed.txid, undefined)).toBe('ab'.repeat(32));
  });

  it.each<readonly [string, Readonly<Record<string, (params: readonly unknown[]) => unknown>>, string]>([
    ['of another network', { getblockchaininfo: () => ({ chain: 'main' }) }, 'CHAIN_REFUSED'],
    ['that did not finish', { scantxoutset: () => ({ success: false, unspents: [], height: 1 }) }, 'CHAIN_REFUSED'],
    ['with an amount of nine decimals', { scantxoutset: () => scanOf({ amount: 0.000000001 }) }, 'CHAIN_ANSWER'],
    ['with an amount in words', { scantxoutset: () => scanOf({ amount: '0.1' }) }, 'CHAIN_ANSWER'],
    ['with half a transaction id', { scantxoutset: () => scanOf({ txid: 'ab' }) }, 'CHAIN_ANSWER'],
    ['without a height', { scantxoutset: () => scanOf({ height: undefined }) }, 'CHAIN_ANSWER'],
    ['whose transaction is no hex', { getrawtransaction: () => 'xyz' }, 'CHAIN_ANSWER'],
  ])('an answer %s is no answer', async (_, changes, code) => {
    node(changes);
    expect(await codeOf(provider().unspent(p2wpkhAddress(own, 'regtest'), undefined))).toBe(code);
  });
  const scanOf = (change: object) => ({
    success: true,
    height: 150,
    unspents: [unspent(small, 0.0002, change)],
  });

  it('cannot say that an output holds more than it does, nor answer another call', async () => {
    node({ scantxoutset: () => scanOf({ amount: 0.5 }) });
    await expect(prepared(payment(1_000_000n), provider())).rejects.toThrow();
    answer = () => ({ json: { result: { chain: 'regtest' }, error: null, id: 77 } });
    await expect(provider().feeRate(undefined)).rejects.toThrow('of another call');
    node({ estimatesmartfee: () => ({ errors: ['Insufficient data or no feerate found'], blocks: 3 }) });
    await expect(provider().feeRate(undefined)).rejects.toThrow('feeRateSatsPerVbyte');
  });
});

describe('Tron', () => {
  const genesis = `0000000000000000${'1'.repeat(40)}cd8690dc`;
  const blockID = '0000000003a4d7a2d5bbbc3a1ea0f1b3b6b9b5c9d7e1f00112233445566778899'.slice(0, 64);
  const block = {
    blockID,
    block_header: { raw_data: { number: 61_134_754, timestamp: 1_700_000_000_000, txTrieRoot: '00' } },
  };
  const methods = (changes: Readonly<Record<string, unknown>> = {}): void => {
    const replies: Readonly<Record<string, unknown>> = {
      '/wallet/getblockbynum': { blockID: genesis, block_header: {} },
      '/wallet/getnowblock': block,
      ...changes,
    };
    answer = ({ path }) => ({ json: replies[path] ?? { Error: 'class java.lang.NullPointerException : null' } });
  };
  const provider = () => tronNode(url, 'tron:0xcd8690dc', { 'TRON-PRO-API-KEY': 'key' });
  const payment = () => prepared(tron({ to: tronAddress(stranger), amount: 5_000_000n }), provider());

  it('a payment is posted as hex, with its key of access, and its outcome read', async () => {
    methods();
    const { signed, chain } = await payment();
    methods({
      '/wallet/broadcasthex': { result: true, code: 'SUCCESS', txid: signed.txid, message: '' },
      '/wallet/gettransactioninfobyid': { id: signed.txid, blockNumber: 61_134_755, receipt: { net_usage: 268 } },
    });
    asked = [];
    expect(await chain.broadcast(signed, undefined)).toBe(signed.txid);
    const posted = asked.find(({ path }) => path === '/wallet/broadcasthex');
    expect(posted?.body).toEqual({ transaction: Buffer.from(signed.encoded).toString('hex') });
    expect(posted?.headers['tron-pro-api-key']).toBe('key');
    expect(await chain.wait(signed.txid, undefined)).toEqual({ status: 'success', blockNumber: 61_134_755n });
    const receipt = { energy_usage_total: 13_000, result: 'OUT_OF_ENERGY' };
    methods({ '/wallet/gettransactioninfobyid': { id: signed.txid, blockNumber: 5, result: 'FAILED', receipt } });
    expect(await provider().outcome(signed.txid, undefined)).toEqual({ status: 'failed', blockNumber: 5n });
    methods({ '/wallet/gettransactioninfobyid': {} });
    expect(await provider().outcome(signed.txid, undefined)).toBeUndefined();
  });

  it('known already is no error; refused is one; a node of another network gets nothing', async () => {
    methods();
    const { signed } = await payment();
    const broadcast = () => provider().broadcast(signed.encoded, signed.txid, undefined);
    methods({ '/wallet/broadcasthex': { code: 'DUP_TRANSACTION_ERROR', txid: signed.txid, message: 'dup trans' } });
    expect(await broadcast()).toBe(signed.txid);
    methods({ '/wallet/broadcasthex': { code: 'SIGERROR', message: Buffer.from('not enough').toString('hex') } });
    await expect(broadcast()).rejects.toThrow('SIGERROR): not enough');
    methods({ '/wallet/getblockbynum': { blockID: genesis.replace('cd8690dc', '2b6653dc') } });
    asked = [];
    expect(await codeOf(broadcast())).toBe('CHAIN_REFUSED');
    expect(asked.map(({ path }) => path)).toEqual(['/wallet/getblockbynum']);
    methods({ '/wallet/getnowblock': { ...block, block_header: { raw_data: { number: -1, timestamp: 0 } } } });
    expect(await codeOf(payment())).toBe('CHAIN_ANSWER');
  });
});

describe('the XRP Ledger', () => {
  let submitted: Record<string, unknown> = {};
  const methods = (changes: Readonly<Record<string, object>> = {}): void => {
    const results: Readonly<Record<string, object>> = {
      server_info: { info: { build_version: '2.6.1', network_id: 1, server_state: 'full' }, status: 'success' },
      account_info: { account_data: { Account: 'r', Balance: '100000000', Sequence: 41 }, status: 'success' },
      ledger_current: { ledger_current_index: 1000, status: 'success' },
      fee: { drops: { base_fee: '10', open_ledger_fee: '12' }, status: 'success' },
      tx: { error: 'txnNotFound', error_code: 29, status: 'error' },
      ...changes,
    };
    answer = ({ body }) => {
      const { method, params } = body as { method: string; params: [Record<string, unknown>] };
      if (method === 'submit') submitted = params[0];
      return { json: { result: results[method] ?? { error: 'unknownCmd', status: 'error' } } };
    };
  };
  const provider = () => rippled(url, 'xrpl:1');
  const payment = () => prepared(xrpl({ destination: xrplAddress(stranger), amount: 25_000_000n }), provider());
  const submit = (result: string, hash: string) => ({
    engine_result: result,
    engine_result_message: 'as it says',
    tx_json: { hash },
    status: 'success',
  });

  it('a payment is submitted, and its outcome read when a validated ledger has it', async () => {
    methods();
    const { signed, chain } = await payment();
    methods({
      submit: submit('tesSUCCESS', signed.txid),
      tx: { meta: { TransactionResult: 'tecPATH_DRY' }, ledger_index: 1001, validated: true, status: 'success' },
    });
    expect(await chain.broadcast(signed, undefined)).toBe(signed.txid);
    expect(submitted).toEqual({ tx_blob: Buffer.from(signed.encoded).toString('hex').toUpperCase() });
    expect(await chain.wait(signed.txid, undefined)).toEqual({ result: 'tecPATH_DRY', ledgerIndex: 1001 });
    methods({ tx: { ledger_index: 1001, validated: false, status: 'success' } });
    expect(await provider().outcome(signed.txid, undefined)).toBeUndefined();
    methods();
    expect(await provider().outcome(signed.txid, undefined)).toBeUndefined();
  });

  it('refused, unless it is there already; a server of another network gets nothing', async () => {
    methods();
    const { signed } = await payment();
    const send = () => provider().submit(signed.encoded, signed.txid, undefined);
    methods({ submit: submit('tefPAST_SEQ', signed.txid) });
    await expect(send()).rejects.toThrow('tefPAST_SEQ): as it says');
    methods({ submit: submit('tefALREADY', signed.txid), tx: { validated: false, status: 'success' } });
    expect(await send()).toBe(signed.txid);
    submitted = {};
    methods({ server_info: { info: {}, status: 'success' } });
    expect(await codeOf(send())).toBe('CHAIN_REFUSED');
    expect(submitted).toEqual({});
    methods({ fee: { drops: { open_ledger_fee: '12.5' }, status: 'success' } });
    expect(await codeOf(payment())).toBe('CHAIN_ANSWER');
    methods({ account_info: { error: 'actNotFound', status: 'error' } });
    await expect(payment()).rejects.toThrow('actNotFound');
  });
});

describe('Cosmos', () => {
  const address = cosmosAddress(own, 'cosmos');
  const info = { address, pub_key: null, account_number: '7', sequence: '300' };
  const paths = (changes: Readonly<Record<string, Reply>> = {}): void => {
    const replies: Readonly<Record<string, Reply>> = {
      '/rest/cosmos/base/tendermint/v1beta1/node_info': { json: { default_node_info: { network: 'cosmoshub-4' } } },
      [`/rest/cosmos/auth/v1beta1/account_info/${address}`]: { json: { info } },
      ...changes,
    };
    answer = ({ path }) => replies[path] ?? { status: 404, json: { code: 5, message: 'tx not found', details: [] } };
  };
  const provider = () => cosmosRest(`${url}/rest/`, 'cosmoshub-4');
  const uatom = (amount: bigint) => ({ denom: 'uatom', amount });
  const payment = () =>
    prepared(cosmos({ to: cosmosAddress(stranger, 'cosmos'), amount: uatom(5n), fee: uatom(600n) }), provider());
  const posting = (response: object): Reply => ({ json: { tx_response: { height: '0', raw_log: '', ...response } } });
  const txs = '/rest/cosmos/tx/v1beta1/txs';

  it('a transfer is posted in base64, and its outcome read', async () => {
    paths();
    const { signed, chain, lines } = await payment();
    expect(lines.join('\n')).toContain('uatom');
    paths({
      [txs]: posting({ code: 0, txhash: signed.txid }),
      [`${txs}/${signed.txid}`]: { json: { tx: {}, tx_response: { height: '123', code: 0, txhash: signed.txid } } },
    });
    expect(await chain.broadcast(signed, undefined)).toBe(signed.txid);
    const posted = asked.find(({ path }) => path === txs);
    expect(posted?.body).toEqual({
      tx_bytes: Buffer.from(signed.encoded).toString('base64'),
      mode: 'BROADCAST_MODE_SYNC',
    });
    expect(await chain.wait(signed.txid, undefined)).toEqual({ status: 'success', height: 123n });
    paths();
    expect(await provider().outcome(signed.txid, undefined)).toBeUndefined();
    paths({ [`${txs}/${signed.txid}`]: { json: { tx_response: { height: '9', code: 5 } } } });
    expect(await provider().outcome(signed.txid, undefined)).toEqual({ status: 'failed', height: 9n });
    paths({ [`${txs}/${signed.txid}`]: { status: 503, json: {} } });
    expect(await codeOf(provider().outcome(signed.txid, undefined))).toBe('CHAIN_REFUSED');
  });

  it('refused, unless it is there already; a node of another network, or another account, is not believed', async () => {
    paths();
    const { signed } = await payment();
    const send = () => provider().broadcast(signed.encoded, signed.txid, undefined);
    paths({ [txs]: posting({ code: 19, codespace: 'sdk', txhash: signed.txid }) });
    expect(await send()).toBe(signed.txid);
    const wrong = posting({ code: 32, codespace: 'sdk', raw_log: 'account sequence mismatch' });
    paths({ [txs]: wrong });
    await expect(send()).rejects.toThrow('(32): account sequence mismatch');
    paths({ [txs]: wrong, [`${txs}/${signed.txid}`]: { json: { tx_response: { height: '9', code: 0 } } } });
    expect(await send()).toBe(signed.txid);
    paths({
      '/rest/cosmos/base/tendermint/v1beta1/node_info': {
        json: { default_node_info: { network: 'theta-testnet-001' } },
      },
    });
    asked = [];
    expect(await codeOf(send())).toBe('CHAIN_REFUSED');
    expect(asked).toHaveLength(1);
    const elsewhere = { ...info, address: cosmosAddress(stranger, 'cosmos') };
    paths({ [`/rest/cosmos/auth/v1beta1/account_info/${address}`]: { json: { info: elsewhere } } });
    expect(await codeOf(payment())).toBe('CHAIN_ANSWER');
    expect(() => cosmosRest(url, 'nowhere-1')).toThrow('network');
  });
});
