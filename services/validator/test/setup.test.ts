/** What an operator sets up: secrets that only their owner reads, and certificates that are there whole, again, and for the same keys. */
import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, type ValidatorConfig, loadConfig } from '../src/config.ts';
import { destroyUnlock, initValidator, redisAddress, unlockOf } from '../src/setup.ts';
import { TlsIdentity } from '../src/tls/credentials.ts';
import type { ValidatorEntry } from '../src/validator-set.ts';
import { randomFor } from './helpers/toy-network.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-setup-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let counter = 0;
const dayMs = 86_400_000;
const start = Date.UTC(2030, 0, 1);

describe('a secret in a file', () => {
  const secret = join(root, 'secret');
  writeFileSync(secret, 'a long passphrase\nand what is no part of it\n');
  const settings = { keystore: { passphraseFile: secret } };
  const read = {
    'keystore.passphraseFile': (): void => destroyUnlock(unlockOf(settings, {}, randomFor('unlock'))),
    'compute.redis.passwordFile': (): void => void redisAddress({ url: 'redis://x', passwordFile: secret }, {}),
  };

  it.each(Object.entries(read))('%s is read when its owner alone may', (field, work) => {
    chmodSync(secret, 0o600);
    expect(work).not.toThrow();
    for (const mode of [0o644, 0o640, 0o604, 0o620]) {
      chmodSync(secret, mode);
      expect(work, mode.toString(8)).toThrow(ConfigError);
      expect(work).toThrow(`${field}: the file can be read by others`);
      expect(work).not.toThrow(/passphrase$/m);
    }
  });
});

describe('certificates', () => {
  const configOf = (): ValidatorConfig => {
    const folder = join(root, `validator-${counter++}`);
    const set = ['data=data', 'validator.index=1', 'network.name=x', 'network.set=set.yaml', 'keystore.keyFile=key'];
    return loadConfig({ folder, set });
  };
  const init = (config: ValidatorConfig, now = start): ValidatorEntry =>
    initValidator({ config, environment: {}, random: randomFor(`setup ${config.data}`), now });
  const read = (path: string): string => readFileSync(path, 'utf8');
  const authorityOf = (config: ValidatorConfig) => ({
    certificate: join(config.data, '..', 'tls', 'authority.crt'),
    key: join(config.data, '..', 'tls', 'authority.key'),
  });

  it('are made once; keys are readable by their owner only', () => {
    const config = configOf();
    const entry = init(config);
    const all = [config.tls.peers, config.tls.clients, authorityOf(config)];
    const before = all.map(({ certificate, key }) => read(certificate) + read(key));
    for (const { key } of all) expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(init(config, start + dayMs)).toEqual(entry);
    expect(all.map(({ certificate, key }) => read(certificate) + read(key))).toEqual(before);
  });

  it.each(['authority', 'peers', 'clients'] as const)(
    'a start that died after the key of %s goes on with it',
    (which) => {
      const config = configOf();
      const whole = init(config);
      const paths = which === 'authority' ? authorityOf(config) : config.tls[which];
      const key = read(paths.key);
      // What was signed by it comes after it.
      const after = { authority: ['peers', 'clients'], peers: ['clients'], clients: [] } as const;
      for (const side of after[which]) for (const path of Object.values(config.tls[side])) unlinkSync(path);
      unlinkSync(paths.certificate);
      const again = init(config);
      expect(read(paths.key)).toBe(key);
      for (const side of ['peers', 'clients'] as const) {
        const { certificate, key: own } = config.tls[side];
        const ca = read(authorityOf(config).certificate);
        expect(() => new TlsIdentity({ certificate: read(certificate), key: read(own), ca })).not.toThrow();
        expect(new X509Certificate(read(certificate)).verify(new X509Certificate(ca).publicKey)).toBe(true);
      }
      expect(again.tls === whole.tls).toBe(which !== 'authority');
      expect(existsSync(`${paths.key}.${process.pid}.tmp`)).toBe(false);
    },
  );

  it('are renewed for the same keys when the old ones are put aside, as the guide says', () => {
    const config = configOf();
    const entry = init(config);
    const until = (): number => Date.parse(new X509Certificate(read(config.tls.peers.certificate)).validTo);
    const before = until();
    for (const side of ['peers', 'clients'] as const) unlinkSync(config.tls[side].certificate);
    expect(init(config, start + 800 * dayMs)).toEqual(entry);
    expect(until() - before).toBe(800 * dayMs);
  });
});
