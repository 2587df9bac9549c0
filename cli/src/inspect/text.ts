/**
 * Bytes as text, and files that hold bytes in one of the usual ways.
 *
 * @module
 */
import { readFileSync, statSync } from 'node:fs';
import { UsageError } from '../wallet/errors.ts';

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** No object of the protocol, and no transaction that can be signed, is larger. */
const maxFileBytes = 32 * 1024 * 1024;

/** @param path - `-` for standard input. @throws UsageError */
export function readFileBytes(path: string): Uint8Array {
  try {
    if (path !== '-' && statSync(path).size > maxFileBytes)
      throw new UsageError(`${path}: larger than ${maxFileBytes} bytes`);
    return new Uint8Array(readFileSync(path === '-' ? 0 : path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path}: cannot be read`);
  }
}

/**
 * Bytes of a file that holds them as they are, as hex (with or without 0x) or as base64. Objects and transactions begin with a byte that is no
 * printable character, or with `psbt` or `DWALLETK` and a byte above 127 or a control character later on, so that a text is never one of them.
 */
export function bytesOf(content: Uint8Array): Uint8Array {
  const printable = content.every((byte) => (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13);
  if (!printable) return content;
  const text = Buffer.from(content).toString('latin1').replace(/\s+/g, '');
  const digits = text.replace(/^0x/i, '');
  if (digits.length > 0 && /^([0-9a-f]{2})+$/i.test(digits)) return fromHex(digits);
  if (text.length > 0 && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text))
    return new Uint8Array(Buffer.from(text, 'base64'));
  return content;
}
