/** fetch as a page has it, on sockets of Node: with the page's origin, and with an authority that the platform does not know. */
import { type IncomingHttpHeaders, type RequestOptions, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';

export interface PageFetchOptions {
  readonly ca?: string;
  readonly origin?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request, and the whole answer. @param write - sends the body. */
export function rawRequest(
  url: string,
  options: RequestOptions & { readonly ca?: string },
  write: (end: (body?: Uint8Array | string) => void, chunk: (body: Uint8Array) => void) => void = (end) => end(),
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const make = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = make(url, { agent: false, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
        request.destroy();
      });
      response.on('error', reject);
    });
    request.on('error', reject);
    write(
      (body) => request.end(body),
      (body) => request.write(body),
    );
  });
}

export const pageFetch =
  ({ ca, origin }: PageFetchOptions): typeof globalThis.fetch =>
  (input, init = {}) =>
    new Promise((resolve, reject) => {
      const url = input instanceof Request ? input.url : input.toString();
      const headers = Object.fromEntries(new Headers(init.headers));
      const make = url.startsWith('https:') ? httpsRequest : httpRequest;
      const request = make(
        url,
        {
          method: init.method ?? 'GET',
          agent: false,
          headers: { ...headers, ...(origin === undefined ? {} : { origin }) },
          ...(ca === undefined ? {} : { ca }),
          ...(init.signal === undefined || init.signal === null ? {} : { signal: init.signal }),
        },
        (response) => {
          const pairs = Object.entries(response.headers).map(
            ([name, value]) => [name, String(value)] as [string, string],
          );
          // A page may not read an answer that does not name its origin.
          if (origin !== undefined && response.headers['access-control-allow-origin'] !== origin) {
            response.destroy();
            reject(new TypeError('Failed to fetch'));
            return;
          }
          const body = Readable.toWeb(response) as unknown as ReadableStream<Uint8Array>;
          resolve(new Response(body, { status: response.statusCode ?? 0, headers: pairs }));
        },
      );
      request.on('error', (cause) =>
        reject(init.signal?.aborted === true ? cause : new TypeError('Failed to fetch', { cause })),
      );
      request.end(init.body as Uint8Array | null | undefined);
    });
