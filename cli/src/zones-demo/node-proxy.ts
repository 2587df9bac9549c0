/**
 * A validator's own line to its node of a chain: passes everything on, until the demonstration makes the node lie or say nothing.
 *
 * @module
 */
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** @returns the result that the node gives instead. */
export type Lie = (method: string, params: readonly unknown[], result: unknown) => unknown;

export interface NodeProxy {
  readonly url: string;
  lie: Lie | undefined;
  /** Takes requests and never answers. */
  silent: boolean;
  close(): Promise<void>;
}

interface Asked {
  readonly method: string;
  readonly params?: readonly unknown[];
}

/** @param target - address of the node's JSON-RPC. */
export async function startNodeProxy(target: string): Promise<NodeProxy> {
  const waiting = new Set<ServerResponse>();
  const pass = async (body: string, response: ServerResponse): Promise<void> => {
    const { method, params = [] } = JSON.parse(body) as Asked;
    const answer = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    let text = await answer.text();
    if (proxy.lie !== undefined) {
      const json = JSON.parse(text) as { result?: unknown };
      if ('result' in json) text = JSON.stringify({ ...json, result: proxy.lie(method, params, json.result) });
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (proxy.silent) {
        waiting.add(response);
        response.once('close', () => waiting.delete(response));
        return;
      }
      pass(Buffer.concat(parts).toString('utf8'), response).catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: NodeProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lie: undefined,
    silent: false,
    close: () => {
      for (const response of waiting) response.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return proxy;
}
