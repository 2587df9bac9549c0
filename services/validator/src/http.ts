/**
 * The plain HTTP endpoint for machines that watch: `/metrics` for Prometheus, `/healthz` (the process lives), `/readyz` (it can serve).
 *
 * @module
 */
import { type Server, createServer } from 'node:http';

/** Readiness: every condition by name; ready when all are true. */
export type Readiness = Readonly<Record<string, boolean>>;

export interface WatchServerOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: () => Promise<string>;
  readonly ready: () => Readiness;
  /** What else `/readyz` says, for people. */
  readonly facts?: () => Readonly<Record<string, string | number | boolean>>;
}

export interface WatchServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function startWatchServer(options: WatchServerOptions): Promise<WatchServer> {
  const server: Server = createServer((request, response) => {
    const send = (status: number, type: string, text: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(text);
    };
    const json = (status: number, value: unknown): void =>
      send(status, 'application/json', `${JSON.stringify(value)}\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'only GET' });
    // Not `new URL`: it throws on what is no address, such as `//`.
    switch ((request.url ?? '/').split('?', 1)[0]) {
      case '/metrics':
        options.metrics().then(
          (text) => send(200, 'text/plain; version=0.0.4; charset=utf-8', text),
          () => json(500, { error: 'metrics cannot be read' }),
        );
        return;
      case '/healthz':
        return json(200, { alive: true });
      case '/readyz': {
        const conditions = options.ready();
        const ready = Object.values(conditions).every(Boolean);
        return json(ready ? 200 : 503, { ready, conditions, facts: options.facts?.() ?? {} });
      }
      default:
        return json(404, { error: 'there are /metrics, /healthz and /readyz' });
    }
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 5_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
