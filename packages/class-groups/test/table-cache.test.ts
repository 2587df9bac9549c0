/**
 * Cached comb tables: never trusted without their seal, rebuilt whenever anything is wrong, the same results in every case.
 */
import { type ClassGroup, type FixedBaseTable, referenceKernel } from '@dwallet/kernel';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { type Digest, InvalidArgumentsError, Secret, concat, encodeText, virtualId } from '@dwallet/sigma';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, test, vi } from 'vitest';
import {
  MemoryTableCache,
  type TableCache,
  clg112,
  createDecryptionSetup,
  createPublicParameters,
  deriveTestParameters,
  equalWeights,
  generateKey,
  loadTable,
  networkDkg,
  prepareKeyShare,
  tableKey,
  withTable,
} from '../src/index.ts';
import { testRandom } from './helpers/toy.ts';

const parameters = deriveTestParameters(wasmKernel, 520);
const { group, h } = parameters;
const bits = 40;
const exponent = 0x9876543210n;
const expected = bytesToHex(group.encode(group.powerVartime(h, exponent)));
const result = (table: FixedBaseTable, own: ClassGroup = group): string =>
  bytesToHex(own.encode(own.tablePower(table, exponent)));

/** A cache with one entry that tests can damage, and a record of what happened. */
class OneEntryCache implements TableCache {
  entry: Uint8Array | undefined;
  readonly refusals: string[] = [];
  puts = 0;
  readonly sealKey?: Secret<Uint8Array>;
  constructor(sealKey?: Uint8Array) {
    if (sealKey !== undefined) this.sealKey = new Secret(sealKey);
  }
  get(): Uint8Array | undefined {
    return this.entry?.slice();
  }
  put(_key: Digest, bytes: Uint8Array): void {
    this.entry = bytes.slice();
    this.puts++;
  }
  refused(_key: Digest, reason: string): void {
    this.refusals.push(reason);
  }
}

/** How many tables `work` builds from nothing. */
function builds<T>(own: ClassGroup, work: () => T): { value: T; count: number } {
  const spy = vi.spyOn(own, 'buildTable');
  try {
    const value = work();
    return { value, count: spy.mock.calls.length };
  } finally {
    spy.mockRestore();
  }
}

const seal = (sealKey: Uint8Array, key: Uint8Array, table: Uint8Array): Uint8Array =>
  concat(hmac(sha256, sealKey, concat(encodeText('dwallet/v1/table-cache'), key, table)), table);

const good = (() => {
  const cache = new OneEntryCache();
  loadTable(group, h, bits, cache);
  return cache.entry as Uint8Array;
})();

