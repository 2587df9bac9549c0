/**
 * A real local Bitcoin full node: bcoin on regtest, in memory, in a process of its own.
 *
 * At its start it mines until the witness rules are active and its faucet has money. bcoin knows no Taproot rules.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { WireMessage, WireMethod, WireParams, WireResult, WireUtxo } from './bitcoin-node-messages.ts';
import { endChild, killWithParent } from './child-processes.ts';
import { LocalChainError } from './local-chain-error.ts';

/** Witness rules are active at height 432 on regtest, and block rewards can be spent after 100 blocks. */
const START_BLOCKS = 450;
const KEPT_OUTPUT = 4000;

/** An unspent output; the same shape as `Utxo` of @dwallet/chains, so it can be spent as it is. */
export interface BitcoinUtxo {
  /** As displayed, 64 hex digits. */
  readonly txid: string;
  readonly vout: number;
  readonly amountSats: bigint;
  readonly scriptPubKey: Uint8Array;
}

/** What became of a raw transaction. `txid` is empty where the bytes are no transaction at all. */
export type BitcoinSubmission =
  | { readonly accepted: true; readonly txid: string }
  | {
      readonly accepted: false;
      readonly txid: string;
      /**
       * bcoin's word. A wrong witness signature is `non-mandatory-script-verify-flag` in the mempool (witness rules are a soft
       * fork, so they count as "non-mandatory" there) and `mandatory-script-verify-flag-failed` in a block.
       */
      readonly reason: string;
    };

/** Blocks mined so far of a longer run. */
export type MiningProgress = (done: number, total: number) => void;

/** A running node. */
export interface BitcoinNode {
  readonly network: 'regtest';
  /** `bcoin v1.0.2`. */
  readonly client: string;
  /** Address of its JSON-RPC, on 127.0.0.1. */
  readonly rpcUrl: string;
  /** Pays `amountSats` from the faucet to an output script and mines the payment. */
  fund(scriptPubKey: Uint8Array, amountSats: bigint): Promise<BitcoinUtxo>;
  /** Offers a raw transaction to the mempool, under consensus and relay rules. A refusal is an answer, not an error. */
  submit(rawTransaction: Uint8Array): Promise<BitcoinSubmission>;
  /**
   * Puts a raw transaction straight into a new block, past the mempool: accepted means valid by consensus alone.
   * Not for transactions that are in the mempool already.
   */
  mineDirectly(rawTransaction: Uint8Array): Promise<BitcoinSubmission>;
  /** Mines blocks with what is in the mempool. Returns the new height. */
  mine(blocks: number, onProgress?: MiningProgress): Promise<number>;
  /** Number of blocks on top of and with the transaction; 0 while it is not mined. */
  confirmations(txid: string): Promise<number>;
  isConfirmed(txid: string): Promise<boolean>;
  /** An unspent output of the chain, or undefined if it does not exist or is spent. */
  utxo(txid: string, vout: number): Promise<BitcoinUtxo | undefined>;
  /** Ends the node. Safe to call again. */
  stop(): Promise<void>;
}

/**
 * Starts a node and mines its first 450 blocks; about 1 to 6 s.
 *
 * @param options.signal - when aborted, the start fails, or the running node is ended.
 * @param options.onProgress - called every 25 blocks while it starts.
 * @throws {@link LocalChainError} With a sentence for the user.
 */
