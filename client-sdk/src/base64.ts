/**
 * Base64 with padding, where a protocol has it.
 *
 * @module
 */
export const base64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
