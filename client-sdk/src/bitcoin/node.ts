/**
 * Bitcoin through a node of one's own: the JSON-RPC of Bitcoin Core, or of bcoin.
 *
 * @module
 */
import { type BitcoinNetworkName, addressToScript } from '@dwallet/chains';
import {
  AnswerFields,
  type ChainAnswer,
  ChainServer,
  ChainServerError,
  hexAnswer,
  listAnswer,
  parseAnswer,
  passedOnce,
  refusal,
} from '../chain-server.ts';
import { hex } from '../hex.ts';
import { polled } from '../polling.ts';
import { type BitcoinOutpoint, type BitcoinProvider, maxTransactionBytes, txidForm } from './provider.ts';

/** What nodes call their chains. */
const chainOf: Readonly<Record<BitcoinNetworkName, string>> = { mainnet: 'main', testnet: 'test', regtest: 'regtest' };
/** Bitcoin Core reads all unspent outputs there are: a minute or two on the main network. */
const scanMs = 290_000;
/** Blocks after which a block reward can be spent. */
const coinbaseMaturity = 100;
const methodNotFound = -32_601;
const takenPollMs = 100;
const takenAttempts = 50;

/** A confirmed output, before anything about it was looked up. */
interface Coin {
  readonly txid: string;
  readonly vout: number;
  readonly amountSats: bigint;
  readonly scriptPubKey: Uint8Array;
  readonly height: number;
  readonly coinbase: boolean;
}

/**
 * A node of one's own; it needs no wallet. Bitcoin Core 0.19 or newer, not pruned: outputs are found by `scantxoutset`. bcoin 1 or newer with
 * `index-tx` and `index-address`: outputs are found by its HTTP interface at the same address. Each output comes with the transaction that made it, so
 * that no amount has to be believed.
 * @param url - of the JSON-RPC, with user and password if it wants them: `http://user:password@127.0.0.1:8332`.
 * @param blocks - within how many blocks a payment should come in, for the fee.
 */
