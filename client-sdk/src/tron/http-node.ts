/**
 * Tron through the HTTP interface of a full node, as TronGrid has it too.
 *
 * @module
 */
import { AnswerFields, ChainServer, passedOnce, refusal } from '../chain-server.ts';
import { hex } from '../hex.ts';
import type { TronProvider } from '../tron.ts';

const blockIdForm = /^[0-9a-f]{64}$/;
/** The node has the transaction already. */
const duplicate = 'DUP_TRANSACTION_ERROR';

/**
 * A full node, or TronGrid.
 * @param url - such as `https://api.trongrid.io`.
 * @param network - CAIP-2; a node of another network is refused before it is told anything.
 * @param headers - such as `{ 'TRON-PRO-API-KEY': key }`.
 */
export function tronNode(
  url: string,
  network = 'tron:0x2b6653dc',
  headers: Readonly<Record<string, string>> = {},
): TronProvider {
  const server = new ChainServer(url, headers);
  const call = async (method: string, json: object, signal: AbortSignal | undefined): Promise<AnswerFields> => {
    const answer = new AnswerFields(await server.json(`/wallet/${method}`, { signal, json }));
    const error = answer.get('Error');
    if (error !== undefined) throw refusal(`the node refuses ${method}`, error);
    return answer;
  };
  /** CAIP-2 names a network by the last four bytes of its first block's id. */
  const requireNetwork = passedOnce(async (signal) => {
    const first = (await call('getblockbynum', { num: 0 }, signal)).text('blockID', blockIdForm);
    const found = `tron:0x${first.slice(-8)}`;
    if (found !== network) throw refusal(`the node is of the network ${found}, not of ${network}`, '');
  });
  return {
    network,
    async latestBlock(signal) {
      await requireNetwork(signal);
      const block = await call('getnowblock', {}, signal);
      const header = block.object('block_header').object('raw_data');
      return {
        number: BigInt(header.count('number')),
        id: block.bytes('blockID', 32),
        timestampMs: BigInt(header.count('timestamp')),
      };
    },
    async broadcast(raw, txid, signal) {
      await requireNetwork(signal);
      const answer = await call('broadcasthex', { transaction: hex(raw) }, signal);
      const code = answer.get('code');
      if (code === duplicate) return txid;
      if (answer.get('result') !== true)
        throw refusal(`the node refuses the transaction (${String(code)})`, said(answer));
      return answer.text('txid', /^[0-9a-f]{64}$/);
    },
    async outcome(txid, signal) {
      const found = await call('gettransactioninfobyid', { value: txid }, signal);
      // An empty object: in no block yet.
      if (found.get('id') === undefined) return undefined;
      const contract = found.get('receipt') === undefined ? undefined : found.object('receipt').get('result');
      // A transfer of TRX runs no contract, and has no result then.
      const failed = found.get('result') === 'FAILED' || (contract !== undefined && contract !== 'SUCCESS');
      return { status: failed ? 'failed' : 'success', blockNumber: BigInt(found.count('blockNumber')) };
    },
  };
}

/** Text, in hex as a rule. */
function said(answer: AnswerFields): unknown {
  const message = answer.get('message');
  const isHex = typeof message === 'string' && /^([0-9a-fA-F]{2})+$/.test(message);
  return isHex ? new TextDecoder().decode(answer.bytes('message', 10_000)) : message;
}
