/** Session ids that name generations of stores: everything named is in the id, and there is one encoding of it. */
import { Reader, type ValidatorId, concat, encodeUint16, validatorId } from '@dwallet/sigma';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Generations,
  decodeCreateDWallet,
  encodeCreateDWallet,
  encodeGenerations,
  namingSession,
  readGenerations,
} from '../src/network.ts';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const generations: fc.Arbitrary<Generations> = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 128 }), bytes32), { selector: ([v]) => v, maxLength: 8 })
  .map((list) => new Map<ValidatorId, Uint8Array>(list.map(([v, id]) => [validatorId(v), id])));
const read = (bytes: Uint8Array): Generations => {
  const reader = new Reader(bytes, 'test');
  const found = readGenerations(reader);
  reader.end();
  return found;
};
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('generations that a session names', () => {
  it('come back from a request as they were, in any order of insertion', () => {
    fc.assert(
      fc.property(bytes32, generations, fc.uint8Array({ maxLength: 64 }), (nonce, named, message) => {
        const found = decodeCreateDWallet(encodeCreateDWallet({ nonce, generations: named }, message));
        const ascending = [...named].sort(([a], [b]) => a - b);
        expect([...found.named.generations]).toEqual(ascending);
        expect([found.named.nonce, found.message]).toEqual([nonce, message]);
        expect(encodeGenerations(new Map(ascending.reverse()))).toEqual(encodeGenerations(named));
      }),
    );
  });

  it('have one encoding: ascending, each once, whole', () => {
    const entry = (v: number): Uint8Array => concat(encodeUint16(v), new Uint8Array(32));
    const list = (count: number, ...entries: readonly Uint8Array[]): Uint8Array =>
      concat(encodeUint16(count), ...entries);
    expect([...read(list(2, entry(1), entry(4))).keys()]).toEqual([1, 4]);
    for (const wrong of [
      list(2, entry(4), entry(1)),
      list(2, entry(1), entry(1)),
      list(1, entry(0)),
      list(2, entry(1)),
      list(1, entry(1).subarray(0, 33)),
      list(1, entry(1), entry(2)),
      list(1025),
    ])
      expect(() => read(wrong), hex(wrong)).toThrow(expect.objectContaining({ code: 'DECODE' }) as Error);
  });

  it('are all in the id, with type, sender and nonce', () => {
    const at = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
    const of = (...list: readonly (readonly [number, number])[]): Generations =>
      new Map(list.map(([v, fill]) => [validatorId(v), at(fill)]));
    const id = (type: 'USER' | 'INTERNAL_PRESIGN', sender: number, nonce: number, named: Generations): string =>
      hex(namingSession(type, at(sender), { nonce: at(nonce), generations: named }));
    const ids = [
      id('USER', 1, 2, of([1, 7])),
      id('INTERNAL_PRESIGN', 1, 2, of([1, 7])),
      id('USER', 9, 2, of([1, 7])),
      id('USER', 1, 9, of([1, 7])),
      id('USER', 1, 2, of()),
      id('USER', 1, 2, of([1, 8])),
      id('USER', 1, 2, of([2, 7])),
      id('USER', 1, 2, of([1, 7], [2, 7])),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
