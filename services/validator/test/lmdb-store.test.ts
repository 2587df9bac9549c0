/**
 * The durable store: what was acknowledged is there after any crash, one writer, nothing half there, and a disk that fails or decays is an
 * error, never an absence (MPC 5.8 and 11.7, lessons 1.7 and 2.7).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  BugError,
  type Digest,
  type PresignId,
  concat,
  digest,
  encodeText,
  encodeUint32,
  presignId,
} from '@dwallet/sigma';
import { sha256 } from '@noble/hashes/sha2.js';
import { build } from 'esbuild';
import fc from 'fast-check';
import { open as openLmdb } from 'lmdb';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { LmdbStore, type LmdbStoreOptions, storeVersion } from '../src/store/lmdb-store.ts';
import { StoreError, type StoreErrorCode } from '../src/store/store-error.ts';
import { randomFor } from './helpers/toy-network.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-store-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let counter = 0;
const fresh = (): string => join(root, `validator-${counter++}`);
const owner = new Uint8Array(32).fill(1);
const networkId = digest(new Uint8Array(32).fill(2));
const opened: LmdbStore[] = [];
const open = (folder: string, options: Partial<LmdbStoreOptions> = {}): LmdbStore => {
  const store = LmdbStore.open({ folder, owner, networkId, random: randomFor(`store ${folder}`), ...options });
  opened.push(store);
  return store;
};
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);
const named = (text: string): Uint8Array => sha256(encodeText(text));
const id = (n: number): PresignId => presignId(named(`presign ${n}`));
const D = (n: number): Digest => digest(named(`D ${n}`));
const dataOf = (folder: string): string => join(folder, 'store', 'data.mdb');

function refused(code: StoreErrorCode, work: () => unknown): StoreError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError);
    expect((error as StoreError).code, String(error)).toBe(code);
    return error as StoreError;
  }
  return expect.fail(`must be refused with ${code}`);
}

// As one file: two dozen processes start with it.
const childScript = join(root, 'store-child.mjs');
beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('./helpers/store-child.ts', import.meta.url))],
    outfile: childScript,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['source'],
    // Native, and found from here.
    alias: { lmdb: import.meta.resolve('lmdb') },
    external: ['file:*'],
    logLevel: 'error',
  });
});
const childArguments = (folder: string, act: string): string[] => [childScript, folder, act];
const start = (folder: string, act: string): ChildProcess =>
  spawn(process.execPath, childArguments(folder, act), { stdio: ['ignore', 'pipe', 'ignore'] });
async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return line.toString().trim();
}
async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
}

describe('markers', () => {
  it('compare-and-set, kept across restarts; a void one stays void', async () => {
    const folder = fresh();
    const first = open(folder);
    const markers = first.markers();
    expect(await markers.mark(id(1), D(1))).toBe('marked');
    expect(await markers.mark(id(1), D(1))).toBe('same');
    expect(await markers.mark(id(1), D(2))).toBe('conflict');
    await markers.markVoid(id(2));
    await markers.markVoid(id(1));
    await first.close();
    const again = open(folder).markers();
    expect(again.size).toBe(2);
    expect(await again.mark(id(1), D(1))).toBe('same');
    expect(await again.mark(id(1), D(2))).toBe('conflict');
    expect(await again.lookup(id(1))).toEqual(D(1));
    expect(await again.lookup(id(2))).toBe('void');
    expect(await again.mark(id(2), D(2))).toBe('conflict');
    expect(await again.lookup(id(3))).toBeUndefined();
  });

  it('behave like a map from id to first digest', async () => {
    const folder = fresh();
    let store = open(folder);
    const model = new Map<number, number>();
    const steps = fc.sample(fc.tuple(fc.nat(9), fc.nat(2), fc.nat(19)), { numRuns: 120, seed: 7 });
    for (const [p, d, restart] of steps) {
      const expected = model.has(p) ? (model.get(p) === d ? 'same' : 'conflict') : 'marked';
      expect(await store.markers().mark(id(p), D(d))).toBe(expected);
      if (!model.has(p)) model.set(p, d);
      if (restart === 0) {
        await store.close();
        store = open(folder);
      }
    }
  });

  it('of many calls at once for one presign and one vote, one wins', async () => {
    const store = open(fresh());
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => store.markers().mark(id(1), D(Math.floor(i / 2)))),
    );
    expect(outcomes.filter((outcome) => outcome === 'marked')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'same')).toHaveLength(1);
    const votes = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await Promise.resolve();
        return store.putOnce('vote', 'a', bytes(i));
      }),
    );
    expect(votes.filter((first) => first === undefined)).toHaveLength(1);
    expect(new Set(votes.filter((first) => first !== undefined).map(([first]) => first))).toEqual(
      new Set([store.get('vote', 'a')?.[0]]),
    );
  });

  it('are not given in the middle of a transaction, whose end they could not wait for', () => {
    const store = open(fresh());
    const markers = store.markers();
    let given: Promise<unknown> | undefined;
    store.transaction(() => {
      given = markers.mark(id(1), D(1));
    });
    return expect(given).rejects.toThrow(BugError);
  });
});

describe('transactions', () => {
  it('all or nothing: a part that throws takes back everything, also when it was caught', () => {
    const store = open(fresh());
    store.put('k', 'a', bytes(1));
    expect(() =>
      store.transaction(() => {
        store.put('k', 'a', bytes(2));
        store.putOnce('k', 'b', bytes(3));
        expect(store.get('k', 'a')).toEqual(bytes(2));
        expect(store.list('k')).toEqual(['a', 'b']);
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(store.get('k', 'a')).toEqual(bytes(1));
    expect(store.list('k')).toEqual(['a']);
    expect(() =>
      store.transaction(() => {
        store.put('k', 'c', bytes(4));
        try {
          store.transaction(() => {
            store.put('k', 'd', bytes(5));
            throw new Error('inner');
          });
        } catch {
          // Half of it must not stay.
        }
      }),
    ).toThrow(BugError);
    expect(store.list('k')).toEqual(['a']);
    expect(() => store.transaction(async () => store.put('k', 'e', bytes(6)))).toThrow(BugError);
    expect(store.transaction(() => store.list('k').length)).toBe(1);
  });

  it('are there for the next process, and what was taken back is not counted', async () => {
    const folder = fresh();
    const store = open(folder);
    store.transaction(() => {
      for (let i = 0; i < 50; i++) store.put('k', `n${i}`, bytes(i));
    });
    expect(() =>
      store.transaction(() => {
        store.put('k', 'n0', bytes(99));
        throw new Error('no');
      }),
    ).toThrow('no');
    await store.close();
    const again = open(folder);
    expect(again.list('k')).toHaveLength(50);
    expect(again.get('k', 'n0')).toEqual(bytes(0));
    expect(() => again.verify()).not.toThrow();
  });
});

describe('deleting', () => {
  it('is durable, and leaves a store that adds up; markers cannot be named', async () => {
    const folder = fresh();
    const first = open(folder);
    await first.markers().mark(id(1), D(1));
    first.put('vote', 'a', bytes(1));
    for (const name of ['a', 'b', 'c']) first.put('operation', name, named(name));
    first.delete('operation', 'a');
    first.transaction(() => {
      first.delete('operation', 'b');
      first.put('operation', 'b', bytes(2));
      first.delete('operation', 'c');
    });
    expect(() => first.delete('.marker', Buffer.from(id(1)).toString('hex'))).toThrow(BugError);
    await first.close();
    const again = open(folder);
    again.verify();
    expect(again.list('operation')).toEqual(['b']);
    expect(again.get('vote', 'a')).toEqual(bytes(1));
    expect(await again.markers().lookup(id(1))).toEqual(D(1));
  });
});

describe('size', () => {
  it('grows from nothing to tens of megabytes', async () => {
    const folder = fresh();
    const store = open(folder);
    const big = new Uint8Array(2_000_000).fill(7);
    for (let i = 0; i < 8; i++) store.put('big', `b${i}`, big);
    store.transaction(() => {
      for (let i = 0; i < 500; i++) store.put('small', `s${i}`, new Uint8Array(2000).fill(i));
    });
    await store.close();
    const again = open(folder);
    expect(Buffer.from(again.get('big', 'b7') ?? []).equals(big)).toBe(true);
    expect(again.list('small')).toHaveLength(500);
  });
});

describe('killed at any moment', () => {
  it('everything that was acknowledged is there, and no transaction is half there (MPC 5.8 rule 3)', async () => {
    const folder = fresh();
    for (let run = 0; run < 3; run++) {
      const child = start(folder, 'write');
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      while (output.split('\n').length < 20 + 13 * run) await new Promise((resolve) => setTimeout(resolve, 5));
      await kill(child);
      const acknowledged = Number(
        output
          .trimEnd()
          .split('\n')
          .at(output.endsWith('\n') ? -1 : -2),
      );
      expect(acknowledged).toBeGreaterThan(15);
      const store = open(folder);
      for (let n = 0; n <= acknowledged; n++) {
        expect(store.get('vote', `v${n}`), `vote ${n}`).toEqual(named(`value ${n}`));
        expect(await store.markers().lookup(id(n)), `marker ${n}`).toEqual(named(`value ${n}`));
        expect(await store.markers().mark(id(n), D(n))).toBe('conflict');
      }
      const batches = store.list('batch');
      expect(batches.length % 3).toBe(0);
      expect(batches.length).toBeGreaterThanOrEqual(3 * (acknowledged + 1));
      store.verify();
      await store.close();
    }
  });
});

describe('one writer', () => {
  it('a second one is refused, in this process and in another; a dead one is not in the way', async () => {
    const folder = fresh();
    const store = open(folder);
    expect(refused('STORE_LOCKED', () => open(folder)).message).toContain('in this process');
    const read = spawnSync(process.execPath, childArguments(folder, 'read'), { encoding: 'utf8' });
    expect(JSON.parse(read.stdout)).toEqual({ code: 'STORE_LOCKED' });
    // A refused one has not harmed the first one, nor freed its lock.
    store.put('k', 'a', bytes(1));
    refused('STORE_LOCKED', () => open(folder));
    await store.close();
    const child = start(folder, 'hold');
    expect(await firstLine(child)).toBe('ready');
    refused('STORE_LOCKED', () => open(folder));
    refused('STORE_LOCKED', () => open(folder));
    await kill(child);
    expect(open(folder).get('k', 'a')).toEqual(bytes(1));
  });

  it('of several that start at once at most one goes on', async () => {
    const folder = fresh();
    await open(folder).close();
    const children = Array.from({ length: 3 }, () => start(folder, 'hold'));
    const outcomes = await Promise.all(
      children.map(async (child) => {
        const line = firstLine(child).catch(() => 'gone');
        return Promise.race([line, once(child, 'exit').then(() => 'gone')]);
      }),
    );
    expect(outcomes.filter((outcome) => outcome === 'ready').length).toBeLessThanOrEqual(1);
    for (const child of children) if (child.exitCode === null) await kill(child);
    open(folder);
  });

  it('a closed store answers nothing', async () => {
    const store = open(fresh());
    const markers = store.markers();
    await store.close();
    await store.close();
    refused('STORE_CLOSED', () => store.get('k', 'a'));
    refused('STORE_CLOSED', () => store.put('k', 'a', bytes()));
    refused('STORE_CLOSED', () => store.list('k'));
    await expect(markers.lookup(id(1))).rejects.toThrow('closed');
    await expect(markers.mark(id(1), D(1))).rejects.toThrow('closed');
  });
});

describe('a disk that is full or fails', () => {
  it('below its reserve the store writes nothing and goes on when there is room', async () => {
    const folder = fresh();
    await open(folder).close();
    const store = open(folder, { minFreeBytes: Number.MAX_SAFE_INTEGER });
    refused('STORE_DISK_FULL', () => store.putOnce('vote', 'a', bytes(1)));
    await expect(store.markers().mark(id(1), D(1))).rejects.toMatchObject({ code: 'STORE_DISK_FULL' });
    expect(store.get('vote', 'a')).toBeUndefined();
    expect(store.failure).toBeUndefined();
    await store.close();
    const roomy = open(folder);
    expect(roomy.putOnce('vote', 'a', bytes(2))).toBeUndefined();
  });

  it.skipIf(process.platform === 'win32')(
    'a write that fails in the middle ends the store until it is opened again, and nothing is lost',
    () => {
      const folder = fresh();
      const limited = ['-c', 'ulimit -f 600 && exec "$@"', 'sh', process.execPath, ...childArguments(folder, 'fill')];
      const child = spawnSync('sh', limited, { encoding: 'utf8' });
      const { written, codes } = JSON.parse(child.stdout) as { written: number; codes: string[] };
      expect(written).toBeGreaterThan(5);
      expect(codes).toEqual(['STORE_IO', 'STORE_IO', 'STORE_IO', 'STORE_IO']);
      const again = open(folder);
      expect(again.list('vote')).toHaveLength(written);
      again.verify();
      again.put('vote', 'more', new Uint8Array(20_000));
    },
  );

  const mounted = join(root, 'small-disk');
  mkdirSync(mounted);
  const unmount = (): boolean => spawnSync('umount', [mounted]).status === 0;
  const mount = (): boolean => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mounted]).status === 0;
  const canMount = mount() && unmount();

  it.skipIf(!canMount)(
    'a disk that fills up under the store is said to be full, and nothing is acknowledged, then or later',
    async () => {
      mount();
      onTestFinished(async () => {
        for (const store of opened.splice(0)) await store.close();
        unmount();
      });
      const folder = join(mounted, 'validator');
      const store = open(folder, { minFreeBytes: 0 });
      let written = 0;
      const error = refused('STORE_DISK_FULL', () => {
        for (; ; written++) store.put('vote', `v${written}`, new Uint8Array(20_000).fill(written));
      });
      expect(written).toBeGreaterThan(10);
      expect(error.message).not.toContain(mounted);
      // What is on disk is unknown to this object now: it neither writes nor reads.
      refused('STORE_DISK_FULL', () => store.get('vote', 'v0'));
      refused('STORE_DISK_FULL', () => store.put('vote', 'x', bytes(1)));
      await expect(store.markers().lookup(id(1))).rejects.toThrow('failed before');
      expect(store.failure?.code).toBe('STORE_DISK_FULL');
      await store.close();
      const again = open(folder, { minFreeBytes: 0 });
      expect(again.list('vote')).toHaveLength(written);
      for (let n = 0; n < written; n++)
        expect(Buffer.from(again.get('vote', `v${n}`) ?? []).equals(Buffer.alloc(20_000, n))).toBe(true);
      again.verify();
    },
  );
});

describe('damaged, foreign and newer stores', () => {
  /** A closed store with votes and markers. */
  async function filled(count: number): Promise<string> {
    const folder = fresh();
    const store = open(folder);
    store.transaction(() => {
      for (let n = 0; n < count; n++) store.put('vote', `v${n}`, named(`value ${n}`));
    });
    for (let n = 0; n < count; n++) await store.markers().mark(id(n), digest(named(`value ${n}`)));
    await store.close();
    return folder;
  }

  it('another owner or network is refused', async () => {
    const folder = await filled(1);
    refused('STORE_OWNER', () => open(folder, { owner: new Uint8Array(32).fill(9) }));
    refused('STORE_OWNER', () => open(folder, { networkId: digest(new Uint8Array(32).fill(9)) }));
    expect(open(folder).list('vote')).toEqual(['v0']);
  });

  /** Changes the environment behind the store's back. */
  async function tampered(
    folder: string,
    change: (put: (key: string, value: Uint8Array | undefined) => void, get: (key: string) => Uint8Array) => void,
  ): Promise<void> {
    const db = openLmdb<Buffer, Uint8Array>({
      path: join(folder, 'store'),
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
    });
    const keyOf = (key: string): Buffer => Buffer.from(key, 'latin1');
    change(
      (key, value) => {
        if (value === undefined) db.removeSync(keyOf(key));
        else db.putSync(keyOf(key), Buffer.from(value));
      },
      (key) => new Uint8Array(db.getBinary(keyOf(key)) ?? []),
    );
    await db.close();
  }

  it('a newer version is refused, whatever the rest of it looks like, and says so', async () => {
    const folder = await filled(1);
    await tampered(folder, (put) => put('h', concat(encodeText('DWSTORE\n'), encodeUint32(storeVersion + 1))));
    expect(refused('STORE_VERSION', () => open(folder)).message).toContain('newer');
  });

  it('one of an earlier build is brought up to date, unless it has dWallets that nobody reads any more: that is refused, untouched', async () => {
    const versionTwo = (folder: string): Promise<void> =>
      tampered(folder, (put, get) => {
        const body = get('h').slice(0, -32);
        body.set(encodeUint32(2), 8);
        put('h', concat(body, sha256(body)));
      });
    const folder = await filled(1);
    await versionTwo(folder);
    await open(folder).close();
    const store = open(folder);
    // As it was then: digest and signature, and nothing of what the owner lets validators sign.
    store.put('dwallet-acceptance', 'aa', new Uint8Array(2 + 32 + 64));
    await store.close();
    await versionTwo(folder);
    for (let again = 0; again < 2; again++)
      expect(refused('STORE_VERSION', () => open(folder)).message).toContain('make a new network in an empty folder');
  });

  it.each<
    readonly [
      string,
      (put: (key: string, value: Uint8Array | undefined) => void, get: (key: string) => Uint8Array) => void,
    ]
  >([
    [
      'a lost marker',
      (put) =>
        (['c', 'v'] as const).forEach((t) => put(`${t}/.marker/${Buffer.from(id(1)).toString('hex')}`, undefined)),
    ],
    ['a lost vote', (put) => (['c', 'v'] as const).forEach((t) => put(`${t}/vote/v1`, undefined))],
    ['a lost value', (put) => put('v/vote/v1', undefined)],
    [
      'a record that nobody wrote',
      (put) => (['c', 'v'] as const).forEach((t) => put(`${t}/vote/x`, new Uint8Array(32))),
    ],
    ['a value without checksum', (put) => put('v/vote/x', bytes(1))],
    ['another checksum', (put) => put('c/vote/v1', new Uint8Array(32))],
    ['no header', (put) => put('h', undefined)],
    [
      'a changed header',
      (put, get) =>
        put(
          'h',
          get('h').map((byte, i) => (i === 50 ? byte ^ 1 : byte)),
        ),
    ],
    [
      'an older header',
      (put, get) => {
        const header = get('h').slice();
        const body = header.subarray(0, -32);
        body[119] = (body[119] as number) - 1;
        put('h', concat(body, sha256(body)));
      },
    ],
  ])('%s is found when it is opened', async (_what, change) => {
    const folder = await filled(4);
    await tampered(folder, change);
    refused('STORE_DAMAGED', () => open(folder));
  });

  it('a changed value is found when it is read, and is not an absent one', async () => {
    const folder = await filled(4);
    await tampered(folder, (put) => put('v/vote/v1', bytes(1)));
    const store = open(folder);
    refused('STORE_DAMAGED', () => store.get('vote', 'v1'));
    refused('STORE_DAMAGED', () => store.putOnce('vote', 'v1', bytes(2)));
    expect(store.get('vote', 'v2')).toEqual(named('value 2'));
    refused('STORE_DAMAGED', () => store.verify());
  });

  it('a file that is cut off or is none is refused', async () => {
    const folder = await filled(200);
    const { size } = statSync(dataOf(folder));
    for (const length of [100, 8192, size >> 1, size - 8192]) {
      const copy = fresh();
      cpSync(folder, copy, { recursive: true });
      truncateSync(dataOf(copy), length);
      const read = spawnSync(process.execPath, childArguments(copy, 'read'), { encoding: 'utf8' });
      expect(read.signal, `length ${length}`).toBeNull();
      const outcome: unknown = JSON.parse(read.stdout);
      // The last pages may be free ones.
      if (length === size - 8192 && JSON.stringify(outcome) === '{"votes":200,"marked":200}') continue;
      expect(outcome, `length ${length}`).toEqual({ code: 'STORE_DAMAGED' });
    }
    const text = fresh();
    mkdirSync(join(text, 'store'), { recursive: true });
    writeFileSync(dataOf(text), 'x'.repeat(20_000));
    refused('STORE_DAMAGED', () => open(text));
  });

  it('whatever byte decays: an error or the right answer, never a lost vote or marker', async () => {
    const folder = await filled(60);
    const whole = readFileSync(dataOf(folder));
    const places = fc.sample(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })), {
      numRuns: 10,
      seed: 5,
    });
    for (const [at, change] of places) {
      const copy = fresh();
      mkdirSync(join(copy, 'store'), { recursive: true });
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ change;
      writeFileSync(dataOf(copy), changed);
      const read = spawnSync(process.execPath, childArguments(copy, 'read'), { encoding: 'utf8' });
      if (read.signal !== null) continue;
      const outcome = JSON.parse(read.stdout) as { votes?: number; marked?: number; code?: string };
      if (outcome.code === undefined) expect(outcome, `byte ${at}`).toEqual({ votes: 60, marked: 60 });
      else expect(outcome.code, `byte ${at}`).toMatch(/^STORE_/);
      rmSync(copy, { recursive: true });
    }
  });
});

