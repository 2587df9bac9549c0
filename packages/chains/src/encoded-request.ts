/**
 * A request in one byte string: which chain, which format, and the raw unsigned bytes. This is what a wallet sends and every validator reads.
 *
 * Layout: version 1 (one byte), length and ASCII of the CAIP-2 id, length and ASCII of the format (one byte each for the lengths), then the raw
 * bytes up to the end. There is one encoding of each request.
 *
 * @module
 */
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { TransactionDecodeError } from './errors.ts';

/** What somebody wants signed, before anybody has read it. */
export interface EncodedRequest {
  /** CAIP-2. */
  readonly chainId: string;
  /** Name of a format of the chain, such as `eip1559`, `psbt` or `eip191`. */
  readonly format: string;
  /** Canonical unsigned bytes of the format: a transaction, a personal message, typed data. */
  readonly raw: Uint8Array;
}

/** Largest request in bytes. Formats have their own, lower limits. */
export const MAX_REQUEST_BYTES = 1024 * 1024;

const VERSION = 1;
/** `parseRequest` decides which ids and formats there are; here only that there is one spelling. */
const CHAIN_ID = /^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$/;
const FORMAT = /^[a-z0-9][a-z0-9-]{0,31}$/;

const field = (name: string, text: string, pattern: RegExp): Uint8Array => {
  if (!pattern.test(text)) throw new TransactionDecodeError(`request.${name}`, 'is malformed');
  return Uint8Array.of(text.length, ...utf8ToBytes(text));
};

/** @throws TransactionDecodeError For a malformed id or format, or too many bytes. */
export function encodeRequest({ chainId, format, raw }: EncodedRequest): Uint8Array {
  const head = concatBytes(
    Uint8Array.of(VERSION),
    field('chainId', chainId, CHAIN_ID),
    field('format', format, FORMAT),
  );
  if (head.length + raw.length > MAX_REQUEST_BYTES) {
    throw new TransactionDecodeError('request', `is longer than ${MAX_REQUEST_BYTES} bytes`);
  }
  return concatBytes(head, raw);
}

/** Strict: exactly what {@link encodeRequest} makes. The raw bytes are not looked at. @throws TransactionDecodeError */
export function decodeRequest(bytes: Uint8Array): EncodedRequest {
  if (bytes.length > MAX_REQUEST_BYTES) {
    throw new TransactionDecodeError('request', `is longer than ${MAX_REQUEST_BYTES} bytes`);
  }
  if (bytes[0] !== VERSION) throw new TransactionDecodeError('request.version', `is not ${VERSION}`);
  let at = 1;
  const read = (name: string, pattern: RegExp): string => {
    const end = at + 1 + (bytes[at] ?? 0);
    if (at >= bytes.length || end > bytes.length) throw new TransactionDecodeError(`request.${name}`, 'is cut off');
    // One character per byte, so that no two byte strings read the same.
    const text = String.fromCharCode(...bytes.subarray(at + 1, end));
    if (!pattern.test(text)) throw new TransactionDecodeError(`request.${name}`, 'is malformed');
    at = end;
    return text;
  };
  const chainId = read('chainId', CHAIN_ID);
  const format = read('format', FORMAT);
  return { chainId, format, raw: bytes.slice(at) };
}
