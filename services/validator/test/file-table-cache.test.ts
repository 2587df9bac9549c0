/**
 * Tables on disk: a cache that may lose anything at any time, and never gives a wrong table to its user.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deriveTestParameters, loadTable } from '@dwallet/class-groups';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { InvalidArgumentsError, Secret, digest } from '@dwallet/sigma';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { FileTableCache, FileTableCacheError } from '../src/store/file-table-cache.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-tables-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let counter = 0;
const fresh = (): string => join(root, `cache-${counter++}`);
const keyOf = (n: number) => digest(new Uint8Array(32).fill(n));
const nameOf = (n: number): string => `${Buffer.from(keyOf(n)).toString('hex')}.table`;
const bytes = (n: number, length = 1000): Uint8Array => new Uint8Array(length).fill(n);

const { group, h } = deriveTestParameters(wasmKernel, 520);
const bits = 60;
const expected = Buffer.from(group.encode(group.powerVartime(h, 987_654_321n))).toString('hex');

/** Loads the table of h and uses it. */
function use(cache: FileTableCache): { readonly result: string; readonly built: number } {
  const spy = vi.spyOn(group, 'buildTable');
  try {
    const table = loadTable(group, h, bits, cache);
    const result = Buffer.from(group.encode(group.tablePower(table, 987_654_321n))).toString('hex');
    return { result, built: spy.mock.calls.length };
  } finally {
    spy.mockRestore();
  }
}

function withProblems(folder: string, options: { maxBytes?: number; sealKey?: Secret<Uint8Array> } = {}) {
  const problems: string[] = [];
  const cache = new FileTableCache(folder, { ...options, onProblem: ({ message }) => problems.push(message) });
  return { cache, problems };
}

describe('files', () => {
  it('keeps and replaces entries, across instances, for the owner only, and leaves no temporary files', () => {
    const folder = fresh();
    const cache = new FileTableCache(folder);
    expect(cache.get(keyOf(1))).toBeUndefined();
    cache.put(keyOf(1), bytes(1));
    cache.put(keyOf(2), bytes(2));
    cache.put(keyOf(1), bytes(3));
    expect(cache.get(keyOf(1))).toEqual(bytes(3));
    expect(new FileTableCache(folder).get(keyOf(2))).toEqual(bytes(2));
    expect(readdirSync(folder).sort()).toEqual([nameOf(1), nameOf(2)]);
    expect(statSync(folder).mode & 0o077).toBe(0);
    expect(statSync(join(folder, nameOf(1))).mode & 0o077).toBe(0);
  });

  it('stays within its size: the oldest files go', () => {
    const folder = fresh();
    const { cache, problems } = withProblems(folder, { maxBytes: 2500 });
    for (const n of [1, 2, 3]) {
      cache.put(keyOf(n), bytes(n));
      if (existsSync(join(folder, nameOf(n)))) utimesSync(join(folder, nameOf(n)), n, n);
    }
    cache.put(keyOf(4), bytes(4));
    expect(readdirSync(folder).sort()).toEqual([nameOf(3), nameOf(4)]);
    cache.put(keyOf(5), bytes(5, 2501));
    expect(cache.get(keyOf(5))).toBeUndefined();
    expect(problems.join()).toMatch(/2501 bytes is not kept/);
    expect(readdirSync(folder).sort()).toEqual([nameOf(3), nameOf(4)]);
    expect(() => new FileTableCache(folder, { maxBytes: Number.NaN })).toThrow(InvalidArgumentsError);
  });

  it('reads nothing that cannot be an entry: huge files, folders, links, pipes', () => {
    const folder = fresh();
    const { cache, problems } = withProblems(folder);
    writeFileSync(join(folder, nameOf(1)), '');
    truncateSync(join(folder, nameOf(1)), 2 ** 33);
    mkdirSync(join(folder, nameOf(2)));
    writeFileSync(join(folder, 'elsewhere'), bytes(3));
    symlinkSync(join(folder, 'elsewhere'), join(folder, nameOf(3)));
    expect(spawnSync('mkfifo', [join(folder, nameOf(4))]).status).toBe(0);
    for (const n of [1, 2, 3, 4]) expect(cache.get(keyOf(n)), `${n}`).toBeUndefined();
    expect(problems.length).toBe(4);
    // A good entry replaces a link, not what it points to.
    cache.put(keyOf(3), bytes(9));
    expect(cache.get(keyOf(3))).toEqual(bytes(9));
    expect(new Uint8Array(readFileSync(join(folder, 'elsewhere')))).toEqual(bytes(3));
  });

  it('removes what a crash left, not what another process is writing', () => {
    const folder = fresh();
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, '.tmp-1-0'), 'old');
    utimesSync(join(folder, '.tmp-1-0'), 1, 1);
    writeFileSync(join(folder, '.tmp-2-0'), 'new');
    expect(new FileTableCache(folder).get(keyOf(1))).toBeUndefined();
    expect(readdirSync(folder)).toEqual(['.tmp-2-0']);
  });

  it('a folder that vanishes costs nothing but time', () => {
    const folder = fresh();
    const { cache, problems } = withProblems(folder);
    rmSync(folder, { recursive: true });
    expect(use(cache)).toEqual({ result: expected, built: 1 });
    expect(problems.length).toBe(1);
  });
});

