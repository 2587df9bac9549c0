/**
 * One Bitcoin node. Headers and blocks are checked from their bytes: hash, proof of work, Merkle root.
 *
 * @module
 */
import { BITCOIN_NETWORKS, type BitcoinNetwork, addressToScript } from '@dwallet/chains';
import { DecodeError, InvalidArgumentsError } from '@dwallet/sigma';
import type { ObservedEvent } from '@dwallet/zones';
import { nativeAsset } from '@dwallet/zones';
import type { Clock } from '../../../clock.ts';
import type { ChainNode, Tip } from '../chain-node.ts';
import { destinationOf } from '../destination-of.ts';
import { InconsistentNodeError } from '../node-error.ts';
import { breathe } from '../pause.ts';
import type { BlockHead, ClusterObservation, InconsistencyCheck, WatchTarget } from '../watcher.ts';
import type { BitcoinSource } from './bitcoin-source.ts';
import { type RawHeader, type RawTransaction, readBlock, readHeader } from './raw-block.ts';

export interface BitcoinNodeOptions {
  readonly source: BitcoinSource;
  /** CAIP-2, `bip122:<first 16 bytes of the genesis hash>`. */
  readonly chain: string;
  readonly clock: Clock;
  readonly ignored: (reason: string, reference: string) => void;
}

/** The easiest proof of work that a network takes. */
const easiest = (name: BitcoinNetwork['name']): bigint => (name === 'regtest' ? 0x7f_ffffn << 232n : 0xffffn << 208n);

interface Vault {
  readonly token: string;
  readonly script: Buffer;
}

const opReturn = 0x6a;
const opPushData1 = 0x4c;

/** What an OP_RETURN output with one minimal push carries; undefined for other forms. */
export function returnedData(script: Uint8Array): Uint8Array | undefined {
  const [code, push, long = 0] = script;
  if (code !== opReturn || push === undefined) return undefined;
  const [start, length] = push === opPushData1 && long > 75 ? [3, long] : push > 0 && push <= 75 ? [2, push] : [0, -1];
  return script.length === start + length ? script.slice(start) : undefined;
}

export class BitcoinNode implements ChainNode {
  readonly name: string;
  readonly #options: BitcoinNodeOptions;
  readonly #network: BitcoinNetwork;

  constructor(options: BitcoinNodeOptions) {
    this.#options = options;
    this.name = options.source.node;
    const network = Object.values(BITCOIN_NETWORKS).find(({ id }) => id === options.chain);
    if (network === undefined) throw new InvalidArgumentsError('chain', 'is a Bitcoin network that is not known here');
    this.#network = network;
  }

  #wrong(check: InconsistencyCheck, detail: string, cause?: unknown): InconsistentNodeError {
    return new InconsistentNodeError(this.name, check, detail, { cause });
  }

  #checked(header: RawHeader, hash: string): RawHeader {
    if (header.hash !== hash) throw this.#wrong('block-hash', `header ${header.hash} came for block ${hash}`);
    if (header.target > easiest(this.#network.name) || BigInt(`0x${hash}`) > header.target) {
      throw this.#wrong('proof-of-work', `block ${hash} lacks its work`);
    }
    return header;
  }

  async head(height: number, signal: AbortSignal): Promise<BlockHead> {
    const { source } = this.#options;
    const hash = await source.hashAt(height, signal);
    const bytes = await source.header(hash, signal);
    try {
      const { parent, time } = this.#checked(readHeader(bytes), hash);
      return { height, hash, parent, time: time * 1000 };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw this.#wrong('malformed', error.message, error);
    }
  }

  async tip(signal: AbortSignal): Promise<Tip> {
    const { source, chain } = this.#options;
    const genesis = await source.hashAt(0, signal);
    if (`bip122:${genesis.slice(0, 32)}` !== chain) throw this.#wrong('chain-id', 'serves another chain');
    return { head: await this.head(await source.height(signal), signal), finalised: undefined };
  }

  async assetEvents(
    heads: readonly BlockHead[],
    targets: readonly WatchTarget[],
    signal: AbortSignal,
  ): Promise<readonly (readonly ObservedEvent[])[]> {
    const { chain, source, clock } = this.#options;
    const coin = nativeAsset(chain);
    const vaults = targets
      .filter(({ token }) => token === coin)
      .map(({ token, vault }): Vault => ({ token, script: Buffer.from(addressToScript(vault, this.#network.name)) }));
    if (vaults.length === 0) return heads.map(() => []);
    const events: (readonly ObservedEvent[])[] = [];
    for (const { hash } of heads) {
      const bytes = await source.block(hash, signal);
      try {
        const wanted = ({ script }: { readonly script: Buffer }): boolean =>
          vaults.some((vault) => vault.script.equals(script));
        const { header, transactions } = await readBlock(bytes, wanted, () => breathe(clock));
        this.#checked(header, hash);
        events.push(transactions.flatMap((transaction) => this.#departure(vaults, transaction)));
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        const check = error.field === 'block.merkleRoot' || error.field === 'block.transactions';
        throw this.#wrong(check ? 'merkle-root' : 'malformed', `block ${hash}: ${error.message}`, error);
      }
    }
    return events;
  }

  /** A payment to one vault, once, with one destination. */
  #departure(vaults: readonly Vault[], { txid, outputs }: RawTransaction): readonly ObservedEvent[] {
    const { chain, ignored } = this.#options;
    const paid = outputs.flatMap(({ script, valueSats }, at) =>
      vaults.filter((vault) => vault.script.equals(script)).map(({ token }) => ({ token, valueSats, at })),
    );
    const notes = outputs.filter(({ script }) => script[0] === opReturn);
    const [payment] = paid;
    if (payment === undefined) return [];
    const reference = `${txid}/${payment.at}`;
    if (paid.length > 1 || notes.length > 1) {
      ignored('ambiguous', reference);
      return [];
    }
    const [note] = notes;
    const destination = destinationOf(chain, note && (returnedData(note.script) ?? note.script), reference, ignored);
    if (destination === undefined || payment.valueSats === 0n) return [];
    const { token, valueSats: amount } = payment;
    return [
      { chain, reference, kind: 'transfer', token, amount, to: destination.chain, recipient: destination.recipient },
    ];
  }

  /** Bitcoin has no contracts, so there is no gateway. */
  clusterEvents(heads: readonly BlockHead[]): Promise<readonly (readonly ClusterObservation[])[]> {
    return Promise.resolve(heads.map(() => []));
  }

  /** Nor anything that a cluster could approve: its rules are those of the nodes, and each validator runs a node of its own choice. */
  configuration(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
