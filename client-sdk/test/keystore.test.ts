/**
 * The keystore contract in memory, in an encrypted folder and in IndexedDB: nothing of two writers is lost, nothing readable without the secret,
 * nothing bent is taken for empty, one message per presign for ever.
 */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Keystore, type WalletData, IndexedDbKeystore, MemoryKeystore } from '@dwallet/client-sdk';
import { EncryptedFileKeystore, FileWalletStore, recoveryWords, restoreKeystore } from '@dwallet/client-sdk/node';
import type { PresignId } from '@dwallet/sigma';
import { afterAll, describe, expect, it } from 'vitest';
import { WalletState } from '../src/keystore.ts';
import { MemoryIdb } from './helpers/memory-idb.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-keystore-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const secret = 'correct horse';
const log2N = 10;
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const data = (...ids: string[]): WalletData => ({
  version: 1,
  seed: 'a5'.repeat(32),
  wallets: ids.map((id) => ({ id, userShare: 'c3'.repeat(32) })),
});
const idsOf = ({ wallets }: WalletData): string[] => wallets.map(({ id }) => id);
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: { readonly code?: string }) => error.code,
  );

let folders = 0;
const newFolder = (): string => join(root, String(folders++));
const openFiles = (folder: string, words = secret): Promise<EncryptedFileKeystore> =>
  EncryptedFileKeystore.open(folder, { secret: words, log2N });

/** Each gives keystores of two processes, or tabs, of one wallet. */
const kinds: [string, () => Promise<() => Promise<Keystore>>][] = [
  [
    'memory',
    async () => {
      const one = new MemoryKeystore();
      return async () => one;
    },
  ],
  [
    'an encrypted folder',
    async () => {
      const folder = newFolder();
      return () => openFiles(folder);
    },
  ],
  [
    'IndexedDB',
    async () => {
      const { factory } = new MemoryIdb();
      return () => IndexedDbKeystore.open({ secret, log2N, random, factory });
    },
  ],
];

describe.each(kinds)('a keystore in %s', (_, make) => {
  it('is empty, then has what was stored, under revisions; a stale writer changes nothing', async () => {
    const open = await make();
    const first = await open();
    expect(await first.load()).toBeUndefined();
    expect(await first.compareAndSet(0, data('01'))).toBe(true);
    const second = await open();
    expect(await second.load()).toEqual({ revision: 1, data: data('01') });
    expect(await second.compareAndSet(1, data('01', '02'))).toBe(true);
    expect(await first.compareAndSet(1, data('01', '03'))).toBe(false);
    expect(await first.compareAndSet(0, data())).toBe(false);
    expect(await first.load()).toEqual({ revision: 2, data: data('01', '02') });
  });

  it('loses nothing when processes change it at the same moment', async () => {
    const open = await make();
    const names = Array.from({ length: 12 }, (__, i) => String(10 + i));
    const states = await Promise.all(
      names.map(async (name, i) => ({ name, state: new WalletState(i < 6 ? await open() : await open()) })),
    );
    await Promise.all(
      states.map(({ name, state }) =>
        state.update((known = data()) => ({ ...known, wallets: [...known.wallets, ...data(name).wallets] })),
      ),
    );
    const stored = await (await open()).load();
    expect(idsOf(stored?.data as WalletData).sort()).toEqual(names);
    expect(stored?.revision).toBe(12);
  });

  it('keeps the first message of a presign for ever', async () => {
    const open = await make();
    const id = new Uint8Array(32).fill(9) as PresignId;
    const [one, two] = [await open(), await open()];
    expect(await one.messages.get(id)).toBeUndefined();
    const [a, b] = await Promise.all([
      one.messages.putIfAbsent(id, Uint8Array.of(1)),
      two.messages.putIfAbsent(id, Uint8Array.of(2)),
    ]);
    expect(a).toEqual(b);
    expect(await (await open()).messages.get(id)).toEqual(a);
  });

  it('gives the seed back as 24 words, and takes it only when it is empty', async () => {
    const keystore = await (await make())();
    await keystore.compareAndSet(0, data());
    const words = await recoveryWords(keystore);
    expect(words.split(' ')).toHaveLength(24);
    const other = await (await make())();
    await restoreKeystore(other, `  ${words.toUpperCase().replaceAll(' ', '\n')} `);
    expect((await other.load())?.data).toEqual(data());
    expect(await codeOf(restoreKeystore(other, words))).toBe('KEYSTORE_NOT_EMPTY');
    const wrong = words.replace(/^\S+ /, 'zoo ');
    const refused: unknown = await restoreKeystore(await (await make())(), wrong).catch((error: unknown) => error);
    expect(String(refused)).not.toContain('zoo');
    expect(refused).toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });
});

