/**
 * Serves the site on loopback, under a policy that lets it load its own files, talk to the validators and the node it was told of, and do nothing else.
 *
 * @module
 */
import { createServer } from 'node:http';
import type { Settings } from '../protocol.ts';
import type { SiteFile } from './bundle.ts';

export interface SiteServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Workers get the policy of their own files, which is this one too. */
const policy = ({ endpoints, rpc }: Settings): string =>
  [
    "default-src 'none'",
    // The kernel is WebAssembly; nothing else is compiled at run time.
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${[...endpoints, rpc].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** @param port - 0 takes a free one. */
export async function serveSite(
  site: ReadonlyMap<string, SiteFile>,
  settings: Settings,
  port = 0,
): Promise<SiteServer> {
  const headers = {
    'content-security-policy': policy(settings),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };
  const files = new Map(site);
  files.set('settings.json', { type: 'application/json', content: Buffer.from(JSON.stringify(settings)) });
  let origin = '';
  const server = createServer((request, response) => {
    // Another name for this address would be another origin.
    if (`http://${request.headers.host}` !== origin || request.method !== 'GET') {
      response.writeHead(421, headers).end();
      return;
    }
    const name = (request.url ?? '/').split('?')[0]?.slice(1) ?? '';
    const file = files.get(name === '' ? 'index.html' : name);
    if (file === undefined) response.writeHead(404, headers).end();
    else response.writeHead(200, { ...headers, 'content-type': file.type }).end(file.content);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}`;
  return {
    url: `${origin}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
