import { hexToBytes } from '@noble/hashes/utils.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUnits } from '../src/bytes.ts';
import { assertSignature, decodeDer, encodeDer } from '../src/ecdsa.ts';
import {
  decodeSignature,
  encodeSignature,
  evmAddress,
  hashMessage,
  InvalidIntentError,
  InvalidSignatureError,
  recoverPublicKey,
  toLowS,
} from '../src/index.ts';
import { standInSigner } from './stand-in-signer.ts';

const signer = standInSigner(new Uint8Array(32).fill(7));
const digest = hashMessage('sha256', new TextEncoder().encode('what is signed'));
const good = signer.signDigest(digest);
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const bytes32 = (value: bigint): Uint8Array => hexToBytes(value.toString(16).padStart(64, '0'));

/** Reason why a signature is refused, or 'accepted'. */
function verdict(signature: typeof good, forDigest = digest, publicKey = signer.publicKey): string {
  try {
    assertSignature('signature', signature, forDigest, publicKey);
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidSignatureError);
    return (error as InvalidSignatureError).reason;
  }
}

describe('signature checks', () => {
  it('accepts a good signature and recovers its key', () => {
    expect(verdict(good)).toBe('accepted');
    expect(recoverPublicKey(good, digest)).toEqual(signer.publicKey);
  });

  it('refuses each defect with its own reason', () => {
    const highS = bytes32(ORDER - number(good.s));
    expect(verdict({ ...good, s: highS, recoveryId: good.recoveryId ^ 1 })).toBe('high-s');
    expect(verdict({ ...good, recoveryId: good.recoveryId ^ 1 })).toBe('recovery-id');
    expect(verdict({ ...good, recoveryId: good.recoveryId | 2 })).toBe('recovery-id');
    expect(verdict({ ...good, recoveryId: 4 })).toBe('encoding');
    expect(verdict({ ...good, recoveryId: 0.5 })).toBe('encoding');
    expect(verdict({ ...good, r: good.r.slice(1) })).toBe('encoding');
    expect(verdict({ ...good, r: new Uint8Array(32) })).toBe('range');
    expect(verdict({ ...good, s: new Uint8Array(32) })).toBe('range');
    expect(verdict({ ...good, r: bytes32(ORDER) })).toBe('range');
    expect(verdict({ ...good, s: bytes32(ORDER) })).toBe('range');
    expect(verdict(good, hashMessage('sha256d', digest))).toBe('mismatch');
    expect(verdict(good, digest, standInSigner(new Uint8Array(32).fill(8)).publicKey)).toBe('mismatch');
  });

  it('turns a high-s signature into the one that is accepted', () => {
    const high = { r: good.r, s: bytes32(ORDER - number(good.s)), recoveryId: good.recoveryId ^ 1 };
    expect(toLowS(high)).toEqual(good);
    expect(toLowS(good)).toBe(good);
  });

  it('refuses every flipped bit', () => {
    const bytes = encodeSignature(good);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 64 * 8 - 1 }), (bit) => {
        const flipped = Uint8Array.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return verdict(decodeSignature(flipped)) !== 'accepted';
      }),
      { numRuns: 40 },
    );
  });

  it('encodes and decodes 65 bytes, and strict DER', () => {
    expect(decodeSignature(encodeSignature(good))).toEqual(good);
    expect(() => decodeSignature(new Uint8Array(64))).toThrow(InvalidSignatureError);
    expect(() => decodeSignature(new Uint8Array(65).fill(27))).toThrow(InvalidSignatureError);
    const der = encodeDer(good);
    expect(decodeDer(der)).toEqual({ r: good.r, s: good.s });
    expect(() => decodeDer(Uint8Array.of(...der, 0))).toThrow(InvalidSignatureError);
  });

  it('refuses public keys that are not compressed points', () => {
    expect(() => evmAddress(new Uint8Array(65).fill(4))).toThrow(InvalidIntentError);
    expect(() => evmAddress(new Uint8Array(33).fill(2, 0, 1).fill(0xff, 1))).toThrow(InvalidIntentError);
  });

  it('hashes with the named scheme', () => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    const empty = new Uint8Array(0);
    expect(hex(hashMessage('keccak256', empty))).toBe(
      'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
    );
    expect(hex(hashMessage('sha512-half', new TextEncoder().encode('abc')))).toBe(
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a',
    );
    expect(hex(hashMessage('sha256', empty))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(hex(hashMessage('sha256d', empty))).toBe('5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456');
  });

  it('writes amounts exactly', () => {
    expect(formatUnits(0n, 18)).toBe('0');
    expect(formatUnits(1n, 18)).toBe('0.000000000000000001');
    expect(formatUnits(1_500_000_000_000_000_000n, 18)).toBe('1.5');
    expect(formatUnits(10n ** 20n, 18)).toBe('100');
    expect(formatUnits(100n, 0)).toBe('100');
  });
});
