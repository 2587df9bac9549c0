/**
 * Certificates of a development network (X.509 v3, ECDSA P-256 with SHA-256): an authority and leaf certificates that it signs. Production
 * networks bring certificates of their own.
 *
 * @module
 */
import {
  type KeyObject,
  X509Certificate,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';
import { isIP } from 'node:net';
import { InvalidArgumentsError } from '@dwallet/sigma';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
} from '@peculiar/asn1-x509';

/** PEM texts. */
export interface CertifiedKey {
  readonly certificate: string;
  readonly key: string;
}

const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
const commonNameId = '2.5.4.3';

const nameOf = (commonName: string): Name =>
  new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({ type: commonNameId, value: new AttributeValue({ utf8String: commonName }) }),
    ]),
  ]);

const extension = (extnID: string, critical: boolean, value: object): Extension =>
  new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });

const bytesOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

const pem = (label: string, der: ArrayBuffer): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString('base64')
    .replaceAll(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`;

interface Fields {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly issuer: { readonly name: Name; readonly key: KeyObject; readonly keyId: Uint8Array };
  readonly from: Date;
  readonly until: Date;
  readonly extensions: readonly Extension[];
}

const spkiOf = (publicKey: KeyObject): Buffer => publicKey.export({ type: 'spki', format: 'der' });

/** Identifier of a key: SHA-1 of its point (RFC 5280, 4.2.1.2), a name and no protection. */
const keyIdOf = (publicKey: KeyObject): Buffer =>
  createHash('sha1')
    .update(Buffer.from(AsnConvert.parse(spkiOf(publicKey), SubjectPublicKeyInfo).subjectPublicKey))
    .digest();

function certify({ subject, publicKey, issuer, from, until, extensions }: Fields): string {
  // Positive and of full length, as RFC 5280 wants it.
  const serial = randomBytes(16);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  const algorithm = new AlgorithmIdentifier({ algorithm: ecdsaWithSha256 });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: bytesOf(serial),
    signature: algorithm,
    issuer: issuer.name,
    validity: new Validity({ notBefore: from, notAfter: until }),
    subject: nameOf(subject),
    subjectPublicKeyInfo: AsnConvert.parse(spkiOf(publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions([
      ...extensions,
      extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(bytesOf(keyIdOf(publicKey)))),
      extension(
        id_ce_authorityKeyIdentifier,
        false,
        new AuthorityKeyIdentifier({ keyIdentifier: new SubjectKeyIdentifier(bytesOf(issuer.keyId)) }),
      ),
    ]),
  });
  const signature = sign('sha256', new Uint8Array(AsnConvert.serialize(tbsCertificate)), issuer.key);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: bytesOf(signature),
  });
  return pem('CERTIFICATE', AsnConvert.serialize(certificate));
}

/** PEM of a new private key. */
export const createTlsKey = (): string => keyPem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const dayMs = 86_400_000;
const certificateDays = 825;
const authorityDays = 3650;
/** Clocks of a network may differ a little. */
const slackMs = 3_600_000;

/**
 * A self-signed authority.
 * @param now - milliseconds of the Unix epoch.
 * @param existing - PEM of its key; default: a new one.
 */
export function createAuthority(commonName: string, now: number, existing: string = createTlsKey()): CertifiedKey {
  const privateKey = createPrivateKey(existing);
  const publicKey = createPublicKey(privateKey);
  const certificate = certify({
    subject: commonName,
    publicKey,
    issuer: { name: nameOf(commonName), key: privateKey, keyId: keyIdOf(publicKey) },
    from: new Date(now - slackMs),
    until: new Date(now + authorityDays * dayMs),
    extensions: [
      extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
      extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)),
    ],
  });
  return { certificate, key: keyPem(privateKey) };
}

/**
 * A certificate for servers and clients, signed by an authority.
 * @param hosts - DNS names and IP addresses that it stands for.
 * @param now - milliseconds of the Unix epoch.
 * @param renewed - PEM of the key to certify again, so that pins stay as they are; default: a new one.
 */
export function createCertificate(
  authority: CertifiedKey,
  subject: string,
  hosts: readonly string[],
  now: number,
  renewed: string = createTlsKey(),
): CertifiedKey {
  if (hosts.length === 0 || hosts.length > 64) throw new InvalidArgumentsError('hosts', 'must be 1..64');
  const privateKey = createPrivateKey(renewed);
  const publicKey = createPublicKey(privateKey);
  const key = createPrivateKey(authority.key);
  const issuer = new X509Certificate(authority.certificate);
  const names = hosts.map((host) =>
    isIP(host) === 0 ? new GeneralName({ dNSName: host }) : new GeneralName({ iPAddress: host }),
  );
  const certificate = certify({
    subject,
    publicKey,
    issuer: { name: nameOf(commonNameOf(issuer)), key, keyId: keyIdOf(issuer.publicKey) },
    from: new Date(now - slackMs),
    until: new Date(now + certificateDays * dayMs),
    extensions: [
      extension(id_ce_basicConstraints, true, new BasicConstraints()),
      extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature)),
      extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([id_kp_serverAuth, id_kp_clientAuth])),
      extension(id_ce_subjectAltName, false, new SubjectAlternativeName(names)),
    ],
  });
  return { certificate, key: keyPem(privateKey) };
}

function commonNameOf(certificate: X509Certificate): string {
  const [, name] = /^CN=(.*)$/m.exec(certificate.subject) ?? [];
  if (name === undefined) throw new InvalidArgumentsError('authority', 'has no common name');
  return name;
}
