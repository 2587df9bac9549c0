/**
 * Cosmos SDK networks through the REST interface of a node (SDK 0.47 and newer).
 *
 * @module
 */
import type { CosmosNetwork } from '@dwallet/chains/cosmos';
import { base64 } from '../base64.ts';
import { AnswerFields, ChainServer, ChainServerError, parseAnswer, passedOnce, refusal } from '../chain-server.ts';
import { cosmosNetworkOf } from './network.ts';
import type { CosmosProvider } from './payment.ts';

/** `ErrTxInMempoolCache` of the SDK. */
const alreadyInMempool = 19;
const txidForm = /^[0-9A-F]{64}$/;

/**
 * A node of a Cosmos SDK network.
 * @param url - of its REST interface (gRPC gateway, usually port 1317).
 * @param network - chain id of a network that `@dwallet/chains` knows, or the network as data; a node of another one is refused before it is told anything.
 * @throws InvalidArgumentsError for an unknown network.
 */
export function cosmosRest(url: string, network: string | CosmosNetwork): CosmosProvider {
  const server = new ChainServer(url);
  const meant = cosmosNetworkOf(network);
  const requireNetwork = passedOnce(async (signal) => {
    const info = new AnswerFields(await server.json('/cosmos/base/tendermint/v1beta1/node_info', { signal }));
    const found = info.object('default_node_info').text('network', /^[a-zA-Z0-9_.-]{1,60}$/);
    if (found !== meant.chainId) throw refusal(`the node is of the network ${found}, not of ${meant.chainId}`, '');
  });
  const transactionOf = async (txid: string, signal: AbortSignal | undefined): Promise<AnswerFields | undefined> => {
    const { status, text } = await server.ask(`/cosmos/tx/v1beta1/txs/${txid}`, { signal });
    if (status === 404) return undefined;
    if (status !== 200) throw refusal(`the node refuses (${status})`, text, status);
    return new AnswerFields(parseAnswer(text)).object('tx_response');
  };
  return {
    network: meant,
    async account(address, signal) {
      await requireNetwork(signal);
      const found = new AnswerFields(await server.json(`/cosmos/auth/v1beta1/account_info/${address}`, { signal }));
      const info = found.object('info');
      if (info.get('address') !== address)
        throw new ChainServerError('CHAIN_ANSWER', 'the answer is of another account');
      return { accountNumber: info.decimal('account_number'), sequence: info.decimal('sequence') };
    },
    async broadcast(raw, txid, signal) {
      await requireNetwork(signal);
      const json = { tx_bytes: base64(raw), mode: 'BROADCAST_MODE_SYNC' };
      const answer = new AnswerFields(await server.json('/cosmos/tx/v1beta1/txs', { signal, json })).object(
        'tx_response',
      );
      const code = answer.count('code');
      if (code === 0) return answer.text('txhash', txidForm);
      if (code === alreadyInMempool && answer.get('codespace') === 'sdk') return txid;
      // In a block already its sequence is used, and the answer is that.
      if ((await transactionOf(txid, signal).catch((): undefined => undefined)) !== undefined) return txid;
      throw refusal(`the node refuses the transaction (${code})`, answer.get('raw_log'), code);
    },
    async outcome(txid, signal) {
      const found = await transactionOf(txid, signal);
      if (found === undefined) return undefined;
      return { status: found.count('code') === 0 ? 'success' : 'failed', height: found.decimal('height') };
    },
  };
}
