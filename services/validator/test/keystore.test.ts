/**
 * The keystore: made once, encrypted under a passphrase or a key, readable by its owner only, never replaced by accident, and silent about what is
 * in it.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { BugError, DecodeError, Secret, concat, encodeText } from '@dwallet/sigma';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { afterAll, describe, expect, it } from 'vitest';
import { Keystore, KeystoreError, type KeystoreUnlock, openOrMakeKeyFile } from '../src/keystore.ts';
import { hex, randomFor } from './helpers/toy-network.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-keystore-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let counter = 0;
const fresh = (): string => join(root, `keystore-${counter++}`);
const fileOf = (folder: string): string => join(folder, 'keystore.json');
const contentOf = (folder: string): Record<string, unknown> => JSON.parse(readFileSync(fileOf(folder), 'utf8'));
const keyOf = (n: number): KeystoreUnlock => ({ key: new Secret(new Uint8Array(32).fill(n)) });
const passphraseOf = (text: string): KeystoreUnlock => ({ passphrase: new Secret(encodeText(text)) });
const open = (folder: string, unlock: KeystoreUnlock = keyOf(1)): Keystore =>
  Keystore.open(folder, randomFor(folder), unlock);
const shares = new Map([
  [1, 123456789n],
  [2, -987654321n],
  [40_000, 0n],
  [3, 2n ** 3000n + 7n],
]);

function refusalOf(folder: string, unlock?: KeystoreUnlock): Error {
  try {
    open(folder, unlock);
  } catch (error) {
    return error as Error;
  }
  return expect.fail('the keystore was opened');
}

/** Everything secret in a keystore, in hex. */
const secretsOf = (keystore: Keystore): string[] => [
  hex(keystore.identity.expose()),
  hex(keystore.root.expose()),
  hex(keystore.tableSealKey().expose()),
  ...[...(keystore.shares?.values() ?? [])]
    .map((share) => share.expose().toString(16))
    .filter((text) => text.length > 8),
];

describe('keystore', () => {
  it('keeps its keys: 0600 in a folder of 0700, the same after a restart', () => {
    const folder = fresh();
    const first = open(folder);
    const again = Keystore.open(folder, () => expect.fail('no new randomness is needed'), keyOf(1));
    expect(again.identity.expose()).toEqual(first.identity.expose());
    expect(again.root.expose()).toEqual(first.root.expose());
    expect(first.identity.expose()).not.toEqual(first.root.expose());
    expect(first.shares).toBeUndefined();
    expect(statSync(fileOf(folder)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder)).toEqual(['keystore.json']);
  });

  it('gives copies: what a caller wipes is still there for the next one', () => {
    const keystore = open(fresh());
    const before = hex(keystore.identity.expose());
    keystore.identity.destroy();
    const { identity } = keystore;
    identity.destroy();
    expect(hex(keystore.identity.expose())).toBe(before);
  });

  it('is 0600 also where a crash left a temporary file that everybody reads', () => {
    const folder = fresh();
    const keystore = open(folder);
    const temporary = `${fileOf(folder)}.tmp`;
    writeFileSync(temporary, 'half');
    chmodSync(temporary, 0o666);
    keystore.finishCeremony(new Map([[1, 5n]]));
    expect(statSync(fileOf(folder)).mode & 0o777).toBe(0o600);
    expect(existsSync(temporary)).toBe(false);
  });

  it('a file that cannot be read is not a missing one: no new identity takes its place', () => {
    const folder = fresh();
    mkdirSync(fileOf(folder), { recursive: true });
    expect(() => open(folder)).toThrow('EISDIR');
  });

  it('the ceremony seed survives a restart, and is erased with the shares (CG:8.1.5, pitfall 48)', () => {
    const folder = fresh();
    const seed = hex(open(folder).ceremony(randomFor('ceremony')).expose());
    const again = open(folder).ceremony(() => expect.fail('the seed exists'));
    expect(hex(again.expose())).toBe(seed);
    open(folder).finishCeremony(shares);
    const finished = open(folder);
    expect([...(finished.shares ?? [])].map(([id, share]) => [id, share.expose()])).toEqual([...shares]);
    // A second seed would derive other secrets under the same session ids.
    expect(() => finished.ceremony(randomFor('another'))).toThrow(BugError);
  });

  it('a failed write changes neither the file nor the object', () => {
    const folder = fresh();
    const keystore = open(folder);
    rmSync(folder, { recursive: true });
    expect(() => keystore.ceremony(randomFor('ceremony'))).toThrow('ENOENT');
    expect(() => keystore.changeSecret(keyOf(2))).toThrow('ENOENT');
    mkdirSync(folder);
    // Had the object kept the seed that it could not store, this would return it without storing it; had it kept the secret, that would open it.
    const seed = hex(keystore.ceremony(randomFor('ceremony-2')).expose());
    expect(hex(open(folder).ceremony(randomFor('x')).expose())).toBe(seed);
    expect(refusalOf(folder, keyOf(2))).toBeInstanceOf(KeystoreError);
  });

  it('the key for tables is a function of the root seed, and none of its other uses', () => {
    const folder = fresh();
    const keystore = open(folder);
    const seal = hex(keystore.tableSealKey().expose());
    expect(seal).toMatch(/^[0-9a-f]{64}$/);
    expect(hex(open(folder).tableSealKey().expose())).toBe(seal);
    expect([hex(keystore.root.expose()), hex(keystore.identity.expose())]).not.toContain(seal);
    expect(hex(open(fresh()).tableSealKey().expose())).not.toBe(seal);
  });
});

