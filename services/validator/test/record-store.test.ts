/**
 * The contract of a record store, held by the one of tests and the durable one (whose own tests are lmdb-store.test.ts).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BugError, digest } from '@dwallet/sigma';
import { afterAll, describe, expect, it } from 'vitest';
import { Remembered } from '../src/remembered.ts';
import { LmdbStore } from '../src/store/lmdb-store.ts';
import { MemoryRecordStore, type RecordStore } from '../src/store/record-store.ts';
import { randomFor } from './helpers/toy-network.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-records-'));
afterAll(async () => {
  for (const store of open) await store.close();
  rmSync(root, { recursive: true, force: true });
});
let counter = 0;
const open: LmdbStore[] = [];
const lmdbStore = (): LmdbStore => {
  const store = LmdbStore.open({
    folder: join(root, `validator-${counter++}`),
    owner: new Uint8Array(32),
    networkId: digest(new Uint8Array(32)),
    random: randomFor('record store'),
  });
  open.push(store);
  return store;
};
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

const implementations: readonly (readonly [string, () => RecordStore])[] = [
  ['memory', () => new MemoryRecordStore()],
  ['lmdb', lmdbStore],
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

  it('a transaction stays as a whole or not at all, also when a part of it fails inside', () => {
    const store = make();
    store.put('k', 'a', bytes(1));
    expect(() =>
      store.transaction(() => {
        store.put('k', 'a', bytes(2));
        store.putOnce('k', 'b', bytes(3));
        expect(store.get('k', 'a')).toEqual(bytes(2));
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(() =>
      store.transaction(() => {
        store.put('k', 'c', bytes(4));
        try {
          store.transaction(() => {
            throw new Error('inner');
          });
        } catch {
          // Half of it must not stay.
        }
      }),
    ).toThrow(BugError);
    expect(() => store.transaction(async () => store.put('k', 'e', bytes(6)))).toThrow(BugError);
    expect(store.list('k')).toEqual(['a']);
    expect(store.get('k', 'a')).toEqual(bytes(1));
    store.transaction(() =>
      store.put(
        'k',
        'b',
        store.transaction(() => bytes(5)),
      ),
    );
    expect(store.get('k', 'b')).toEqual(bytes(5));
  });

  it('deletes operations of clients and what belongs to them, and nothing else', () => {
    const store = make();
    for (const kind of ['operation', 'operation-reply', 'request-key']) {
      store.put(kind, 'a', bytes(1));
      store.put(kind, 'b', bytes(2));
      store.delete(kind, 'a');
      store.delete(kind, 'a');
      expect(store.get(kind, 'a')).toBeUndefined();
      expect(store.list(kind)).toEqual(['b']);
      // A part of a transaction as any other write.
      expect(() =>
        store.transaction(() => {
          store.delete(kind, 'b');
          expect(store.get(kind, 'b')).toBeUndefined();
          throw new Error('no');
        }),
      ).toThrow('no');
      expect(store.get(kind, 'b')).toEqual(bytes(2));
      expect(store.putOnce(kind, 'a', bytes(3))).toBeUndefined();
    }
    // What a validator has promised.
    for (const kind of [
      'vote',
      'assignment',
      'contribution',
      'signature',
      'lock',
      'presign',
      'evidence',
      'Operation',
    ]) {
      store.put(kind, 'a', bytes(1));
      expect(() => store.delete(kind, 'a'), kind).toThrow(BugError);
      expect(store.get(kind, 'a')).toEqual(bytes(1));
    }
    for (const name of ['.marker', 'operation/x', '']) expect(() => store.delete(name, 'a'), name).toThrow(BugError);
    for (const id of ['../.marker/a', 'x/../../vote/a', ''])
      expect(() => store.delete('operation', id)).toThrow(BugError);
  });

  it('refuses names that are none', () => {
    const store = make();
    for (const name of ['', '..', '.', 'a/b', '../x', '.tmp-1', 'a\0', 'x'.repeat(201), 'ä']) {
      expect(() => store.get('k', name), name).toThrow(BugError);
      expect(() => store.put(name, 'a', bytes()), name).toThrow(BugError);
      expect(() => store.putOnce('k', name, bytes()), name).toThrow(BugError);
    }
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
