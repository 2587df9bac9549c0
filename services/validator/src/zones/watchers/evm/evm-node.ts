/**
 * One EVM node behind JSON-RPC. Logs are asked for in ranges of blocks; what a range says is compared, block by block, with the receipts of
 * the blocks, and the Bloom filters of the headers say in which blocks to look for logs that were left out.
 *
 * @module
 */
import { decodeEvmAddress } from '@dwallet/chains';
import { DecodeError } from '@dwallet/sigma';
import { type ObservedEvent, chainConfiguration } from '@dwallet/zones';
import { z } from 'zod';
import type { ChainNode, Tip } from '../chain-node.ts';
import { concurrently } from '../concurrently.ts';
import type { JsonRpc } from '../json-rpc.ts';
import { InconsistentNodeError, MovedError, SilentNodeError } from '../node-error.ts';
import type {
  BlockHead,
  ClusterObservation,
  InconsistencyCheck,
  RunningConfiguration,
  WatchTarget,
} from '../watcher.ts';
import { type EvmTargets, assetFilters, evmTargets, nativeEvent, tokenEvents } from './departures.ts';
import { eventTopics, fromHex, readDelivery, readMessage, toHex } from './events.ts';
import { type LogFilter, bloomTest, matches } from './log-filter.ts';
import { type NamedContract, readConfiguration } from './running.ts';
import {
  type BlockValue,
  type LogValue,
  type ReceiptValue,
  type TransactionValue,
  blockValue,
  data,
  fullBlockValue,
  logValue,
  quantity,
  readValue,
  receiptValue,
  transactionValue,
  word,
} from './rpc-values.ts';

/** Requests to one node at a time. */
const width = 4;
/** Headers that are remembered between the question for a block and that for its logs. */
const maxRemembered = 4096;

export interface EvmNodeOptions {
  readonly name: string;
  readonly rpc: JsonRpc;
  /** CAIP-2, `eip155:<id>`. */
  readonly chain: string;
  /** Address of the gateway contract. */
  readonly gateway: string | undefined;
  /** The contracts whose code and settings a cluster approves. Empty: nobody looks. */
  readonly contracts: readonly NamedContract[];
  /** Something that looks like an event and is none. */
  readonly ignored: (reason: string, reference: string) => void;
}

interface Header {
  readonly bloom: Uint8Array;
  readonly transactions: number;
}

const number = (height: number): string => `0x${height.toString(16)}`;
const sameLog = (a: LogValue, b: LogValue): boolean =>
  a.address === b.address &&
  a.data === b.data &&
  a.transactionHash === b.transactionHash &&
  a.topics.length === b.topics.length &&
  a.topics.every((topic, i) => topic === b.topics[i]);

export class EvmNode implements ChainNode {
  readonly name: string;
  readonly #options: EvmNodeOptions;
  readonly #gateway: string | undefined;
  /** By block hash with `0x`; the oldest are forgotten. */
  readonly #headers = new Map<string, Header>();
  #blockReceipts = true;

  constructor(options: EvmNodeOptions) {
    this.name = options.name;
    this.#options = options;
    this.#gateway = options.gateway === undefined ? undefined : toHex(decodeEvmAddress(options.gateway));
  }