describe('version 1: a file per record and a log of markers', () => {
  const check = (previous: Uint8Array, body: Uint8Array): Uint8Array =>
    sha256(concat(encodeText('dwallet/v1/single-use'), previous, body));
  /** The log as version 1 wrote it. */
  function logOf(marks: readonly (readonly [PresignId, Digest | 'void'])[], by = owner): Uint8Array {
    const opening = concat(encodeText('DWSINGLE'), encodeUint32(1), by);
    let last = check(new Uint8Array(32), opening);
    let log = concat(opening, last);
    for (const [presign, marker] of marks) {
      const body = concat(
        bytes(marker === 'void' ? 2 : 1),
        presign,
        marker === 'void' ? new Uint8Array(32) : marker,
        presign,
      );
      last = check(last, body);
      log = concat(log, body, last);
    }
    return log;
  }
  function versionOne(
    marks: readonly (readonly [PresignId, Digest | 'void'])[] = [
      [id(1), D(1)],
      [id(2), 'void'],
    ],
  ): string {
    const folder = fresh();
    for (const [kind, name, value] of [
      ['vote', 'a', bytes(1)],
      ['vote', 'b', bytes()],
      ['presign', 'p', new Uint8Array(9000).fill(5)],
    ] as const) {
      mkdirSync(join(folder, 'records', kind), { recursive: true });
      writeFileSync(join(folder, 'records', kind, name), value);
    }
    writeFileSync(join(folder, 'records', 'vote', '.tmp-1-0'), 'half');
    writeFileSync(join(folder, 'single-use.log'), logOf(marks));
    return folder;
  }
  async function expectImported(store: LmdbStore): Promise<void> {
    expect(store.list('vote')).toEqual(['a', 'b']);
    expect(store.get('vote', 'a')).toEqual(bytes(1));
    expect(store.get('vote', 'b')).toEqual(bytes());
    expect(Buffer.from(store.get('presign', 'p') ?? []).equals(Buffer.alloc(9000, 5))).toBe(true);
    expect(await store.markers().lookup(id(1))).toEqual(D(1));
    expect(await store.markers().mark(id(1), D(2))).toBe('conflict');
    expect(await store.markers().lookup(id(2))).toBe('void');
    expect(store.generation.restored).toBe(false);
  }

  it('is imported once and put aside, where an older program does not start on it again', async () => {
    const folder = versionOne();
    const store = open(folder);
    await expectImported(store);
    store.put('vote', 'a', bytes(7));
    await store.close();
    expect(existsSync(join(folder, 'records'))).toBe(false);
    expect(existsSync(join(folder, 'records.imported', 'vote', 'a'))).toBe(true);
    // Version 1 reads the version before anything else, and refuses what is above its own.
    const log = readFileSync(join(folder, 'single-use.log'));
    expect(log.subarray(0, 8).toString()).toBe('DWSINGLE');
    expect(log.readUInt32BE(8)).toBeGreaterThan(1);
    expect(open(folder).get('vote', 'a')).toEqual(bytes(7));
  });

  it('a crash between the import and putting it aside: the same again is fine, anything else is refused', async () => {
    const folder = versionOne();
    const before = fresh();
    cpSync(folder, before, { recursive: true });
    await open(folder).close();
    const putBack = (): void => {
      cpSync(join(before, 'records'), join(folder, 'records'), { recursive: true });
      copyFileSync(join(before, 'single-use.log'), join(folder, 'single-use.log'));
    };
    putBack();
    const again = open(folder);
    await expectImported(again);
    await again.close();
    expect(existsSync(join(folder, 'records'))).toBe(false);
    rmSync(join(folder, 'records.imported'), { recursive: true });
    putBack();
    writeFileSync(join(folder, 'records', 'vote', 'c'), bytes(1));
    refused('STORE_DAMAGED', () => open(folder));
  });

  it('an import that fails leaves nothing behind and can be repeated', async () => {
    const folder = versionOne();
    const log = readFileSync(join(folder, 'single-use.log'));
    const broken = Buffer.from(log);
    // A byte of D, which only the checksum covers.
    broken[76 + 40] = (broken[76 + 40] as number) ^ 1;
    writeFileSync(join(folder, 'single-use.log'), broken);
    refused('STORE_DAMAGED', () => open(folder));
    rmSync(join(folder, 'single-use.log'));
    expect(refused('STORE_DAMAGED', () => open(folder)).message).toContain('markers');
    writeFileSync(join(folder, 'single-use.log'), logOf([], new Uint8Array(32).fill(9)));
    refused('STORE_OWNER', () => open(folder));
    writeFileSync(join(folder, 'single-use.log'), log);
    await expectImported(open(folder));
  });

  it('a torn last marker is void, for every presign that it may name', async () => {
    const log = logOf([
      [id(1), D(1)],
      [id(2), D(2)],
    ]);
    const decayed = log.map((byte, at) => (at === log.length - 60 ? byte ^ 1 : byte));
    for (const torn of [
      log.subarray(0, 76 + 129 + 10),
      log.subarray(0, 76 + 129 + 40),
      log.subarray(0, log.length - 1),
      decayed,
    ]) {
      const folder = versionOne();
      writeFileSync(join(folder, 'single-use.log'), torn);
      const markers = open(folder).markers();
      expect(await markers.lookup(id(1))).toEqual(D(1));
      expect(await markers.lookup(id(2)), `length ${torn.length}`).toBe(
        torn.length < 76 + 129 + 33 ? undefined : 'void',
      );
    }
  });

  it('is not imported while an older program still runs on it', () => {
    const folder = versionOne();
    writeFileSync(join(folder, 'single-use.log.lock'), `${process.ppid}`);
    refused('STORE_LOCKED', () => open(folder));
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(join(folder, 'single-use.log.lock'), `${dead}`);
    open(folder);
  });
});
