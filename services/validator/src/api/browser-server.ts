/**
 * SigningService for pages: Connect and gRPC-Web over HTTPS (HTTP/2 and HTTP/1.1), the same handlers as the gRPC server for clients. Plain HTTP on
 * loopback only, for development. A page may call when its origin is on the list; programs that are no pages send no origin.
 *
 * @module
 */
import { createServer } from 'node:http';
import { type Http2SecureServer, createSecureServer } from 'node:http2';
import type { Server as NetServer, Socket } from 'node:net';
import { ConnectError, Code, cors, createConnectRouter, createContextValues } from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import type { UntypedHandleCall } from '@grpc/grpc-js';
import { traceHeader } from '@dwallet/proto';
import { InvalidArgumentsError } from '@dwallet/sigma';
import { isLoopback, splitAddress } from '../config.ts';
import type { TlsIdentity } from '../tls/credentials.ts';
import { peerKey, signingRoutes } from './connect-routes.ts';
import { type ApiLimits, InFlight } from './limits.ts';
import { originMatcher } from './origins.ts';

export interface BrowserOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  /** See `isOriginEntry`. */
  readonly allowedOrigins: readonly string[];
  /** Undefined: plain HTTP, for which the address must be on loopback. */
  readonly tls: TlsIdentity | undefined;
}

export interface BrowserServerOptions extends BrowserOptions {
  /** Those of the gRPC server, by rpc. */
  readonly handlers: Readonly<Record<string, UntypedHandleCall>>;
  readonly limits: ApiLimits;
  /** For operators; never secrets. */
  readonly log: (text: string) => void;
}

/** Of HTTP/1.1 and HTTP/2 alike. */
type NodeServerRequest = Parameters<typeof universalRequestFromNodeRequest>[0];
type NodeServerResponse = Parameters<typeof universalResponseToNodeResponse>[1];

/** A request must be there as a whole after this long. */
const bodyMs = 30_000;
const headersMs = 10_000;
/** How long a browser remembers that it may call. */
const preflightSeconds = 7200;
const allowedHeaders = [...cors.allowedHeaders, traceHeader].join(', ');
const exposedHeaders = cors.exposedHeaders.join(', ');

export class BrowserServer {
  readonly #server: NetServer;
  readonly #sockets = new Set<Socket>();
  readonly #routes: ReadonlyMap<string, UniversalHandler>;
  readonly #allowed: (origin: string) => boolean;
  /** Requests whose bodies are on their way here: what is held in memory before any handler sees it. */
  readonly #arriving: InFlight;
  readonly #log: (text: string) => void;
  port = 0;

  private constructor(options: BrowserServerOptions) {
    const { handlers, limits, allowedOrigins, tls, log } = options;
    const router = createConnectRouter({
      grpc: false,
      // Before anything is kept of a larger one. No compression is known here, so that nothing small becomes large.
      readMaxBytes: limits.maxRequestBytes,
    });
    signingRoutes(handlers)(router);
    this.#routes = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
    this.#allowed = originMatcher(allowedOrigins);
    this.#arriving = new InFlight(limits.maxInFlight, limits.maxInFlightPerAddress);
    this.#log = log;
    const listener = (request: NodeServerRequest, response: NodeServerResponse): void => {
      this.#answer(request, response).catch((error: unknown) => this.#failed(response, error));
    };
    this.#server = tls === undefined ? createServer(listener) : this.#secure(tls, limits, listener);
    const timeouts = { headersTimeout: headersMs, requestTimeout: bodyMs };
    // Of HTTP/1.1, which the secure server speaks too.
    Object.assign(this.#server, timeouts);
    this.#server.maxConnections = 2 * (limits.maxInFlight + limits.maxWatchers);
    this.#server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** @throws InvalidArgumentsError for plain HTTP beyond this machine; Error when the address cannot be bound. */
  static async start(options: BrowserServerOptions): Promise<BrowserServer> {
    const { host, port } = splitAddress(options.address);
    if (options.tls === undefined && !isLoopback(host))
      throw new InvalidArgumentsError('address', 'plain HTTP is for loopback addresses only');
    const server = new BrowserServer(options);
    await new Promise<void>((resolve, reject) => {
      const fail = (cause: Error): void => reject(new Error(`cannot listen at ${options.address}`, { cause }));
      server.#server.once('error', fail);
      server.#server.listen(port, host, () => {
        server.#server.off('error', fail);
        resolve();
      });
    });
    const address = server.#server.address();
    server.port = typeof address === 'object' && address !== null ? address.port : port;
    return server;
  }

