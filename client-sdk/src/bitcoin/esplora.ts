/**
 * Bitcoin through a server with the Esplora interface.
 *
 * @module
 */
import { type BitcoinNetworkName, addressToScript } from '@dwallet/chains';
import { AnswerFields, ChainServer, ChainServerError, hexAnswer, listAnswer } from '../chain-server.ts';
import { hex } from '../hex.ts';
import { type BitcoinProvider, maxTransactionBytes, txidForm } from './provider.ts';

/**
 * A server with the Esplora interface. It brings the previous transaction of each output, so that no amount has to be believed.
 * @param url - of the interface, such as `https://example.org/api`.
 * @param blocks - within how many blocks a payment should come in, for the fee.
 */
export function esplora(url: string, network: BitcoinNetworkName, blocks = 3): BitcoinProvider {
  const server = new ChainServer(url);
  const statusOf = async (txid: string, signal: AbortSignal | undefined): Promise<AnswerFields> =>
    new AnswerFields(await server.json(`/tx/${txid}/status`, { signal }));
  return {
    network,
    async unspent(address, signal) {
      const scriptPubKey = addressToScript(address, network);
      const listed = listAnswer(await server.json(`/address/${address}/utxo`, { signal }));
      const usable = listed.filter((utxo) => utxo.object('status').get('confirmed') === true);
      return Promise.all(
        usable.map(async (utxo) => {
          const txid = utxo.text('txid', txidForm);
          const [vout, amountSats] = [utxo.count('vout'), BigInt(utxo.count('value'))];
          const previous = (await server.text(`/tx/${txid}/hex`, { signal })).trim();
          const previousTransaction = hexAnswer(previous, 'transaction', maxTransactionBytes);
          return { txid, vout, amountSats, scriptPubKey, previousTransaction };
        }),
      );
    },
    async feeRate(signal) {
      const rate = new AnswerFields(await server.json('/fee-estimates', { signal })).get(String(blocks));
      if (typeof rate !== 'number' || !(rate > 0))
        throw new ChainServerError('CHAIN_ANSWER', 'the server has no fee estimate: give feeRateSatsPerVbyte');
      return rate;
    },
    async broadcast(raw, txid, signal) {
      try {
        return (await server.text('/tx', { signal, text: hex(raw) })).trim();
      } catch (error) {
        // It may be there already, from here or from elsewhere.
        const known = await statusOf(txid, signal).catch((): undefined => undefined);
        if (known !== undefined) return txid;
        throw error;
      }
    },
    async confirmations(txid, signal) {
      const status = await statusOf(txid, signal);
      if (status.get('confirmed') !== true) return 0;
      const tip = new AnswerFields({ height: await server.json('/blocks/tip/height', { signal }) }, 'tip');
      return Math.max(0, tip.count('height') - status.count('block_height') + 1);
    },
  };
}
