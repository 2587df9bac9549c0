/**
 * The keystore: made once, readable by its owner only, never replaced by accident, and silent about what is in it.
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
import { BugError, DecodeError } from '@dwallet/sigma';
import { afterAll, describe, expect, it } from 'vitest';
import { Keystore } from '../src/keystore.ts';
import { hex, randomFor } from './helpers/toy-network.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-keystore-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let counter = 0;
const fresh = (): string => join(root, `keystore-${counter++}`);
const fileOf = (folder: string): string => join(folder, 'keystore.json');
const contentOf = (folder: string): Record<string, unknown> => JSON.parse(readFileSync(fileOf(folder), 'utf8'));
const open = (folder: string, label = folder): Keystore => Keystore.open(folder, randomFor(label));

function refusalOf(folder: string): Error {
  try {
    open(folder);
  } catch (error) {
    return error as Error;
  }
  return expect.fail('the keystore was opened');
}

/** A keystore with changed content. */
function changed(change: (content: Record<string, unknown>) => unknown): string {
  const folder = fresh();
  open(folder);
  const content = contentOf(folder);
  writeFileSync(fileOf(folder), JSON.stringify(change(content)));
  return folder;
}

describe('keystore', () => {
  it('keeps its keys: 0600 in a folder of 0700, the same after a restart', () => {
    const folder = fresh();
    const first = open(folder);
    const again = Keystore.open(folder, () => expect.fail('no new randomness is needed'));
    expect(again.identity.expose()).toEqual(first.identity.expose());
    expect(again.root.expose()).toEqual(first.root.expose());
    expect(first.identity.expose()).not.toEqual(first.root.expose());
    expect(first.shares).toBeUndefined();
    expect(statSync(fileOf(folder)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder)).toEqual(['keystore.json']);
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

  it('refuses a newer version, and says nothing of the content', () => {
    const folder = changed((content) => ({ ...content, version: 2 }));
    const error = refusalOf(folder);
    expect(error).toBeInstanceOf(DecodeError);
    expect(error.message).toContain('version');
    for (const secret of [contentOf(folder)['identity'], contentOf(folder)['root']]) {
      expect(inspect(error, { depth: 10 })).not.toContain(String(secret));
    }
  });

  it.each<readonly [string, (content: Record<string, unknown>) => unknown]>([
    ['a list', () => []],
    ['null', () => null],
    ['no identity', ({ version, root: seed }) => ({ version, root: seed })],
    ['a short identity', (content) => ({ ...content, identity: String(content['identity']).slice(2) })],
    ['an identity in capitals', (content) => ({ ...content, identity: 'AB'.repeat(32) })],
    ['a root that is a number', (content) => ({ ...content, root: 7 })],
    ['a ceremony seed that is none', (content) => ({ ...content, ceremony: 'secret-canary' })],
    ['shares that are a text', (content) => ({ ...content, shares: 'secret-canary' })],
    ['a share that is no integer', (content) => ({ ...content, shares: { '1': 'secret-canary' } })],
    ['a share that is a number', (content) => ({ ...content, shares: { '1': 5 } })],
    ['a share of number 0', (content) => ({ ...content, shares: { '0': '5' } })],
    ['a share of number x', (content) => ({ ...content, shares: { x: '5' } })],
  ])('refuses %s', (_what, change) => {
    const folder = changed(change);
    const error = refusalOf(folder);
    expect(error).toBeInstanceOf(DecodeError);
    const shown = inspect(error, { depth: 10 });
    expect(shown).not.toContain('secret-canary');
    for (const value of Object.values(contentOf(folder) ?? {}))
      if (typeof value === 'string' && value.length > 20) expect(shown).not.toContain(value);
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

  it('the ceremony seed survives a restart, and is erased with the shares (CG:8.1.5, pitfall 48)', () => {
    const folder = fresh();
    const keystore = open(folder);
    const seed = hex(keystore.ceremony(randomFor('ceremony')).expose());
    expect(
      hex(
        open(folder)
          .ceremony(() => expect.fail('the seed exists'))
          .expose(),
      ),
    ).toBe(seed);
    const shares = new Map([
      [1, 123456789n],
      [2, -987654321n],
    ]);
    open(folder).finishCeremony(shares);
    expect(readFileSync(fileOf(folder), 'utf8')).not.toContain(seed);
    expect(Object.keys(contentOf(folder)).sort()).toEqual(['identity', 'root', 'shares', 'version']);
    const kept = [...(open(folder).shares ?? [])].map(([id, share]) => [id, share.expose()]);
    expect(kept).toEqual([...shares]);
    // A second seed would derive other secrets under the same session ids.
    expect(() => open(folder).ceremony(randomFor('another'))).toThrow(BugError);
  });

  it('a failed write changes neither the file nor the object', () => {
    const folder = fresh();
    const keystore = open(folder);
    rmSync(folder, { recursive: true });
    expect(() => keystore.ceremony(randomFor('ceremony'))).toThrow('ENOENT');
    mkdirSync(folder);
    // Had the object kept the seed that it could not store, this would return it without storing it.
    const seed = hex(keystore.ceremony(randomFor('ceremony-2')).expose());
    expect(contentOf(folder)['ceremony']).toBe(seed);
  });

  it('does not print itself', () => {
    const folder = fresh();
    const keystore = open(folder);
    keystore.finishCeremony(new Map([[1, 0xabcdef123456789n]]));
    const { identity, root: seed } = contentOf(folder);
    const shown = [
      inspect(keystore, { depth: 10, showHidden: true }),
      JSON.stringify({ keystore }),
      keystore.identity.toString(),
    ].join();
    for (const secret of [identity, seed, 'abcdef123456789', 0xabcdef123456789n.toString()])
      expect(shown).not.toContain(String(secret));
  });
});
