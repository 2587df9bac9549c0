/**
 * The process of the local Bitcoin node: bcoin's full node on regtest, in memory, without a network.
 *
 * Started by `bitcoin-node.ts` with `NODE_BACKEND=js` (bcoin's pure JavaScript cryptography). It holds one key of its own, the
 * faucet, to which all blocks are mined. Consensus and relay rules are bcoin's; nothing here decides whether a spend is valid.
 *
 * @module
 */
import bcoin, { type Coin, type TX } from 'bcoin';
import type { WireCalls, WireMethod, WireRequest, WireSubmission, WireUtxo } from './bitcoin-node-messages.ts';

const PROGRESS_EVERY_BLOCKS = 25;
/** Sats per 1000 vbytes that the faucet pays. */
const FAUCET_FEE_RATE = 20_000;

const node = new bcoin.FullNode({
  network: 'regtest',
  memory: true,
  workers: false,
  indexTX: true,
  indexAddress: true,
  // The relay rules of the main network: low-s, minimal pushes, standard scripts.
  requireStandard: true,
  replaceByFee: true,
  logConsole: false,
  logFile: false,
  // RPC for whoever reads this chain, such as a validator: on this machine only, and without a password, as nothing here has any worth.
  httpHost: '127.0.0.1',
  httpPort: 0,
  noAuth: true,
});
const faucet = bcoin.KeyRing.generate(node.network);
faucet.witness = true;
let faucetCoins: Coin[] = [];

type Progress = (done: number, total: number) => void;
type Handlers = {
  readonly [M in WireMethod]: (
    params: Parameters<WireCalls[M]>[0],
    progress: Progress,
  ) => Promise<ReturnType<WireCalls[M]>>;
};

const handlers: Handlers = {
  async start({ blocks }, progress) {
    // Not node.open(): it would also look for other nodes.
    await node.handlePreopen();
    await node.chain.open();
    await node.mempool.open();
    await node.miner.open();
    node.miner.addAddress(faucet.getAddress());
    await mine(blocks, progress);
    if (!node.chain.state.hasWitness()) throw new Error(`witness rules are not active at height ${node.chain.height}`);
    await node.http.open();
    return { height: node.chain.height, client: `bcoin ${bcoin.pkg.version}`, rpcPort: node.http.address().port };
  },

  async fund({ scriptPubKey, amountSats }) {
    const target = bcoin.Script.fromRaw(Buffer.from(scriptPubKey, 'hex'));
    const mtx = new bcoin.MTX();
    mtx.addOutput(target, amountSats);
    const changeAddress = faucet.getAddress();
    await mtx.fund(faucetCoins, { changeAddress, rate: FAUCET_FEE_RATE, height: node.chain.height });
    mtx.sign(faucet);
    const tx = mtx.toTX();
    const orphanOf = await node.mempool.addTX(tx);
    if (orphanOf !== null) throw new Error('the faucet spends an output that the chain does not have');
    const spent = new Set(mtx.inputs.map(({ prevout }) => `${prevout.hash}:${prevout.index}`));
    faucetCoins = faucetCoins.filter((coin) => !spent.has(`${coin.hash}:${coin.index}`));
    await mine(1);
    if (mtx.changeIndex >= 0) faucetCoins.push(bcoin.Coin.fromTX(tx, mtx.changeIndex, node.chain.height));
    const coin = await node.chain.getCoin(tx.hash('hex'), 0);
    if (coin === null) throw new Error('the faucet payment was not mined');
    return utxoOf(tx.txid(), coin);
  },

  async submit({ rawTransaction }) {
    return judge(rawTransaction, async (tx) => {
      const orphanOf = await node.mempool.addTX(tx);
      if (orphanOf !== null) return 'missing inputs';
      return node.mempool.has(tx.hash('hex')) ? undefined : 'not in the mempool';
    });
  },

  async mineDirectly({ rawTransaction }) {
    return judge(rawTransaction, async (tx) => {
      const job = await node.miner.cpu.createJob();
      if (!job.addTX(tx, await node.mempool.getCoinView(tx))) return 'does not fit into a block';
      job.refresh();
      await connect(await job.mineAsync());
      return undefined;
    });
  },

  async mine({ blocks }, progress) {
    await mine(blocks, progress);
    return { height: node.chain.height };
  },

  async confirmations({ txid }) {
    const meta = await node.chain.getMeta(reverseHex(txid));
    return { confirmations: meta === null || meta.height < 0 ? 0 : node.chain.height - meta.height + 1 };
  },

  async utxo({ txid, vout }) {
    const coin = await node.chain.getCoin(reverseHex(txid), vout);
    return { utxo: coin === null ? null : utxoOf(txid, coin) };
  },
};

async function mine(blocks: number, progress?: Progress): Promise<void> {
  for (let done = 1; done <= blocks; done++) {
    await connect(await node.miner.cpu.mineBlock(null));
    if (done % PROGRESS_EVERY_BLOCKS === 0 || done === blocks) progress?.(done, blocks);
  }
}

/** Adds a block to the chain and remembers its reward. */
async function connect(block: { readonly txs: readonly TX[] }): Promise<void> {
  const entry = await node.chain.add(block);
  if (entry === null) throw new Error('a mined block was not connected');
  const [coinbase] = block.txs;
  // The reward halves every 150 blocks on regtest, so late blocks may carry nothing.
  const reward = coinbase?.outputs[0]?.value ?? 0;
  if (coinbase !== undefined && reward > 0) faucetCoins.push(bcoin.Coin.fromTX(coinbase, 0, entry.height));
}

/** Reads a transaction and turns bcoin's refusal into an answer. `attempt` gives a reason, or undefined when it went well. */
async function judge(
  rawTransaction: string,
  attempt: (tx: TX) => Promise<string | undefined>,
): Promise<WireSubmission> {
  const raw = Buffer.from(rawTransaction, 'hex');
  let tx: TX;
  try {
    tx = bcoin.TX.fromRaw(raw);
    if (!tx.toRaw().equals(raw)) throw new Error('trailing bytes');
  } catch {
    return { accepted: false, txid: '', reason: 'not a transaction' };
  }
  const txid = tx.txid();
  try {
    const reason = await attempt(tx);
    return reason === undefined ? { accepted: true, txid } : { accepted: false, txid, reason };
  } catch (error) {
    if (error instanceof Error && 'type' in error && error.type === 'VerifyError' && 'reason' in error) {
      return { accepted: false, txid, reason: String(error.reason) };
    }
    throw error;
  }
}

const utxoOf = (txid: string, coin: Coin): WireUtxo => ({
  txid,
  vout: coin.index,
  amountSats: coin.value,
  scriptPubKey: coin.script.toRaw().toString('hex'),
});

/** Displayed order to wire order and back. */
const reverseHex = (hex: string): string => Buffer.from(hex, 'hex').reverse().toString('hex');

const send = (message: object): void => void process.send?.(message);

// One request at a time: they change one chain.
let queue: Promise<void> = Promise.resolve();
process.on('message', (request: WireRequest) => {
  queue = queue.then(() => answer(request));
});
// The parent is gone, however it ended.
process.on('disconnect', () => process.exit(0));

async function answer<M extends WireMethod>(request: { id: number; method: M; params: Parameters<WireCalls[M]>[0] }) {
  const { id, method, params } = request;
  try {
    send({ id, result: await handlers[method](params, (done, total) => send({ id, done, total })) });
  } catch (error) {
    send({ id, error: error instanceof Error ? error.message : String(error) });
  }
}
