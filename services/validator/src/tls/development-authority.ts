/**
 * The certificate authority of a development network, made on first start: one folder with its key and one certificate per process.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CertifiedKey, createAuthority, createCertificate } from './certificates.ts';
import type { TlsFiles } from './credentials.ts';
import { placeFile } from './place-file.ts';

/** Every certificate of a development network stands for these, so that it works on loopback. */
export const loopbackHosts: readonly string[] = ['localhost', '127.0.0.1', '::1'];

/** A key and its certificate in one file, so that they are there together or not at all. */
const bundle = ({ certificate, key }: CertifiedKey): string => `${key}${certificate}`;

function unbundle(text: string): CertifiedKey {
  const part = (label: string): string =>
    new RegExp(`-----BEGIN ${label}-----[\\s\\S]*?-----END ${label}-----\n`).exec(text)?.[0] ?? '';
  return { key: part('PRIVATE KEY'), certificate: part('CERTIFICATE') };
}

export class DevelopmentAuthority {
  readonly #folder: string;
  readonly #authority: CertifiedKey;
  readonly #now: () => number;

  private constructor(folder: string, authority: CertifiedKey, now: () => number) {
    this.#folder = folder;
    this.#authority = authority;
    this.#now = now;
  }

  /**
   * Opens the authority in a folder; makes one on first use, readable by its owner only. Several processes may do so at once.
   * @param now - milliseconds of the Unix epoch.
   */
  static open(folder: string, now: () => number = Date.now): DevelopmentAuthority {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, 'authority.pem');
    if (!existsSync(path)) {
      const made = createAuthority('dWallet development authority', now());
      placeFile(path, bundle(made), 0o600, 'keep');
    }
    const authority = unbundle(readFileSync(path, 'utf8'));
    placeFile(join(folder, 'ca.crt'), authority.certificate, 0o644, 'replace');
    return new DevelopmentAuthority(folder, authority, now);
  }

  /** PEM of the authority's certificate: what clients trust. */
  get certificate(): string {
    return this.#authority.certificate;
  }

  /**
   * The certificate of one process, made on first use, and again with the same key (so that its pin stays) a month before it expires or for other
   * hosts; in `<name>.crt` and `<name>.key` (0600).
   * @param name - such as `validator-1`; a DNS name in the certificate.
   * @param hosts - names and addresses beside the loopback ones.
   */
  issue(name: string, hosts: readonly string[] = []): TlsFiles {
    const path = join(this.#folder, name);
    const known = existsSync(`${path}.pem`) ? unbundle(readFileSync(`${path}.pem`, 'utf8')) : undefined;
    const wanted = [...new Set([name, ...loopbackHosts, ...hosts])];
    const files =
      known !== undefined && this.#stillGood(known, wanted) ? known : this.#issue(path, name, wanted, known?.key);
    return { ...files, ca: this.#authority.certificate };
  }

  #issue(path: string, name: string, hosts: readonly string[], renewed: string | undefined): CertifiedKey {
    const files = createCertificate(this.#authority, name, hosts, this.#now(), renewed);
    placeFile(`${path}.pem`, bundle(files), 0o600, 'replace');
    placeFile(`${path}.key`, files.key, 0o600, 'replace');
    placeFile(`${path}.crt`, files.certificate, 0o644, 'replace');
    return files;
  }

  #stillGood({ certificate }: CertifiedKey, hosts: readonly string[]): boolean {
    const parsed = new X509Certificate(certificate);
    const monthMs = 30 * 86_400_000;
    if (Date.parse(parsed.validTo) - monthMs < this.#now()) return false;
    if (!parsed.verify(new X509Certificate(this.#authority.certificate).publicKey)) return false;
    return hosts.every((host) => parsed.checkHost(host) !== undefined || parsed.checkIP(host) !== undefined);
  }
}