describe('a table cache', () => {
  test('keeps a table: the second time nothing is built and the powers are the same', () => {
    const cache = new MemoryTableCache();
    const first = builds(group, () => loadTable(group, h, bits, cache));
    const second = builds(group, () => loadTable(group, h, bits, cache));
    expect([first.count, second.count]).toEqual([1, 0]);
    expect([result(first.value), result(second.value)]).toEqual([expected, expected]);
    expect(second.value.exponentBits).toBe(bits);
    expect(group.encodeTable(second.value)).toEqual(group.encodeTable(first.value));
    expect(cache.size).toBe(1);
  });

  test('serves both kernels: what one built the other uses', () => {
    const reference = referenceKernel.createGroup({ discriminant: group.discriminant, conductor: parameters.q });
    const cache = new MemoryTableCache();
    loadTable(group, h, bits, cache);
    const base = reference.decode(group.encode(h));
    const { value, count } = builds(reference, () => loadTable(reference, base, bits, cache));
    expect(count).toBe(0);
    expect(result(value, reference)).toBe(expected);
  });

  test('a damaged entry is refused, rebuilt and replaced: any byte of the seal, many of the table', () => {
    const positions = [...Array(32).keys(), 32, 33, 34, 35, 38, 39, 41, good.length - 1];
    for (let at = 50; at < good.length; at += 611) positions.push(at);
    for (const at of positions) {
      const cache = new OneEntryCache();
      cache.entry = Uint8Array.from(good);
      cache.entry[at] = (good[at] as number) ^ (1 << (at % 8));
      const { value, count } = builds(group, () => loadTable(group, h, bits, cache));
      expect(count, `byte ${at}`).toBe(1);
      expect(cache.refusals).toEqual(['the seal is wrong']);
      expect(cache.entry).toEqual(good);
      expect(result(value)).toBe(expected);
    }
  });

  test('truncated, extended and empty entries are refused', () => {
    for (const entry of [
      new Uint8Array(),
      good.subarray(0, 31),
      good.subarray(0, 32),
      good.subarray(0, 41),
      good.subarray(0, good.length - 1),
      concat(good, Uint8Array.of(0)),
    ]) {
      const cache = new OneEntryCache();
      cache.entry = entry;
      expect(result(loadTable(group, h, bits, cache))).toBe(expected);
      expect(cache.refusals.length).toBe(1);
      expect(cache.entry).toEqual(good);
    }
  });

  test('the entry of another base, length or group does not serve', () => {
    const cache = new OneEntryCache();
    cache.entry = good;
    const square = group.square(h);
    const table = loadTable(group, square, bits, cache);
    expect(group.equals(group.tablePower(table, 3n), group.powerVartime(square, 3n))).toBe(true);
    cache.entry = good;
    expect(loadTable(group, h, bits + 1, cache).exponentBits).toBe(bits + 1);
    const other = wasmKernel.createGroup({ discriminant: group.discriminant });
    cache.entry = good;
    loadTable(other, other.decode(group.encode(h)), bits, cache);
    expect(cache.refusals).toEqual(Array(3).fill('the seal is wrong'));
  });

  test('a rightly sealed entry of another format, base or length is refused too', () => {
    const key = tableKey(group, h, bits);
    const table = good.subarray(32);
    const newer = Uint8Array.from(table);
    newer[0] = 2;
    const longer = group.encodeTable(group.buildTable(h, bits + 9));
    const square = group.encodeTable(group.buildTable(group.square(h), bits));
    for (const [bytes, reason] of [
      [newer, /version/],
      [longer, /other exponents/],
      [square, /base/],
      [new Uint8Array(), /length/],
    ] as const) {
      const cache = new OneEntryCache();
      cache.entry = seal(new Uint8Array(), key, bytes);
      expect(result(loadTable(group, h, bits, cache))).toBe(expected);
      expect(cache.refusals.join()).toMatch(reason);
    }
  });

  test('keys tell bases, lengths, discriminants and conductors apart', () => {
    const plain = wasmKernel.createGroup({ discriminant: group.discriminant });
    const small = deriveTestParameters(wasmKernel, 516);
    const keys = [
      tableKey(group, h, bits),
      tableKey(group, h, bits + 1),
      tableKey(group, group.invert(h), bits),
      tableKey(plain, plain.decode(group.encode(h)), bits),
      tableKey(small.group, small.h, bits),
    ];
    expect(new Set(keys.map((key) => bytesToHex(key))).size).toBe(keys.length);
    expect(bytesToHex(tableKey(group, h, bits))).toBe(bytesToHex(keys[0] as Digest));
  });
});

describe('who can write to the cache', () => {
  const sealKey = new Uint8Array(32).fill(7);
  /** The table of h^3 under the name of h: well formed, and every power of it is wrong. */
  const forged = (() => {
    const table = group.encodeTable(group.buildTable(group.powerVartime(h, 3n), bits));
    table.set(group.encode(h), 9);
    return table;
  })();
  const key = tableKey(group, h, bits);

  test('without a seal key can forge a table: the cache must be as trusted as the keystore', () => {
    const cache = new OneEntryCache();
    cache.entry = seal(new Uint8Array(), key, forged);
    expect(result(loadTable(group, h, bits, cache))).not.toBe(expected);
  });

  test('with a seal key cannot', () => {
    for (const wrongKey of [new Uint8Array(), new Uint8Array(32), new Uint8Array(32).fill(8)]) {
      for (const table of [forged, good.subarray(32)]) {
        const cache = new OneEntryCache(sealKey);
        cache.entry = seal(wrongKey, key, table);
        expect(result(loadTable(group, h, bits, cache))).toBe(expected);
        expect(cache.refusals).toEqual(['the seal is wrong']);
        expect(cache.entry).toEqual(seal(sealKey, key, good.subarray(32)));
        // And now it is sealed with the right key.
        expect(builds(group, () => loadTable(group, h, bits, cache)).count).toBe(0);
      }
    }
  });

  test('a seal key of another length is a mistake', () => {
    for (const length of [0, 16, 31, 33]) {
      const cache = new OneEntryCache(new Uint8Array(length));
      expect(() => loadTable(group, h, bits, cache)).toThrow(InvalidArgumentsError);
    }
  });
});

