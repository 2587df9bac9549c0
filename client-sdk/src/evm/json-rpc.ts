/**
 * JSON-RPC of an EVM node, as much as a transaction needs. What a node says decides fees and nonce, nothing else; every answer is checked for its form.
 *
 * @module
 */
import { DWalletError } from '@dwallet/sigma';

/** An EIP-1193 provider: a viem client, `window.ethereum`, or what {@link httpRpc} makes. */
export interface EvmProvider {
  request(call: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>;
}
/** URL of a node, or a provider. */
export type EvmRpc = string | EvmProvider;

/** A node refused a call, or could not be asked. */
export class EvmRpcError extends DWalletError {
  override readonly name = 'EvmRpcError';
  readonly code: 'EVM_RPC' | 'EVM_RPC_UNREACHABLE';
  /** JSON-RPC error code of the node. */
  readonly rpcCode: number | undefined;
  constructor(code: 'EVM_RPC' | 'EVM_RPC_UNREACHABLE', message: string, rpcCode?: number, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.rpcCode = rpcCode;
  }
}

const requestMs = 30_000;

/** JSON-RPC over HTTP. @param url - never appears in an error: it may hold an access key. */
export function httpRpc(url: string, signal?: AbortSignal): EvmProvider {
  let id = 0;
  return {
    async request({ method, params = [] }) {
      let answer: unknown;
      try {
        const timeout = AbortSignal.timeout(requestMs);
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }),
          signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
        });
        answer = await response.json();
      } catch {
        throw new EvmRpcError('EVM_RPC_UNREACHABLE', `the node did not answer ${method}`);
      }
      const { error, result } = (answer ?? {}) as { error?: { code?: number; message?: string }; result?: unknown };
      if (error !== undefined && error !== null)
        throw new EvmRpcError('EVM_RPC', `${method}: ${String(error.message).slice(0, 300)}`, error.code);
      if (result === undefined) throw new EvmRpcError('EVM_RPC', `${method}: the answer is not JSON-RPC`);
      return result;
    },
  };
}

export const providerOf = (rpc: EvmRpc, signal?: AbortSignal): EvmProvider =>
  typeof rpc === 'string' ? httpRpc(rpc, signal) : rpc;

/** A quantity of a node's answer. @throws EvmRpcError */
export function quantity(value: unknown, name: string): bigint {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value)) return BigInt(value);
  if (typeof value === 'bigint' && value >= 0n) return value;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw new EvmRpcError('EVM_RPC', `${name}: the answer is not a quantity`);
}
