/**
 * Tron networks. A Tron transaction names no network: what ties it to one is the recent block that it refers to.
 *
 * @module
 */

/** A TRC-20 token whose units are known. */
export interface TronToken {
  readonly symbol: string;
  readonly decimals: number;
}

export interface TronNetwork {
  readonly name: string;
  /** CAIP-2: `tron:` and the last 4 bytes of the genesis block's hash. */
  readonly id: string;
  /** By contract address. Amounts of other tokens are shown in their smallest unit. */
  readonly tokens: Readonly<Record<string, TronToken>>;
}

export const TRON_NETWORKS: readonly TronNetwork[] = [
  {
    name: 'Tron',
    id: 'tron:0x2b6653dc',
    tokens: { TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t: { symbol: 'USDT', decimals: 6 } },
  },
  { name: 'Tron Shasta (test network)', id: 'tron:0x94a9059e', tokens: {} },
  { name: 'Tron Nile (test network)', id: 'tron:0xcd8690dc', tokens: {} },
];