it('an IndexedDB of an earlier or a newer build is refused, and stays as it is', async () => {
  const idb = new MemoryIdb();
  const open = () => IndexedDbKeystore.open({ secret, log2N, random, factory: idb.factory });
  await (await open()).compareAndSet(0, data('01'));
  for (const [version, code] of [
    [1, 'KEYSTORE_OLDER'],
    [3, 'KEYSTORE_NEWER'],
  ] as const) {
    idb.versions.set('dwallet', version);
    expect(await codeOf(open())).toBe(code);
    expect(await codeOf(IndexedDbKeystore.exists({ factory: idb.factory }))).toBe(code);
    expect(idb.versions.get('dwallet')).toBe(version);
  }
  idb.versions.set('dwallet', 2);
  expect(idsOf((await (await open()).load())?.data as WalletData)).toEqual(['01']);
});

it('a process does not go on under another seed', async () => {
  const keystore = new MemoryKeystore(data());
  const state = new WalletState(keystore);
  await state.refresh();
  await keystore.compareAndSet(1, { ...data(), seed: '5a'.repeat(32) });
  expect(await codeOf(state.update((known) => known ?? data()))).toBe('KEYSTORE_SEED_CHANGED');
  expect(await codeOf(state.refresh())).toBe('KEYSTORE_SEED_CHANGED');
});

describe('the encrypted folder', () => {
  const files = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.sealed'));

  it('has nothing readable in it, and nothing that others may read', async () => {
    const folder = newFolder();
    await (await openFiles(folder)).compareAndSet(0, data('01'));
    const [name] = files(folder);
    const path = join(folder, name as string);
    expect(statSync(path).mode & 0o077).toBe(0);
    expect(statSync(folder).mode & 0o077).toBe(0);
    const bytes = readFileSync(path);
    for (const text of ['seed', 'wallets', 'a5a5', 'c3c3']) expect(bytes.includes(text)).toBe(false);
    for (const byte of [0xa5, 0xc3]) expect(bytes.includes(Buffer.alloc(8, byte))).toBe(false);
  });

  it('opens with its secret only; every bent byte is an error, never "empty"', async () => {
    const folder = newFolder();
    await (await openFiles(folder)).compareAndSet(0, data('01'));
    expect(await codeOf(openFiles(folder, 'another'))).toBe('KEYSTORE_WRONG_SECRET');
    const path = join(folder, files(folder)[0] as string);
    const good = readFileSync(path);
    const keystore = await openFiles(folder);
    // The header byte by byte, where it costs no scrypt of unusual size; then the rest here and there.
    const places = [0, 7, 8, 11, 13, 16, 17, 20, 21, 52, 53, 60, 61, 84, 85, good.length - 1];
    for (const place of places) {
      writeFileSync(path, Buffer.from(good.map((byte, i) => (i === place ? byte ^ 1 : byte))));
      expect(await codeOf(keystore.load()), `byte ${place}`).toMatch(/^KEYSTORE_(DAMAGED|WRONG_SECRET|NEWER)$/);
    }
    for (const length of [0, 60, 84, good.length - 1]) {
      writeFileSync(path, good.subarray(0, length));
      expect(await codeOf(keystore.load()), `${length} bytes`).toBe('KEYSTORE_DAMAGED');
    }
    writeFileSync(path, Buffer.from(good.with(12, 63)));
    expect(await codeOf(keystore.load()), 'cost of scrypt').toBe('KEYSTORE_DAMAGED');
    writeFileSync(path, good);
    writeFileSync(join(folder, 'wallet-000000000007.sealed'), good);
    expect(await codeOf(keystore.load()), 'renamed').toBe('KEYSTORE_DAMAGED');
  });

  it('of an earlier or a newer build is refused, and says what to do; it stays as it is', async () => {
    const folder = newFolder();
    await (await openFiles(folder)).compareAndSet(0, data('01'));
    const path = join(folder, files(folder)[0] as string);
    const good = readFileSync(path);
    for (const [version, code] of [
      [1, 'KEYSTORE_OLDER'],
      [3, 'KEYSTORE_NEWER'],
    ] as const) {
      writeFileSync(path, good.with(11, version));
      expect(await codeOf(openFiles(folder)), `version ${version}`).toBe(code);
    }
    writeFileSync(path, good.with(11, 1));
    await expect(openFiles(folder)).rejects.toThrow('recover the wallet from its recovery words');
    expect(files(folder)).toHaveLength(1);
  });

  it('keeps a few old revisions; a process that slept through them all changes nothing', async () => {
    const folder = newFolder();
    const keystore = await openFiles(folder);
    for (let revision = 0; revision < 40; revision++) await keystore.compareAndSet(revision, data());
    const kept = files(folder);
    expect(kept.length).toBe(33);
    expect(kept[0]).toBe('wallet-000000000001.sealed');
    // A process sleeps between its look at the folder and its write, while others go on until its names are free again.
    const slow = newFolder();
    let asleep = false;
    const sleeper = await EncryptedFileKeystore.open(slow, {
      secret,
      log2N,
      random: (length) => {
        if (asleep) renameSync(join(slow, 'wallet-000000000003.sealed'), join(slow, 'wallet-000000000044.sealed'));
        asleep = false;
        return random(length);
      },
    });
    for (let revision = 0; revision < 3; revision++) await sleeper.compareAndSet(revision, data());
    asleep = true;
    expect(await sleeper.compareAndSet(3, data('ff'))).toBe(false);
    expect(files(slow)).not.toContain('wallet-000000000004.sealed');
    expect((await keystore.load())?.revision).toBe(40);
  });

  it('takes over a plain wallet.json, and removes it only then', async () => {
    const folder = newFolder();
    mkdirSync(folder);
    new FileWalletStore(join(folder, 'wallet.json')).save(data('01'));
    const keystore = await openFiles(folder);
    expect((await keystore.load())?.data).toEqual(data('01'));
    expect(readdirSync(folder)).not.toContain('wallet.json');

    // A crash between the two: the same content is there twice.
    new FileWalletStore(join(folder, 'wallet.json')).save(data('01'));
    await openFiles(folder);
    expect(readdirSync(folder)).not.toContain('wallet.json');

    // Another wallet is left alone.
    new FileWalletStore(join(folder, 'wallet.json')).save(data('01', '02'));
    expect(await codeOf(openFiles(folder))).toBe('KEYSTORE_PLAIN_WALLET');
    expect(readdirSync(folder)).toContain('wallet.json');
  });
});

