/**
 * One HTTP request to a node: bounded in time (to the last byte) and in size, without redirects, and with errors that never quote the address.
 *
 * @module
 */
import { BugError, Secret } from '@dwallet/sigma';
import type { Clock } from '../../clock.ts';
import { SilentNodeError } from './node-error.ts';
import { pause } from './pause.ts';

/** Where a node is. User and password of the address become a Basic authorisation. */
export interface Endpoint {
  readonly address: Secret<Uint8Array>;
  readonly authorisation: Secret<Uint8Array> | undefined;
}

const text = (secret: Secret<Uint8Array>): string => Buffer.from(secret.expose()).toString('utf8');
const secret = (value: string): Secret<Uint8Array> =>
  new Secret<Uint8Array>(new Uint8Array(Buffer.from(value, 'utf8')));

/** Reads an address, `http:` or `https:`. @returns undefined if it is none. */
export function parseEndpoint(address: string): Endpoint | undefined {
  let url: URL;
  try {
    url = new URL(address.trim());
  } catch {
    return undefined;
  }
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || url.hash !== '') return undefined;
  const credentials =
    url.username === '' && url.password === ''
      ? undefined
      : `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')}`;
  url.username = '';
  url.password = '';
  return {
    address: secret(url.href),
    authorisation: credentials === undefined ? undefined : secret(credentials),
  };
}

export interface ExchangeOptions {
  readonly node: string;
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** From the first byte sent to the last byte received. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  /** How often a request without an answer is sent again, and the first pause before it (doubles). */
  readonly retries: number;
  readonly retryPauseMs: number;
  /** After every request. */
  readonly done: (outcome: string, seconds: number) => void;
}

export interface Exchange {
  readonly status: number;
  readonly body: Uint8Array;
}

interface Question {
  /** Appended to the address. */
  readonly path?: string;
  /** JSON to post; a GET without. */
  readonly json?: string;
}

async function bounded(response: Response, max: number, tooLarge: () => SilentNodeError): Promise<Uint8Array> {
  if (Number(response.headers.get('content-length') ?? 0) > max) {
    await response.body?.cancel();
    throw tooLarge();
  }
  if (response.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body as AsyncIterable<Uint8Array>) {
    size += part.length;
    // Leaving the loop cancels the rest.
    if (size > max) throw tooLarge();
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts, size));
}

async function once(options: ExchangeOptions, { path = '', json }: Question, signal: AbortSignal): Promise<Exchange> {
  const { node, endpoint, clock, timeoutMs, maxResponseBytes } = options;
  const tooLarge = (): SilentNodeError =>
    new SilentNodeError(node, 'too-large', `an answer is larger than ${maxResponseBytes} bytes`);
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  signal.addEventListener('abort', abort, { once: true });
  let late = false;
  const cancel = clock.after(timeoutMs, () => {
    late = true;
    controller.abort();
  });
  try {
    signal.throwIfAborted();
    const address = text(endpoint.address);
    const response = await fetch(path === '' ? address : address.replace(/\/$/, '') + path, {
      method: json === undefined ? 'GET' : 'POST',
      headers: {
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(endpoint.authorisation === undefined ? {} : { authorization: text(endpoint.authorisation) }),
      },
      ...(json === undefined ? {} : { body: json }),
      redirect: 'error',
      signal: controller.signal,
    });
    return { status: response.status, body: await bounded(response, maxResponseBytes, tooLarge) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SilentNodeError) throw error;
    if (late) throw new SilentNodeError(node, 'timeout', `no answer within ${timeoutMs} ms`);
    // Not the cause: messages of network errors quote hosts.
    throw new SilentNodeError(node, 'unreachable', 'cannot be reached');
  } finally {
    cancel();
    signal.removeEventListener('abort', abort);
  }
}

/**
 * Asks a node. Requests that got no answer, or one that says "later" (429, 5xx), are sent again.
 * @returns status and body of an answer below 500, but not 429.
 * @throws SilentNodeError, or the signal's reason once it is aborted.
 */
export async function exchange(options: ExchangeOptions, question: Question, signal: AbortSignal): Promise<Exchange> {
  const { node, clock, retries, retryPauseMs, done } = options;
  for (let attempt = 0; attempt <= retries; attempt++) {
    if (attempt > 0) await pause(clock, retryPauseMs * 2 ** (attempt - 1), signal);
    const start = clock.now();
    try {
      const answer = await once(options, question, signal);
      if (answer.status < 500 && answer.status !== 429) {
        done('ok', (clock.now() - start) / 1000);
        return answer;
      }
      throw new SilentNodeError(node, 'refused', `HTTP status ${answer.status}`);
    } catch (error) {
      if (!(error instanceof SilentNodeError)) throw error;
      done(error.reason, (clock.now() - start) / 1000);
      // The same question gets the same answer.
      if (error.reason === 'too-large' || attempt === retries) throw error;
    }
  }
  throw new BugError('a request ended without an outcome');
}