export function bitcoinNode(url: string, network: BitcoinNetworkName, blocks = 3): BitcoinProvider {
  const server = new ChainServer(url);
  const call = rpcOf(server);
  const requireChain = passedOnce(async (signal) => {
    const chain = new AnswerFields(await call('getblockchaininfo', [], signal)).text('chain', /^[a-z0-9]{1,20}$/);
    if (chain !== chainOf[network]) throw refusal(`the node is of the chain "${chain}", not of ${network}`, '');
  });

  /** With its transaction. Bitcoin Core finds that without an index when it is told the block; bcoin takes no block. */
  const outpointOf = async (coin: Coin, core: boolean, signal: AbortSignal | undefined): Promise<BitcoinOutpoint> => {
    const { txid, vout, amountSats, scriptPubKey, height } = coin;
    const block = core ? [await call('getblockhash', [height], signal)] : [];
    const raw = await call('getrawtransaction', [txid, false, ...block], signal);
    const previousTransaction = hexAnswer(raw, 'transaction', maxTransactionBytes);
    return { txid, vout, amountSats, scriptPubKey, previousTransaction };
  };

  const unspentOfCore = async (
    scan: AnswerFields,
    address: string,
    signal: AbortSignal | undefined,
  ): Promise<BitcoinOutpoint[]> => {
    if (scan.get('success') !== true) throw refusal('the node did not read its unspent outputs', '');
    const scriptPubKey = addressToScript(address, network);
    const found: BitcoinOutpoint[] = [];
    // One after the other: a node takes few questions at a time.
    for (const coin of spendable(scan.list('unspents').map(coreCoin), scan.count('height'))) {
      if (!sameBytes(coin.scriptPubKey, scriptPubKey)) continue;
      // The scan knows blocks only. An output that a waiting payment spends would make the next payment replace it.
      if ((await call('gettxout', [coin.txid, coin.vout, true], signal)) === null) continue;
      found.push(await outpointOf(coin, true, signal));
    }
    return found;
  };
  const coinsOfBcoin = async (
    address: string,
    script: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<readonly AnswerFields[]> => {
    const by = async (name: string): Promise<readonly AnswerFields[]> =>
      listAnswer(await server.json(`/coin/address/${name}`, { signal }));
    try {
      return await by(address);
    } catch (error) {
      // bcoin 1 has a prefix of its own for addresses of regtest. Of a witness program it takes the hash as well.
      if (error instanceof ChainServerError && error.code === 'CHAIN_REFUSED' && script[0] === 0)
        return by(hex(script.slice(2)));
      throw error;
    }
  };
  const unspentOfBcoin = async (address: string, signal: AbortSignal | undefined): Promise<BitcoinOutpoint[]> => {
    const script = addressToScript(address, network);
    // Height -1: in no block yet.
    const coins = (await coinsOfBcoin(address, script, signal)).filter((coin) => coin.get('height') !== -1);
    const tip = new AnswerFields({ height: await call('getblockcount', [], signal) }, 'tip').count('height');
    const found: BitcoinOutpoint[] = [];
    for (const coin of spendable(coins.map(bcoinCoin), tip))
      if (sameBytes(coin.scriptPubKey, script)) found.push(await outpointOf(coin, false, signal));
    return found;
  };

  /** 0 in the mempool; undefined where the node does not know it. */
  const depthOf = async (txid: string, signal: AbortSignal | undefined): Promise<number | undefined> => {
    try {
      const transaction = new AnswerFields(await call('getrawtransaction', [txid, true], signal));
      return transaction.get('confirmations') === undefined ? 0 : transaction.count('confirmations');
    } catch (error) {
      if (!(error instanceof ChainServerError && error.code === 'CHAIN_REFUSED')) throw error;
    }
    // Without an index of transactions Bitcoin Core knows those of its mempool, and what is unspent: the payment, or what went back.
    for (const vout of [0, 1]) {
      const output = await call('gettxout', [txid, vout, false], signal);
      if (output !== null) return new AnswerFields(output).count('confirmations');
    }
    return undefined;
  };

  return {
    network,
    async unspent(address, signal) {
      await requireChain(signal);
      let scan: unknown;
      try {
        scan = await call('scantxoutset', ['start', [`addr(${address})`]], signal, scanMs);
      } catch (error) {
        if (error instanceof ChainServerError && error.serverCode === methodNotFound)
          return unspentOfBcoin(address, signal);
        throw error;
      }
      return unspentOfCore(new AnswerFields(scan), address, signal);
    },
    async feeRate(signal) {
      await requireChain(signal);
      const estimate = new AnswerFields(await call('estimatesmartfee', [blocks], signal));
      // In BTC per 1000 vbytes: "feerate" of Bitcoin Core, "fee" of bcoin, which is -1 when it does not know.
      const rate = estimate.get('feerate') ?? estimate.get('fee');
      if (typeof rate !== 'number' || !(rate > 0))
        throw new ChainServerError('CHAIN_ANSWER', 'the node has no fee estimate: give feeRateSatsPerVbyte');
      return rate * 1e5;
    },
    async broadcast(raw, txid, signal) {
      await requireChain(signal);
      let named: unknown;
      try {
        named = await call('sendrawtransaction', [hex(raw)], signal);
      } catch (error) {
        // It may be there already, from here or from elsewhere.
        if ((await depthOf(txid, signal).catch((): undefined => undefined)) !== undefined) return txid;
        throw error;
      }
      if (named !== txid) return new AnswerFields({ named }).text('named', txidForm);
      // bcoin answers before it has judged the transaction.
      let attempts = 0;
      const taken = async (): Promise<boolean | undefined> =>
        (await depthOf(txid, signal)) !== undefined || (++attempts < takenAttempts ? undefined : false);
      if (!(await polled(taken, takenPollMs, signal))) throw refusal('the node did not take the transaction', '');
      return txid;
    },
    confirmations: async (txid, signal) => (await depthOf(txid, signal)) ?? 0,
  };
}

type Call = (
  method: string,
  params: readonly unknown[],
  signal: AbortSignal | undefined,
  timeoutMs?: number,
) => Promise<unknown>;

/** @returns of each call the result. @throws ChainServerError with the node's code in `serverCode`. */
function rpcOf(server: ChainServer): Call {
  let lastId = 0;
  return async (method, params, signal, timeoutMs) => {
    const id = ++lastId;
    const asked = await server.ask('', {
      signal,
      json: { jsonrpc: '1.0', id, method, params },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    const answer = rpcAnswer(asked);
    const error = answer.get('error');
    if (error !== undefined) {
      const { code, message } = (typeof error === 'object' ? error : {}) as { code?: unknown; message?: unknown };
      throw refusal(`the node refuses ${method}`, message, typeof code === 'number' ? code : undefined);
    }
    if (answer.get('id') !== id)
      throw new ChainServerError('CHAIN_ANSWER', `the answer to ${method} is of another call`);
    return answer.get('result') ?? null;
  };
}

/** Errors of the RPC come with HTTP status 404 or 500 and JSON; a wrong password with 401 and none. */
function rpcAnswer({ status, text }: ChainAnswer): AnswerFields {
  if (status === 401 || status === 403) throw refusal(`the node refuses (${status}): user and password?`, '', status);
  try {
    return new AnswerFields(parseAnswer(text));
  } catch (error) {
    throw status === 200 ? error : refusal(`the node refuses (${status})`, text, status);
  }
}

const coreCoin = (coin: AnswerFields): Coin => ({
  txid: coin.text('txid', txidForm),
  vout: coin.count('vout'),
  amountSats: satsOf(coin.get('amount')),
  scriptPubKey: coin.bytes('scriptPubKey', maxTransactionBytes),
  height: coin.count('height'),
  // Older nodes do not say. They refuse the payment, then.
  coinbase: coin.get('coinbase') === true,
});
const bcoinCoin = (coin: AnswerFields): Coin => ({
  txid: coin.text('hash', txidForm),
  vout: coin.count('index'),
  amountSats: BigInt(coin.count('value')),
  scriptPubKey: coin.bytes('script', maxTransactionBytes),
  height: coin.count('height'),
  coinbase: coin.get('coinbase') === true,
});

/** What the next block may spend. @param tip - height of the newest block. */
const spendable = (coins: readonly Coin[], tip: number): readonly Coin[] =>
  coins.filter(({ coinbase, height }) => !coinbase || tip + 1 - height >= coinbaseMaturity);

/** From BTC as a JSON number: exactly, or not at all. */
function satsOf(btc: unknown): bigint {
  const sats = typeof btc === 'number' ? Math.round(btc * 1e8) : Number.NaN;
  if (!Number.isSafeInteger(sats) || sats < 0 || sats / 1e8 !== btc)
    throw new ChainServerError('CHAIN_ANSWER', 'an amount cannot be read');
  return BigInt(sats);
}

const sameBytes = (x: Uint8Array, y: Uint8Array): boolean =>
  x.length === y.length && x.every((byte, i) => byte === y[i]);
