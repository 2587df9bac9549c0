/** Configuration: precedence, paths, and what a mistake is answered with. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, type ConfigSources, loadConfig, printSchema, splitAddress } from '../src/config.ts';
import { makeValidatorSet, ownEntry, parseValidatorSet } from '../src/validator-set.ts';

const folder = mkdtempSync(join(tmpdir(), 'dwallet-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const minimal = `
data: data
validator: { index: 2, name: beta }
network: { name: test-net, set: ../set.yaml }
keystore: { keyFile: key }
`;

function file(text: string): string {
  const path = join(folder, 'validator.yaml');
  writeFileSync(path, text);
  return path;
}
const load = (text: string, more: Omit<ConfigSources, 'file'> = {}) => loadConfig({ file: file(text), ...more });
function problems(text: string, more: Omit<ConfigSources, 'file'> = {}): readonly string[] {
  try {
    load(text, more);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
  throw new Error('the configuration was accepted');
}

describe('what is read', () => {
  it('has a default for everything else, and absolute paths', () => {
    const config = load(minimal);
    expect(config.data).toBe(join(folder, 'data'));
    expect(config.network).toEqual({ name: 'test-net', profile: '128', set: join(folder, '..', 'set.yaml') });
    expect(config.keystore).toEqual({ keyFile: join(folder, 'key') });
    expect(config.listen).toEqual({ peers: '127.0.0.1:7101', clients: '127.0.0.1:7201', http: '127.0.0.1:7301' });
    expect(config.pool.low).toBeLessThan(config.pool.high);
    expect(config.tls.peers).toEqual({
      certificate: join(folder, 'tls', 'peers.crt'),
      key: join(folder, 'tls', 'peers.key'),
    });
  });

  it('serves no pages unless it is told where, and lists are told with commas', () => {
    expect(load(minimal).browser).toEqual({ allowedOrigins: [], plainHttp: false });
    const set = ['browser.listen=127.0.0.1:7401', 'browser.plainHttp=true'];
    const environment = { DWALLET_BROWSER_ALLOWED_ORIGINS: 'https://wallet.example,http://127.0.0.1:*' };
    expect(load(minimal, { set, environment }).browser).toEqual({
      listen: '127.0.0.1:7401',
      plainHttp: true,
      allowedOrigins: ['https://wallet.example', 'http://127.0.0.1:*'],
    });
  });

  it('command line over environment over file', () => {
    const text = `${minimal}pool: { low: 4, high: 10, batch: 3 }\n`;
    const environment = { DWALLET_POOL_LOW: '5', DWALLET_POOL_BATCH: '6', DWALLET_TIMEOUTS_ANSWER_MS: '700' };
    const config = load(text, { environment, set: ['pool.batch=7', 'network.profile=112', 'reflection=false'] });
    expect(config.pool).toMatchObject({ low: 5, high: 10, batch: 7 });
    expect(config.timeouts.answerMs).toBe(700);
    expect(config.network.profile).toBe('112');
    expect(config.reflection).toBe(false);
  });

  it('works without a file', () => {
    const set = ['data=/d', 'validator.index=1', 'network.name=x', 'network.set=/s', 'keystore.keyFile=/k'];
    expect(loadConfig({ set })).toMatchObject({ data: '/d', validator: { index: 1 } });
  });

  it('the environment variable that holds the passphrase is no field', () => {
    const text = minimal.replace('keyFile: key', 'passphraseEnvironment: DWALLET_MY_SECRET');
    expect(load(text, { environment: { DWALLET_MY_SECRET: 'x', DWALLET_KERNEL: 'reference' } }).keystore).toEqual({
      passphraseEnvironment: 'DWALLET_MY_SECRET',
    });
  });
});

describe('a mistake is named with its path, what was given and what is allowed', () => {
  it.each([
    ['pool: { low: x }', 'pool.low: given a text of 1 characters, allowed a number'],
    ['pool: { low: 1.5 }', 'pool.low: given a number, allowed an integer'],
    ['pool: { batch: 65 }', 'pool.batch: given an integer, allowed at most 64'],
    ['pool: { low: 9, high: 9 }', 'pool.low: given an integer, allowed a number below pool.high'],
    ['pool: { lwo: 9 }', 'pool.lwo: there is no such field'],
    ['colour: red', 'colour: there is no such field'],
    ['log: { level: loud }', 'log.level: given a text of 4 characters, allowed one of fatal, error, warn'],
    [
      'browser: { listen: "0.0.0.0:7401", plainHttp: true }',
      'browser.plainHttp: given a boolean, allowed true only where browser.listen is on loopback',
    ],
    [
      'browser: { allowedOrigins: ["https://wallet.example", "*"] }',
      'browser.allowedOrigins.1: given a text of 1 characters, allowed an origin: https://host, an extension, http://127.0.0.1:*',
    ],
    ['listen: { peers: localhost }', 'listen.peers: given a text of 9 characters, allowed host:port'],
    ['listen: { peers: "localhost:70000" }', 'listen.peers: given a text of 15 characters, allowed host:port'],
    ['limits: []', 'limits: given a list of 0, allowed a mapping'],
    ['limits: { requestBytes: 1310721 }', 'limits.requestBytes: given an integer, allowed at most 1310720'],
    ['compute: { redis: { url: "redis://user:hunter2@host:1" } }', 'compute.redis.url: given a text of 27 characters'],
    ['tls: { peers: { key: 5 } }', 'tls.peers.key: given an integer, allowed a text'],
  ])('%s', (line, expected) => {
    expect(problems(`${minimal}${line}\n`)).toEqual([expect.stringContaining(expected)]);
  });

  it('all of them at once', () => {
    expect(problems('data: 5\nvalidator: { index: 0 }\n')).toHaveLength(4);
  });

  it('exactly one way to unlock the keystore', () => {
    for (const keystore of ['{}', '{ keyFile: a, passphraseFile: b }']) {
      expect(problems(minimal.replace('{ keyFile: key }', keystore))).toEqual([
        'keystore: given a mapping, allowed exactly one of passphraseFile, passphraseEnvironment, keyFile',
      ]);
    }
  });

  it('unknown and misspelt names from the environment and the command line', () => {
    expect(problems(minimal, { environment: { DWALLET_POOL_LWO: '5', PATH: 'x' } })).toEqual([
      'DWALLET_POOL_LWO: there is no such field',
    ]);
    expect(problems(minimal, { set: ['pool.lwo=5', 'pool'] })).toEqual([
      '--set pool.lwo: there is no such field',
      '--set: given a text without "=", allowed field=value',
    ]);
    expect(problems(minimal, { environment: { DWALLET_POOL_LOW: 'many' } })).toEqual([
      'pool.low: given a text of 4 characters, allowed a number',
    ]);
  });

  it('never quotes what was given, also when it is not YAML', () => {
    const secret = 'correct-horse';
    const texts = [
      minimal.replace('keyFile: key', `passphrase: ${secret}`),
      `${minimal}pool: { low: ${secret} }\n`,
      `${minimal}pool: [${secret}\n`,
      `${minimal}data: ${secret}\n`,
      `${minimal}log: { level: ${secret} }\n`,
      `- ${secret}`,
    ];
    for (const text of texts) expect(problems(text).join('\n')).not.toContain(secret);
    expect(problems(`${minimal}pool: [\n`).join()).toMatch(/^line [0-9]+: not YAML/);
    expect(problems(`${minimal}data: again\n`).join()).toMatch(/^line [0-9]+: not YAML \(duplicate key\)/);
  });

  it('a file that is not there', () => {
    expect(() => loadConfig({ file: join(folder, 'none.yaml') })).toThrow('cannot be read (ENOENT)');
  });
});

it('the schema describes every field and carries no secret in line', () => {
  const schema = printSchema() as { properties: Record<string, { properties?: Record<string, unknown> }> };
  expect(Object.keys(schema.properties)).toContain('keystore');
  expect(Object.keys(schema.properties['keystore']?.properties ?? {})).toEqual([
    'passphraseFile',
    'passphraseEnvironment',
    'keyFile',
  ]);
});

it('addresses', () => {
  expect(splitAddress('127.0.0.1:7101')).toEqual({ host: '127.0.0.1', port: 7101 });
  expect(splitAddress('[::1]:0')).toEqual({ host: '::1', port: 0 });
});

describe('the validator set', () => {
  // Ed25519 public keys of the seeds 32 x 1 to 32 x 4.
  const identities = [
    '8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c',
    '8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394',
    'ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1',
    'ca93ac1705187071d67b83c7ff0efe8108e8ec4530575d7726879333dbdabe7c',
  ];
  const entry = (i: number) => ({
    index: i,
    name: `validator-${i}`,
    identity: identities[i - 1] as string,
    weight: 1,
    peers: `127.0.0.1:${7100 + i}`,
    clients: `127.0.0.1:${7200 + i}`,
    tls: `sha256:${`${i}`.repeat(64)}`,
    authority: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  });
  const all = [1, 2, 3, 4].map(entry);
  const network = { name: 'test-net', profile: '128' } as const;

  it('is the same text whatever the order of the entries, and reads back', () => {
    const text = makeValidatorSet(network, all.toReversed());
    expect(text).toBe(makeValidatorSet(network, all));
    const set = parseValidatorSet(text, 'set');
    expect(set.entries).toEqual(all);
    expect(set.committee.access.threshold).toBe(3);
  });

  it('refuses gaps, doubles and shared keys', () => {
    expect(() => makeValidatorSet(network, [...all.slice(0, 3), entry(4), entry(4)])).toThrow('each of them once');
    expect(() => makeValidatorSet(network, all.slice(0, 3))).toThrow(
      'validators: given a list of 3, allowed at least 4',
    );
    for (const field of ['identity', 'tls', 'name', 'peers'] as const) {
      const doubled = all.map((one) => (one.index === 3 ? { ...one, [field]: all[0]?.[field] } : one));
      expect(() => makeValidatorSet(network, doubled)).toThrow(`${field} of validator 3 is another one's too`);
    }
  });

  it('must agree with the configuration', () => {
    const set = parseValidatorSet(makeValidatorSet(network, all), 'set');
    const config = { validator: { index: 2, name: 'validator-2' }, network: { ...network, set: 'set' } };
    expect(ownEntry(set, config).entry).toEqual(entry(2));
    const contradictions = [
      { ...config, validator: { index: 5 } },
      { ...config, validator: { index: 2, name: 'gamma' } },
      { ...config, network: { ...config.network, name: 'other' } },
      { ...config, network: { ...config.network, profile: '112' as const } },
    ];
    for (const wrong of contradictions) expect(() => ownEntry(set, wrong)).toThrow(ConfigError);
  });
});
