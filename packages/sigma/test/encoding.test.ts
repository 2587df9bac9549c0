import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DecodeError,
  InvalidArgumentsError,
  Reader,
  bitLength,
  bytesToInteger,
  encodeBytes,
  encodeContext,
  encodeInt,
  encodeList,
  encodeText,
  encodeUint,
  encodeUint32,
  hashTagged,
  mod,
  type ProtocolContext,
} from '../src/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const byteString = fc.uint8Array({ maxLength: 12 });

describe('encoding', () => {
  it('known values', () => {
    expect(hex(encodeUint(0x1234n, 4))).toBe('00001234');
    expect(hex(encodeInt(-1n, 3))).toBe('ffffff');
    expect(hex(encodeInt(-0x800000n, 3))).toBe('800000');
    expect(hex(encodeBytes(encodeText('ab')))).toBe('000000026162');
    expect(hex(encodeList([encodeText('a'), encodeText('')]))).toBe('00000002000000016100000000');
  });

  it('refuses what does not fit instead of truncating it', () => {
    expect(() => encodeUint(256n, 1)).toThrow(InvalidArgumentsError);
    expect(() => encodeUint(-1n, 1)).toThrow(InvalidArgumentsError);
    expect(() => encodeInt(128n, 1)).toThrow(InvalidArgumentsError);
    expect(() => encodeInt(-129n, 1)).toThrow(InvalidArgumentsError);
  });

  it('integers round trip', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 255n), max: (1n << 255n) - 1n }), (value) => {
        expect(BigInt.asIntN(256, bytesToInteger(encodeInt(value, 32)))).toBe(value);
        expect(bytesToInteger(encodeUint(mod(value, 1n << 256n), 32))).toBe(mod(value, 1n << 256n));
        const magnitude = value < 0n ? -value : value;
        if (magnitude > 0n) expect(magnitude >> BigInt(bitLength(value) - 1)).toBe(1n);
      }),
    );
  });

  it('lessons 1.1: two different field tuples never give the same bytes', () => {
    fc.assert(
      fc.property(fc.array(byteString, { maxLength: 5 }), fc.array(byteString, { maxLength: 5 }), (x, y) => {
        const same = x.length === y.length && x.every((item, i) => hex(item) === hex(y[i] as Uint8Array));
        expect(hex(encodeList(x)) === hex(encodeList(y))).toBe(same);
        expect(hex(hashTagged('t', x, 32)) === hex(hashTagged('t', y, 32))).toBe(same);
      }),
      { numRuns: 500 },
    );
  });

  it('lessons 1.1: moving a byte across a field boundary changes the transcript', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 20 }), fc.nat(), fc.nat(), (bytes, i, j) => {
        const [a, b] = [i % bytes.length, j % bytes.length];
        const split = (at: number) => [bytes.slice(0, at), bytes.slice(at)];
        expect(hex(hashTagged('t', split(a), 16)) === hex(hashTagged('t', split(b), 16))).toBe(a === b);
      }),
    );
  });

  it('lessons 1.9: every field of a protocol context is in its encoding', () => {
    const base: ProtocolContext = {
      role: 'validator',
      party: 1,
      session: new Uint8Array(32).fill(1),
      protocol: 'p',
      round: '1',
      proof: 'x',
      publicKey: new Uint8Array(33).fill(2),
      setup: new Uint8Array(32).fill(3),
      extra: [new Uint8Array(1)],
    };
    const { publicKey: _p, ...withoutKey } = base;
    const { setup: _s, ...withoutSetup } = base;
    const others: ProtocolContext[] = [
      { ...base, role: 'client' },
      { ...base, party: 2 },
      { ...base, session: new Uint8Array(32).fill(9) },
      { ...base, protocol: 'q' },
      { ...base, round: '2' },
      { ...base, proof: 'y' },
      { ...base, publicKey: new Uint8Array(33).fill(4) },
      withoutKey,
      { ...base, setup: new Uint8Array(32).fill(5) },
      withoutSetup,
      { ...base, extra: [] },
      { ...base, extra: [new Uint8Array(2)] },
    ];
    const encodings = [base, ...others].map((context) => hex(encodeContext(context)));
    expect(new Set(encodings).size).toBe(encodings.length);
  });
});

describe('Reader', () => {
  it('names message and field of what it refuses', () => {
    const refuse = (bytes: number[], read: (reader: Reader) => unknown, field: string): void => {
      const reader = new Reader(Uint8Array.from(bytes), 'M');
      let error: unknown;
      try {
        read(reader);
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(DecodeError);
      expect((error as DecodeError).field).toBe(field);
    };
    refuse([1], (r) => r.fixed('a', 2), 'M.a');
    refuse([5], (r) => r.uint('b', 1, 5n), 'M.b');
    refuse([0x80], (r) => r.int('c', 1, 128n), 'M.c');
    refuse([0, 0, 0, 9], (r) => r.bytes('d', 8), 'M.d');
    refuse([0, 0, 0, 9], (r) => r.count('e', 0, 8), 'M.e');
    refuse([0, 0, 0, 0], (r) => r.count('f', 1, 8), 'M.f');
    refuse([2], (r) => r.constant('g', 1), 'M.g');
    refuse([1], (r) => r.end(), 'M.end');
  });

  it('a huge declared length is refused before anything is allocated', () => {
    const reader = new Reader(encodeUint32(0xffffffff), 'M');
    expect(() => reader.bytes('x', 100)).toThrow(DecodeError);
  });
});
