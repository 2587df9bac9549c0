import { createHash } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import { BenchFailure, defined, requireWitness } from '../src/scenario/context.ts';
import { verifiesUnderNoble } from '../src/scenario/sign.ts';

const message = new TextEncoder().encode('bench message 0');
const secretKey = new Uint8Array(32).fill(7);
const publicKey = secp256k1.getPublicKey(secretKey);

function sign() {
  const digest = createHash('sha256').update(message).digest();
  const bytes = secp256k1.sign(digest, secretKey, { prehash: false });
  const { r, s } = secp256k1.Signature.fromBytes(bytes);
  return { r, s, recoveryId: 0 };
}

describe('work witness', () => {
  it('accepts a signature of this message and key only', () => {
    const signature = sign();
    expect(verifiesUnderNoble(publicKey, message, signature)).toBe(true);
    expect(verifiesUnderNoble(publicKey, message.slice(1), signature)).toBe(false);
    expect(verifiesUnderNoble(publicKey, message, { ...signature, s: signature.s ^ 1n })).toBe(false);
    expect(verifiesUnderNoble(secp256k1.getPublicKey(new Uint8Array(32).fill(8)), message, signature)).toBe(false);
  });

  it('refuses a high s', () => {
    const signature = sign();
    const high = { ...signature, s: secp256k1.Point.Fn.ORDER - signature.s };
    expect(verifiesUnderNoble(publicKey, message, high)).toBe(false);
  });

  it('stops the run when the work was not done', () => {
    expect(() => requireWitness(false, 'a signature')).toThrow(BenchFailure);
    expect(() => defined(undefined, 'a signature')).toThrow(/the measured work was not done: a signature/);
    expect(defined(0, 'a number')).toBe(0);
  });
});
