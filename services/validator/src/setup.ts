/**
 * What has to exist before a validator runs: its keystore, its TLS certificates and its entry for the validator set; and the same for all
 * validators of a development network at once.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Random, Secret, encodeText } from '@dwallet/sigma';
import { signingPublicKey } from '@dwallet/two-pc-mpc/network';
import { stringify } from 'yaml';
import { ConfigError, type ValidatorConfig, loadConfig, splitAddress } from './config.ts';
import type { RedisAddress } from './compute/redis-seal.ts';
import { Keystore, type KeystoreUnlock, openOrMakeKeyFile } from './keystore.ts';
import { type CertifiedKey, createAuthority, createCertificate, createTlsKey } from './tls/certificates.ts';
import { DevelopmentAuthority } from './tls/development-authority.ts';
import { pinOf } from './tls/pins.ts';
import { placeFile } from './tls/place-file.ts';
import { type ValidatorEntry, makeValidatorSet } from './validator-set.ts';

/** Nobody but its owner can read a file with a secret. @throws ConfigError that names the field. */
export function requirePrivate(path: string, field: string): void {
  if (process.getuid !== undefined && (statSync(path).mode & 0o077) !== 0)
    throw new ConfigError('a secret', [`${field}: the file can be read by others, allowed mode 0600`]);
}

/**
 * What unlocks the keystore, from where the configuration says.
 * @param make - makes a key file that is not there; for a validator that is new.
 * @throws ConfigError, KeystoreError.
 */
export function unlockOf(
  config: Pick<ValidatorConfig, 'keystore'>,
  environment: Record<string, string | undefined>,
  random: Random,
  make = false,
): KeystoreUnlock {
  const { passphraseFile, passphraseEnvironment, keyFile } = config.keystore;
  const missing = (field: string, what: string): ConfigError =>
    new ConfigError('the keystore secret', [`${field}: ${what}`]);
  if (keyFile !== undefined) {
    if (!make && !existsSync(keyFile)) throw missing('keystore.keyFile', 'there is no such file');
    return openOrMakeKeyFile(keyFile, random);
  }
  let text: string | undefined;
  let field: string;
  if (passphraseFile === undefined) {
    const name = passphraseEnvironment as string;
    field = 'keystore.passphraseEnvironment';
    text = environment[name];
    // Whoever this process starts does not need it.
    delete environment[name];
  } else {
    field = 'keystore.passphraseFile';
    if (!existsSync(passphraseFile)) throw missing(field, 'there is no such file');
    requirePrivate(passphraseFile, field);
    [text] = readFileSync(passphraseFile, 'utf8').split(/\r?\n/);
  }
  if (text === undefined || text === '') throw missing(field, 'given nothing, allowed a passphrase');
  return { passphrase: new Secret(encodeText(text)) };
}

/** Where Redis is, with its password from where the configuration says. @throws ConfigError. */
export function redisAddress(
  redis: {
    readonly url: string;
    readonly passwordFile?: string | undefined;
    readonly passwordEnvironment?: string | undefined;
  },
  environment: Record<string, string | undefined>,
): RedisAddress {
  const { url, passwordFile, passwordEnvironment } = redis;
  let password: string | undefined;
  if (passwordFile !== undefined) {
    requirePrivate(passwordFile, 'compute.redis.passwordFile');
    [password] = readFileSync(passwordFile, 'utf8').split(/\r?\n/);
  } else if (passwordEnvironment !== undefined) {
    password = environment[passwordEnvironment];
    delete environment[passwordEnvironment];
  }
  if (password === '' || (password === undefined && (passwordFile ?? passwordEnvironment) !== undefined))
    throw new ConfigError('the password of Redis', ['compute.redis: given nothing, allowed a password']);
  return { url, ...(password === undefined ? {} : { password }) };
}

export function destroyUnlock(unlock: KeystoreUnlock): void {
  ('key' in unlock ? unlock.key : unlock.passphrase).destroy();
}

/**
 * A key and its certificate, each made if it is not there. The key is on the disk first: a process that dies between the two leaves a key that
 * the next one certifies.
 */
function ensureCertified(
  paths: { readonly certificate: string; readonly key: string },
  certify: (key: string) => CertifiedKey,
): void {
  if (existsSync(paths.certificate)) return;
  if (!existsSync(paths.key)) placeFile(paths.key, createTlsKey(), 0o600, 'keep');
  placeFile(paths.certificate, certify(readFileSync(paths.key, 'utf8')).certificate, 0o644, 'keep');
}

/**
 * Certificates that are not there yet, by an authority of this validator's own. Existing ones stay.
 * @returns PEM of who signed: that authority, or the chain of certificates that somebody brought.
 */
function ensureCertificates(config: ValidatorConfig, hosts: readonly string[], now: number): string {
  const folder = dirname(config.tls.peers.certificate);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = { certificate: join(folder, 'authority.crt'), key: join(folder, 'authority.key') };
  const authority = (): CertifiedKey => {
    ensureCertified(files, (key) => createAuthority(`dWallet ${config.network.name} ${nameOf(config)}`, now, key));
    return { certificate: readFileSync(files.certificate, 'utf8'), key: readFileSync(files.key, 'utf8') };
  };
  for (const paths of [config.tls.peers, config.tls.clients])
    ensureCertified(paths, (key) => createCertificate(authority(), nameOf(config), hosts, now, key));
  return readFileSync(existsSync(files.certificate) ? files.certificate : config.tls.peers.certificate, 'utf8');
}

