/**
 * The few parts of bcoin 1.0.2 that the local Bitcoin node uses. bcoin has no types of its own.
 * Hashes are hex strings in wire order here (bcoin's `'hex'` form), the reverse of what is displayed.
 */
declare module 'bcoin' {
  interface BcoinAddress {
    toString(network: string): string;
  }
  interface Script {
    toRaw(): Buffer;
  }
  interface Output {
    readonly value: number;
    readonly script: Script;
  }
  /** The outputs that a transaction spends. Opaque here. */
  interface CoinView {
    readonly map: unknown;
  }
  interface TX {
    readonly outputs: readonly Output[];
    hash(encoding: 'hex'): string;
    /** As displayed. */
    txid(): string;
    toRaw(): Buffer;
  }
  interface Coin {
    readonly value: number;
    readonly script: Script;
    readonly hash: string;
    readonly index: number;
    readonly height: number;
  }
  interface KeyRing {
    witness: boolean;
    getAddress(): BcoinAddress;
  }
  interface MTX {
    readonly inputs: readonly { readonly prevout: { readonly hash: string; readonly index: number } }[];
    /** -1 without change. */
    readonly changeIndex: number;
    addOutput(target: Script, value: number): void;
    fund(
      coins: readonly Coin[],
      options: { readonly changeAddress: BcoinAddress; readonly rate: number; readonly height: number },
    ): Promise<void>;
    /** Number of inputs signed. */
    sign(ring: KeyRing): number;
    toTX(): TX;
  }
  interface Block {
    readonly txs: readonly TX[];
  }
  interface ChainEntry {
    readonly height: number;
  }
  interface Job {
    /** False where the transaction does not fit or is not final. */
    addTX(tx: TX, view: CoinView): boolean;
    refresh(): void;
    mineAsync(): Promise<Block>;
  }
  interface FullNode {
    readonly network: unknown;
    readonly chain: {
      readonly height: number;
      readonly state: { hasWitness(): boolean };
      open(): Promise<void>;
      /** Rejects with a VerifyError; null if the block is not (yet) connected. */
      add(block: Block): Promise<ChainEntry | null>;
      getCoin(hash: string, index: number): Promise<Coin | null>;
      /** With `indexTX`: where a transaction was mined. */
      getMeta(hash: string): Promise<{ readonly height: number } | null>;
    };
    readonly mempool: {
      open(): Promise<void>;
      /** Rejects with a VerifyError; resolves with the hashes of unknown parents, if there are any. */
      addTX(tx: TX): Promise<readonly string[] | null>;
      has(hash: string): boolean;
      getCoinView(tx: TX): Promise<CoinView>;
    };
    readonly miner: {
      open(): Promise<void>;
      addAddress(address: BcoinAddress): void;
      readonly cpu: { createJob(): Promise<Job>; mineBlock(tip: ChainEntry | null): Promise<Block> };
    };
    /** JSON-RPC and REST. */
    readonly http: { open(): Promise<void>; address(): { readonly port: number } };
    handlePreopen(): Promise<void>;
  }
  const bcoin: {
    readonly pkg: { readonly version: string };
    readonly FullNode: new (options: {
      readonly network: 'regtest';
      readonly memory: true;
      readonly workers: false;
      readonly indexTX: true;
      readonly indexAddress: true;
      readonly requireStandard: true;
      readonly replaceByFee: true;
      readonly logConsole: false;
      readonly logFile: false;
      readonly httpHost: '127.0.0.1';
      readonly httpPort: 0;
      readonly noAuth: true;
    }) => FullNode;
    readonly KeyRing: { generate(network: unknown): KeyRing };
    readonly MTX: new () => MTX;
    readonly Script: { fromRaw(raw: Buffer): Script };
    readonly TX: { fromRaw(raw: Buffer): TX };
    readonly Coin: { fromTX(tx: TX, index: number, height: number): Coin };
  };
  export type { Coin, FullNode, KeyRing, TX };
  export default bcoin;
}