describe('another secret', () => {
  const files = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.sealed'));
  const sizes = (folder: string): number[] => files(folder).map((name) => statSync(join(folder, name)).size);
  const change = { secret: 'another one', log2N };

  it('opens what the old one does not open any more, and nothing under the old one stays on disk', async () => {
    const folder = newFolder();
    const keystore = await openFiles(folder);
    await keystore.compareAndSet(0, data('01'));
    await keystore.compareAndSet(1, data('01', '02'));
    await keystore.changeSecret(change);
    expect(sizes(folder).map((size) => size > 0)).toEqual([false, false, true]);
    expect(await keystore.load()).toEqual({ revision: 3, data: data('01', '02') });
    expect(await codeOf(openFiles(folder))).toBe('KEYSTORE_WRONG_SECRET');
    const reopened = await openFiles(folder, change.secret);
    expect(await reopened.compareAndSet(3, data('03'))).toBe(true);
    expect(await keystore.load()).toEqual({ revision: 4, data: data('03') });
    // The names stay taken, for a process that was asleep; the content is gone.
    expect(files(folder)).toHaveLength(4);
    expect(sizes(folder).map((size) => size > 0)).toEqual([false, false, true, true]);
  });

  it('a process that works under the old one loses its change, and says so', async () => {
    const folder = newFolder();
    const other = await openFiles(folder);
    await other.compareAndSet(0, data('01'));
    await (await openFiles(folder)).changeSecret(change);
    expect(await other.compareAndSet(1, data('02'))).toBe(false);
    expect(await codeOf(other.load())).toBe('KEYSTORE_WRONG_SECRET');
    expect((await (await openFiles(folder, change.secret)).load())?.data).toEqual(data('01'));
  });

  it('what a crash has left under the old one is emptied when the keystore is opened next', async () => {
    const folder = newFolder();
    const keystore = await openFiles(folder);
    await keystore.compareAndSet(0, data('01'));
    const [first] = files(folder) as [string];
    const old = readFileSync(join(folder, first));
    await keystore.changeSecret(change);
    writeFileSync(join(folder, first), old);
    await openFiles(folder, change.secret);
    expect(sizes(folder).map((size) => size > 0)).toEqual([false, true]);
  });

  it('of an empty keystore, or too short: an error, and nothing was changed', async () => {
    const folder = newFolder();
    const keystore = await openFiles(folder);
    expect(await codeOf(keystore.changeSecret(change))).toBe('KEYSTORE_IO');
    await keystore.compareAndSet(0, data('01'));
    expect(await codeOf(keystore.changeSecret({ secret: '' }))).toBe('INVALID_ARGUMENTS');
    expect((await (await openFiles(folder)).load())?.revision).toBe(1);
  });
});
