/**
 * XRP Ledger networks.
 *
 * @module
 */

export interface XrplNetwork {
  readonly name: string;
  /** Networks above 1024 must be named in the transaction; those up to 1024 must not. */
  readonly networkId: number;
  /** CAIP-2: `xrpl:<network id>`. */
  readonly id: string;
}

const network = (networkId: number, name: string): XrplNetwork => ({ name, networkId, id: `xrpl:${networkId}` });

export const XRPL_NETWORKS: readonly XrplNetwork[] = [
  network(0, 'XRP Ledger'),
  network(1, 'XRP Ledger Testnet'),
  network(2, 'XRP Ledger Devnet'),
];
