/**
 * A validator over the Connect protocol: fetch and nothing else, for wallets in pages.
 *
 * @module
 */
import { Code, ConnectError, type Client, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { type Operation, OperationStateSchema, SigningService, readStatusDetails } from '@dwallet/proto/es';
import { InvalidArgumentsError } from '@dwallet/sigma';
import {
  type Bounds,
  type OperationEvent,
  PeerCallError,
  SigningPeer,
  type SigningPeerOptions,
  type UnaryRpc,
  defaultMaxMessageBytes,
} from './signing-peer.ts';

export interface ConnectPeerOptions extends SigningPeerOptions {
  /** `https://host:port`; `http://` for loopback addresses only. */
  readonly endpoint: string;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** @throws InvalidArgumentsError for what is no origin, or would go through a network in the clear. */
function baseUrlOf(endpoint: string): string {
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch (cause) {
    throw new InvalidArgumentsError('endpoint', 'must be https://host:port', { cause });
  }
  const bare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && loopback.test(url.hostname));
  if (!bare || !secure)
    throw new InvalidArgumentsError('endpoint', 'must be https://host:port, or http:// on loopback');
  return url.origin;
}

/** fetch that sends nothing of the page's with a request, and reads no more than it must. */
const limitedFetch =
  (fetch: typeof globalThis.fetch, maxBytes: number): typeof globalThis.fetch =>
  async (input, init) => {
    const response = await fetch(input, {
      ...init,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
    if (response.body === null) return response;
    let bytes = 0;
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          bytes += chunk.length;
          if (bytes > maxBytes)
            controller.error(new ConnectError(`an answer of more than ${maxBytes} bytes`, Code.ResourceExhausted));
          else controller.enqueue(chunk);
        },
      }),
    );
    const { status, statusText, headers } = response;
    return new Response(counted, { status, statusText, headers });
  };

/** Name of a code as gRPC has it. */
const nameOf = (code: Code): string =>
  code === Code.Canceled ? 'CANCELLED' : (Code[code] ?? 'Unknown').replaceAll(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase();

function callError(reason: unknown): PeerCallError {
  const error = ConnectError.from(reason);
  // What fetch throws when there is no answer, or no end of it.
  const unanswered = error.cause instanceof TypeError;
  const code = unanswered ? Code.Unavailable : error.code;
  const details = error.details.flatMap((detail) => ('type' in detail ? [detail] : []));
  return new PeerCallError(code, nameOf(code), error.rawMessage, readStatusDetails(code, error.rawMessage, details));
}

type Method = (request: object, options: object) => Promise<unknown>;

export class ConnectPeer extends SigningPeer<Operation, OperationEvent> {
  readonly #client: Client<typeof SigningService>;
  readonly #closed = new AbortController();

  /** @throws InvalidArgumentsError for an endpoint that is neither https nor on loopback. */
  constructor(options: ConnectPeerOptions) {
    super(options);
    const platform: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init);
    const transport = createConnectTransport({
      baseUrl: baseUrlOf(options.endpoint),
      useBinaryFormat: true,
      fetch: limitedFetch(options.fetch ?? platform, options.maxMessageBytes ?? defaultMaxMessageBytes),
    });
    this.#client = createClient(SigningService, transport);
  }

  #options({ until, signal }: Bounds): object {
    const signals = [this.#closed.signal, ...(signal === undefined ? [] : [signal])];
    return { signal: AbortSignal.any(signals), timeoutMs: Math.max(1, until - Date.now()) };
  }

  protected async once<Response>(rpc: UnaryRpc, request: object, bounds: Bounds): Promise<Response> {
    const method = (this.#client as unknown as Record<string, Method>)[rpc[0]?.toLowerCase() + rpc.slice(1)] as Method;
    try {
      return (await method(request, this.#options(bounds))) as Response;
    } catch (error) {
      throw callError(error);
    }
  }

  protected async *events(
    operationId: string,
    afterSequence: number,
    bounds: Bounds,
  ): AsyncGenerator<OperationEvent, void> {
    const request = { operationId, afterSequence: BigInt(afterSequence) };
    try {
      for await (const { sequence, state, step } of this.#client.watchOperation(request, this.#options(bounds)))
        yield { sequence: Number(sequence), state: OperationStateSchema.value[state]?.name ?? String(state), step };
    } catch (error) {
      throw callError(error);
    }
  }

  close(): void {
    this.#closed.abort();
  }
}

/** A line to one validator. */
export const connectPeer = (options: ConnectPeerOptions): ConnectPeer => new ConnectPeer(options);