describe('encryption at rest', () => {
  it('shows nothing: neither the file, nor the object, nor an error', () => {
    const folder = fresh();
    const keystore = open(folder);
    keystore.ceremony(randomFor('ceremony'));
    keystore.finishCeremony(shares);
    const text = readFileSync(fileOf(folder), 'latin1');
    const refusal = refusalOf(folder, keyOf(2));
    const shown = [
      inspect(keystore, { depth: 10, showHidden: true }),
      JSON.stringify({ keystore }),
      keystore.identity.toString(),
      inspect(refusal, { depth: 10 }),
      text,
      Buffer.from(text, 'hex').toString('latin1'),
    ].join();
    for (const secret of secretsOf(keystore)) expect(shown).not.toContain(secret);
    expect(Object.keys(contentOf(folder)).sort()).toEqual(['ciphertext', 'derivation', 'nonce', 'version']);
  });

  it('the wrong key, a passphrase in place of a key, a key of another length', () => {
    const folder = fresh();
    open(folder);
    for (const unlock of [
      keyOf(2),
      passphraseOf('x'),
      passphraseOf(''),
      { key: new Secret(new Uint8Array(31)) },
      { key: new Secret(new Uint8Array(33).fill(1)) },
    ]) {
      expect(refusalOf(folder, unlock)).toMatchObject({ name: 'KeystoreError', code: 'KEYSTORE_SECRET' });
    }
    expect(() => Keystore.open(fresh(), randomFor('x'), passphraseOf(''))).toThrow(KeystoreError);
  });

  it('a passphrase: made slow once per opening, not for each write; the wrong one says no more than that', () => {
    const folder = fresh();
    const keystore = open(folder, passphraseOf('correct horse'));
    expect(contentOf(folder)['derivation']).toMatchObject({ name: 'scrypt', N: 131_072, r: 8, p: 1 });
    const { salt } = contentOf(folder)['derivation'] as { salt: string };
    // Were the key derived anew, a new salt would be too; the nonce is new each time.
    const { nonce } = contentOf(folder);
    keystore.finishCeremony(shares);
    expect((contentOf(folder)['derivation'] as { salt: string }).salt).toBe(salt);
    expect(contentOf(folder)['nonce']).not.toBe(nonce);
    expect(open(folder, passphraseOf('correct horse')).identity.expose()).toEqual(keystore.identity.expose());
    const refusal = refusalOf(folder, passphraseOf('wrong horse'));
    expect(refusal).toMatchObject({ code: 'KEYSTORE_SECRET' });
    expect(inspect(refusal)).not.toContain('horse');
    expect(refusalOf(folder, keyOf(1))).toBeInstanceOf(KeystoreError);
  });

  it('changes its secret: the new one opens it, the old one no longer', () => {
    const folder = fresh();
    const keystore = open(folder);
    keystore.finishCeremony(shares);
    keystore.changeSecret(keyOf(2));
    // Writes go on under the new one.
    keystore.finishCeremony(shares);
    expect(refusalOf(folder, keyOf(1))).toBeInstanceOf(KeystoreError);
    expect(secretsOf(open(folder, keyOf(2)))).toEqual(secretsOf(keystore));
    keystore.changeSecret(passphraseOf('words'));
    expect(secretsOf(open(folder, passphraseOf('words')))).toEqual(secretsOf(keystore));
  });

  it('any changed field is refused: nonce, salt, derivation and content are authenticated', () => {
    const folder = fresh();
    open(folder);
    const content = contentOf(folder) as { nonce: string; ciphertext: string; derivation: { salt: string } };
    const bent = (text: string, at = 0): string =>
      text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
    for (const changed of [
      { ...content, nonce: bent(content.nonce) },
      { ...content, ciphertext: bent(content.ciphertext, 10) },
      { ...content, ciphertext: bent(content.ciphertext, content.ciphertext.length - 1) },
      { ...content, ciphertext: content.ciphertext.slice(2) },
      { ...content, ciphertext: '' },
      { ...content, derivation: { ...content.derivation, salt: bent(content.derivation.salt) } },
    ]) {
      writeFileSync(fileOf(folder), JSON.stringify(changed));
      expect(refusalOf(folder), JSON.stringify(changed)).toBeInstanceOf(KeystoreError);
    }
  });

  it('is what its description says: version and derivation are authenticated with the content', () => {
    const folder = fresh();
    const keystore = open(folder);
    const { derivation, nonce, ciphertext } = contentOf(folder) as Record<'nonce' | 'ciphertext', string> & {
      derivation: { salt: string };
    };
    const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
    const key = hkdf(
      sha256,
      new Uint8Array(32).fill(1),
      fromHex(derivation.salt),
      encodeText('dwallet/v1/keystore'),
      32,
    );
    const associated = concat(
      encodeText('dwallet/v1/keystore-file'),
      Uint8Array.of(2),
      encodeText(JSON.stringify(derivation)),
    );
    const plain = xchacha20poly1305(key, fromHex(nonce), associated).decrypt(fromHex(ciphertext));
    expect(hex(plain.subarray(1, 33))).toBe(hex(keystore.identity.expose()));
    expect(hex(plain.subarray(33, 65))).toBe(hex(keystore.root.expose()));
    expect(() => xchacha20poly1305(key, fromHex(nonce)).decrypt(fromHex(ciphertext))).toThrow();
  });

  it.each<readonly [string, (content: Record<string, unknown>) => unknown]>([
    ['a list', () => []],
    ['null', () => null],
    ['a newer version', (content) => ({ ...content, version: 3 })],
    ['no version', ({ version: _version, ...rest }) => rest],
    ['a short nonce', (content) => ({ ...content, nonce: '00' })],
    ['a content that is no hex', (content) => ({ ...content, ciphertext: 'xy' })],
    ['no derivation', ({ derivation: _derivation, ...rest }) => rest],
    [
      'a derivation that nobody knows',
      (content) => ({ ...content, derivation: { name: 'md5', salt: '00'.repeat(32) } }),
    ],
    [
      'a derivation that is easier to guess',
      (content) => ({ ...content, derivation: { name: 'scrypt', N: 2, r: 8, p: 1, salt: '00'.repeat(32) } }),
    ],
    ['a salt of another size', (content) => ({ ...content, derivation: { name: 'hkdf-sha256', salt: '00' } })],
  ])('refuses %s', (_what, change) => {
    const folder = fresh();
    open(folder);
    writeFileSync(fileOf(folder), JSON.stringify(change(contentOf(folder))));
    expect(refusalOf(folder)).toBeInstanceOf(DecodeError);
  });

  it('refuses a torn file with no content in the message', () => {
    const folder = fresh();
    open(folder);
    const text = readFileSync(fileOf(folder), 'utf8');
    writeFileSync(fileOf(folder), text.slice(0, text.length / 2));
    const error = refusalOf(folder);
    expect(error).toBeInstanceOf(DecodeError);
    expect(inspect(error, { depth: 10 })).not.toContain(text.slice(20, 60));
  });
});

