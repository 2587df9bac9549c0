/** A small HTTP server in front of a real node that passes everything on, until a test tells it to alter answers or to say nothing. */
import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** @returns the result to give instead. */
export type Alter = (method: string, params: readonly unknown[], result: unknown) => unknown;

export interface AlteringProxy {
  readonly url: string;
  alter: Alter | undefined;
  /** Answers without the node, unless it returns undefined. */
  answer: ((method: string, params: readonly unknown[]) => unknown) | undefined;
  /** Takes requests and never answers. */
  silent: boolean;
  /** Answers with this status instead. */
  status: number | undefined;
  /** Methods that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function alteringProxy(target: string): Promise<AlteringProxy> {
  const waiting = new Set<ServerResponse>();
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      const { id, method, params = [] } = JSON.parse(body) as { id: unknown; method: string; params?: unknown[] };
      proxy.asked.push(method);
      if (proxy.silent) {
        waiting.add(response);
        return;
      }
      if (proxy.status !== undefined) {
        response.writeHead(proxy.status).end();
        return;
      }
      const made = proxy.answer?.(method, params);
      if (made !== undefined) {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id, result: made }));
        return;
      }
      void fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
        .then(async (answer) => {
          const json = (await answer.json()) as { result?: unknown };
          if (proxy.alter !== undefined && 'result' in json) json.result = proxy.alter(method, params, json.result);
          response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
        })
        .catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: AlteringProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    alter: undefined,
    answer: undefined,
    silent: false,
    status: undefined,
    asked: [],
    close: () => {
      for (const response of waiting) response.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return proxy;
}