  #secure(
    tls: TlsIdentity,
    limits: ApiLimits,
    listener: (request: NodeServerRequest, response: NodeServerResponse) => void,
  ): Http2SecureServer {
    const server = createSecureServer(
      { allowHTTP1: true, minVersion: 'TLSv1.2', settings: { maxConcurrentStreams: limits.maxInFlight } },
      listener,
    );
    // Silent for longer than any call may last.
    server.setTimeout(limits.maxDeadlineMs + bodyMs);
    const use = (update: { readonly certificate: Buffer; readonly privateKey: Buffer } | null): void => {
      if (update !== null)
        server.setSecureContext({ cert: update.certificate, key: update.privateKey, minVersion: 'TLSv1.2' });
    };
    tls.addIdentityCertificateListener(use);
    server.once('close', () => tls.removeIdentityCertificateListener(use));
    return server;
  }

  async #answer(request: NodeServerRequest, response: NodeServerResponse): Promise<void> {
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('vary', 'origin');
    const { origin } = request.headers;
    if (typeof origin === 'string') {
      if (!this.#allowed(origin)) return refuse(request, response, 403);
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-expose-headers', exposedHeaders);
      if (request.method === 'OPTIONS') return preflight(request, response);
    }
    const handler = this.#routes.get(request.url ?? '');
    if (handler === undefined) return refuse(request, response, 404);
    const { remoteAddress = '', remotePort = 0 } = request.socket;
    const entered = this.#enter(remoteAddress);
    if (entered === undefined) return refuse(request, response, 503);
    try {
      const late = setTimeout(() => request.socket.destroy(), bodyMs);
      const arrived = (): void => {
        clearTimeout(late);
        entered();
      };
      request.once('end', arrived);
      request.once('close', arrived);
      response.once('close', arrived);
      const values = createContextValues().set(peerKey, `${remoteAddress}:${remotePort}`);
      const answer = await handler(universalRequestFromNodeRequest(request, response, undefined, values));
      await universalResponseToNodeResponse(answer, response);
    } finally {
      entered();
    }
  }

  #enter(address: string): (() => void) | undefined {
    try {
      return this.#arriving.enter(address);
    } catch {
      return undefined;
    }
  }

  /** Nothing that a client can send ends more than its own request. */
  #failed(response: NodeServerResponse, error: unknown): void {
    if (ConnectError.from(error).code !== Code.Aborted && ConnectError.from(error).code !== Code.Canceled)
      this.#log(`an answer to a page failed (${error instanceof Error ? error.name : typeof error})`);
    if (response.headersSent) response.end();
    else {
      response.writeHead(400);
      response.end();
    }
  }

  /** Takes no more connections; resolves when those that exist are closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** Cuts off every connection. */
  destroy(): void {
    this.#server.close(() => {});
    for (const socket of this.#sockets) socket.destroy();
  }
}

function preflight(request: NodeServerRequest, response: NodeServerResponse): void {
  response.setHeader('access-control-allow-methods', 'POST');
  response.setHeader('access-control-allow-headers', allowedHeaders);
  response.setHeader('access-control-max-age', preflightSeconds);
  response.writeHead(204);
  response.end();
  request.resume();
}

/** Without a body, and without having read one. */
function refuse(request: NodeServerRequest, response: NodeServerResponse, code: number): void {
  if (code === 503) response.setHeader('retry-after', 1);
  response.writeHead(code);
  response.end();
  request.resume();
}