describe('version 1, which was not encrypted', () => {
  const identity = 'ab'.repeat(32);
  const plain = { version: 1, identity, root: 'cd'.repeat(32), shares: { '1': '75bcd15', '2': '-3ade68b1' } };
  function folderWith(content: unknown): string {
    const folder = fresh();
    mkdirSync(folder);
    writeFileSync(fileOf(folder), JSON.stringify(content));
    return folder;
  }

  it('is encrypted when it is opened, with the same content', () => {
    const folder = folderWith(plain);
    const keystore = open(folder);
    expect(hex(keystore.identity.expose())).toBe(identity);
    expect(contentOf(folder)['version']).toBe(2);
    expect(readFileSync(fileOf(folder), 'utf8')).not.toContain(identity);
    const again = open(folder);
    expect(hex(again.root.expose())).toBe(plain.root);
    expect([...(again.shares ?? [])].map(([id, share]) => [id, share.expose()])).toEqual([
      [1, 123456789n],
      [2, -987654321n],
    ]);
    expect(refusalOf(folder, keyOf(2))).toBeInstanceOf(KeystoreError);
  });

  it('keeps the seed of a running ceremony', () => {
    const { shares: _none, ...rest } = plain;
    const folder = folderWith({ ...rest, ceremony: 'ef'.repeat(32) });
    expect(hex(open(folder).ceremony(randomFor('x')).expose())).toBe('ef'.repeat(32));
  });

  it.each<readonly [string, object]>([
    ['no identity', { identity: undefined }],
    ['a short identity', { identity: 'ab' }],
    ['an identity in capitals', { identity: 'AB'.repeat(32) }],
    ['a root that is a number', { root: 7 }],
    ['a ceremony seed that is none', { ceremony: 'secret-canary' }],
    ['shares that are a text', { shares: 'secret-canary' }],
    ['a share that is no integer', { shares: { '1': 'secret-canary' } }],
    ['a share that is a number', { shares: { '1': 5 } }],
    ['a share of number 0', { shares: { '0': '5' } }],
    ['a share of number x', { shares: { x: '5' } }],
  ])('refuses %s, and says nothing of the content', (_what, change) => {
    const folder = folderWith({ ...plain, ...change });
    const error = refusalOf(folder);
    expect(error).toBeInstanceOf(DecodeError);
    const shown = inspect(error, { depth: 10 });
    for (const secret of ['secret-canary', identity, plain.root, plain.shares['1']])
      expect(shown).not.toContain(secret);
    // Nothing was changed.
    expect(contentOf(folder)['version']).toBe(1);
  });
});

