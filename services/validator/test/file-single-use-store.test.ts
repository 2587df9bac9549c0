/**
 * The durable single-use markers of MPC 5.8 and MPC 11.7: crashes, torn writes, damaged and newer files (lessons 1.7).
 */
import { spawnSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Digest, type PresignId, digest, presignId } from '@dwallet/sigma';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type DiskOperations,
  FileSingleUseStore,
  SingleUseStoreError,
  singleUseFileVersion,
} from '../src/store/file-single-use-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'dwallet-single-use-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let counter = 0;
const fresh = (): string => join(folder, `log-${counter++}`);
const owner = new Uint8Array(32).fill(1);
const id = (n: number): PresignId => presignId(sha256(Uint8Array.of(1, n)));
const D = (n: number): Digest => digest(sha256(Uint8Array.of(2, n)));
const open = (path: string, operations?: DiskOperations): FileSingleUseStore =>
  new FileSingleUseStore(path, owner, operations);

const headerBytes = 76;
const recordBytes = 129;

/** A log with `count` marks, closed. */
async function logOf(count: number): Promise<string> {
  const path = fresh();
  const store = open(path);
  for (let i = 0; i < count; i++) expect(await store.mark(id(i), D(i))).toBe('marked');
  store.close();
  return path;
}

describe('markers on disk', () => {
  it('compare-and-set, kept across restarts', async () => {
    const path = fresh();
    const first = open(path);
    expect(await first.mark(id(1), D(1))).toBe('marked');
    expect(await first.mark(id(1), D(1))).toBe('same');
    expect(await first.mark(id(1), D(2))).toBe('conflict');
    await first.markVoid(id(2));
    await first.markVoid(id(1));
    first.close();
    const second = open(path);
    expect(second.size).toBe(2);
    expect(await second.mark(id(1), D(1))).toBe('same');
    expect(await second.mark(id(1), D(2))).toBe('conflict');
    expect(await second.lookup(id(1))).toEqual(D(1));
    expect(await second.lookup(id(2))).toBe('void');
    expect(await second.mark(id(2), D(2))).toBe('conflict');
    expect(await second.lookup(id(3))).toBeUndefined();
    second.close();
    expect(statSync(path).size).toBe(headerBytes + 2 * recordBytes);
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('behaves like a map from id to first digest', async () => {
    const path = fresh();
    let store = open(path);
    const model = new Map<number, number>();
    const steps = fc.sample(fc.tuple(fc.nat(9), fc.nat(2), fc.nat(9)), { numRuns: 150, seed: 7 });
    for (const [p, d, restart] of steps) {
      const expected = model.has(p) ? (model.get(p) === d ? 'same' : 'conflict') : 'marked';
      expect(await store.mark(id(p), D(d))).toBe(expected);
      if (!model.has(p)) model.set(p, d);
      if (restart === 0) {
        store.close();
        store = open(path);
      }
    }
    store.close();
  });

  it('two calls at once for one presign: one wins', async () => {
    const store = open(fresh());
    const outcomes = await Promise.all([store.mark(id(1), D(1)), store.mark(id(1), D(2)), store.mark(id(1), D(1))]);
    expect(outcomes).toEqual(['marked', 'conflict', 'same']);
    store.close();
  });

  it('is written and synced, in this order, before it answers; the folder is synced at creation', async () => {
    const path = fresh();
    const events: string[] = [];
    const store = open(path, {
      write: (file, bytes, position) => {
        events.push(`write ${position}`);
        return writeSync(file, bytes, 0, bytes.length, position);
      },
      sync: (file) => {
        events.push('sync');
        fsyncSync(file);
      },
    });
    expect(events).toEqual(['write 0', 'sync', 'sync']);
    events.length = 0;
    await store.mark(id(1), D(1)).then(() => events.push('answered'));
    expect(events).toEqual([`write ${headerBytes}`, 'sync', 'answered']);
    events.length = 0;
    await store.mark(id(1), D(1));
    expect(events).toEqual([]);
    store.close();
  });

  it('short writes are completed', async () => {
    const path = fresh();
    const store = open(path, {
      write: (file, bytes, position) => writeSync(file, bytes, 0, Math.min(7, bytes.length), position),
      sync: fsyncSync,
    });
    await store.mark(id(1), D(1));
    store.close();
    const again = open(path);
    expect(await again.lookup(id(1))).toEqual(D(1));
    again.close();
  });
});

describe('a failing disk', () => {
  it.each(['write', 'sync'] as const)(
    '%s fails: no marker is promised, now or later, until the file is read again',
    async (what) => {
      const path = await logOf(1);
      let broken = false;
      const store = open(path, {
        write: (file, bytes, position) => {
          if (broken && what === 'write') throw new Error('ENOSPC');
          return writeSync(file, bytes, 0, bytes.length, position);
        },
        sync: (file) => {
          if (broken && what === 'sync') throw new Error('EIO');
          fsyncSync(file);
        },
      });
      broken = true;
      await expect(store.mark(id(7), D(7))).rejects.toThrow(SingleUseStoreError);
      broken = false;
      await expect(store.mark(id(7), D(7))).rejects.toThrow('failed before');
      await expect(store.mark(id(8), D(8))).rejects.toThrow('failed before');
      await expect(store.lookup(id(0))).rejects.toThrow('failed before');
      store.close();
      const again = open(path);
      expect(await again.mark(id(0), D(1))).toBe('conflict');
      again.close();
    },
  );

  it('a closed store answers nothing', async () => {
    const store = open(fresh());
    store.close();
    store.close();
    await expect(store.mark(id(1), D(1))).rejects.toThrow('closed');
    await expect(store.lookup(id(1))).rejects.toThrow('closed');
  });
});

describe('crashes', () => {
  it('truncated at every byte: older markers stay, the torn one is burnt or was never there', async () => {
    const path = await logOf(2);
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length++) {
      const cut = fresh();
      writeFileSync(cut, whole.subarray(0, length));
      const store = open(cut);
      const complete = Math.max(0, Math.floor((length - headerBytes) / recordBytes));
      for (let i = 0; i < complete; i++) {
        expect(await store.lookup(id(i)), `length ${length}`).toEqual(D(i));
        expect(await store.mark(id(i), D(9))).toBe('conflict');
      }
      const torn = length < headerBytes ? 0 : (length - headerBytes) % recordBytes;
      // The id is complete from byte 33 of the record on: then the presign is burnt, for the same digest too.
      expect(await store.mark(id(complete), D(9)), `length ${length}`).toBe(torn >= 33 ? 'conflict' : 'marked');
      store.close();
      // And the recovered file is a good one.
      const again = open(cut);
      expect(again.size).toBeGreaterThanOrEqual(complete + 1);
      again.close();
      rmSync(cut);
    }
  });

  it('a torn last record of full length (any of its bytes wrong) is burnt, not trusted', async () => {
    const path = await logOf(2);
    const whole = readFileSync(path);
    const start = headerBytes + recordBytes;
    for (let i = start; i < whole.length; i++) {
      const torn = fresh();
      const bytes = Uint8Array.from(whole);
      bytes[i] = (bytes[i] as number) ^ 0x10;
      writeFileSync(torn, bytes);
      const store = open(torn);
      expect(await store.lookup(id(0))).toEqual(D(0));
      // Whichever byte it is, one copy of the id is whole.
      expect(await store.mark(id(1), D(1)), `byte ${i - start}`).toBe('conflict');
      store.close();
      rmSync(torn);
    }
  });

  it('zeros where the last record should be', async () => {
    const path = await logOf(1);
    writeFileSync(path, Buffer.concat([readFileSync(path), new Uint8Array(recordBytes)]));
    const store = open(path);
    expect(await store.lookup(id(0))).toEqual(D(0));
    expect(await store.mark(id(1), D(1))).toBe('marked');
    store.close();
  });

  const script = fileURLToPath(new URL('./helpers/mark-then-die.ts', import.meta.url));
  const run = (path: string, point: string): { share: boolean } => {
    const shareFile = `${path}.share`;
    const child = spawnSync(
      process.execPath,
      ['--conditions=source', '--import', 'tsx', script, path, point, shareFile],
      { encoding: 'utf8' },
    );
    expect(child.signal, child.stderr).toBe('SIGKILL');
    return { share: existsSync(shareFile) };
  };
  const presign = presignId(new Uint8Array(32).fill(2));
  const bound = digest(new Uint8Array(32).fill(3));
  const other = digest(new Uint8Array(32).fill(4));

  it('killed before the marker: nothing happened', async () => {
    const path = fresh();
    expect(run(path, 'before-mark').share).toBe(false);
    const store = open(path);
    expect(await store.lookup(presign)).toBeUndefined();
    store.close();
  });

  it('killed between marker and share: the marker holds, another message is refused', async () => {
    const path = fresh();
    expect(run(path, 'before-share').share).toBe(false);
    const store = open(path);
    expect(await store.mark(presign, other)).toBe('conflict');
    expect(await store.mark(presign, bound)).toBe('same');
    store.close();
  });

  it('killed after the share: the marker was there first', async () => {
    const path = fresh();
    expect(run(path, 'after-share').share).toBe(true);
    const store = open(path);
    expect(await store.mark(presign, other)).toBe('conflict');
    store.close();
  });

  it('killed in the middle of the write: the presign is burnt', async () => {
    const path = fresh();
    expect(run(path, 'torn-write').share).toBe(false);
    const store = open(path);
    expect(await store.mark(presign, other)).toBe('conflict');
    expect(await store.lookup(presign)).toBe('void');
    store.close();
  });

  it('killed between write and sync: no share, and the marker counts if it is there', async () => {
    const path = fresh();
    expect(run(path, 'before-sync').share).toBe(false);
    const store = open(path);
    expect(await store.mark(presign, other)).toBe('conflict');
    store.close();
  });
});

describe('damaged, foreign, newer and restored files', () => {
  it('any changed byte before the last record makes the file unreadable', async () => {
    const path = await logOf(3);
    const whole = readFileSync(path);
    for (let i = 0; i < whole.length - recordBytes; i += 5) {
      const bad = fresh();
      const bytes = Uint8Array.from(whole);
      bytes[i] = (bytes[i] as number) ^ 1;
      writeFileSync(bad, bytes);
      expect(() => open(bad), `byte ${i}`).toThrow(SingleUseStoreError);
      expect(existsSync(`${bad}.lock`)).toBe(false);
      rmSync(bad);
    }
  });

  it('a record removed, repeated or moved', async () => {
    const path = await logOf(3);
    const whole = readFileSync(path);
    const record = (i: number): Uint8Array =>
      whole.subarray(headerBytes + i * recordBytes, headerBytes + (i + 1) * recordBytes);
    const head = whole.subarray(0, headerBytes);
    for (const records of [
      [1, 2],
      [0, 2, 2],
      [0, 0, 1, 2],
      [1, 0, 2],
    ]) {
      const bad = fresh();
      writeFileSync(bad, Buffer.concat([head, ...records.map(record)]));
      expect(() => open(bad), records.join()).toThrow(SingleUseStoreError);
    }
  });

  it('a newer version, another owner, another file', async () => {
    const path = await logOf(1);
    const bytes = Uint8Array.from(readFileSync(path));
    bytes[11] = singleUseFileVersion + 1;
    const newer = fresh();
    writeFileSync(newer, bytes);
    expect(() => open(newer)).toThrow('newer version');
    expect(() => new FileSingleUseStore(path, new Uint8Array(32).fill(9))).toThrow('another validator');
    const text = fresh();
    writeFileSync(text, 'x'.repeat(500));
    expect(() => open(text)).toThrow('not a single-use log');
    expect(() => new FileSingleUseStore(fresh(), new Uint8Array(31))).toThrow('owner');
  });

  it('a restored backup is an older log: the operator voids every presign, and none of them signs again (lessons 1.7)', async () => {
    const path = await logOf(1);
    const backup = fresh();
    copyFileSync(path, backup);
    const live = open(path);
    await live.mark(id(5), D(5));
    live.close();
    const restored = open(backup);
    // Without the procedure the marker would be forgotten: this is why it exists.
    expect(await restored.lookup(id(5))).toBeUndefined();
    for (let i = 0; i < 10; i++) await restored.markVoid(id(i));
    expect(await restored.mark(id(5), D(6))).toBe('conflict');
    expect(await restored.mark(id(5), D(5))).toBe('conflict');
    restored.close();
  });
});

describe('one writer', () => {
  it('a second store on the same file is refused, in this process and from another', async () => {
    const path = fresh();
    const store = open(path);
    expect(() => open(path)).toThrow('already open');
    store.close();
    // A lock of a living process.
    writeFileSync(`${path}.lock`, `${process.ppid}`);
    expect(() => open(path)).toThrow('in use by process');
    // A lock of a dead one.
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(`${path}.lock`, `${dead}`);
    open(path).close();
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')(
    'a killed owner that nobody has waited for, or whose number another process has now, holds nothing',
    async () => {
      const path = fresh();
      // The shell's child ends at once; what the shell has become never asks for it.
      const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const zombie = line.toString().trim();
      try {
        while (!readFileSync(`/proc/${zombie}/stat`, 'utf8').includes(') Z '))
          await new Promise((resolve) => setTimeout(resolve, 10));
        writeFileSync(`${path}.lock`, zombie);
        open(path).close();
        writeFileSync(`${path}.lock`, `${process.ppid} 1`);
        open(path).close();
        // The lock that a store writes is one that others respect.
        const store = open(path);
        const lock = readFileSync(`${path}.lock`, 'utf8');
        store.close();
        expect(lock).toMatch(new RegExp(`^${process.pid} [0-9]+$`));
        const stat = readFileSync(`/proc/${parent.pid}/stat`, 'utf8');
        const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
        writeFileSync(`${path}.lock`, `${parent.pid} ${startTime}`);
        expect(() => open(path)).toThrow(`in use by process ${parent.pid}`);
      } finally {
        parent.kill('SIGKILL');
      }
    },
  );

  it('a file that grows behind its back stops it', async () => {
    const path = await logOf(1);
    const store = open(path);
    writeFileSync(path, Buffer.concat([readFileSync(path), Uint8Array.of(1)]));
    await expect(store.mark(id(3), D(3))).rejects.toThrow('changed by someone else');
    await expect(store.mark(id(4), D(4))).rejects.toThrow('failed before');
    store.close();
  });
});
