/**
 * The XRP Ledger through the JSON-RPC of a server (rippled, Clio).
 *
 * @module
 */
import { AnswerFields, ChainServer, ChainServerError, passedOnce, refusal } from '../chain-server.ts';
import { hex } from '../hex.ts';
import type { XrplProvider } from '../xrpl.ts';

/** Results of `submit` with which a ledger may still take the transaction: applied, fee claimed, held back for later. */
const mayBeIncluded = /^(tes|tec|ter)[A-Z0-9_]{1,60}$/;

/**
 * A server of the XRP Ledger.
 * @param url - of the JSON-RPC, such as `https://s1.ripple.com:51234`.
 * @param network - CAIP-2; a server of another network is refused before it is told anything.
 */
export function rippled(url: string, network = 'xrpl:0'): XrplProvider {
  const server = new ChainServer(url);
  const call = async (method: string, params: object, signal: AbortSignal | undefined): Promise<AnswerFields> => {
    const result = new AnswerFields(await server.json('', { signal, json: { method, params: [params] } })).object(
      'result',
    );
    if (result.get('status') === 'success') return result;
    const error = result.text('error', /^[a-zA-Z0-9_]{1,60}$/);
    throw new RippledRefusal(error, `the server refuses ${method}: ${error}`);
  };
  const requireNetwork = passedOnce(async (signal) => {
    const info = (await call('server_info', {}, signal)).object('info');
    // A server that does not name its network is of the main one.
    const found = `xrpl:${info.get('network_id') === undefined ? 0 : info.count('network_id')}`;
    if (found !== network) throw refusal(`the server is of the network ${found}, not of ${network}`, '');
  });
  const transactionOf = async (txid: string, signal: AbortSignal | undefined): Promise<AnswerFields | undefined> => {
    try {
      return await call('tx', { transaction: txid, binary: false }, signal);
    } catch (error) {
      if (error instanceof RippledRefusal && error.error === 'txnNotFound') return undefined;
      throw error;
    }
  };
  return {
    network,
    async sequence(account, signal) {
      await requireNetwork(signal);
      const found = await call('account_info', { account, ledger_index: 'current' }, signal);
      return found.object('account_data').count('Sequence');
    },
    currentLedger: async (signal) => (await call('ledger_current', {}, signal)).count('ledger_current_index'),
    feeDrops: async (signal) => (await call('fee', {}, signal)).object('drops').decimal('open_ledger_fee'),
    async submit(raw, txid, signal) {
      await requireNetwork(signal);
      const answer = await call('submit', { tx_blob: hex(raw).toUpperCase() }, signal);
      const result = answer.text('engine_result', /^[a-z]{3}[A-Z0-9_]{1,60}$/);
      if (mayBeIncluded.test(result)) return answer.object('tx_json').text('hash', /^[0-9A-F]{64}$/);
      // It may be there already, from here or from elsewhere.
      if ((await transactionOf(txid, signal).catch((): undefined => undefined)) !== undefined) return txid;
      throw refusal(`the server refuses the transaction (${result})`, answer.get('engine_result_message'));
    },
    async outcome(txid, signal) {
      const found = await transactionOf(txid, signal);
      if (found?.get('validated') !== true) return undefined;
      const result = found.object('meta').text('TransactionResult', /^[a-z]{3}[A-Z0-9_]{1,60}$/);
      return { result, ledgerIndex: found.count('ledger_index') };
    },
  };
}

/** With rippled's own name of the error. */
class RippledRefusal extends ChainServerError {
  readonly error: string;
  constructor(error: string, message: string) {
    super('CHAIN_REFUSED', message);
    this.error = error;
  }
}
