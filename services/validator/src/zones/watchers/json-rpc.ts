/**
 * JSON-RPC over HTTP, as EVM and Bitcoin nodes speak it.
 *
 * @module
 */
import { type Exchange, type ExchangeOptions, exchange } from './http-exchange.ts';
import { InconsistentNodeError, SilentNodeError } from './node-error.ts';

export interface JsonRpc {
  readonly node: string;
  /** The result, as the node gave it. @throws SilentNodeError `refused` for an error answer, `unsupported` for an unknown method. */
  call(method: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown>;
}

/** "Method not found" of JSON-RPC 2.0, "method not supported" of EIP-1474. */
const unknownMethods: readonly unknown[] = [-32_601, -32_004];

function parse(node: string, method: string, { status, body }: Exchange): Record<string, unknown> {
  try {
    const answer: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
    if (typeof answer === 'object' && answer !== null) return answer as Record<string, unknown>;
  } catch {
    // What is not JSON is judged by its status.
  }
  if (status >= 400) throw new SilentNodeError(node, 'refused', `HTTP status ${status} to ${method}`);
  throw new InconsistentNodeError(node, 'malformed', `the answer to ${method} is not JSON-RPC`);
}

export function jsonRpc(options: ExchangeOptions): JsonRpc {
  const { node } = options;
  let lastId = 0;
  return {
    node,
    async call(method, params, signal) {
      lastId += 1;
      const id = lastId;
      const json = JSON.stringify({ jsonrpc: '2.0', id, method, params });
      const answer = parse(node, method, await exchange(options, { json }, signal));
      const { error } = answer;
      if (error !== undefined && error !== null) {
        const code = typeof error === 'object' && 'code' in error ? error.code : undefined;
        // The text is the node's own: it may quote anything.
        const number = typeof code === 'number' ? ` ${code}` : '';
        throw new SilentNodeError(
          node,
          unknownMethods.includes(code) ? 'unsupported' : 'refused',
          `${method} is answered with error${number}`,
        );
      }
      if (answer['id'] !== id || !('result' in answer)) {
        throw new InconsistentNodeError(node, 'malformed', `the answer to ${method} belongs to another question`);
      }
      return answer['result'];
    },
  };
}
