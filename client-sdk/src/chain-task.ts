/**
 * Formats of `@dwallet/chains` as signing tasks.
 *
 * @module
 */
import { type ChainFamily, type SignedRequest, createRegistry } from '@dwallet/chains';
import { SendError, type SignedTransaction, type SigningTask } from './send.ts';

/** Raw unsigned bytes of one format, as validators read them too. */
export const taskOf = (
  family: ChainFamily,
  chainId: string,
  format: string,
  raw: Uint8Array,
): SigningTask<SignedRequest> => {
  const { parseRequest, attachRequest } = createRegistry([family]);
  return {
    open(publicKey) {
      const request = parseRequest(chainId, format, raw, publicKey);
      const { address, lines, payloads } = request;
      return {
        chainId,
        format,
        address,
        lines,
        payloads,
        attach: (signatures) => attachRequest(chainId, format, raw, publicKey, signatures),
      };
    },
  };
};

/** A task that ends in another form. */
export const mapTask = <From, To>(task: SigningTask<From>, map: (signed: From) => To): SigningTask<To> => ({
  open(publicKey) {
    const opened = task.open(publicKey);
    return { ...opened, attach: (signatures) => map(opened.attach(signatures)) };
  },
});

/** A task whose result must be a complete transaction. */
export const transactionTask = (task: SigningTask<SignedRequest>): SigningTask<SignedTransaction> =>
  mapTask(task, ({ encoded, txid }) => {
    if (txid === undefined)
      throw new SendError('SEND_BUILD_FAILED', 'the transaction still lacks signatures of others');
    return { encoded, txid };
  });
