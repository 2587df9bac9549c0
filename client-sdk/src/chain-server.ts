/**
 * HTTP to a server of a chain: bounded in time and in size, without cookies and without redirects. Nothing of its address ever appears in an error,
 * as it may hold a password or a key of access; everything it answers is read strictly.
 *
 * @module
 */
import { DWalletError, InvalidArgumentsError, encodeText } from '@dwallet/sigma';
import { base64 } from './base64.ts';

/** Nobody answered; the server said no; the server answered nonsense. */
export type ChainServerErrorCode = 'CHAIN_UNREACHABLE' | 'CHAIN_REFUSED' | 'CHAIN_ANSWER';

/** A server of a chain did not do what it was asked. */
export class ChainServerError extends DWalletError {
  override readonly name = 'ChainServerError';
  readonly code: ChainServerErrorCode;
  /** Code that the server's own protocol gives to the refusal, where it has one. */
  readonly serverCode: number | undefined;
  constructor(code: ChainServerErrorCode, message: string, serverCode?: number) {
    super(message);
    this.code = code;
    this.serverCode = serverCode;
  }
}

/** A refusal in the server's words, cut to 300 characters. @param said - whatever it gave; only text counts. */
export function refusal(what: string, said: unknown, serverCode?: number): ChainServerError {
  const words = typeof said === 'string' ? said.trim().slice(0, 300) : '';
  return new ChainServerError('CHAIN_REFUSED', words === '' ? what : `${what}: ${words}`, serverCode);
}

const nonsense = (message: string): ChainServerError => new ChainServerError('CHAIN_ANSWER', message);

export interface ChainAnswer {
  /** HTTP status. */
  readonly status: number;
  readonly text: string;
}

export interface ChainQuestion {
  readonly signal: AbortSignal | undefined;
  /** Posted as JSON. */
  readonly json?: unknown;
  /** Posted as it is. Without either of them it is a GET. */
  readonly text?: string;
  /** To the last byte of the answer. Default: 30 000. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 30_000;
const maxAnswerBytes = 8_000_000;

export class ChainServer {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;

  /**
   * @param url - `http:` or `https:`. User and password in it become a Basic authorisation.
   * @param headers - for every request, such as a key of access.
   * @throws InvalidArgumentsError
   */
  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    let parsed: URL;
    try {
      parsed = new URL(url);
    } catch {
      throw new InvalidArgumentsError('url', 'is not a URL');
    }
    if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')
      throw new InvalidArgumentsError('url', 'must begin with http:// or https://');
    const { username, password } = parsed;
    const credentials = encodeText(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
    this.#headers =
      username === '' && password === '' ? headers : { ...headers, authorization: `Basic ${base64(credentials)}` };
    parsed.username = '';
    parsed.password = '';
    this.#url = parsed;
  }

  /** Whatever the server answers. @param path - behind that of the URL. @throws ChainServerError CHAIN_UNREACHABLE, CHAIN_ANSWER */
  async ask(path: string, { signal, json, text, timeoutMs = defaultTimeoutMs }: ChainQuestion): Promise<ChainAnswer> {
    const target = new URL(this.#url);
    target.pathname = `${target.pathname.replace(/\/$/, '')}${path}`;
    const body = json === undefined ? text : JSON.stringify(json);
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(target, {
        headers: { ...this.#headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
        redirect: 'error',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
        ...(body === undefined ? {} : { method: 'POST', body }),
      });
      return { status: response.status, text: await limitedText(response) };
    } catch (error) {
      // What fetch throws may quote the address.
      if (error instanceof ChainServerError) throw error;
      throw new ChainServerError('CHAIN_UNREACHABLE', 'the server did not answer');
    }
  }

  /** Text of an answer that is no refusal. @throws ChainServerError */
  async text(path: string, question: ChainQuestion): Promise<string> {
    const { status, text } = await this.ask(path, question);
    if (status < 200 || status > 299) throw refusal(`the server refuses (${status})`, text, status);
    return text;
  }

  /** JSON of an answer that is no refusal. @throws ChainServerError */
  async json(path: string, question: ChainQuestion): Promise<unknown> {
    return parseAnswer(await this.text(path, question));
  }
}

async function limitedText({ body }: Response): Promise<string> {
  if (body === null) return '';
  const reader = body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > maxAnswerBytes) {
      await reader.cancel();
      throw nonsense(`the answer is longer than ${maxAnswerBytes} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** @throws ChainServerError CHAIN_ANSWER */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw nonsense('the answer is not JSON');
  }
}

/** An object in an answer, read field by field. Every method throws ChainServerError CHAIN_ANSWER, which names the field. */
export class AnswerFields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #name: string;

  constructor(value: unknown, name = 'answer') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw nonsense(`${name} is not an object`);
    this.#fields = value as Readonly<Record<string, unknown>>;
    this.#name = name;
  }

  /** Undefined where there is none, or null. */
  get(name: string): unknown {
    return this.#fields[name] ?? undefined;
  }
  object(name: string): AnswerFields {
    return new AnswerFields(this.get(name), `${this.#name}.${name}`);
  }
  text(name: string, form: RegExp): string {
    const value = this.get(name);
    if (typeof value !== 'string' || !form.test(value)) throw nonsense(`${this.#name}.${name} cannot be read`);
    return value;
  }
  /** A natural number below 2^53. */
  count(name: string): number {
    const value = this.get(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw nonsense(`${this.#name}.${name} is not a natural number`);
    return value;
  }
  /** A natural number in decimal digits, of at most 20. */
  decimal(name: string): bigint {
    return BigInt(this.text(name, /^(0|[1-9][0-9]{0,19})$/));
  }
  /** @param maxBytes - and at least one. */
  bytes(name: string, maxBytes: number): Uint8Array {
    return hexAnswer(this.get(name), `${this.#name}.${name}`, maxBytes);
  }
  list(name: string): readonly AnswerFields[] {
    return listAnswer(this.get(name), `${this.#name}.${name}`);
  }
}

/** A list of objects. @throws ChainServerError CHAIN_ANSWER */
export function listAnswer(value: unknown, name = 'answer'): readonly AnswerFields[] {
  if (!Array.isArray(value)) throw nonsense(`${name} is not a list`);
  return value.map((item, i) => new AnswerFields(item, `${name}[${i}]`));
}

/** Bytes in hex, at least one. @throws ChainServerError CHAIN_ANSWER */
export function hexAnswer(value: unknown, name: string, maxBytes: number): Uint8Array {
  if (typeof value !== 'string' || !/^([0-9a-fA-F]{2})+$/.test(value)) throw nonsense(`${name} is not hex`);
  if (value.length > 2 * maxBytes) throw nonsense(`${name} is longer than ${maxBytes} bytes`);
  return Uint8Array.from(value.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** A check that need not be made again once it has passed, such as of which network a server is. */
export function passedOnce(
  check: (signal: AbortSignal | undefined) => Promise<void>,
): (signal: AbortSignal | undefined) => Promise<void> {
  let passed = false;
  return async (signal) => {
    if (passed) return;
    await check(signal);
    passed = true;
  };
}
