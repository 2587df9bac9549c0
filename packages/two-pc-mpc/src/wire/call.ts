/**
 * Calls: how validators and clients reach a validator: bytes in, bytes out. In-process, worker threads and (next) gRPC are implementations of
 * one interface, and nothing but encoded messages crosses it.
 *
 * @module
 */
import { DWalletError, Reader, concat, encodeBytes, encodeText, encodeUint8 } from '@dwallet/sigma';

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
  constructor(code: string, check: string | undefined, message: string) {
    super(message);
    this.code = code;
    this.check = check;
  }
}

const ok = 0;
const refused = 1;

export const encodeResult = (body: Uint8Array): Uint8Array => concat(encodeUint8(ok), encodeBytes(body));

/** Errors leave a validator as code, check and message; messages of these packages never carry secrets. Anything unexpected is opaque. */
export function encodeFailure(error: unknown): Uint8Array {
  const known = error instanceof DWalletError;
  const check = known && 'check' in error && typeof error.check === 'string' ? error.check : '';
  return concat(
    encodeUint8(refused),
    encodeBytes(encodeText(known ? error.code : 'INTERNAL')),
    encodeBytes(encodeText(check)),
    encodeBytes(encodeText(known ? error.message : 'internal error')),
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
  const message = text('message', 4096);
  reader.end();
  throw new RemoteError(code, check === '' ? undefined : check, message);
}