describe('parameters with a cache', () => {
  test('the table of h is built once for all runs; the digest does not depend on it', () => {
    const cache = new MemoryTableCache();
    const runs = [1, 2].map(() => {
      const own = createPublicParameters(wasmKernel, clg112, { tableCache: cache });
      const { count } = builds(own.group, () => own.hTable);
      return { own, count };
    });
    expect(runs.map(({ count }) => count)).toEqual([1, 0]);
    const plain = createPublicParameters(wasmKernel, clg112);
    expect(plain.tableCache).toBeUndefined();
    const e = 2n ** 1000n + 12345n;
    const power = bytesToHex(plain.group.encode(plain.group.powerVartime(plain.h, e)));
    for (const { own } of runs) {
      expect(own.digest).toEqual(plain.digest);
      expect(bytesToHex(own.group.encode(own.powerOfH(e, own.tableBits)))).toBe(power);
      expect(own.hBase.table).toBe(own.hTable);
    }
  });

  test('withTable uses the cache of the parameters, or the one it is given', () => {
    const { encryptionKey } = generateKey(parameters, testRandom('table cache'));
    const [own, given] = [new MemoryTableCache(), new MemoryTableCache()];
    const cached = deriveTestParameters(wasmKernel, 520, { tableCache: own });
    const key = { element: cached.group.decode(group.encode(encryptionKey.element)) };
    const first = builds(cached.group, () => withTable(cached, key));
    const second = builds(cached.group, () => withTable(cached, key));
    expect([first.count, second.count, own.size]).toEqual([1, 0, 1]);
    expect(withTable(cached, second.value)).toBe(second.value);
    withTable(cached, key, undefined, given);
    expect([own.size, given.size]).toEqual([1, 1]);
    const plain = builds(group, () => withTable(parameters, encryptionKey));
    expect(plain.count).toBe(1);
    expect(cached.group.encodeTable(second.value.table as FixedBaseTable)).toEqual(
      group.encodeTable(plain.value.table as FixedBaseTable),
    );
  });

  test('key shares and the table of a network DKG use it too', () => {
    const cache = new MemoryTableCache();
    const own = deriveTestParameters(wasmKernel, 520, { tableCache: cache });
    const access = equalWeights(4);
    const table = (of: typeof own) => networkDkg.buildShareTable({ parameters: of, access });
    const [first, second] = [builds(own.group, () => table(own)), builds(own.group, () => table(own))];
    expect([first.count, second.count, cache.size]).toEqual([1, 0, 1]);
    expect(own.group.encodeTable(second.value)).toEqual(group.encodeTable(table(parameters)));
    const key = { element: own.powerOfH(5n, 8) };
    const verificationKeys = new Map(access.virtualIds.map((j) => [j, own.powerOfH(BigInt(j), 8)] as const));
    const setup = createDecryptionSetup(own, { access, encryptionKey: key, verificationKeys, shareBits: 8 });
    const share = { virtualId: virtualId(2), share: new Secret(2n) };
    const before = cache.size;
    const prepared = [1, 2].map(() => builds(own.group, () => prepareKeyShare(setup, share)));
    expect(prepared.map(({ count }) => count)).toEqual([1, 0]);
    expect(cache.size).toBe(before + 1);
  });
});