describe('key file', () => {
  it('is made once, 0600, and is the same afterwards', () => {
    const path = join(fresh(), 'keys', 'keystore.key');
    const { key } = openOrMakeKeyFile(path, randomFor('key file'));
    expect(key.expose()).toHaveLength(32);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = openOrMakeKeyFile(path, () => expect.fail('it exists'));
    expect(again.key.expose()).toEqual(key.expose());
    const folder = fresh();
    open(folder, { key });
    expect(open(folder, again).identity.expose()).toHaveLength(32);
  });

  it('that others may read, or that holds no key, is refused without its content', () => {
    const path = join(root, 'key');
    openOrMakeKeyFile(path, randomFor('key file'));
    chmodSync(path, 0o644);
    expect(() => openOrMakeKeyFile(path, randomFor('x'))).toThrow(KeystoreError);
    chmodSync(path, 0o600);
    for (const content of ['', 'ab', 'secret-canary', `${'ab'.repeat(32)}ff`]) {
      writeFileSync(path, content);
      let error: unknown;
      try {
        openOrMakeKeyFile(path, randomFor('x'));
      } catch (caught) {
        error = caught;
      }
      expect(error).toMatchObject({ code: 'KEY_FILE' });
      if (content.length > 2) expect(inspect(error)).not.toContain(content);
    }
  });
});