describe('who may write', () => {
  it('without a seal key: refuses a folder that others can write to or own', () => {
    const folder = fresh();
    mkdirSync(folder);
    for (const mode of [0o770, 0o707, 0o777, 0o720]) {
      chmodSync(folder, mode);
      expect(() => new FileTableCache(folder)).toThrow(FileTableCacheError);
    }
    chmodSync(folder, 0o755);
    expect(new FileTableCache(folder).get(keyOf(1))).toBeUndefined();
    if (process.getuid?.() === 0) {
      chownSync(folder, 12_345, 12_345);
      expect(() => new FileTableCache(folder)).toThrow('another user');
    }
  });

  it('with one: takes any folder', () => {
    const folder = fresh();
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    const cache = new FileTableCache(folder, { sealKey: new Secret(bytes(1, 32)) });
    expect(use(cache)).toEqual({ result: expected, built: 1 });
    expect(use(cache)).toEqual({ result: expected, built: 0 });
    const stranger = withProblems(folder, { sealKey: new Secret(bytes(2, 32)) });
    expect(use(stranger.cache)).toEqual({ result: expected, built: 1 });
    expect(stranger.problems.join()).toMatch(/the seal is wrong/);
  });
});

describe('damage', () => {
  it('the second process builds nothing; a flipped, torn, empty or mixed-up file is built again and repaired', () => {
    const folder = fresh();
    const { cache, problems } = withProblems(folder);
    expect(use(cache)).toEqual({ result: expected, built: 1 });
    expect(use(new FileTableCache(folder))).toEqual({ result: expected, built: 0 });
    expect(problems).toEqual([]);
    const [name] = readdirSync(folder) as [string];
    const path = join(folder, name);
    const good = new Uint8Array(readFileSync(path));
    const flip = (at: number): Uint8Array => good.map((byte, i) => (i === at ? byte ^ 1 : byte));
    const bad = [flip(0), flip(40), flip(good.length - 1), good.subarray(0, 500), new Uint8Array(), bytes(0, 5000)];
    for (const content of bad) {
      writeFileSync(path, content);
      expect(use(cache)).toEqual({ result: expected, built: 1 });
      expect(new Uint8Array(readFileSync(path))).toEqual(good);
    }
    expect(problems.length).toBe(bad.length);
    // The file of another table under this name.
    loadTable(group, group.square(h), bits, cache);
    const other = readdirSync(folder).find((candidate) => candidate !== name) as string;
    writeFileSync(path, readFileSync(join(folder, other)));
    expect(use(cache)).toEqual({ result: expected, built: 1 });
  });
});
