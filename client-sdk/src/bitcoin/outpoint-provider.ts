/**
 * A node that knows single outputs only, for outputs that the caller knows.
 *
 * @module
 */
import type { BitcoinNetworkName } from '@dwallet/chains';
import { refusal } from '../chain-server.ts';
import type { BitcoinOutpoint, BitcoinProvider } from './provider.ts';

/** Such as the local one of the command line. */
export interface OutpointNode {
  readonly network: BitcoinNetworkName;
  utxo(txid: string, vout: number): Promise<BitcoinOutpoint | undefined>;
  submit(raw: Uint8Array): Promise<{ readonly accepted: boolean; readonly txid: string; readonly reason?: string }>;
  confirmations(txid: string): Promise<number>;
}

/** A provider over such a node. @param feeRate - sats per vbyte. */
export const outpointProvider = (
  node: OutpointNode,
  outpoints: readonly { readonly txid: string; readonly vout: number }[],
  feeRate = 1,
): BitcoinProvider => ({
  network: node.network,
  async unspent() {
    const found = await Promise.all(outpoints.map(({ txid, vout }) => node.utxo(txid, vout)));
    return found.filter((utxo) => utxo !== undefined);
  },
  feeRate: async () => feeRate,
  async broadcast(raw) {
    const { accepted, txid, reason } = await node.submit(raw);
    if (!accepted && reason !== 'txn-already-known' && reason !== 'txn-already-in-mempool')
      throw refusal('the node refuses the transaction', reason ?? 'no reason');
    return txid;
  },
  confirmations: (txid) => node.confirmations(txid),
});