export async function startBitcoinNode(
  options: { readonly signal?: AbortSignal; readonly onProgress?: MiningProgress } = {},
): Promise<BitcoinNode> {
  options.signal?.throwIfAborted();
  const child = launch();
  killWithParent(child);
  const abort = (): void => void endChild(child);
  options.signal?.addEventListener('abort', abort, { once: true });
  const call = caller(child);
  const stop = async (): Promise<void> => {
    options.signal?.removeEventListener('abort', abort);
    await endChild(child);
  };
  let client: string;
  let rpcPort: number;
  try {
    ({ client, rpcPort } = await call('start', { blocks: START_BLOCKS }, options.onProgress));
  } catch (cause) {
    await stop();
    options.signal?.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LocalChainError('START_FAILED', `The local Bitcoin node (bcoin) did not start: ${why}`, { cause });
  }
  const confirmations = async (txid: string): Promise<number> => (await call('confirmations', { txid })).confirmations;
  return {
    network: 'regtest',
    client,
    rpcUrl: `http://127.0.0.1:${rpcPort}`,
    async fund(scriptPubKey, amountSats) {
      return fromWire(await call('fund', { scriptPubKey: hex(scriptPubKey), amountSats: Number(amountSats) }));
    },
    submit: (rawTransaction) => call('submit', { rawTransaction: hex(rawTransaction) }),
    mineDirectly: (rawTransaction) => call('mineDirectly', { rawTransaction: hex(rawTransaction) }),
    async mine(blocks, onProgress) {
      return (await call('mine', { blocks }, onProgress)).height;
    },
    confirmations,
    isConfirmed: async (txid) => (await confirmations(txid)) > 0,
    async utxo(txid, vout) {
      const { utxo } = await call('utxo', { txid, vout });
      return utxo === null ? undefined : fromWire(utxo);
    },
    stop,
  };
}

/** The node's program beside this file: compiled JavaScript in `dist`, or TypeScript through tsx in a checkout. */
function launch(): ChildProcess {
  const fromSource = import.meta.url.endsWith('.ts');
  const program = new URL(`./bitcoin-node-process.${fromSource ? 'ts' : 'js'}`, import.meta.url);
  const loader = fromSource ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [];
  return fork(fileURLToPath(program), [], {
    // Not our own flags: a test runner's or debugger's would disturb the node.
    execArgv: loader,
    // bcoin's native add-ons are not built (install scripts are off); this chooses its JavaScript ones without a search.
    env: { ...process.env, NODE_BACKEND: 'js', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

type Call = <M extends WireMethod>(
  method: M,
  params: WireParams<M>,
  onProgress?: MiningProgress,
) => Promise<WireResult<M>>;

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: MiningProgress | undefined;
}

/** Requests and answers by number. When the process ends, everything that waits fails with its last output. */
function caller(child: ChildProcess): Call {
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let output = '';
  let ended: LocalChainError | undefined;
  const read = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-KEPT_OUTPUT);
  };
  child.stdout?.on('data', read);
  child.stderr?.on('data', read);
  const end = (how: string): void => {
    const said = output.trim() === '' ? '' : ` It said: ${output.trim()}`;
    ended ??= new LocalChainError('STOPPED', `The local Bitcoin node is not running any more (${how}).${said}`);
    for (const { reject } of pending.values()) reject(ended);
    pending.clear();
  };
  child.once('error', (error) => end(error.message));
  child.once('close', (code, signal) => end(signal ?? `exit code ${code}`));
  child.on('message', (message: WireMessage) => {
    const request = pending.get(message.id);
    if (request === undefined) return;
    if ('done' in message) {
      request.onProgress?.(message.done, message.total);
      return;
    }
    pending.delete(message.id);
    if ('error' in message) request.reject(new LocalChainError('REQUEST_FAILED', `Bitcoin node: ${message.error}`));
    else request.resolve(message.result as never);
  });
  return (method, params, onProgress) =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) {
        reject(ended);
        return;
      }
      lastId += 1;
      pending.set(lastId, { resolve, reject, onProgress });
      // A closed channel also ends the child: `close` then rejects.
      child.send({ id: lastId, method, params }, () => {});
    });
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const fromWire = (utxo: WireUtxo): BitcoinUtxo => ({
  txid: utxo.txid,
  vout: utxo.vout,
  amountSats: BigInt(utxo.amountSats),
  scriptPubKey: Uint8Array.from(Buffer.from(utxo.scriptPubKey, 'hex')),
});
