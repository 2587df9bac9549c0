/**
 * Pins: a validator is known by the public key of its TLS certificate, whoever signed the certificate.
 *
 * @module
 */
import { X509Certificate, createHash } from 'node:crypto';
import { DecodeError } from '@dwallet/sigma';

/** `sha256:` and 64 hex characters: digest of the DER of SubjectPublicKeyInfo. */
export type TlsPin = string;

const pattern = /^sha256:[0-9a-f]{64}$/;

/** @throws DecodeError */
export function requirePin(text: string, field: string): TlsPin {
  if (!pattern.test(text)) throw new DecodeError(field, 'must be "sha256:" and 64 hex characters');
  return text;
}

/** Pin of a certificate. @param certificate - DER or PEM. @throws DecodeError */
export function pinOf(certificate: Uint8Array | string): TlsPin {
  let spki: Buffer;
  try {
    const parsed = new X509Certificate(typeof certificate === 'string' ? certificate : Buffer.from(certificate));
    spki = parsed.publicKey.export({
      type: 'spki',
      format: 'der',
    });
  } catch (cause) {
    throw new DecodeError('certificate', 'cannot be read', undefined, { cause });
  }
  return `sha256:${createHash('sha256').update(spki).digest('hex')}`;
}
