/**
 * Records on disk: what was answered is there after any crash, what was there first stays, and a disk that cannot be read is never an empty one.
 */
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BugError } from '@dwallet/sigma';
import { afterAll, describe, expect, it } from 'vitest';
import { Remembered } from '../src/remembered.ts';
import { FileRecordStore, MemoryRecordStore, type RecordStore } from '../src/store/record-store.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-records-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let counter = 0;
const fresh = (): string => join(root, `store-${counter++}`);
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

const implementations: readonly (readonly [string, () => RecordStore])[] = [
  ['memory', () => new MemoryRecordStore()],
  ['files', () => new FileRecordStore(fresh())],
];

describe.each(implementations)('both stores keep the contract: %s', (_name, make) => {
  it('put replaces, putOnce keeps the first and says what it was, list is sorted', () => {
    const store = make();
    expect(store.get('vote', 'a')).toBeUndefined();
    expect(store.list('vote')).toEqual([]);
    store.put('vote', 'b', bytes(1));
    store.put('vote', 'b', bytes(2));
    expect(store.get('vote', 'b')).toEqual(bytes(2));
    expect(store.putOnce('vote', 'a', bytes(3))).toBeUndefined();
    expect(store.putOnce('vote', 'a', bytes(4))).toEqual(bytes(3));
    expect(store.get('vote', 'a')).toEqual(bytes(3));
    expect(store.list('vote')).toEqual(['a', 'b']);
    expect(store.list('other')).toEqual([]);
  });

  it('keeps empty values, and its own copies', () => {
    const store = make();
    const value = bytes(1, 2);
    expect(store.putOnce('k', 'a', value)).toBeUndefined();
    value[0] = 9;
    const read = store.get('k', 'a') as Uint8Array;
    expect(read).toEqual(bytes(1, 2));
    read[0] = 7;
    expect(store.get('k', 'a')).toEqual(bytes(1, 2));
    store.put('k', 'empty', bytes());
    expect(store.get('k', 'empty')).toEqual(bytes());
  });

  it('refuses names that could leave its folder or be its own files', () => {
    const store = make();
    for (const name of ['', '..', '.', 'a/b', '../x', '.tmp-1', 'a\0', 'x'.repeat(201), 'ä']) {
      expect(() => store.get('k', name), name).toThrow(BugError);
      expect(() => store.put(name, 'a', bytes()), name).toThrow(BugError);
      expect(() => store.putOnce('k', name, bytes()), name).toThrow(BugError);
    }
  });
});

describe('records on disk', () => {
  it('are there for the next process, readable by the owner only', () => {
    const folder = fresh();
    new FileRecordStore(folder).putOnce('vote', 'a', bytes(1));
    const again = new FileRecordStore(folder);
    expect(again.get('vote', 'a')).toEqual(bytes(1));
    expect(again.putOnce('vote', 'a', bytes(2))).toEqual(bytes(1));
    expect(statSync(join(folder, 'vote', 'a')).mode & 0o077).toBe(0);
    expect(statSync(folder).mode & 0o077).toBe(0);
  });

  it('putOnce of two writers: one wins, the other learns the winner', () => {
    const folder = fresh();
    const [x, y] = [new FileRecordStore(folder), new FileRecordStore(folder)];
    expect(x.putOnce('vote', 'a', bytes(1))).toBeUndefined();
    expect(y.putOnce('vote', 'a', bytes(2))).toEqual(bytes(1));
    expect(readdirSync(join(folder, 'vote'))).toEqual(['a']);
  });

  it('a crash between link and unlink leaves a second name of the record: it is never written to again', () => {
    const folder = fresh();
    const store = new FileRecordStore(folder);
    store.putOnce('vote', 'a', bytes(1));
    // What the process with this very number left: the temporary file is the record itself.
    for (let i = 0; i < 4; i++) linkSync(join(folder, 'vote', 'a'), join(folder, 'vote', `.tmp-${process.pid}-${i}`));
    const next = new FileRecordStore(folder);
    next.put('vote', 'b', bytes(2));
    next.putOnce('vote', 'c', bytes(3));
    expect(next.get('vote', 'a')).toEqual(bytes(1));
    expect(readdirSync(join(folder, 'vote')).sort()).toEqual(['a', 'b', 'c']);
  });

  it('does not write through a temporary file that appears under it', () => {
    const folder = fresh();
    const store = new FileRecordStore(folder);
    store.putOnce('vote', 'a', bytes(1));
    for (let i = 0; i < 4; i++) linkSync(join(folder, 'vote', 'a'), join(folder, 'vote', `.tmp-${process.pid}-${i}`));
    expect(() => store.put('vote', 'b', bytes(2))).toThrow('EEXIST');
    expect(store.get('vote', 'a')).toEqual(bytes(1));
  });

  it('half-written files of a crash are not records and are cleared away', () => {
    const folder = fresh();
    new FileRecordStore(folder).put('vote', 'a', bytes(1));
    const leftover = join(folder, 'vote', '.tmp-1-0');
    writeFileSync(leftover, 'half');
    const store = new FileRecordStore(folder);
    expect(existsSync(leftover)).toBe(false);
    expect(store.list('vote')).toEqual(['a']);
  });

  it('a read error is not absence: neither get nor putOnce nor list takes it for an empty store', () => {
    const folder = fresh();
    const store = new FileRecordStore(folder);
    store.put('vote', 'real', bytes(1));
    // Readable by root too, so permissions cannot show it: a folder in place of the file, a loop in place of the folder.
    mkdirSync(join(folder, 'vote', 'a'));
    expect(() => store.get('vote', 'a')).toThrow('EISDIR');
    expect(() => store.putOnce('vote', 'a', bytes(1))).toThrow('EISDIR');
    symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
    expect(() => store.list('loop')).toThrow('ELOOP');
    expect(() => store.get('loop', 'a')).toThrow('ELOOP');
    expect(() => store.putOnce('loop', 'a', bytes(1))).toThrow();
  });

  it.skipIf(process.getuid?.() === 0)('a folder without permission is not an empty one', () => {
    const folder = fresh();
    const store = new FileRecordStore(folder);
    store.put('vote', 'a', bytes(1));
    chmodSync(join(folder, 'vote'), 0);
    expect(() => store.get('vote', 'a')).toThrow('EACCES');
    expect(() => store.list('vote')).toThrow('EACCES');
    chmodSync(join(folder, 'vote'), 0o700);
  });

  it('a record whose write failed is not there', () => {
    const folder = fresh();
    const store = new FileRecordStore(folder);
    store.put('vote', 'a', bytes(1));
    // The name of the record is taken by a folder: the rename fails after the content was written.
    mkdirSync(join(folder, 'vote', 'b'));
    expect(() => store.put('vote', 'b', bytes(2))).toThrow();
    expect(readFileSync(join(folder, 'vote', 'a'))).toEqual(Buffer.from([1]));
    expect(new FileRecordStore(folder).list('vote')).toEqual(['a', 'b']);
  });
});

describe('results kept in memory', () => {
  it('are bounded: the oldest goes, and setting again makes one young', () => {
    const remembered = new Remembered<number>(2);
    remembered.set('a', 1);
    remembered.set('b', 2);
    remembered.set('a', 3);
    expect(remembered.set('c', 4)).toBe(4);
    expect([remembered.get('a'), remembered.get('b'), remembered.get('c')]).toEqual([3, undefined, 4]);
    remembered.delete('a');
    expect(remembered.get('a')).toBeUndefined();
    remembered.clear();
    expect(remembered.get('c')).toBeUndefined();
  });
});
