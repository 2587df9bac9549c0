/**
 * Calls: how validators and clients reach a validator: bytes in, bytes out. In-process, worker threads and (next) gRPC are implementations of
 * one interface, and nothing but encoded messages crosses it.
 *
 * @module
 */
import { DWalletError, Reader, concat, encodeBytes, encodeText, encodeUint32, encodeUint8 } from '@dwallet/sigma';

/** A validator as seen from outside. */
export interface Peer {
  /** Sends one encoded request; rejects when the peer cannot be reached. Refusals come back as replies. */
  call(request: Uint8Array): Promise<Uint8Array>;
}

/** A method call: name and body. Authentication is inside the body (envelopes), so a relay changes nothing. */
export const encodeCall = (method: string, body: Uint8Array): Uint8Array =>
  concat(encodeBytes(encodeText(method)), encodeBytes(body));

export function decodeCall(
  bytes: Uint8Array,
  maxBytes: number,
): { readonly method: string; readonly body: Uint8Array } {
  const reader = new Reader(bytes, 'Call');
  const method = new TextDecoder().decode(reader.bytes('method', 64));
  const body = reader.bytes('body', maxBytes);
  reader.end();
  return { method, body };
}

/** What a peer answered instead of a result: a stable code, the failed check where there is one, and a sentence. */
export class RemoteError extends DWalletError {
  override readonly name = 'RemoteError';
  readonly code: string;
  readonly check: string | undefined;
  /** Path of the field that is wrong, where there is one. */
  readonly field: string | undefined;
  /** Least wait in milliseconds before the same request makes sense again, where the peer says one. */
  readonly retryAfterMs: number | undefined;
  constructor(
    code: string,
    check: string | undefined,
    message: string,
    details: { readonly field?: string | undefined; readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(message);
    this.code = code;
    this.check = check;
    this.field = details.field;
    this.retryAfterMs = details.retryAfterMs;
  }
}

const ok = 0;
const refused = 1;

export const encodeResult = (body: Uint8Array): Uint8Array => concat(encodeUint8(ok), encodeBytes(body));

const maxFieldBytes = 1024;
const maxMessageBytes = 4096;
const maxRetryAfterMs = 2 ** 32 - 1;

/**
 * Errors leave a validator as code, check, message, field and retry hint; messages of these packages never carry secrets. Anything
 * unexpected is opaque.
 */
export function encodeFailure(error: unknown): Uint8Array {
  const known = error instanceof DWalletError;
  const text = (name: 'check' | 'field'): string => {
    const value = known && name in error ? (error as unknown as Record<string, unknown>)[name] : undefined;
    return typeof value === 'string' ? value : '';
  };
  const retry = error instanceof RemoteError ? error.retryAfterMs : undefined;
  return concat(
    encodeUint8(refused),
    encodeBytes(encodeText(known ? error.code : 'INTERNAL')),
    encodeBytes(encodeText(text('check'))),
    encodeBytes(encodeText(known ? error.message : 'internal error').subarray(0, maxMessageBytes)),
    encodeBytes(encodeText(text('field')).subarray(0, maxFieldBytes)),
    // One more than the hint: 0 is none.
    encodeUint32(retry === undefined ? 0 : Math.min(Math.ceil(retry) + 1, maxRetryAfterMs)),
  );
}

/** @throws RemoteError when the reply is a refusal. */
export function decodeReply(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const reader = new Reader(bytes, 'Reply');
  if (reader.uint8('status') === ok) {
    const body = reader.bytes('body', maxBytes);
    reader.end();
    return body;
  }
  const text = (field: string, max: number): string => new TextDecoder().decode(reader.bytes(field, max));
  const code = text('code', 64);
  const check = text('check', 64);
  const message = text('message', maxMessageBytes);
  const field = text('field', maxFieldBytes);
  const retry = reader.uint32('retryAfterMs');
  reader.end();
  throw new RemoteError(code, check === '' ? undefined : check, message, {
    field: field === '' ? undefined : field,
    retryAfterMs: retry === 0 ? undefined : retry - 1,
  });
}