  #wrong(check: InconsistencyCheck, detail: string): InconsistentNodeError {
    return new InconsistentNodeError(this.name, check, detail);
  }

  async #call<S extends z.ZodType>(
    method: string,
    params: readonly unknown[],
    schema: S,
    signal: AbortSignal,
  ): Promise<z.output<S>> {
    return readValue(this.name, method, schema, await this.#options.rpc.call(method, params, signal));
  }

  #remember({ hash, parentHash, number: height, timestamp, logsBloom, transactions }: BlockValue): BlockHead {
    if (this.#headers.size >= maxRemembered) {
      const [oldest] = this.#headers.keys();
      if (oldest !== undefined) this.#headers.delete(oldest);
    }
    this.#headers.set(hash, { bloom: fromHex(logsBloom), transactions: transactions.length });
    const time = timestamp * 1000;
    if (!Number.isSafeInteger(time)) throw this.#wrong('block-time', `block ${height} has no time`);
    return { height, hash: hash.slice(2), parent: parentHash.slice(2), time };
  }

  /** undefined: the node has no such block. */
  async #block(tag: string, signal: AbortSignal): Promise<BlockHead | undefined> {
    const block = await this.#call('eth_getBlockByNumber', [tag, false], blockValue.nullable(), signal);
    return block === null ? undefined : this.#remember(block);
  }

  async tip(signal: AbortSignal, finalisedTag: boolean): Promise<Tip> {
    const { chain } = this.#options;
    const id = await this.#call('eth_chainId', [], quantity, signal);
    if (`eip155:${id}` !== chain) throw this.#wrong('chain-id', `serves eip155:${id}`);
    // First the finalised block: asked for after the newest one, it could be beyond it.
    const finalised = finalisedTag ? (await this.#block('finalized', signal))?.height : undefined;
    const head = await this.#block('latest', signal);
    if (head === undefined) throw this.#wrong('malformed', 'has no newest block');
    if (finalised !== undefined && finalised > head.height) {
      throw this.#wrong('finalised-ahead', `block ${finalised} is final, the newest is ${head.height}`);
    }
    return { head, finalised };
  }

  async head(height: number, signal: AbortSignal): Promise<BlockHead> {
    const head = await this.#block(number(height), signal);
    if (head === undefined) throw new MovedError(this.name, 'height-back', `block ${height} is gone`);
    if (head.height !== height) throw this.#wrong('block-hash', `block ${head.height} came for block ${height}`);
    return head;
  }

  /** Something does not fit with a block: whether the chain moved meanwhile, or the node contradicts itself. */
  async #contradiction(
    head: BlockHead,
    check: InconsistencyCheck,
    detail: string,
    signal: AbortSignal,
  ): Promise<InconsistentNodeError | MovedError> {
    const now = await this.head(head.height, signal);
    const text = `${detail} in block ${head.height}`;
    return now.hash === head.hash ? this.#wrong(check, text) : new MovedError(this.name, check, text);
  }

  async #headerOf({ height, hash }: BlockHead, signal: AbortSignal): Promise<Header> {
    const known = this.#headers.get(`0x${hash}`);
    if (known !== undefined) return known;
    const head = await this.head(height, signal);
    const header = this.#headers.get(`0x${hash}`);
    if (header === undefined) throw new MovedError(this.name, 'block-hash', `block ${height} is ${head.hash} now`);
    return header;
  }

  /** All receipts of a block; undefined where the node does not give them at once. */
  async #receiptsOf(head: BlockHead, count: number, signal: AbortSignal): Promise<readonly ReceiptValue[] | undefined> {
    if (!this.#blockReceipts) return undefined;
    let receipts: readonly ReceiptValue[] | null;
    try {
      const method = 'eth_getBlockReceipts';
      receipts = await this.#call(method, [number(head.height)], z.array(receiptValue).nullable(), signal);
    } catch (error) {
      if (!(error instanceof SilentNodeError && error.reason === 'unsupported')) throw error;
      this.#blockReceipts = false;
      this.#options.ignored('block-receipts-unsupported', this.name);
      return undefined;
    }
    if (receipts === null) throw await this.#contradiction(head, 'log-receipt', 'no receipts', signal);
    if (receipts.some(({ blockHash }) => blockHash !== `0x${head.hash}`)) {
      throw await this.#contradiction(head, 'log-receipt', 'receipts of another block', signal);
    }
    if (receipts.length !== count) {
      throw await this.#contradiction(head, 'log-omitted', `${receipts.length} of ${count} receipts`, signal);
    }
    return receipts;
  }

  async #receipt(head: BlockHead, hash: string, signal: AbortSignal): Promise<ReceiptValue> {
    const method = 'eth_getTransactionReceipt';
    const receipt = await this.#call(method, [hash], receiptValue.nullable(), signal);
    if (receipt?.transactionHash === hash && receipt.blockHash === `0x${head.hash}`) return receipt;
    throw await this.#contradiction(head, 'log-receipt', `no receipt of transaction ${hash}`, signal);
  }

  /**
   * Receipts with logs that match, one list per block. Every log of the range's answer must be in its receipt, and every matching log of
   * a receipt in that answer.
   */
  async #matching(
    heads: readonly BlockHead[],
    filters: readonly LogFilter[],
    signal: AbortSignal,
  ): Promise<readonly (readonly ReceiptValue[])[]> {
    const [first, last] = [heads[0], heads.at(-1)];
    if (first === undefined || last === undefined || filters.length === 0) return heads.map(() => []);
    const byBlock = new Map<string, Map<number, LogValue>>(heads.map(({ hash }) => [`0x${hash}`, new Map()]));
    for (const { addresses, topics } of filters) {
      const filter = {
        fromBlock: number(first.height),
        toBlock: number(last.height),
        address: addresses,
        topics: topics.map((allowed) => allowed ?? null),
      };
      for (const log of await this.#call('eth_getLogs', [filter], z.array(logValue), signal)) {
        const block = byBlock.get(log.blockHash);
        if (block === undefined) {
          throw await this.#contradiction(last, 'log-block', 'a log of a block that is not there', signal);
        }
        block.set(log.logIndex, log);
      }
    }
    const tests = filters.map(bloomTest);
    return concurrently(heads, width, async (head) => {
      const logs = byBlock.get(`0x${head.hash}`) ?? new Map<number, LogValue>();
      const { bloom, transactions } = await this.#headerOf(head, signal);
      if (logs.size === 0 && !tests.some((test) => test(bloom))) return [];
      const inOrder = [...logs.values()].sort((a, b) => a.logIndex - b.logIndex);
      const named = new Set(inOrder.map(({ transactionHash }) => transactionHash));
      const receipts =
        (await this.#receiptsOf(head, transactions, signal)) ??
        (await concurrently([...named], width, (hash) => this.#receipt(head, hash, signal)));
      const wanted = receipts.filter((receipt) =>
        receipt.logs.some((log) => filters.some((filter) => matches(filter, log))),
      );
      const shown = wanted.flatMap((receipt) =>
        receipt.logs.filter((log) => filters.some((filter) => matches(filter, log))),
      );
      for (const log of shown) {
        const listed = logs.get(log.logIndex);
        if (listed === undefined) throw await this.#contradiction(head, 'log-omitted', 'a log was left out', signal);
        if (!sameLog(listed, log)) throw await this.#contradiction(head, 'log-receipt', 'two forms of a log', signal);
      }
      if (shown.length !== logs.size) {
        throw await this.#contradiction(head, 'log-receipt', 'a log that is in no receipt', signal);
      }
      return wanted;
    });
  }

  async #transaction(head: BlockHead, hash: string, signal: AbortSignal): Promise<TransactionValue> {
    const method = 'eth_getTransactionByHash';
    const transaction = await this.#call(method, [hash], transactionValue.nullable(), signal);
    if (transaction?.hash === hash && transaction.blockHash === `0x${head.hash}`) return transaction;
    throw await this.#contradiction(head, 'transaction', `no transaction ${hash}`, signal);
  }

  /** Payments of the chain's own coin to vaults. Only what a transaction itself pays: nodes do not list what contracts pay. */
  async #native(targets: EvmTargets, head: BlockHead, signal: AbortSignal): Promise<readonly ObservedEvent[]> {
    const method = 'eth_getBlockByNumber';
    const block = await this.#call(method, [number(head.height), true], fullBlockValue.nullable(), signal);
    if (block?.hash !== `0x${head.hash}`) {
      throw await this.#contradiction(head, 'block-hash', 'another block', signal);
    }
    const paid: ObservedEvent[] = [];
    for (const transaction of block.transactions) {
      const event = nativeEvent(targets, transaction, this.#options.ignored);
      if (event === undefined) continue;
      if ((await this.#receipt(head, transaction.hash, signal)).status === 1) paid.push(event);
    }
    return paid;
  }

  /** Halves a range that the node finds too much. */
  async #inParts<T>(
    heads: readonly BlockHead[],
    work: (part: readonly BlockHead[]) => Promise<readonly T[]>,
  ): Promise<readonly T[]> {
    try {
      return await work(heads);
    } catch (error) {
      const smaller = error instanceof SilentNodeError && (error.reason === 'too-large' || error.reason === 'refused');
      if (!smaller || heads.length < 2) throw error;
      const half = heads.length >> 1;
      return [...(await this.#inParts(heads.slice(0, half), work)), ...(await this.#inParts(heads.slice(half), work))];
    }
  }

  assetEvents(
    heads: readonly BlockHead[],
    watched: readonly WatchTarget[],
    signal: AbortSignal,
  ): Promise<readonly (readonly ObservedEvent[])[]> {
    const targets = evmTargets(this.#options.chain, watched);
    const filters = assetFilters(targets);
    return this.#inParts(heads, async (part) => {
      const receipts = await this.#matching(part, filters, signal);
      const events: (readonly ObservedEvent[])[] = [];
      for (const [i, head] of part.entries()) {
        const inBlock: ObservedEvent[] = [];
        for (const receipt of receipts[i] ?? []) {
          const transaction = () => this.#transaction(head, receipt.transactionHash, signal);
          inBlock.push(...(await tokenEvents(targets, this.#gateway, receipt, transaction, this.#options.ignored)));
        }
        if (targets.native.length > 0) inBlock.push(...(await this.#native(targets, head, signal)));
        events.push(inBlock);
      }
      return events;
    });
  }

  clusterEvents(heads: readonly BlockHead[], signal: AbortSignal): Promise<readonly (readonly ClusterObservation[])[]> {
    const gateway = this.#gateway;
    if (gateway === undefined) return Promise.resolve(heads.map(() => []));
    const filters = [{ addresses: [gateway], topics: [[eventTopics.message, eventTopics.delivered]] }];
    return this.#inParts(heads, async (part) => {
      const receipts = await this.#matching(part, filters, signal);
      return part.map((head, i) =>
        (receipts[i] ?? []).flatMap((receipt) =>
          receipt.logs.flatMap((log, at) =>
            log.address === gateway ? this.#clusterEvent(log, head, `${receipt.transactionHash}/${at}`) : [],
          ),
        ),
      );
    });
  }

  async configuration(head: BlockHead, signal: AbortSignal): Promise<Omit<RunningConfiguration, 'block'> | undefined> {
    const { chain, contracts: named } = this.#options;
    if (named.length === 0) return undefined;
    const at = number(head.height);
    const found = await readConfiguration(chain, named, {
      code: async (address) => fromHex(await this.#call('eth_getCode', [address, at], data, signal)),
      word: (address, slot) => this.#call('eth_getStorageAt', [address, slot, at], word, signal),
    });
    // Asked for by height: of this block only if it is still there.
    const now = await this.head(head.height, signal);
    if (now.hash !== head.hash)
      throw new MovedError(this.name, 'block-hash', `block ${head.height} is ${now.hash} now`);
    return { digest: chainConfiguration.digest(found), contracts: found.contracts };
  }

  #clusterEvent(log: LogValue, head: BlockHead, reference: string): readonly ClusterObservation[] {
    try {
      const event = readMessage(log, head.time) ?? readDelivery(log, head.time);
      return event === undefined ? [] : [event];
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#options.ignored('bad-gateway-event', reference);
      return [];
    }
  }
}
