/**
 * Formats of `@dwallet/chains` as signing tasks.
 *
 * @module
 */
import { type ChainFamily, type ChainRegistry, type SignedRequest, createRegistry } from '@dwallet/chains/request';
import { SendError, type SignedTransaction, type SigningTask } from './send.ts';

/**
 * Raw unsigned bytes of one format, as validators read them too. Errors come when it is opened, and name the field.
 * @param registry - of the chains that may be meant: `@dwallet/chains/registry` has all of them.
 */
export const requestTask = (
  { parseRequest, attachRequest }: Pick<ChainRegistry, 'parseRequest' | 'attachRequest'>,
  chainId: string,
  format: string,
  raw: Uint8Array,
): SigningTask<SignedRequest> => ({
  open(publicKey) {
    const { address, lines, payloads } = parseRequest(chainId, format, raw, publicKey);
    return {
      chainId,
      format,
      address,
      lines,
      raw,
      payloads,
      attach: (signatures) => attachRequest(chainId, format, raw, publicKey, signatures),
    };
  },
});

/** {@link requestTask} of one family. */
export const taskOf = (
  family: ChainFamily,
  chainId: string,
  format: string,
  raw: Uint8Array,
): SigningTask<SignedRequest> => requestTask(createRegistry([family]), chainId, format, raw);

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
