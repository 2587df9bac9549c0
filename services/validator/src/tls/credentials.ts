/**
 * TLS for gRPC, with certificates that can be replaced while the process runs: connections that are made after {@link TlsIdentity.replace} use
 * the new ones, those that exist go on.
 *
 * @module
 */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { type PeerCertificate, checkServerIdentity } from 'node:tls';
import { type ChannelCredentials, type ServerCredentials, experimental } from '@grpc/grpc-js';
import { DecodeError } from '@dwallet/sigma';
import { type TlsPin, pinOf } from './pins.ts';

/** PEM texts. */
export interface TlsFiles {
  /** Certificate of this process, with its chain. */
  readonly certificate: string;
  /** Private key of the certificate. */
  readonly key: string;
  /** Authorities that sign the other ends' certificates; their own certificates when they are self-signed. */
  readonly ca: string;
}

/**
 * Certificate and key can be read and belong together.
 * @throws DecodeError
 */
export function checkTlsFiles({ certificate, key }: Pick<TlsFiles, 'certificate' | 'key'>): void {
  pinOf(certificate);
  let matches: boolean;
  try {
    matches = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    // The cause might quote the file.
    throw new DecodeError('key', 'cannot be read');
  }
  if (!matches) throw new DecodeError('key', 'is not that of the certificate');
}

type CaListener = Parameters<experimental.CertificateProvider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<experimental.CertificateProvider['addIdentityCertificateListener']>[0];

/** This process's certificate and whom it trusts. */
export class TlsIdentity implements experimental.CertificateProvider {
  #files: TlsFiles;
  readonly #ca = new Set<CaListener>();
  readonly #identity = new Set<IdentityListener>();

  constructor(files: TlsFiles) {
    // Fails here, not at the first connection.
    checkTlsFiles(files);
    this.#files = files;
  }

  /** Pin of the certificate in use. */
  get pin(): TlsPin {
    return pinOf(this.#files.certificate);
  }

  /** When the certificate in use expires, in milliseconds of the Unix epoch. */
  get expiresAt(): number {
    return Date.parse(new X509Certificate(this.#files.certificate).validTo);
  }

  /** Uses other files from now on. @throws DecodeError as {@link checkTlsFiles}, and keeps the old ones. */
  replace(files: TlsFiles): void {
    checkTlsFiles(files);
    this.#files = files;
    for (const listener of this.#ca) listener(this.#caUpdate());
    for (const listener of this.#identity) listener(this.#identityUpdate());
  }

  #caUpdate(): experimental.CaCertificateUpdate {
    return { caCertificate: Buffer.from(this.#files.ca) };
  }
  #identityUpdate(): experimental.IdentityCertificateUpdate {
    return { certificate: Buffer.from(this.#files.certificate), privateKey: Buffer.from(this.#files.key) };
  }

  // CertificateProvider -------------------------------------------------------------------------------------------------------------

  addCaCertificateListener(listener: CaListener): void {
    this.#ca.add(listener);
    process.nextTick(() => this.#ca.has(listener) && listener(this.#caUpdate()));
  }
  removeCaCertificateListener(listener: CaListener): void {
    this.#ca.delete(listener);
  }
  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identity.add(listener);
    process.nextTick(() => this.#identity.has(listener) && listener(this.#identityUpdate()));
  }
  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identity.delete(listener);
  }
}

/**
 * Server credentials.
 * @param clients - `required`: the other end must show a certificate that the authorities signed.
 */
export const serverCredentials = (identity: TlsIdentity, clients: 'required' | 'anonymous'): ServerCredentials =>
  // The implementation takes the identity first and the authorities second, whatever the declared names of its parameters say.
  experimental.createCertificateProviderServerCredentials(
    identity,
    clients === 'required' ? identity : null,
    clients === 'required',
  );

/**
 * Credentials of a line to a validator: shows this process's certificate, and accepts at the other end only the pinned key under its name.
 * @param name - a DNS name or address that the other end's certificate must stand for.
 */
export const peerCredentials = (identity: TlsIdentity, pin: TlsPin, name: string): ChannelCredentials =>
  experimental.createCertificateProviderChannelCredentials(identity, identity, {
    checkServerIdentity: (_host: string, certificate: PeerCertificate): Error | undefined =>
      pinOf(certificate.raw) === pin
        ? checkServerIdentity(name, certificate)
        : new Error('the certificate is not the pinned one'),
  });