const nameOf = ({ validator }: ValidatorConfig): string => validator.name ?? `validator-${validator.index}`;

export interface InitOptions {
  readonly config: ValidatorConfig;
  readonly environment: Record<string, string | undefined>;
  readonly random: Random;
  /** Where others reach it, if that is not where it listens. */
  readonly peers?: string | undefined;
  readonly clients?: string | undefined;
  /** Milliseconds of the Unix epoch. */
  readonly now: number;
  /** Signs the certificates of a development network; default: an authority of the validator's own. */
  readonly authority?: DevelopmentAuthority;
}

/** Makes what is missing; run again, it changes nothing. @returns the validator's entry for the set. */
export function initValidator(options: InitOptions): ValidatorEntry {
  const { config, environment, random, now } = options;
  const name = nameOf(config);
  mkdirSync(config.data, { recursive: true, mode: 0o700 });
  const isNew = !existsSync(join(config.data, 'keystore.json'));
  const unlock = unlockOf(config, environment, random, isNew);
  const { identity } = Keystore.open(config.data, random, unlock);
  destroyUnlock(unlock);
  const peers = options.peers ?? config.listen.peers;
  const clients = options.clients ?? config.listen.clients;
  let authority: string;
  if (options.authority === undefined) {
    const hosts = [peers, clients, config.listen.peers, config.listen.clients].map((text) => splitAddress(text).host);
    authority = ensureCertificates(
      config,
      [...new Set([name, ...hosts])].filter((host) => !/^(0\.0\.0\.0|::)$/.test(host)),
      now,
    );
  } else {
    authority = options.authority.certificate;
    mkdirSync(dirname(config.tls.peers.certificate), { recursive: true, mode: 0o700 });
    const issued = options.authority.issue(name);
    for (const paths of [config.tls.peers, config.tls.clients]) {
      writeFileSync(paths.key, issued.key, { mode: 0o600 });
      writeFileSync(paths.certificate, issued.certificate, { mode: 0o644 });
    }
  }
  const key = signingPublicKey(identity);
  identity.destroy();
  return {
    index: config.validator.index,
    name,
    identity: Buffer.from(key).toString('hex'),
    weight: 1,
    peers,
    clients,
    tls: pinOf(readFileSync(config.tls.peers.certificate, 'utf8')),
    authority,
  };
}

export interface LocalNetworkOptions {
  readonly folder: string;
  readonly profile: '112' | '128';
  readonly name: string;
  /** Loopback ports by validator; without `browser`, or with 0, for none. */
  readonly ports: readonly {
    readonly peers: number;
    readonly clients: number;
    readonly http: number;
    readonly browser?: number;
  }[];
  /** `field=value` for every validator. */
  readonly set: readonly string[];
  readonly random: Random;
  readonly now: number;
}

/** Keys, certificates, configurations and the validator set of a development network. Keys that are there stay; the rest is written again. */
export function initLocalNetwork(options: LocalNetworkOptions): readonly ValidatorEntry[] {
  const { folder, profile, name, ports, random, now } = options;
  const authority = DevelopmentAuthority.open(join(folder, 'authority'), () => now);
  const set = join(folder, 'validators.yaml');
  const entries = ports.map(({ peers, clients, http, browser = 0 }, i) => {
    const index = i + 1;
    const own = join(folder, `validator-${index}`);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    const path = join(own, 'validator.yaml');
    const settings = {
      data: '.',
      validator: { index, name: `validator-${index}` },
      network: { name, profile, set: '../validators.yaml' },
      listen: { peers: `127.0.0.1:${peers}`, clients: `127.0.0.1:${clients}`, http: `127.0.0.1:${http}` },
      keystore: { keyFile: 'keystore.key' },
    };
    // Through the same door as an operator's own: what `--set` says is checked and then kept in the file.
    const more = readSettings(path, options.set);
    const pages = browser === 0 ? {} : { browser: localBrowser(more, browser) };
    writeFileSync(path, stringify({ ...more, ...settings, ...pages }), { mode: 0o600 });
    const config = loadConfig({ file: path });
    return initValidator({ config, environment: {}, random, now, authority });
  });
  writeFileSync(set, makeValidatorSet({ name, profile }, entries), { mode: 0o644 });
  return entries;
}

/** Pages of this machine may call over plain HTTP, unless `--set` has named others. */
function localBrowser({ browser }: Record<string, unknown>, port: number): ValidatorConfig['browser'] {
  const { allowedOrigins } = browser as ValidatorConfig['browser'];
  return {
    listen: `127.0.0.1:${port}`,
    allowedOrigins: allowedOrigins.length > 0 ? allowedOrigins : ['http://127.0.0.1:*', 'http://localhost:*'],
    plainHttp: true,
  };
}

/** Settings of an earlier start with changes to them, without those that every start writes again. */
function readSettings(path: string, changes: readonly string[]): Record<string, unknown> {
  const written = ['data', 'validator', 'network', 'listen', 'keystore', 'tls'];
  const merged = loadConfig({
    ...(existsSync(path) ? { file: path } : {}),
    folder: dirname(path),
    set: [
      ...(existsSync(path)
        ? []
        : ['data=/x', 'validator.index=1', 'network.name=x', 'network.set=/x', 'keystore.keyFile=/x']),
      ...changes,
    ],
  }) as unknown as Record<string, unknown>;
  return Object.fromEntries(Object.entries(merged).filter(([key]) => !written.includes(key)));
}
